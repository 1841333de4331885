"""A and B on two workers are the two in one place, bit for bit, where A waits for the answers."""

from functools import partial

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.parallel.two_networks import TwoNetworksPipeline
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.training.checkpoint import load_checkpoint
from tests.experiments.arguments import main
from tests.parallel.test_pipeline import assert_same_state
from tests.test_strict_recurrent import two_clocks

STREAMS = 6


def build(rule, clock):
    return two_clocks(np.random.default_rng(0), rule)[0]


def streams():
    _, work = two_clocks(np.random.default_rng(0), Decoupled)
    return [work[k % len(work)] for k in range(STREAMS)]


def train(pipeline):
    """The metrics of each stream, by and by."""
    return [one for one in (pipeline.step(*w) for w in streams()) if one] + pipeline.drain()


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_without_staleness_they_are_one_worker_bit_for_bit(engine):
    one = build(Decoupled, None)
    wanted = [one.step(*stream) for stream in streams()]
    pipeline = TwoNetworksPipeline(partial(build, Decoupled), engine, staleness=0)
    found = train(pipeline)
    assert_same_state(pipeline, one)
    assert len(found) == STREAMS
    for mine, own in zip(found, wanted):
        assert {k: to_numpy(v) for k, v in mine.items()} == {k: to_numpy(v) for k, v in own.items()}
    kinds = {(event.worker, event.kind) for event in pipeline.events()}
    assert {(1, "forward"), (1, "correct"), (2, "backward"), (1, "send"), (2, "send")} <= kinds
    pipeline.close()


def test_on_the_stand_in_too(backend):
    one = build(Decoupled, None)
    for stream in streams():
        one.step(*stream)
    pipeline = TwoNetworksPipeline(partial(build, Decoupled), "threads", staleness=0)
    train(pipeline)
    assert_same_state(pipeline, one)
    pipeline.close()


@pytest.mark.parametrize("staleness", [1, 4])
def test_a_goes_on_and_every_answer_is_learned_in_the_end(staleness):
    pipeline = TwoNetworksPipeline(partial(build, Decoupled), "threads", staleness)
    found = train(pipeline)
    assert len(found) == STREAMS and all("gradient_loss" in one for one in found)
    assert not pipeline.crew.worker.waiting
    pipeline.close()


def test_a_that_waits_for_b_is_refused():
    with pytest.raises(UserError, match="Locked cannot run on two workers, as A waits for B"):
        TwoNetworksPipeline(partial(build, Locked), "threads")


def test_the_command(tmp_path, capsys):
    few = ["--recipe", "two-clocks-quick", "--data", "digits", "--rule", "decoupled-label"]
    few += ["--units", "8", "--batch-size", "16", "--steps", "12", "--quiet"]
    for workers in ("1", "2"):
        more = ["--engine", "threads"] if workers == "2" else []
        out = ["--workers", workers, *more, "--out", str(tmp_path / workers)]
        assert main(["two-clocks", *few, *out]) == 0
    one, two = (
        load_checkpoint(next((tmp_path / workers).glob("*/checkpoint.npz")))[0]
        for workers in ("1", "2")
    )
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(two[name], array, err_msg=name)
    (folder,) = (path.parent for path in (tmp_path / "2").glob("*/checkpoint.npz"))
    assert {"trace.json", "timeline.png", "workers.txt"} <= {p.name for p in folder.iterdir()}


def test_the_locked_pair_is_refused_by_the_command(capsys):
    assert main(["two-clocks", "--data", "digits", "--rule", "locked", "--workers", "2"]) == 2
    assert "--workers is for the rules decoupled, decoupled-label" in capsys.readouterr().err

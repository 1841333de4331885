"""The command that simulates more workers, and what a run with workers leaves for it."""

import json

import numpy as np
import pytest

from dni_np.experiments.cli import main
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import RECIPES
from dni_np.experiments.workers import message_bytes
from dni_np.parallel.machine import Machine
from dni_np.parallel.simulator import decoupled
from dni_np.parallel.split import groups_of
from dni_np.parallel.trace import load, save
from tests.parallel.simulated import durations

MACHINE = Machine(latency=1e-4, send=5e-5, jitter=0.1)


@pytest.fixture
def trace(tmp_path):
    own = durations(7)
    for samples in own.samples.values():
        samples *= 1e-3
    events = decoupled(own, groups_of((3, 4)), 2, MACHINE, batches=60).events()
    save(events, tmp_path / "trace.json", {"staleness": 2, "message_bytes": {"1": 8e4, "2": 8e4}})
    return tmp_path / "trace.json"


def tables(text):
    """Two lists of rows, {column: text}."""
    found = []
    for part in text.split("\n\n")[:2]:
        lines = [line for line in part.splitlines() if not line.startswith("SIMULATED")]
        header, *rows = [[c.strip() for c in line.split("  ") if c.strip()] for line in lines]
        found.append([dict(zip(header, row, strict=True)) for row in rows])
    return found


def test_the_run_again_and_then_more_workers(trace, capsys):
    asked = ["--layers", "64", "--workers", "1", "8", "64", "--micro-batches", "4"]
    assert main(["simulate", str(trace), *asked]) == 0
    out = capsys.readouterr().out
    assert "SIMULATED, batches in a second: 64 layers, staleness 2, 4 micro-batches" in out
    own, more = tables(out)
    measured, simulated = (float(row["batches/s"]) for row in own)
    assert simulated == pytest.approx(measured, rel=0.1)
    for worker in (1, 2):
        shares = [float(row[f"worker {worker} waits %"]) for row in own]
        assert shares[0] == pytest.approx(shares[1], abs=5)
    assert [row["workers"] for row in more] == ["1", "8", "64"]
    last = {name: float(value) for name, value in more[-1].items()}
    assert last["ideal"] > last["decoupled"] > last["1F1B"] > last["backpropagation"]
    assert (trace.parent / "simulated.png").read_bytes().startswith(b"\x89PNG")


def test_a_straggler_and_a_slow_line_cost_time(trace, capsys):
    plain = ["simulate", str(trace), "--layers", "8", "--workers", "8", "--jitter", "0"]
    speeds = []
    for more in ([], ["--slow", "3"], ["--bandwidth", "1"], ["--slowdowns", "0.5", "4"]):
        assert main([*plain, *more]) == 0
        speeds.append(float(tables(capsys.readouterr().out)[1][0]["decoupled"]))
    assert all(speed < 0.8 * speeds[0] for speed in speeds[1:])


@pytest.mark.parametrize(
    "more, what",
    [
        (["--layers", "1001"], "--layers must be 2 to 1000"),
        (["--layers", "4", "--workers", "5"], "4 layers keep 1 to 4 workers busy"),
        (["--latency", "-1"], "latency"),
        (["--slow", "0"], "factor"),
        (["--slowdowns", "2", "2"], "share"),
        (["--staleness", "-1"], "staleness"),
        (["--jitter", "nan"], "jitter"),
        (["--micro-batches", "0"], "--micro-batches must be 1 to 1000"),
        (["--micro-batches", "100000000"], "--micro-batches must be 1 to 1000"),
        (["--jitter", "1e200"], "jitter is a standard deviation, 0 to 100"),
        (["--seed", "-1"], "seed"),
        (["--staleness", "1", "--room", "1"], "room"),
        (["--slow", "2", "--slow", "2"], "given twice"),
    ],
)
def test_mistakes_are_one_sentence(trace, capsys, more, what):
    assert main(["simulate", str(trace), *more]) == 2
    error = capsys.readouterr().err
    assert what in error and error.count("\n") == 1
    assert not (trace.parent / "simulated.png").exists()


@pytest.mark.parametrize("text", [None, "{}", "no JSON", json.dumps({"traceEvents": []})])
def test_a_file_without_events_is_refused(tmp_path, capsys, text):
    path = tmp_path / "trace.json"
    if text is not None:
        path.write_text(text)
    assert main(["simulate", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_without_the_size_of_a_message_there_is_no_bandwidth(trace, capsys):
    save(load(trace)[0], trace)
    assert main(["simulate", str(trace), "--bandwidth", "10"]) == 2
    assert "how large a message is" in capsys.readouterr().err


def test_a_message_down_may_be_the_weights_of_a_guess():
    settings = RECIPES["mnist-fcn-quick"].settings(
        "cdni", data="digits", layers=4, width=16, batch_size=32, steps=4, workers=2,
        engine="threads", split=(1, 3),
    )  # fmt: skip
    loop = build_loop(settings, progress=False)
    loop.rule.guesses_above = True
    loop.run()
    events = loop.rule.events()
    weights = loop.rule.rule.units[0].sg_optimizer.params.nbytes
    loop.rule.close()
    assert weights != 2048 and message_bytes(events, loop, 32) == {1: 2048, 2: weights}


def test_what_a_run_with_workers_leaves(tmp_path, capsys):
    quick = ["--data", "digits", "--layers", "4", "--width", "16", "--steps", "40", "--quiet"]
    quick += ["--batch-size", "32", "--evaluate-every", "40", "--out", str(tmp_path / "run")]
    workers = ["--workers", "2", "--engine", "threads", "--split", "1", "3", "--staleness", "1"]
    assert main(["mnist", *quick, *workers]) == 0
    (folder,) = (path.parent for path in (tmp_path / "run").glob("*/trace.json"))
    events, about = load(folder / "trace.json")
    assert about["staleness"] == 1 and about["message_bytes"] == {"1": 2048, "2": 2048}
    assert {event.worker for event in events} == {1, 2}
    assert {event.batch for event in events if event.kind == "forward"} == set(range(1, 41))
    sends = [event for event in events if event.kind == "send"]
    assert np.unique([event.worker for event in sends], return_counts=True)[1].tolist() == [40, 40]
    text = (folder / "workers.txt").read_text()
    assert "last 40 batches" in text and "waits %" in text and "MB sent" in text
    assert (folder / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert main(["simulate", str(folder / "trace.json"), "--layers", "8"]) == 0


def test_a_run_with_one_worker_leaves_nothing_of_it(tmp_path):
    quick = ["--data", "digits", "--layers", "3", "--width", "8", "--steps", "12", "--quiet"]
    assert main(["mnist", *quick, "--out", str(tmp_path / "run")]) == 0
    assert not list((tmp_path / "run").glob("*/trace.json"))

"""Damaged files of a run are refused in one sentence each, and nothing is half-loaded."""

import itertools

import numpy as np
import pytest

from dni_np.errors import UserError
from dni_np.experiments.cli import main
from dni_np.training.loop import Loop
from dni_np.training.snapshot import take
from tests.experiments.sequences import small_runs as sequences
from tests.experiments.two_networks import small_runs as two_networks
from tests.fuzz.mutations import Mutation, checkpoints, histories, plans

N = 60
RUN = [
    "addition",
    "--bits",
    "8",
    "--examples",
    "50",
    "--batch-size",
    "5",
    "--widths",
    "6",
    "4",
    "--steps",
    "12",
]


def stopped(loop):
    """As Ctrl-C leaves it."""
    for _ in range(5):
        loop._one_step()
    loop.save()
    return False


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run that was stopped in the middle."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig", lambda *arguments, **options: None
    )  # they take time
    with monkeypatch.context() as patch:
        patch.setattr(Loop, "run", stopped)
        assert main([*RUN, "--quiet", "--out", "mine"]) == 130
    return tmp_path / "mine"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name, mutations", [("plan.json", plans), ("checkpoint.npz", checkpoints)])
def test_a_damaged_file_is_refused_in_one_sentence(name, mutations, run, capsys):
    path = next(run.rglob(name))
    for mutation in itertools.islice(mutations(path.read_bytes(), seed=0), N):
        mutation.put(path)
        before = contents(run)
        assert main(["addition", "--resume", "mine", "--quiet"]) == 2, mutation.what
        err = capsys.readouterr().err
        assert err.startswith("dni_np: mine/") and err.count("\n") == 1 and name in err, (
            mutation.what
        )
        assert contents(run) == before, mutation.what


@pytest.mark.parametrize("name, mutations", [("plan.json", plans), ("checkpoint.npz", checkpoints)])
def test_what_another_version_may_have_written_is_no_traceback(name, mutations, run, capsys):
    path = next(run.rglob(name))
    whole = contents(run)
    for mutation in itertools.islice(mutations(path.read_bytes(), seed=1, sealed=True), N // 2):
        for other, content in whole.items():
            Mutation("", content).put(other)
        mutation.put(path)
        status, err = main(["addition", "--resume", "mine", "--quiet"]), capsys.readouterr().err
        assert (status, err.count("\n")) in ((0, 0), (2, 1)), (mutation.what, err)


@pytest.mark.parametrize("name", ["history.csv", "history.jsonl"])
def test_damaged_histories_are_written_anew(name, run):
    """Only programs and people read them: the run's own is in the checkpoint."""
    assert main(["addition", "--resume", "mine", "--quiet"]) == 0
    path = next(run.rglob(name))
    whole = path.read_bytes()
    for mutation in itertools.islice(histories(whole, seed=0), 5):
        if mutation.content is not None:
            mutation.put(path)
            assert main(["addition", "--resume", "mine", "--quiet"]) == 0
            assert path.read_bytes() == whole


LOOPS = {
    "copy": lambda folder: sequences.loop_of(sequences.small("copy", "dni"), folder),
    "characters": lambda folder: sequences.loop_of(
        sequences.small("characters", "dni-aux"), folder
    ),
    "two networks": lambda folder: two_networks.loop_of(two_networks.small(), folder),
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("sealed", [False, True])
def test_a_loop_that_cannot_resume_is_as_it_was(name, sealed, tmp_path):
    stopped(LOOPS[name](tmp_path))
    path = tmp_path / "checkpoint.npz"
    loop, refused = None, 0
    for mutation in itertools.islice(checkpoints(path.read_bytes(), seed=2, sealed=sealed), N):
        if loop is None:
            loop = LOOPS[name](tmp_path)
            loop._one_step()
            arrays, meta = take(loop)
        mutation.put(path)
        try:
            loop.resume()
        except UserError as error:
            assert str(path) in str(error), mutation.what
            now = take(loop)
            assert now[1] == meta and now[0].keys() == arrays.keys(), mutation.what
            assert all(np.array_equal(now[0][key], arrays[key]) for key in arrays), mutation.what
            refused += 1
        else:
            assert sealed, mutation.what
            loop = None
    assert refused > N / 2

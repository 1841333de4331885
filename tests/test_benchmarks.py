"""The benchmarks do the work they name, and their reports hold what was measured. Nothing here depends on speed."""

import json
from functools import partial

import numpy as np
import pytest

from dni_np.backend import asarray
from tests.benchmarks import run
from tests.benchmarks.cases import CASES, matrices
from tests.benchmarks.timing import Contender, interleave, ratio
from tests.pytorch_twin import torch


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_steps(case):
    case.step()()


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pytorch_does_the_same_step(case):
    """The same losses for three steps, so the same work."""
    from tests.benchmarks import peers

    rule, (x, y) = case.build(), map(asarray, case.data())
    theirs = peers.step(case, "default")
    for _ in range(3):
        np.testing.assert_allclose(float(rule.step(x, y)["loss"]), float(theirs()), rtol=1e-4)


def test_the_products_are_those_of_the_step():
    cdni = next(case for case in CASES if case.name == "cdni").build()
    main = [(784, 256, False), (256, 256, True), (256, 256, True), (256, 10, True)]
    assert list(matrices(cdni)) == main + 3 * [(266, 256, False)]


def test_contenders_take_turns():
    contenders = {name: Contender(partial, sum, (1, 2, 3)) for name in "ab"}
    times = interleave(contenders, 0)
    assert all(contender.stop() >= 0 for contender in contenders.values())
    assert {name: len(series) for name, series in times.items()} == {"a": 5, "b": 5}
    assert min(map(min, times.values())) > 0


def test_ratios_are_medians_of_neighbors():
    assert ratio({"a": [2, 40, 6], "b": [1, 10, 2]}, "a", "b") == 3


def test_the_report(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "HAS_TORCH", False)  # starting it takes seconds
    assert run.main(["--only", "tiny 10", "--seconds", "0", "--threads", "1", "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    saved = json.loads((tmp_path / "out.json").read_text())
    (row,) = saved["cases"]
    assert f"{row['by products']:.2f}" in printed and f"{row['ms']['dni_np']:.3g}" in printed
    assert saved["machine"]["threads"] == 1

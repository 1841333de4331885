"""The benchmarks do the work they name, and their reports hold what was measured.

Nothing here depends on speed.
"""

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from dni_np import backend
from dni_np.backend import asarray, to_numpy
from dni_np.parallel.split import Costs
from tests.benchmarks import parallel, run
from tests.benchmarks.bytes_moved import bytes_moved, bytes_of
from tests.benchmarks.cases import CASES, Convolution, Recurrent, Step
from tests.benchmarks.products import feed_forward, matrices, products, recurrent
from tests.benchmarks.timing import Contender, interleave, ratio, spread
from tests.pytorch_twin import torch
from tests.strict_array import strict

NEEDS_TORCH = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: pip install -r tests/requirements-pytorch.txt"
)
STEPS = [case for case in CASES if isinstance(case, Step)]
SEQUENCES = [
    case for case in CASES if type(case) is Recurrent
]  # not Chunks, which learn something else
CONVOLUTIONS = [case for case in CASES if isinstance(case, Convolution)]


def few(case):
    """The same for few images or sequences: whole batches take seconds."""
    return replace(case, batch=8) if case.table != "rows" else case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_steps(case):
    few(case).step()()


def test_all_cases_have_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES)


@NEEDS_TORCH
@pytest.mark.parametrize("case", STEPS, ids=lambda case: case.name)
def test_pytorch_does_the_same_step(case):
    """The same losses for three steps, so the same work."""
    from tests.benchmarks import peers

    case = few(case)
    rule, (x, y) = case.build(), map(asarray, case.data())
    losses = [float(rule.step(x, y)["loss"]) for _ in range(3)]
    for kind in peers.kinds(case):
        theirs = peers.step(case, kind)
        np.testing.assert_allclose([float(theirs()) for _ in range(3)], losses, rtol=1e-4)


@NEEDS_TORCH
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda case: case.name)
def test_pytorch_does_the_same_convolution(case):
    from tests.benchmarks import peers

    case = few(case)
    y, dx, dW = (value if value is None else to_numpy(value) for value in case.step()())
    wanted = (
        y.transpose(0, 3, 1, 2),
        case.first or dx.transpose(0, 3, 1, 2),
        dW.transpose(3, 2, 0, 1) * case.batch,
    )
    assert (dx is None) == case.first
    for kind in peers.kinds(case):
        step = peers.step(case, kind)
        for _ in range(2):  # gradients do not add up
            for ours, theirs in zip(wanted, step()):
                assert (
                    theirs is None if ours is True else relative_error(theirs.numpy(), ours) < 1e-5
                )


@NEEDS_TORCH
@pytest.mark.parametrize("kind", ["nn.LSTM", "LSTMCell"])
@pytest.mark.parametrize("case", SEQUENCES, ids=lambda case: case.name)
def test_pytorch_does_the_same_step_on_sequences(case, kind):
    """The same outputs for three steps, so the same updates."""
    from tests.benchmarks import peers

    case = few(case)
    assert kind in peers.kinds(case)
    ours, theirs = case.step(), peers.step(case, kind)
    outputs = [to_numpy(ours()).copy() for _ in range(3)]
    for y in outputs:
        assert relative_error(theirs().numpy(), y) < 1e-4
    assert relative_error(outputs[2], outputs[0]) > 1e-2


def relative_error(value, wanted):
    return np.linalg.norm(value - wanted) / np.linalg.norm(wanted)


@NEEDS_TORCH
@pytest.mark.parametrize("kind", ["NCHW", "channels_last"])
@pytest.mark.parametrize(
    "case", [case for case in STEPS if case.table == "images"], ids=lambda case: case.name
)
def test_pytorch_keeps_its_layout(case, kind):
    """From the first convolution to the last pooling, and for channels_last all the way back."""
    from tests.benchmarks import peers

    seen, returned = [], []

    def watch(module, inputs, output):
        seen.extend(image.detach() for image in (*inputs, output) if is_image(image))
        if is_image(output) and output.requires_grad:
            output.register_hook(lambda gradient: returned.append(gradient))

    step = peers.step(few(case), kind)
    hook = torch.nn.modules.module.register_module_forward_hook(watch)
    try:
        step()
    finally:
        hook.remove()
    images = seen + (returned if kind == "channels_last" else [])
    assert len(seen) > 8 and len(returned) >= 6
    assert all(image.is_contiguous(memory_format=peers.LAYOUTS[kind]) for image in images)


def is_image(value):
    return value.ndim == 4 and value.shape[1] > 1  # one channel would pass for either layout


def test_the_products_are_those_of_the_step():
    cdni = next(case for case in CASES if case.name == "cdni").build()
    main = [(784, 256, False), (256, 256, True), (256, 256, True), (256, 10, True)]
    assert list(matrices(cdni)) == main + 3 * [(266, 256, False)]


def test_the_products_of_an_lstm_are_those_of_its_step():
    case = SEQUENCES[0]
    pairs = recurrent(case)
    forward, back = ((256, 264), (264, 1024)), ((256, 1024), (1024, 256))
    assert [(a.shape, b.shape) for a, b in pairs] == 20 * [forward] + 20 * [back] + [
        ((264, 5120), (5120, 1024))
    ]
    products(case)()


def test_contenders_take_turns():
    contenders = {name: Contender(partial, sum, (1, 2, 3)) for name in "ab"}
    times = interleave(contenders, 0)
    assert all(contender.stop() >= 0 for contender in contenders.values())
    assert {name: len(series) for name, series in times.items()} == {"a": 5, "b": 5}
    assert min(map(min, times.values())) > 0


def test_ratios_are_medians_of_neighbors():
    assert ratio({"a": [2, 40, 6], "b": [1, 10, 2]}, "a", "b") == 3


def test_a_ratio_is_known_the_better_the_more_rounds_there_are():
    rng = np.random.default_rng(0)
    noisy = {"a": 2 + 0.2 * rng.standard_normal(500), "b": np.ones(500)}
    few, many = ({name: one[:n] for name, one in noisy.items()} for n in (5, 500))
    assert spread(few, "a", "b") == pytest.approx(np.ptp(few["a"]) / 2 / np.median(few["a"]))
    assert 0 < spread(many, "a", "b") < 0.02 < spread(few, "a", "b")
    alike = {"a": [2.0] * 5, "b": [1.0] * 5}
    assert spread(alike, "a", "b") == 0


class Scripted:
    """A contender whose turns take what was written down."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)

    def turn(self):
        return self.seconds.pop(0)


def test_turns_go_on_until_ratios_are_known(monkeypatch):
    monkeypatch.setattr("tests.benchmarks.timing.time.perf_counter", iter(range(99)).__next__)
    steady = [1.0] * 50
    wild = [1.0, 3.0, 1.0, 3.0, 1.0] + steady
    times = interleave({"ours": Scripted(*steady), "other": Scripted(*wild)}, 5, wanted=0.02)
    assert 5 < len(times["other"]) < 25 and spread(times, "other", "ours") <= 0.02
    monkeypatch.setattr("tests.benchmarks.timing.time.perf_counter", iter(range(99)).__next__)
    hopeless = [1.0, 3.0] * 25
    times = interleave({"ours": Scripted(*steady), "other": Scripted(*hopeless)}, 5, wanted=0.02)
    assert len(times["other"]) == 25  # five times as long as asked for


def test_bytes_are_those_of_every_operation():
    """One linear layer under a sigmoid by SGD, counted by hand."""
    case = next(case for case in CASES if case.name == "tiny 10")
    floor = bytes_of(feed_forward(case))
    assert floor == 4 * sum(
        a * b + b * c + a * c
        for n, m, down in ((24, 128, False), (128, 64, True), (64, 12, True))
        for a, b, c in [(10, n, m), (n, 10, m)] + ([(10, m, n)] if down else [])
    )
    assert 2 * floor < bytes_moved(case) < 10 * floor


def test_a_view_moves_nothing_and_a_sum_what_it_reads_and_writes():
    with backend.using(strict):
        x = backend.asarray(np.ones((3, 4), np.float32))
        before = strict.record.bytes
        view = x.T.reshape(4, 3)[:2]
        assert strict.record.bytes == before
        x += 1
        assert strict.record.bytes - before == 4 * 12 * 2
        total = view.sum(axis=0)
        assert strict.record.bytes - before == 4 * (24 + 6 + 3)
        strict.multiply(x, x, out=x)
        assert strict.record.bytes - before == 4 * (33 + 36) and total.shape == (3,)


def test_the_report(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "HAS_TORCH", False)  # starting it takes seconds
    assert (
        run.main(
            [
                "--only",
                "tiny 10",
                "--seconds",
                "0",
                "--threads",
                "1",
                "--json",
                str(tmp_path / "out.json"),
            ]
        )
        == 0
    )
    printed = capsys.readouterr().out
    saved = json.loads((tmp_path / "out.json").read_text())
    (row,) = saved["cases"]
    assert f"{row['by products']:.2f}" in printed and f"{row['ms']['dni_np']:.3g}" in printed
    assert saved["machine"]["threads"] == 1


def small(case):
    """The same for a few images and a narrow network."""
    changes = {**case.changes, "layers": 3, "width": 8}
    return replace(
        case, batch=8, changes={**changes, "hidden": ()} if "hidden" in changes else changes
    )


def test_runs_at_once_count_together():
    both = parallel.AtOnce(small(parallel.CASES[0]), 2)
    sent = []
    both.others[0].pipe = Piped(both.others[0].pipe, sent)
    before = both.rule.units[0].core_optimizer.steps
    assert 0 < both.timed(4) < min(sent[1:])
    assert both.rule.units[0].core_optimizer.steps - before == 4 + 2  # two to warm up
    both.close()
    assert sent[0] == 4


class Piped:
    """A pipe that keeps what goes through it."""

    def __init__(self, pipe, kept):
        self.pipe, self.kept = pipe, kept

    def send(self, content):
        self.kept.append(content)
        self.pipe.send(content)

    def recv(self):
        self.kept.append(self.pipe.recv())
        return self.kept[-1]

    def poll(self, timeout):
        return self.pipe.poll(timeout)


def test_of_workers_those_batches_count_that_all_have_learned(monkeypatch):
    """The first may run ahead of the others, and does a step a second here; they need three."""

    class Behind:
        room, steps = 4, 0

        def step(self, x, y):
            self.steps += 1
            return {"loss": 0.0} if self.steps % 3 == 0 else {}

    case = small(parallel.CASES[0])
    workers = parallel.OnWorkers(Behind(), case)
    clock = SimpleNamespace(perf_counter=lambda: workers.rule.steps)
    monkeypatch.setattr(parallel, "time", clock)
    assert workers.timed(20) == 3.0
    assert workers.timed(1) == 3.0  # enough steps to see two of them


def test_the_gain_of_workers_has_three_factors():
    seconds = {"processes": 4.0, parallel.ALONE: 6.0, parallel.AT_ONCE: 3.2}
    parts = parallel.parts({name: [one] for name, one in seconds.items()}, 2, 1.8)
    assert parts["gained"] == 1.5 and parts["machine"] == pytest.approx(1.875)
    assert parts["split"] * parts["machine"] / 2 * parts["rest"] == pytest.approx(1.5)


def test_layers_are_given_out_by_cost():
    (sizes, above), bound = parallel.split_of(small(parallel.CASES[0]), 2)
    assert sum(sizes) == 3 and above in (False, True) and 1 <= bound <= 2


def test_the_bound_counts_what_a_guess_above_costs_more():
    costs = Costs([4.0, 1.0, 5.0], [1.0, 1.0], [0.5, 0.25])
    assert parallel.shared_out(costs, 2) == (([2, 1], True), 12 / 6.25)  # 4 + 1 + 1, 1 + 5 + 0.25
    costs.above[1] = 1.25
    assert parallel.shared_out(costs, 2) == (([1, 2], False), 12 / 7)  # 4 + 1, 1 + 1 + 5


@pytest.mark.parametrize("case", parallel.CASES, ids=lambda case: case.name)
def test_each_way_to_keep_two_cores_busy_steps(case):
    losses = {}
    for name, (prepare, *arguments) in parallel.contenders(small(case), 2, ((1, 2), True)).items():
        if name == "processes" and case is not parallel.CASES[0]:
            continue  # the same with other layers, and slow to start
        step = prepare(*arguments)
        found = [step() for _ in range(3)]
        found = [one for one in found if one] + (step.rule.drain() or [])
        losses[name] = [float(one["loss"]) for one in found]
        step.close()
    assert all(len(found) == 3 for found in losses.values())
    assert losses["one worker"] == pytest.approx(losses["one worker, a thread"], rel=1e-4)
    assert losses["threads"][0] == losses["one worker, a thread"][0]
    if "locked pipeline" in losses:  # its batches are smaller to a batch normalization
        assert losses["locked pipeline"][0] == pytest.approx(losses["backprop"][0], rel=0.5)

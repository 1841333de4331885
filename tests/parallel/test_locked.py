"""A locked pipeline is backpropagation on the whole batch."""

from collections import Counter

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.activations import Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequential import Sequential
from dni_np.parallel.locked import SCHEDULES, LockedPipeline, order
from dni_np.parallel.machine import Machine
from dni_np.parallel.simulated_pipeline import locked
from dni_np.parallel.split import groups_of
from dni_np.rules.backprop import Backprop
from tests.parallel.simulated import durations

WIDTHS = (6, 8, 7, 5, 9)


def cores(normalized=False, dtype=np.float64):
    rng = np.random.default_rng(3)
    hidden = []
    for m, n in zip(WIDTHS, WIDTHS[1:]):
        between = [BatchNorm(n, dtype=dtype)] if normalized else []
        hidden.append(Sequential([Linear(m, n, rng, dtype=dtype), *between, Tanh()]))
    return [*hidden, Linear(WIDTHS[-1], 3, rng, dtype=dtype)]


def batches(n, dtype=np.float64):
    rng = np.random.default_rng(4)
    for _ in range(n):
        yield asarray(rng.standard_normal((10, 6)).astype(dtype)), asarray(rng.integers(0, 3, 10))


def train(rule, n=6):
    losses = [float(rule.step(x, y)["loss"]) for x, y in batches(n)]
    params = [to_numpy(p) for core in rule.cores for p in core.params.values()]
    rule.close()
    return losses, params


def optimizer(core):
    return Adam(core, 1e-2)


def assert_equal(found, wanted):
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12, atol=1e-12)
    for one, other in zip(found[1], wanted[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("workers, split", [(1, ()), (2, ()), (3, (1, 3, 1)), (5, ())])
@pytest.mark.parametrize("m", [1, 3, 5])
def test_it_is_backpropagation(backend, schedule, workers, split, m):
    """Also where micro-batches are not equally large: 10 samples in 3."""
    wanted = train(Backprop(cores(), SoftmaxCrossEntropy(), optimizer))
    more = {"workers": workers, "micro_batches": m, "schedule": schedule, "split": split}
    found = train(LockedPipeline(cores(), SoftmaxCrossEntropy(), optimizer, **more))
    assert_equal(found, wanted)


def test_batch_normalization_sees_micro_batches():
    wanted = train(Backprop(cores(True), SoftmaxCrossEntropy(), optimizer))
    one, two = (
        train(LockedPipeline(cores(True), SoftmaxCrossEntropy(), optimizer, micro_batches=m))
        for m in (1, 2)
    )
    assert_equal(one, wanted)
    assert abs(np.array(two[0]) - wanted[0]).max() > 1e-3


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("p, m", [(1, 3), (3, 2), (3, 8), (4, 4)])
def test_the_order_of_work_is_the_simulated_one(schedule, p, m):
    groups = groups_of([1] * p)
    events = locked(durations(p), groups, m, schedule, Machine(jitter=0), batches=4).events()
    for w in range(p):
        kinds = [e.kind for e in events if e.worker == w + 1 and e.batch == 2]
        kinds = [kind for kind in kinds if kind in ("forward", "backward")]
        assert kinds == [kind for kind, _ in order(schedule, w, p, m)]


def test_events_are_those_of_all_work():
    rule = LockedPipeline(cores(), SoftmaxCrossEntropy(), optimizer, workers=2, split=(2, 3))
    for x, y in batches(3):
        rule.step(x, y)
    counts = Counter((e.kind, e.layer, e.batch) for e in rule.events() if e.layer)
    wanted = {("update", i, n): 1 for i in range(1, 6) for n in range(1, 4)}
    both = ("forward", "backward")
    wanted |= {(kind, i, n): 4 for kind in both for i in range(1, 6) for n in (1, 2, 3)}
    assert counts == wanted
    assert Counter(e.worker for e in rule.events() if e.kind == "send") == {1: 12, 2: 12}
    rule.close()


def test_state_is_restored():
    rules = [LockedPipeline(cores(), SoftmaxCrossEntropy(), optimizer) for _ in range(2)]
    data = list(batches(4))
    for x, y in data[:2]:
        rules[0].step(x, y)
    rules[1].load_state(rules[0].state())
    for x, y in data[2:]:
        assert float(rules[0].step(x, y)["loss"]) == float(rules[1].step(x, y)["loss"])
    for rule in rules:
        rule.close()


@pytest.mark.parametrize("layer", range(5))
def test_a_failure_anywhere_is_raised_and_the_next_batch_begins_anew(layer):
    rule = LockedPipeline(cores(), SoftmaxCrossEntropy(), optimizer, workers=3)
    (x, y), forward = next(batches(1)), rule.cores[layer].forward

    def fail(*arguments, **options):
        raise ZeroDivisionError("by nothing")

    rule.cores[layer].forward = fail
    with pytest.raises(ZeroDivisionError):
        rule.step(x, y)
    rule.cores[layer].forward = forward
    wanted = Backprop(cores(), SoftmaxCrossEntropy(), optimizer).step(x, y)["loss"]
    assert float(rule.step(x, y)["loss"]) == pytest.approx(float(wanted), rel=1e-12)
    rule.close()


def test_what_cannot_be_is_refused():
    parts = cores(), SoftmaxCrossEntropy(), optimizer
    for more, what in [
        ({"schedule": "zigzag"}, "schedule"),
        ({"workers": 6}, "5 units keep 1 to 5 workers busy"),
        ({"split": (1, 1)}, "split must give"),
        ({"micro_batches": 0}, "micro_batches"),
    ]:
        with pytest.raises(UserError, match=what):
            LockedPipeline(*parts, **more)
    rule = LockedPipeline(*parts, micro_batches=11)
    with pytest.raises(UserError, match="cannot be cut into 11 micro-batches"):
        rule.step(*next(batches(1)))
    rule.close()

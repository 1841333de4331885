"""A locked pipeline is backpropagation on the whole batch."""

from collections import Counter
from functools import partial

import numpy as np
import pytest

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.nn.schedules import RunClock
from dni_np.parallel.locked import LockedPipeline
from dni_np.parallel.machine import Machine
from dni_np.parallel.simulated_pipeline import locked
from dni_np.parallel.split import groups_of
from dni_np.parallel.stage import SCHEDULES, order
from tests.parallel import networks
from tests.parallel.locked_networks import batch_norm, batches, build, build_failing
from tests.parallel.simulated import durations

STEPS = 6


def by_one_worker(build, steps=range(STEPS)):
    """(the losses, the state afterwards) of a Backprop."""
    clock, losses = RunClock(), []
    rule = build(clock)
    for x, y in batches(steps):
        losses.append(rule.step(x, y)["loss"])
        clock.step += 1
    return losses, rule.state()


def on_workers(build, workers=2, engine="threads", **more):
    """The same of a LockedPipeline."""
    rule = LockedPipeline(build, workers, engine, **more)
    metrics = [rule.step(x, y) for x, y in batches(range(STEPS))]
    metrics = [one for one in metrics if one] + rule.drain()
    found = [one["loss"] for one in metrics], rule.state()
    rule.close()
    assert all(np.array_equal(rule.state()[name], array) for name, array in found[1].items())
    return found


def assert_equal(found, wanted, rounding=1e-12):
    """Up to rounding; with 0 bit for bit."""
    assert len(found[0]) == len(wanted[0]) == STEPS and found[1].keys() == wanted[1].keys()
    pairs = [*zip(found[0], wanted[0]), *((found[1][name], wanted[1][name]) for name in wanted[1])]
    for one, other in pairs:
        one, other = to_numpy(one), to_numpy(other)
        assert one.dtype == other.dtype
        if rounding:
            np.testing.assert_allclose(one, other, rtol=rounding, atol=rounding)
        else:
            assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("workers, split", [(2, ()), (3, (1, 3, 1)), (5, (1,) * 5)])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("m", [1, 3, 5])
def test_it_is_backpropagation(backend, schedule, workers, split, m):
    """Also where micro-batches are not equally large: 10 samples in 3."""
    more = {"micro_batches": m, "schedule": schedule, "split": split}
    assert_equal(on_workers(build, workers, **more), by_one_worker(build))


@pytest.mark.parametrize("network", [build, batch_norm, partial(build, momentum=0.9)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_micro_batch_is_one_worker_bit_for_bit(network, dtype):
    network = partial(network, dtype=dtype) if network is not batch_norm else network
    wanted = by_one_worker(network)
    assert_equal(on_workers(network, 3, split=(2, 1, 2), micro_batches=1), wanted, rounding=0)


@pytest.mark.parametrize("workers", [2, 4])
def test_any_engine_order_and_split_is_the_same_bit_for_bit(workers):
    """With batch normalization too, which sees micro-batches."""
    wanted = on_workers(batch_norm, 3, split=(2, 2, 1), schedule="fill-drain")
    assert_equal(on_workers(batch_norm, workers, "processes"), wanted, rounding=0)


def test_batch_normalization_sees_micro_batches():
    wanted = by_one_worker(batch_norm)
    losses, _ = on_workers(batch_norm, micro_batches=2)
    assert abs(np.array(losses) - wanted[0]).max() > 1e-3


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("p, m", [(1, 3), (3, 2), (3, 8), (4, 4)])
def test_the_order_of_work_is_the_simulated_one(schedule, p, m):
    groups = groups_of([1] * p)
    events = locked(durations(p), groups, m, schedule, Machine(jitter=0), batches=4).events()
    for w in range(p):
        kinds = [e.kind for e in events if e.worker == w + 1 and e.batch == 2]
        kinds = [kind for kind in kinds if kind in ("forward", "backward")]
        assert kinds == [kind for kind, _ in order(schedule, w, p, m)]


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_events_are_those_of_all_work(engine):
    rule = LockedPipeline(build, 2, engine, (2, 3))
    for x, y in batches(range(3)):
        rule.step(x, y)
    events = rule.events()
    rule.close()
    counts = Counter((e.kind, e.layer, e.batch) for e in events if e.layer)
    wanted = {("update", i, n): 1 for i in range(1, 6) for n in range(1, 4)}
    both = ("forward", "backward")
    wanted |= {(kind, i, n): 4 for kind in both for i in range(1, 6) for n in (1, 2, 3)}
    assert counts == wanted
    assert Counter(e.worker for e in events if e.kind == "send") == {1: 12, 2: 12}


def test_it_goes_on_from_one_worker_and_one_worker_from_it():
    clock = RunClock(2)
    one = build(clock)
    one.load_state(by_one_worker(build, range(2))[1])
    rule = LockedPipeline(build, 3, "threads", micro_batches=1, clock=clock)
    rule.load_state(one.state())
    for x, y in batches((2, 3)):
        rule.step(x, y)
        clock.step += 1
    one.load_state(rule.state())
    rule.close()
    for x, y in batches((4, 5)):
        one.step(x, y)
        clock.step += 1
    wanted = by_one_worker(build)[1]
    assert all(np.array_equal(one.state()[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("layer", range(5))
def test_a_failure_anywhere_ends_all_workers(layer):
    rule = LockedPipeline(partial(build_failing, layer), 3, "threads", (2, 2, 1))
    with pytest.raises((ZeroDivisionError, RuntimeError), match="by nothing"):
        for x, y in batches(range(9)):
            rule.step(x, y)
    with pytest.raises(UserError, match="lost"):
        rule.drain()
    rule.close()


def test_what_cannot_be_is_refused():
    for more, what in [
        ({"schedule": "zigzag"}, "schedule"),
        ({"workers": 1}, "workers"),
        ({"workers": 6}, "5 units keep 1 to 5 workers busy"),
        ({"split": (1, 1)}, "split must give"),
        ({"micro_batches": 0}, "micro_batches"),
    ]:
        with pytest.raises(UserError, match=what):
            LockedPipeline(build, **{"engine": "threads", **more})
    with pytest.raises(UserError, match="trains by Backprop, not by DNIChain"):
        LockedPipeline(partial(networks.build, "cdni"))
    rule = LockedPipeline(build, micro_batches=11)
    with pytest.raises(UserError, match="cannot be cut into 11 micro-batches"):
        rule.step(*next(batches([0])))
    rule.close()

"""A rule on several workers is the rule on one, bit for bit, as long as no target may be late."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.backend import to_numpy
from dni_np.errors import UserError
from dni_np.nn.schedules import RunClock
from dni_np.parallel.pipeline import Pipeline
from tests.parallel.networks import LOCKED, RULES, build, build_deep, build_faulty, minibatch

STEPS = 12


def by_one_worker(rule, steps=STEPS):
    """(the rule afterwards, the metrics of each step)."""
    clock, metrics = RunClock(), []
    one = build(rule, clock)
    for step in range(steps):
        metrics.append(one.step(*minibatch(step)))
        clock.step += 1
    return one, metrics


def train(pipeline, steps):
    """The metrics of each step, by and by."""
    metrics = [pipeline.step(*minibatch(step)) for step in steps]
    return [one for one in metrics if one] + pipeline.drain()


def assert_same_state(one, other):
    found, wanted = one.state(), other.state()
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


def assert_same(pipeline, metrics, rule, steps=STEPS):
    one, wanted = by_one_worker(rule, steps)
    assert_same_state(pipeline, one)
    assert len(metrics) == len(wanted)
    for found, own in zip(metrics, wanted):
        assert found.keys() == own.keys()
        for name in own:
            assert to_numpy(found[name]) == to_numpy(own[name]), name
            assert found[name].dtype == own[name].dtype


def assert_one_worker(rule, engine, split):
    """The rule on workers is the rule on one, bit for bit, and after their end as well."""
    pipeline = Pipeline(partial(build, rule), len(split), engine, split)
    metrics = train(pipeline, range(5)) + train(pipeline, range(5, STEPS))
    assert_same(pipeline, metrics, rule)
    pipeline.close()
    assert_same(pipeline, metrics, rule)  # nothing is lost with the workers


@pytest.mark.parametrize("split", [(1, 1, 1, 1, 1), (2, 3), (1, 3, 1), (4, 1)])
@pytest.mark.parametrize("rule", RULES)
def test_threads_are_one_worker_bit_for_bit(backend, rule, split):
    assert_one_worker(rule, "threads", split)


def test_a_hundred_workers():
    """Each batch passes all of them; the caller never waits for one to be done everywhere."""
    pipeline, clock = Pipeline(partial(build_deep, 100), 100, "threads", (1,) * 100), RunClock()
    one, metrics = build_deep(100, clock), []
    for step in range(110):
        if found := pipeline.step(*minibatch(step)):
            metrics.append(found)
        assert len(pipeline.reports) <= pipeline.room
        one.step(*minibatch(step))
        clock.step += 1
    assert len(metrics + pipeline.drain()) == 110
    assert_same_state(pipeline, one)
    pipeline.close()


@pytest.mark.parametrize("rule", ["cdni", "unlock", "input", "local"])
def test_processes_are_one_worker_bit_for_bit(rule):
    pipeline = Pipeline(partial(build, rule), 3)
    metrics = train(pipeline, range(5)) + train(pipeline, range(5, STEPS))
    assert_same(pipeline, metrics, rule)
    pipeline.close()


def test_workers_go_on_from_a_saved_state_and_one_worker_from_theirs():
    saved, pipeline = (
        by_one_worker("cdni", 5)[0].state(),
        Pipeline(partial(build, "cdni"), 2, "threads"),
    )
    train(pipeline, range(7, 9))  # of another run: forgotten
    pipeline.load_state(saved)
    pipeline.clock.step = 5
    train(pipeline, range(5, 9))
    clock = RunClock(9)
    one = build("cdni", clock)
    one.load_state(pipeline.state())
    pipeline.close()
    for step in range(9, STEPS):
        one.step(*minibatch(step))
        clock.step += 1
    assert_same_state(one, by_one_worker("cdni")[0])


def test_predictions_are_of_what_was_learned_by_then():
    pipeline, (one, _) = Pipeline(partial(build, "cdni"), 2, "threads"), by_one_worker("cdni", 3)
    metrics = [found for step in range(3) if (found := pipeline.step(*minibatch(step)))]
    x, y = minibatch(99)
    np.testing.assert_array_equal(to_numpy(pipeline.predict(x)), to_numpy(one.predict(x)))
    assert int(pipeline.errors(x, y)) == int(one.errors(x, y))
    assert len(metrics + pipeline.drain()) == 3  # no metrics are lost by that
    pipeline.close()


@pytest.mark.parametrize("rule", ["cdni", "unlock"])
def test_late_targets(rule):
    """At most so late; each is learned, once."""
    late = 3
    pipeline = Pipeline(partial(build, rule), 3, "threads", (1, 2, 2), late)
    metrics = train(pipeline, range(40))
    assert len(metrics) == 40
    for i in (1, 3):  # the highest layer of each worker but the last
        staleness = [float(one[f"staleness_{i}"]) for one in metrics]
        assert max(staleness) <= late and min(staleness) >= 0
    state = pipeline.state()
    pipeline.close()
    counts = {int(value) for name, value in state.items() if name.endswith("steps")}
    assert counts == {40}
    assert all(np.isfinite(value).all() for value in state.values())


def test_late_targets_are_learned_with_the_rate_of_their_own_step_and_by_a_new_guess():
    """A worker whose targets all come late, against the same order of things by hand."""
    from dni_np.parallel.events import EventLog
    from dni_np.parallel.mailbox import Line, Mailbox, Message
    from dni_np.parallel.worker import Worker

    clocks = RunClock(), RunClock()
    rule, by_hand = (build("cdni", clock) for clock in clocks)
    up, down, steps = Mailbox(9), Mailbox(9), range(1, 4)
    worker = Worker(
        rule, range(1), clocks[0], 2, lambda *report: None, EventLog(1), above=Line(up, down)
    )
    targets = [np.full((8, 8), 0.1 * step, np.float32) for step in steps]
    for step in steps:
        worker.train(step, *minibatch(step))
    for step in steps:
        down.put(Message("target", step, {"target": targets[step - 1]}))
    worker.finish()
    for step in steps:
        x, y = minibatch(step)
        clocks[1].step = step - 1
        by_hand.train_unit(0, x, y, by_hand.context(x, y), {}, step)
    for step in steps:
        clocks[1].step = step - 1
        by_hand.fit_guess(0, targets[step - 1], {}, step)
    assert_same_state(rule, by_hand)


def test_a_core_goes_forward_before_its_worker_waits_for_a_target():
    """Only the guess uses what the target changes."""
    pipeline = Pipeline(partial(build_faulty, "slow", 3, 1), 2, "threads", (3, 2))
    train(pipeline, range(5))
    own = [(e.kind, e.batch) for e in pipeline.events() if e.worker == 1 and e.layer in (0, 3)]
    pipeline.close()
    for batch in range(3, 6):
        wanted = [("forward", batch), ("wait", batch - 1), ("correct", batch - 1), ("guess", batch)]
        start = own.index(wanted[0])
        assert own[start : start + 4] == wanted


@pytest.mark.parametrize("rule", LOCKED)
def test_a_rule_that_waits_for_the_layers_above_is_refused(rule):
    with pytest.raises(UserError, match="cannot run on several workers") as error:
        Pipeline(partial(build, rule), 2, "threads")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 1},
        {"workers": 6},
        {"workers": 2, "split": (1, 3)},
        {"workers": 2, "split": (5,)},
        {"workers": 2, "split": (0, 5)},
        {"engine": "horses"},
        {"staleness": -1},
    ],
)
def test_wrong_arguments(wrong):
    with pytest.raises(UserError):
        Pipeline(partial(build, "cdni"), **{"workers": 2, "engine": "threads", **wrong})


def test_a_wrong_batch_is_refused_and_does_no_harm():
    pipeline = Pipeline(partial(build, "cdni"), 2, "threads")
    metrics = [one for step in range(4) if (one := pipeline.step(*minibatch(step)))]
    x, y = minibatch(0)
    for wrong in ((x[:0], y), (x.astype(int), y), (x, y.astype(np.float32)), (x, y[:-1])):
        with pytest.raises(UserError):
            pipeline.step(*wrong)
        if pipeline.lost:
            pytest.fail(f"lost by {wrong[0].shape} {wrong[1].shape}: {pipeline.lost}")
    metrics += train(pipeline, range(4, STEPS))
    assert_same(pipeline, metrics, "cdni")
    pipeline.close()


def test_a_clock_that_stands_still_is_noticed():
    clock = RunClock()
    pipeline = Pipeline(partial(build, "cdni"), 2, "threads", clock=clock)
    pipeline.step(*minibatch(0))
    with pytest.raises(UserError, match="let it count each step"):
        pipeline.step(*minibatch(1))
    pipeline.close()


def test_events_say_who_did_what_in_which_order():
    pipeline = Pipeline(partial(build, "cdni"), 2, "threads", (2, 3))
    train(pipeline, range(6))
    events = pipeline.events()
    pipeline.close()
    assert {event.worker for event in events} == {1, 2}
    for worker, layers in ((1, {1, 2}), (2, {3, 4, 5})):
        own = [event for event in events if event.worker == worker]
        assert {event.layer for event in own} - {0} == layers
        assert all(a.stop <= b.start for a, b in zip(own, own[1:]))  # one thing at a time
    for layer in (1, 2, 3, 4):
        for batch in range(1, 7):
            kinds = [e.kind for e in events if (e.layer, e.batch) == (layer, batch)]
            assert kinds == ["forward", "guess", "backward", "update", "correct"], (layer, batch)
    done = {(e.kind, e.layer, e.batch): e for e in events}
    for batch in range(1, 7):
        assert done["forward", 2, batch].stop <= done["forward", 3, batch].start
        assert done["backward", 3, batch].stop <= done["correct", 2, batch].start
        if batch > 1:
            assert done["correct", 2, batch - 1].stop <= done["guess", 2, batch].start


@given(costs=st.lists(st.integers(1, 20), min_size=1, max_size=7), data=st.data())
def test_groups_are_balanced(costs, data):
    from itertools import combinations

    from dni_np.parallel.split import balanced, groups_of

    workers = data.draw(st.integers(1, len(costs)))
    groups = balanced(costs, workers)
    assert [i for group in groups for i in group] == list(range(len(costs)))
    assert len(groups) == workers and all(groups)

    def slowest(groups):
        return max(sum(costs[i] for i in group) for group in groups)

    cuts = combinations(range(1, len(costs)), workers - 1)
    sizes = [np.diff([0, *cut, len(costs)]).tolist() for cut in cuts]
    assert slowest(groups) == min(slowest(groups_of(one)) for one in sizes)


def test_each_worker_keeps_to_one_core_while_there_are_workers():
    from threadpoolctl import threadpool_info

    from dni_np.nn.fast import batch_threads

    def products():
        return [
            library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
        ]

    before, cores = products(), batch_threads.cores.count()
    for end in ("close", "fault"):
        pipeline = Pipeline(partial(build, "cdni"), 2, "threads")
        train(pipeline, range(2))
        assert set(products()) == {1} and batch_threads.cores.count() == 1
        if end == "close":
            pipeline.close()
        else:
            with pytest.raises(UserError):
                pipeline.step(np.zeros((8, 5), np.float32), minibatch(0)[1])
        assert products() == before and batch_threads.cores.count() == cores

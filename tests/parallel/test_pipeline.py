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
from tests.parallel.networks import (
    GUESSES,
    LOCKED,
    RULES,
    build,
    build_deep,
    build_faulty,
    minibatch,
)

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


def assert_one_worker(rule, engine, split, above=False):
    """The rule on workers is the rule on one, bit for bit, and after their end as well."""
    pipeline = Pipeline(partial(build, rule), len(split), engine, split, guesses_above=above)
    metrics = train(pipeline, range(5)) + train(pipeline, range(5, STEPS))
    assert_same(pipeline, metrics, rule)
    pipeline.close()
    assert_same(pipeline, metrics, rule)  # nothing is lost with the workers


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("split", [(1, 1, 1, 1, 1), (2, 3), (1, 3, 1), (4, 1)])
@pytest.mark.parametrize("rule", RULES + GUESSES)
def test_threads_are_one_worker_bit_for_bit(backend, rule, split, above):
    assert_one_worker(rule, "threads", split, above)


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
    assert_one_worker(rule, "processes", (2, 2, 1), above=True)
    pipeline = Pipeline(partial(build, rule), 3)  # the split by what the layers cost
    metrics = train(pipeline, range(5)) + train(pipeline, range(5, STEPS))
    assert_same(pipeline, metrics, rule)
    pipeline.close()


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("rule", ["cdni", "dni", "input"])
def test_workers_go_on_from_a_saved_state_and_one_worker_from_theirs(rule, above):
    saved = by_one_worker(rule, 5)[0].state()
    pipeline = Pipeline(partial(build, rule), 3, "threads", (1, 2, 2), guesses_above=above)
    train(pipeline, range(7, 9))  # of another run: forgotten
    pipeline.load_state(saved)
    pipeline.clock.step = 5
    train(pipeline, range(5, 9))
    clock = RunClock(9)
    one = build(rule, clock)
    one.load_state(pipeline.state())
    pipeline.close()
    for step in range(9, STEPS):
        one.step(*minibatch(step))
        clock.step += 1
    assert_same_state(one, by_one_worker(rule)[0])


def test_predictions_are_of_what_was_learned_by_then():
    pipeline, (one, _) = Pipeline(partial(build, "cdni"), 2, "threads"), by_one_worker("cdni", 3)
    metrics = [found for step in range(3) if (found := pipeline.step(*minibatch(step)))]
    x, y = minibatch(99)
    np.testing.assert_array_equal(to_numpy(pipeline.predict(x)), to_numpy(one.predict(x)))
    assert int(pipeline.errors(x, y)) == int(one.errors(x, y))
    assert len(metrics + pipeline.drain()) == 3  # no metrics are lost by that
    pipeline.close()


@pytest.mark.parametrize("rule, above", [("cdni", False), ("cdni", True), ("unlock", False)])
def test_late_targets(rule, above):
    """At most so late; each is learned, once."""
    late = 3
    more = {"guesses_above": above}
    pipeline = Pipeline(partial(build, rule), 3, "threads", (1, 2, 2), late, **more)
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
    from dni_np.parallel.split import Share
    from dni_np.parallel.worker import Worker

    clocks = RunClock(), RunClock()
    rule, by_hand = (build("cdni", clock) for clock in clocks)
    up, down, steps = Mailbox(9), Mailbox(9), range(1, 4)
    share, report = Share(range(1), range(1)), lambda *report: None
    worker = Worker(rule, share, clocks[0], 2, report, EventLog(1), above=Line(up, down))
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


@pytest.mark.parametrize("above", [False, True])
def test_a_core_goes_forward_before_its_worker_waits_for_a_target(above):
    """Only the guess uses what the target changes."""
    faulty = partial(build_faulty, "slow", 3, 1)
    pipeline = Pipeline(faulty, 2, "threads", (3, 2), guesses_above=above)
    train(pipeline, range(5))
    own = [(e.kind, e.batch) for e in pipeline.events() if e.worker == 1 and e.layer in (0, 3)]
    pipeline.close()
    for batch in range(3, 6):
        wanted = [("forward", batch), ("wait", batch - 1), ("correct", batch - 1), ("guess", batch)]
        wanted = [one for one in wanted if not above or one[0] != "correct"]
        start = own.index(wanted[0])
        assert own[start : start + len(wanted)] == wanted


def test_a_guess_that_learns_above_learns_on_time_and_its_weights_come_late():
    """The lower of two workers goes on for three batches without an answer; then all comes."""
    from dni_np.parallel.apart import owned
    from dni_np.parallel.events import EventLog
    from dni_np.parallel.mailbox import Line, Mailbox
    from dni_np.parallel.split import Share
    from dni_np.parallel.worker import Worker

    up, down, steps, found = Mailbox(9), Mailbox(9), range(1, 4), []
    lines = {"above": Line(up, down)}, {"below": Line(down, up)}
    for share, ends in zip((Share(range(4), range(3)), Share(range(4, 5), range(3, 4))), lines):
        clock = RunClock()
        rule, log = build("cdni", clock), EventLog(1)
        found.append(Worker(rule, share, clock, 3, lambda *report: None, log, **ends))
    lower, upper = found
    for step in steps:
        lower.train(step, *minibatch(step))
    for step in steps:
        upper.train(step, None, minibatch(step)[1])
    lower.finish()
    # The same by hand: what the guess learned from the outputs of then, one after another.
    clocks = RunClock(), RunClock()
    core, guess = (build("cdni", clock) for clock in clocks)
    for step in steps:
        (x, y), clocks[0].step, clocks[1].step = minibatch(step), step - 1, step - 1
        h, context = x, core.context(x, y)
        for i in range(4):
            back, h = core.train_unit(i, h, y, context, {}, step)
            if i:
                core.fit_guess(i - 1, back, {}, step)
        guess.show_guess(3, h, context, step)
        guess.fit_guess(3, guess.train_unit(4, h, y, context, {}, step)[0], {}, step)
    for worker, by_hand in ((lower, core), (upper, guess)):
        for name, part in owned(worker.rule, worker.share).items():
            for key, value in part.state().items():
                np.testing.assert_array_equal(value, by_hand.parts()[name].state()[key], name)
    weights = [to_numpy(one.guess_weights(3)) for one in (lower.rule, upper.rule, core)]
    np.testing.assert_array_equal(*weights[:2])
    assert np.any(weights[0]) and not np.any(weights[2])
    assert not lower.rule.units[3].waiting


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


@given(n=st.integers(1, 5), data=st.data())
def test_shares_are_balanced(n, data):
    """Against all ways there are to cut, guesses above or below."""
    from itertools import combinations, product

    from dni_np.parallel.split import CALLER, Costs, balanced, share

    def some(number, more=()):
        one = st.one_of(st.integers(0, 20), *map(st.just, more))
        return data.draw(st.lists(one, min_size=number, max_size=number))

    costs = Costs(some(n), some(n - 1), some(n - 1, [np.inf]))
    workers = data.draw(st.integers(1, n))

    def slowest(shares):
        below = [0, *(share.units[-1] + 1 for share in shares)]
        first, *others = (
            sum(costs.units[i] for i in share.units)
            + sum(costs.guesses[i] for i in share.guesses)
            + sum(costs.above[i] for i in share.guesses if i < start)
            for share, start in zip(shares, below)
        )
        return max([CALLER * first, *others])

    shares = balanced(costs, workers)
    assert [i for share in shares for i in share.units] == list(range(n))
    assert [i for share in shares for i in share.guesses] == list(range(n - 1))
    assert len(shares) == workers and all(share.units for share in shares)
    best = np.inf
    for starts in combinations(range(1, n), workers - 1):
        for above in product((0, 1), repeat=workers - 1):
            cuts = [0, *(2 * start - more for start, more in zip(starts, above)), 2 * n - 1]
            best = min(best, slowest([share(*ends) for ends in zip(cuts, cuts[1:])]))
    assert slowest(shares) == pytest.approx(best, rel=1e-12)


def test_the_caller_who_has_more_to_do_gets_less():
    from dni_np.parallel.split import Costs, balanced, of_units

    low, high = balanced(of_units([4.0, 2.0, 4.1]), 2)  # not 6 and 4.1
    assert (low.units, high.units) == (range(1), range(1, 3))
    low, high = balanced(Costs([4.0, 4.0], [1.0], [0.1]), 2)  # 4 and 5.1, not 5 and 4
    assert (low.guesses, high.guesses) == (range(0), range(1))


def test_what_work_costs_is_measured():
    """All of a rule's work, of those as well whose targets wait; what cannot be above is not."""
    from dni_np.parallel.split import measured

    for rule in RULES:
        costs = measured(build(rule, RunClock()), *minibatch(0))
        assert list(map(len, costs)) == [5, 4, 4] and min(costs.units) > 0
        guesses = rule not in ("local", "none")
        assert all((seconds > 0) == guesses for seconds in costs.guesses)
        movable = rule in ("dni", "cdni", "input", "head")
        assert all((0 < seconds < np.inf) == movable for seconds in costs.above)


def test_only_a_guess_whose_whole_lesson_is_above_learns_there():
    """Not one with another optimizer or a core that is another one's, nor of a changed rule."""
    from dni_np.rules.dni_chain import DNIChain

    class Changed(DNIChain):
        def fit_guess(self, *arguments):
            return super().fit_guess(*arguments)

    rule = build("cdni", RunClock())
    assert [rule.learns_anywhere(i) for i in range(4)] == [True] * 4
    rule.units[2].sg_optimizer = object()
    assert [rule.learns_anywhere(i) for i in range(4)] == [True, True, False, True]
    assert not Changed(rule.units, rule.loss_unit, rule.classes).learns_anywhere(0)


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

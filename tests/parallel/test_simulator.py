"""The simulator: closed forms, a slow simulation of the same, and the events that a run has."""

from collections import Counter

import numpy as np
import pytest

from dni_np.errors import UserError
from dni_np.parallel.durations import KINDS, latency, measured
from dni_np.parallel.machine import Machine, even_groups
from dni_np.parallel.simulator import decoupled
from dni_np.parallel.split import groups_of
from dni_np.pictures.events import Event, idle_share
from tests.parallel.simulated import durations, equal_stages, one_by_one

EXACT = Machine(jitter=0)


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_programs_that_send_and_wait_would_do(seed):
    rng = np.random.default_rng(seed)
    split = rng.integers(1, 4, rng.integers(1, 6)).tolist()
    groups, staleness = groups_of(split), int(rng.integers(0, 4))
    machine = Machine(latency=rng.random(), send=rng.random() / 3, jitter=0.8)
    own = durations(sum(split), guesses=seed % 4 > 0)
    above = (rng.random(len(split) - 1) < 0.5).tolist()
    found = decoupled(own, groups, staleness, machine, batches=20, seed=seed, above=above)
    times = machine.draw(own, groups, 20, np.random.default_rng(seed), above)
    ends = one_by_one(times, groups, staleness, machine, above)
    assert np.allclose(found.ends, ends, rtol=1e-12)


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("staleness", [1, 4])
def test_equal_workers_never_wait(workers, staleness):
    own = equal_stages(workers, train=2.0)
    result = decoupled(own, even_groups(workers, workers), staleness, EXACT)
    assert result.throughput() == pytest.approx(1 / 2)
    assert result.waiting() == pytest.approx(np.zeros(workers), abs=1e-12)


@pytest.mark.parametrize("workers", [2, 20, 100])
@pytest.mark.parametrize("staleness", [0, 1, 4])
def test_there_is_room_for_all_that_can_be_on_the_way(workers, staleness):
    """However uneven the times are. With a place for each worker and D more there is not: a hundred
    workers and D = 4 are 21 % slower then.
    """
    own, machine = durations(workers), Machine(0.5, send=0.1, jitter=2.0)
    groups = even_groups(workers, workers)
    found, free, narrow = (
        decoupled(own, groups, staleness, machine, batches=600, seed=1, room=room).ends
        for room in (None, 600, staleness + workers + 3)
    )
    assert np.array_equal(found, free)
    if staleness == 4 and workers > 2:
        assert narrow[-1, -1] > found[-1, -1]


@pytest.mark.parametrize("slow", [1, 3, 5])
def test_all_are_as_fast_as_the_slowest(slow):
    own = equal_stages(5, train=2.0)
    machine = EXACT._replace(slow={slow: 3.0})
    result = decoupled(own, even_groups(5, 5), 2, machine)
    assert result.throughput() == pytest.approx(1 / 6)
    waiting = np.full(5, 2 / 3)
    waiting[slow - 1] = 0
    assert result.waiting() == pytest.approx(waiting)


def test_a_latency_is_hidden_by_staleness_and_not_without():
    """Two workers, c a batch, all of it forward: from a guess to its target is c + 2 latency, and
    with staleness D there are D + 1 guesses made in that time.
    """
    c, late = 2.0, 5.0
    own, groups, machine = equal_stages(2, c), even_groups(2, 2), EXACT._replace(latency=late)
    results = [decoupled(own, groups, d, machine, batches=204) for d in (0, 1, 2, 6)]
    periods = [1 / result.throughput() for result in results]
    assert periods[:3] == pytest.approx([(c + 2 * late) / (d + 1) for d in (0, 1, 2)])
    assert periods[3] == pytest.approx(c)


def test_bandwidth_and_bytes_are_a_latency():
    own, groups = equal_stages(3, 1.0), even_groups(3, 3)
    lines = EXACT._replace(message_bytes=6e6, bandwidth=2e6)
    one, other = decoupled(own, groups, 1, lines), decoupled(own, groups, 1, Machine(3.0, jitter=0))
    assert np.array_equal(one.ends, other.ends)


def test_slowdowns_now_and_then():
    own, groups = equal_stages(2, 1.0), even_groups(2, 2)
    always = decoupled(own, groups, 1, EXACT._replace(slowdowns=(1.0, 3.0)))
    assert always.throughput() == pytest.approx(1 / 3)
    some = decoupled(own, groups, 8, EXACT._replace(slowdowns=(0.1, 3.0)), batches=4000)
    # A little less than of one worker alone, which takes 0.9 + 0.1 * 3 a batch.
    assert 1 / 1.6 < some.throughput() < 1 / 1.15


@pytest.mark.parametrize("above", [(), (True, True, False), (False, False, True)])
def test_each_work_is_done_once_and_one_thing_at_a_time(above):
    own, groups = durations(7), groups_of((3, 1, 2, 1))
    machine = Machine(0.3, send=0.1, jitter=0.5)
    events = decoupled(own, groups, 2, machine, batches=9, above=above).events()
    work = Counter((e.kind, e.layer, e.batch) for e in events if e.kind in KINDS)
    wanted = {(kind, i, n) for kind in KINDS for i in range(1, 8) for n in range(1, 10)}
    wanted -= {(kind, 7, n) for kind in ("guess", "correct") for n in range(1, 10)}
    assert work == Counter(wanted)
    sends = Counter((e.worker, e.batch) for e in events if e.kind == "send")
    assert sends == {(w, n): 2 if w in (2, 3) else 1 for w in range(1, 5) for n in range(1, 10)}
    for w, group in enumerate(groups, 1):
        row = sorted((e for e in events if e.worker == w), key=lambda e: (e.start, e.stop))
        assert {e.layer for e in row if e.kind != "correct"} - {0} == {i + 1 for i in group}
        sides = dict(enumerate(above, 1))
        lessons = range(group[0] - sides.get(w - 1, 0), group[-1] + 1 - sides.get(w, w == 4))
        assert {e.layer - 1 for e in row if e.kind == "correct"} == set(lessons)
        assert all(b.start == pytest.approx(a.stop, abs=1e-9) for a, b in zip(row, row[1:]))


def test_events_agree_with_the_shares_of_waiting():
    result = decoupled(durations(4), groups_of((1, 3)), 1, EXACT, batches=400)
    assert idle_share(result.events()) == pytest.approx(result.waiting().mean(), abs=0.01)


@pytest.mark.parametrize("above", [False, True])
def test_durations_come_back_from_simulated_events(above):
    machine = EXACT._replace(latency=0.25, send=0.125)
    own = durations(5, guess=0.5, backward=2.0)
    result = decoupled(own, groups_of((2, 3)), 1, machine, batches=30, above=(above,))
    found = measured(result.events())
    assert found.split == (2, 3) and found.sources == (1, 2, 3, 4, 5) and found.above == (above,)
    assert found.busy() == pytest.approx(result.busy[15])
    again = decoupled(found, groups_of((2, 3)), 1, machine, batches=30)
    assert np.allclose(again.ends, result.ends)
    assert set(found.samples) == set(own.samples)
    for key, samples in own.samples.items():
        assert found.samples[key] == pytest.approx(np.full(29, samples[0]))
    assert found.send == pytest.approx(0.125) and found.latency == pytest.approx(0.25)


def test_time_between_events_counts_to_the_work_that_follows():
    """A worker that begins its work 1 after what it did before, and 3 after it had waited."""
    events = []
    for n in range(1, 11):
        t = 100.0 * n
        events += [
            Event(1, n, "wait", t, t + 40),
            Event(1, n, "forward", t + 43, t + 45, 1),
            Event(1, n, "update", t + 46, t + 50, 1),
        ]
    found = measured(events).samples
    assert found["update", 1] == pytest.approx(np.full(9, 5.0))
    assert found["forward", 1] == pytest.approx(np.full(9, 2 + 3 + 50.0))  # 50: to the next batch


def test_a_latency_is_seen_by_who_waits():
    events = [Event(1, 1, "send", 1, 2), Event(2, 1, "wait", 0, 2.5), Event(2, 2, "wait", 3, 4)]
    assert latency(events) == 0.5 and latency(events[:1]) == 0


def test_a_deeper_network_has_layers_like_the_measured_ones():
    own = durations(4)
    own.samples["forward", 1][:], own.samples["forward", 4][:] = 10, 20
    own.samples["forward", 2][:], own.samples["forward", 3][:] = 3, 4
    times = own.deeper(7).draw(5, np.random.default_rng(0))
    assert np.array_equal(times["forward"], np.tile([10, 3, 4, 3, 4, 3, 20], (5, 1)))
    assert not times["guess"][:, -1].any() and times["guess"][:, :-1].all()


def test_jitter_has_mean_1():
    times = durations(2, forward=2.0).draw(100_000, np.random.default_rng(0), jitter=0.5)
    assert times["forward"].mean() == pytest.approx(2, rel=0.02)
    assert times["forward"].std() == pytest.approx(1, rel=0.05)


def test_a_thousand_workers():
    own = durations(7).deeper(1000)
    groups = even_groups(1000, 1000)
    result = decoupled(own, groups, 4, EXACT, batches=2000)
    assert result.throughput() == pytest.approx(1 / 5)
    few = decoupled(own, groups, 4, EXACT, batches=2000, room=1007)
    assert few.throughput() < 0.9 / 5


@pytest.mark.parametrize(
    "call, what",
    [
        (lambda: even_groups(3, 4), "3 layers keep 1 to 3"),
        (lambda: durations(3).deeper(1), "2 layers or more"),
        (lambda: decoupled(durations(2), even_groups(2, 2), -1), "staleness"),
        (lambda: decoupled(durations(2), even_groups(2, 2), 0, batches=3), "batches"),
        (lambda: decoupled(durations(2), even_groups(2, 2), 0, Machine(-1.0)), "latency"),
        (lambda: decoupled(durations(2), even_groups(2, 2), 0, Machine(bandwidth=0)), "bandwidth"),
        (lambda: decoupled(durations(2), even_groups(2, 2), 0, Machine(slow={3: 2})), "worker 3"),
        (lambda: decoupled(durations(2), even_groups(2, 2), 0, Machine(slow={1: 0})), "factor"),
        (lambda: decoupled(durations(2), even_groups(2, 2), 0, Machine(jitter=-1)), "jitter"),
        (lambda: measured([]), "0 batches"),
        (lambda: measured([Event(1, n, "guess input", n, n, 2) for n in range(9)]), "guess input"),
        (lambda: measured([Event(1, n, "forward", n, n, 2) for n in range(9)]), "layers"),
    ],
)
def test_what_cannot_be_simulated_is_refused(call, what):
    with pytest.raises(UserError, match=what):
        call()

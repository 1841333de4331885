"""The locked pipeline: its bubble, and that it is backpropagation."""

from collections import Counter

import numpy as np
import pytest

from dni_np.errors import UserError
from dni_np.parallel.locked import SCHEDULES
from dni_np.parallel.machine import Machine, even_groups
from dni_np.parallel.simulated_pipeline import locked
from tests.parallel.simulated import durations

EXACT = Machine(jitter=0)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("p, m", [(1, 1), (2, 1), (2, 8), (4, 2), (4, 8), (7, 32), (30, 10)])
def test_the_bubble(schedule, p, m):
    """(p - 1) / (m + p - 1) of the time is waiting, of every worker (Huang et al. 2019)."""
    own = durations(p, forward=1.0, backward=2.0, update=0.0)
    result = locked(own, even_groups(p, p), m, schedule, EXACT)
    assert result.waiting() == pytest.approx(np.full(p, (p - 1) / (m + p - 1)), abs=1e-12)
    assert result.throughput() == pytest.approx(m / (3.0 * (m + p - 1)))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_one_worker_is_one_after_the_other(schedule):
    own = durations(5, forward=1.0, backward=2.0, update=0.5)
    result = locked(own, even_groups(5, 1), 8, schedule, EXACT)
    assert result.throughput() == pytest.approx(1 / (5 * 3.5))


def test_plain_backpropagation_gains_nothing_by_workers_but_the_updates():
    own = durations(6, forward=1.0, backward=2.0, update=0.5)
    result = locked(own, even_groups(6, 3), 1, "fill-drain", EXACT)
    assert result.throughput() == pytest.approx(1 / (6 * 3 + 2 * 0.5))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_latency_costs_each_batch_the_way_up_and_down(schedule):
    p, m, late = 4, 4, 0.25
    own = durations(p, forward=1.0, backward=1.0, update=0.0)
    fast, slow = (
        locked(own, even_groups(p, p), m, schedule, EXACT._replace(latency=one))
        for one in (0.0, late)
    )
    gap = 1 / slow.throughput() - 1 / fast.throughput()
    assert gap >= 2 * (p - 1) * late - 1e-9


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_order_of_work(schedule):
    p, m, batches = 3, 4, 5
    machine = Machine(0.1, send=0.05, jitter=0.3)
    events = locked(durations(p), even_groups(p, p), m, schedule, machine, batches).events()
    counts = Counter((e.kind, e.worker, e.batch) for e in events if e.kind not in ("wait", "send"))
    assert set(counts.values()) == {1, m} and len(counts) == 3 * p * batches
    assert all(n == (1 if key[0] == "update" else m) for key, n in counts.items())
    for w in range(1, p + 1):
        row = [e for e in events if e.worker == w]
        assert all(b.start == pytest.approx(a.stop) for a, b in zip(row, row[1:]))
        held, most = 0, 0
        for event in row:
            held += {"forward": 1, "backward": -1}.get(event.kind, 0)
            most = max(most, held)
        assert most == (m if schedule == "fill-drain" else min(m, p - w + 1))
        assert held == 0


def test_wrong_settings_are_refused():
    with pytest.raises(UserError, match="schedule"):
        locked(durations(2), even_groups(2, 2), schedule="zigzag")
    with pytest.raises(UserError, match="micro_batches"):
        locked(durations(2), even_groups(2, 2), micro_batches=0)

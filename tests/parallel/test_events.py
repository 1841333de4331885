"""What a worker notes: waiting is waiting, and what it learns meanwhile is work."""

import time
from functools import partial

from dni_np.backend import to_numpy
from dni_np.nn.schedules import RunClock
from dni_np.parallel.durations import measured
from dni_np.parallel.events import EventLog
from dni_np.parallel.mailbox import Line, Mailbox, Message
from dni_np.parallel.pipeline import Pipeline
from dni_np.parallel.split import Share
from dni_np.parallel.summary import summary
from dni_np.parallel.worker import Worker
from tests.parallel.networks import WIDTHS, build, build_faulty, minibatch


def test_a_wait_that_goes_on_is_one_event():
    log = EventLog(1)
    for batch in (1, 1, 2):
        with log.noting("wait", batch=batch):
            time.sleep(1e-3)
    with log.noting("send", batch=2):
        pass
    with log.noting("wait", batch=2):
        pass
    found = list(log.events)
    assert [(e.kind, e.batch) for e in found] == [
        *(("wait", 1), ("wait", 2), ("send", 2), ("wait", 2)),
    ]
    assert found[0].stop - found[0].start >= 2e-3
    assert all(a.stop <= b.start for a, b in zip(found, found[1:]))


class LateMailbox(Mailbox):
    """Nothing has come for some looks; then what `come` says is put into another one."""

    looks, come = 0, None

    def get(self, timeout=None):
        if self.looks:
            self.looks -= 1
            if self.looks == 1:
                self.come()
            return None
        return super().get(timeout)


def test_what_is_learned_while_nothing_comes_is_work():
    """Where targets are made of targets a worker that waits for h learns those that come."""
    below, down, sent, out = LateMailbox(9), Mailbox(9), Mailbox(9), Mailbox(9)
    clock, log, share = RunClock(), EventLog(2), Share(range(1, 3), range(1, 3))
    rule = build("mixed", clock)
    log.watch_units(rule, share.units)
    lines = {"below": Line(out, below), "above": Line(sent, down)}
    worker = Worker(rule, share, clock, 2, lambda *report: None, log, **lines)
    x, y = minibatch(0)
    h = Message("output", 1, {"output": to_numpy(x)[:, [0] * WIDTHS[1]]})
    below.put(h)
    worker.train(1, None, y)
    below.put(h._replace(batch=2))
    target = h.arrays["output"][:, [0] * WIDTHS[3]]
    below.looks = 4
    below.come = lambda: down.put(Message("target", 1, {"target": target}))
    worker.train(2, None, y)
    found = [event for event in log.events if event.kind in ("wait", "correct")]
    kinds = [(event.kind, event.layer, event.batch) for event in found]
    first = kinds.index(("wait", 0, 2))
    assert kinds[first : first + 3] == [("wait", 0, 2), ("correct", 3, 1), ("wait", 0, 2)], kinds
    assert all(a.stop <= b.start for a, b in zip(found, found[1:]))


def test_waiting_for_room_is_waiting():
    """Nothing comes back from above, so the lower worker runs ahead until the mailbox is full."""
    pipeline = Pipeline(partial(build_faulty, "slow", 3, 1, rule="none"), 2, "threads", (3, 2))
    for step in range(12):
        pipeline.step(*minibatch(step))
    pipeline.drain()
    events = pipeline.events()
    pipeline.close()
    low, high = summary(events)
    assert low.waiting > 0.5 > high.waiting and low.seconds["send"] < 0.02
    durations = measured(events)
    sends = [durations.busy()[w] - row_work(events, w + 1) for w in range(2)]
    assert sends[0] > sends[1]  # the upper worker sends nothing


def row_work(events, worker):
    """Seconds a batch of all kinds of work but sending, as Durations count them."""
    found = measured(events).samples
    layers = {event.layer for event in events if event.worker == worker} - {0}
    return sum(some.mean() for (_, layer), some in found.items() if layer in layers)


def test_who_waits_for_the_callers_next_batch_says_so():
    """And the caller, who has not asked for it yet, waits for nobody."""
    pipeline = Pipeline(partial(build, "none"), 2, "threads", (3, 2))
    for step in range(4):
        pipeline.step(*minibatch(step))
        time.sleep(0.05)
    pipeline.drain()
    events = pipeline.events()
    pipeline.close()
    low, high = summary(events)
    assert low.waiting < 0.1 < 0.5 < high.waiting and low.other > 0.5 > high.other
    waits = [event for event in events if event.worker == 2 and event.kind == "wait"]
    assert {event.batch for event in waits} >= {2, 3, 4}

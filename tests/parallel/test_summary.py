"""What each worker did, waited and sent."""

import pytest

from dni_np.errors import UserError
from dni_np.parallel.summary import summary, table, throughput, without_pauses
from dni_np.pictures.events import Event

EVENTS = [
    Event(1, 1, "forward", 0.0, 4.0, 1),
    Event(1, 1, "update", 4.0, 5.0, 2),
    Event(1, 1, "send", 5.0, 6.0),
    Event(2, 1, "wait", 0.0, 6.0),
    Event(2, 1, "forward", 6.0, 10.0, 3),
]


def test_time_waiting_messages_and_bytes():
    low, high = summary(EVENTS, message_bytes=1000)
    assert low.seconds == {"forward": 4.0, "update": 1.0, "send": 1.0} and low.layers == (1, 2)
    assert low.waiting == 0 and low.other == pytest.approx(0.4)
    assert high.waiting == pytest.approx(0.6) and high.other == pytest.approx(0)
    assert (low.messages, low.sent_bytes, high.messages, high.sent_bytes) == (1, 1000, 0, 0)


def test_a_guess_that_is_corrected_elsewhere_is_not_a_layer_there():
    events = [*EVENTS, Event(2, 1, "correct", 10.0, 11.0, 2)]
    assert [row.layers for row in summary(events)] == [(1, 2), (3,)]


def test_bytes_that_differ_or_are_not_known():
    assert [row.sent_bytes for row in summary(EVENTS, {1: 8})] == [8, 0]
    assert [row.sent_bytes for row in summary(EVENTS)] == [None, None]


def test_the_table_has_shares_of_the_whole_time():
    lines = table(summary(EVENTS, 1_000_000)).splitlines()
    assert lines[0].split() == [
        *("worker", "layers", "forward", "%", "update", "%", "send", "%"),
        *("waits", "%", "other", "%", "messages", "MB", "sent"),
    ]
    assert lines[1].split() == "1 1 to 2 40.0 10.0 10.0 0.0 40.0 1 1.0".split()
    assert lines[2].split() == "2 3 to 3 40.0 0.0 0.0 60.0 0.0 0 0.0".split()
    assert "MB" not in table(summary(EVENTS))


def test_without_work_there_is_no_summary():
    with pytest.raises(UserError, match="no work"):
        summary([Event(1, 1, "wait", 0.0, 1.0)])


def test_throughput_is_the_highest_layers():
    events = [Event(2, n, "forward", t, t + 1, 4) for n, t in enumerate([0, 9, 10, 12, 14], 1)]
    events += [Event(1, n, "forward", n, n + 1, 1) for n in range(1, 6)]
    assert throughput(events) == pytest.approx(1 / 2)
    with pytest.raises(UserError, match="several batches"):
        throughput(events[:2])


def test_time_in_which_nobody_works_is_left_out_if_it_is_long():
    times = [0, 2, 4, 106, 108]  # a pause between 5 and 106
    events = [Event(1, n, "forward", t, t + 1, 1) for n, t in enumerate(times, 1)]
    events += [Event(2, n, "forward", t + 1.5, t + 2, 2) for n, t in enumerate(times, 1)]
    events += [Event(2, 4, "wait", 7, 107.5)]
    found = without_pauses(events)
    assert [e.start for e in found if e.worker == 1] == pytest.approx([0, 2, 4, 6, 8])
    high = [e.start for e in found if e.worker == 2 and e.kind == "forward"]
    assert high == pytest.approx([1.5, 3.5, 5.5, 7.5, 9.5])
    assert [(e.start, e.stop) for e in found if e.kind == "wait"] == [pytest.approx((6, 7.5))]
    assert [row.other for row in summary(found)] == pytest.approx([0.5, 1 - 4 / 10])


def test_waiting_for_each_other_is_no_pause():
    """A message is on its way longer than a batch takes, and nobody works."""
    events, t = [], 0.0
    for n in range(1, 7):
        late = 5.0 if n == 4 else 0.1
        events.append(Event(1, n, "forward", t, t + 1, 1))
        events.append(Event(2, n, "wait", t - 0.5, t + 1 + late))
        events.append(Event(2, n, "forward", t + 1 + late, t + 2 + late, 2))
        events.append(Event(1, n, "wait", t + 1, t + 2.1 + late))
        t += 2.2 + late
    events = sorted(events, key=lambda event: event.start)
    assert without_pauses(events) == events


def test_a_worker_that_works_while_another_waits_is_no_pause():
    events = [Event(1, n, "forward", n, n + 0.5, 1) for n in range(1, 9)]
    events += [Event(2, 1, "forward", 1, 50, 2), Event(1, 9, "forward", 50, 50.5, 1)]
    assert without_pauses(events) == sorted(events, key=lambda event: event.start)

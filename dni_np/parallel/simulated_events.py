"""The events of a simulation, as those that a run measures: the same kinds, waiting too."""

from dni_np.parallel.durations import TRAIN
from dni_np.pictures.events import Event


def decoupled_events(waves, times, groups):
    """All that the workers of `simulator.decoupled` did, in the order in which it began."""
    events = []
    for w, group in enumerate(groups):
        own = []
        for n in range(len(waves.ends)):
            t = waves.begins[n, w]
            for i in group[:-1]:
                t = _train(own, w, n, i, i > group[0] or waves.below[w], times, t)
                if i == group[0] and w > 0 and waves.targets[w - 1]:
                    t = _add(own, w, n, "send", 0, t, waves.send)
            _add(own, w, n, "forward", group[-1] + 1, t, times["forward"][n, group[-1]])
            teaches = len(group) > 1 or waves.below[w]
            t = _train(own, w, n, group[-1], teaches, times, waves.highs[n, w], TRAIN[1:])
            if len(group) == 1 and w > 0 and waves.targets[w - 1]:
                t = _add(own, w, n, "send", 0, t, waves.send)
            if w < len(groups) - 1:
                _add(own, w, n, "send", 0, t, waves.send)
            if waves.targets[w]:
                _add(own, w, n, "correct", group[-1] + 1, waves.learns[n, w], waves.correct[n, w])
        events += with_waiting(own)
    return sorted(events, key=lambda event: event.start)


def _train(own, worker, n, i, teaches, times, t, kinds=TRAIN):
    """Layer i's training (from 0) and, where it teaches, the guess below it; when it ends."""
    for kind in kinds:
        t = _add(own, worker, n, kind, i + 1, t, times[kind][n, i])
    return _add(own, worker, n, "correct", i, t, times["correct"][n, i - 1]) if teaches else t


def _add(own, worker, n, kind, layer, start, seconds):
    if seconds > 0 or kind == "send":
        own.append(Event(worker + 1, n + 1, kind, float(start), float(start + seconds), layer))
    return start + seconds


def with_waiting(events):
    """The events of one worker, with an event for each gap: it waits for the work that follows."""
    events, found = sorted(events, key=lambda event: event.start), []
    for event in events:
        free = found[-1].stop if found else 0.0
        if event.start > free + 1e-12 * abs(free):
            found.append(Event(event.worker, event.batch, "wait", free, event.start))
        found.append(event)
    return found

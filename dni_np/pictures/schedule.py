"""Who must wait for whom: from the dependencies of a rule, the time at which each work is done.

    forward        needs that of layer i - 1, and its own layer's update by the batch before
    guess          needs the forward, and the correction by the batch before
    backward       needs the guess; without one, the backward of layer i + 1; on top, the forward
    update         needs the backward
    correct        needs the guess, and its target: the backward of layer i + 1
    guess input    (complete unlock) needs the network's input, and the correction before
    correct input  needs the real input: the forward of layer i - 1

In words: locked layers (backpropagation) wait for all above; DNI's wait for the layers below only,
and with complete unlock (Jaderberg et al. 2017, figure 6) for none. `schedule` gives this work to
workers: each does one thing at a time, what is ready first, of the oldest batch first (list
scheduling). Work done in this order gives the same weights, to the bit, as batch after batch.
"""

from heapq import heappop, heappush
from typing import NamedTuple

from dni_np.errors import UserError
from dni_np.pictures.events import Event

RULES = ("locked", "dni", "unlock")
KINDS = ("forward", "guess", "backward", "update", "correct", "guess input", "correct input")


class Task(NamedTuple):
    """A piece of work, without its time."""

    kind: str
    layer: int  # from 1, the lowest
    batch: int  # from 1


def dependencies(rule, layers, batches):
    """{task: the tasks that must be done before}, of each batch in the order of a step."""
    if rule not in RULES:
        raise UserError(f"there is no timetable for {rule!r}: choose among {', '.join(RULES)}")
    if layers < 1 or batches < 1:
        raise UserError(
            f"a timetable needs a layer and a batch at least, not {layers} and {batches}"
        )
    needs = {}
    for n in range(1, batches + 1):
        for i in range(1, layers + 1):
            guessed, unlocked = rule != "locked" and i < layers, rule == "unlock" and i > 1
            below = Task("guess input" if unlocked else "forward", i if unlocked else i - 1, n)
            if unlocked:
                needs[below] = [Task("correct input", i, n - 1)]
            forward = Task("forward", i, n)
            needs[forward] = [below, Task("update", i, n - 1)]
            guess, above = Task("guess", i, n), Task("backward", i + 1, n)
            if guessed:
                needs[guess] = [forward, Task("correct", i, n - 1)]
            backward = Task("backward", i, n)
            needs[backward] = [forward, guess if guessed else above]
            needs[Task("update", i, n)] = [backward]
            if guessed:
                needs[Task("correct", i, n)] = [guess, above]
            if unlocked:
                needs[Task("correct input", i, n)] = [below, Task("forward", i - 1, n)]
    return {task: [need for need in some if need in needs] for task, some in needs.items()}


def schedule(rule, layers, batches, workers=None, costs=None, delay=0.0):
    """The events of `batches` on `workers` (one for each layer), in the order in which they start.

    `costs`: {kind: how long it takes}, 1 where none is given. `delay`: of what goes from one worker
    to another. With fewer workers than layers each has several neighbors.
    """
    needs, costs = dependencies(rule, layers, batches), costs or {}
    workers = workers or layers
    if not 1 <= workers <= layers:
        raise UserError(f"{layers} layers keep 1 to {layers} workers busy, not {workers}")
    if not set(costs) <= set(KINDS):
        strange = ", ".join(sorted(set(costs) - set(KINDS)))
        raise UserError(f"costs for {strange}: there is no such work, only {', '.join(KINDS)}")
    if not min([delay, *costs.values()]) >= 0:
        raise UserError("costs and delay are times: they cannot be negative")
    worker = {i: (i - 1) * workers // layers + 1 for i in range(1, layers + 1)}
    rank = {task: (task.batch, place) for place, task in enumerate(needs)}
    missing = {task: len(some) for task, some in needs.items()}
    followers = {task: [] for task in needs}
    for task, some in needs.items():
        for need in some:
            followers[need].append(task)
    ready = [(0.0, rank[task], task) for task, count in missing.items() if count == 0]
    free, done = dict.fromkeys(worker.values(), 0.0), {}
    while ready:  # sorted: a list like this is a heap
        start, _, task = heappop(ready)
        own = worker[task.layer]
        if start < free[own]:
            heappush(ready, (free[own], rank[task], task))
            continue
        stop = free[own] = start + costs.get(task.kind, 1.0)
        done[task] = Event(own, task.batch, task.kind, start, stop, task.layer)
        for other in followers[task]:
            missing[other] -= 1
            if missing[other] == 0:
                arrivals = [
                    done[need].stop + delay * (done[need].worker != worker[other.layer])
                    for need in needs[other]
                ]
                heappush(ready, (max(arrivals), rank[other], other))
    return list(done.values())

"""Durations to simulate with, and a slow, plain simulation to compare with."""

import numpy as np

from dni_np.parallel.durations import Durations


def durations(layers, guesses=True, **seconds):
    """Each kind of work takes the given seconds (1 where none is given) in every layer."""
    samples = {}
    for layer in range(1, layers + 1):
        below = guesses and layer < layers
        kinds = ("forward", "backward", "update", *(("guess", "correct") if below else ()))
        samples |= {(kind, layer): np.array([seconds.get(kind, 1.0)]) for kind in kinds}
    return Durations(samples, 0.0, 0.0, tuple(range(1, layers + 1)), (layers,))


def equal_stages(workers, train, correct=0.0):
    """One layer a worker, each of which takes `train` seconds, the highest one too."""
    samples = {("forward", layer): np.array([train]) for layer in range(1, workers + 1)}
    samples |= {("correct", layer): np.array([correct]) for layer in range(1, workers)}
    return Durations(samples, 0.0, 0.0, tuple(range(1, workers + 1)), (workers,))


def one_by_one(times, groups, staleness, machine, above):
    """When each worker ends each batch: every worker a program, the one that is first goes on.
    `above`: of each border, does its guess learn on the worker above it?

    A worker's program yields ("work", seconds), ("send", box, batch), ("receive", box, batch,
    must it wait?), which is answered by whether the message is there, or ("done", batch).
    """
    batches, p = len(times["forward"]), len(groups)
    train = sum(times[kind] for kind in ("forward", "guess", "backward", "update"))
    correct, room = times["correct"], p * (staleness + 1) + 3
    targeted = correct.any()
    above = [*above, False]
    ends, boxes, done = np.zeros((batches, p)), {}, {}

    def program(w):
        group, pending = groups[w], []

        def learn(before):
            while pending:
                there = yield ("receive", ("target", w), pending[0], pending[0] < before)
                if not there:
                    return
                n = pending.pop(0)
                yield ("work", 0.0 if above[w] else correct[n, group[-1]])
                yield ("done", n)

        for n in range(batches):
            yield ("receive", ("output", w), n, True) if w else ("begin", n - room)
            for i in group:
                yield ("work", times["forward"][n, i])
                if i == group[-1]:
                    yield from learn(n - staleness)
                yield ("work", train[n, i] - times["forward"][n, i])
                if i > group[0]:
                    yield ("work", correct[n, i - 1])
                elif w and targeted:
                    yield ("work", correct[n, i - 1] if above[w - 1] else 0.0)
                    yield ("send", ("target", w - 1), n)
            if w < p - 1:
                yield ("send", ("output", w + 1), n)
            if w < p - 1 and targeted:
                pending.append(n)
            else:
                yield ("done", n)
            yield ("end", n)
        yield from learn(batches)

    programs = [program(w) for w in range(p)]
    times_now, asks = [0.0] * p, [next(one) for one in programs]
    while any(ask is not None for ask in asks):
        # Of all that can go on: the one whose next step is earliest.
        steps = []
        for w, ask in enumerate(asks):
            if ask is None:
                continue
            at = times_now[w]
            if ask[0] == "receive" and ask[3]:
                at = max(at, boxes.get(ask[1:3], np.inf))
            if ask[0] == "begin" and ask[1] >= 0:
                own = [done.get((ask[1], v), np.inf) for v in range(p)]
                at = max(at, max(own) + machine.delay())
            steps.append((at, w))
        at, w = min(steps)
        assert at < np.inf, "nobody can go on"
        ask, answer = asks[w], None
        times_now[w] = at
        if ask[0] == "work":
            times_now[w] += ask[1]
        elif ask[0] == "send":
            times_now[w] += machine.send
            boxes[ask[1:3]] = times_now[w] + machine.delay()
        elif ask[0] == "receive":
            answer = boxes.get(ask[1:3], np.inf) <= at
        elif ask[0] == "done":
            done[ask[1], w] = at
        elif ask[0] == "end":
            ends[ask[1], w] = at
        try:
            asks[w] = programs[w].send(answer)
        except StopIteration:
            asks[w] = None
    return ends

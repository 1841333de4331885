"""Durations: how long each layer's work takes, as a run's own events say it.

    durations = measured(events)                   samples of each kind of work of each layer
    times = durations.draw(200, rng)               drawn anew from them, for 200 batches
    durations.deeper(1000)                         the same for a network of 1,000 such layers

What a worker does between two events (it begins a batch, turns arrays, takes a message out of its
mailbox) is no event, but takes time. It is counted to the work that follows: the lower quartile of
all such gaps, since a longer one may be waiting that no event says.
"""

import itertools
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from dni_np.errors import UserError
from dni_np.pictures.events import layers_of

TRAIN = ("forward", "guess", "backward", "update")  # of a unit, in this order
KINDS = (*TRAIN, "correct")
LEAST = 3  # batches without which nothing can be said
MOST_JITTER = 100


class Durations(NamedTuple):
    """`samples[kind, layer]`: seconds (any number of them); `sources`: of each layer of the network
    the measured one that it is like; `split`: how many layers each worker had; `above`: of each
    border between them, did its guess learn on the worker above it?
    """

    samples: dict
    send: float  # seconds that a message takes its sender
    latency: float  # seconds from there until the other worker has it
    sources: tuple
    split: tuple
    above: tuple = ()

    def busy(self):
        """Seconds of work a batch, on the average, of each worker."""
        last, teaches = len(self.split) - 1, any(kind == "correct" for kind, _ in self.samples)
        busy = [self.send * ((w < last) + (w > 0 and teaches)) for w in range(last + 1)]
        owners = [w for w, layers in enumerate(self.split) for _ in range(layers)]
        teachers = list(owners)
        for border in itertools.compress(itertools.accumulate(self.split), self.above):
            teachers[border - 1] += 1
        for (kind, layer), samples in self.samples.items():
            workers = teachers if kind == "correct" else owners
            busy[workers[self.sources.index(layer)]] += samples.mean()
        return np.array(busy)

    def deeper(self, layers):
        """For a network of so many layers: its first and last one are those measured, the layers
        between them like the measured ones between these, in turn.
        """
        first, *middle, last = self.sources
        if layers < 2:
            raise UserError(f"a network to be simulated has 2 layers or more, not {layers}")
        middle = middle or [first]
        between = [middle[i % len(middle)] for i in range(layers - 2)]
        return self._replace(sources=(first, *between, last), split=(layers,), above=())

    def draw(self, batches, rng, jitter=None):
        """{kind: seconds (batches, layers)}: from the samples; with `jitter` their median, times
        a lognormal factor of mean 1 and this standard deviation (0: the median itself).
        """
        shape = batches, len(self.sources)
        times = {kind: np.zeros(shape) for kind in KINDS}
        if jitter is not None and not 0 <= jitter <= MOST_JITTER:
            raise UserError(f"jitter is a standard deviation, 0 to {MOST_JITTER}, not {jitter}")
        for (kind, source), samples in self.samples.items():
            columns = [i for i, one in enumerate(self.sources) if one == source]
            size = batches, len(columns)
            if jitter is None:
                times[kind][:, columns] = rng.choice(samples, size)
            else:
                sigma = np.sqrt(np.log1p(jitter**2))
                factor = rng.lognormal(-(sigma**2) / 2, sigma, size) if jitter else 1.0
                times[kind][:, columns] = np.median(samples) * factor
        return times


def measured(events):
    """The Durations of a run with workers. The first batch is left out: it is slow."""
    events = sorted(events, key=lambda event: event.start)
    first = min((event.batch for event in events), default=0)
    batches = {event.batch for event in events if event.kind != "wait"} - {first}
    strange = {event.kind for event in events} - {*KINDS, "send", "wait"}
    if strange:
        raise UserError(f"there is no simulation of workers that do: {', '.join(sorted(strange))}")
    if len(batches) < LEAST:
        raise UserError(f"{len(batches)} batches are too few to simulate more: take {LEAST}")
    samples, gaps = defaultdict(list), defaultdict(list)
    previous, carried = {}, {}
    for event in events:
        gap = event.start - previous.get(event.worker, event.start) + carried.pop(event.worker, 0)
        previous[event.worker] = event.stop
        if event.kind == "wait":
            carried[event.worker] = gap
        elif event.batch != first:
            key = event.kind, event.layer
            samples[key].append(event.stop - event.start)
            gaps[key].append(gap)
    late = latency(events)
    samples = {key: np.array(some) + np.quantile(gaps[key], 0.25) for key, some in samples.items()}
    events = [event for event in events if event.batch != first]
    layers = {worker: own for worker, own in layers_of(events).items() if own}
    split, above = tuple(map(len, layers.values())), learn_above(events, layers)
    found = sorted(set().union(*layers.values()))
    if found != list(range(1, len(found) + 1)):
        raise UserError(f"the events are of layers {found}, and not of all from the first")
    sends = samples.pop(("send", 0), np.zeros(1))
    return Durations(samples, float(np.median(sends)), late, tuple(found), split, above)


def learn_above(events, layers):
    """(of each border: does its guess learn on the worker above it?), by the {worker: [layers]}."""
    teachers = {event.layer: event.worker for event in events if event.kind == "correct"}
    return tuple(teachers.get(own[-1], w) != w for w, own in list(layers.items())[:-1])


def latency(events):
    """Seconds from the end of a `send` to the end of the other worker's `wait` for it: the median.

    Only a worker that waits can tell; where none did it is 0.
    """
    sent, found = defaultdict(list), []
    for event in events:
        if event.kind == "send":
            sent[event.batch].append(event)
    for event in events:
        if event.kind == "wait":
            near = [e.stop for e in sent[event.batch] if e.worker != event.worker]
            came = [stop for stop in near if event.start <= stop <= event.stop]
            found += [event.stop - max(came)] if came else []
    return float(np.median(found)) if found else 0.0

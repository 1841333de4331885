"""TwoNetworks: the task of two networks on two clocks, on streams of digits.

The measure is the share of wrong counts.

A step draws new streams, one for each member of the batch, and gives the rule all their chunks (see
data/odd_and_threes). Progress is measured on streams of the held-out images; these are drawn once,
by a generator of their own, so that all runs of the same clocks are tested on the same streams.
"""

import numpy as np

from dni_np.backend import asarray
from dni_np.data.odd_and_threes import OddAndThrees
from dni_np.training.checkpoint import expect
from dni_np.training.tasks.images import check_samples, scaled
from dni_np.training.tasks.task import Task

TEST_STREAMS = 2000
AT_ONCE = 500  # of these: activations of more fill the memory
TEST_SEED = 2017  # not the run's own: all runs are tested on the same streams


class TwoNetworks(Task):
    """Streams from a Dataset of digits, for a rule of two networks.

    A sees `unroll` digits between two messages, and B has a loss after `ticks` messages.
    """

    measures = (
        "streams",
        "test_odd_error",
        "test_threes_error",
        "test_odd_loss",
        "test_threes_loss",
    )

    def __init__(self, dataset, batch_size, unroll, ticks, rng, test_streams=TEST_STREAMS):
        self.dataset = dataset
        self.name = dataset.name
        self.source = OddAndThrees(dataset.x_train, dataset.y_train, batch_size, unroll, rng, ticks)
        self.streams = 0  # seen so far
        self.test = []  # chunks of a whole stream, a few hundred streams at a time
        test_rng = np.random.default_rng(TEST_SEED)
        for start in range(0, test_streams, AT_ONCE):
            n = min(AT_ONCE, test_streams - start)
            held_out = dataset.x_test, dataset.y_test
            self.test.append(whole_stream(OddAndThrees(*held_out, n, unroll, test_rng, ticks)))

    def next(self):
        """All chunks of new streams."""
        self.streams += self.source.batch
        return (self.on_device(whole_stream(self.source)),)

    def measure(self, rule):
        """On held-out streams: wrong counts in percent, A's and B's, and the mean losses."""
        found = {"odd_error": 0, "threes_error": 0, "odd_loss": 0, "threes_loss": 0}
        total = sum(len(chunks[0].odd) for chunks in self.test)
        for host in self.test:
            for name, answers in rule.errors(self.on_device(host)).items():
                share = 1 / (len(answers) * total)
                for wrong, loss in answers:
                    found[f"{name}_error"] += 100 * share * float(wrong)
                    found[f"{name}_loss"] += share * len(host[0].odd) * float(loss)
        return {"streams": self.streams, **{f"test_{name}": value for name, value in found.items()}}

    def shown(self, row):
        return {
            "A's odd": f"{row['test_odd_error']:.2f}%",
            "B's threes": f"{row['test_threes_error']:.2f}%",
            "streams/s": f"{row['streams'] / max(row['seconds'], 1e-9):,.0f}",
        }

    def on_device(self, chunks):
        """The chunks with what the networks take: pixels as floats in [0, 1]."""
        scale = self.dataset.scale
        return [
            chunk._replace(
                x=scaled(asarray(chunk.x), scale),
                odd=asarray(chunk.odd),
                threes=asarray(chunk.threes),
            )
            for chunk in chunks
        ]

    def state(self):
        """The source's state and the count: a step ends where its streams end."""
        samples = self.dataset.fingerprint
        return {}, {"source": self.source.state(), "streams": self.streams, "samples": samples}

    def load_state(self, arrays, place):
        check_samples(self.dataset, place)
        self.source.load_state(place["source"])
        source = self.source
        expect(source.tick == 0 and len(source.threes) == source.batch, "the place in the streams")
        self.streams = int(place["streams"])


def whole_stream(source):
    """All chunks of the streams that begin now, on the host."""
    return [source.next() for _ in range(source.ticks)]

"""The task of predicting a text's next character, with early stopping.

Training reads the text in parallel streams, a few steps at a time (see data/streams). Every
measurement takes the validation text; the network that predicts it best is kept, and the error on
the test text is that network's. Once `patience` measurements in a row were no better, enough is seen.
Counting `epochs`, not updates, lets every length of chunks read the same text as often.
(Jaderberg et al. 2017, section D.2: every 5,000 steps, stopped at the first rise.)

Errors are bits per character, the mean of -log2 p.
"""

import math
import zlib

from dni_np.backend import asarray
from dni_np.data.streams import Streams
from dni_np.errors import UserError
from dni_np.nn.embedding import OneHot
from dni_np.nn.sequence_losses import bits_per_symbol
from dni_np.training.checkpoint import expect

STREAMS, STEPS = 256, 20  # in which validation and test text are read


class Characters:
    """What the loop asks for (see `images`), from a Text, for a recurrent rule; it ends after so many `epochs` or
    measurements that were no better (`patience`), 0: never."""

    def __init__(self, text, batch_size, unroll, patience=0, epochs=0):
        self.text, self.patience, self.epochs = text, patience, epochs
        self.name = text.name
        self.streams = Streams(text.train, batch_size, unroll)
        self.one_hot = OneHot(text.classes)
        self.best = None  # the lowest bits per character on the validation text
        self.test = None  # what that network has on the test text
        self.best_parameters = {}  # its own, on the host
        self.rises = 0  # measurements since then

    @property
    def finished(self):
        return 0 < self.patience <= self.rises or 0 < self.epochs <= self.streams.epoch

    def step(self, rule):
        inputs, labels, mask, first = self.streams.next(rule.look_ahead)
        last = self.streams.position == 0  # the streams have come to their end
        labels, mask = asarray(labels), asarray(mask)
        metrics = rule.step(self.one_hot.forward(asarray(inputs))[0], labels, mask, first, last)
        return {**metrics, "train_bits": bits_per_symbol(metrics["loss"], mask[: len(inputs)])}

    def measure(self, rule):
        """Validate, and keep the network if it is the best so far: then it is tested, too."""
        valid = self.bits_per_character(rule, self.text.valid)
        if self.best is None or valid < self.best:
            self.best, self.rises = valid, 0
            self.test = self.bits_per_character(rule, self.text.test)
            self.best_parameters = parameters(rule)
        else:
            self.rises += 1
        return {"epoch": self.streams.epoch, "valid_bits": valid, "best_valid_bits": self.best, "test_bits": self.test}

    def shown(self, row):
        return {name: f"{row[f'{name}_bits']:.3f}" for name in ("train", "valid", "test")}

    def bits_per_character(self, rule, ids):
        """The network's error on a text, ids (L,); the state goes from chunk to chunk, nothing is updated."""
        streams = Streams(ids, min(STREAMS, len(ids) - 1), STEPS)
        state, nats = rule.core.initial_state(streams.batch), 0.0
        for k in range(streams.chunks):
            inputs, labels, mask = map(asarray, streams.next()[:3])
            x, _ = self.one_hot.forward(inputs)
            outputs, state, _ = rule.core.forward(x, state, training=False, start=k * STEPS)
            prediction, _ = rule.readout.forward(outputs, training=False)
            nats = nats + rule.loss(prediction, (labels, mask))[0]
        return float(nats) * streams.batch / (streams.predictions * math.log(2))

    def state(self):
        place = {"streams": self.streams.state(), "characters": self.text.characters, "text": fingerprint(self.text)}
        place.update(best=self.best, test=self.test, rises=self.rises)
        return {f"best/{name}": array for name, array in self.best_parameters.items()}, place

    def load_state(self, arrays, place):
        if (place["characters"], place["text"]) != (self.text.characters, fingerprint(self.text)):
            raise UserError(f"the text {self.text.name} has changed since this run began: restore it, or start a new run")
        self.streams.load_state(place["streams"])
        position, epoch = self.streams.position, self.streams.epoch
        expect(0 <= position < self.streams.chunks and epoch >= 0, "the place in the text")
        self.best, self.test = (
            None if place[name] is None else float(place[name]) for name in ("best", "test")
        )
        self.rises = int(place["rises"])
        self.best_parameters = {name.removeprefix("best/"): array for name, array in arrays.items()}
        there = bool(self.best_parameters), self.best is not None, self.test is not None
        expect(len(set(there)) == 1, "the best network")


def fingerprint(text):
    """A number that another text hardly has."""
    return zlib.crc32(b"".join(ids.tobytes() for ids in (text.train, text.valid, text.test)))


def parameters(rule):
    """What predicts: host copies of the core's and the read-out's parameters, by "core/name" and "readout/name"."""
    parts = {"core": rule.core, "readout": rule.readout}
    return {f"{part}/{name}": array for part, layer in parts.items() for name, array in layer.state().items()}

"""Characters: the task of predicting a text's next character, with early stopping.

Training reads the text in parallel streams, a few steps at a time (see data/streams). Every
measurement takes the validation text; the network that predicts it best is kept, and the error on
the test text is that network's. Training ends after `patience` measurements in a row that were no
better. Counting `epochs`, not updates, lets every length of chunks read the same text as often.
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
from dni_np.training.tasks.task import Task

STREAMS, STEPS = 256, 20  # in which validation and test text are read


class Characters(Task):
    """Chunks of a Text, for a recurrent rule, which may see the labels of `look_ahead` steps more.

    It ends after so many `epochs` or measurements that were no better (`patience`); 0: never.
    """

    measures = ("epoch", "valid_bits", "best_valid_bits", "test_bits")

    def __init__(self, text, batch_size, unroll, patience=0, epochs=0, look_ahead=0):
        self.text, self.patience, self.epochs = text, patience, epochs
        self.look_ahead = look_ahead
        self.name = text.name
        self.streams = Streams(text.train, batch_size, unroll)
        self.one_hot = OneHot(text.classes)
        self.best = None  # the lowest bits per character on the validation text
        self.test = None  # what that network has on the test text
        self.best_parameters = {}  # its own, on the host
        self.rises = 0  # measurements since then
        self.scored = None  # the newest chunk's mask, without the steps ahead

    @property
    def finished(self):
        return 0 < self.patience <= self.rises or 0 < self.epochs <= self.streams.epoch

    def next(self):
        """The next chunk: x (T, N, D), labels and mask (up to T + look_ahead, N), first, last."""
        inputs, labels, mask, first = self.streams.next(self.look_ahead)
        last = self.streams.position == 0  # the streams have come to their end
        labels, mask = asarray(labels), asarray(mask)
        self.scored = mask[: len(inputs)]
        return self.one_hot.forward(asarray(inputs))[0], labels, mask, first, last

    def observe(self, metrics):
        """The loss in bits per character beside it."""
        return {**metrics, "train_bits": bits_per_symbol(metrics["loss"], self.scored)}

    def measure(self, rule):
        """Validate, and keep the network if it is the best so far: then it is tested, too."""
        valid = self.bits_per_character(rule, self.text.valid)
        if self.best is None or valid < self.best:
            self.best, self.rises = valid, 0
            self.test = self.bits_per_character(rule, self.text.test)
            self.best_parameters = parameters(rule)
        else:
            self.rises += 1
        row = {"epoch": self.streams.epoch, "valid_bits": valid}
        return {**row, "best_valid_bits": self.best, "test_bits": self.test}

    def shown(self, row):
        return {name: f"{row[f'{name}_bits']:.3f}" for name in ("train", "valid", "test")}

    def bits_per_character(self, rule, ids):
        """The network's error on a text, ids (L,)."""
        streams = Streams(ids, min(STREAMS, len(ids) - 1), STEPS)
        host = (streams.next()[:3] for _ in range(streams.chunks))
        chunks = (map(asarray, chunk) for chunk in host)
        nats = rule.errors((self.one_hot.forward(x)[0], y, mask) for x, y, mask in chunks)
        return float(nats) * streams.batch / (streams.predictions * math.log(2))

    def state(self):
        place = {"streams": self.streams.state(), "characters": self.text.characters}
        place["text"] = fingerprint(self.text)
        place.update(best=self.best, test=self.test, rises=self.rises)
        return {f"best/{name}": array for name, array in self.best_parameters.items()}, place

    def load_state(self, arrays, place):
        if (place["characters"], place["text"]) != (self.text.characters, fingerprint(self.text)):
            raise UserError(
                f"the text {self.text.name} has changed since this run began: "
                "restore it, or start a new run"
            )
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
    """The CRC-32 of the text, which another text is unlikely to share."""
    return zlib.crc32(b"".join(ids.tobytes() for ids in (text.train, text.valid, text.test)))


def parameters(rule):
    """What predicts: the state of core and read-out, by "core/name" and "readout/name"."""
    state = rule.state()
    return {name: state[name] for name in state if name.startswith(("core/", "readout/"))}

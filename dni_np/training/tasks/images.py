"""Images: the task of classifying images, in minibatches; the measure is the share of errors."""

import numpy as np

from dni_np.backend import FLOAT, asarray
from dni_np.data.batches import Batches
from dni_np.errors import UserError
from dni_np.training.checkpoint import expect
from dni_np.training.tasks.task import Task

EVALUATION_BATCH = 500  # images at a time: feature maps of more fill the memory


class Images(Task):
    """Minibatches of `dataset` (a Dataset; any rows will do), in orders drawn from `rng`."""

    measures = ("test_error", "train_error")

    def __init__(self, dataset, batch_size, rng):
        self.dataset = dataset
        self.name = dataset.name
        self.batches = Batches(len(dataset.x_train), batch_size, rng)
        self.x_train, self.y_train = asarray(dataset.x_train), asarray(dataset.y_train)

    def next(self):
        """The next minibatch, x (N, D) and labels (N,)."""
        rows = asarray(self.batches.next())  # (N,)
        return self._scaled(self.x_train[rows]), self.y_train[rows]

    def measure(self, rule):
        data = self.dataset
        n = min(len(data.x_test), len(data.x_train))
        return {
            "test_error": self.error(rule, data.x_test, data.y_test),
            "train_error": self.error(rule, data.x_train[:n], data.y_train[:n]),
        }

    def shown(self, row):
        return {"loss": f"{row['train_loss']:.4f}", "test": f"{row['test_error']:.2f}%"}

    def error(self, rule, x, y):
        """Share of the host samples (x, y) that the network gets wrong at test time, in percent."""
        wrong = 0
        for start in range(0, len(x), EVALUATION_BATCH):
            part = slice(start, start + EVALUATION_BATCH)
            wrong = wrong + rule.errors(self._scaled(asarray(x[part])), asarray(y[part]))
        return 100 * float(wrong) / len(x)

    def _scaled(self, x):
        return scaled(x, self.dataset.scale)

    def state(self):
        place = self.batches.state()
        order = place.pop("order")
        return {"order": order}, {**place, "samples": self.dataset.fingerprint}

    def load_state(self, arrays, place):
        check_samples(self.dataset, place)
        self.batches.load_state({**arrays, **place})
        order, n = self.batches.order, self.batches.n
        expect(np.array_equal(np.sort(order), np.arange(n)), "the order of the samples")
        expect(0 <= self.batches.position <= n and self.batches.epoch >= 0, "the place in the data")


def check_samples(dataset, place):
    """Refuse other samples than those that `place` was saved with."""
    if place["samples"] != dataset.fingerprint:
        raise UserError(
            f"{dataset.name} is not the data that this run began with: "
            "restore that, or start a new run"
        )


def scaled(x, scale):
    """Pixels times `scale`, as floats. Until here images are bytes, a quarter of the memory."""
    x = x.astype(FLOAT)
    if scale != 1:
        x *= scale
    return x

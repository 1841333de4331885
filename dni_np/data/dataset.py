"""Dataset: training and test samples with labels, checked when it is made."""

import math
import zlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dni_np.arguments import described, number, size, sizes
from dni_np.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """Training and held-out samples as host arrays.

    x_train (N, D), x_test (M, D): images as bytes (uint8), or features as floats; both of one kind.
    y_train, y_test: integer labels (N,) from 0 to classes - 1, or vectors of floats (N, classes).
    `image` is the shape (height, width, channels) of samples that are images, else ().
    `note` is printed wherever results are shown.

    All of it is checked here, once: no step has to check values (see `nn.checks`).
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int
    note: str = ""
    image: tuple = ()
    largest: int = 255  # the brightest value a byte image can hold

    def __post_init__(self):
        size("the number of classes", self.classes)
        number("the brightest value of an image", self.largest, "(0, inf)")
        train, test = (self.x_train, self.y_train), (self.x_test, self.y_test)
        for (x, y), part in ((train, "training"), (test, "test")):
            check_kinds(f"{self.name}: {part}", x, y, self.classes)
            if len(x) != len(y):
                raise UserError(f"{self.name}: {len(x)} {part} images but {len(y)} labels")
            if x.size == 0:
                raise UserError(f"{self.name}: the {part} set is empty")
            check_values(f"{self.name}: {part}", x, y, self.classes, self.largest)
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise UserError(
                f"{self.name}: training samples are {self.x_train.shape[1:]}, "
                f"test samples {self.x_test.shape[1:]}"
            )
        if self.x_train.dtype.kind != self.x_test.dtype.kind:
            raise UserError(
                f"{self.name}: of training and test samples, one are bytes and the other floats"
            )
        if self.image and math.prod(sizes("image", self.image)) != self.x_train.shape[1]:
            raise UserError(
                f"{self.name}: samples {self.x_train.shape[1:]} are no images {self.image}"
            )

    @property
    def scale(self):
        """Multiply by this to get inputs in [0, 1] (Jaderberg et al. 2017, section D.1)."""
        return 1 / self.largest if self.x_train.dtype == np.uint8 else 1.0

    @cached_property
    def fingerprint(self):
        """The CRC-32 of all bytes, which other samples are unlikely to share (0.01 s for MNIST)."""
        crc = zlib.crc32(repr((self.x_train.shape, self.x_test.shape, self.image)).encode())
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            crc = zlib.crc32(np.ascontiguousarray(array), crc)
        return crc

    def first(self, n_train, n_test):
        """A Dataset of the first `n_train` and `n_test` samples, for quick trials."""
        n_train, n_test = size("n_train", n_train), size("n_test", n_test)
        return replace(
            self,
            x_train=self.x_train[:n_train],
            y_train=self.y_train[:n_train],
            x_test=self.x_test[:n_test],
            y_test=self.y_test[:n_test],
        )


def check_kinds(name, x, y, classes):
    """Refuse samples and labels that are other things than a Dataset holds."""
    plain = (np.ndarray, np.memmap)  # not masked arrays and matrices, which compute otherwise
    if type(x) not in plain or x.ndim != 2 or not (x.dtype == np.uint8 or x.dtype.kind == "f"):
        raise UserError(
            f"{name} samples must be bytes (uint8) or floats of shape (N, D), not {described(x)}"
        )
    kind = (y.ndim, y.dtype.kind) if type(y) in plain else None
    if kind not in ((1, "i"), (1, "u"), (2, "f")) or y.shape[1:] not in ((), (classes,)):
        raise UserError(
            f"{name} labels must be integers (N,), or vectors of floats (N, {classes}), "
            f"not {described(y)} (one-hot labels become integers by y.argmax(axis=1))"
        )


def check_values(name, x, y, classes, largest):
    """Refuse samples and labels out of their range."""
    low, high = x.min(), x.max()  # nan where there is one
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UserError(f"{name} samples must be finite numbers, not from {low} to {high}")
    if x.dtype == np.uint8 and high > largest:
        raise UserError(
            f"{name} images hold a {high}, but the brightest value is said to be {largest}"
        )
    low, high = y.min(), y.max()
    if y.ndim == 1 and not 0 <= low <= high < classes:
        raise UserError(f"{name} labels must be from 0 to {classes - 1}, not from {low} to {high}")
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UserError(f"{name} vectors must be finite numbers, not from {low} to {high}")

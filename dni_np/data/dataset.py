"""What every set looks like to the rest of the package."""

import zlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dni_np.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """Training and held-out samples as host arrays.

    x_train (N, D), x_test (M, D): images as bytes, or float32 features.
    y_train, y_test: integer labels (N,), or vectors (N, classes).
    `image` is the shape (height, width, channels) of samples that are images, else ().
    `note` is said loudly wherever results are shown.
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
        for x, y, part in ((self.x_train, self.y_train, "training"), (self.x_test, self.y_test, "test")):
            if len(x) != len(y):
                raise UserError(f"{self.name}: {len(x)} {part} images but {len(y)} labels")
            if len(x) == 0:
                raise UserError(f"{self.name}: the {part} set is empty")
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise UserError(
                f"{self.name}: training samples are {self.x_train.shape[1:]}, test samples {self.x_test.shape[1:]}"
            )

    @property
    def scale(self):
        """Multiply by this to get inputs in [0, 1] (Jaderberg et al. 2017, section D.1)."""
        return 1 / self.largest if self.x_train.dtype == np.uint8 else 1.0

    @cached_property
    def fingerprint(self):
        """A number that other samples hardly have: the CRC-32 of all bytes (0.01 s for MNIST)."""
        crc = zlib.crc32(repr((self.x_train.shape, self.x_test.shape, self.image)).encode())
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            crc = zlib.crc32(np.ascontiguousarray(array), crc)
        return crc

    def first(self, n_train, n_test):
        """The first samples of each part, for quick looks."""
        return replace(
            self,
            x_train=self.x_train[:n_train],
            y_train=self.y_train[:n_train],
            x_test=self.x_test[:n_test],
            y_test=self.y_test[:n_test],
        )

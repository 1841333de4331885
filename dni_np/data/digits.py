"""Digits: 1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn, no download.

A stand-in for trying things offline. It is not MNIST: far fewer and far smaller images, so
its errors cannot be compared with MNIST's, and every output names the set it is from.
"""

import numpy as np

from dni_np.data.dataset import Dataset
from dni_np.errors import UserError

TEST_SAMPLES = 360  # the last ones
NOTE = "scikit-learn's digits (1,797 images of 8x8), NOT MNIST"


def load_digits():
    """The digits as a Dataset of bytes 0 to 16."""
    try:
        from sklearn import datasets
    except ImportError:
        raise UserError(
            "the digits come with scikit-learn, which is not installed: pip install scikit-learn"
        ) from None
    x, y = datasets.load_digits(return_X_y=True)
    x, y = x.astype(np.uint8), y.astype(np.int64)
    return Dataset(
        "digits",
        x[:-TEST_SAMPLES],
        y[:-TEST_SAMPLES],
        x[-TEST_SAMPLES:],
        y[-TEST_SAMPLES:],
        classes=10,
        note=NOTE,
        image=(8, 8, 1),
        largest=16,
    )

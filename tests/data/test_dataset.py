"""What a Dataset holds is right: all else is refused when it is made, and the part is named."""

import numpy as np
import pytest

from dni_np.data.dataset import Dataset
from dni_np.errors import UserError

X, Y = np.arange(12, dtype=np.uint8).reshape(4, 3), np.array([0, 1, 2, 1])
GOOD = {"x_train": X, "y_train": Y, "x_test": X[:2], "y_test": Y[:2], "classes": 3}


def made(**changes):
    return Dataset("four", **{**GOOD, **changes})


KINDS = [np.uint8, np.float32, np.float64]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("labels", [np.uint8, np.int8, np.int64])
def test_right_ones(dtype, labels):
    made(x_train=X.astype(dtype), x_test=X.astype(dtype)[:2], y_train=Y.astype(labels))
    vectors = np.eye(3, dtype=np.float32)[Y]
    made(y_train=vectors, y_test=vectors[:2], image=(1, 3, 1))


NAN, INF = X.astype(float), X.astype(float)
NAN[1, 1], INF[1, 1] = np.nan, np.inf
WRONG = {
    "float labels": ({"y_train": Y.astype(float)}, "training labels must be integers"),
    "labels in a column": ({"y_train": Y[:, None]}, "training labels must be integers"),
    "one-hot labels": (
        {"y_test": np.eye(3, dtype=int)[Y[:2]]},
        r"test labels must .*y.argmax\(axis=1\)",
    ),
    "names for labels": (
        {"y_train": np.array(["cat", "dog", "cat", "dog"])},
        "training labels must be",
    ),
    "a list of labels": (
        {"y_train": [0, 1, 2, 1]},
        r"labels must be integers .* not \[0, 1, 2, 1\]",
    ),
    "no labels": ({"y_train": None}, "training labels must be integers"),
    "yes and no": ({"y_train": Y > 0}, "training labels must be integers"),
    "vectors of another length": (
        {"y_train": np.zeros((4, 2), np.float32)},
        r"floats \(N, 3\), not",
    ),
    "a negative label": ({"y_train": Y - 1}, "labels must be from 0 to 2, not from -1 to 1"),
    "a label too many": ({"y_test": Y[:2] + 2}, "test labels must be from 0 to 2, not from 2 to 3"),
    "vectors with a nan": ({"y_train": np.full((4, 3), np.nan)}, "vectors must be finite"),
    "a list of samples": ({"x_train": X.tolist()}, "training samples must be bytes"),
    "signed integers": (
        {"x_train": X.astype(int)},
        "training samples must be bytes .* an array of int64",
    ),
    "images": (
        {"x_train": X.reshape(4, 1, 3)},
        r"shape \(N, D\), not an array of uint8 of shape \(4, 1, 3\)",
    ),
    "a masked array": ({"x_train": np.ma.masked_less(X, 3)}, "training samples must be bytes"),
    "nan": (
        {"x_train": NAN, "x_test": NAN[:1]},
        "training samples must be finite numbers, not from nan",
    ),
    "infinity": (
        {"x_train": INF, "x_test": INF[:1]},
        "training samples must be finite numbers, not from 0.0 to inf",
    ),
    "no features": ({"x_train": X[:, :0], "x_test": X[:2, :0]}, "the training set is empty"),
    "bytes beside floats": ({"x_test": X[:2] / 255}, "one are bytes and the other floats"),
    "brighter than white": ({"largest": 10}, "hold a 11, but the brightest value is said to be 10"),
    "no brightest": ({"largest": 0}, "the brightest value of an image must be a number"),
    "no classes": ({"classes": 0}, "the number of classes must be a whole number"),
    "half a class": ({"classes": 2.5}, "the number of classes must be a whole number"),
    "another image": ({"image": (2, 2, 1)}, r"samples \(3,\) are no images \(2, 2, 1\)"),
    "no image": ({"image": 3}, "image must be a tuple"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_ones(case):
    changes, sentence = WRONG[case]
    with pytest.raises(UserError, match="^(four: |the |image)") as error:
        made(**changes)
    assert error.match(sentence) and "\n" not in str(error.value)


@pytest.mark.parametrize("n", [0, -1, 2.0, None, "2"])
def test_the_first_so_many(n):
    assert len(made().first(2, 1).x_train) == 2
    with pytest.raises(UserError, match="n_train must be a whole number"):
        made().first(n, 1)

"""Ten steps of every rule, to the numbers they gave when they were right.

(float32, the quick recipe, made-up images)

A change in one of them is either a bug or a change of the algorithm. Print new ones with:
    python tests/test_golden.py
"""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find
from dni_np.experiments.feedforward.rules import RULES

LOSSES = {  # rounded: other BLAS kernels differ in the last digits
    "backprop": [
        2.63601, 2.45736, 2.48532, 2.33973, 2.24541, 2.44094, 2.14576, 2.24225, 2.11247, 2.18610,
    ],
    "dni": [
        2.63601, 2.51521, 2.62164, 2.51299, 2.46618, 2.70112, 2.48079, 2.54494, 2.42487, 2.52649,
    ],
    "cdni": [
        2.63601, 2.50903, 2.60273, 2.47648, 2.40747, 2.60258, 2.35051, 2.42067, 2.30507, 2.39750,
    ],
    "none": [
        2.63601, 2.50903, 2.61152, 2.50180, 2.46068, 2.69459, 2.48310, 2.54179, 2.42379, 2.53061,
    ],
    "bp-lambda": [
        2.63601, 2.45736, 2.48472, 2.33849, 2.24368, 2.43590, 2.14054, 2.23492, 2.10983, 2.17922,
    ],
    "critic": [
        2.63601, 2.50903, 2.61158, 2.50232, 2.45940, 2.68955, 2.48157, 2.53770, 2.42175, 2.52817,
    ],
    "stale": [
        2.63601, 2.50903, 2.61150, 2.50175, 2.46090, 2.69462, 2.48305, 2.54161, 2.42380, 2.53035,
    ],
    "sparse": [
        2.63601, 2.51786, 2.62999, 2.52958, 2.49426, 2.74444, 2.52948, 2.58997, 2.47252, 2.57632,
    ],
    "target": [
        2.63601, 2.50903, 2.60273, 2.48310, 2.43358, 2.65442, 2.43623, 2.48841, 2.37258, 2.47397,
    ],
    "unlock": [
        2.30259, 2.30227, 2.30261, 2.35181, 2.50802, 2.76428, 2.71900, 2.65065, 2.65125, 2.58716,
    ],
    "fa": [
        2.63601, 2.51089, 2.61557, 2.50569, 2.44993, 2.69080, 2.47482, 2.52436, 2.43272, 2.53068,
    ],
    "dfa": [
        2.63601, 2.50708, 2.60501, 2.48917, 2.43931, 2.65187, 2.44983, 2.51937, 2.40892, 2.49167,
    ],
    "kickback": [
        2.63601, 2.49011, 2.56918, 2.44734, 2.38865, 2.61663, 2.36780, 2.41941, 2.31285, 2.39666,
    ],
    "local": [
        2.63601, 2.51338, 2.61174, 2.51271, 2.44890, 2.67731, 2.43193, 2.54324, 2.40786, 2.52593,
    ],
}


def patterns():
    """Ten noisy 8 x 8 patterns. Integers only, so that every machine has the same."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 640)
    images = rng.integers(0, 160, (10, 64))[labels] + rng.integers(0, 96, (640, 64))
    images = images.astype(np.uint8)
    return Dataset("patterns", images[:512], labels[:512], images[512:], labels[512:], 10)


def losses(rule):
    small = {"steps": 10, "batch_size": 64, "width": 32, "layers": 4, "evaluate_every": 1}
    settings = find("mnist-fcn-quick").settings(rule, seed=7, **small)
    loop = build_loop(settings, patterns(), progress=False)
    loop.run()
    return [row["train_loss"] for row in loop.history.rows]


@pytest.mark.parametrize("rule", RULES)
def test_ten_steps(rule):
    np.testing.assert_allclose(losses(rule), LOSSES[rule], rtol=2e-4)


if __name__ == "__main__":
    for name in RULES:
        numbers = ", ".join(f"{loss:.5f}" for loss in losses(name))
        print(f'    "{name}": [\n        {numbers},\n    ],')

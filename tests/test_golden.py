"""Ten steps of every rule, to the numbers they gave when they were right (float32, the quick recipe, made-up images).

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
    "backprop": [2.63009, 2.69749, 2.53998, 2.47985, 2.59399, 2.53884, 2.39515, 2.31926, 2.22573, 2.24594],
    "dni": [2.68844, 2.69988, 2.52217, 2.90062, 2.68274, 2.65287, 2.80986, 2.86126, 2.69714, 2.68344],
    "cdni": [2.63009, 2.75898, 2.66244, 2.62215, 2.78504, 2.73506, 2.59872, 2.54782, 2.49515, 2.48466],
    "none": [2.63009, 2.75898, 2.67487, 2.65375, 2.83402, 2.80798, 2.70020, 2.68217, 2.64570, 2.62386],
    "bp-lambda": [2.63009, 2.69749, 2.53940, 2.47862, 2.59191, 2.53582, 2.39048, 2.31204, 2.21774, 2.23990],
    "critic": [2.84128, 2.56384, 2.83504, 2.76175, 2.74418, 2.61199, 2.60738, 2.68791, 2.64766, 2.75902],
    "stale": [2.63009, 2.75898, 2.67482, 2.65377, 2.83381, 2.80803, 2.70032, 2.68212, 2.64564, 2.62372],
    "sparse": [2.63009, 2.75898, 2.68662, 2.66403, 2.85730, 2.84213, 2.73323, 2.71649, 2.74410, 2.66227],
    "unlock": [2.30259, 2.30271, 2.30252, 2.37873, 2.57368, 2.66965, 2.53650, 2.63164, 2.63250, 2.71501],
    "fa": [2.57795, 2.71617, 2.76477, 2.81067, 2.76126, 2.59396, 2.64318, 2.79521, 2.60736, 2.71600],
    "dfa": [2.82197, 2.80361, 2.68914, 2.59936, 2.58382, 2.70835, 2.56419, 2.79490, 2.51711, 2.71493],
    "kickback": [2.63009, 2.74290, 2.63432, 2.59141, 2.77867, 2.71494, 2.59261, 2.55652, 2.50099, 2.51391],
    "local": [2.82197, 2.80100, 2.69215, 2.59819, 2.59171, 2.71882, 2.57327, 2.76762, 2.50050, 2.70795],
}


def patterns():
    """Ten noisy 8 x 8 patterns. Integers only, so that every machine has the same."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 640)
    images = rng.integers(0, 160, (10, 64))[labels] + rng.integers(0, 96, (640, 64))
    return Dataset("patterns", images[:512].astype(np.uint8), labels[:512], images[512:].astype(np.uint8), labels[512:], 10)


def losses(rule):
    settings = find("mnist-fcn-quick").settings(rule, steps=10, batch_size=64, width=32, layers=4, evaluate_every=1, seed=7)
    loop = build_loop(settings, patterns(), progress=False)
    loop.run()
    return [row["train_loss"] for row in loop.history.rows]


@pytest.mark.parametrize("rule", RULES)
def test_ten_steps(rule):
    np.testing.assert_allclose(losses(rule), LOSSES[rule], rtol=2e-4)


if __name__ == "__main__":
    for name in RULES:
        print(f'    "{name}": [{", ".join(f"{loss:.5f}" for loss in losses(name))}],')

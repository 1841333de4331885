"""Tiny runs of two networks, for the tests."""

import numpy as np

from dni_np.data.dataset import Dataset
from dni_np.experiments.two_networks.build import build_loop
from dni_np.experiments.two_networks.settings import TwoNetworksSettings

RULES = ("locked", "decoupled", "decoupled-label", "decoupled-pixels")


def patterns(n, seed):
    """Noisy pictures of ten patterns, as bytes, and which they are."""
    rng, shapes = np.random.default_rng(seed), np.random.default_rng(0).integers(0, 200, (10, 12))
    labels = np.arange(n) % 10
    return (shapes[labels] + rng.integers(0, 30, (n, 12))).astype(np.uint8), labels


DIGITS = Dataset("patterns", *patterns(200, 1), *patterns(100, 2), 10, image=(3, 4, 1))


def small(rule="decoupled", **changes):
    size = {
        "unroll": 2,
        "units": 6,
        "hidden": (4,),
        "batch_size": 5,
        "steps": 20,
        "evaluate_every": 7,
        "learning_rate": 1e-2,
    }
    return TwoNetworksSettings(**{"rule": rule, **size, **changes})


def loop_of(settings, folder=None):
    return build_loop(settings, DIGITS, folder, progress=False)

"""Initializers: the random values at which weights start.

Every initializer draws on the host, from the run's one Generator, in float64, so
that one seed starts the same network on each backend and in each precision.
Each takes (n_in, n_out, rng) and returns a host array (n_in, n_out).
"""

import numpy as np

from dni_np.arguments import generator


def he_normal(n_in, n_out, rng):
    """Normal with variance 2 / n_in: keeps the scale through ReLUs (He et al. 2015)."""
    return generator(rng).standard_normal((n_in, n_out)) * np.sqrt(2.0 / n_in)


def glorot_uniform(n_in, n_out, rng):
    """Uniform with variance 2 / (n_in + n_out): for sigmoid and tanh (Glorot & Bengio 2010)."""
    limit = np.sqrt(6.0 / (n_in + n_out))
    return generator(rng).uniform(-limit, limit, (n_in, n_out))


def trask_normal(n_in, n_out, rng):
    """randn * 0.2 - 0.1, as in trask 2017: normal around -0.1, not around zero."""
    return generator(rng).standard_normal((n_in, n_out)) * 0.2 - 0.1


def zeros(n_in, n_out, rng):
    """All zero, for the last layer of a synthetic gradient model (Jaderberg et al. 2017, D.1)."""
    return np.zeros((n_in, n_out))

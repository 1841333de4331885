"""Networks for a locked pipeline: functions of a module, which a new process can import."""

import numpy as np

from dni_np.backend import asarray
from dni_np.nn.activations import Tanh
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.fast.choice import sgd
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.schedules import AtRunStep, StepDecay
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop

WIDTHS = (6, 8, 7, 5, 9)


def build(clock, normalized=False, dtype=np.float64, momentum=None):
    """Five layers; the rate falls at steps 2 and 4."""
    rng = np.random.default_rng(3)
    rate = AtRunStep(StepDecay(1e-2, (2, 4), 0.5), clock)
    hidden = []
    for m, n in zip(WIDTHS, WIDTHS[1:]):
        between = [BatchNorm(n, dtype=dtype)] if normalized else []
        hidden.append(Sequential([Linear(m, n, rng, dtype=dtype), *between, Tanh()]))
    cores = [*hidden, Linear(WIDTHS[-1], 3, rng, dtype=dtype)]

    def optimizer(layer):
        return Adam(layer, rate) if momentum is None else sgd(layer, rate, momentum)

    return Backprop(cores, SoftmaxCrossEntropy(), optimizer)


def batches(steps, dtype=np.float64):
    for step in steps:
        rng = np.random.default_rng([4, step])
        yield asarray(rng.standard_normal((10, 6)).astype(dtype)), asarray(rng.integers(0, 3, 10))


def build_failing(layer, clock):
    """`build`, where a layer's forward (from 0) fails."""
    rule = build(clock)

    def fail(*arguments, **options):
        raise ZeroDivisionError("by nothing")

    rule.cores[layer].forward = fail
    return rule


def batch_norm(clock):
    return build(clock, normalized=True)

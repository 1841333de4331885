"""Small networks for the tests:

linear-BN-ReLU layers under a linear classifier, one seed, any way of training.
"""

import numpy as np

from dni_np.backend import asarray
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import NORMALIZED, SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.initializers import he_normal
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequential import Sequential
from dni_np.rules.complete_unlock import SyntheticInput
from dni_np.rules.dni_chain import DNIChain, cut
from dni_np.rules.loss_unit import LossUnit

SIZES = (6, 8, 7, 5, 4)  # inputs, three hidden layers, classes


def main_layers(seed=0, sizes=SIZES, dtype=np.float64):
    rng = np.random.default_rng(seed)
    pairs = list(zip(sizes, sizes[1:]))
    hidden = [
        Sequential([Linear(m, n, rng, bias=False, dtype=dtype), BatchNorm(n, dtype=dtype), ReLU()])
        for m, n in pairs[:-1]
    ]
    return [*hidden, Linear(*pairs[-1], rng, dtype=dtype)]


def minibatch(seed=1, n=16, sizes=SIZES, dtype=np.float64):
    """Host arrays x (n, inputs) and integer labels (n,)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, sizes[0])).astype(dtype), rng.integers(0, sizes[-1], n)


def adam(layer):
    return Adam(layer, 1e-2)


def dni_network(
    sees=("output",),
    hidden=(),
    after=(1, 2, 3),
    last_init=he_normal,
    optimizer=adam,
    dtype=np.float64,
    sizes=SIZES,
    layers=NORMALIZED,
):
    """A DNIChain of `main_layers`; the guesses do not start at zero unless asked to."""
    rng = np.random.default_rng(2)
    cores = cut(main_layers(sizes=sizes, dtype=dtype), after)
    units = []
    for core, k in zip(cores, after):
        conditioning = Conditioning(sees, sizes[k], label=sizes[-1], input=sizes[0])
        how = {"dtype": dtype, "layers": layers}
        model = SyntheticGradient(sizes[k], conditioning, rng, hidden, last_init, **how)
        units.append(DNI(core, model, optimizer(core), optimizer(model)))
    head = LossUnit(cores[-1], SoftmaxCrossEntropy(), optimizer(cores[-1]))
    return DNIChain(units, head, sizes[-1])


def synthetic_inputs(sees=("output",), hidden=(9,)):
    """A SyntheticInput in front of every core of `dni_network` but the lowest."""
    rng, inputs = np.random.default_rng(4), []
    for n in SIZES[1:-1]:
        conditioning = Conditioning(sees, SIZES[0], label=SIZES[-1])
        model = SyntheticGradient(n, conditioning, rng, hidden, he_normal, dtype=np.float64)
        inputs.append(SyntheticInput(model, adam(model), (n,)))
    return inputs


def assert_goes_on_from_its_saved_state(build):
    """Eight steps in one go equal five, saved, and three more by another network, bit for bit."""
    assert_stopping_changes_nothing(
        build(), build(), build(), [on_device(minibatch(step)) for step in range(8)], stop=5
    )


def assert_stopping_changes_nothing(whole, stopped, resumed, work, stop):
    """All of `work`, the arguments of each step, by one network; the first `stop` by another, the
    rest by a third.
    """
    for arguments in work:
        whole.step(*arguments)
    for arguments in work[:stop]:
        stopped.step(*arguments)
    resumed.load_state(stopped.state())
    for arguments in work[stop:]:
        resumed.step(*arguments)
    wanted = whole.state()
    assert wanted.keys() == resumed.state().keys()
    for name, value in resumed.state().items():
        np.testing.assert_array_equal(value, wanted[name])


def on_device(batch):
    return tuple(map(asarray, batch))

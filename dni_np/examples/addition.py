"""Binary addition with cDNI, every call by name: python -m dni_np.examples.addition

The same run, bit for bit, as python -m dni_np addition --recipe addition-quick --rule cdni
"""

import numpy as np

from dni_np.backend import asarray
from dni_np.data.batches import Batches
from dni_np.data.binary_addition import binary_addition
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.activations import Sigmoid
from dni_np.nn.initializers import trask_normal
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SquaredError
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential
from dni_np.rules.loss_unit import LossUnit

BITS, EXAMPLES, HELD_OUT = 6, 1000, 200


def layer(n_in, n_out, rng):
    return Sequential([Linear(n_in, n_out, rng, bias=False, init=trask_normal), Sigmoid()])


def decoupled(core, width, rng):
    """The core with a linear guess of its gradient, which sees its output and the sum."""
    guess = SyntheticGradient(width, Conditioning(("output", "label"), width, label=BITS), rng)
    return DNI(core, guess, SGD(core, 1.0), SGD(guess, 0.03))


def train(steps=20_000, seed=0):
    """Return the layers, lowest first, and sums that were held out (x, y)."""
    rng = np.random.default_rng(seed)
    x_all, y_all = binary_addition(EXAMPLES + HELD_OUT, BITS, rng=rng)
    x_train, y_train = x_all[HELD_OUT:], y_all[HELD_OUT:]
    for_batches, for_network = rng.spawn(2)
    for_layers, for_guesses, _ = for_network.spawn(3)
    a, b, c = for_layers.spawn(3)
    a_guess, b_guess, _ = for_guesses.spawn(3)

    unit_1 = decoupled(layer(2 * BITS, 64, a), 64, a_guess)
    unit_2 = decoupled(layer(64, 32, b), 32, b_guess)
    top = layer(32, BITS, c)
    loss_unit = LossUnit(top, SquaredError(), SGD(top, 1.0))

    batches = Batches(len(x_train), 10, for_batches)
    for step in range(1, steps + 1):
        rows = batches.next()
        x, y = asarray(x_train[rows]), asarray(y_train[rows])
        context = {"label": y}
        _, h_1 = unit_1.forward_and_synthetic_update(x, context, input_gradient=False)
        back, h_2 = unit_2.forward_and_synthetic_update(h_1, context)
        unit_1.update_synthetic_weights(back)  # a target made of guess 2
        back, loss = loss_unit.train(h_2, y)
        unit_2.update_synthetic_weights(back)  # the loss teaches the top one
        if step % 2000 == 0:
            print(f"step {step:6}   loss {float(loss):.4f}", flush=True)
    seen = set(map(bytes, x_train))  # the same sum may be drawn twice
    new = [i for i in range(HELD_OUT) if bytes(x_all[i]) not in seen]
    return (unit_1.core, unit_2.core, top), (x_all[new], y_all[new])


if __name__ == "__main__":
    layers, (x_test, y_test) = train()
    sums, _ = Sequential(layers).forward(asarray(x_test), training=False)
    print(f"wrong bits: {100 * float(((sums > 0.5) != asarray(y_test)).mean()):.2f} %")

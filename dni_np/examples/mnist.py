"""MNIST with cDNI, every call by name: python -m dni_np.examples.mnist

The same run, bit for bit, as python -m dni_np mnist --recipe mnist-fcn-quick --rule cdni
"""

import numpy as np

from dni_np.backend import FLOAT, asarray
from dni_np.data.batches import Batches
from dni_np.data.choose import load_images
from dni_np.dni.conditioning import Conditioning, label_context
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.schedules import StepDecay
from dni_np.nn.sequential import Sequential
from dni_np.rules.loss_unit import LossUnit


def hidden_layer(n_in, n_out, rng):
    return Sequential([Linear(n_in, n_out, rng, bias=False), BatchNorm(n_out), ReLU()])


def decoupled(core, width, classes, rng, rate):
    """The core with a linear guess of its gradient, which sees its output and the label."""
    seen = Conditioning(("output", "label"), width, label=classes)
    guess = SyntheticGradient(width, seen, rng)
    return DNI(core, guess, Adam(core, rate), Adam(guess, rate))


def train(data, steps=1000, seed=0):
    """Return the layers, lowest first, after so many minibatches of 256."""
    pixels, classes = data.x_train.shape[1], data.classes
    for_batches, for_network = np.random.default_rng(seed).spawn(2)
    for_layers, for_guesses, _ = for_network.spawn(3)
    a, b, c = for_layers.spawn(3)
    a_guess, b_guess, _ = for_guesses.spawn(3)
    rate = StepDecay(1e-3, (round(0.6 * steps), round(0.8 * steps)))  # a tenth after each

    unit_1 = decoupled(hidden_layer(pixels, 256, a), 256, classes, a_guess, rate)
    unit_2 = decoupled(hidden_layer(256, 256, b), 256, classes, b_guess, rate)
    top = Linear(256, classes, c)
    loss_unit = LossUnit(top, SoftmaxCrossEntropy(), Adam(top, rate))

    batches = Batches(len(data.x_train), 256, for_batches)
    for step in range(1, steps + 1):
        rows = batches.next()
        x = asarray(data.x_train[rows]).astype(FLOAT) * FLOAT(data.scale)  # pixels in [0, 1]
        y = asarray(data.y_train[rows])
        context = {"label": label_context(y, classes, x.dtype)}
        _, h_1 = unit_1.forward_and_synthetic_update(x, context, input_gradient=False)
        back, h_2 = unit_2.forward_and_synthetic_update(h_1, context)
        unit_1.update_synthetic_weights(back)  # a target made of guess 2
        back, loss = loss_unit.train(h_2, y)
        unit_2.update_synthetic_weights(back)  # the loss teaches the top one
        if step % 100 == 0:
            print(f"step {step:5}   loss {float(loss):.4f}", flush=True)
    return unit_1.core, unit_2.core, top


if __name__ == "__main__":
    images = load_images("auto")
    x_test = asarray(images.x_test).astype(FLOAT) * FLOAT(images.scale)
    logits, _ = Sequential(train(images)).forward(x_test, training=False)
    wrong = int(SoftmaxCrossEntropy().errors(logits, asarray(images.y_test)))
    print(f"{images.name}: test error {100 * wrong / len(x_test):.2f} %")

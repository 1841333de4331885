"""MNIST with cDNI on two processes, which train side by side: python -m dni_np.examples.two_workers

The same run, bit for bit, as python -m dni_np mnist --recipe mnist-fcn-quick --rule cdni --layers 7
--workers 2, or without the last option. The caller trains the lowest layers, the other process the
highest ones.
"""

from functools import partial

import numpy as np

from dni_np.backend import FLOAT, asarray
from dni_np.data.batches import Batches
from dni_np.data.choose import load_images
from dni_np.examples.mnist import decoupled, hidden_layer
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.schedules import AtRunStep, StepDecay
from dni_np.parallel.pipeline import Pipeline
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import LossUnit

LAYERS = 7


def build(pixels, classes, steps, seed, clock):
    """The whole network. Each worker calls this, and trains its own layers of what it returns."""
    _, for_network = np.random.default_rng(seed).spawn(2)
    for_layers, for_guesses, _ = for_network.spawn(3)
    rngs, guess_rngs = for_layers.spawn(LAYERS), for_guesses.spawn(LAYERS)
    fall = (round(0.6 * steps), round(0.8 * steps))
    rate = AtRunStep(StepDecay(1e-3, fall), clock)  # a late target is learned with its own rate

    units, n_in = [], pixels
    for rng, guess_rng in zip(rngs[:-1], guess_rngs):
        core = hidden_layer(n_in, 256, rng)
        units.append(decoupled(core, 256, classes, guess_rng, rate))
        n_in = 256
    top = Linear(256, classes, rngs[-1])
    return DNIChain(units, LossUnit(top, SoftmaxCrossEntropy(), Adam(top, rate)), classes)


def train(data, steps=1000, seed=0, engine="processes", staleness=0):
    """Return the rule after so many minibatches of 256, and the events of its workers."""
    again = partial(build, data.x_train.shape[1], data.classes, steps, seed)
    rule = Pipeline(again, workers=2, engine=engine, staleness=staleness)
    for_batches, _ = np.random.default_rng(seed).spawn(2)
    batches = Batches(len(data.x_train), 256, for_batches)
    for step in range(1, steps + 1):
        rows = batches.next()
        x = asarray(data.x_train[rows]).astype(FLOAT) * FLOAT(data.scale)  # pixels in [0, 1]
        metrics = rule.step(x, asarray(data.y_train[rows]))  # of an earlier batch, if one is done
        if metrics and step % 100 == 0:
            print(f"step {step:5}   loss {float(metrics['loss']):.4f}", flush=True)
    rule.drain()  # wait for the other worker: now all is learned
    events = rule.events()
    rule.close()
    return rule, events


if __name__ == "__main__":
    images = load_images("auto")
    rule, events = train(images)
    for worker in (1, 2):
        own = [event for event in events if event.worker == worker and event.kind == "wait"]
        share = sum(e.stop - e.start for e in own) / (events[-1].stop - events[0].start)
        print(f"worker {worker} waited {100 * share:.0f} % of the time")
    x = asarray(images.x_test).astype(FLOAT) * FLOAT(images.scale)
    print(f"test error {int(rule.errors(x, asarray(images.y_test))) / len(x):.2%}")

"""Rules to spread over workers: functions of a module, which a new process can import."""

import os
import signal
import time

import numpy as np

from dni_np.backend import asarray
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import NORMALIZED, PLAIN, SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from dni_np.nn.schedules import AtRunStep, StepDecay
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop
from dni_np.rules.bp_lambda import BPLambda
from dni_np.rules.complete_unlock import CompleteUnlock, SyntheticInput
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.lambda_targets import LambdaTargets, LambdaUnlock
from dni_np.rules.local_losses import LocalLosses
from dni_np.rules.loss_unit import DecoupledLossUnit, LossUnit
from dni_np.rules.no_backprop import NoBackprop
from dni_np.rules.true_targets import TrueTargets

CLASSES, WIDTHS = 3, (6, 8, 7, 5, 9)  # pixels, hidden layers
RULES = ("dni", "cdni", "input", "head", "unlock", "local", "none", "mixed", "mixed unlock")
LOCKED = ("backprop", "lambda", "true")
GUESSES = ("normalized", "least squares")  # of cDNI, with more than weights and an Adam


def build(rule, clock):
    """A small network of five layers; the rates fall at steps 4 and 9."""
    rng = np.random.default_rng(5)
    rate = AtRunStep(StepDecay(1e-2, (4, 9), 0.5), clock)
    cores = [
        Sequential([Linear(m, n, rng, bias=False), BatchNorm(n), ReLU()])
        for m, n in zip(WIDTHS, WIDTHS[1:])
    ]
    top, loss = Linear(WIDTHS[-1], CLASSES, rng), SoftmaxCrossEntropy()

    def optimizer(layer):
        return Adam(layer, rate)

    def guess(width):
        more = {"dni": (), "input": ("label", "input")}.get(rule, ("label",))
        seen = Conditioning(("output", *more), width, label=CLASSES, input=WIDTHS[0])
        hidden = (4,) if rule in ("dni", "normalized") else ()
        layers = NORMALIZED if rule == "normalized" else PLAIN
        return SyntheticGradient(width, seen, rng, hidden, layers=layers)

    def unit(core, width):
        model = guess(width)
        learns = RecursiveLeastSquares if rule == "least squares" else optimizer
        return DNI(core, model, optimizer(core), learns(model))

    if rule == "local":
        heads = [Linear(n, CLASSES, rng) for n in WIDTHS[1:]]
        return LocalLosses([*cores, top], heads, loss, optimizer)
    if rule in ("none", "backprop"):
        return {"none": NoBackprop, "backprop": Backprop}[rule]([*cores, top], loss, optimizer)
    units = [unit(core, n) for core, n in zip(cores, WIDTHS[1:])]
    loss_unit = LossUnit(top, loss, optimizer(top))
    if rule == "head":
        loss_unit = DecoupledLossUnit(unit(top, CLASSES), loss)
    parts = units, loss_unit, CLASSES
    mixed = {"lambdas": (0.5, 0.9, 0.0, 0.7)}
    if "unlock" in rule:
        seen = Conditioning(("output", "label"), WIDTHS[0], label=CLASSES)
        models = [SyntheticGradient(n, seen, rng) for n in WIDTHS[1:]]
        shapes = zip(models, WIDTHS[1:])
        inputs = [SyntheticInput(m, optimizer(m), (n,)) for m, n in shapes]
        if rule == "mixed unlock":
            return LambdaUnlock(*parts, inputs, **mixed)
        return CompleteUnlock(*parts, inputs)
    if rule == "mixed":
        return LambdaTargets(*parts, **mixed)
    if rule == "lambda":
        return BPLambda(*parts, [0.5])
    return {"true": TrueTargets}.get(rule, DNIChain)(*parts)


def build_deep(layers, clock):
    """So many tiny layers with linear guesses."""
    rng, rate = np.random.default_rng(6), AtRunStep(StepDecay(1e-2), clock)
    units = []
    for i in range(layers - 1):
        core = Sequential([Linear(2 if i else WIDTHS[0], 2, rng), ReLU()])
        model = SyntheticGradient(2, Conditioning(("output", "label"), 2, label=CLASSES), rng)
        units.append(DNI(core, model, Adam(core, rate), Adam(model, rate)))
    top = Linear(2, CLASSES, rng)
    return DNIChain(units, LossUnit(top, SoftmaxCrossEntropy(), Adam(top, rate)), CLASSES)


def minibatch(seed, n=8):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, WIDTHS[0])).astype(np.float32)
    return asarray(x), asarray(rng.integers(0, CLASSES, n))


class Faulty:
    """In place of a core's forward: something happens when it is called the `at`-th time."""

    def __init__(self, what, at, forward):
        self.what, self.at, self.forward, self.calls = what, at, forward, 0

    def __call__(self, x, training=True):
        self.calls += 1
        if self.calls >= self.at:
            FAULTS[self.what]()
        return self.forward(x, training)


def refuse():
    raise UserError("this batch is not for me")


def fail():
    raise ZeroDivisionError("by nothing")


FAULTS = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "refuse": refuse,
    "fail": fail,
    "slow": lambda: time.sleep(0.05),
}


def build_faulty(what, layer, at, clock, rule="cdni"):
    """`build`, with a fault in a layer (from 0)."""
    found = build(rule, clock)
    core = found.cores[layer]
    core.forward = Faulty(what, at, core.forward)
    return found

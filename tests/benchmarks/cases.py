"""What is timed: whole training steps, with the work named. Random data: its values do not change the time."""

from dataclasses import dataclass

import numpy as np

from dni_np.backend import asarray
from dni_np.building import build_rule
from dni_np.data.dataset import Dataset
from dni_np.nn.linear import Linear
from dni_np.recipes import find


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    recipe: str
    rule: str
    changes: dict
    batch: int
    target: str  # what the step time is to be, and which of the two ratios says so

    def settings(self):
        return find(self.recipe).settings(self.rule, **self.changes)

    def data(self):
        """(x, y) on the host: floats, and labels or bits."""
        rng = np.random.default_rng(0)
        if self.settings().task == "addition":
            return rng.integers(0, 2, (self.batch, 24)).astype(np.float32), rng.integers(0, 2, (self.batch, 12)).astype(
                np.float32
            )
        return rng.random((self.batch, 784), np.float32), rng.integers(0, 10, self.batch)

    def build(self):
        """The rule, as a training run would build it."""
        x, y = self.data()
        dataset = Dataset("random", x, y, x, y, classes=10 if y.ndim == 1 else y.shape[1])
        return build_rule(self.settings(), dataset, np.random.default_rng(0))

    def step(self):
        """A function that does one step on one batch."""
        rule, (x, y) = self.build(), map(asarray, self.data())
        return lambda: rule.step(x, y)


DEEP = {"layers": 4}
CASES = [
    Case("backprop", "784-256-256-256-10, Adam, batch 256", "mnist-fcn", "backprop", DEEP, 256, "at most fused PyTorch's"),
    Case(
        "cdni",
        "the same, linear guesses from output and label",
        "mnist-fcn",
        "cdni",
        DEEP,
        256,
        "PyTorch takes 1.5 times as long",
    ),
    Case(
        "dni",
        "the same, guesses by 2 x 1024 with BN and ReLU",
        "mnist-fcn",
        "dni",
        {**DEEP, "hidden": (1024, 1024)},
        256,
        "1.4 of its products",
    ),
    Case("tiny 10", "24-128-64-12 sigmoids, SGD, batch 10", "addition", "backprop", {}, 10, "PyTorch takes 3 times as long"),
    Case("tiny 1000", "the same, batch 1000", "addition", "backprop", {}, 1000, "PyTorch takes 2 times as long"),
    Case("tiny dni 10", "the same with DNI, batch 10", "addition", "dni", {}, 10, ""),
    Case("tiny dni 1000", "the same with DNI, batch 1000", "addition", "dni", {}, 1000, ""),
]


def products(case):
    """A function that does the step's matrix products and nothing else: the time no code can go below."""
    rng = np.random.default_rng(0)
    jobs = []
    for n_in, n_out, input_gradient in matrices(case.build()):
        x, W, dy = (
            rng.standard_normal(shape).astype(np.float32)
            for shape in ((case.batch, n_in), (n_in, n_out), (case.batch, n_out))
        )
        pairs = [(x, W), (x.T, dy)] + ([(dy, W.T)] if input_gradient else [])
        jobs += [(a, b, np.empty((a.shape[0], b.shape[1]), np.float32)) for a, b in pairs]

    def step():
        for a, b, out in jobs:
            np.matmul(a, b, out=out)

    return step


def matrices(rule):
    """(n_in, n_out, is its input's gradient wanted) of every matrix that takes part in a step."""
    stacks = [(list(linears(rule.cores)), False)]  # nobody wants the gradient of the data
    stacks += [(list(linears([unit.synthetic_gradient])), False) for unit in getattr(rule, "units", [])]
    for stack, first in stacks:
        for i, layer in enumerate(stack):
            yield *layer.params["W"].shape, first or i > 0


def linears(layers):
    return (leaf for layer in layers for leaf in layer.leaves() if isinstance(leaf, Linear))

"""What is timed: whole training steps, and single layers: convolutions and LSTMs.

Random data: its values do not change the time.
"""

from dataclasses import dataclass, field

import numpy as np

from dni_np.backend import asarray
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.recipes import find
from dni_np.nn.fast.choice import conv2d, lstm
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess


@dataclass(frozen=True)
class Step:
    """One step of a recipe's rule."""

    name: str
    about: str
    recipe: str
    rule: str
    target: str  # what the step is to reach, and which of the measured numbers says so
    batch: int = 256
    changes: dict = field(default_factory=dict)  # of the recipe's settings

    def settings(self):
        return find(self.recipe).settings(self.rule, **self.changes)

    @property
    def table(self):
        """Cases of one table are compared with the same contenders."""
        return "images" if self.settings().network == "cnn" else "rows"

    def data(self):
        """(x, y) on the host: floats, and labels or bits."""
        rng = np.random.default_rng(0)
        if self.settings().task == "addition":
            bits = rng.integers(0, 2, (self.batch, 24 + 12)).astype(np.float32)
            return bits[:, :24].copy(), bits[:, 24:].copy()
        return rng.random((self.batch, 784), np.float32), rng.integers(0, 10, self.batch)

    def build(self):
        """The rule, as a training run would build it."""
        x, y = self.data()
        image, classes = ((28, 28, 1), 10) if y.ndim == 1 else ((), y.shape[1])
        dataset = Dataset("random", x, y, x, y, classes, image=image)
        return build_rule(self.settings(), dataset, np.random.default_rng(0))

    def step(self):
        """A function that does one step on one batch."""
        rule, (x, y) = self.build(), map(asarray, self.data())
        return lambda: rule.step(x, y)


@dataclass(frozen=True)
class Convolution:
    """One 5 x 5 convolution forward and backward.

    The first layer of a network has no input gradient to compute.
    """

    size: int  # height and width of the images
    n_in: int
    n_out: int
    batch: int
    target: str = ""
    table = "images"

    @property
    def first(self):
        return self.n_in == 1

    @property
    def name(self):
        return f"conv {self.size} {self.n_in}-{self.n_out} x{self.batch}"

    @property
    def about(self):
        gradients = "dW" if self.first else "dx and dW"
        channels, size = f"{self.n_in} to {self.n_out}", f"{self.size}x{self.size}"
        return f"5x5, {channels} channels at {size}, batch {self.batch}: y, {gradients}"

    def data(self):
        """(x, dy) on the host."""
        rng = np.random.default_rng(0)
        return tuple(
            rng.standard_normal((self.batch, self.size, self.size, channels), np.float32)
            for channels in (self.n_in, self.n_out)
        )

    def build(self):
        """The layer, without bias, as under batch normalization."""
        return conv2d(self.n_in, self.n_out, np.random.default_rng(0), bias=False)

    def step(self):
        """A function that goes forward and backward, and returns (y, dx, dW)."""
        layer, (x, dy) = self.build(), map(asarray, self.data())

        def step():
            y, cache = layer.forward(x)
            dx = layer.backward(dy, cache, input_gradient=not self.first)
            grads = layer.grads
            return y, dx, grads["W"]

        return step


@dataclass(frozen=True)
class Recurrent:
    """One LSTM forward, backward and Adam, on a chunk of sequences.

    Nobody wants the gradient of the data.
    """

    name: str
    about: str
    target: str
    n_in: int = 8
    units: int = 256
    steps: int = 20
    batch: int = 256
    table = "sequences"

    def data(self):
        """(x, dy) on the host."""
        rng = np.random.default_rng(0)
        return tuple(
            rng.standard_normal((self.steps, self.batch, width), np.float32)
            for width in (self.n_in, self.units)
        )

    def build(self):
        """The layer."""
        return lstm(self.n_in, self.units, np.random.default_rng(0))

    def step(self):
        """A function that does one step and returns the outputs before it."""
        layer, (x, dy) = self.build(), map(asarray, self.data())
        optimizer, state = Adam(layer, 1e-3), layer.initial_state(self.batch)

        def step():
            y, _, cache = layer.forward(x, state)
            layer.backward(dy, None, cache, input_gradient=False)
            optimizer.step()
            return y

        return step


@dataclass(frozen=True)
class Chunks(Recurrent):
    """The same sequences in chunks of `unroll` steps by DNI, with a read-out.

    PyTorch does all steps at once.
    """

    unroll: int = 20

    def step(self):
        rng = np.random.default_rng(0)
        core, readout = self.build(), TimeDistributed(Linear(self.units, self.n_in, rng))
        guess = state_guess(self.units, rng)
        optimizers = [Adam(layer, 1e-3) for layer in (core, readout, guess)]
        loss = MaskedSoftmaxCrossEntropy()
        rule = RecurrentDNI(
            core, readout, loss, *optimizers[:2], guess=guess, guess_optimizer=optimizers[2]
        )
        x, labels = (
            asarray(self.data()[0]),
            asarray(rng.integers(0, self.n_in, (self.steps, self.batch))),
        )
        mask = asarray(np.ones(labels.shape, np.float32))

        def step():
            for begin in range(0, self.steps, self.unroll):
                chunk, end = slice(begin, begin + self.unroll), begin + self.unroll
                rule.step(x[chunk], labels[chunk], mask[chunk], begin == 0, end >= self.steps)

        return step


DEEP, PAPER_DNI = {"layers": 4}, {"layers": 4, "hidden": (1024, 1024)}
EASY, CNN = "PyTorch takes {} times as long", "at most 1.2 times channels_last's, and least memory"
CASES = [
    Step(
        "backprop",
        "784-256-256-256-10, Adam, batch 256",
        "mnist-fcn",
        "backprop",
        "at most fused PyTorch's",
        changes=DEEP,
    ),
    Step(
        "cdni",
        "the same, linear guesses from output and label",
        "mnist-fcn",
        "cdni",
        EASY.format(1.5),
        changes=DEEP,
    ),
    Step(
        "dni",
        "the same, guesses by 2 x 1024 with BN and ReLU",
        "mnist-fcn",
        "dni",
        "1.4 of its products",
        changes=PAPER_DNI,
    ),
    Step(
        "tiny 10",
        "24-128-64-12 sigmoids, SGD, batch 10",
        "addition",
        "backprop",
        EASY.format(3),
        10,
    ),
    Step("tiny 1000", "the same, batch 1000", "addition", "backprop", EASY.format(2), 1000),
    Step("tiny dni 10", "the same with DNI, batch 10", "addition", "dni", "", 10),
    Step("tiny dni 1000", "the same with DNI, batch 1000", "addition", "dni", "", 1000),
    Step(
        "cnn backprop",
        "two 5x5 convolutions of 64 channels, Adam, batch 256",
        "mnist-cnn",
        "backprop",
        CNN,
    ),
    Step("cnn cdni", "the same, linear guesses from output and label", "mnist-cnn", "cdni", CNN),
    Step(
        "cnn dni", "the same, guesses by 2 x 64 channels with BN and ReLU", "mnist-cnn", "dni", CNN
    ),
    Recurrent(
        "lstm", "LSTM, 256 units, batch 256, 20 steps, Adam", "1.2 of its products, half the memory"
    ),
    *(
        Recurrent(f"long {steps}", f"the same, {steps} steps, batch 64", "", steps=steps, batch=64)
        for steps in (20, 80, 320)
    ),
    *(
        Chunks(
            f"long {steps} dni",
            f"{steps} steps by DNI, 20 at a time",
            "memory as for 20 steps",
            steps=steps,
            batch=64,
        )
        for steps in (80, 320)
    ),
    *(
        Convolution(28, 1, 64, batch, "PyTorch takes longer, and more memory")
        for batch in (64, 256)
    ),
    *(
        Convolution(size, channels, channels, batch, "least memory")
        for size, channels in ((28, 64), (14, 64), (16, 128))
        for batch in (64, 256)
    ),
]

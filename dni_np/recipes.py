"""Every experiment's settings by name: a quick one, the one behind the README's table, the paper's own.

A recipe gives settings for each rule, because they want different ones: a linear model that
sees the label trains well at 1e-3, a large model that does not must be led more slowly.
Anything can be overridden on the command line.
"""

from dataclasses import dataclass, fields, replace

from dni_np.errors import UserError

RULES = {
    "backprop": "the true gradient for every layer",
    "dni": "a synthetic gradient from the layer's output",
    "cdni": "a synthetic gradient from the layer's output and the label",
    "none": "no gradient below the top layer",
}
SOURCES = ("output", "normalized", "label", "input")


@dataclass(frozen=True)
class Settings:
    """All that defines a run. Saved with it; two runs of equal settings are equal bit for bit."""

    task: str = "mnist"  # "mnist" (any image set) or "addition"
    data: str = "mnist"  # "mnist", "digits", "auto", or a folder of four idx files
    network: str = "fcn"  # fully connected, or "cnn", convolutional
    rule: str = "cdni"
    layers: int = 3  # as the paper counts: hidden layers and the classifier
    width: int = 256  # units (or channels) of each hidden layer
    widths: tuple = ()  # or each hidden layer's own, in place of the two above
    sees: tuple = ("output",)  # what a synthetic gradient looks at
    hidden: tuple = ()  # hidden layers of the synthetic gradient model; () is linear
    cut_after: tuple = ()  # the layers followed by a DNI; () is every one
    head: str = "true"  # the top layer learns from the "true" gradient, or a "synthetic" one (trask 2017)
    steps: int = 1000
    batch_size: int = 256
    optimizer: str = "adam"  # or "sgd"
    learning_rate: float = 1e-3
    sg_learning_rate: float = 0.0  # of the synthetic gradient models; 0: the same
    decay_at: tuple = (0.6, 0.8)  # shares of the run after which the rates are divided by 10
    evaluate_every: int = 0  # steps between measurements; 0: fifty in a run
    checkpoint_every: int = 0  # steps between checkpoints; 0: ten in a run
    bits: int = 12  # of the sums, in binary addition
    examples: int = 1000
    seed: int = 0

    @property
    def hidden_widths(self):
        """Units of each hidden layer of the main network, lowest first."""
        return self.widths or (self.width,) * (self.layers - 1)

    def __post_init__(self):
        self._check_types()
        depth = len(self.hidden_widths) + 1
        checks = {
            "network": (self.network in ("fcn", "cnn"), "fcn or cnn"),
            "rule": (self.rule in RULES, f"one of {', '.join(RULES)}"),
            "layers": (self.layers >= 2, "at least 2"),
            "steps": (self.steps >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 2, "at least 2"),
            "learning_rate": (self.learning_rate > 0, "positive"),
            "sg_learning_rate": (self.sg_learning_rate >= 0, "positive, or 0 for the same as learning_rate"),
            "width": (self.width >= 1, "at least 1"),
            "widths": (all(n >= 1 for n in self.widths), "sizes of at least 1"),
            "sees": (self.sees and set(self.sees) <= set(SOURCES), f"one or more of {', '.join(SOURCES)}"),
            "cut_after": (
                all(1 <= k < depth for k in self.cut_after),
                f"layers from 1 to {depth - 1}: the network has {depth}",
            ),
            "evaluate_every": (self.evaluate_every >= 0, "positive, or 0 for fifty times in a run"),
            "checkpoint_every": (self.checkpoint_every >= 0, "positive, or 0 for ten in a run"),
            "hidden": (all(n >= 1 for n in self.hidden), "sizes of at least 1"),
            "decay_at": (all(0 < share <= 1 for share in self.decay_at), "shares of the run between 0 and 1"),
            "optimizer": (self.optimizer in ("adam", "sgd"), "adam or sgd"),
            "head": (self.head in ("true", "synthetic"), "true or synthetic"),
            "seed": (self.seed >= 0, "0 or more"),
        }
        for name, (good, wanted) in checks.items():
            if not good:
                raise UserError(f"--{name.replace('_', '-')} is {self._shown(name)}: it must be {wanted}")

    def _check_types(self):
        for one in fields(self):
            value = getattr(self, one.name)
            if not isinstance(value, (int, float) if one.type is float else one.type):
                raise UserError(f"--{one.name.replace('_', '-')} is {value!r}: it must be of type {one.type.__name__}")

    def _shown(self, name):
        value = getattr(self, name)
        return " ".join(map(str, value)) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Recipe:
    """Settings for each rule: `common` to all, and what each `rule` changes."""

    about: str
    common: Settings
    rules: dict

    def settings(self, rule, **overrides):
        """The settings for one rule, with the caller's own on top."""
        if rule not in RULES:
            raise UserError(f"unknown rule {rule!r}: choose among {', '.join(RULES)}")
        return replace(self.common, rule=rule, **{**self.rules.get(rule, {}), **overrides})


LABEL = ("output", "label")

# Jaderberg et al. 2017, section D.1: two hidden layers for DNI, linear for cDNI.
PAPER_MODELS = {"dni": {"hidden": (1024, 1024)}, "cdni": {"sees": LABEL}}

# trask 2017: plain SGD at 0.1 with gradients summed over a batch of 10, which is 1.0 for our means.
ADDITION = {
    "task": "addition",
    "data": "addition",
    "batch_size": 10,
    "optimizer": "sgd",
    "learning_rate": 1.0,
    "decay_at": (),
}
# Its guessers diverge at that rate, and at a tenth of it with some seeds.
ADDITION_MODELS = {"dni": {"sg_learning_rate": 0.03}, "cdni": {"sees": LABEL, "sg_learning_rate": 0.03}}

# Jaderberg et al. 2017, section D.1: for images the models are convolutional too.
PAPER_CONV_MODELS = {"dni": {"hidden": (64, 64)}, "cdni": {"sees": LABEL}}

RECIPES = {
    "mnist-fcn-quick": Recipe(
        "MNIST FCN, seconds to a minute a run",
        Settings(steps=1000),
        {"dni": {"hidden": (1024,), "learning_rate": 3e-4, "sg_learning_rate": 1e-3}, "cdni": {"sees": LABEL}},
    ),
    "mnist-fcn": Recipe(
        "MNIST FCN, 256 units, batch 256: the README's table",
        Settings(steps=7000),
        # A guess without the label is hard to learn: the core must change slowly, its model fast. One hidden
        # layer of the paper's two errs as little at a third of the time, which pays for more steps.
        {**PAPER_MODELS, "dni": {"hidden": (1024,), "learning_rate": 3e-5, "sg_learning_rate": 1e-3, "steps": 20_000}},
    ),
    "mnist-fcn-paper": Recipe(
        "MNIST FCN with the paper's own schedule: 500k steps of Adam at 3e-5, /10 at 300k and 400k",
        Settings(steps=500_000, learning_rate=3e-5),
        PAPER_MODELS,
    ),
    "mnist-cnn-quick": Recipe(
        "MNIST CNN, 16 channels, a minute or two a run",
        Settings(network="cnn", width=16, steps=600, evaluate_every=100),
        {"dni": {"hidden": (16,)}, "cdni": {"sees": LABEL}},
    ),
    "mnist-cnn": Recipe(
        "MNIST CNN, 64 channels, batch 256",
        Settings(network="cnn", width=64, steps=3000),
        PAPER_CONV_MODELS,
    ),
    "mnist-cnn-paper": Recipe(
        "MNIST CNN with the paper's own schedule",
        Settings(network="cnn", width=64, steps=500_000, learning_rate=3e-5),
        PAPER_CONV_MODELS,
    ),
    "addition": Recipe(
        "binary addition of trask 2017: 12 bits, 24-128-64-12 sigmoids, 1,000 epochs of 100 batches of 10",
        Settings(widths=(128, 64), steps=100_000, **ADDITION),
        ADDITION_MODELS,
    ),
    "addition-quick": Recipe(
        "binary addition of 6 bits, seconds a run",
        Settings(widths=(64, 32), bits=6, steps=20_000, **ADDITION),
        ADDITION_MODELS,
    ),
}


def find(name):
    """The recipe of that name."""
    if name not in RECIPES:
        raise UserError(f"unknown recipe {name!r}: choose among {', '.join(RECIPES)}")
    return RECIPES[name]

"""What a run on images (or on sums) is: one Settings says all of it. For sequences: sequences/settings.py."""

from dataclasses import dataclass

from dni_np.experiments.checked import Checked

RULES = {
    "backprop": "the true gradient for every layer",
    "dni": "a synthetic gradient from the layer's output",
    "cdni": "a synthetic gradient from the layer's output and the label",
    "none": "no gradient below the top layer",
    "bp-lambda": "a guess and what comes back from above, mixed by lambda",
    "critic": "the slope of a guess of the loss",
    "stale": "an average of past gradients, of other samples",
    "sparse": "a synthetic gradient, with probability p for each batch and layer",
    "unlock": "a synthetic gradient, while it reads a synthetic input",
    "fa": "the true gradient, sent down through fixed random weights",
    "dfa": "the output's error, sent to each layer through fixed random weights",
    "kickback": "the output's error times its influence on the next layer",
    "local": "the loss of a linear classifier of its own",
}
USUAL_RULES = ("backprop", "dni", "cdni", "none")  # what compare and demo run unless asked
USUAL_SOURCES = {
    "dni": ("output",),
    **dict.fromkeys(("cdni", "bp-lambda", "critic", "sparse", "unlock"), ("output", "label")),
}
OWN = {"bp-lambda": "lambdas", "sparse": "update_probability", "stale": "stale_decay"}  # what only one rule asks for
SOURCES = ("output", "normalized", "label", "input", "picture")  # the last: of each class, for feature maps


@dataclass(frozen=True)
class Settings(Checked):
    """All that defines a run. Saved with it; equal settings give runs equal bit for bit (see README)."""

    task: str = "mnist"  # the command it belongs to: "mnist" or "cifar" (images), or "addition"
    data: str = "mnist"  # "mnist", "cifar10", "digits", "auto", or a folder of images
    network: str = "fcn"  # fully connected, or "cnn", convolutional
    rule: str = "cdni"
    layers: int = 3  # as the paper counts: hidden layers and the classifier
    width: int = 256  # units (or channels) of each hidden layer
    widths: tuple[int, ...] = ()  # or each hidden layer's own, in place of the two above
    sees: tuple[str, ...] = ("output",)  # what a synthetic gradient looks at
    hidden: tuple[int, ...] = ()  # hidden layers of the synthetic gradient model; () is linear
    cut_after: tuple[int, ...] = ()  # the layers followed by a DNI; () is every one
    pooling: str = "max-average"  # of convolutional layers: 3 x 3 (Jaderberg et al. 2017), or "max", 2 x 2 (Liao 2017)
    targets: str = "bootstrapped"  # a guess learns from the next one's guess, or from "true" gradients (Liao 2017)
    head: str = "true"  # what the top layer learns from: the true gradient, or "synthetic" (trask)
    lambdas: tuple[float, ...] = (0.5,)  # of bp-lambda: for each guess from below, or one for all
    update_probability: float = 0.2  # of sparse
    stale_decay: float = 0.9  # of stale: the share of the average that stays at each step
    steps: int = 1000
    batch_size: int = 256
    optimizer: str = "adam"  # or "sgd"
    learning_rate: float = 1e-3
    sg_learning_rate: float = 0.0  # of the synthetic gradient models; 0: the same
    head_learning_rate: float = 0.0  # of the top layer, which has the true gradient; 0: the same
    decay_at: tuple[float, ...] = (0.6, 0.8)  # shares of the run; then rates are divided by 10
    evaluate_every: int = 0  # steps between measurements; 0: fifty in a run
    checkpoint_every: int = 0  # steps between checkpoints; 0: ten in a run
    bits: int = 12  # of the sums, in binary addition
    examples: int = 1000
    seed: int = 0

    @property
    def hidden_widths(self):
        """Units of each hidden layer of the main network, lowest first."""
        return self.widths or (self.width,) * (self.layers - 1)

    def checks(self):
        depth = len(self.widths) + 1 if self.widths else self.layers
        guesses = len(set(self.cut_after)) or depth - 1
        return {
            "network": (self.network in ("fcn", "cnn"), "fcn or cnn"),
            "rule": (self.rule in RULES, f"one of {', '.join(RULES)}"),
            "layers": (2 <= self.layers <= 1000, "from 2 to 1000"),
            "steps": (self.steps >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 2, "at least 2"),
            "learning_rate": (self.learning_rate > 0, "positive"),
            "sg_learning_rate": (self.sg_learning_rate >= 0, "positive, or 0 for the same as learning_rate"),
            "head_learning_rate": (self.head_learning_rate >= 0, "positive, or 0 for the same as learning_rate"),
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
            "pooling": (self.pooling in ("max-average", "max"), "max-average or max"),
            "targets": (self.targets in ("bootstrapped", "true"), "bootstrapped or true"),
            "lambdas": (
                all(0 <= lam <= 1 for lam in self.lambdas) and len(self.lambdas) in (1, guesses),
                f"numbers from 0 (the guess alone) to 1 (backpropagation alone), one or {guesses}",
            ),
            "update_probability": (0 < self.update_probability <= 1, "above 0 and at most 1"),
            "stale_decay": (0 <= self.stale_decay < 1, "at least 0 and below 1"),
            "head": (self.head in ("true", "synthetic"), "true or synthetic"),
            "bits": (2 <= self.bits <= 62, "from 2 to 62"),
            "examples": (1 <= self.examples <= 10**7, "from 1 to 10000000"),
            "seed": (self.seed >= 0, "0 or more"),
        }

"""What a run on images (or on sums) is: one Settings says all of it. An option is a line here."""

from dataclasses import dataclass, replace

from dni_np.experiments.checks import (
    FIFTY,
    POSITIVE,
    SAME,
    SHARES,
    SIZES,
    TEN,
    at_least,
    between,
    of_several,
    one_of,
    share,
)
from dni_np.experiments.experiment import Task, table
from dni_np.experiments.feedforward.checks import (
    CONV,
    DENSE,
    cuts,
    fitting,
    late_guesses,
    lateness,
    micro_batches,
    mixtures,
    sources,
    splits,
    staleness,
    target_mixtures,
    workers,
)
from dni_np.experiments.feedforward.rules import DEFAULT, RULES
from dni_np.experiments.least_squares import AT_A_RATE, BETA, BY_LEAST_SQUARES, RIDGE
from dni_np.experiments.least_squares import sizes_of_guess
from dni_np.experiments.options import Only, Sweep, option
from dni_np.experiments.settings import BaseSettings

TASKS = table(
    Task("addition", "binary addition, after trask's tutorial", "--rule cdni --bits 8", "addition"),
    Task("mnist", "fully connected or a CNN, on MNIST", "--rule cdni --layers 6", "mnist-fcn"),
    Task("cifar", "the same on CIFAR-10", "--recipe cifar-cnn-quick --rule cdni", "cifar-fcn"),
)
IMAGES = Only("images", lambda s: s.task != "addition")
SUMS = Only("addition", lambda s: s.task == "addition")
CNN = Only("convolutional networks", lambda s: s.network == "cnn")
ONE_WIDTH = "hidden layers of one width, not for --widths or a recipe that has them"
ALIKE = Only(ONE_WIDTH, lambda s: not s.widths)
TRUE_HEAD = Only("a top layer with the true gradient", lambda s: s.head == "true")

ENGINES = one_of("processes", "threads", "streams", "mpi")
ORDERS = one_of("1f1b", "fill-drain")
NETWORKS = one_of("fcn", "cnn")  # fully connected, convolutional
POOLINGS = one_of("max-average", "max")  # of Jaderberg et al. 2017, of Liao 2017
TARGETS, HEADS = one_of("bootstrapped", "true"), one_of("true", "synthetic")
SINGLE = Sweep("single_dni", "cut after layer k only, a run for each k", lambda s: s.single_cuts)
DATA = "mnist, cifar10, digits, auto (MNIST, or else digits), or a folder of idx or CIFAR files"
TARGETED = "of guesses: bootstrapped (from the next guess), or true gradients"
MIXED = "1 is backpropagation, 0 the guess alone: a number for all guesses, or one for each"
GUESS = "hidden layers of the guesses; 0 for linear"
LAMBDAS = "how much of the true gradient is in a guess's target: 0 (default) to 1, one or several"
DECAY = "shares of the run after which the rates drop tenfold; 0 for never"
FITTED = "of the guesses: adam, sgd, rls (least squares, linear ones), or same as --optimizer"
APART = ", whose layers are updated without waiting for the layers above"
PIPELINED = "; backprop's workers wait for each other, in a locked pipeline"
# How a run is computed, not what it is.
TRAINING = {"why": APART + PIPELINED, "free": True}
WORKERS = "how many train at the same time, each some of the layers"
ENGINE = "what workers are: processes, threads, streams of a GPU, mpi (mpiexec -n 4 python ...)"
SPLIT = "how many layers each worker has, lowest first (default: by their cost)"
MICRO = "into how many parts a batch is cut for workers that wait for each other (1: one works)"
ORDER = "which part a worker takes next: 1f1b (the oldest that is back) or fill-drain"
STALENESS = "how many batches late a target may come to a worker (0: as with one worker)"
LATE = "how many batches late targets come, as they do to workers (0: at once)"
FROM = "what a late target corrects: the guess made anew, or the one that was kept"
OF_MAPS = "for a CNN's maps: conv (alike at every pixel), or dense (each has its own weights)"
SEEN = "what guesses see: output, normalized, label, input, picture (CNN), or several"


@dataclass(frozen=True)
class Settings(BaseSettings):
    """All that defines a run. Saved with it; equal settings give equal runs (see README)."""

    rules, tasks = RULES, TASKS

    task: str = option("mnist", check=one_of(*TASKS))
    data: str = option("mnist", DATA, only=IMAGES)
    network: str = option("fcn", check=NETWORKS)
    rule: str = option(DEFAULT, check=lambda s: one_of(*RULES))
    layers: int = option(3, "hidden layers and classifier", between(2, 1000), runs=True, only=ALIKE)
    width: int = option(256, "units (or channels) of each hidden layer", at_least(1), only=ALIKE)
    widths: tuple[int, ...] = option((), "each hidden layer's own width", SIZES)
    sees: tuple[str, ...] = option(("output",), SEEN, sources, runs=True)
    guess: str = option(CONV, OF_MAPS, one_of(CONV, DENSE), runs=True, only=CNN)
    sg_optimizer: str = option("same", FITTED, fitting)
    hidden: tuple[int, ...] = option((), GUESS, sizes_of_guess)
    cut_after: tuple[int, ...] = option((), "layers with a DNI (default: all)", cuts, sweep=SINGLE)
    pooling: str = option("max-average", "max-average (3 x 3) or max (2 x 2)", POOLINGS, only=CNN)
    targets: str = option("bootstrapped", TARGETED, TARGETS)
    target_lambda: tuple[float, ...] = option((), LAMBDAS, target_mixtures)
    late: int = option(0, LATE, lateness, runs=True)
    late_guess: str = option("anew", FROM, late_guesses, runs=True)
    head: str = option("true", "the top layer's gradient: true, or synthetic (trask's)", HEADS)
    lambdas: tuple[float, ...] = option((0.5,), MIXED, mixtures, runs=True)
    update_probability: float = option(0.2, "how often a layer learns", share(0), runs=True)
    stale_decay: float = option(0.9, "share of the average that stays", share(1), runs=True)
    target_period: int = option(5, "updates until a copy is refreshed", at_least(1), runs=True)
    steps: int = option(1000, "minibatches", at_least(1))
    batch_size: int = option(256, "samples in a minibatch", at_least(2))
    optimizer: str = option("adam", "adam or sgd", one_of("adam", "sgd"))
    learning_rate: float = option(1e-3, "of the network", POSITIVE)
    sg_learning_rate: float = option(0.0, "of the guesses (0: the same)", SAME, only=AT_A_RATE)
    sg_beta: float = option(0.98, BETA, share(0), only=BY_LEAST_SQUARES)
    ridge: float = option(1e-3, RIDGE, POSITIVE, only=BY_LEAST_SQUARES)
    head_learning_rate: float = option(0.0, "of the top layer (0: the same)", SAME, only=TRUE_HEAD)
    decay_at: tuple[float, ...] = option((0.6, 0.8), DECAY, SHARES)
    evaluate_every: int = option(0, "steps from one to the next measurement", FIFTY)
    checkpoint_every: int = option(0, "steps from one checkpoint to the next", TEN)
    bits: int = option(12, "length of the sums", between(2, 62), only=SUMS)
    examples: int = option(1000, "number of training sums", between(1, 10**7), only=SUMS)
    workers: int = option(1, WORKERS, workers, **TRAINING)
    engine: str = option(
        "processes", ENGINE, of_several(lambda s: ENGINES, "processes"), **TRAINING
    )
    split: tuple[int, ...] = option((), SPLIT, of_several(splits, ()), **TRAINING)
    staleness: int = option(0, STALENESS, of_several(staleness, 0), runs=True, why=APART)
    micro_batches: int = option(1, MICRO, of_several(micro_batches, 1), runs=True)
    schedule: str = option("1f1b", ORDER, of_several(lambda s: ORDERS, "1f1b"), free=True)
    seed: int = option(0, "of all that is drawn (default: 0)", at_least(0), runs=True)

    def of_one_worker(self):
        usual = {"engine": "processes", "split": (), "staleness": 0}
        return replace(self, workers=1, micro_batches=1, schedule="1f1b", **usual)

    @property
    def hidden_widths(self):
        """Units of each hidden layer of the main network, lowest first."""
        return self.widths or (self.width,) * (self.layers - 1)

    @property
    def depth(self):
        """Layers as the papers count: the hidden ones and the classifier."""
        return len(self.widths) + 1 if self.widths else self.layers

    @property
    def cores(self):
        """The parts that the network is cut into; all but the top one have a guess."""
        return 1 + (len(self.cut_after) or self.depth - 1)

    @property
    def single_cuts(self):
        """Every place for a single DNI."""
        return [(k,) for k in range(1, self.depth)]

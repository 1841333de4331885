"""What a run with two networks is: one TwoNetworksSettings says all of it, an option a line."""

from dataclasses import dataclass, replace

from dni_np.experiments.checks import FIFTY, POSITIVE, SAME, SHARES, TEN
from dni_np.experiments.checks import Check, at_least, between, of_several, one_of, or_zero, share
from dni_np.experiments.experiment import Task, table
from dni_np.experiments.least_squares import AT_A_RATE, BETA, BY_LEAST_SQUARES, RIDGE, RLS
from dni_np.experiments.least_squares import sizes_of_guess
from dni_np.experiments.options import option
from dni_np.experiments.settings import BaseSettings
from dni_np.experiments.two_networks.rules import DEFAULT, RULES

TASKS = table(
    Task(
        "two-clocks",
        "two networks: one counts odd digits, the other, rarely asked, the threes",
        "--rule decoupled --unroll 3",
        "two-clocks",
    ),
)
DATA = "mnist, digits, auto (MNIST, or else digits), or a folder of idx files"
DIGITS = Check(lambda data: data != "cifar10", "digits: mnist, digits, auto or a folder")
TICKS = between(1, 1000)
AS_MANY = or_zero("for as many as T", TICKS)
GUESS = "hidden layers of the guess; 0 for linear"
FITTED = "of the guess: adam, or rls (least squares, linear)"
FACTOR = "the synthetic gradient times this enters A (the paper: 10)"
ENGINES, LATE = one_of("processes", "threads", "streams", "mpi"), between(0, 1000)
APART = ", in which A does not wait for B"
TRAINING = {"why": APART, "free": True}  # how a run is computed, not what it is
WORKERS = "1, or 2: A and B each on their own"
ENGINE = "what workers are: processes, threads, streams of a GPU, mpi (mpiexec -n 2 python ...)"
STALENESS = "for how many streams A goes on without an answer of B (0: as with one worker)"
DECAY = "shares of the run after which the rates of A and B drop tenfold; 0 for never"


@dataclass(frozen=True)
class TwoNetworksSettings(BaseSettings):
    """All that defines a run. Saved with it; equal settings give equal runs (see README).

    A step is one stream for each member of the batch, T * ticks digits long, under every rule:
    rules are compared after the same digits. In a step B is updated once; A once (locked), or once
    a tick.
    """

    rules, tasks = RULES, TASKS

    task: str = option("two-clocks", check=one_of(*TASKS))
    data: str = option("mnist", DATA, DIGITS)
    rule: str = option(DEFAULT, check=lambda s: one_of(*RULES))
    unroll: int = option(3, "T, digits of A between two messages", TICKS, runs=True)
    ticks: int = option(0, "messages until B is asked (0: T)", AS_MANY)
    units: int = option(256, "of all layers of A and B", at_least(1))
    sg_optimizer: str = option("adam", FITTED, one_of("adam", RLS))
    hidden: tuple[int, ...] = option((256,), GUESS, sizes_of_guess)
    batch_size: int = option(256, "streams side by side", at_least(2))
    steps: int = option(1000, "streams for each member of the batch", at_least(1))
    learning_rate: float = option(1e-3, "of A and B", POSITIVE)
    sg_learning_rate: float = option(0.0, "of the guess (0: the same)", SAME, only=AT_A_RATE)
    sg_beta: float = option(0.98, BETA, share(0), only=BY_LEAST_SQUARES)
    ridge: float = option(1e-3, RIDGE, POSITIVE, only=BY_LEAST_SQUARES)
    factor: float = option(10.0, FACTOR, or_zero("for no gradient from B"))
    decay_at: tuple[float, ...] = option((), DECAY, SHARES)
    evaluate_every: int = option(0, "steps from one to the next measurement", FIFTY)
    checkpoint_every: int = option(0, "steps from one checkpoint to the next", TEN)
    workers: int = option(1, WORKERS, between(1, 2), **TRAINING)
    engine: str = option(
        "processes", ENGINE, of_several(lambda s: ENGINES, "processes"), **TRAINING
    )
    staleness: int = option(0, STALENESS, of_several(lambda s: LATE, 0), runs=True, why=APART)
    seed: int = option(0, "of all that is drawn (default: 0)", at_least(0), runs=True)

    def of_one_worker(self):
        return replace(self, workers=1, engine="processes", staleness=0)

    @property
    def messages(self):
        """That B receives before it is asked."""
        return self.ticks or self.unroll

"""What a run on sequences is: one SequenceSettings says all of it. An option is a line here."""

from dataclasses import dataclass

from dni_np.experiments.checks import NO_LIMIT, POSITIVE, SAME
from dni_np.experiments.checks import Check, at_least, between, each, one_of, or_zero, share
from dni_np.experiments.experiment import Task, table
from dni_np.experiments.least_squares import AT_A_RATE, BETA, BY_LEAST_SQUARES, RIDGE, RLS
from dni_np.experiments.least_squares import sizes_of_guess
from dni_np.experiments.options import Only, option
from dni_np.experiments.sequences.rules import COPYING, DEFAULT, RULES
from dni_np.experiments.settings import BaseSettings

TASKS = table(
    Task("copy", "an LSTM writes down from memory what it read", "--rule dni --unroll 3", "copy"),
    Task("repeat-copy", "the same, several times", "--rule bptt --unroll 5", "repeat-copy"),
    Task(
        "characters",
        "an LSTM predicts a text's next character",
        "--data shakespeare --unroll 5",
        "characters",
    ),
)
TEXT = Only("characters", lambda s: s.task not in COPYING)
DRAWN = Only("copy, repeat-copy", lambda s: s.task in COPYING)

DATA = "library (Python's own source), shakespeare, or a text file or folder"
SCALE = "the synthetic gradient times this enters the network (the paper: 0.1)"
SCALED = "targets are made of the scaled synthetic gradient"
CORE = "the guess's error teaches the LSTM, too"
HIDDEN = "hidden layers of the guess; 0 for linear"
FITTED = "of the guess: adam, or rls (least squares, a linear one)"
BETAS = each(share(1), "two numbers, at least 0 and below 1", count=(2,))
CELL = "the guess sees the LSTM's cell, too"
BOUNDARY = "a guess of its own for each boundary between chunks"
LAMBDA = "how much of later surprises reaches an earlier guess, from 0 to 1"
WINDOW = "a guess learns from so many later boundaries (0: from all)"
SHARED = "one trace for all boundaries: constant memory (--no-each-boundary)"
UPDATE = "the network is updated after each chunk, or each sequence"
CLIP = "longer gradients are scaled down to this length (0: never)"
FAR = between(1, 10_000)
SAMPLES = "sequences seen (0: no limit)"
EPOCHS = "readings of the text (0: no limit)"
TEN = or_zero("for ten in a run of --steps, else for the end only")
PATIENCE = "end once so many validations in a row were no better (0: never)"


def alone(s):
    """The shared trace keeps no boundary apart."""
    good = not (s.each_boundary or s.window)
    wanted = "left out, or given with --no-each-boundary and without --window"
    return Check(lambda shared: good or not shared, wanted)


def ends(s):
    """A run must come to an end."""
    limit = "samples" if s.task in COPYING else "epochs"
    least = 0 if getattr(s, limit) else 1
    return Check(lambda steps: steps >= least, f"at least 1 where --{limit} does not end the run")


@dataclass(frozen=True)
class SequenceSettings(BaseSettings):
    """All that defines a run. Saved with it; equal settings give equal runs (see README).

    Copy and Repeat Copy end after `samples` sequences, characters after `epochs` readings of the
    text: figures 16 and 17 compare rules and lengths of chunks after the same experience, and an
    update of a long chunk sees more of a sequence than one of a short chunk. `steps` limits the
    updates, as the paper does (2.5 million); where both are given the first to come ends the run.
    """

    rules, tasks = RULES, TASKS

    task: str = option("copy", check=one_of(*TASKS))
    data: str = option("library", DATA, only=TEXT)
    rule: str = option(DEFAULT, check=lambda s: one_of(*RULES))
    unroll: int = option(3, "T, time steps in a chunk", FAR, runs=True)
    units: int = option(256, "of the LSTM", at_least(1))
    hidden: tuple[int, ...] = option((256,), HIDDEN, sizes_of_guess)
    batch_size: int = option(256, "sequences side by side", at_least(1))
    learning_rate: float = option(1e-3, "of the network", POSITIVE)
    betas: tuple[float, ...] = option((0.9, 0.999), "of Adam for the network", BETAS)
    clip: float = option(0.0, CLIP, or_zero("for no clipping"))
    update: str = option("chunk", UPDATE, one_of("chunk", "sequence"), only=DRAWN)
    sg_optimizer: str = option("adam", FITTED, one_of("adam", RLS))
    sg_learning_rate: float = option(0.0, "of the guess (0: the same)", SAME, only=AT_A_RATE)
    sg_beta: float = option(0.98, BETA, share(0), only=BY_LEAST_SQUARES)
    ridge: float = option(1e-4, RIDGE, POSITIVE, only=BY_LEAST_SQUARES)
    sees_cell: bool = option(False, CELL)
    each_boundary: bool = option(True, BOUNDARY)
    trace_lambda: float = option(1.0, LAMBDA, between(0, 1))
    window: int = option(0, WINDOW, at_least(0))
    shared_trace: bool = option(False, SHARED, alone)
    scale: float = option(0.1, SCALE, or_zero("for no guess at all"))
    scaled_target: bool = option(True, SCALED)
    error_into_core: bool = option(False, CORE)
    look_ahead: int = option(12, "how many labels to come the guess sees", FAR)
    steps: int = option(0, "updates, one for each chunk (0: no limit)", ends)
    samples: int = option(0, SAMPLES, NO_LIMIT, only=DRAWN, replaces="steps")
    epochs: int = option(0, EPOCHS, NO_LIMIT, only=TEXT, replaces="steps")
    patience: int = option(0, PATIENCE, or_zero("to go on to the last step"), only=TEXT)
    evaluate_every: int = option(1000, "steps from one to the next measurement", at_least(1))
    checkpoint_every: int = option(10_000, "steps from one checkpoint to the next", TEN)
    seed: int = option(0, "of all that is drawn (default: 0)", at_least(0), runs=True)

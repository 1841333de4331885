"""Settings by name, for sequences: a quick one, what a CPU can do in hours, the paper's own.

Paper's own means Jaderberg et al. 2017, section D.2: Adam at 7e-5 and batches of 256, for all
rules.
"""

from dni_np.experiments.experiment import Recipe
from dni_np.experiments.sequences.settings import SequenceSettings

# The linear guess, its fast rate and whole targets are ours: measured over a million samples of
# Copy (see notebooks/RESULTS.md).
SMALL = {
    "units": 64,
    "hidden": (),
    "batch_size": 64,
    "sg_learning_rate": 1e-2,
    "scaled_target": False,
    "evaluate_every": 500,
}
# A guess that sees the labels may have its whole weight, and a hidden layer. It gains from batches
# of 32, truncated backpropagation does not (see notebooks/RESULTS.md).
WITH_LABELS = {"hidden": (256,), "sg_learning_rate": 1e-3, "scale": 1.0, "batch_size": 32}
# Guesses by least squares: after Pemberton & Costa 2024, with what a search on seed 0 of Copy at
# T = 3 found for each rule (see notebooks/RESULTS.md).
FOLLOWING = {
    **SMALL,
    "batch_size": 16,
    "learning_rate": 5e-3,
    "betas": (0.9, 0.98),
    "clip": 1.0,
    "sg_optimizer": "rls",
    "sees_cell": True,
    "scale": 1.0,
    "evaluate_every": 2000,
}
PLAIN_ADAM = {"learning_rate": 3e-3, "betas": (0.9, 0.999), "clip": 0.0}
OF_FOLLOWING = {"bptt": PLAIN_ADAM, "cdni": {"sg_optimizer": "adam", **WITH_LABELS}}
PAPER = {"learning_rate": 7e-5}
TEXT = {"task": "characters", "units": 128, "hidden": (128,), "batch_size": 32}


def copying(task, name):
    """The recipes of Copy, or of Repeat Copy."""
    about, rules = f"{name}, LSTM of 64 units", {"cdni": WITH_LABELS}
    quick = SequenceSettings(task=task, samples=200_000, **SMALL)
    longer = SequenceSettings(task=task, samples=1_000_000, **SMALL)
    paper = SequenceSettings(task=task, steps=2_500_000, **PAPER)
    following = SequenceSettings(task=task, samples=300_000, **FOLLOWING)
    soon = SequenceSettings(task=task, samples=100_000, **FOLLOWING)
    squares = f"{about}, guesses by least squares"
    own = f"{name} with the paper's own schedule: 2.5M steps of Adam at 7e-5"
    return {
        f"{task}-quick": Recipe(f"{about}, half a minute a run", quick, rules),
        task: Recipe(f"{about}, a few minutes a run", longer, rules),
        f"{task}-rls-quick": Recipe(f"{squares}, half a minute a run", soon, OF_FOLLOWING),
        f"{task}-rls": Recipe(f"{squares}, two minutes a run", following, OF_FOLLOWING),
        f"{task}-paper": Recipe(own, paper, {}),
    }


RECIPES = {
    **copying("copy", "Copy"),
    **copying("repeat-copy", "Repeat Copy"),
    "characters-quick": Recipe(
        "characters, LSTM of 128 units, a minute or two a run",
        SequenceSettings(unroll=8, learning_rate=3e-3, steps=6000, evaluate_every=500, **TEXT),
        {},
    ),
    "characters": Recipe(
        "characters, LSTM of 128 units, a text read three times: a few minutes a run",
        SequenceSettings(unroll=4, learning_rate=2e-3, epochs=3, evaluate_every=2000, **TEXT),
        {},
    ),
    "characters-paper": Recipe(
        "characters with the paper's own 1024 units, Adam at 7e-5, to the first rise in validation",
        SequenceSettings(
            task="characters",
            unroll=5,
            units=1024,
            hidden=(1024,),
            steps=2_500_000,
            patience=1,
            evaluate_every=5000,
            **PAPER,
        ),
        {},
    ),
}

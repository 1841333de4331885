"""Settings by name, for sequences: a quick one, what a CPU can do in hours, the paper's own.

Paper's own means Jaderberg et al. 2017, section D.2: Adam at 7e-5 and batches of 256, for all rules.
"""

from dni_np.experiments.feedforward.recipes import Recipe
from dni_np.experiments.sequences.settings import SequenceSettings

# The linear guess, its fast rate and whole targets are ours: measured over a million samples of Copy (see the README).
SMALL = {
    "units": 64,
    "hidden": (),
    "batch_size": 64,
    "sg_learning_rate": 1e-2,
    "scaled_target": False,
    "evaluate_every": 500,
}
# A guess that sees the labels may have its whole weight, and a hidden layer. It gains from batches of 32, truncated
# backpropagation does not (see the README).
LABELED = {"cdni": {"hidden": (256,), "sg_learning_rate": 1e-3, "scale": 1.0, "batch_size": 32}}
PAPER = {"learning_rate": 7e-5}

RECIPES = {
    "copy-quick": Recipe(
        "Copy, LSTM of 64 units, half a minute a run",
        SequenceSettings(task="copy", samples=200_000, **SMALL),
        LABELED,
    ),
    "copy": Recipe(
        "Copy, LSTM of 64 units, a few minutes a run",
        SequenceSettings(task="copy", samples=1_000_000, **SMALL),
        LABELED,
    ),
    "copy-paper": Recipe(
        "Copy with the paper's own schedule: 2.5M steps of Adam at 7e-5",
        SequenceSettings(task="copy", steps=2_500_000, **PAPER),
        {},
    ),
    "repeat-copy-quick": Recipe(
        "Repeat Copy, LSTM of 64 units, half a minute a run",
        SequenceSettings(task="repeat-copy", samples=200_000, **SMALL),
        LABELED,
    ),
    "repeat-copy": Recipe(
        "Repeat Copy, LSTM of 64 units, a few minutes a run",
        SequenceSettings(task="repeat-copy", samples=1_000_000, **SMALL),
        LABELED,
    ),
    "repeat-copy-paper": Recipe(
        "Repeat Copy with the paper's own schedule: 2.5M steps of Adam at 7e-5",
        SequenceSettings(task="repeat-copy", steps=2_500_000, **PAPER),
        {},
    ),
    "characters-quick": Recipe(
        "characters, LSTM of 128 units, a minute or two a run",
        SequenceSettings(
            task="characters",
            unroll=8,
            units=128,
            hidden=(128,),
            batch_size=32,
            learning_rate=3e-3,
            steps=6000,
            evaluate_every=500,
        ),
        {},
    ),
    "characters": Recipe(
        "characters, LSTM of 128 units, a text read three times: a few minutes a run",
        SequenceSettings(
            task="characters",
            unroll=4,
            units=128,
            hidden=(128,),
            batch_size=32,
            learning_rate=2e-3,
            epochs=3,
            evaluate_every=2000,
        ),
        {},
    ),
    "characters-paper": Recipe(
        "characters with the paper's own 1024 units, Adam at 7e-5, stopped at the first rise in validation",
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

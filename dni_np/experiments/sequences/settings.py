"""What a run on sequences is: one SequenceSettings says all of it."""

from dataclasses import dataclass

from dni_np.experiments.checked import Checked

RULES = {
    "bptt": "truncated backpropagation through time: nothing from after the chunk",
    "dni": "a synthetic gradient where the chunk ends, for all that comes after it",
    "dni-aux": "the same, and it foresees the synthetic gradient of the next chunk's end",
    "cdni": "a synthetic gradient from the state and the labels of the steps to come (not in the paper)",
}
COPYING = ("copy", "repeat-copy")
TASKS = (*COPYING, "characters")


@dataclass(frozen=True)
class SequenceSettings(Checked):
    """All that defines a run. Saved with it; equal settings give runs equal bit for bit (see README).

    Copy and Repeat Copy end after `samples` sequences, characters after `epochs` readings of the text: figures 16
    and 17 compare rules and lengths of chunks after the same experience, and an update of a long chunk sees more of
    a sequence than one of a short chunk.
    `steps` limits the updates, as the paper does (2.5 million); where both are given the first to come ends the run.
    """

    task: str = "copy"  # the command it belongs to
    data: str = "library"  # of characters: "library", "shakespeare", or a text file or folder
    rule: str = "dni"
    unroll: int = 3  # T, the time steps of a chunk
    units: int = 256  # of the LSTM
    hidden: tuple[int, ...] = (256,)  # hidden layers of the synthetic gradient model; () is linear
    batch_size: int = 256
    learning_rate: float = 1e-3  # Adam's, never lowered
    sg_learning_rate: float = 0.0  # of the synthetic gradient model; 0: the same
    scale: float = 0.1  # the guess is multiplied by it where the core consumes it
    scaled_target: bool = True  # are targets made of the scaled guess, or of the whole one?
    error_into_core: bool = False  # does the error of the guess teach the core, too?
    look_ahead: int = 12  # of cdni: how many labels the guess sees
    steps: int = 0  # updates, one for each chunk; 0: no limit
    samples: int = 0  # of Copy and Repeat Copy: sequences seen; 0: no limit
    epochs: int = 0  # of characters: times that the text is read; 0: no limit
    patience: int = 0  # of characters: end once so many validations in a row were not better; 0: never
    evaluate_every: int = 1000  # steps between measurements
    checkpoint_every: int = 10_000  # steps between checkpoints; 0: only at the end
    seed: int = 0

    def checks(self):
        copying = self.task in COPYING
        return {
            "task": (self.task in TASKS, f"one of {', '.join(TASKS)}"),
            "rule": (self.rule in RULES, f"one of {', '.join(RULES)}"),
            "unroll": (1 <= self.unroll <= 10_000, "from 1 to 10000"),
            "units": (self.units >= 1, "at least 1"),
            "hidden": (all(n >= 1 for n in self.hidden), "at least 1 unit a layer"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (self.learning_rate > 0, "positive"),
            "sg_learning_rate": (self.sg_learning_rate >= 0, "positive, or 0 for the same as learning_rate"),
            "scale": (self.scale >= 0, "positive, or 0 for no guess at all"),
            "look_ahead": (1 <= self.look_ahead <= 10_000, "from 1 to 10000"),
            "samples": (self.samples >= 0, "positive, or 0 for no limit"),
            "epochs": (self.epochs >= 0, "positive, or 0 for no limit"),
            "steps": (
                self.steps >= 1 or (self.steps == 0 and (self.samples if copying else self.epochs) > 0),
                f"at least 1 where --{'samples' if copying else 'epochs'} does not end the run",
            ),
            "patience": (self.patience >= 0, "positive, or 0 to go on to the last step"),
            "evaluate_every": (self.evaluate_every >= 1, "at least 1"),
            "checkpoint_every": (self.checkpoint_every >= 0, "positive, or 0 for the end only"),
            "seed": (self.seed >= 0, "0 or more"),
        }

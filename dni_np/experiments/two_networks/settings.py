"""What a run with two networks is: one ClockSettings says all of it."""

from dataclasses import dataclass

from dni_np.experiments.checked import Checked

TASK = "two-clocks"
RULES = {
    "locked": "the true gradient of every message: A waits until B has been asked",
    "decoupled": "a synthetic gradient when a message is sent: A does not wait",
    "decoupled-label": "the same, and the guess sees how many threes there were so far (not in the paper)",
}


@dataclass(frozen=True)
class ClockSettings(Checked):
    """All that defines a run. Saved with it; equal settings give runs equal bit for bit (see README).

    A step is one stream for each member of the batch, T * ticks digits long, under both rules: the rules are
    compared after the same digits. In a step B moves once; A moves once (locked), or once a tick (decoupled).
    """

    task: str = TASK
    data: str = "mnist"  # "mnist", "digits", "auto", or a folder: images with labels 0 to 9
    rule: str = "decoupled"
    unroll: int = 3  # T: the digits that A sees between two messages, and the steps it is backpropagated through
    ticks: int = 0  # messages that B hears until it is asked; 0: as many as T
    units: int = 256  # of all layers of A and B
    hidden: tuple[int, ...] = (256,)  # hidden layers of the synthetic gradient model; () is linear
    batch_size: int = 256
    steps: int = 1000  # streams for each member of the batch
    learning_rate: float = 1e-3  # Adam's, for A and B
    sg_learning_rate: float = 0.0  # of the synthetic gradient model; 0: the same
    factor: float = 10.0  # the synthetic gradient is multiplied by it before it enters A
    decay_at: tuple[float, ...] = ()  # shares of the run; then A's and B's rates are divided by 10
    evaluate_every: int = 0  # steps between measurements; 0: fifty in a run
    checkpoint_every: int = 0  # steps between checkpoints; 0: ten in a run
    seed: int = 0

    @property
    def messages(self):
        """That B hears before it is asked."""
        return self.ticks or self.unroll

    def checks(self):
        return {
            "task": (self.task == TASK, TASK),
            "rule": (self.rule in RULES, f"one of {', '.join(RULES)}"),
            "unroll": (1 <= self.unroll <= 1000, "from 1 to 1000"),
            "ticks": (0 <= self.ticks <= 1000, "from 1 to 1000, or 0 for as many as T"),
            "units": (self.units >= 1, "at least 1"),
            "hidden": (all(n >= 1 for n in self.hidden), "sizes of at least 1"),
            "batch_size": (self.batch_size >= 2, "at least 2"),
            "steps": (self.steps >= 1, "at least 1"),
            "learning_rate": (self.learning_rate > 0, "positive"),
            "sg_learning_rate": (self.sg_learning_rate >= 0, "positive, or 0 for the same as learning_rate"),
            "factor": (self.factor >= 0, "positive, or 0 for no gradient from B"),
            "decay_at": (all(0 < share <= 1 for share in self.decay_at), "shares of the run between 0 and 1"),
            "evaluate_every": (self.evaluate_every >= 0, "positive, or 0 for fifty times in a run"),
            "checkpoint_every": (self.checkpoint_every >= 0, "positive, or 0 for ten in a run"),
            "seed": (self.seed >= 0, "0 or more"),
        }

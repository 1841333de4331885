"""Learning rates that change: a schedule maps an optimizer's own step count to a rate.

Each optimizer counts its own steps, so that decoupled layers, which may update at
different times, need no common clock.
"""

from dataclasses import dataclass

from dni_np.errors import UserError


@dataclass(frozen=True)
class StepDecay:
    """rate * factor^k, where k counts the milestones in `at` that have been reached.

    Jaderberg et al. 2017, section D.1: StepDecay(3e-5, at=(300_000, 400_000), factor=0.1).
    """

    rate: float
    at: tuple = ()
    factor: float = 0.1

    def __post_init__(self):
        if not self.rate > 0:
            raise UserError(f"the learning rate must be positive, not {self.rate}")

    def __call__(self, step):
        return self.rate * self.factor ** sum(step >= milestone for milestone in self.at)


def as_schedule(learning_rate):
    """A number becomes a schedule that never changes."""
    return learning_rate if callable(learning_rate) else StepDecay(learning_rate)

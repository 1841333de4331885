"""Schedules: learning rates that change; a schedule maps a step count to a rate.

An optimizer calls its schedule with the number of its own updates. In a run where parts update
less often than others (sparse updates), or more often (the faster of two networks), that number
is not the run's step: a layer that learns from every fifth batch would never reach a milestone at
60 % of the run. `AtRunStep` gives any schedule the run's step instead, so that all parts of a
network lower their rates at the same moment. (Adam's bias correction still counts its own updates.)
"""

from dataclasses import dataclass

from dni_np.arguments import number, several
from dni_np.errors import UserError


@dataclass(frozen=True)
class StepDecay:
    """rate * factor^k, where k counts the milestones in `at` that have been reached.

    Milestones are counts of steps, rising: shares of a run are the caller's to multiply out.
    Jaderberg et al. 2017, section D.1: StepDecay(3e-5, at=(300_000, 400_000), factor=0.1).
    """

    rate: float
    at: tuple = ()
    factor: float = 0.1

    def __post_init__(self):
        number("the learning rate", self.rate, "(0, inf)")
        number("the factor of a StepDecay", self.factor, "(0, inf)")
        at = [number("a milestone", step, "[0, inf)") for step in several("milestones", self.at)]
        if any(0 < step < 1 for step in at):
            raise UserError(f"milestones are counts of steps, not shares of a run: {self.at}")
        if at != sorted(at):
            raise UserError(f"the milestones of a StepDecay must rise, not be {self.at}")

    def __call__(self, step):
        return self.rate * self.factor ** sum(step >= milestone for milestone in self.at)


@dataclass
class RunClock:
    """How many steps a run has made. The training loop counts; schedules read."""

    step: int = 0


@dataclass(frozen=True)
class AtRunStep:
    """`schedule` at the step of `clock`, whatever the optimizer's own count is."""

    schedule: object
    clock: RunClock

    def __call__(self, own_step):
        return self.schedule(self.clock.step)


def as_schedule(learning_rate):
    """A number becomes a schedule that never changes; any function of the step count is one."""
    if not callable(learning_rate):
        return StepDecay(learning_rate)
    number("the learning rate of the first step", learning_rate(0), "[0, inf)")
    return learning_rate

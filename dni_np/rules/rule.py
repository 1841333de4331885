"""Rule: the base class of every training rule.

A rule owns a stack of cores, lowest first, and trains them:

    metrics = rule.step(x, y)      one update; device scalars by name, "loss" among them
    prediction = rule.predict(x)   the test-time function, h_N(...h_1(x))
    rule.errors(x, y)              how many of these samples it gets wrong
    rule.drain()                   wait for all that the steps began; metrics that came late
    rule.state(), rule.load_state(state)      everything a resumed run needs

A step that fails (an error in the loss, Ctrl-C) leaves no guess waiting for a target, and what goes
from one step to the next is what it was before. The updates it had made by then stay.

Rules differ only in which gradient each core receives, and when. What a layer has to wait for is
the rule's `locks` (Jaderberg et al. 2017, section 1):

    forward     its input, until all layers below have run
    update      its gradient, until all layers above have run forward as well
    backward    its gradient, until all layers above have run backward as well

A synthetic gradient also waits until it can learn: for the unit above it, which makes its target.
What it waits for beyond that is the rule's `guess_locks`, from the same list. It can be
more than the layers wait for: with true gradients as targets the layers are forward locked only,
but every guess waits for a whole backpropagation.
"""

import copy
import functools

from dni_np.dni.waiting_guesses import WaitingGuesses

FORWARD, UPDATE, BACKWARD = LOCKS = ("forward", "update", "backward")


def numbered(name, owners):
    """{name0: the first, name1: the second, ...}."""
    return {f"{name}{i}": owner for i, owner in enumerate(owners)}


def guarded(step):
    """A rule's `step`. If it fails, no later target meets a guess that it had made."""

    @functools.wraps(step)
    def guarded_step(self, *batch, **options):
        carried = copy.copy(self.carried)
        try:
            return step(self, *batch, **options)
        except BaseException:  # also of Ctrl-C
            self.carried = carried
            self.forget()
            raise

    return guarded_step


class Rule:
    """Subclasses set `cores` and write `step` and `parts` (what has a state, by name)."""

    cores = ()
    locks = None  # some of LOCKS; None where that is not the question (time, two networks)
    guess_locks = None  # some of LOCKS; None where nothing is guessed
    carried = None  # what goes from one step to the next, in rules through time

    def __init_subclass__(cls):
        """Guard the step of every rule."""
        if "step" in vars(cls):
            cls.step = guarded(cls.step)

    def step(self, x, y):
        """One update from samples x (N, ...) with targets y; return metrics, "loss" among them."""
        raise NotImplementedError

    def parts(self):
        """What has a state, by name: layers, optimizers, waiting guesses, carried states."""
        raise NotImplementedError

    def predict(self, x):
        """x (N, ...) -> the network's output, with running statistics; nothing is updated."""
        for core in self.cores:
            x, _ = core.forward(x, training=False)
        return x

    def errors(self, x, y):
        """How many of the samples x (N, ...) with targets y are predicted wrongly: a scalar."""
        return self.loss_unit.loss.errors(self.predict(x), y)

    def drain(self):
        """Wait until all is done that the steps began; leave nothing that waits for a target (but
        see `late_targets`).

        Return the metrics of earlier steps that were not there yet when these ended: none here.
        """
        self.forget()
        return []

    def forget(self):
        """Forget the guesses whose targets have not come (a step that succeeds leaves none)."""
        if type(self).parts is Rule.parts:
            return  # a user's rule without `parts`: it cannot be saved either
        for owner in self.parts().values():
            if isinstance(owner, WaitingGuesses):
                owner.clear()

    def events(self):
        """What its workers noted, who did what when; a rule without workers notes nothing."""
        return []

    def close(self):
        """End the workers of a rule that has some (see `dni_np.parallel`)."""

    def state(self):
        """Host arrays by "part/name"; refused while guesses are waiting for their targets."""
        return state_of(self.parts())

    def load_state(self, state):
        """Restore what `state` returned, no guess waiting; the rule must have been built alike."""
        load_parts(self.parts(), state)


def state_of(parts):
    """Host arrays by "part/name" of {part: what has a state}."""
    return {
        f"{part}/{name}": value
        for part, owner in parts.items()
        for name, value in owner.state().items()
    }


def load_parts(parts, state):
    """Restore what `state_of` returned."""
    for part, owner in parts.items():
        prefix = part + "/"
        own = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        owner.load_state(own)

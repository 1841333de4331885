"""Waiting guesses: guesses whose targets have not come yet, each under a ticket.

    ticket                  names a batch: anything hashable, or by default a number that counts up
    a target without one    belongs to the oldest guess

In most rules a target comes at once. Where layers run independently it may come many updates of
the model later. To correct the present weights by an error of older weights is gradient descent
with a delay: it overshoots. So the model's input is kept. If the model was updated since, it
guesses again from that input, with its present weights, and this guess is compared with the target.

(Ours. MNIST, six layers, linear cDNI, 600 steps, three seeds: with targets in time the test error
is 4.2 %. One step late it is 11 % with the old guess and 4.1 % with the new one, four steps late
64 % and 4.8 %. See `rules.late_targets`.)

A rule forgets the guesses of a step that failed. In a loop of your own call `waiting.clear()`.
"""

from typing import Any, NamedTuple

from dni_np.errors import UserError
from dni_np.nn.checks import is_floats, refuse


class Guess(NamedTuple):
    """What the model saw, its guess and cache, and how often it had been updated by then."""

    h: Any
    context: Any
    guess: Any
    cache: Any
    updates: int


class WaitingGuesses(dict):
    """{ticket: Guess}, oldest first."""

    numbered = 0  # tickets given out so far
    anew = True  # else a late target corrects the guess of then (see `rules.late_targets`)

    def add(self, ticket, *guess):
        """Keep the fields of a Guess under `ticket`, or the next number: one guess a ticket."""
        if ticket is None:
            ticket, self.numbered = self.numbered, self.numbered + 1
        if ticket in self:
            raise UserError(
                f"a guess is waiting under the ticket {ticket!r} already: give each batch its own"
            )
        self[ticket] = Guess(*guess)

    def find(self, ticket, model, optimizer):
        """(ticket, guess, cache) of the one under `ticket`, or the oldest, as `model` guesses now.

        It goes on waiting, until it is deleted.
        """
        if not self:
            raise UserError("there are more targets than guesses: no guess is waiting for one")
        if ticket is None:
            ticket = next(iter(self))
        if ticket not in self:
            raise UserError(
                f"no guess is waiting under the ticket {ticket!r}: none was made, "
                "its target has come already, or its step failed"
            )
        h, context, guess, cache, updates = self[ticket]
        if self.anew and optimizer.steps != updates:
            # A batchnorm in the model counts this batch twice in its running statistics. They are
            # not used: at test time there are no guesses.
            guess, cache = model.forward(h, context)
        return ticket, guess, cache

    def state(self):
        """Nothing: a checkpoint holds no guesses, and is refused while some are waiting."""
        if self:
            raise UserError(
                f"{len(self)} guesses are waiting for their targets, which a checkpoint cannot "
                "hold: let the targets come first, or call drain() to forget the guesses"
            )
        return {}

    def load_state(self, state):
        """A network that was loaded starts with none."""
        self.clear()


def difference(guess, target):
    """guess - target, both of one shape: per sample, the gradient of 1/2 ||guess - target||^2."""
    if not (is_floats(target) and target.shape == guess.shape):
        refuse("a guess", target, "floats", guess.shape, " as a target")
    return guess - target

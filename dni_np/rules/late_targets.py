"""Late targets: every target comes some batches after its guess, as it does to real workers.

    z_k of batch n     is fitted after batch n + D, by the model of that time

Between workers (see `dni_np.parallel`) how late a target comes depends on the machine. Here it is
a setting, so that what lateness costs can be measured, with two ways to learn from a late target:

    anew     M guesses again from what it saw at batch n, and that guess is corrected (workers do)
    kept     the guess of then is corrected: gradient descent with a delayed error, which overshoots

With D = 0 both are `lambda_targets` and, with lambda = 0 as well, `dni_chain`, bit for bit.
To measure or to save changes nothing: what waits is in the state (`late_state`), and targets of the
last D batches of a run never come.

(Ours. MNIST, six layers, linear cDNI, 600 steps, four batches late, three seeds: test error 4.8 %
anew and 64 % kept with lambda = 0, 2.7 and 29 with 0.9. notebooks/RESULTS.md has the table.)
"""

from collections import deque

from dni_np.arguments import size
from dni_np.dni.waiting_guesses import WaitingGuesses
from dni_np.errors import UserError
from dni_np.rules.lambda_targets import LambdaTargets
from dni_np.rules.late_state import load_late, state_of_late
from dni_np.rules.rule import state_of

ANEW, KEPT = LEARNED = ("anew", "kept")


class LateTargets(LambdaTargets):
    """LambdaTargets with each target `late` batches late, learned from a guess in LEARNED."""

    def __init__(self, *arguments, lambdas=(0.0,), late=1, learned_from=ANEW):
        super().__init__(*arguments, lambdas=lambdas)
        if learned_from not in LEARNED:
            raise UserError(
                f"a late target corrects the guess {' or '.join(LEARNED)}, not {learned_from!r}"
            )
        self.late, self.coming = size("late", late, least=0), deque()
        for unit in self.units:
            unit.waiting.anew = learned_from == ANEW

    def step(self, x, y):
        self.coming.append([])
        metrics = super().step(x, y)
        if len(self.coming) > self.late:
            self.fit_oldest(metrics)
        return metrics

    def target_comes(self, i, z, metrics):
        """Put it with those of its batch."""
        self.coming[-1].append((i, z))

    def fit_oldest(self, metrics):
        """Fit the guesses of the oldest batch that waits."""
        for i, z in self.coming.popleft():
            self.fit_guess(i, z, metrics)

    def drain(self):
        """Nothing: a target comes with its batch, however long one waits for it."""
        return []

    def state(self):
        """Host arrays by name, with the guesses and the targets that wait."""
        parts = {
            name: owner
            for name, owner in self.parts().items()
            if not isinstance(owner, WaitingGuesses)
        }
        return {**state_of(parts), **state_of_late(self.units, self.coming)}

    def load_state(self, state):
        super().load_state(state)
        self.coming = load_late(self.units, state)

    def forget(self):
        super().forget()
        self.coming.clear()

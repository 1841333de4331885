"""Lambda targets: layers learn from their guesses at once, guesses from what skips other guesses.

    g_k = M(h_k)                                      the core learns from its own guess, as in DNI
    z_k = (lambda_{k+1} z_{k+1} + (1 - lambda_{k+1}) g_{k+1}) dh_{k+1}/dh_k          its target
    z_K = dL/dh_K                                     at the top the true gradient

In the chain of `dni_chain` every target is made of the next guess, and errors multiply on the way
down. Here it is a weighted mean of the true gradient and of all guesses above, each backpropagated:
the lambda-return of TD(lambda), along the layers. In `bp_lambda` the same mean is what the *cores*
learn from, and they wait for it; here only the guesses wait. lambda = 0 everywhere is DNI; lambda =
1 everywhere gives every guess the true gradient.

All z use the weights of the batch's forward pass. So that they need no copy, a core here makes its
update, which depends on its own guess alone, after it has sent z down. Cost: one more backward pass
through each unit whose lambda is not 0 (the lowest unit's plays no part), and the caches of all
units are kept until then.

On several workers (see `dni_np.parallel`) a core cannot wait for z. It is updated at once and keeps
a copy of its weights, with which z goes down when it comes; what is learned is the same.

MNIST, 21 layers, linear cDNI, 1,500 steps, seeds 0 to 2: test error 69 to 75 % with lambda 0, 2.0
to 2.1 with 0.9, 2.4 to 2.8 with 1 (ours; notebooks/RESULTS.md has the command).
"""

from dni_np.rules.bp_lambda import one_for_each
from dni_np.rules.complete_unlock import CompleteUnlock
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.rule import BACKWARD, UPDATE
from dni_np.rules.sparse_updates import SparseUpdates


class LambdaTargets(DNIChain):
    """A DNIChain with `lambdas`: one number, 0 to 1, for each unit, lowest first, or for all."""

    def __init__(self, *arguments, lambdas):
        super().__init__(*arguments)
        self.lambdas = one_for_each(lambdas, len(self.units))
        if any(self.lambdas[1:]):
            self.guess_locks = (*self.locks, UPDATE, BACKWARD)
        self.passes = [{} for _ in self.units]  # on workers: what waits for z, by ticket

    def step(self, x, y):
        context, metrics, h, passes = self.context(x, y), {}, x, []
        inputs = self.guess_inputs(range(len(self.cores)), x, context)
        for i, unit in enumerate(self.units):
            guess, h, cache = unit.forward_and_guess(inputs.get(i, h), context)
            passes.append((guess, cache))
            if i + 1 in inputs:
                self.fit_input_guess(i + 1, h, metrics)
        z, metrics["loss"] = self.loss_unit.train(inputs.get(len(passes), h), y, context)
        for i in reversed(range(len(self.units))):
            self.target_comes(i, z, metrics)
            z = self.update_core(i, z, *passes[i])
        return metrics

    def target_comes(self, i, z, metrics):
        """The target of the guess of units[i] is there."""
        self.fit_guess(i, z, metrics)

    def update_core(self, i, z, guess, cache):
        """Update core i by its guess (N, ...); return the target below, made of the guess and z."""
        unit, lam = self.units[i], self.lambdas[i]
        if i > 0 and lam > 0 and z is not None:
            below = unit.core.backward(lam * z + (1 - lam) * guess, cache)
            unit.core.backward(guess, cache, input_gradient=False)  # the gradients of this one stay
        else:
            below = unit.core.backward(guess, cache, input_gradient=i > 0)
        unit.core_optimizer.step()
        return below

    def train_unit(self, i, h, y, context, metrics, ticket=None):
        if i == 0 or i == len(self.units) or self.lambdas[i] == 0:
            return super().train_unit(i, h, y, context, metrics, ticket)
        unit = self.units[i]
        guess, h, cache = unit.forward_and_guess(h, context, ticket)
        self.passes[i][ticket] = guess, cache, unit.core_optimizer.params.copy()
        unit.core.backward(guess, cache, input_gradient=False)
        unit.core_optimizer.step()
        return None, h

    def target_below(self, i, z, ticket):
        if ticket not in self.passes[i]:
            return None  # it went down when the unit was trained
        guess, cache, weights = self.passes[i].pop(ticket)
        unit, lam = self.units[i], self.lambdas[i]
        params = unit.core_optimizer.params
        newest = params.copy()
        params[...] = weights
        below = unit.core.backward(lam * z + (1 - lam) * guess, cache)
        params[...] = newest
        return below

    def forget(self):
        super().forget()
        for passes in self.passes:
            passes.clear()


class LambdaUnlock(LambdaTargets, CompleteUnlock):
    """The same where layers do not wait for their inputs either; the last argument is `inputs`."""


class LambdaSparse(LambdaTargets, SparseUpdates):
    """The same where layers are updated at random; the last arguments are `probability` and `rng`.

    No z comes from a layer that is not updated; the next unit below then sends its own guess
    whole, as with lambda = 0.
    """

    def step(self, x, y):
        active = self.coins.draw(self.probability)
        context, metrics, h, passes = self.context(x, y), {}, x, []
        for i, unit in enumerate(self.units):
            guess = None
            if active[i] or active[i + 1]:
                guess, h, cache = unit.forward_and_guess(h, context)
            else:
                h, cache = unit.core.forward(h)
            passes.append((guess, cache))
        z = self.train_top(active[-1], h, y, context, metrics)
        for i in reversed(range(len(self.units))):
            if z is not None:
                self.fit_guess(i, z, metrics)
            z = self.update_core(i, z, *passes[i]) if active[i] else None
        self.forget()  # guesses whose target was never made
        return metrics

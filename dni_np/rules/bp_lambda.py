"""BP(lambda): a layer learns from a weighted mean of its guess and the backpropagated gradient.

(Jaderberg et al. 2017, section A.2.)

    g_k    = M(h_k)                                what the layer's own model guesses
    z_k    = gbar_{k+1} dh_{k+1}/dh_k              what comes back; at the top the true gradient
    gbar_k = lambda_k z_k + (1 - lambda_k) g_k     what the layer learns from, and hands on down
    M learns 1/2 ||g_k - z_k||^2, with z_k a constant

Written out, gbar_k is a weighted mean of the true gradient and of all guesses from layer k upwards,
each backpropagated to h_k; the weights sum to 1, as those of the n-step returns in TD(lambda).

lambda = 0 everywhere is the DNI chain, where no layer waits. lambda = 1 everywhere is
backpropagation: the models still learn, but no layer uses them. With zeros and ones (all that the
paper used) the network is cut after the layers of lambda 0. In between every layer waits for those
above it.
"""

from dni_np.arguments import number, several
from dni_np.errors import UserError
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.rule import FORWARD, LOCKS

LAMBDA = "lambda (0: the guess alone, 1: backpropagation alone)"


class BPLambda(DNIChain):
    """A DNIChain with `lambdas`: one number, 0 to 1, for each unit, lowest first, or for all."""

    def __init__(self, units, loss_unit, classes, lambdas):
        super().__init__(units, loss_unit, classes)
        self.lambdas = one_for_each(lambdas, len(self.units))
        self.locks = self.guess_locks = LOCKS if any(self.lambdas) else (FORWARD,)

    def step(self, x, y):
        context, metrics, h, passes = self.context(x, y), {}, x, []
        for unit in self.units:
            guess, h, cache = unit.forward_and_guess(h, context)
            passes.append((guess, cache))
        z, metrics["loss"] = self.loss_unit.train(h, y, context)
        for i in reversed(range(len(self.units))):
            unit, lam, (guess, cache) = self.units[i], self.lambdas[i], passes[i]
            self.fit_guess(i, z, metrics)
            z = unit.core.backward(lam * z + (1 - lam) * guess, cache, input_gradient=i > 0)
            unit.core_optimizer.step()
        return metrics


def one_for_each(lambdas, units):
    """A list of `units` numbers between 0 and 1, from as many or from one."""
    lambdas = [number(LAMBDA, lam, "[0, 1]") for lam in several("lambdas", lambdas)]
    if len(lambdas) not in (1, units):
        raise UserError(
            f"a network with {units} guesses needs {units} lambdas, or one for all, "
            f"not {len(lambdas)}"
        )
    return lambdas if len(lambdas) == units else lambdas * units

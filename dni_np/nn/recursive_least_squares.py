"""Recursive least squares: the optimizer of a linear model that must follow a moving target.

    phi = [x, 1]   (N, D)        what the linear model y = phi W sees; b is the last row of W
    err = y - target   (N, K)
    A <- beta A + phi^T phi / N                                      what it has seen, discounted
    W <- W - (A + ridge trace(A)/D I)^-1 phi^T err / N

With beta = 1, ridge = 0 and batches of one size, W is the least-squares fit of all rows so far,
whatever it was at first. With beta < 1 older batches count less, and W follows what changes: under
a synthetic gradient the core, which makes both x and the targets. SGD and Adam follow more slowly,
in many small steps. There is no learning rate.

The ridge (Tikhonov's) keeps W at rest in directions that x never takes, and the condition number
of the solve below D / ridge + 1. It is relative to the mean of A's diagonal, so the scale of x does
not matter. A^-1 is not carried from step to step, as in the textbooks' recursion: A is factored
anew in every step. (On MNIST, six layers, linear cDNI, 600 steps, the test error is 2.5 % with a
fresh inverse and 17 % with one that is up to 4 steps old: x turns to directions in which that one
is 1 / ridge.)

Memory: A and phi^T phi, 2 D^2 numbers, where Adam has 2 D K; within a step 3 D^2 + D K more.
Floating-point operations of a step: N D^2 for phi^T phi, D^3 / 3 for the factor, 2 D^2 K for the
solve. For D = 266 and K = N = 256 that is 1.7 times the 2 N D K of a forward pass. A step of linear
cDNI with six layers of 256 takes 1.5 times as long as with Adam for the guesses (one BLAS thread of
an AMD EPYC; two: 1.6). The solve is most of it, 1.1 ms of a guess's 1.5; phi^T phi is 0.3.

(Ljung & Soderstrom 1983, "Theory and Practice of Recursive Identification", for the recursion with
a forgetting factor: from memory, not checked. Its use for synthetic gradients is ours.)
"""

import numpy as np

from dni_np.arguments import number
from dni_np.backend import asarray, to_numpy, xp
from dni_np.errors import Diverged, UserError
from dni_np.nn.cholesky_solve import cholesky_solve
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import Optimizer

TINY = 1e-37


class RecursiveLeastSquares(Optimizer):
    """Fit `model`, whose parameters are those of one Linear layer, to the error 1/2 ||err||^2 only.

    It takes the place of SGD or Adam: backward writes the gradient, `step` uses it. It also needs
    the second derivative of the mean loss, phi^T phi / N. From here on the layer's backward pass
    writes that beside the gradient, as grads["hessian"]: both are always of the same batch.
    """

    def __init__(self, model, beta=0.98, ridge=1e-3):
        self.beta = number("beta", beta, "(0, 1]")
        self.ridge = number("ridge", ridge, "[0, inf)")
        leaves = [leaf for leaf in model.leaves() if leaf.params]
        if len(leaves) != 1 or not isinstance(leaves[0], Linear):
            kinds = ", ".join(type(leaf).__name__ for leaf in leaves)
            raise UserError(
                "recursive least squares fits a model of one Linear layer, "
                f"not of {kinds or 'none'}: take a linear model (hidden=()), or another optimizer"
            )
        super().__init__(model, 1)
        self.linear = leaves[0]
        self.outputs = self.linear.params["W"].shape[1]  # K
        D = self.params.size // self.outputs
        self.linear.grads["hessian"] = xp.zeros((D, D), self.params.dtype)
        self.A = xp.zeros((D, D), self.params.dtype)

    def update(self, rate):
        A = self.beta * self.A
        A += self.linear.grads["hessian"]
        W, gradient = (flat.reshape(len(A), self.outputs) for flat in (self.params, self.grads))
        W -= self.solve(A, gradient)
        self.A = A

    def solve(self, A, gradient):
        """(A + ridge trace(A)/D I)^-1 gradient, (D, K)."""
        system = A.copy()
        diagonal = system.reshape(-1)[:: len(A) + 1]  # a view
        diagonal += self.ridge * diagonal.mean() + TINY  # TINY: where x was never anything but 0
        try:
            return cholesky_solve(system, gradient)
        except np.linalg.LinAlgError:
            if not bool(xp.isfinite(A).all()):
                raise Diverged(
                    "training diverged: what a linear synthetic gradient sees is no longer finite: "
                    "lower the learning rate (--learning-rate)"
                ) from None
            raise UserError(
                f"a least-squares fit of {len(A)} inputs with a ridge of {self.ridge:g} cannot be "
                f"solved in {A.dtype}: some inputs are sums of others; take a larger ridge, as 1e-3"
            ) from None

    def state(self):
        return {**super().state(), "A": to_numpy(self.A).copy()}

    def load_state(self, state):
        super().load_state(state)
        self.A = asarray(state["A"], self.A.dtype)

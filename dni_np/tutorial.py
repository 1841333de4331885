"""The idea in two small classes, after trask 2017, "Deep Learning without Backpropagation".

`Layer` learns from the gradient that comes back from above. `DNI` (a decoupled neural
interface) guesses that gradient from its own output, uses the guess at once, and
corrects the guesser when the better gradient arrives:

    guess = output M          weights -= rate * input^T (guess * f'(output))      at once
    error = guess - arrived         M -= rate * output^T error                    later

Everything is visible and nothing is general: `unit` does the same around any core.
Gradients are summed over the batch here, as in the tutorial; the rest of the package
takes means, so its learning rate for the same run is N times this one.

Two things differ from the tutorial's listing. It prints `+=` for both updates, which
moves M *up* its squared error; descent is `-=`. And it backpropagates through the
weights after their update, where the chain rule wants those that made the output.
"""

from dni_np.backend import asarray, xp
from dni_np.nn.initializers import trask_normal


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return 1 / (1 + xp.exp(-x))


def sigmoid_out2deriv(output):
    """The sigmoid's slope, from its output."""
    return output * (1 - output)


class Layer:
    """output = nonlin(input weights), learned by backpropagation."""

    def __init__(self, input_dim, output_dim, nonlin, nonlin_deriv, rng):
        self.weights = asarray(trask_normal(input_dim, output_dim, rng))
        self.nonlin, self.nonlin_deriv = nonlin, nonlin_deriv

    def forward(self, input):
        self.input = input  # (N, input_dim)
        self.output = self.nonlin(input @ self.weights)  # (N, output_dim)
        return self.output

    def backward(self, output_delta):
        self.weight_output_delta = output_delta * self.nonlin_deriv(self.output)
        return self.weight_output_delta @ self.weights.T  # (N, input_dim)

    def update(self, alpha=0.1):
        self.weights -= alpha * self.input.T @ self.weight_output_delta


class DNI:
    """The same layer, learned from a synthetic gradient that a matrix guesses.

    The guesser looks at the layer's output; with `context_dim` also at a context, for
    instance the labels. As in the tutorial, `alpha` is the rate of both; the guesser diverges
    at a rate that suits the layer (notebook 1 finds the bound), so keep it low.
    """

    def __init__(self, input_dim, output_dim, nonlin, nonlin_deriv, rng, alpha=0.1, context_dim=0):
        self.weights = asarray(trask_normal(input_dim, output_dim, rng))
        self.weights_synthetic_grads = asarray(trask_normal(output_dim + context_dim, output_dim, rng))
        self.nonlin, self.nonlin_deriv = nonlin, nonlin_deriv
        self.alpha = alpha

    def forward_and_synthetic_update(self, input, context=None):
        """Return (what goes back, what goes on)."""
        output = self.nonlin(input @ self.weights)  # (N, output_dim)
        self.seen = output if context is None else xp.concatenate([output, context], axis=1)
        self.synthetic_gradient = self.seen @ self.weights_synthetic_grads  # (N, output_dim)

        weight_synthetic_gradient = self.synthetic_gradient * self.nonlin_deriv(output)
        back = weight_synthetic_gradient @ self.weights.T  # (N, input_dim)
        self.weights -= self.alpha * input.T @ weight_synthetic_gradient
        return back, output

    def update_synthetic_weights(self, true_gradient):
        """Move the guess toward the gradient that arrived, (N, output_dim)."""
        synthetic_gradient_delta = self.synthetic_gradient - true_gradient
        self.weights_synthetic_grads -= self.alpha * self.seen.T @ synthetic_gradient_delta

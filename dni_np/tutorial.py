"""Page one: a layer that does not wait, after trask 2017, "Deep Learning without Backpropagation".

    python -m dni_np.tutorial       three networks learn to add, in a few seconds

`Layer` learns from the gradient that comes back from above. `DNI` (a decoupled neural
interface) guesses that gradient from its own output, uses the guess at once, and
corrects it when a better gradient arrives:

    guess = output M          weights -= alpha * input^T (guess * f'(output))      at once
    error = guess - arrived         M -= alpha * output^T error                    later

Everything is visible and nothing is general: dni/unit.py does the same around any core.
Gradients are summed over the batch here, as in the tutorial; the rest of the package
takes means, so its learning rate for the same run is N times this one.

Two things differ from the tutorial's listing. It prints `+=` for both updates, which
takes M *up* its squared error; descent is `-=`. And it backpropagates through the
weights after their update, where the chain rule wants those that made the output.
"""

import numpy as np

from dni_np.backend import asarray, to_numpy, xp
from dni_np.data.binary_addition import every_sum
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
    """The same layer, learned from a synthetic gradient: a matrix guesses it.

    The guess is made from the layer's output; with `context_dim` also from a context, for
    instance the label. `sg_alpha` is the guess's own rate (default: `alpha`, as in the
    tutorial): at a rate that suits the layer the guess diverges (notebook 01 finds the bound).
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        nonlin,
        nonlin_deriv,
        rng,
        alpha=0.1,
        context_dim=0,
        sg_alpha=None,
    ):
        self.weights = asarray(trask_normal(input_dim, output_dim, rng))
        seen_dim = output_dim + context_dim
        self.weights_synthetic_grads = asarray(trask_normal(seen_dim, output_dim, rng))
        self.nonlin, self.nonlin_deriv = nonlin, nonlin_deriv
        self.alpha, self.sg_alpha = alpha, alpha if sg_alpha is None else sg_alpha

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
        """Correct the guess by the gradient that arrived, (N, output_dim)."""
        synthetic_gradient_delta = self.synthetic_gradient - true_gradient
        self.weights_synthetic_grads -= self.sg_alpha * self.seen.T @ synthetic_gradient_delta


def backpropagation_step(layer_1, layer_2, layer_3, x, y, alpha):
    """Every layer waits for the gradient from the one above."""
    layer_3_out = layer_3.forward(layer_2.forward(layer_1.forward(x)))
    layer_1.backward(layer_2.backward(layer_3.backward(layer_3_out - y)))
    for layer in (layer_1, layer_2, layer_3):
        layer.update(alpha)


def dni_step(layer_1, layer_2, layer_3, x, y, alpha, context=None):
    """Layers 1 and 2 learn before layer 3 has seen the batch; a guess corrects a guess."""
    _, layer_1_out = layer_1.forward_and_synthetic_update(x, context)
    layer_2_back, layer_2_out = layer_2.forward_and_synthetic_update(layer_1_out, context)
    layer_1.update_synthetic_weights(layer_2_back)

    layer_3_back = layer_3.backward(layer_3.forward(layer_2_out) - y)  # the only true gradient
    layer_3.update(alpha)
    layer_2.update_synthetic_weights(layer_3_back)


def learn_to_add(kind, bits=6, steps=12_000, alpha=0.2, sg_alpha=0.005, seed=0, held_out=200):
    """Train three layers; return the share of wrong bits (%) on sums held out, four times.

    `kind` is "backpropagation", "DNI" (a guess sees the layer's output) or "cDNI" (the label, too).
    """
    rng = np.random.default_rng(seed)
    x, y = every_sum(bits)  # (1024, 12) and (1024, 6)
    order = rng.permutation(len(x))
    test, train = order[:held_out], order[held_out:]
    f = sigmoid, sigmoid_out2deriv
    layer_3 = Layer(32, bits, *f, rng)
    if kind == "backpropagation":
        below = [Layer(2 * bits, 64, *f, rng), Layer(64, 32, *f, rng)]
    else:
        label = bits if kind == "cDNI" else 0
        below = [DNI(n, m, *f, rng, alpha, label, sg_alpha) for n, m in ((2 * bits, 64), (64, 32))]
        for layer in below:
            layer.weights_synthetic_grads[...] = 0  # the first guess is nothing: safe, if slow
    wrong = []
    for step in range(1, steps + 1):
        rows = rng.choice(train, 10)
        batch_x, batch_y = asarray(x[rows]), asarray(y[rows])
        if kind == "backpropagation":
            backpropagation_step(*below, layer_3, batch_x, batch_y, alpha)
        else:
            context = batch_y if kind == "cDNI" else None
            dni_step(*below, layer_3, batch_x, batch_y, alpha, context)
        if step % (steps // 4) == 0:
            out = asarray(x[test])
            for layer in (*below, layer_3):
                out = layer.nonlin(out @ layer.weights)
            wrong.append(100 * float(((to_numpy(out) > 0.5) != y[test]).mean()))
    return wrong


if __name__ == "__main__":
    print("6-bit sums: wrong bits on 200 sums never trained on (%), after 3,000 to 12,000 steps\n")
    for kind, about in (
        ("backpropagation", "every layer waits for its gradient"),
        ("DNI", "no layer waits; a guess sees the layer's output"),
        ("cDNI", "no layer waits; a guess sees the label as well"),
    ):
        errors = "".join(f"{error:7.1f}" for error in learn_to_add(kind))
        print(f"{kind:16}{errors}    {about}", flush=True)

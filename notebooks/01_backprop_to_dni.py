# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: -all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Can a layer learn without waiting for its gradient?
#
# | | |
# |---|---|
# | **Question** | Can a hidden layer be updated before the layers above it have done their work? |
# | **Time** | about 45 minutes |
# | **Level** | first notebook of the course: every line is explained; [words](glossary.md) |
# | **Needs** | NumPy and the chain rule; no deep-learning framework |
#
# ![One step, module by module: guess 1 learns from guess 2](figures/figure_9.gif)
#
# This notebook follows [trask's
# tutorial](https://iamtrask.github.io/2017/03/21/synthetic-gradients/) of 2017: how synthetic
# gradients are used, how they are made, what they are for, and then the code, with the tutorial's
# names. The idea is from Jaderberg et al. (2017, [paper](https://arxiv.org/abs/1608.05343)); the
# picture is their figure 9, step by step.
#
# ## 1. How synthetic gradients are used
#
# A layer has done its forward pass. In backpropagation it now waits for its gradient: how the loss
# changes with each of its outputs. A small model beside the layer has seen many outputs and the
# gradients that came back for them. So it **guesses** the gradient (orange). The layer takes the
# guess for the truth, is updated at once, and is ready for the next batch. The model is called a
# **synthetic gradient**.
#
# ## 2. How they are made
#
# The model is trained like any other, on pairs of an input (the layer's output) and a target (red).
# The target is a gradient that comes from the layer above a little later. But the layer above does
# not wait either: it has brought *its own guess* back through its weights. So guess 1 learns from
# guess 2, and only the last guess learns from the true gradient of the loss (dashed).

# %% [markdown]
# ## 3. Wait, what's the point?
#
# If the guess needs the gradient as a target anyway, what is won? Not the computation: there is
# more of it. What is won is *time between layers*. Give each layer its own worker. Layers that wait
# for each other are **locked**: most workers do nothing most of the time. With guesses each worker
# depends on the layer below, and for its own update on nobody above. The following picture is
# computed from these dependencies, at one unit of time for each box; a number is the batch that is
# worked on.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np import backend, tutorial
from dni_np.pictures import style
from dni_np.pictures.schedule import schedule
from dni_np.pictures.slider import slider
from dni_np.pictures.timeline import timeline

FAST = os.environ.get("DNI_NP_FAST") == "1"  # the same cells with shorter runs, for a quick check
backend.use("numpy")
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})

# %%
plans = {"backpropagation": schedule("locked", 3, 5), "DNI": schedule("dni", 3, 5)}
timeline(plans)

# %% [markdown]
# Two things to see. A guess is corrected (red) only when the layer above has finished its backward
# pass for the same batch; the layer was updated before that. And guessing costs two boxes a batch,
# so that three workers are not three times as fast. On one processor, as in this notebook, nothing
# gets faster at all: here we find out whether layers that do not wait *learn*.
#
# ## Names
#
# | | |
# |---|---|
# | $h_k$ | output of layer $k$; $h_0 = x$ is the network's input, rows are samples |
# | $L$ | the loss, to be made small, here $\frac12 \sum (p - y)^2$; $y$ is the **label** |
# | $g_k$ | the **true gradient** $\partial L / \partial h_k$ |
# | $\hat g_k$ | the **guess** of it, which layer $k$ is **updated** with |
# | $d_k$ | the guess's **target**, which it is **corrected** with: what layer $k + 1$ sends back |
# | DNI | decoupled neural interface: a layer with a guess, made from the layer's output |
# | cDNI | conditional DNI: the guess sees the output and, as **context**, the label |
#
# The [glossary](glossary.md) has these and other words of the course in plain English.

# %% [markdown]
# ## The task: adding binary numbers
#
# A sample is two numbers, bit by bit, and its label is their sum, bit by bit. The lowest bit of the
# sum is an XOR of two inputs, and each higher bit depends on a carry that may come from far away:
# no single layer can do this. The tutorial draws samples at random. With 6 bits we can have all
# pairs.

# %%
def generate_dataset(output_dim):
    """All pairs of numbers below 2^(output_dim - 1), and their sums, as rows of bits."""

    def int2vec(number):
        return [int(bit) for bit in np.binary_repr(number, width=output_dim)]

    numbers = range(2 ** (output_dim - 1))
    pairs = [(left, right) for left in numbers for right in numbers]
    x = [int2vec(left) + int2vec(right) for left, right in pairs]
    y = [int2vec(left + right) for left, right in pairs]
    return np.array(x, dtype=float), np.array(y, dtype=float)

# %%
x, y = generate_dataset(6)
print(f"{len(x):,} pairs, {len(np.unique(y, axis=0))} different sums")
for sample in (37, 1023):
    bits = "".join(f"{bit:.0f}" for bit in (*x[sample], *y[sample]))
    print(f"{bits[:6]} + {bits[6:12]} = {bits[12:]}")
order = np.random.default_rng(0).permutation(len(x))
x_test, y_test = x[order[:200]], y[order[:200]]  # never trained on
x, y = x[order[200:]], y[order[200:]]
print(f"{len(x)} pairs to learn from, {len(x_test)} held out")

# %% [markdown]
# ## Your prediction
#
# Write down an answer to each before you go on; the last section compares.
#
# Three layers of sigmoids, the lower two with a guess made by *one matrix*. How many bits of the
# held-out sums (in percent) are wrong after training,
#
# 1. if the guesses see the layer's output and the label (cDNI)? Backpropagation will reach 0.
# 2. if they see the output alone (DNI)?
# 3. if layers 1 and 2 are never updated, and layer 3 does what it can?
# 4. Halfway through layer 1's guess and its true gradient point in directions with a **cosine** (1:
#    the same direction, 0: unrelated) of ...?
#
# ## DNI in eleven lines
#
# `W1, W2, W3` are the layers, `M1, M2` the two guesses, `a` and `b` the learning rates of the two.
# A sigmoid with output $h$ has the slope $h (1 - h)$. This is all of it:

# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


rng = np.random.default_rng(0)
W1, W2, W3 = (0.2 * rng.standard_normal(shape) - 0.1 for shape in ((12, 64), (64, 32), (32, 6)))
M1, M2, a, b = np.zeros((64 + 6, 64)), np.zeros((32 + 6, 32)), 0.5, 0.0025
for step in range(12_000):
    rows = rng.integers(0, len(x), 10)
    h0, label = x[rows], y[rows]
    h1 = sigmoid(h0 @ W1);  seen1 = np.hstack([h1, label])  # layer 1 goes forward,
    g1 = seen1 @ M1                                         # guesses its gradient,
    W1 -= a * h0.T @ (g1 * h1 * (1 - h1))                   # and is updated: it has not waited
    h2 = sigmoid(h1 @ W2);  seen2 = np.hstack([h2, label])
    g2 = seen2 @ M2;  e2 = g2 * h2 * (1 - h2)
    back2 = e2 @ W2.T;  W2 -= a * h1.T @ e2
    M1 -= b * seen1.T @ (g1 - back2)                        # a guess corrects a guess
    p = sigmoid(h2 @ W3);  e3 = (p - label) * p * (1 - p)
    back3 = e3 @ W3.T
    W3 -= a * h2.T @ e3
    M2 -= b * seen2.T @ (g2 - back3)                        # the truth corrects the last

# %%
p = sigmoid(sigmoid(sigmoid(x_test @ W1) @ W2) @ W3)
wrong = 100 * ((p > 0.5) != (y_test > 0.5)).mean()
print(f"{wrong:.1f} % of held-out bits wrong after {step + 1:,} steps")

# %% [markdown]
# It adds numbers that it has never seen. Layer 1 was updated in its third line, before layer 2
# had seen the batch. The rest of the notebook takes these lines apart.
#
# ## Backpropagation, with the tutorial's `Layer`
#
# Going up, $h_k = \sigma(h_{k-1} W_k)$. Coming down, a gradient passes the sigmoid (times the
# slope) and the matrix (times its transpose):
#
# $$g_{k-1} = (g_k \circ \sigma'_k)\, W_k^T \qquad
# \frac{\partial L}{\partial W_k} = h_{k-1}^T\, (g_k \circ \sigma'_k) \qquad g_3 = p - y$$

# %%
ALPHA, BETA = 0.5, 0.0025  # the layers' rate, the guesses' rate


def sigmoid_out2deriv(output):
    return output * (1 - output)


class Layer:
    def __init__(self, input_dim, output_dim, nonlin, nonlin_deriv, rng):
        self.weights = 0.2 * rng.standard_normal((input_dim, output_dim)) - 0.1
        self.nonlin, self.nonlin_deriv = nonlin, nonlin_deriv

    def forward(self, input):
        self.input = input
        self.output = self.nonlin(input @ self.weights)
        return self.output

    def backward(self, output_delta):
        self.weight_output_delta = output_delta * self.nonlin_deriv(self.output)
        return self.weight_output_delta @ self.weights.T

    def update(self, alpha=ALPHA):
        self.weights -= alpha * self.input.T @ self.weight_output_delta

# %%
def backprop_step(layers, batch_x, batch_y):
    layer_1, layer_2, layer_3 = layers
    layer_1_out = layer_1.forward(batch_x)
    layer_2_out = layer_2.forward(layer_1_out)
    layer_3_out = layer_3.forward(layer_2_out)

    layer_3_delta = layer_3_out - batch_y
    layer_2_delta = layer_3.backward(layer_3_delta)
    layer_1_delta = layer_2.backward(layer_2_delta)
    layer_1.backward(layer_1_delta)

    layer_1.update()
    layer_2.update()
    layer_3.update()
    return layer_1_delta, layer_2_delta  # the true gradients at the outputs of layers 1 and 2


def new_layers(seed=0):
    rng, f = np.random.default_rng(seed), (sigmoid, sigmoid_out2deriv)
    return Layer(12, 64, *f, rng), Layer(64, 32, *f, rng), Layer(32, 6, *f, rng)

# %% [markdown]
# Is the gradient right? Increase one weight a little, decrease it a little, and divide the
# difference of the losses by the distance: a **central difference**, which needs no chain rule.

# %%
def central_difference(loss, weights, step=1e-5):
    slopes = np.zeros_like(weights)
    for index in np.ndindex(weights.shape):
        original = weights[index]
        weights[index] = original + step
        up = loss()
        weights[index] = original - step
        slopes[index] = (up - loss()) / (2 * step)
        weights[index] = original
    return slopes

# %%
def forward(layers, h):
    for layer in layers:
        h = sigmoid(h @ layer.weights)
    return h


def loss():
    return 0.5 * ((forward(layers, x[:10]) - y[:10]) ** 2).sum()


layers = new_layers()
numeric = [central_difference(loss, layer.weights) for layer in layers]
backprop_step(layers, x[:10], y[:10])
for k, layer in enumerate(layers):
    by_hand = layer.input.T @ layer.weight_output_delta
    print(f"layer {k + 1}: largest difference {abs(by_hand - numeric[k]).max():.0e}")

# %% [markdown]
# Now train. All networks here get the same batches in the same order, and three different starts.

# %%
STEPS, SEEDS = (1200, 1) if FAST else (12_000, 3)


def bit_error(layers):
    """Percent of held-out bits on the wrong side of 1/2; one answer to all gives almost 50."""
    return 100 * ((forward(layers, x_test) > 0.5) != (y_test > 0.5)).mean()


def batches(steps=STEPS):
    rng = np.random.default_rng(2)
    for _ in range(steps):
        rows = rng.integers(0, len(x), 10)
        yield x[rows], y[rows]


def train(step, layers, measure=bit_error, points=24):
    """Call step(layers, x, y) for each batch; return measure(layers) from time to time."""
    values = []
    for i, batch in enumerate(batches()):
        if i % (STEPS // points) == 0:
            values.append(measure(layers))
        step(layers, *batch)
    return [*values, measure(layers)]

# %%
curves = {"backpropagation": [train(backprop_step, new_layers(seed)) for seed in range(SEEDS)]}

# %% [markdown]
# ## A spectator
#
# Start without any risk: train by backpropagation, and put a matrix $M$ beside layer 2 that guesses
# its gradient, $\hat g_2 = s M$, where $s$ is what the guess sees. Nobody uses the guess. When the
# true gradient arrives, $M$ descends its own squared error:
#
# $$E = \tfrac12 \sum (\hat g_2 - g_2)^2 \qquad \frac{\partial E}{\partial M} = s^T (\hat g_2 - g_2)
# \qquad M \leftarrow M - \beta\, s^T (\hat g_2 - g_2)$$

# %%
def spectator(sees_label, beta=BETA, steps=STEPS // 4):
    """Squared error of the guess of layer 2 and of a guess of zero, (2, steps)."""
    layers, M = new_layers(), np.zeros((32 + 6 * sees_label, 32))
    squares = []
    for batch_x, batch_y in batches(steps):
        _, layer_2_delta = backprop_step(layers, batch_x, batch_y)
        output = layers[1].output
        seen = np.hstack([output, batch_y]) if sees_label else output
        error = seen @ M - layer_2_delta
        M -= beta * seen.T @ error
        squares.append([(error**2).sum(), (layer_2_delta**2).sum()])
    return np.transpose(squares)

# %%
figure, axes = plt.subplots(figsize=(8, 3))
for sees_label, color in ((False, style.DNI), (True, style.CDNI)):
    label = "sees output and label" if sees_label else "sees the output"
    squares = spectator(sees_label).reshape(2, 20, -1).sum(axis=2)  # 20 averages
    errors = squares[0] / squares[1]
    axes.plot(np.linspace(0, STEPS // 4, 20), errors, color=color, label=label)
    print(f"{label}: error {errors[-1]:.2f} of the true gradient's square")
axes.axhline(1, color=style.NO_GRADIENT, linestyle=":", label="a guess of zero")
axes.set(xlabel="step", ylabel="squared error / truth squared", ylim=(0, 1.3))
axes.set_title("Without the label a guess is no better than zero")
axes.legend(loc="center right", bbox_to_anchor=(1, 0.62))
plt.show()

# %% [markdown]
# **The guess has its own learning rate.** On one batch, a correction multiplies the error (10
# samples by units) by $I - \beta\, s s^T$ from the left. That shrinks it only while $\beta$ is
# below 2 divided by the largest eigenvalue of $s s^T$. Sigmoids give positive numbers, so this
# eigenvalue is large:

# %%
for k, layer in enumerate(new_layers()[:2]):
    h = layer.forward(x[:10] if k == 0 else h)
    seen = np.hstack([h, y[:10]])
    now, worst = np.linalg.eigvalsh(seen @ seen.T)[-1], seen.size  # worst: all ones
    print(f"guess {k + 1}: its rate must stay below {2 / now:.4f} now, {2 / worst:.5f} at worst")

# %% [markdown]
# The rate 0.0025 is below both. The tutorial has one rate, 0.1, for layers and guesses.

# %%
RATES = (0.0001, 0.0003, 0.001, 0.0025, 0.005, 0.01, 0.03, 0.1)
with np.errstate(all="ignore"):  # at too high a rate the numbers overflow
    by_rate = {
        rate: [spectator(sees_label, rate).reshape(2, 20, -1).sum(axis=2) for sees_label in (0, 1)]
        for rate in RATES
    }


def draw_rate(axes, rate):
    for squares, color in zip(by_rate[rate], (style.DNI, style.CDNI)):
        errors = np.nan_to_num(squares[0] / squares[1], nan=1e9, posinf=1e9)
        axes.semilogy(np.linspace(0, STEPS // 4, 20), errors, color=color)
    axes.axhline(1, color=style.NO_GRADIENT, linestyle=":")
    axes.set(title=f"rate {rate:g}", xlabel="step", ylim=(0.1, 1000))


figure, panels = plt.subplots(1, 4, figsize=(9.5, 2.6), sharey=True)
for axes, rate in zip(panels, (0.0001, 0.0025, 0.01, 0.1)):
    draw_rate(axes, rate)
    print(f"rate {rate:6}: ends at", *(f"{a[-1] / b[-1]:.2g}" for a, b in by_rate[rate]))
panels[0].set_ylabel("squared error / truth squared")
figure.suptitle("The faster the better, until it explodes (blue: sees the label, orange: does not)")
plt.show()

# %%
def at_rate(rate):
    draw_rate(plt.subplots(figsize=(4.5, 3))[1], rate)
    plt.show()


slider(at_rate, RATES, "rate", start=0.0025)

# %% [markdown]
# ## DNI, with the tutorial's names
#
# `forward_and_synthetic_update` goes forward, guesses, and updates the weights with the guess. It
# returns the guess brought back through its own weights (for the layer below) and the output (for
# the layer above).

# %%
class DNI:
    def __init__(self, input_dim, output_dim, nonlin, deriv, rng, alpha=ALPHA, context_dim=0):
        self.weights = 0.2 * rng.standard_normal((input_dim, output_dim)) - 0.1
        self.weights_synthetic_grads = np.zeros((output_dim + context_dim, output_dim))
        self.nonlin, self.nonlin_deriv = nonlin, deriv
        self.alpha, self.sg_alpha = alpha, BETA

    def forward_and_synthetic_update(self, input, context=None):
        output = self.nonlin(input @ self.weights)
        self.seen = output if context is None else np.hstack([output, context])
        self.synthetic_gradient = self.seen @ self.weights_synthetic_grads

        weight_synthetic_gradient = self.synthetic_gradient * self.nonlin_deriv(output)
        back = weight_synthetic_gradient @ self.weights.T
        self.weights -= self.alpha * input.T @ weight_synthetic_gradient
        return back, output

# %% [markdown]
# ## Your turn
#
# The other method, `update_synthetic_weights`, is yours. The guess is `self.synthetic_gradient`, it
# was made from `self.seen`, and its rate is `self.sg_alpha`. Check it with the cell below it.

# %%
def update_synthetic_weights(self, true_gradient):
    """One step of gradient descent on E = sum((self.synthetic_gradient - true_gradient) ** 2) / 2.

    true_gradient is (N, output_dim); change self.weights_synthetic_grads (seen, output_dim).
    """

# %%
def check(update):
    """Is it a step down the squared error? A central difference decides."""
    rng = np.random.default_rng(3)
    layer = DNI(4, 3, sigmoid, sigmoid_out2deriv, rng, context_dim=2)
    layer.forward_and_synthetic_update(rng.random((5, 4)), rng.random((5, 2)))
    M, target = layer.weights_synthetic_grads.copy(), rng.random((5, 3))
    numeric = central_difference(lambda: ((layer.seen @ M - target) ** 2).sum() / 2, M)
    update(layer, target)
    step = layer.weights_synthetic_grads - M
    assert not step.any() or np.allclose(step, -layer.sg_alpha * numeric), "not a step down E"
    if not step.any():
        print("Nothing is written yet. Until then the package's method is used.")
        return tutorial.DNI.update_synthetic_weights
    print("Right. All that follows uses your method.")
    return update


DNI.update_synthetic_weights = check(update_synthetic_weights)

# %% [markdown]
# And the loop. `layer_1_delta` is not the true gradient, but layer 2's guess brought through layer
# 2. Reinforcement learning knows guesses that learn from later guesses as **bootstrapping**.

# %%
def dni_step(layers, batch_x, batch_y, context=None, alpha=ALPHA):
    layer_1, layer_2, layer_3 = layers
    _, layer_1_out = layer_1.forward_and_synthetic_update(batch_x, context)
    layer_1_delta, layer_2_out = layer_2.forward_and_synthetic_update(layer_1_out, context)
    layer_1.update_synthetic_weights(layer_1_delta)

    layer_3_out = layer_3.forward(layer_2_out)
    layer_2_delta = layer_3.backward(layer_3_out - batch_y)
    layer_3.update(alpha)
    layer_2.update_synthetic_weights(layer_2_delta)


def cdni_step(layers, batch_x, batch_y):
    dni_step(layers, batch_x, batch_y, context=batch_y)


def dni_layers(seed=0, **options):
    rng, f = np.random.default_rng(seed), (sigmoid, sigmoid_out2deriv)
    return DNI(12, 64, *f, rng, **options), DNI(64, 32, *f, rng, **options), Layer(32, 6, *f, rng)

# %% [markdown]
# ## Does it learn?
#
# The label as a context is the tutorial's second attempt. It makes no layer wait: a sample's label
# is there when the sample is. (If every layer has the label, could each have its own loss? Yes:
# notebook 06.)

# %%
for name, step, options in (("DNI", dni_step, {}), ("cDNI", cdni_step, {"context_dim": 6})):
    curves[name] = [train(step, dni_layers(seed, **options)) for seed in range(SEEDS)]
COLORS = {"backpropagation": style.BACKPROP, "DNI": style.DNI, "cDNI": style.CDNI}


def draw(curves, title):
    figure, axes = plt.subplots(figsize=(8, 3.2))
    for name, some in curves.items():
        color = COLORS.get(name, style.NO_GRADIENT)
        lines = axes.plot(np.linspace(0, STEPS, 25), np.transpose(some), color=color, linewidth=1.2)
        lines[0].set_label(name)
        print(f"{name:16}", "".join(f"{c[-1]:7.1f} %" for c in some))
    axes.set(xlabel="step", ylabel="held-out bits wrong (%)", ylim=(-2, 60), title=title)
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.45))
    plt.show()


draw(curves, "With the label, layers that never wait learn to add (three starts each)")

# %% [markdown]
# ## How good are the guesses?
#
# Beside each other: the true gradient and the guess of layer 2, for ten held-out sums, after a
# quarter of the training. Then their cosine, all samples and units as one long vector, over the
# training.

# %%
def guesses_and_truth(layers, rows=slice(None)):
    """[(guess, true gradient) of layers 1 and 2], on held-out sums; the network stays as it is."""
    W1, W2, W3 = (layer.weights for layer in layers)
    h1 = sigmoid(x_test[rows] @ W1)
    h2 = sigmoid(h1 @ W2)
    p = sigmoid(h2 @ W3)
    g2 = ((p - y_test[rows]) * p * (1 - p)) @ W3.T
    g1 = (g2 * h2 * (1 - h2)) @ W2.T
    pairs = []
    for layer, h, g in zip(layers, (h1, h2), (g1, g2)):
        labeled = len(layer.weights_synthetic_grads) > h.shape[1]
        seen = np.hstack([h, y_test[rows]]) if labeled else h
        pairs.append((seen @ layer.weights_synthetic_grads, g))
    return pairs

# %%
layers = dni_layers(context_dim=6)
for batch_x, batch_y in batches(STEPS // 4):
    cdni_step(layers, batch_x, batch_y)
guess, true = guesses_and_truth(layers, slice(10))[1]
limit = abs(true).max()
figure, panels = plt.subplots(1, 2, figsize=(9, 2.6), sharey=True)
for axes, values, title in zip(panels, (true, guess), ("true gradient", "synthetic gradient")):
    image = axes.imshow(values, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
    axes.set(title=f"layer 2: {title}", xlabel="unit")
    axes.grid(False)
panels[0].set_ylabel("held-out sample")
figure.colorbar(image, ax=panels)
plt.show()

# %%
def cosines(layers):
    pairs = guesses_and_truth(layers)
    return [(a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum() + 1e-300) for a, b in pairs]


figure, axes = plt.subplots(figsize=(8, 3))
for name, step, options in (("DNI", dni_step, {}), ("cDNI", cdni_step, {"context_dim": 6})):
    found = np.transpose(train(step, dni_layers(**options), cosines))
    for k, line in enumerate((":", "-")):
        label = f"{name}, layer {k + 1}"
        axes.plot(np.linspace(0, STEPS, 25), found[k], line, color=COLORS[name], label=label)
        print(f"{label}: cosine {found[k][12]:.2f} halfway, {found[k][-1]:.2f} at the end")
axes.set(xlabel="step", ylabel="cosine with the true gradient", ylim=(-0.5, 1.05))
axes.set_title("With the label a guess points roughly the right way")
axes.legend(ncols=4, loc="lower center", fontsize=8)
plt.show()

# %% [markdown]
# At step 0 all guesses are zero. With the label, guess 2 soon points nearly the right way, guess 1,
# which learned from a guess, less so. Late in training few samples are still wrong, their true
# gradients are much larger than those of the others, and one matrix cannot follow that: the cosine
# falls. The network has learned by then. A guess need not be right to be useful; it has to point
# downhill often enough.
#
# ## Exercises
#
# 1. **What was it that converged?** The tutorial reports that guesses from the output alone do
#    converge, if slowly. A [public runnable
#    copy](https://github.com/llSourcell/synthetic_gradients_explained) of its code prints a loss
#    that falls. It learns from 100 sums of 8 bits, starts with large weights, and layer 3 receives
#    the true gradient. Run these settings again with layers 1 and 2 **frozen** (`alpha = 0`). What
#    do you expect of the training bits, what of new sums?
# 2. **Start at random.** The tutorial's listing starts the guesses at random. Try it with cDNI,
#    once with `alpha` 0.5 and once with 0.1.
# 3. **A faster guess.** Raise `sg_alpha` in cDNI to 0.01, then to 0.02. Which printed number above
#    warns you?
#
# <details><summary><b>Solutions</b> (try first)</summary>
#
# 1. Section "As predicted?" runs it. What converges is layer 3, on random features: it does as well
#    or better when nothing below it changes, and neither network can add new sums.
#
# 2. With 0.5 little is learned: the first guesses are far larger than true gradients, and steps
#    that large spoil the layers. With 0.1 the same start learns faster than a start from zero: a
#    random guess updates the hidden layers at once, in a direction that depends on the label and
#    stays the same for a while. Such updates are known to help (feedback alignment, notebook 06).
#
#    ```python
#    for alpha in (0.5, 0.1):
#        layers = dni_layers(context_dim=6, alpha=alpha)
#        for layer in layers[:2]:
#            M = layer.weights_synthetic_grads
#            M[...] = 0.2 * np.random.default_rng(5).standard_normal(M.shape) - 0.1
#        print(alpha, train(lambda some, x, y: dni_step(some, x, y, y, alpha), layers)[-1])
#    ```
#
# 3. 0.01 learns faster, 0.02 ruins the network: guess 1 has its bound at the start between the two.
#
# </details>

# %% [markdown]
# ## As predicted?

# %%
frozen = [train(dni_step, dni_layers(seed, alpha=0)) for seed in range(SEEDS)]
curves["layers 1, 2 frozen"] = frozen
draw(curves, "Frozen lower layers do no worse than DNI from the output alone")

# %%
def runnable_copy(seed, alpha_below, epochs=10 if FAST else 4000):
    """Wrong bits (%) on 100 sums of 8 bits trained on, and on 1,000 new ones."""
    rng, f = np.random.default_rng(seed), (sigmoid, sigmoid_out2deriv)
    learned, new = np.split(rng.permutation(len(x_8))[:1100], [100])
    below = [DNI(16, 64, *f, rng, alpha_below, 1), DNI(64, 32, *f, rng, alpha_below, 1)]
    layers = [*below, Layer(32, 8, *f, rng)]
    for layer in layers:
        layer.weights = 2 * rng.standard_normal(layer.weights.shape) - 1
    for layer in below:
        layer.sg_alpha = 0.01
    for _ in range(epochs):
        for some in learned.reshape(10, 10):
            dni_step(layers, x_8[some], y_8[some], np.ones((10, 1)), 0.01)  # a 1 for the bias
    wrong = (forward(layers, x_8) > 0.5) != (y_8 > 0.5)
    return 100 * wrong[learned].mean(), 100 * wrong[new].mean()

# %%
x_8, y_8 = generate_dataset(8)
for name, alpha_below in (("DNI", 0.01), ("frozen", 0.0)):
    ends = np.array([runnable_copy(seed, alpha_below) for seed in range(SEEDS)])
    print(f"{name:7} trained on {ends[:, 0].round(1)} %, mean {ends[:, 0].mean():.0f} %;", end=" ")
    print(f"new sums {ends[:, 1].round(1)} %, mean {ends[:, 1].mean():.0f} %")

# %% [markdown]
# | prediction | measured (three starts) |
# |---|---|
# | 1. cDNI, bits wrong | 0.0 to 0.2 %, as backpropagation |
# | 2. DNI | 51.4 to 52.3 %, no better than chance |
# | 3. layers 1 and 2 frozen | 44.6 to 47.0 % |
# | 4. cosine of guess 1, halfway | 0.46, and 0.31 at the end |
# | Exercise 1, bits wrong on sums trained on | DNI 40 %, frozen 29 % |
# | the same on new sums | DNI 48 %, frozen 46 % |
#
# - A synthetic gradient decouples a layer: guess, update at once, correct the guess later.
# - Only the last guess learns from the data; a guess below it learns from a guess, and that works.
# - What the guess sees decides everything. From the output alone the hidden layers learn nothing
#   useful here.
# - The guess has its own learning rate, with a bound that can be computed.
# - One small task, one processor. The same rate was not tuned for each rule.
#
# Next: **[Can layers that never wait learn to read digits?](02_mnist.ipynb)**
#
# ## Appendix: two slips in the printed listing
#
# **The sign.** The tutorial prints `+=` for the update of the layer and of the guess. They do not
# cancel: whatever the sign of the gradient, `+=` takes a guess *up* its squared error.

# %%
for sign, beta in (("-=", BETA), ("+=", -BETA), ("+=", -0.1)):
    squares = spectator(0, beta, 300)
    end = squares[0, -50:].sum() / squares[1, -50:].sum()
    print(f"{sign} with rate {abs(beta)}: error {end:.3g} of the true square, after 300 steps")

# %% [markdown]
# **The order.** It brings the guess back through the weights *after* their update; the chain rule
# wants the weights that made the output. With a random guess and a central difference over the
# input as the judge:

# %%
for alpha in (0.001, 0.01, 0.1):
    rng, batch = np.random.default_rng(1), x[:10].copy()
    layer = DNI(12, 64, sigmoid, sigmoid_out2deriv, rng, alpha)
    layer.weights_synthetic_grads = 0.2 * rng.standard_normal((64, 64)) - 0.1
    before = layer.weights.copy()
    back, output = layer.forward_and_synthetic_update(batch)
    guess = layer.synthetic_gradient
    listed = (guess * sigmoid_out2deriv(output)) @ layer.weights.T  # the updated weights
    true = central_difference(lambda: (guess * sigmoid(batch @ before)).sum(), batch)
    off, off_listed = (abs(way - true).max() / abs(true).max() for way in (back, listed))
    print(f"alpha {alpha}: relative error {off:.0e} here, {off_listed:.2g} as listed")

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
# In backpropagation the first layer of a network waits: for every layer above it to go forward, for the loss, and for
# every layer above it to go backward. Only then does it hear how to change. In 2016 Jaderberg et al. asked whether
# a layer could *guess* what it will hear, change at once, and correct the guess later. They call the guess
# a **synthetic gradient**, and a layer that works this way a **decoupled neural interface**, DNI.
#
# This notebook follows [trask's tutorial](https://iamtrask.github.io/2017/03/21/synthetic-gradients/) of 2017 from
# backpropagation by hand to a DNI by hand, on the tutorial's task: adding binary numbers.
#
# **What you'll do**
#
# - write backpropagation for three layers, check it, and fold it into a `Layer` class;
# - teach a matrix to guess gradients, and let layers learn from the guesses;
# - find two slips in the tutorial's printed listing by experiment;
# - see that `dni_np` computes the same numbers.
#
# **What you need:** NumPy and the chain rule. No deep-learning framework is used, or needed to follow.

# %%
import os

FAST = os.environ.get("DNI_NP_FAST") == "1"  # the same cells with shorter runs, for a quick check

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np

from dni_np import backend
from dni_np.data.binary_addition import binary_addition, decode

warnings.filterwarnings("ignore", message="IProgress not found")  # no progress bars here
backend.use("numpy")  # everything here is small: the package, too, should work on NumPy arrays
plt.rcParams.update({"figure.dpi": 90, "figure.constrained_layout.use": True, "legend.frameon": False})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## The task
#
# A sample is two numbers, bit by bit; the target is their sum, bit by bit. We use 6 bits, which train in seconds
# (the tutorial's 12 come at the end). Both numbers are below 32, so there are 1,024 different sums. We keep each
# sum once and hold 200 of them out: the network never sees those while it learns.

# %%
N_BITS, BATCH = 6, 10
rng = np.random.default_rng(0)
x, y = binary_addition(5000, N_BITS, rng=rng)
x, first = np.unique(x, axis=0, return_index=True)  # each sum once
x, y = x.astype(float), y[first].astype(float)  # double precision, for exact comparisons
order = rng.permutation(len(x))
x_test, y_test = x[order[:200]], y[order[:200]]
x, y = x[order[200:]], y[order[200:]]
print(f"{len(x)} sums to learn from, {len(x_test)} held out")

# %%
bits = "".join(str(int(bit)) for bit in x_test[0])
total = "".join(str(int(bit)) for bit in y_test[0])
left, right = decode(x_test[:1, :N_BITS])[0], decode(x_test[:1, N_BITS:])[0]
print(f"{bits[:N_BITS]} + {bits[N_BITS:]} = {total}      {left} + {right} = {decode(y_test[:1])[0]}")
assert left + right == decode(y_test[:1])[0]

# %%
figure, axes = plt.subplots(figsize=(7.5, 2.8))
gap = np.full((8, 1), np.nan)  # a white column between the numbers
axes.imshow(np.hstack([x_test[:8, :N_BITS], gap, x_test[:8, N_BITS:], gap, y_test[:8]]), cmap="Blues", vmin=-0.2, vmax=1.2)
axes.set_xticks([2.5, 9.5, 16.5], ["first number", "second number", "sum"])
axes.set(ylabel="sample", title="Eight samples (dark is 1, highest bit on the left)")
axes.spines[:].set_visible(False)
plt.show()

# %% [markdown]
# The lowest bit of the sum is an XOR of two inputs, and each higher bit depends on a carry that may have come a long
# way. No single layer can do this: the hidden layers have to learn something.
#
# ## Your prediction
#
# Soon we replace the gradient that a hidden layer waits for by the output of *one matrix*, which sees
# nothing but that layer's own output, and which itself starts with random numbers. Before reading on, decide:
#
# 1. Will the network learn to add? Faster than with backpropagation, slower, not at all?
# 2. What if the matrix may also see the sample's label?
#
# ## Backpropagation by hand
#
# Three layers of sigmoids, as in the tutorial, rows are samples:
#
# $$h_1 = \sigma(x W_1) \qquad h_2 = \sigma(h_1 W_2) \qquad p = \sigma(h_2 W_3) \qquad L = \tfrac12 \sum (p - y)^2$$
#
# The sigmoid's slope can be written with its output: $\sigma' = \sigma (1 - \sigma)$.

# %%
SIZES = [2 * N_BITS, 64, 32, N_BITS]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(output):
    return output * (1 - output)


def random_matrix(n_in, n_out, rng):
    return rng.standard_normal((n_in, n_out)) * 0.2 - 0.1  # the tutorial's choice

# %% [markdown]
# Go up, then come down. The **gradient** $d_k = \partial L/\partial h_k$ says how the loss changes with each
# output of layer $k$. On the way down it passes the sigmoid (multiply by the slope), then the matrix (its transpose):
#
# $$d_3 = p - y \qquad d_{k-1} = (d_k \circ \sigma'_k)\, W_k^T \qquad
# \frac{\partial L}{\partial W_k} = h_{k-1}^T\, (d_k \circ \sigma'_k)$$

# %%
def backprop(weights, x, y):
    """Return (the outputs h_0..h_3, the gradients d_1..d_3, the weight gradients)."""
    h = [x]
    for W in weights:
        h.append(sigmoid(h[-1] @ W))  # up
    d, weight_gradients = [h[-1] - y], []
    for k in (3, 2, 1):
        delta = d[0] * slope(h[k])  # through the sigmoid
        weight_gradients.insert(0, h[k - 1].T @ delta)
        d.insert(0, delta @ weights[k - 1].T)  # through the matrix
    return h, d[1:], weight_gradients

# %% [markdown]
# Is it right? Ask the loss itself: move one weight a little up and a little down, and divide the difference of
# the losses by the distance (a **central difference**). This needs no chain rule at all.

# %%
def loss(weights, x, y):
    return 0.5 * ((backprop(weights, x, y)[0][-1] - y) ** 2).sum()


def central_difference(weights, k, index, step=1e-5):
    """The slope of the loss along one weight of matrix k."""
    values = []
    for sign in (1, -1):
        moved = [W.copy() for W in weights]
        moved[k][index] += sign * step
        values.append(loss(moved, x[:BATCH], y[:BATCH]))
    return (values[0] - values[1]) / (2 * step)

# %%
start = np.random.default_rng(1)
weights = [random_matrix(m, n, start) for m, n in zip(SIZES, SIZES[1:])]
_, _, by_hand = backprop(weights, x[:BATCH], y[:BATCH])
numeric = []
for k in range(3):
    values = [central_difference(weights, k, index) for index in np.ndindex(by_hand[k].shape)]
    numeric.append(np.reshape(values, by_hand[k].shape))
    print(f"W{k + 1}: largest difference {np.abs(numeric[k] - by_hand[k]).max():.1e}")
    assert np.allclose(numeric[k], by_hand[k], atol=1e-8)

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 2.9))
for k, axes in enumerate(panels):
    axes.plot(numeric[k].ravel(), by_hand[k].ravel(), ".", color=f"C{k}", markersize=3)
    axes.axline((0, 0), slope=1, color="0.6", linewidth=0.8)
    axes.set(title=f"all {by_hand[k].size:,} weights of $W_{k + 1}$", xlabel="central difference")
panels[0].set_ylabel("chain rule")
figure.align_labels()
plt.show()

# %% [markdown]
# Every weight lies on the diagonal: the chain rule is right. Now train. To compare fairly, everything in this
# notebook sees the same minibatches in the same order, and is tested on the held-out sums.

# %%
STEPS = 1500 if FAST else 25_000


def batches(steps):
    """The same minibatches for everyone."""
    draw = np.random.default_rng(2)
    for _ in range(steps):
        rows = draw.integers(0, len(x), BATCH)
        yield x[rows], y[rows]

# %%
def predict(weights, h):
    for W in weights:
        h = sigmoid(h @ W)
    return h


def bit_error(weights):
    """Percent of held-out bits on the wrong side of 1/2. Always answering the likelier bit gives almost 50."""
    return 100 * ((predict(weights, x_test) > 0.5) != (y_test > 0.5)).mean()

# %%
def train(step, weights, steps=STEPS, points=50):
    """Call step(x, y) for each minibatch; return the learning curve (steps, held-out bit errors)."""
    curve = []
    for i, (batch_x, batch_y) in enumerate(batches(steps)):
        if i % (steps // points) == 0:
            curve.append((i, bit_error(weights)))
        step(batch_x, batch_y)
    curve.append((steps, bit_error(weights)))
    return np.array(curve).T

# %% [markdown]
# And the training step, with the tutorial's rate $\alpha = 0.1$ (gradients are summed over the ten samples):

# %%
ALPHA = 0.1


def script_step(batch_x, batch_y):
    _, _, weight_gradients = backprop(weights, batch_x, batch_y)
    for W, gradient in zip(weights, weight_gradients):
        W -= ALPHA * gradient


backprop_curve = train(script_step, weights)
print(f"held-out bits wrong after {STEPS:,} steps: {bit_error(weights):.1f} %")

# %%
figure, axes = plt.subplots(figsize=(8, 3))
axes.plot(*backprop_curve, color="C0")
axes.set(xlabel="step", ylabel="held-out bits wrong (%)", ylim=(0, 55), title="Backpropagation learns to add")
plt.show()

# %% [markdown]
# It takes its time, with plateaus, and then it can add numbers it has never seen. This is the standard to meet.
#
# ## The same as a class
#
# The script knows all three layers at once. To let layers live on their own, each gets a class with three verbs:
# `forward`, `backward`, `update`. What a layer must remember for its way back, it keeps.

# %%
class Layer:
    def __init__(self, input_dim, output_dim, rng):
        self.weights = random_matrix(input_dim, output_dim, rng)

    def forward(self, input):
        self.input = input
        self.output = sigmoid(input @ self.weights)
        return self.output

    def backward(self, output_delta):
        self.weight_output_delta = output_delta * slope(self.output)
        return self.weight_output_delta @ self.weights.T

    def update(self, alpha=ALPHA):
        self.weights -= alpha * self.input.T @ self.weight_output_delta

# %%
def layer_step(layers, batch_x, batch_y):
    """One step of backpropagation; returns the gradients at the layers' outputs."""
    h = batch_x
    for layer in layers:
        h = layer.forward(h)
    gradients = [h - batch_y]
    for layer in reversed(layers[1:]):
        gradients.insert(0, layer.backward(gradients[0]))
    layers[0].backward(gradients[0])
    for layer in layers:
        layer.update()
    return gradients

# %% [markdown]
# Nothing is new yet, and that can be checked: after 200 steps this class's weights and those of the package's
# `tutorial.Layer` are equal to the last bit, and the script's equal them up to rounding (it multiplies by the rate last).

# %%
from dni_np import tutorial

start = np.random.default_rng(1)
weights = [random_matrix(m, n, start) for m, n in zip(SIZES, SIZES[1:])]
start = np.random.default_rng(1)
ours = [Layer(m, n, start) for m, n in zip(SIZES, SIZES[1:])]
start = np.random.default_rng(1)
theirs = [tutorial.Layer(m, n, tutorial.sigmoid, tutorial.sigmoid_out2deriv, start) for m, n in zip(SIZES, SIZES[1:])]

# %%
for batch_x, batch_y in batches(200):
    script_step(batch_x, batch_y)
    layer_step(ours, batch_x, batch_y)
    layer_step(theirs, batch_x, batch_y)
for W, mine, packaged in zip(weights, ours, theirs):
    assert np.array_equal(mine.weights, packaged.weights)
    assert np.allclose(W, mine.weights, rtol=1e-10, atol=1e-12)
print("script, class and package agree after 200 steps")

# %% [markdown]
# ## Who waits for whom
#
# The picture counts time in units of one box; it is a drawing, not a measurement. On the left, layer 1 has worked in
# two units of six. On the right each layer hands its output up and turns to the next minibatch, because it no
# longer needs anything from above *to update itself*.

# %%
figure, panels = plt.subplots(1, 2, figsize=(9.5, 2.6), sharey=True)
colors = {"forward": "C0", "backward, update": "C3", "forward, guess, update": "C2", "correct the guess": "C1"}
locked = [[(k, "forward"), (5 - k, "backward, update"), (6 + k, "forward"), (11 - k, "backward, update")] for k in range(3)]
turns = ("forward, guess, update", "correct the guess")
free = [[(t, turns[(t - k) % 2]) for t in range(k, 12)] for k in range(3)]
for axes, plan in zip(panels, (locked, free)):
    for k, boxes in enumerate(plan):
        for begin, kind in boxes:
            axes.barh(k + 1, 0.94, left=begin, height=0.7, color=colors[kind])
    axes.set(xlabel="time", xticks=[], yticks=[1, 2, 3], xlim=(0, 12))
panels[0].set(ylabel="layer", title="backpropagation: locked")
panels[1].set_title("synthetic gradients: each layer on its own")
boxes = [plt.Rectangle((0, 0), 1, 1, color=color) for color in colors.values()]
figure.legend(boxes, colors, loc="outside lower center", ncols=4, fontsize=9)
plt.show()

# %% [markdown]
# ## Ten lines: a matrix that guesses
#
# Start without any risk. Train by backpropagation as before, and put a spectator beside a layer $k$: a matrix $M$ that
# looks at the output $h_k$ and guesses the gradient, $\hat d_k = h_k M$. Nobody uses the guess. When the true $d_k$
# comes down, the spectator moves its guess closer by descending its own squared error,
#
# $$E = \tfrac12 \sum (\hat d_k - d_k)^2 \qquad \frac{\partial E}{\partial M} = h_k^T (\hat d_k - d_k)
# \qquad M \leftarrow M - \beta\, h_k^T (\hat d_k - d_k).$$
#
# **The sign slip.** The tutorial's printed listing has
# `self.weights_synthetic_grads += ... * self.alpha` with the same delta, guess minus truth. Its other update, of the
# weights, is printed with `+=` too, so one might hope that the two cancel if the guess stands for *minus* the gradient.
# They do not: whatever the true gradient's sign, `+=` walks *up* $E$. We try both signs.

# %%
def spectator(k, sign, beta, sees_label=False, steps=300):
    """Squared error of the guess at each step, in units of the true gradient's squared size."""
    start = np.random.default_rng(1)
    layers = [Layer(m, n, start) for m, n in zip(SIZES, SIZES[1:])]
    M = random_matrix(SIZES[k] + N_BITS * sees_label, SIZES[k], start)
    errors = []
    for batch_x, batch_y in batches(steps):
        true = layer_step(layers, batch_x, batch_y)[k - 1]  # dL/dh_k
        output = layers[k - 1].output
        seen = np.hstack([output, batch_y]) if sees_label else output
        delta = seen @ M - true
        errors.append((delta**2).sum() / (true**2).sum())
        if errors[-1] > 1e12:
            break
        M += sign * beta * seen.T @ delta
    return errors

# %%
BETA = 0.003
figure, axes = plt.subplots(figsize=(8, 3.4))
for sign, beta, color in ((-1, BETA, "C2"), (1, BETA, "C3"), (-1, 0.1, "C1")):
    label = f"M {'-' if sign < 0 else '+'}= {beta} · seenᵀ(guess − true)"
    axes.semilogy(spectator(1, sign, beta), color=color, label=label)
axes.axhline(1, color="0.5", linestyle=":", linewidth=1)
axes.annotate("always guessing zero", (300, 0.7), ha="right", va="top", color="0.4")
axes.set(xlabel="step", ylabel="squared error of the guess", ylim=(0.02, 1e12), title="A spectator beside layer 1")
axes.legend(loc="center right")
plt.show()

# %% [markdown]
# With `+=` (red) the error explodes; with `-=` (green) it falls. The orange line is a second lesson: the
# right sign at the tutorial's default rate of 0.1 explodes as well. Why? On one batch a step multiplies the
# error by $(I - \beta\, h^T h)$, which shrinks only while $\beta$ is below 2 over the largest eigenvalue
# of $h^T h$. Sigmoids put out positive numbers around one half, so this eigenvalue is large: all rows of $h$ point the
# same way. (Notebook 2 returns to this: it is one reason why normalizing what the guesser sees helps.)

# %%
start = np.random.default_rng(1)
weights = [random_matrix(m, n, start) for m, n in zip(SIZES, SIZES[1:])]
outputs, _, _ = backprop(weights, x[:BATCH], y[:BATCH])
for k in (1, 2, 3):
    largest = np.linalg.eigvalsh(outputs[k].T @ outputs[k])[-1]
    worst = BATCH * SIZES[k]  # should every unit ever say 1
    print(f"guesser of layer {k}: its rate must stay below {2 / largest:.4f} now, {2 / worst:.4f} in the worst case")

# %% [markdown]
# So the guessers get their own, smaller rate, $\beta = 0.003$. That is the first thing to know about synthetic gradients
# in practice: *the guesser has its own learning problem*, and its own step size.
#
# But how far down does the green line come? The error of always guessing zero is the dotted line. Give a spectator more
# time, this time beside layer 2, and let a second one see the label as well:

# %%
longer = 1500 if FAST else 10_000
window = longer // 50
figure, axes = plt.subplots(figsize=(8, 3))
for sees_label, color, label in ((False, "C1", "sees the output"), (True, "C2", "sees the output and the label")):
    errors = spectator(2, -1, BETA, sees_label, longer)
    averages = np.reshape(errors, (-1, window)).mean(axis=1)
    axes.plot(window * (np.arange(len(averages)) + 0.5), averages, color=color, label=label)
axes.axhline(1, color="0.5", linestyle=":", linewidth=1)
axes.annotate("always guessing zero", (longer, 0.96), ha="right", va="top", color="0.4")
axes.set(xlabel="step", ylabel="squared error of the guess", ylim=(0, 2), title="A spectator beside layer 2")
axes.legend(loc="upper right")
plt.show()

# %% [markdown]
# Seeing the output alone, the guess is no better than zero. With the label it explains most of the gradient. Keep
# that in mind, and compare it with your prediction.
#
# ## DNI: use the guess at once
#
# Now the layer stops waiting. `forward_and_synthetic_update` goes forward, guesses, updates the weights with the guess,
# and hands two things out: its output, which goes on to the layer above, and the guess brought through its own weights,
# which goes back to the layer below. `update_synthetic_weights` corrects the guesser when something better has arrived.

# %%
class DNI:
    def __init__(self, input_dim, output_dim, rng, alpha=ALPHA, beta=BETA, context_dim=0):
        self.weights = random_matrix(input_dim, output_dim, rng)
        self.weights_synthetic_grads = random_matrix(output_dim + context_dim, output_dim, rng)
        self.alpha, self.beta = alpha, beta

    def forward_and_synthetic_update(self, input, context=None):
        output = sigmoid(input @ self.weights)
        self.seen = output if context is None else np.hstack([output, context])
        self.synthetic_gradient = self.seen @ self.weights_synthetic_grads
        weight_synthetic_gradient = self.synthetic_gradient * slope(output)
        back = weight_synthetic_gradient @ self.weights.T  # before the update: see below
        self.weights -= self.alpha * input.T @ weight_synthetic_gradient
        return back, output

    def update_synthetic_weights(self, true_gradient):
        delta = self.synthetic_gradient - true_gradient
        self.weights_synthetic_grads -= self.beta * self.seen.T @ delta

# %% [markdown]
# And who teaches whom? Layer 2's guesser learns from what layer 3 hands *back*, which is layer 3's own guess brought
# through its weights. Layer 1's guesser learns from layer 2's guess. Only the guesser at the very top meets the data,
# $p - y$:
#
#     data  --p - y-->  guesser 3  --guess through W3-->  guesser 2  --guess through W2-->  guesser 1
#
# So a "true gradient" in the code is mostly another guess. Learning guesses from later guesses is known from
# reinforcement learning, where it is called bootstrapping.

# %%
def dni_step(layers, batch_x, batch_y, context=None):
    h = batch_x
    for k, layer in enumerate(layers):
        back, h = layer.forward_and_synthetic_update(h, context)
        if k > 0:
            layers[k - 1].update_synthetic_weights(back)  # a guess teaches a guess
    layers[-1].update_synthetic_weights(h - batch_y)  # the data teach the top one


def dni_layers(context_dim=0, seed=1, **options):
    start = np.random.default_rng(seed)
    return [DNI(m, n, start, context_dim=context_dim, **options) for m, n in zip(SIZES, SIZES[1:])]

# %% [markdown]
# **The order slip.** The tutorial's listing multiplies by `self.weights` for the way back *after* the line that has
# changed them. The chain rule wants the weights that made the output. We can measure what the slip costs: the way back
# claims to be the derivative of $\sum \hat d \circ h$ with respect to the layer's input, for a constant guess $\hat d$,
# and a central difference in a random direction can judge that claim.

# %%
def errors_of_the_way_back(alpha):
    layer = DNI(*SIZES[:2], np.random.default_rng(1), alpha=alpha)
    before = layer.weights.copy()
    back, output = layer.forward_and_synthetic_update(x[:BATCH])
    guess = layer.synthetic_gradient
    late = (guess * slope(output)) @ layer.weights.T  # as listed: with the updated weights
    direction = np.random.default_rng(2).standard_normal(back.shape)
    up, down = ((guess * sigmoid((x[:BATCH] + e * direction) @ before)).sum() for e in (1e-5, -1e-5))
    measured = (up - down) / 2e-5
    return [abs((way * direction).sum() - measured) / abs(measured) for way in (back, late)]

# %%
rates = np.logspace(-5, 0, 11)
early, late = np.transpose([errors_of_the_way_back(alpha) for alpha in rates])
assert early.max() < 1e-6 < late[rates >= 0.1].min()
figure, axes = plt.subplots(figsize=(7.5, 3.2))
axes.loglog(rates, late, "o-", color="C3", label="weights after the update (as listed)")
axes.loglog(rates, early, "o-", color="C2", label="weights that made the output")
axes.axvline(ALPHA, color="0.7", linestyle=":")
axes.set(xlabel="learning rate α", ylabel="relative error", title="What goes back, judged by a central difference")
axes.legend(loc="center")
plt.show()

# %% [markdown]
# The slip's error grows with the rate; at the tutorial's 0.1 (dotted line), with a guesser that is still random and
# guesses far too large, it is no longer small. Our class takes the way back first.
#
# ## The result: from the output alone
#
# First as in the tutorial's first attempt: each guesser sees its layer's output and nothing else.

# %%
alone = dni_layers()
alone_curve = train(lambda batch_x, batch_y: dni_step(alone, batch_x, batch_y), [layer.weights for layer in alone])
print(f"held-out bits wrong: {alone_curve[1][-1]:.1f} % (backpropagation: {backprop_curve[1][-1]:.1f} %)")

# %% [markdown]
# It has learned nothing. The tutorial found convergence "just not really very fast", and blamed hidden representations
# that are "pretty flat". What do the network's answers look like?

# %%
figure, panels = plt.subplots(1, 3, figsize=(8.5, 3.3), width_ratios=(1, 1, 1.6))
answers = predict([layer.weights for layer in alone], x_test)
for axes, values, title in zip(panels, (y_test[:25], answers[:25]), ("true sums", "its answers")):
    axes.imshow(values, cmap="Blues", vmin=-0.2, vmax=1.2, aspect="auto")
    axes.set(title=title, xticks=[], xlabel="bits")
panels[0].set_ylabel("25 held-out samples")
panels[2].bar(np.arange(N_BITS) - 0.2, y.mean(axis=0), 0.4, color="0.6", label="share of ones in the data")
deviation = answers.std(axis=0)
panels[2].bar(np.arange(N_BITS) + 0.2, answers.mean(axis=0), 0.4, yerr=deviation, color="C1", label="its answers")
panels[2].set(xlabel="bit", ylim=(0, 1), title="average of each bit")
panels[2].legend(fontsize=8)
plt.show()

# %% [markdown]
# It gives nearly the same answer to every question, not far from the share of ones in the data. This is no accident.
# The best guess of $p - y$ that can be made from $p$ is its average given $p$. If the network answers
# every question with the average sum, that average of $p - y$ is *zero*: the guesser says "nothing to change", it is
# right on average, and the layers stay where they are. A guess from the output cannot tell two samples apart that the
# output does not tell apart. Backpropagation can, because it knows the label.
#
# How large is the top guess, beside the truth?

# %%
guess = answers @ alone[-1].weights_synthetic_grads
print(f"size of the top guess, root mean square: {np.sqrt((guess**2).mean()):.3f}")
print(f"size of the true p - y:                  {np.sqrt(((answers - y_test) ** 2).mean()):.3f}")

# %% [markdown]
# ## The surprise: with the label
#
# The tutorial's second attempt: the guessers also see the label (it calls this the "output dataset"; the paper calls the
# variant **cDNI**, conditional DNI). The layers still do not wait for anything: a sample's label is there when the
# sample is. One argument changes.

# %%
labeled = dni_layers(context_dim=N_BITS)
labeled_curve = train(
    lambda batch_x, batch_y: dni_step(labeled, batch_x, batch_y, context=batch_y), [layer.weights for layer in labeled]
)
print(f"held-out bits wrong: {labeled_curve[1][-1]:.1f} % with the label, {backprop_curve[1][-1]:.1f} % by backpropagation")

# %%
figure, axes = plt.subplots(figsize=(8.5, 3.6))
axes.plot(*alone_curve, color="C1", label="DNI, from the output alone")
axes.plot(*backprop_curve, color="C0", label="backpropagation")
axes.plot(*labeled_curve, color="C2", label="DNI, from output and label")
axes.set(xlabel="step", ylabel="held-out bits wrong (%)", ylim=(0, 60), title="Three ways to learn to add")
axes.legend(loc="center right")
plt.show()

# %% [markdown]
# With the label, three layers that never wait for a gradient learn to add, and at the same rate and on the same
# minibatches they need *fewer steps than backpropagation*. (Exercise 3 asks whether that comparison is fair.)
#
# ## What has the guesser learned?
#
# At the top the truth is $p - y$: a linear function of what the labeled guesser sees. The perfect guesser is
# an identity matrix for $p$ above a negative identity matrix for $y$. Nobody told it so.

# %%
figure, panels = plt.subplots(1, 2, figsize=(8.5, 3.6))
perfect = np.vstack([np.eye(N_BITS), -np.eye(N_BITS)])
for axes, M, title in zip(panels, (labeled[-1].weights_synthetic_grads, perfect), ("learned", "perfect")):
    image = axes.imshow(M, cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set(title=f"guesser of layer 3: {title}", xlabel="guess, for each output bit", xticks=[])
    axes.set_yticks([2.5, 8.5], ["output p", "label y"])
figure.colorbar(image, ax=panels)
plt.show()

# %% [markdown]
# ## True beside synthetic
#
# Below the top no linear guess can be perfect: the true gradient also depends on slopes and on weights that keep
# changing. The **cosine** between guess and truth measures agreement in direction (1: the same, 0: unrelated). We train
# once more and compare on the held-out sums along the way. (The comparison uses `backprop` as a judge; the layers do not
# see its verdict.)

# %%
def compare(layers, with_label):
    """(cosine, size of the guess over size of the truth) for each layer, on the held-out sums."""
    h, true, _ = backprop([layer.weights for layer in layers], x_test, y_test)
    result = []
    for layer, output, d in zip(layers, h[1:], true):
        seen = np.hstack([output, y_test]) if with_label else output
        guess = seen @ layer.weights_synthetic_grads
        size_guess, size_true = np.linalg.norm(guess, axis=1), np.linalg.norm(d, axis=1)
        result.append((((guess * d).sum(axis=1) / (size_guess * size_true)).mean(), size_guess.mean() / size_true.mean()))
    return np.transpose(result)  # (2, layers)

# %%
def record(with_label, points=50):
    layers, rows = dni_layers(N_BITS * with_label), []
    for i, (batch_x, batch_y) in enumerate(batches(STEPS)):
        if i % (STEPS // points) == 0:
            rows.append(compare(layers, with_label))
        dni_step(layers, batch_x, batch_y, batch_y if with_label else None)
    return np.arange(len(rows)) * (STEPS // points), np.array(rows)  # (points, 2, layers)

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 3.2))
steps, from_output = record(with_label=False)
_, from_both = record(with_label=True)
for k in range(3):
    for axes, values in zip(panels, (from_output[:, 0], from_both[:, 0], from_both[:, 1])):
        axes.plot(steps, values[:, k], color=f"C{k}", label=f"layer {k + 1}")
for axes, title in zip(panels, ("output alone", "output and label", "output and label")):
    axes.set(title=title, xlabel="step", ylabel="cosine with the truth", ylim=(-0.4, 1.05))
panels[2].set(ylabel="size of guess / size of truth", ylim=(0, 3))
panels[2].legend()
plt.show()

# %% [markdown]
# From the output alone the cosine hovers around zero: this is a guess in name only. With the label the top guess is
# almost exact, layer 2's points roughly the right way, layer 1's less so: it has learned from the guess of a guess. Late
# in training the true gradients of most samples become small, and the linear guesses, which cannot follow that,
# are larger than the truth and less aligned with it. And yet the network learns well. A gradient does not have to be
# right to be useful; it has to point downhill often enough.
#
# Here are the two for ten held-out sums at layer 2, after a fifth of the training:

# %%
young = dni_layers(N_BITS)
for batch_x, batch_y in batches(STEPS // 5):
    dni_step(young, batch_x, batch_y, batch_y)
h, true, _ = backprop([layer.weights for layer in young], x_test[:BATCH], y_test[:BATCH])
synthetic = np.hstack([h[2], y_test[:BATCH]]) @ young[1].weights_synthetic_grads
limit = np.abs([true[1], synthetic]).max()

# %%
figure, panels = plt.subplots(2, 1, figsize=(8, 4.2), sharex=True)
for axes, values, title in zip(panels, (true[1], synthetic), ("true gradient", "synthetic gradient")):
    image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    axes.set(title=f"{title} at layer 2", ylabel="sample")
panels[1].set_xlabel("unit")
figure.colorbar(image, ax=panels)
plt.show()

# %% [markdown]
# ## The tutorial's own size
#
# Twelve bits, layers of 128 and 64 units, 1,000 training sums of about four million possible ones: far harder, and
# the held-out sums are truly new. We let the package do it (`dni_np.experiments.feedforward.recipes`, "addition"). There the top layer always
# learns from the true gradient, and guessers start at zero.

# %%
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find

large = {}
for rule in ("backprop", "dni", "cdni"):
    settings = find("addition").settings(rule, steps=400 if FAST else 30_000)
    loop = build_loop(settings, progress=False)
    loop.run()
    large[rule] = loop.history
    print(f"{rule:9} {loop.history.rows[-1]['test_error']:5.1f} % of held-out bits wrong, {settings.steps:,} steps")

# %%
figure, axes = plt.subplots(figsize=(8.5, 3.3))
names = {"dni": "DNI, from the output alone", "backprop": "backpropagation", "cdni": "DNI, from output and label"}
for (rule, label), color in zip(names.items(), ("C1", "C0", "C2")):
    axes.plot(*large[rule].column("test_error"), color=color, label=label)
axes.set(xlabel="step", ylabel="held-out bits wrong (%)", ylim=(0, 55), title="12 bits, 24-128-64-12 sigmoids")
axes.legend(loc="lower left")
plt.show()

# %% [markdown]
# At the end the order is the same, though DNI with the label needs longer to pass backpropagation. From the output alone
# the network stays near chance, even though its top layer is told the truth (exercise 1 tries that on 6 bits).
#
# ## The package computes the same
#
# First our `DNI` against the package's tutorial class, which has one rate for both updates. Equal to the last bit:

# %%
ours = dni_layers(N_BITS, alpha=0.002, beta=0.002)
start = np.random.default_rng(1)
theirs = [
    tutorial.DNI(m, n, tutorial.sigmoid, tutorial.sigmoid_out2deriv, start, alpha=0.002, context_dim=N_BITS)
    for m, n in zip(SIZES, SIZES[1:])
]
for batch_x, batch_y in batches(200):
    dni_step(ours, batch_x, batch_y, batch_y)
    dni_step(theirs, batch_x, batch_y, batch_y)
for mine, packaged in zip(ours, theirs):
    assert np.array_equal(mine.weights, packaged.weights)
    assert np.array_equal(mine.weights_synthetic_grads, packaged.weights_synthetic_grads)

# %% [markdown]
# Then against `dni_np.dni.unit.DNI`, the general unit that the rest of the package is built on. It takes any *core*
# (here a linear layer without bias and a sigmoid), any model for the guess, and an optimizer for each. One difference in
# convention: the tutorial *sums* weight gradients over the minibatch, the package takes *means*. So its
# learning rates are $N = 10$ times ours.

# %%
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI as Unit
from dni_np.nn.activations import Sigmoid
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SquaredError
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import DecoupledLossUnit


# %%
def as_unit(layer):
    """The package's unit with the same numbers in it."""
    (m, n), M = layer.weights.shape, layer.weights_synthetic_grads
    core = Sequential([Linear(m, n, None, bias=False, init=lambda *_: layer.weights.copy(), dtype=float), Sigmoid()])
    sees = Conditioning(("output", "label"), n, label=N_BITS)
    guesser = SyntheticGradient(n, sees, None, bias=False, last_init=lambda *_: M.copy(), dtype=float)
    return Unit(core, guesser, SGD(core, layer.alpha * BATCH), SGD(guesser, layer.beta * BATCH))

# %%
ours = dni_layers(N_BITS)
*lower, top = [as_unit(layer) for layer in ours]
network = DNIChain(lower, DecoupledLossUnit(top, SquaredError()), classes=N_BITS)
for batch_x, batch_y in batches(500):
    dni_step(ours, batch_x, batch_y, batch_y)
    network.step(batch_x, batch_y)
for layer, unit in zip(ours, [*lower, top]):
    assert np.allclose(layer.weights, unit.core.params["0.W"], rtol=1e-8, atol=1e-10)
    assert np.allclose(layer.weights_synthetic_grads, unit.synthetic_gradient.params["0.W"], rtol=1e-8, atol=1e-10)
print("tutorial class and general unit agree after 500 steps")

# %% [markdown]
# ## Exercises
#
# 1. **Save the output-only network.** The fixed point above needs the *top* guesser to be blind. Give the top layer the
#    true gradient $p - y$, and leave the two lower layers with guesses from their outputs. Does the network learn now?
# 2. **Start from zero.** The paper starts guessers at zero, the tutorial at random. Set `weights_synthetic_grads` to
#    zero in the labeled network. Which start learns faster here?
# 3. **Is it fair?** Backpropagation and DNI were compared at one rate, 0.1. Try backpropagation at 0.3 and 1.
#
# Try them before you open the solutions.
#
# <details><summary><b>Solutions in words</b></summary>
#
# 1. Barely: a few points better than chance. The top layer learns what it can from hidden layers that are still nearly
#    random, because *their* guessers are as blind as before.
# 2. The random start, in this run: both learn, the start at zero takes about twice as long. With zeros nothing below
#    moves at the first step. Random guessers push hidden layers at once in a direction that depends on the label, at
#    random but always in the same way, and such pushes are known to help (feedback alignment, Lillicrap et al. 2016).
#    One seed and one task do not prove that this is the reason. The package starts at zero, as the paper does.
# 3. It is not. At 0.3 backpropagation is about level with DNI with the label, at 1 it is the fastest of all. What the
#    experiment shows is not that guesses beat gradients, but that guesses suffice.
#
# The cells below measure all three.
# </details>

# %%
def exercise_1(batch_x, batch_y):
    _, h1 = mixed[0].forward_and_synthetic_update(batch_x)
    back, h2 = mixed[1].forward_and_synthetic_update(h1)
    mixed[0].update_synthetic_weights(back)
    output = mixed[2].forward(h2)
    mixed[1].update_synthetic_weights(mixed[2].backward(output - batch_y))
    mixed[2].update()


mixed = [*dni_layers()[:2], Layer(*SIZES[2:], np.random.default_rng(1))]
curves = {"1. output alone, true gradient for the top": train(exercise_1, [layer.weights for layer in mixed])}

# %%
zeros = dni_layers(context_dim=N_BITS)
for layer in zeros:
    layer.weights_synthetic_grads[:] = 0
curves["2. output and label, guessers start at zero"] = train(
    lambda batch_x, batch_y: dni_step(zeros, batch_x, batch_y, batch_y), [layer.weights for layer in zeros]
)

# %%
for rate in (0.3, 1.0):
    start = np.random.default_rng(1)
    weights = [random_matrix(m, n, start) for m, n in zip(SIZES, SIZES[1:])]

    def step(batch_x, batch_y):
        for W, gradient in zip(weights, backprop(weights, batch_x, batch_y)[2]):
            W -= rate * gradient

    curves[f"3. backpropagation at {rate}"] = train(step, weights)

# %%
figure, axes = plt.subplots(figsize=(8.5, 3.6))
axes.plot(*labeled_curve, color="0.75", linewidth=4, label="DNI, from output and label (as above)")
axes.plot(*backprop_curve, color="0.75", linewidth=4, linestyle=":", label="backpropagation at 0.1 (as above)")
for (label, curve), color in zip(curves.items(), ("C1", "C2", "C0", "C4")):
    axes.plot(*curve, color=color, label=label)
axes.set(xlabel="step", ylabel="held-out bits wrong (%)", ylim=(0, 60), title="The exercises")
axes.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.45))
plt.show()

# %% [markdown]
# ## Summary
#
# - Backpropagation locks layers to each other; a **synthetic gradient** unlocks them: guess, update at once, correct the
#   guess later. Two short methods hold all of it.
# - Descent is `-=` for the layer *and* for the guesser, and the way back uses the weights that made the output.
# - The guesser has its own step size. With sigmoid outputs the largest stable one is small.
# - Only the top guesser meets the data. Everything below learns guesses from guesses, and it works.
# - From the output alone this task is not learned: the best guess is an average, and averages cannot tell samples apart.
#   With the label it is learned well, by guesses whose cosine with the truth is far from 1.
#
# What a guesser looks at decides everything here. The tutorial ends on that question, and so the next notebook asks it:
# **[What should a synthetic gradient look at?](02_what_should_it_look_at.ipynb)**

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
# # Toolbox: an LSTM by hand
#
# | | |
# |---|---|
# | **Question** | What does an LSTM compute, forward and back, and why does its gradient last? |
# | **Time** | three quarters of an hour |
# | **Level** | optional: inside of the layer of notebooks 10 to 13 ([words](glossary.md)) |
# | **Needs** | [notebook 02](02_mnist.ipynb): layers with a cache, central differences |
#
# From notebook 10 on the course is about networks that run through time. They use one layer more,
# the *long short-term memory* (Hochreiter & Schmidhuber 1997). Here one step of it is written by
# hand, forward and backward, checked, and compared with the package's.
#
# ## Your prediction
#
# 1. A step computes four gates, then the cell, then the output. How many different ways does the
#    gradient take from the output back to the weights of the *output* gate, and how many to those
#    of the *forget* gate, if a later step also sends back a gradient for the cell?
# 2. All forget gates are 0.9. How much of a gradient at the cell is left 20 steps back, along the
#    cell alone?
# 3. An LSTM has learned to copy bits from memory. Does each of its units hold one bit?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update(
    {**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True, "axes.titlesize": 10}
)

# %% [markdown]
# ## 1. One step forward
#
# A recurrent network reads its input $x_t$ and its own last output $h_{t-1}$. An LSTM keeps a
# second row of numbers besides, the **cell** $c$, and is careful with it: nothing is overwritten
# unless a **gate** opens. A gate is a number between 0 and 1, one for each unit, computed anew at
# every step from what is seen, $z = [x_t, h_{t-1}]\,W + b$.
#
# | | | |
# |---|---|---|
# | input gate | $i = \sigma(z_i)$ | how much of the new value is let in |
# | forget gate | $f = \sigma(z_f)$ | how much of the cell is kept (1: all, 0: forgotten) |
# | output gate | $o = \sigma(z_o)$ | how much of the cell is shown |
# | new value | $g = \tanh(z_g)$ | what would be written, between -1 and 1 |
#
# $$c_t = f\,c_{t-1} + i\,g \qquad\qquad h_t = o\,\tanh(c_t)$$
#
# $W$ and $b$ hold the four side by side. That is all, and so is this:

# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step(x, h, c, W, b):
    """x (N, n_in), state h, c (N, H) -> the next h and c, and what the way back will need."""
    z = np.concatenate([x, h], axis=1) @ W + b  # (N, 4H)
    z_i, z_f, z_o, z_g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), np.tanh(z_g)
    c_new = f * c + i * g
    h_new = o * np.tanh(c_new)
    return h_new, c_new, (x, h, c, i, f, o, g, c_new)

# %% [markdown]
# ### A memory set by hand
#
# One unit, and weights of our own. Three inputs: a value, a command to write, a command to read. A
# bias of -6 keeps the input and output gates shut ($\sigma(-6) = 0.002$), and a command adds 12,
# which opens one. With the forget gate it is the other way round: it stays open, to keep the cell,
# until something new is to be written.

# %%
W = np.array([
    # i    f    o   g
    [ 0,   0,   0,  2],  # value
    [12, -12,   0,  0],  # write
    [ 0,   0,  12,  0],  # read
    [ 0,   0,   0,  0],  # h: not used
])  # fmt: skip
b = np.array([-6, 6, -6, 0])
STEPS, WRITE, READ = 24, [3, 14], [8, 11, 19, 20]
x = np.zeros((STEPS, 1, 3))
x[:, 0, 0] = np.random.default_rng(0).uniform(-1, 1, STEPS)  # a new value at every step
x[WRITE, 0, 1] = x[READ, 0, 2] = 1
h = c = np.zeros((1, 1))
rows = []
for x_t in x:
    h, c, (_, _, _, i, f, o, g, _) = lstm_step(x_t, h, c, W, b)
    rows.append([x_t[0, 0], *(part[0, 0] for part in (i, f, o, c, h))])

# %%
figure, axes = plt.subplots(6, 1, figsize=(8.5, 4.6), sharex=True)
names = ("value", "input gate $i$", "forget gate $f$", "output gate $o$", "cell $c$", "output $h$")
for axis, name, values in zip(axes, names, np.transpose(rows)):
    low = 0 if "gate" in name else -1
    axis.bar(range(STEPS), values, color="0.15" if low < 0 else "0.6")
    axis.set(yticks=(low, 1), ylim=(1.1 * low, 1.1))
    axis.set_ylabel(name, rotation=0, ha="right", va="center")
    for step in WRITE:
        axis.axvline(step, color=style.TARGET, linestyle=":", zorder=0)
axes[-1].set(xlabel="time step", xticks=range(0, STEPS, 2))
figure.suptitle("The cell keeps the value at a command to write (dotted), and shows it on demand")
plt.show()

# %% [markdown]
# The values rush by, the cell stands still. A network learns such weights by itself, for each unit
# others. The package's `LSTM` takes whole sequences, time first: `(T, N, n_in)`; the state is
# handed in and out. Does it compute the same?

# %%
from dni_np.nn.lstm import LSTM

rng = np.random.default_rng(0)
small = LSTM(3, 5, rng, dtype=np.float64)  # float64 for exact comparisons
x = rng.standard_normal((7, 4, 3))  # 7 steps, 4 sequences, 3 inputs
y, state, cache = small.forward(x, small.initial_state(4))
h = c = np.zeros((4, 5))
steps = []
for t in range(7):
    h, c, step = lstm_step(x[t], h, c, small.params["W"], small.params["b"])
    steps.append(step)
    assert np.allclose(h, y[t], atol=1e-14)
print(f"seven steps by hand and in the package: largest difference {abs(h - y[-1]).max():.0e}")

# %% [markdown]
# ## 2. Inside a trained LSTM
#
# The task of notebook 10 is **Copy**: read $N$ bits and a stop; then, reading nothing, write the
# bits and a stop. It begins with $N = 1$. A level is solved when the loss falls below 0.15 bits per
# symbol; then $N$ grows by one, and the level is never seen again. An LSTM of 32 units learns it:

# %%
from dni_np.data.copy_tasks import copy
from dni_np.experiments.sequences.build import build_loop
from dni_np.experiments.sequences.settings import SequenceSettings

SAMPLES = 2_000 if FAST else 100_000
settings = SequenceSettings(
    "copy", rule="full", units=32, batch_size=32, learning_rate=3e-3, samples=SAMPLES
)
loop = build_loop(settings, progress=False)
loop.run()
curriculum = loop.task.curriculum
N = max(curriculum.n_symbols, 2)  # the level that is being learned at the end
print(f"Copy: N = {curriculum.solved_size[0]} solved after {curriculum.samples:,} sequences")

# %% [markdown]
# Its gates and cells while it copies one sequence, step by step with our own function. The units
# are sorted by when their cell differs most between sequences.

# %%
episode = copy(N, 500, np.random.default_rng(1))
trained = loop.rule.core
h, c = (part.astype(np.float64) for part in trained.initial_state(500))
gates = []
for x_t in episode.inputs:
    h, c, (*_, i, f, o, g, c_new) = lstm_step(x_t, h, c, trained.params["W"], trained.params["b"])
    gates.append([i, f, o, c_new])
gates = np.moveaxis(gates, 1, 0)  # (4, steps, sequences, units)
spread = gates[3].std(axis=1) ** 4
order = np.argsort((np.arange(len(spread)) @ spread) / spread.sum(axis=0))
bits = "".join(str(label) for label in episode.labels[N + 1 : -1, 0])
figure, axes = plt.subplots(2, 2, figsize=(9.5, 5.4), sharex=True, sharey=True)
for axis, part, name in zip(axes.flat, gates, ("input gate", "forget gate", "output gate", "cell")):
    limit = 1 if "gate" in name else abs(part[:, 0]).max()
    look = {"cmap": "Greys", "vmin": 0} if "gate" in name else {"cmap": "PuOr", "vmin": -limit}
    drawn = axis.imshow(part[:, 0, order].T, aspect="auto", vmax=limit, **look)
    figure.colorbar(drawn, ax=axis, pad=0.01)
    axis.axvline(N + 0.5, color=style.TARGET, linewidth=1)
    axis.set(title=name, xticks=range(2 * N + 2), xticklabels=[*bits, "s", *bits, "s"])
    axis.grid(False)
figure.suptitle(f"An LSTM that copies {N} bits (black: a gate is open; from the line on it writes)")
figure.supylabel("unit")
figure.supxlabel("bits it reads, stop; bits it has to write, stop")
plt.show()

# %% [markdown]
# Hardly a unit is the tidy memory of section 1. So where are the bits? Ask each cell alone, and a
# linear model of all cells, fitted on half of the sequences: how often is a bit read correctly
# just before it is written?

# %%
bits = 2.0 * episode.labels[N + 1 : -1] - 1  # (N, sequences), -1 or 1
states = gates[3]  # cells (steps, sequences, units)
alone, together = [], []
for k in range(N):
    before, half = states[N + k], 250  # the cells after the step before bit k is written
    inputs = np.c_[before, np.ones(500)]
    for found, columns in ((alone, [[j, -1] for j in range(32)]), (together, [slice(None)])):
        right = []
        for some in columns:
            fit = np.linalg.lstsq(inputs[:half][:, some], bits[k, :half], rcond=None)[0]
            right.append(((inputs[half:][:, some] @ fit > 0) == (bits[k, half:] > 0)).mean())
        found.append(100 * max(right))
print(f"best single cell: {np.mean(alone):.0f} % on average, all cells: {np.mean(together):.0f} %")

# %% [markdown]
# The bits are spread over all units.
#
# ## 3. One step backward
#
# Behind the step is a loss. Two gradients come in from there: $dh = \partial L/\partial h_t$, and
# $dc = \partial L/\partial c_t$ as far as *later* steps use the cell. Then backward, in the reverse
# order of computation.

# %%
from dni_np.pictures.scene import Box, Route, Scene, draw

BOXES = {
    "c0": Box(1.0, 6.2, "$c_{t-1}$", 1.4, 1.0), "f": Box(3.6, 6.2, r"$\times f$", 1.2, 1.0),
    "+": Box(6.2, 6.2, "+", 1.2, 1.0), "c": Box(8.8, 6.2, "$c_t$", 1.2, 1.0),
    "later": Box(12.9, 6.2, "later steps", 1.9, 1.0), "z": Box(7.6, 1.4, "$z$", 9.2, 1.0),
    "ig": Box(6.2, 3.9, r"$i \times g$", 1.3, 1.0), "tanh": Box(8.8, 3.9, "tanh", 1.2, 1.0),
    "o": Box(11.2, 3.9, r"$\times o$", 1.2, 1.0), "h": Box(13.3, 3.9, "$h_t$", 1.1, 1.0),
}  # fmt: skip
BOXES["z"] = BOXES["z"]._replace(text=r"$z = [x_t, h_{t-1}]\,W + b$")
FIRST = "first way: $dh\\,o\\,(1 - \\tanh^2 c_t)$"
WAYS = (  # from box to box; what goes back, and where that stands
    ("c0 f", "$dc\\,f$", (2.3, 5.55)), ("f +", ""), ("+ c", ""), ("tanh o", ""), ("ig +", ""),
    ("c later", "second way: $dc$", (10.75, 6.85)), ("c tanh", FIRST, (11.4, 5.05)),
    ("o h", "$dh$", (12.3, 3.3)), ("z f", "$dz_f$", (4.3, 3.8)), ("z o", "$dz_o$", (11.9, 2.6)),
    ("z ig", "$dz_i, dz_g$", (7.3, 2.6)),
)  # fmt: skip

# %%
def there_and_back(names, text, at=()):
    """Two arrows side by side, from edge to edge: forward in gray, backward in red."""
    a, b = (BOXES[name] for name in names.split())
    if a.y == b.y:
        left, right = a.x + a.width / 2, b.x - b.width / 2
        up, down = ((left, a.y + 0.2), (right, a.y + 0.2)), ((right, a.y - 0.2), (left, a.y - 0.2))
    else:
        x, up = b.x if a.width > b.width else a.x, np.sign(b.y - a.y)
        start, end = a.y + up * a.height / 2, b.y - up * b.height / 2
        up, down = ((x - 0.2, start), (x - 0.2, end)), ((x + 0.2, end), (x + 0.2, start))
    return [Route(up, (style.FORWARD,)), Route(down, (style.TARGET,), text, at)]


routes = dict(enumerate(sum((there_and_back(*way) for way in WAYS), [])))
draw(Scene("One step: forward in gray, backward in red", "", (14.2, 7.2), BOXES, routes, ()))

# %% [markdown]
# **Two ways lead to $c_t$.** The loss depends on the cell through $h_t = o\tanh(c_t)$ *and* through
# what the next step makes of $c_t$. The two add up:
#
# $$dc \mathrel{+}= dh \; o \,(1 - \tanh^2 c_t)$$
#
# From there it is a sum and a few products, each passing on the gradient times the *other* factor;
# the slopes of the gates are $s(1-s)$ and $1 - g^2$:
#
# $$dz_i = dc\,g\;\, i(1-i) \qquad dz_f = dc\,c_{t-1}\;\, f(1-f)$$
# $$dz_o = dh\,\tanh(c_t)\;\, o(1-o) \qquad dz_g = dc\,i\,(1-g^2)$$
#
# and then, back to what the step began with,
#
# $$dc_{t-1} = dc\, f \qquad\qquad [dx_t, dh_{t-1}] = dz\, W^T \qquad\qquad
# dW = [x_t, h_{t-1}]^T dz$$
#
# Look at $dc_{t-1} = dc\,f$: along the cell the gradient is multiplied by a forget gate, and by
# nothing else. No matrix, no squashing. Where the gate is open, it passes unharmed. (Notebook 12
# makes use of this.)
#
# ## Your turn

# %%
def lstm_step_backward(dh, dc, W, cache):
    """Gradients at h_t and c_t, both (N, H) -> (dx, dh_before, dc_before, dW, db).

    cache is what lstm_step returned: (x, h, c, i, f, o, g, c_new), with h and c from before the
    step. dz holds dz_i, dz_f, dz_o, dz_g side by side, (N, 4H). dW and db are sums over the N.
    """

# %% [markdown]
# Let the loss be $\langle R_h, h_t\rangle + \langle R_c, c_t\rangle$ with random $R$; then $dh =
# R_h$ and $dc = R_c$. Change one number at a time up and down, and divide. Until you have written
# yours, the package's step is checked.

# %%
def package_backward(dh, dc, W, cache):
    x, h, c, i, f, o, g, c_new = cache
    layer = LSTM(x.shape[1], h.shape[1], np.random.default_rng(0), dtype=np.float64)
    layer.params["W"][...] = W
    for gradient in layer.grads.values():
        gradient[...] = 0
    seen = np.concatenate([x, h], axis=1)
    back = layer.step_backward(dh, dc, (seen, i, f, o, g, c, np.tanh(c_new)))
    return *back, *(len(x) * gradient for gradient in layer.grads.values())  # there it is a mean


def central_differences(loss, array, step=1e-5):
    slopes = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept, values = array[index], []
        for sign in (1, -1):
            array[index] = kept + sign * step
            values.append(loss())
        array[index] = kept
        slopes[index] = (values[0] - values[1]) / (2 * step)
    return slopes

# %%
rng = np.random.default_rng(0)
x_1, h_0, c_0, R_h, R_c = (rng.standard_normal((4, n)) for n in (3, 5, 5, 5, 5))
W, b = small.params["W"], small.params["b"]


def loss_after():
    h_new, c_new, _ = lstm_step(x_1, h_0, c_0, W, b)
    return (R_h * h_new).sum() + (R_c * c_new).sum()


def check(lstm_step_backward):
    step = lstm_step(x_1, h_0, c_0, W, b)[2]
    found = lstm_step_backward(R_h, R_c, W, step)
    if found is None:
        print("Nothing is written yet. Until then the package's step is used.")
        lstm_step_backward, found = package_backward, package_backward(R_h, R_c, W, step)
    for name, array, gradient in zip(("x", "h", "c", "W", "b"), (x_1, h_0, c_0, W, b), found):
        off = abs(gradient - central_differences(loss_after, array)).max()
        print(f"d{name}: {array.size:3} numbers, largest difference {off:.0e}")
        assert off < 1e-8, f"d{name} is wrong"
    return lstm_step_backward


step_backward = check(lstm_step_backward)

# %% [markdown]
# A sequence is that step, again and again, so its gradient is the backward step, again and again,
# from the last to the first; at each step the loss of that very step adds its part. Seven steps,
# beside the package's `backward`:

# %%
dy = rng.standard_normal((7, 4, 5))  # the losses' gradients at the outputs
dh, dc, dW = np.zeros((4, 5)), np.zeros((4, 5)), 0
for t in reversed(range(7)):
    _, dh, dc, part, _ = step_backward(dh + dy[t], dc, W, steps[t])
    dW = dW + part
_, (package_dh, package_dc) = small.backward(dy, None, cache)
for name, ours, its in (("dh", dh, package_dh), ("dW", dW, 4 * small.grads["W"])):
    print(f"{name} after seven steps: largest difference {abs(ours - its).max():.0e}")
    assert np.allclose(ours, its, atol=1e-12)

# %% [markdown]
# How long does a gradient last along the cell? Multiply the forget gates of the trained network, on
# the way back from its last step, beside gates of 0.5 and 0.9.

# %%
back = np.cumprod(gates[1][::-1], axis=0)  # (steps, sequences, units)
figure, axis = plt.subplots(figsize=(8, 3))
ago = range(1, len(back) + 1)
axis.plot(ago, back.max(axis=2).mean(axis=1), "o-", color="0", label="best unit")
axis.plot(ago, np.median(back, axis=(1, 2)), ".-", color="0.5", label="median")
for gate, line in ((0.9, "--"), (0.5, ":")):
    axis.plot(range(1, 21), gate ** np.arange(1, 21), line, color=style.TRUE, label=f"f = {gate}")
print(f"f = 0.9: after 20 steps {0.9**20:.2f} are left; f = 0.5: {0.5**20:.0e}")
axis.set(yscale="log", ylim=(1e-4, 1.5), ylabel="product of forget gates")
axis.set(xlabel="steps back", xticks=range(0, 21, 5))
axis.set_title("Along the cells of a trained LSTM a gradient goes far")
axis.legend(ncols=2, fontsize=8)
plt.show()

# %% [markdown]
# ## Exercises
#
# 1. **One way only.** Leave out the second way: let $dc$ from later be zero. Which gradients become
#    wrong, which one stays right?
# 2. **A gate that never opens.** What is the gradient of the weights of the forget gate at the very
#    first step of a sequence?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. All that follows from $dc$ is wrong: $dc_{t-1}$, and through $dz_i$, $dz_f$, $dz_g$ all the
#    rest. Only $dz_o$ stays right, the third quarter of $db$.
#
#    ```python
#    step = lstm_step(x_1, h_0, c_0, W, b)[2]
#    right, wrong = (step_backward(R_h, later, W, step) for later in (R_c, 0 * R_c))
#    for name, one, other in zip(("x", "h", "c", "W", "b"), right, wrong):
#        print(f"d{name}: off by {abs(one - other).max():.1f}")
#    print("quarters of db:", abs(right[4] - wrong[4]).reshape(4, 5).max(axis=1).round(2))
#    ```
#
# 2. Zero: $dz_f = dc\,c_{t-1}\,f(1-f)$, and a sequence begins with $c_0 = 0$. There is nothing to
#    forget yet.
#
# </details>
#
# ## As predicted?
#
# | prediction | result |
# |---|---|
# | 1. ways to the weights of the output gate | one, through $h_t$ |
# | ways to those of the forget gate | two, through $h_t$ and the later cell |
# | 2. left of a gradient after 20 gates of 0.9 | 0.12 |
# | 3. a bit from the best single cell | read correctly in 73 % of sequences |
# | a bit from all cells | 88 % |
#
# - An LSTM step is four gates and two lines. Backward, two ways lead into the cell.
# - Along the cells the gradient is multiplied by forget gates only: where they are open, it lasts.
# - One seed, one small network; what its units do differs from seed to seed.
#
# Next: **[What can a network not learn, if it looks back only a few steps?](10_truncation.ipynb)**

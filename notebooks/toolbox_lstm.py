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
# # What can a network not learn, if it looks back only a few steps?
#
# So far layers were stacked, and the gradient came down from above. A recurrent network is one layer that runs again and
# again, and its gradient comes from the *future*: what it remembers now may matter much later. To wait for that, one must
# keep everything that happened in between. The usual way out is to look back a few steps only.
#
# **What you'll do**
#
# - write one step of an LSTM by hand, forward and backward, and check both;
# - look at the gates of a trained one, and at what it remembers;
# - backpropagate through time in chunks, exactly, and then truncated;
# - see in a picture which gradients the truncation removes;
# - train with short and long chunks, and find out what is learned *without* the gradient that should teach it;
# - count the memory, and see that one vector at each boundary would make up for everything.
#
# **What you need:** NumPy, and the chain rule. Nothing is downloaded: the sequences are drawn at random.

# %% [markdown]
# ### Before you go on: predict
#
# The task: read $N$ random bits, then write them from memory. The network learns with gradients that reach back $T$ steps
# at most.
#
# 1. With $T = 2$ no gradient ever connects a bit that was read with the same bit as it is written. Will it learn to
#    copy one bit? Four?
# 2. How far will the weights move through which the bits come in?
# 3. Twice as many steps at once: how much more memory does it take? And how much for a sequence of twice the length?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "axes.grid": False, "figure.dpi": 90, "figure.constrained_layout.use": True})


# %% [markdown]
# ## 1. One step of an LSTM
#
# A recurrent network reads its input $x_t$ and its own last output $h_{t-1}$. The *long short-term memory* keeps a second
# row of numbers besides, the **cell** $c$, and is careful with it: nothing is overwritten unless a **gate** opens.
# A gate is a number between 0 and 1, one for each unit, computed anew at every step from what is seen,
# $z = [x_t, h_{t-1}]\,W + b$.
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
# One unit, and weights of our own. Three inputs: a value, a command to write, a command to read. A bias of -6 keeps the
# input and output gates shut ($\sigma(-6) = 0.002$), and a command adds 12, which opens one. With the forget gate it is
# the other way round: it stays open, to keep the cell, until something new is to be written.

# %%
W = np.array([
    # i    f    o   g
    [ 0,   0,   0,  2],  # value
    [12, -12,   0,  0],  # write
    [ 0,   0,  12,  0],  # read
    [ 0,   0,   0,  0],  # h: not looked at
])  # fmt: skip
b = np.array([-6, 6, -6, 0])

rng = np.random.default_rng(0)
steps = 24
x = np.zeros((steps, 1, 3))
x[:, 0, 0] = rng.uniform(-1, 1, steps)  # a new value at every step; two of them are to be kept
x[[3, 14], 0, 1] = 1
x[[8, 11, 19, 20], 0, 2] = 1

# %%
h = c = np.zeros((1, 1))
rows = []
for x_t in x:
    h, c, (_, _, _, i, f, o, g, _) = lstm_step(x_t, h, c, W, b)
    rows.append([x_t[0, 0], i[0, 0], f[0, 0], o[0, 0], c[0, 0], h[0, 0]])

figure, axes = plt.subplots(6, 1, figsize=(8.5, 5), sharex=True)
names = ("value", "input gate $i$", "forget gate $f$", "output gate $o$", "cell $c$", "output $h$")
for axis, name, values, color in zip(axes, names, np.transpose(rows), ("0.5", "C0", "C3", "C2", "k", "C4")):
    axis.bar(range(steps), values, color=color)
    axis.axhline(0, color="0.7", linewidth=0.8)
    axis.set(yticks=(0, 1) if "gate" in name else (-1, 0, 1), ylim=(0, 1.1) if "gate" in name else (-1.1, 1.1))
    axis.set_ylabel(name, rotation=0, ha="right", va="center")
    for written in (3, 14):
        axis.axvline(written, color="C0", linestyle=":", zorder=0)
axes[-1].set(xlabel="time step", xticks=range(0, steps, 2))
figure.suptitle("A cell that keeps what it is told to keep (dotted: told to write), and shows it when asked")
plt.show()

# %% [markdown]
# The values rush by, the cell stands still. A network learns such weights by itself, for each unit others.
#
# ### The package's version
#
# `LSTM` takes whole sequences, time first: `(T, N, n_in)`, with the state handed in and out. Does it compute the same?
# (`LSTM` is the page to read. `lstm`, used further down, makes one that computes the same faster.)

# %%
from dni_np.nn.lstm import LSTM

rng = np.random.default_rng(0)
small = LSTM(3, 5, rng, dtype=np.float64)  # float64 for exact comparisons
x = rng.standard_normal((7, 4, 3))  # 7 steps, 4 sequences, 3 inputs
y, state, cache = small.forward(x, small.initial_state(4))

h = c = np.zeros((4, 5))
for t in range(7):
    h, c, _ = lstm_step(x[t], h, c, small.params["W"], small.params["b"])
    assert np.allclose(h, y[t], atol=1e-14)
assert np.allclose(c, state[1], atol=1e-14)
print(f"seven steps by hand and in the package: largest difference {abs(h - y[-1]).max():.0e}")

# %% [markdown]
# ## 2. What a trained LSTM does with its gates
#
# The task is **Copy**: read $N$ bits and a stop; then, reading nothing, write the bits and a stop. It begins with $N = 1$;
# a level is solved when the loss falls below 0.15 bits per symbol, and $N$ grows by one.

# %%
from dni_np.data.copy_tasks import copy

episode = copy(5, 1, np.random.default_rng(6))
inputs, labels, mask = episode.inputs[:, 0], episode.labels[:, 0], episode.mask[:, 0]
wanted = np.eye(3)[labels] * mask[:, None]
figure, axes = plt.subplots(2, 1, figsize=(7.5, 2.9), sharex=True)
for axis, picture, title in zip(axes, (inputs, wanted), ("reads", "is to write")):
    axis.imshow(picture.T, cmap="Greys", vmax=1.3, aspect="auto")
    axis.set(yticks=range(3), yticklabels=("0", "1", "stop"))
    axis.set_ylabel(title)
    axis.axvline(5.5, color="C3")
axes[1].set(xlabel="time step", xticks=range(12))
figure.suptitle("Copy, $N = 5$: twelve steps; from the red line on it must write from memory")
plt.show()

# %% [markdown]
# An LSTM of 32 units with a linear read-out at each step learns it, for now with the gradient of the *whole* sequence. The
# package's training loop takes the length of a chunk as `unroll`; ours is longer than any sequence.

# %%
from dni_np.experiments.sequences.build import build_loop
from dni_np.experiments.sequences.settings import SequenceSettings

WHOLE = 1000  # steps in a chunk: all of them
SAMPLES = 2_000 if FAST else 100_000  # sequences seen in a run
UNITS, BATCH = 32, 32


def new_loop(T, seed=0):
    settings = SequenceSettings(
        "copy", rule="bptt", unroll=T, units=UNITS, batch_size=BATCH, learning_rate=3e-3,
        samples=SAMPLES, evaluate_every=50, seed=seed,
    )  # fmt: skip
    return build_loop(settings, progress=False)


whole = new_loop(WHOLE)
whole.run()
solved = whole.task.curriculum.solved_size[0]
print(f"Copy with whole sequences: N = {solved} solved after {whole.task.curriculum.samples:,} sequences")

# %% [markdown]
# Let it copy, and keep all that happens inside. (From here on in float64, and outside of the loop.)

# %%
from dni_np.nn.fast.choice import lstm
from dni_np.nn.linear import Linear
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.time_distributed import TimeDistributed


def exact(rule):
    """The rule's core and read-out, copied, in float64."""
    core = lstm(3, UNITS, np.random.default_rng(0), dtype=np.float64)
    readout = TimeDistributed(Linear(UNITS, 3, np.random.default_rng(0), dtype=np.float64))
    core.load_state(rule.core.state())
    readout.load_state(rule.readout.state())
    return core, readout


def bits_at(network, n):
    """Bits per symbol on 500 new sequences of Copy."""
    core, readout = network
    new = copy(n, 500, np.random.default_rng(1))
    y, _, _ = core.forward(new.inputs, core.initial_state(500))
    loss, _ = MaskedSoftmaxCrossEntropy()(readout.forward(y)[0], (new.labels, new.mask))
    return float(bits_per_symbol(loss, new.mask))


trained = core, readout = exact(whole.rule)
N_LOOK = max(whole.task.curriculum.n_symbols, 2)  # the level that is being learned at the end
for n in (N_LOOK - 1, N_LOOK):
    print(f"500 new sequences, N = {n}: {bits_at(trained, n):.3f} bits per symbol")

# %% [markdown]
# It writes the level it is busy with, and not the one before, which it had solved: it has learned the length by heart, and
# writes its stop at that place. What happens inside, at the level it is busy with?

# %%
one = copy(N_LOOK, 500, np.random.default_rng(1))
y, _, (_, c, gates) = core.forward(one.inputs, core.initial_state(500))


# %%
def order_units(cell):
    """The units by when in the sequence their cell changes most between sequences; cell (T, N, H)."""
    spread = cell.std(axis=1)  # (T, H)
    return np.argsort((np.arange(len(cell))[:, None] * spread**4).sum(axis=0) / (spread**4).sum(axis=0))


def mark_writing(axis, n, color="k"):
    axis.axvline(n + 0.5, color=color, linewidth=1)


order, sample = order_units(c[1:]), 0
parts = dict(zip(("input gate", "forget gate", "output gate", "new value"), gates.transpose(1, 0, 2, 3)))
parts |= {"cell": c[1:], "output": y}

# %%
figure, axes = plt.subplots(3, 2, figsize=(9.5, 7.6), sharex=True, sharey=True)
for axis, name in zip(axes.flat, ("input gate", "forget gate", "output gate", "new value", "cell", "output")):
    picture = parts[name][:, sample, order].T
    limit = abs(picture).max()
    style = {"cmap": "Greys", "vmin": 0, "vmax": 1} if "gate" in name else {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
    drawn = axis.imshow(picture, aspect="auto", interpolation="nearest", **style)
    figure.colorbar(drawn, ax=axis, pad=0.01)
    mark_writing(axis, N_LOOK, "C1")
    axis.set_title(name, fontsize=10)
bits = "".join(str(label) for label in one.labels[N_LOOK + 1 : -1, sample])
for axis in axes[-1]:
    axis.set_xticks(range(2 * N_LOOK + 2), [*bits, "s", *bits, "s"])
    axis.set_xlabel("bits it reads, stop; bits it is to write, stop")
for axis in axes[:, 0]:
    axis.set_ylabel("unit")
figure.suptitle(f"Inside an LSTM that copies {N_LOOK} bits (black: a gate is open; line: begins to write)")
plt.show()

# %% [markdown]
# Hardly a unit is the tidy memory of section 1. Most cells grow step by step, all in their own direction, and the bits bend
# them a little. So where are the bits? Ask a linear model: from the state $(h_t, c_t)$ of many sequences, fit by least
# squares whether bit $k$ was a one, and try it on other sequences. (With a little noise on the state, of size 0.1: a trace
# that drowns in that would be of no use to a network either.)


# %%
def what_is_known(core, n, count=3000):
    """(n, steps): the share of new sequences whose bit k a linear model tells from the state after step t."""
    new = copy(n, count, np.random.default_rng(2))
    _, _, (seen, c, _) = core.forward(new.inputs, core.initial_state(count))
    states = np.concatenate([seen[1:, :, 3:], c[1:]], axis=2)  # h, the bias's 1, c
    states = states + 0.1 * np.random.default_rng(3).standard_normal(states.shape)
    bits = 2.0 * new.labels[n + 1 : -1].T - 1  # (count, n), -1 or 1
    half, known = count // 2, np.empty((n, len(states)))
    for t, state in enumerate(states):
        fit = np.linalg.lstsq(state[:half], bits[:half], rcond=None)[0]
        known[:, t] = ((state[half:] @ fit > 0) == (bits[half:] > 0)).mean(axis=0)
    return known


def show_known(axis, known, title):
    n = len(known)
    drawn = axis.imshow(100 * known, aspect="auto", cmap="viridis", vmin=50, vmax=100)
    k = np.arange(n)
    axis.plot(k, k, "wo", markersize=4, fillstyle="none")
    axis.plot(n + 1 + k, k, "ws", markersize=4)
    mark_writing(axis, n, "C1")
    axis.set(xlabel="after time step", title=title, yticks=k, yticklabels=k + 1, xticks=range(0, 2 * n + 2, 2))
    axis.title.set_fontsize(10)
    return drawn


# %%
fresh = lstm(3, UNITS, np.random.default_rng(5), dtype=np.float64)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True)
show_known(axes[0], what_is_known(fresh, N_LOOK), "a new LSTM")
drawn = show_known(axes[1], what_is_known(core, N_LOOK), "trained")
axes[0].set_ylabel("bit")
figure.colorbar(drawn, ax=axes, label="told right (%)")
figure.suptitle("Which bits the state still knows (circle: read, square: written; 50 % is chance)")
plt.show()

# %% [markdown]
# Even a new LSTM has a memory: what went in echoes for a while, and ever more faintly. In the trained one the bits are
# far clearer, and clearest near the place where they are written; those in the middle are the weak spot. Remember the left
# picture: it is needed later.
#
# ## 3. Backward through one step
#
# Behind the step is a loss. Two gradients come in from there: $dh = \partial L/\partial h_t$, and $dc = \partial L/\partial
# c_t$ as far as *later* steps use the cell. Then backward, in the reverse order of computation.

# %%
BOXES = {
    "c0": (0.4, 3, "$c_{t-1}$"), "f": (2.2, 3, r"$\times f$"), "+": (3.9, 3, "+"), "c": (5.6, 3, "$c_t$"),
    "c1": (8.2, 3, "later"), "ig": (3.9, 1.8, r"$i \times g$"), "tanh": (5.6, 1.8, "tanh"), "o": (5.6, 0.5, r"$\times o$"),
    "h": (8.2, 0.5, "$h_t$"), "z": (1.3, 0.5, "$[x_t, h_{t-1}]\\,W + b$"),
}  # fmt: skip
ARROWS = [("c0", "f"), ("f", "+"), ("+", "c"), ("c", "c1"), ("c", "tanh"), ("tanh", "o"), ("o", "h"), ("ig", "+")]


def arrow(axis, start, end, color, shift=(0, 0), shrink=20):
    (x0, y0, _), (x1, y1, _) = BOXES[start], BOXES[end]
    ends = {"xy": (x1 + shift[0], y1 + shift[1]), "xytext": (x0 + shift[0], y0 + shift[1])}
    style = {"arrowstyle": "-|>", "color": color, "shrinkA": shrink, "shrinkB": 20, "linewidth": 1.5}
    axis.annotate("", **ends, arrowprops=style)


# %%
figure, axis = plt.subplots(figsize=(9, 3.9))
for start, end in ARROWS:
    upright = BOXES[start][0] == BOXES[end][0]
    arrow(axis, start, end, "0.5", (-0.07, 0) if upright else (0, 0.07))
    arrow(axis, end, start, "C3", (0.1, 0) if upright else (0, -0.14))
for end, shrink in (("f", 22), ("ig", 32), ("o", 62)):
    arrow(axis, "z", end, "0.8", shrink=shrink)
for x0, y0, text in BOXES.values():
    axis.text(x0, y0, text, ha="center", va="center", bbox={"boxstyle": "round", "facecolor": "0.93", "edgecolor": "0.6"})
for x0, y0, text in (
    (5.85, 2.4, "first road: $dh\\,o\\,(1 - \\tanh^2 c_t)$"),
    (6.75, 0.15, "$dh$"),
    (6.35, 3.3, "second road: $dc$"),
):
    axis.text(x0, y0, text, color="C3", va="center")
axis.text(1.3, 2.65, "$dc\\,f$", color="C3", ha="center", va="center")
axis.set(xlim=(-0.1, 9), ylim=(-0.1, 3.6), title="One step of an LSTM: forward in gray, backward in red")
axis.axis("off")
plt.show()


# %% [markdown]
# **Two roads lead to $c_t$.** The loss depends on the cell through $h_t = o\tanh(c_t)$ *and* through what the next step
# makes of $c_t$. The two add up:
#
# $$dc \mathrel{+}= dh \; o \,(1 - \tanh^2 c_t)$$
#
# From there it is a sum and a few products, each passing on the gradient times the *other* factor; the slopes of the gates
# are $s(1-s)$ and $1 - g^2$:
#
# $$dz_i = dc\,g\;\, i(1-i) \qquad dz_f = dc\,c_{t-1}\;\, f(1-f) \qquad dz_o = dh\,\tanh(c_t)\;\, o(1-o) \qquad
# dz_g = dc\,i\,(1-g^2)$$
#
# and then, back to what the step began with,
#
# $$dc_{t-1} = dc\, f \qquad\qquad [dx_t, dh_{t-1}] = dz\, W^T \qquad\qquad dW = [x_t, h_{t-1}]^T dz$$
#
# Look at $dc_{t-1} = dc\,f$: along the cell the gradient is multiplied by a forget gate, and by nothing else. No
# matrix, no squashing. Where the gate is open, it passes unharmed, however many steps it has to go.


# %%
def lstm_step_backward(dh, dc, W, cache):
    """Gradients at h_t and c_t -> those at x_t, h_{t-1} and c_{t-1}, and of W and b, summed over the samples."""
    x, h, c, i, f, o, g, c_new = cache
    squashed = np.tanh(c_new)
    dc = dc + dh * o * (1 - squashed**2)  # the two roads
    dz_i, dz_f = dc * g * i * (1 - i), dc * c * f * (1 - f)
    dz_o, dz_g = dh * squashed * o * (1 - o), dc * i * (1 - g**2)
    dz = np.concatenate([dz_i, dz_f, dz_o, dz_g], axis=1)  # (N, 4H)
    dx, dh_before = np.split(dz @ W.T, [x.shape[1]], axis=1)
    return dx, dh_before, dc * f, np.concatenate([x, h], axis=1).T @ dz, dz.sum(axis=0)


# %% [markdown]
# ### Is it right?
#
# Let the loss be $\langle R_h, h_t\rangle + \langle R_c, c_t\rangle$ with random $R$; then $dh = R_h$ and $dc = R_c$. Move
# one number at a time up and down, and divide.

# %%
rng = np.random.default_rng(0)
N, H = 4, 5
x, h, c, R_h, R_c = (rng.standard_normal((N, n)) for n in (3, H, H, H, H))
W, b = small.params["W"], small.params["b"]


def loss_after():
    h_new, c_new, _ = lstm_step(x, h, c, W, b)
    return (R_h * h_new).sum() + (R_c * c_new).sum()


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
by_hand = lstm_step_backward(R_h, R_c, W, lstm_step(x, h, c, W, b)[2])
_, _, cache = small.forward(x[None], (h, c))  # the package: a sequence of one step
dx, (dh, dc) = small.backward(R_h[None], (np.zeros_like(R_h), R_c), cache)
grads = small.grads
package = dx[0], dh, dc, N * grads["W"], N * grads["b"]  # the package takes the mean over the samples
print(f"{'':8}{'numbers':>8}{'from differences':>20}{'from the package':>20}")
for name, array, ours, theirs in zip(("x", "h", "c", "W", "b"), (x, h, c, W, b), by_hand, package):
    numeric = central_differences(loss_after, array)
    assert np.allclose(ours, numeric, atol=1e-8) and np.allclose(ours, theirs, atol=1e-13)
    print(f"d{name:7}{array.size:8}{abs(ours - numeric).max():20.0e}{abs(ours - theirs).max():20.0e}")

# %% [markdown]
# (Left out one of the two roads? Exercise 1.)
#
# ## 4. Through time, chunk by chunk
#
# A sequence is that step, again and again, so its gradient is the backward step, again and again, from the last step to the
# first. At each step the loss of that very step adds its $dh$. This is **backpropagation through time** (BPTT).
#
# Nothing forces us to take all steps at once. Cut the sequence into **chunks** of $T$ steps. `forward` hands out the
# state in which the chunk ends, and takes it in for the next. `backward` takes in the gradient at that state, `dstate`, and
# hands out the one at the state where the chunk began. Only weights are shared: add up their gradients.


# %%
def forward_chunks(core, x, T):
    """[(steps, outputs, cache)] of each chunk, in the order of time."""
    state, chunks = core.initial_state(x.shape[1]), []
    for t in range(0, len(x), T):
        y, state, cache = core.forward(x[t : t + T], state)
        chunks.append((slice(t, t + T), y, cache))
    return chunks


def backward_chunks(core, chunks, dy, pass_on):
    """From the last chunk to the first: (dx, the sum of the weights' gradients as one vector)."""
    dstate, dx, total = None, [], 0
    for steps, _, cache in reversed(chunks):
        part, dstate = core.backward(dy[steps], dstate if pass_on else None, cache)
        grads = core.grads
        dx.insert(0, part)
        total = total + np.concatenate([grads["W"].ravel(), grads["b"]])
    return np.concatenate(dx), total


# %% [markdown]
# Pass `dstate` on from chunk to chunk, or throw it away; compare the sum with the gradient of the whole sequence. Once in a
# new network, once in the trained one of section 2. (Chunks do not change the forward pass, nor the losses.)


# %%
def loss_gradient(network, episode):
    """dL/dy (steps, N, H), the gradient at the core's outputs, for all steps that are scored."""
    core, readout = network
    y, _, _ = core.forward(episode.inputs, core.initial_state(episode.inputs.shape[1]))
    logits, cache = readout.forward(y)
    _, dlogits = MaskedSoftmaxCrossEntropy()(logits, (episode.labels, episode.mask))
    return readout.backward(dlogits, cache)


networks = {"new": exact(new_loop(WHOLE).rule), "trained": trained}
LENGTHS = [T for T in (1, 2, 3, 5, 7, 10, 15) if T < 2 * N_LOOK + 2] + [2 * N_LOOK + 2]
errors, cosines = {}, {}
for name, network in networks.items():
    dy = loss_gradient(network, one)
    _, truth = backward_chunks(network[0], forward_chunks(network[0], one.inputs, WHOLE), dy, True)
    for T in LENGTHS:
        chunks = forward_chunks(network[0], one.inputs, T)
        for pass_on in (True, False):
            _, gradient = backward_chunks(network[0], chunks, dy, pass_on)
            errors[name, pass_on, T] = np.linalg.norm(gradient - truth) / np.linalg.norm(truth)
            cosines[name, pass_on, T] = gradient @ truth / np.linalg.norm(gradient) / np.linalg.norm(truth)

# %%
print(f"|gradient - true gradient| / |true gradient|, Copy, N = {N_LOOK}")
kinds = {(name, kind): f"{name}, {'passed on' if kind else 'thrown away'}" for name in networks for kind in (True, False)}
print(f"{'T':>4}" + "".join(f"{kind:>24}" for kind in kinds.values()))
for T in LENGTHS:
    print(f"{T:4}" + "".join(f"{errors[*kind, T]:24.1e}" for kind in kinds))
assert max(errors[name, True, T] for name in networks for T in LENGTHS) < 1e-12

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4))
for axis, values, ylabel in zip(axes, (errors, cosines), ("relative error", "cosine with the true gradient")):
    for name, color in (("new", "#f2a541"), ("trained", "#4c78a8")):
        axis.plot(LENGTHS, [values[name, False, T] for T in LENGTHS], "o-", color=color, label=f"{name}, truncated")
    axis.plot(LENGTHS, [values["trained", True, T] for T in LENGTHS], "s:", color="0.5", label="both, dstate passed on")
    axis.set(xlabel="T, time steps in a chunk", xticks=LENGTHS, ylabel=ylabel, ylim=(-0.05, 1.05))
    axis.grid(alpha=0.3)
axes[0].legend(fontsize=8, loc="center left")
figure.suptitle(f"The core's gradient from chunks, against that of the whole sequence (Copy, $N = {N_LOOK}$)")
plt.show()

# %% [markdown]
# Passed on, the chunks' gradients add up to the true one, to the last digit or two, whatever $T$. Thrown away, most of the
# gradient is gone.
#
# Passing on is exact, and saves nothing: all chunks' caches wait for the last chunk. Throwing away frees each
# chunk at once, and lets the network learn after each. That is **truncated** BPTT: *the state is carried forward, the
# gradient is not carried back*.
#
# ## 5. What truncation cannot see
#
# First, without any gradient: what *does* an output depend on? Turn bit $s$ into the other one, run the network again, and
# see how much what it writes at step $t$ changes.

# %%
FEW = copy(N_LOOK, 100, np.random.default_rng(1))


def answers(network, inputs):
    """How much rather it would write 1 than 0, at each step: the difference of the logits (steps, N)."""
    core, readout = network
    logits, _ = readout.forward(core.forward(inputs, core.initial_state(inputs.shape[1]))[0])
    return logits[:, :, 1] - logits[:, :, 0]


flipped = np.zeros((2 * N_LOOK + 2, N_LOOK))
for bit in range(N_LOOK):
    inputs = FEW.inputs.copy()
    inputs[bit, :, :2] = 1 - inputs[bit, :, :2]
    flipped[:, bit] = abs(answers(trained, inputs) - answers(trained, FEW.inputs)).mean(axis=1)


# %% [markdown]
# Now the gradients. For each step $t$ that is scored, let only its loss $L_t$ count, and go back to all inputs. At an input
# $x_s$ we look at the difference $\partial L_t/\partial x_s^{(1)} - \partial L_t/\partial x_s^{(0)}$, the first-order answer
# to the same question.


# %%
def reach(network, episode, T):
    """(steps, steps): row t, column s is the size of that difference, root mean square over the sequences."""
    core = network[0]
    dy, chunks = loss_gradient(network, episode), forward_chunks(core, episode.inputs, T)
    sizes = np.zeros((len(dy), len(dy)))
    for t in range(len(dy)):
        only = np.zeros_like(dy)
        only[t] = dy[t]
        dx, _ = backward_chunks(core, chunks, only, pass_on=False)
        sizes[t] = np.sqrt(((dx[:, :, 1] - dx[:, :, 0]) ** 2).mean(axis=1))
    return sizes


reached = {T: reach(trained, FEW, T) for T in (WHOLE, 5, 2)}
s, t = np.meshgrid(*2 * [np.arange(2 * N_LOOK + 2)])
for T in (5, 2):
    across = (s // T < t // T) & (t > N_LOOK)  # a scored step t, and an input before its chunk
    assert (reached[WHOLE][across] > 0).all() and (reached[T][across] == 0).all()
    print(f"T = {T}: {across.sum()} gradients lead out of their chunk. Truncated, {(reached[T][across] == 0).sum()} are 0.0")

# %%
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.7), sharey=True, sharex=True)
written, k = slice(N_LOOK + 1, None), np.arange(N_LOOK)
padded = np.pad(flipped, ((0, 0), (0, N_LOOK + 2)))
titles = ("a bit is flipped: change of what is written", "gradient, whole sequence", "gradient, chunks of $T = 5$")
for axis, sizes, of, title in zip(axes, (padded, reached[WHOLE], reached[5]), (padded, *2 * [reached[WHOLE]]), titles):
    picture = sizes[written] / of[written].max(axis=1, keepdims=True)
    drawn = axis.imshow(np.where(picture > 0, picture, np.nan), cmap="magma_r", vmin=0, vmax=1, aspect="auto")
    axis.set_facecolor("0.85")
    axis.plot(k, k, "s", color="C2", markersize=10, fillstyle="none")
    axis.set(xlabel="bit or input at step $s$", xticks=range(0, 2 * N_LOOK + 2, 3))
    axis.set(yticks=range(N_LOOK + 1), yticklabels=range(N_LOOK + 1, 2 * N_LOOK + 2))
    axis.set_title(title, fontsize=9)
axes[0].set_ylabel("written, or loss, at step $t$")
figure.colorbar(drawn, ax=axes, label="of the row's largest", pad=0.01)
figure.suptitle("Which inputs matter, and which the gradient reaches (green: the bit that is to be written; gray: nothing)")
plt.show()

# %% [markdown]
# Left, the diagonal: what is written depends on the right bit. In the middle the gradient is less tidy (it looks at small
# changes only), but it is there, at all inputs. On the right it ends at the boundaries: every bit is beyond them. Those
# gradients are not small, they are exactly zero.
#
# ### How far would a gradient go?
#
# On its way back a gradient may fade, or grow. Take the loss of the last bit and follow its gradient at the state
# $(h, c)$ back through the sequence, step by step.


# %%
def followed_back(network, episode, t):
    """|dL_t/ds_{t-k}| for k = 0, 1, ... over that for k = 0; s = (h, c); root mean square over the sequences."""
    core, dy = network[0], loss_gradient(network, episode)
    dstate, sizes = (dy[t], np.zeros_like(dy[t])), []
    for _, _, cache in reversed(forward_chunks(core, episode.inputs[: t + 1], 1)):
        sizes.append(np.sqrt(sum((part**2).sum(axis=1).mean() for part in dstate)))
        _, dstate = core.backward(np.zeros_like(dy[:1]), dstate, cache)
    return np.array(sizes) / sizes[0]


def new_with_bias(forget_bias):
    core = lstm(3, UNITS, np.random.default_rng(5), forget_bias=forget_bias, dtype=np.float64)
    return core, networks["new"][1]


lines = {
    f"new, forget bias {bias}": (new_with_bias(bias), color) for bias, color in ((-1, "0.75"), (1, "#f2a541"), (3, "C1"))
}
lines["trained"] = trained, "#4c78a8"

# %%
figure, axis = plt.subplots(figsize=(8.5, 3.9))
for name, (network, color) in lines.items():
    axis.plot(followed_back(network, FEW, 2 * N_LOOK), ".-", color=color, label=name)
for T in (2, 3, 5):
    axis.axvline(T - 1, color="C3", linestyle=":", linewidth=1)
    axis.text(T - 1, 1.02, f"T = {T}", color="C3", ha="center", fontsize=9, transform=axis.get_xaxis_transform())
axis.axvline(N_LOOK + 1, color="C2", linewidth=1)
axis.text(N_LOOK + 1.15, 0.03, "here the bit was read", color="C2", fontsize=9, transform=axis.get_xaxis_transform())
axis.set(yscale="log", xticks=range(0, 2 * N_LOOK + 1, 2), xlabel="$k$, steps back", ylabel="size, relative to $k = 0$")
axis.set_title(f"The gradient of the last bit's loss at the state $k$ steps before (Copy, $N = {N_LOOK}$)", pad=18)
axis.grid(alpha=0.3)
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# In a new LSTM with closed forget gates (bias -1) the news is lost after a few steps, whatever is passed on: gradients
# that *vanish*. This is why the package starts with a forget bias of 1. In the trained network the gradient arrives at the
# bit about as large as it set out: nothing fades here, it is cut off. (A dotted line is where a chunk of $T$ ends *at
# best*, for a loss at its last step.)
#
# ## 6. Train it
#
# Bit $k$ is read at step $k$ and written $N + 1$ steps later. Do both ever fall into one chunk? Only then does a gradient
# tell the network what to keep.

# %%
figure, axes = plt.subplots(3, 3, figsize=(9.5, 4.6))
for row, T in zip(axes, (2, 3, 5)):
    for axis, n in zip(row, (1, 2, 3)):
        last = 2 * n + 2
        for start in range(0, last, T):
            width = min(T, last - start)
            axis.add_patch(plt.Rectangle((start - 0.44, -0.35), width - 0.12, 0.7, color="#c7d9ee"))
        for k in range(n):
            apart = k // T != (k + n + 1) // T
            style = {"color": "0.6", "linestyle": ":"} if apart else {"color": "C2", "linewidth": 2}
            angle = np.linspace(0, np.pi, 40)
            axis.plot(k + (n + 1) * (1 - np.cos(angle)) / 2, 0.35 + 1.2 * np.sin(angle), **style)
        for t, text in enumerate([*range(1, n + 1), "s", *range(1, n + 1), "s"]):
            axis.text(t, 0, text, ha="center", va="center", fontsize=9, color="k" if t <= n else "C3")
        axis.set(xlim=(-0.7, 7.7), ylim=(-0.5, 1.7))
        axis.axis("off")
        if T == 2:
            axis.set_title(f"N = {n}", fontsize=10, loc="left")
    row[0].text(-0.9, 0, f"T = {T}", ha="right", va="center")
figure.suptitle("Chunks (blue), bits read (black) and written (red). Green: both in one chunk. Dotted: no gradient")
plt.show()

# %% [markdown]
# With $T = 2$ never, with $T = 3$ at $N = 1$ only, with $T = 5$ up to $N = 3$, and not for all bits. Now train, with the
# same number of sequences for all, two seeds each. `TruncatedBPTT` is the rule: start the chunk in the carried state,
# backpropagate its own losses, update, go on. For comparison, one network whose LSTM stays as it is (random), and only the
# read-out learns. (It too is given two steps at a time; as its LSTM does not learn, that makes no difference but to
# the number of updates.)

# %%
import inspect

from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT

print(inspect.getsource(TruncatedBPTT.step))


# %%
class ReadoutOnly(TruncatedBPTT):
    def step(self, x, y, mask, first, last):
        outputs, _ = self.unroll(x, self.start(x, first))
        metrics, _ = self.train_readout(outputs, y, mask)
        return metrics


SEEDS = (0,) if FAST else (0, 1)
RUNS = {"read-out only": 2, "T = 2": 2, "T = 3": 3, "T = 5": 5, "whole": WHOLE}
runs = {("whole", 0): whole}
for name, T in RUNS.items():
    for seed in SEEDS:
        if (name, seed) not in runs:
            loop = runs[name, seed] = new_loop(T, seed)
            if name == "read-out only":
                parts = (loop.rule.loss, loop.rule.core_optimizer, loop.rule.readout_optimizer)
                loop.rule = ReadoutOnly(loop.rule.core, loop.rule.readout, *parts)
            loop.run()

# %%
print(f"Copy, {UNITS} units, {SAMPLES:,} sequences: longest N solved, by seed")
print(f"{'':16}{'N solved':>10}{'sequences it took for each N, seed 0':>60}{'updates':>10}{'seconds':>9}")
longest = {}
for name in RUNS:
    loops = [runs[name, seed] for seed in SEEDS]
    longest[name] = [loop.task.curriculum.solved_size[0] for loop in loops]
    levels = ", ".join(map(str, longest[name]))
    took = " ".join(f"{samples / 1000:.1f}k" for samples, _ in loops[0].task.curriculum.history[:9])
    print(f"{name:16}{levels:>10}{took:>60}{loops[0].step:10,}{loops[0].seconds:9.0f}")

# %%
COLORS = {"read-out only": "0.6", "T = 2": "#e45756", "T = 3": "#f2a541", "T = 5": "#54a24b", "whole": "#1f3b5c"}
figure, axis = plt.subplots(figsize=(8.5, 4))
for k, (name, color) in enumerate(COLORS.items()):
    for seed in SEEDS:
        history = runs[name, seed].task.curriculum.history
        samples = [0, *(samples for samples, _ in history), SAMPLES]
        level = [0, *range(1, len(history) + 1), len(history)]
        style = {"color": color, "linestyle": "-" if seed == 0 else "--", "linewidth": 1.8}
        axis.step(samples, np.array(level) + 0.05 * (k - 2), where="post", label=name if seed == 0 else None, **style)
axis.set(xlabel="sequences seen", ylabel="longest $N$ solved", title="Copy with chunks of $T$ steps (dashed: a second seed)")
axis.xaxis.set_major_formatter("{x:,.0f}")
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# The whole sequence is far ahead and still climbing, $T = 5$ comes next, and the two shortest are about equal. (The text
# speaks of the run whose outputs are saved here.) But look again at $T = 2$: no green line in the picture, and yet it solves
# more, and sooner, than a random LSTM with a trained read-out. How?
#
# ### What it learns nevertheless
#
# Let the network of $T = 2$ go on for a while, at $N = 3$ only, to be sure of it.

# %%
from dni_np.data.curriculum import COPY, Curriculum

loop = runs["T = 2", 0]
loop.task.curriculum = Curriculum(COPY, threshold=1e-9, n_symbols=3)  # never solved: it stays there
loop.task.samples = SAMPLES // 4
loop.run()
short = exact(loop.rule)
print(f"T = 2: {bits_at(short, 3):.3f} bits per symbol at N = 3, on 500 new sequences")

# %% [markdown]
# First: which weights did that? The rows of $W$ belong to what is seen: the two channels of the bits, the one of
# the stop, and $h_{t-1}$. How far has each moved since the beginning?

# %%
at_first = new_loop(2).rule.core.params["W"]
rows = {"bits": slice(0, 2), "stop": slice(2, 3), "h": slice(3, None)}
print(f"{'largest move':16}" + "".join(f"{name:>10}" for name in rows))
for name in ("T = 2", "whole"):
    moved = abs(runs[name, 0].rule.core.params["W"] - at_first)
    print(f"{name:16}" + "".join(f"{moved[part].max():10.3f}" for part in rows.values()))
    if name == "T = 2":
        assert moved[:2].max() == 0

# %% [markdown]
# The weights through which the bits come in have not moved, not in the last digit: no loss ever shared a chunk with a
# bit. They are as random as on the first day. The network has *never been taught to read*.
#
# What it was taught is to write from what it finds. The carried state holds an echo of the bits, as in every LSTM (the
# left picture at the end of section 2). The loss of a step teaches the steps of its own chunk to make the best of that
# echo: what the carried state holds is a constant for the gradient, but it is *there*. And the weights that are taught so,
# those of $h$ and the biases, are the same that run while it reads: the echo changes too, though no gradient asked for it.
#
# Two checks. If the state is not carried on, nothing should be left:


# %%
def bits_with_resets(network, n, T):
    """bits_at, but each chunk of T steps begins with a state of zeros."""
    core, readout = network
    new = copy(n, 500, np.random.default_rng(1))
    zeros = core.initial_state(500)
    y = np.concatenate([core.forward(new.inputs[t : t + T], zeros)[0] for t in range(0, len(new.inputs), T)])
    loss, _ = MaskedSoftmaxCrossEntropy()(readout.forward(y)[0], (new.labels, new.mask))
    return float(bits_per_symbol(loss, new.mask))


print(f"T = 2, N = 3, state carried on: {bits_at(short, 3):5.3f} bits per symbol")
print(f"       state reset every chunk: {bits_with_resets(short, 3, 2):5.3f}")
print(f"        bits guessed by a coin: {3 / 4:5.3f} (three bits and a certain stop)")

# %% [markdown]
# And second, the echo. What does the state know of the bits, in the network as it began, and now?

# %%
before = exact(new_loop(2).rule)
figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.9), sharey=True)
for axis, network, title in zip(
    axes, (before, short, trained), ("as it began", "taught with $T = 2$", "taught with the whole")
):
    drawn = show_known(axis, what_is_known(network[0], 4), title)
axes[0].set_ylabel("bit")
figure.colorbar(drawn, ax=axes, label="told right (%)")
figure.suptitle("Which bits the state still knows, $N = 4$ (circle: read, square: written)")
plt.show()

# %% [markdown]
# The memory of the network taught with $T = 2$ is no longer the faint echo it began with. But nothing aimed at that: it is a
# side effect of what helps within reach, and nothing makes it keep up as $N$ grows. The network taught with the whole
# sequence was *told* what to keep.
#
# ## 7. What it costs
#
# Why not always take the whole sequence? The way back needs the cache of every step: inputs, cells, gates. Let us count the
# bytes, at the paper's size: 256 units, 256 sequences at once.


# %%
def cache_bytes(T, units=256, batch=256):
    """Of one chunk of T steps, in float32."""
    core = lstm(3, units, np.random.default_rng(0))
    _, _, cache = core.forward(np.zeros((T, batch, 3), np.float32), core.initial_state(batch))
    return sum(array.nbytes for array in cache)


LENGTHS_SEEN = range(4, 45, 4)
whole_bytes = [cache_bytes(length) for length in LENGTHS_SEEN]
chunk_bytes = {T: cache_bytes(T) for T in (2, 3, 5)}
for T, count in chunk_bytes.items():
    print(f"T = {T}: {count / 1e6:5.1f} MB, however long the sequence")
each_step = (whole_bytes[1] - whole_bytes[0]) / 4
print(f"all {LENGTHS_SEEN[-1]} steps: {whole_bytes[-1] / 1e6:5.1f} MB; each step {each_step / 1e6:.2f} MB more")
print(f"gradient of the state at one boundary: {2 * 256 * 256 * 4 / 1e6:.1f} MB")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
left.plot(LENGTHS_SEEN, np.array(whole_bytes) / 1e6, "o-", color=COLORS["whole"], label="whole")
for T, count in chunk_bytes.items():
    left.axhline(count / 1e6, color=COLORS[f"T = {T}"], label=f"T = {T}")
left.set(xlabel="steps in the sequence", ylabel="MB for the way back", ylim=(0, None), title="256 units, 256 sequences")
for name, T in RUNS.items():
    if name != "read-out only":
        for n in longest[name]:
            count = cache_bytes(min(T, 2 * n + 2), UNITS, BATCH) / 1e3
            right.plot(count, n, "o", color=COLORS[name], markersize=8)
        right.annotate(name, (count, n), xytext=(8, -3), textcoords="offset points", fontsize=8)
right.set(xlabel="kB for the way back", ylabel="longest $N$ solved", title=f"section 6: {UNITS} units, {BATCH} sequences")
right.set(xlim=(0, 1.15 * right.get_xlim()[1]), ylim=(0, max(right.get_ylim()[1], 1) + 0.5))
for axis in (left, right):
    axis.grid(alpha=0.3)
    axis.title.set_fontsize(10)
left.legend(fontsize=8)
figure.suptitle("Memory of the caches: it grows with the steps that one looks back")
plt.show()

# %% [markdown]
# So there is a choice, memory or reach. (And time: with whole sequences nothing is learned before the end. A stream, like
# speech or a text, has no end.)
#
# ## 8. One vector is missing
#
# What exactly is lost at a boundary? In section 4 it was enough to pass on `dstate`, the gradient of all *future* losses
# at the state in which the chunk ends:
#
# $$\frac{\partial\, L_\text{future}}{\partial\, s_{t+T}} \qquad s = (h, c).$$
#
# Two rows of $H$ numbers for each sequence, nothing else. All that the future has to say to this chunk goes through there.
# Suppose an **oracle** told us that vector *at once*, before the future has happened. Then each chunk could go back
# immediately, and its cache could be freed. (Our oracle cheats: it has gone through the whole sequence before.)


# %%
def true_boundaries(network, episode, T):
    """dL_future/ds at the end of each chunk, in the order of time; None after the last."""
    core, dy, dstate, answers = network[0], loss_gradient(network, episode), None, []
    for steps, _, cache in reversed(forward_chunks(core, episode.inputs, T)):
        answers.insert(0, dstate)
        _, dstate = core.backward(dy[steps], dstate, cache)
    return answers


def in_order_of_time(network, episode, T, boundaries):
    """Chunk after chunk: forward, backward with what comes in at its end, add up, forget."""
    core, dy = network[0], loss_gradient(network, episode)
    state, total = core.initial_state(episode.inputs.shape[1]), 0
    for t, dstate in zip(range(0, len(dy), T), boundaries):
        _, state, cache = core.forward(episode.inputs[t : t + T], state)
        _, _ = core.backward(dy[t : t + T], dstate, cache)
        grads = core.grads
        total = total + np.concatenate([grads["W"].ravel(), grads["b"]])
    return total


# %%
T = 3
for name, network in networks.items():
    truth = in_order_of_time(network, one, WHOLE, [None])
    told = in_order_of_time(network, one, T, true_boundaries(network, one, T))
    blind = in_order_of_time(network, one, T, [None] * len(one.inputs))
    for kind, gradient in (("truncated", blind), ("with the oracle", told)):
        error = np.linalg.norm(gradient - truth) / np.linalg.norm(truth)
        print(f"{name:8} T = {T}, {kind:16} relative error {error:.1e}")
    assert np.allclose(told, truth, atol=1e-12 * abs(truth).max())

# %% [markdown]
# Exactly the gradient of the whole sequence, with the memory of three steps. Nobody has such an oracle. But must the answer
# be exact? Let it tell only a part of the truth, or a noisy one; or let it guess: the simplest guess is linear in the
# state $h$ at the boundary, fitted by least squares on *other* sequences. To see what looking at $h$ is worth, there is also
# the best guess that does not look: one constant vector. All this for a minibatch of 32, as in training.


# %%
def scaled(answers, scale, noise=0.0):
    """The oracle's answers times a number, with noise of `noise` times the size of each."""
    rng = np.random.default_rng(4)
    return [part and tuple(scale * p + noise * p.std() * rng.standard_normal(p.shape) for p in part) for part in answers]


def states_at_ends(network, episode, T):
    """h at the end of each chunk but the last, and a one: (chunks - 1, N, H + 1)."""
    ends = np.stack([y[-1] for _, y, _ in forward_chunks(network[0], episode.inputs, T)[:-1]])
    return np.concatenate([ends, np.ones_like(ends[:, :, :1])], axis=2)


def guessed(network, episode, T, sees=slice(None)):
    """Linear guesses, the same model at all boundaries, fitted on sequences of its own."""
    other = copy(N_LOOK, 1000, np.random.default_rng(9))
    h = states_at_ends(network, other, T)[:, :, sees]
    truth = np.stack([np.concatenate(part, axis=1) for part in true_boundaries(network, other, T)[:-1]])
    fit = np.linalg.lstsq(h.reshape(-1, h.shape[2]), truth.reshape(-1, 2 * UNITS), rcond=None)[0]
    return [tuple(np.split(h @ fit, 2, axis=1)) for h in states_at_ends(network, episode, T)[:, :, sees]] + [None]


# %%
quality, minibatch = {}, copy(N_LOOK, BATCH, np.random.default_rng(7))
for name, network in networks.items():
    answers = true_boundaries(network, minibatch, T)
    kinds = {
        "nothing: truncated": scaled(answers, 0),
        "a constant": guessed(network, minibatch, T, sees=slice(-1, None)),
        "linear guess from $h$": guessed(network, minibatch, T),
        "a tenth of the truth": scaled(answers, 0.1),
        "half of the truth": scaled(answers, 0.5),
        "truth + noise of its size": scaled(answers, 1, 1),
        "the truth": answers,
    }
    truth = in_order_of_time(network, minibatch, WHOLE, [None])
    for kind, boundaries in kinds.items():
        gradient = in_order_of_time(network, minibatch, T, boundaries)
        error = np.linalg.norm(gradient - truth) / np.linalg.norm(truth)
        quality[name, kind] = error, gradient @ truth / np.linalg.norm(gradient) / np.linalg.norm(truth)

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5), sharey=True)
for axis, which, xlabel in zip(axes, (0, 1), ("relative error", "cosine with the true gradient")):
    for k, (name, color) in enumerate((("new", "#f2a541"), ("trained", "#4c78a8"))):
        values = [quality[name, kind][which] for kind in kinds]
        bars = axis.barh(np.arange(len(kinds)) + 0.2 - 0.4 * k, values, 0.38, color=color, label=f"{name} network")
        axis.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    axis.set(xlabel=xlabel, xlim=(min(0, axis.get_xlim()[0]), 1.15 * max(1, axis.get_xlim()[1])))
axes[0].set_yticks(range(len(kinds)), kinds)
axes[0].invert_yaxis()
axes[0].legend(fontsize=8, loc="lower right")
figure.suptitle(f"The core's gradient, if this comes in at each boundary (Copy, $N = {N_LOOK}$, $T = {T}$)")
plt.show()

# %% [markdown]
# In the new network even a constant takes away most of the error: on average over sequences, the future wants the same of
# each state. In the trained network, where what is left to learn differs from sequence to sequence, the constant is worth
# little, and a linear guess that looks at $h$ more: it takes the cosine from 0.27 to 0.71. Noise hurts less than one may
# fear, because a minibatch averages over it. And a mere tenth of the truth, though its error is hardly smaller than that of
# nothing, points far better.
#
# Nobody has to know the future, then. It is enough to *guess* its gradient from the state, better than not at all. In this
# section the models were fitted on true gradients, which only the whole sequence can give. In
# [notebook 11](11_through_time.ipynb) the guess learns as it goes along, from chunks alone.
#
# ## Exercises
#
# 1. **One road only.** Leave out one of the two roads in `lstm_step_backward`. Which gradients become wrong?
# 2. **A tenth.** With a part $\lambda$ of the truth at each boundary the error is exactly $1 - \lambda$ times that of
#    truncation (compare the bars). Why?
# 3. **Shift the chunks.** Let the first chunk have one step only, and the others $T = 5$. Which lines of the picture in
#    section 6 are green then, at $N = 3$? What would change if each sequence were cut at a random place?
# 4. **A better echo.** Train with $T = 2$ again, but begin with a forget bias of 3.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Without the second road $dc$ comes from $dh$ alone; without the first the cell hears only from later. Either way all
#    that follows from $dc$ is wrong: $dc_{t-1}$, and through $dz_i$, $dz_f$, $dz_g$ all the rest. Only $dz_o$ stays right.
#
#    ```python
#    rng, W, b = np.random.default_rng(0), small.params["W"], small.params["b"]
#    x_1, h_1, c_1, R_h, R_c = (rng.standard_normal((4, n)) for n in (3, 5, 5, 5, 5))
#    cache = lstm_step(x_1, h_1, c_1, W, b)[2]
#    right, wrong = (lstm_step_backward(R_h, dc, W, cache) for dc in (R_c, 0 * R_c))
#    for name, a, b_ in zip(("x", "h", "c", "W", "b"), right, wrong):
#        print(f"d{name}: off by {abs(a - b_).max():.1f}")
#    ```
#
# 2. A chunk's gradient is a linear function of what comes in at its end. It is (its own losses) + $\lambda$ (the
#    future through the boundary); summed over chunks, truncated + $\lambda$ (true - truncated).
#
# 3. The chunks begin at steps 0, 1 and 6. Bit $k$ is read at step $k$ and written at $k + 4$: the second bit
#    (1 to 5) only; the first is cut off, the third (2 to 6) just missed. With random places each bit would share a chunk
#    with its writing in one of five cases. For a bit that is written $T$ steps later or more, nothing helps.
#
# 4. More of the echo survives. With both seeds $N = 4$ was solved (3 and 4 before), and not more: a
#    better memory to begin with, still nobody who says what to keep.
#
#    ```python
#    loop = new_loop(2)
#    loop.rule.core.params["b"][UNITS : 2 * UNITS] = 3
#    loop.run()
#    print(loop.task.curriculum.solved_size[0])
#    ```
#
# </details>
#
# ## Summary
#
# - An LSTM step is four gates and two lines. Backward, two roads lead into the cell, and along the cells the gradient is
#   multiplied by forget gates only.
# - Chunks that hand `dstate` back give exactly the gradient of the whole sequence (1e-16), and need its whole memory.
#   Thrown away, it is truncation: with $T = 2$ the trained network's gradient was off by 98 % of its length.
# - What lies before the chunk gets a gradient of exactly zero, however much it matters.
# - Copy, 100,000 sequences, 32 units: $N = 3$ and 4 solved with $T = 2$, 3 and 3 with $T = 3$, 5 and 5 with $T = 5$, 8 and 7
#   with the whole sequence, 1 and 1 with a random LSTM.
# - With $T = 2$ the weights through which the bits come in never moved. The network lives on the echo in the carried state.
# - Memory grows with the steps that one looks back: 1.6 MB for each, at the paper's size.
# - One vector at each boundary, the gradient of the future losses by the state, makes up for all that is lost. A linear
#   guess of it is already worth having.
#
# Next: [notebook 11](11_through_time.ipynb), synthetic gradients through time. Back to
# [the toolbox of convolutions](toolbox_convolution.ipynb), or to the [README](../README.md) for full runs (`python -m dni_np copy`).

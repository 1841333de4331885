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
# | | |
# |---|---|
# | **Question** | Which gradients does truncation remove, and what is learned without them? |
# | **Time** | about an hour; the runs take a minute |
# | **Level** | tenth notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 02](02_mnist.ipynb); inside of an LSTM: [toolbox](toolbox_lstm.ipynb) |
#
# So far layers were stacked, and the gradient came down from above. A recurrent network is one
# layer that runs again and again, and its gradient comes from the *future*: what it remembers now
# may matter much later. To wait for that, one must keep everything that happened in between. The
# usual way out is to look back a few steps only. Here is what that costs, and the one vector that
# would make up for it: the vector that notebook 11 guesses.
#
# ## Your prediction
#
# The task: read $N$ random bits, then write them from memory. The network learns with gradients
# that reach back $T$ steps at most.
#
# 1. In a network trained on whole sequences, how far is the gradient from chunks of $T = 2$ from
#    the true one (relative error: 0 is equal, 1 is as bad as no gradient)?
# 2. With $T = 2$ no gradient ever connects a bit that was read with the same bit as it is written.
#    Will the network learn to copy one bit? Four?
# 3. How far will the weights change through which the bits come in?
# 4. How much memory does a chunk of two steps take, and how much a sequence of 44 (256 units, 256
#    sequences at once)?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style
from dni_np.pictures.slider import slider

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update(
    {**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True, "axes.titlesize": 10}
)

# %% [markdown]
# ## 1. The task, and a network that has learned it
#
# **Copy**: read $N$ bits and a stop; then, reading nothing, write the bits and a stop. That is
# $2N + 2$ steps. A curriculum begins with $N = 1$. A level is *solved* once the loss of its last
# sequences is below 0.15 bits per symbol; then $N$ grows by one, and the level is never seen again.
#
# An LSTM of 32 units with a linear read-out at each step learns it, here from the gradient of the
# *whole* sequence: its chunks (`unroll`) are longer than any sequence.

# %%
from dni_np.experiments.sequences.build import build_loop
from dni_np.experiments.sequences.settings import SequenceSettings

WHOLE = 1000  # steps in a chunk: all of them
SAMPLES = 2_000 if FAST else 100_000  # sequences seen in a run
UNITS, BATCH = 32, 32


def new_loop(T, seed=0):
    sizes = {"units": UNITS, "batch_size": BATCH, "samples": SAMPLES, "evaluate_every": 50}
    own = {"rule": "bptt", "unroll": T, "learning_rate": 3e-3, "seed": seed}
    return build_loop(SequenceSettings("copy", **own, **sizes), progress=False)


whole = new_loop(WHOLE)
whole.run()
curriculum = whole.task.curriculum
N = max(curriculum.n_symbols, 2)  # the level that is being learned at the end
print(f"N = {curriculum.solved_size[0]} solved after {curriculum.samples:,} sequences")

# %% [markdown]
# From here on in float64, for exact comparisons.

# %%
from dni_np.data.copy_tasks import copy
from dni_np.nn.fast.choice import lstm
from dni_np.nn.linear import Linear
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.time_distributed import TimeDistributed


def in_float64(rule):
    """The rule's core and read-out, copied."""
    core = lstm(3, UNITS, np.random.default_rng(0), dtype=np.float64)
    readout = TimeDistributed(Linear(UNITS, 3, np.random.default_rng(0), dtype=np.float64))
    core.load_state(rule.core.state())
    readout.load_state(rule.readout.state())
    return core, readout

# %%
def bits_at(network, n, T=WHOLE):
    """Bits per symbol on 500 new sequences; every T steps the state is reset to zeros."""
    (core, readout), new = network, copy(n, 500, np.random.default_rng(1))
    zeros = core.initial_state(500)
    parts = [core.forward(new.inputs[t : t + T], zeros)[0] for t in range(0, len(new.inputs), T)]
    logits = readout.forward(np.concatenate(parts))[0]
    loss, _ = MaskedSoftmaxCrossEntropy()(logits, (new.labels, new.mask))
    return float(bits_per_symbol(loss, new.mask))


networks = {"new": in_float64(new_loop(WHOLE).rule), "trained": in_float64(whole.rule)}
trained = networks["trained"]
for n in (N - 1, N):
    print(f"500 new sequences, N = {n}: {bits_at(trained, n):.3f} bits per symbol")

# %% [markdown]
# It writes the level it is busy with, and no longer the one that it had solved before: it has
# learned the length by heart, and writes its stop at that place.
#
# ## 2. Through time, chunk by chunk
#
# The gradient of a sequence goes back from the last step to the first; at each step the loss of
# that step adds its part. This is **backpropagation through time** (BPTT). Nothing forces us to
# take all steps at once. Cut the sequence into **chunks** of $T$ steps. `forward` returns the state
# in which the chunk ends, for the next one. `backward` takes the gradient at that state, `dstate`,
# and returns the one at the state where the chunk began. The weights are shared: add up their
# gradients.

# %%
def forward_chunks(core, x, T):
    """[(steps, outputs, cache)] of each chunk, in the order of time."""
    state, chunks = core.initial_state(x.shape[1]), []
    for t in range(0, len(x), T):
        y, state, cache = core.forward(x[t : t + T], state)
        chunks.append((slice(t, t + T), y, cache))
    return chunks


def backward_chunks(core, chunks, dy, pass_on):
    """From the last chunk to the first: (dx, the sum of the weights' gradients, one vector)."""
    dstate, dx, total = None, [], 0
    for steps, _, cache in reversed(chunks):
        part, dstate = core.backward(dy[steps], dstate if pass_on else None, cache)
        dx.insert(0, part)
        total = total + np.concatenate([core.grads["W"].ravel(), core.grads["b"]])
    return np.concatenate(dx), total

# %%
def loss_gradient(network, episode):
    """dL/dy (steps, batch, units), the gradient at the core's outputs."""
    core, readout = network
    y, _, _ = core.forward(episode.inputs, core.initial_state(episode.inputs.shape[1]))
    logits, cache = readout.forward(y)
    _, dlogits = MaskedSoftmaxCrossEntropy()(logits, (episode.labels, episode.mask))
    return readout.backward(dlogits, cache)


def relative_error(found, true):
    return np.linalg.norm(found - true) / np.linalg.norm(true)

# %% [markdown]
# Pass `dstate` on from chunk to chunk, or throw it away, and compare the sum with the gradient of
# the whole sequence. (Chunks change neither the forward pass nor the losses.)

# %%
examples = copy(N, 500, np.random.default_rng(1))
LENGTHS = [T for T in (1, 2, 3, 5, 7, 10, 15) if T < 2 * N + 2] + [2 * N + 2]
errors = {}
for name, network in networks.items():
    core, dy = network[0], loss_gradient(network, examples)
    _, true = backward_chunks(core, forward_chunks(core, examples.inputs, WHOLE), dy, True)
    for T in LENGTHS:
        chunks = forward_chunks(core, examples.inputs, T)
        for pass_on in (True, False):
            _, gradient = backward_chunks(core, chunks, dy, pass_on)
            errors[name, pass_on, T] = relative_error(gradient, true)
print(f"relative error of the gradient, Copy, N = {N}; new and trained network")
heads = ("new, passed on", "thrown away", "trained, passed on", "thrown away")
print(f"{'T':>4}" + "".join(f"{head:>20}" for head in heads))
for T in LENGTHS:
    cells = [errors[name, kind, T] for name in networks for kind in (True, False)]
    print(f"{T:4}" + "".join(f"{error:20.2g}" for error in cells))
assert max(errors[name, True, T] for name in networks for T in LENGTHS) < 1e-12

# %%
figure, axis = plt.subplots(figsize=(7.5, 3))
for name, line in (("new", ":"), ("trained", "-")):
    values = [errors[name, False, T] for T in LENGTHS]
    axis.plot(LENGTHS, values, line, color=style.BACKPROP, marker="o", label=f"{name}, thrown away")
    values = [errors[name, True, T] for T in LENGTHS]
axis.plot(LENGTHS, values, "s--", color=style.TRUE, label="both, passed on")
axis.set(xlabel="$T$, time steps in a chunk", xticks=LENGTHS, ylabel="relative error")
axis.set(ylim=(-0.05, 1.05), title=f"Short chunks lose nearly all of the gradient (Copy, N = {N})")
axis.legend(loc="center left", bbox_to_anchor=(0, 0.4))
plt.show()

# %% [markdown]
# Passed on, the chunks' gradients add up to the true one, whatever $T$. Thrown away, most of the
# gradient is gone. Passing on is exact and saves nothing: all chunks' caches wait for the last
# chunk. Throwing away frees each chunk at once, and lets the network learn after each. That is
# **truncated** BPTT: *the state is carried forward, the gradient is not carried back*.
#
# ## 3. What truncation cannot see
#
# First, without any gradient: what *does* an output depend on? Turn bit $s$ into the other one, run
# the network again, and see how much what it writes at step $t$ changes. Then the gradients: for
# each step $t$, let only its loss count, and go back to all inputs. At an input we take the
# difference of the gradients for "1" and for "0", the first-order answer to the same question.

# %%
few = copy(N, 100, np.random.default_rng(1))


def one_against_zero(network, inputs):
    """(steps, batch): the logit of 1 minus that of 0."""
    core, readout = network
    logits, _ = readout.forward(core.forward(inputs, core.initial_state(inputs.shape[1]))[0])
    return logits[:, :, 1] - logits[:, :, 0]


def reach(network, episode, T):
    """(steps, steps): row t, column s: size of the gradient of loss t at input s."""
    core = network[0]
    dy, chunks = loss_gradient(network, episode), forward_chunks(core, episode.inputs, T)
    sizes = np.zeros((len(dy), len(dy)))
    for t in range(len(dy)):
        only = np.zeros_like(dy)
        only[t] = dy[t]
        dx, _ = backward_chunks(core, chunks, only, pass_on=False)
        sizes[t] = np.sqrt(((dx[:, :, 1] - dx[:, :, 0]) ** 2).mean(axis=1))
    return sizes

# %%
flipped = np.zeros((2 * N + 2, 2 * N + 2))
for bit in range(N):
    inputs = few.inputs.copy()
    inputs[bit, :, :2] = 1 - inputs[bit, :, :2]
    change = one_against_zero(trained, inputs) - one_against_zero(trained, few.inputs)
    flipped[:, bit] = abs(change).mean(axis=1)
reached = {T: reach(trained, few, T) for T in (WHOLE, 5, 2)}
s, t = np.meshgrid(*2 * [np.arange(2 * N + 2)])
for T in (5, 2):
    across = (s // T < t // T) & (t > N)  # a scored step t, and an input before its chunk
    assert (reached[WHOLE][across] > 0).all()
    zeros = (reached[T][across] == 0).sum()
    print(f"T = {T}: {across.sum()} gradients lead out of their chunk; truncated, {zeros} are 0.0")

# %%
def draw_reach(axis, sizes, scale, title):
    picture = sizes[N + 1 :] / scale[N + 1 :].max(axis=1, keepdims=True)
    shown = np.where(picture > 0, picture, np.nan)
    drawn = axis.imshow(shown, cmap="magma_r", vmin=0, vmax=1, aspect="auto")
    axis.set_facecolor("0.85")
    square = {"color": style.TRUE, "markersize": 9, "fillstyle": "none"}
    axis.plot(np.arange(N), np.arange(N), "s", **square)
    axis.set(xlabel="input at step $s$", xticks=range(0, 2 * N + 2, 3), title=title)
    axis.set(yticks=range(N + 1), yticklabels=range(N + 1, 2 * N + 2))
    axis.grid(False)
    return drawn


figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.7), sharey=True, sharex=True)
titles = ("a bit is flipped: change of the output", "gradient, whole sequence", "chunks of $T = 5$")
pictures = ((flipped, flipped), (reached[WHOLE], reached[WHOLE]), (reached[5], reached[WHOLE]))
for axis, picture, title in zip(axes, pictures, titles):
    drawn = draw_reach(axis, *picture, title)
axes[0].set_ylabel("written, or loss, at step $t$")
figure.colorbar(drawn, ax=axes, label="of the row's largest", pad=0.01)
figure.suptitle("What matters, and what the gradient reaches (square: the bit; gray: nothing)")
plt.show()

# %% [markdown]
# Left, the diagonal: what is written depends on the right bit. In the middle the gradient is less
# tidy (it is about small changes only), but it is there, at all inputs. On the right it ends at the
# boundaries: every bit is beyond them. Those gradients are not small, they are exactly zero. With
# ipywidgets the next cell has a slider over $T$: how long must chunks be to reach a bit?

# %%
reached |= {T: reach(trained, few, T) for T in range(1, 2 * N + 3)}


def with_chunks(T):
    axis = plt.subplots(figsize=(4.5, 3.7))[1]
    draw_reach(axis, reached[T], reached[WHOLE], f"chunks of $T = {T}$")
    plt.show()


slider(with_chunks, range(1, 2 * N + 3), "T", start=5)

# %% [markdown]
# ### How far would a gradient go?
#
# On its way back a gradient may fade. Follow that of the last bit's loss at the state $(h, c)$ back
# through the sequence, step by step.

# %%
def followed_back(network, episode, t):
    """|dL_t/ds_{t-k}| for k = 0, 1, ..., over that for k = 0; root mean square over sequences."""
    core, dy = network[0], loss_gradient(network, episode)
    dstate, sizes = (dy[t], np.zeros_like(dy[t])), []
    for _, _, cache in reversed(forward_chunks(core, episode.inputs[: t + 1], 1)):
        sizes.append(np.sqrt(sum((part**2).sum(axis=1).mean() for part in dstate)))
        _, dstate = core.backward(np.zeros_like(dy[:1]), dstate, cache)
    return np.array(sizes) / sizes[0]


figure, axis = plt.subplots(figsize=(8, 3.4))
for bias, shade, line in ((-1, "0.75", ":"), (1, "0.5", "-"), (3, "0.5", "--")):
    core = lstm(3, UNITS, np.random.default_rng(5), forget_bias=bias, dtype=np.float64)
    sizes = followed_back((core, networks["new"][1]), few, 2 * N)
    axis.plot(sizes, line, color=shade, label=f"new, forget bias {bias}")
sizes = followed_back(trained, few, 2 * N)
axis.plot(sizes, ".-", color=style.BACKPROP, label="trained")
print(f"trained: where the bit was read, {N + 1} steps back, {sizes[N + 1]:.2f} of it is left")
axis.axvline(N + 1, color=style.TRUE, linewidth=1, linestyle="--", label="here the bit was read")
axis.set(yscale="log", xlabel="$k$, steps back", ylabel="size, relative to $k = 0$")
axis.set_title("In the trained network the gradient does not fade: truncation cuts it off")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# In a new LSTM with closed forget gates (bias -1) the gradient *vanishes* after a few steps,
# whatever is passed on. This is why the package starts with a forget bias of 1. In the trained
# network nothing fades.
#
# ## 4. Train it
#
# Bit $k$ is read at step $k$ and written $N + 1$ steps later. Do both ever fall into one chunk?
# Only then does a gradient say what to keep.

# %%
figure, axes = plt.subplots(3, 3, figsize=(9.5, 4.4))
for row, T in zip(axes, (2, 3, 5)):
    for axis, n in zip(row, (1, 2, 3)):
        for start in range(0, 2 * n + 2, T):
            box = (start - 0.44, -0.35), min(T, 2 * n + 2 - start) - 0.12, 0.7
            axis.add_patch(plt.Rectangle(*box, color="0.9"))
        for k in range(n):
            apart = k // T != (k + n + 1) // T
            look = {"color": "0.6", "linestyle": ":"}
            look = look if apart else {"color": style.BACKPROP, "linewidth": 2}
            angle = np.linspace(0, np.pi, 40)
            x = k + (n + 1) * (1 - np.cos(angle)) / 2
            axis.plot(x, 0.35 + 1.2 * np.sin(angle), **look)
        for t, text in enumerate([*range(1, n + 1), "s", *range(1, n + 1), "s"]):
            weight = "bold" if t > n else "normal"
            axis.text(t, 0, text, ha="center", va="center", fontsize=9, weight=weight)
        axis.set(xlim=(-0.7, 7.7), ylim=(-0.5, 1.7), title=f"N = {n}" if T == 2 else "")
        axis.axis("off")
    row[0].text(-0.9, 0, f"T = {T}", ha="right", va="center")
figure.suptitle("Chunks (gray), written bits (bold). Full line: a gradient connects; dotted: none")
plt.show()

# %% [markdown]
# With $T = 2$ never, with $T = 3$ at $N = 1$ only, with $T = 5$ up to $N = 3$, and not for all
# bits. Now train, two seeds each. For comparison, a network whose LSTM stays as it is (random):
# only its read-out learns.

# %%
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


class ReadoutOnly(TruncatedBPTT):
    def step(self, x, y, mask, first, last):
        outputs, _ = self.unroll(x, self.start(x, first))
        metrics, _ = self.train_readout(outputs, y, mask)
        self.end(last)
        return metrics


SEEDS = (0,) if FAST else (0, 1)
RUNS = {"read-out only": 2, "T = 2": 2, "T = 3": 3, "T = 5": 5, "whole": WHOLE}
runs = {("whole", 0): whole}
for name, T in RUNS.items():
    for seed in SEEDS:
        if (name, seed) not in runs:
            loop = runs[name, seed] = new_loop(T, seed)
            if name == "read-out only":
                rule = loop.rule
                parts = rule.loss, rule.core_optimizer, rule.readout_optimizer
                loop.rule = ReadoutOnly(rule.core, rule.readout, *parts)
            loop.run()

# %%
longest = {}
for name in RUNS:
    loops = [runs[name, seed] for seed in SEEDS]
    longest[name] = [loop.task.curriculum.solved_size[0] for loop in loops]
    print(f"{name:14} longest N solved, by seed: {longest[name]}, {loops[0].step:6,} updates")
COLORS = {"read-out only": style.NO_GRADIENT, "whole": style.BACKPROP}
COLORS |= dict(zip(("T = 2", "T = 3", "T = 5"), style.OTHERS))
figure, axis = plt.subplots(figsize=(8, 3.6))
for k, name in enumerate(RUNS):
    for seed, line in zip(SEEDS, ("-", "--")):
        history = runs[name, seed].task.curriculum.history
        samples = [0, *(samples for samples, _ in history), SAMPLES]
        levels = np.array([*range(len(history) + 1), len(history)]) + 0.05 * (k - 2)
        label = name if seed == 0 else None
        axis.step(samples, levels, line, where="post", color=COLORS[name], label=label)
axis.set(xlabel="sequences seen", ylabel="longest $N$ solved")
axis.set_title("Copy: more reach, more symbols (dashed: a second seed)")
axis.xaxis.set_major_formatter("{x:,.0f}")
axis.legend()
plt.show()

# %% [markdown]
# The whole sequence is far ahead; $T = 5$ and $T = 3$ come next, and $T = 2$ is not far behind. But
# look again at $T = 2$: no full line in the picture, and yet it solves more than a random LSTM with
# a trained read-out. How? Let it go on for a while, at $N = 3$ only. Then ask which weights have
# done that: the rows of $W$ belong to the two channels of the bits, the one of the stop, and
# $h_{t-1}$.

# %%
from dni_np.data.curriculum import COPY, Curriculum

loop = runs["T = 2", 0]
loop.task.curriculum = Curriculum(COPY, threshold=1e-9, n_symbols=3)  # never solved: it stays
loop.task.samples = SAMPLES // 4
loop.run()
short = in_float64(loop.rule)
at_first = new_loop(2).rule.core.params["W"]
rows = {"bits": slice(0, 2), "stop": slice(2, 3), "h": slice(3, None)}
for name in ("T = 2", "whole"):
    change = abs(runs[name, 0].rule.core.params["W"] - at_first)
    sizes = "   ".join(f"{part} {change[place].max():.3f}" for part, place in rows.items())
    print(f"{name:6} largest change of a weight of {sizes}")
    if name == "T = 2":
        assert change[:2].max() == 0
print(f"T = 2, N = 3, state carried on: {bits_at(short, 3):.3f} bits per symbol")
print(f"  state reset for every chunk: {bits_at(short, 3, T=2):.3f} (bits by a coin: {3 / 4})")

# %% [markdown]
# The weights through which the bits come in have not changed, not in the last digit: no loss ever
# shared a chunk with a bit. The network has *never been taught to read*. It was taught to write
# from what it finds in the carried state: for the gradient that is a constant, but it is *there*.
# If the state is reset, all of it is gone, and more: without a state the network does not know how
# late it is either, and is sure of wrong answers. So it is far worse than a coin.
#
# What is there? Ask a linear model which bits it can read from the state (with a little noise on
# the state, of size 0.1: a trace that is lost in that would be of no use to a network either).

# %%
def what_is_known(core, n, count=3000):
    """(n, steps): share of new sequences whose bit k is read correctly from the state at t."""
    new = copy(n, count, np.random.default_rng(2))
    state, states = core.initial_state(count), []
    for x in new.inputs:
        _, state, _ = core.forward(x[None], state)
        states.append(np.concatenate([*state, np.ones((count, 1))], axis=1))
    states = states + 0.1 * np.random.default_rng(3).standard_normal(np.shape(states))
    bits = 2.0 * new.labels[n + 1 : -1].T - 1  # (count, n), -1 or 1
    half, known = count // 2, np.empty((n, len(states)))
    for t, state in enumerate(states):
        fit = np.linalg.lstsq(state[:half], bits[:half], rcond=None)[0]
        known[:, t] = ((state[half:] @ fit > 0) == (bits[half:] > 0)).mean(axis=0)
    return known

# %%
cores = {"as it began": in_float64(new_loop(2).rule)[0], "taught with $T = 2$": short[0]}
figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.9), sharey=True)
for axis, (name, core) in zip(axes, {**cores, "taught with the whole": trained[0]}.items()):
    known, n = what_is_known(core, 4), 4
    drawn = axis.imshow(100 * known, aspect="auto", cmap="viridis", vmin=50, vmax=100)
    axis.plot(range(n), range(n), "wo", markersize=5, fillstyle="none")
    axis.plot(range(n + 1, 2 * n + 1), range(n), "ws", markersize=5)
    axis.set(xlabel="after time step", title=name, yticks=range(n), yticklabels=range(1, n + 1))
    axis.grid(False)
    at_writing = 100 * np.mean([known[k, n + k] for k in range(n)])
    print(f"{name}: just before it is written, a bit is known in {at_writing:.0f} % of sequences")
axes[0].set_ylabel("bit")
figure.colorbar(drawn, ax=axes, label="read correctly (%)")
figure.suptitle("Which bits the state knows, $N = 4$ (circle: read, square: written)")
plt.show()

# %% [markdown]
# Every LSTM has an echo of what went in. The weights of $h$, taught to write from it, are the same
# that run while the network reads: so the echo changes, too, though no gradient asked for it.
#
# ## 5. What it costs
#
# Why not always take the whole sequence? The way back needs the cache of every step: inputs, cells,
# gates. Count the bytes, at the paper's size.

# %%
def cache_megabytes(T, units=256, batch=256):
    """Of one chunk of T steps, in float32."""
    core = lstm(3, units, np.random.default_rng(0))
    _, _, cache = core.forward(np.zeros((T, batch, 3), np.float32), core.initial_state(batch))
    return sum(array.nbytes for array in cache) / 1e6


LENGTHS_SEEN = range(4, 45, 8)
megabytes = [cache_megabytes(length) for length in LENGTHS_SEEN]
figure, axis = plt.subplots(figsize=(7, 2.8))
axis.plot(LENGTHS_SEEN, megabytes, "o-", color=style.BACKPROP, label="whole")
for T in (2, 3, 5):
    axis.axhline(cache_megabytes(T), color=COLORS[f"T = {T}"], label=f"T = {T}")
    print(f"T = {T}: {cache_megabytes(T):.1f} MB, however long the sequence")
print(f"all {LENGTHS_SEEN[-1]} steps: {megabytes[-1]:.1f} MB", end="; ")
print(f"gradient of the state at a boundary: {2 * 256 * 256 * 4 / 1e6:.1f} MB")
axis.set(xlabel="steps in the sequence", ylabel="MB for the way back", ylim=(0, None))
axis.set_title("Memory grows with the steps that one looks back")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# So there is a choice, memory or reach. (And time: with whole sequences nothing is learned before
# the end. A stream, like speech, has no end.)
#
# ## 6. One vector is missing
#
# What exactly is lost at a boundary? In section 2 it was enough to pass on the gradient of all
# *future* losses at the state $s = (h, c)$ in which the chunk ends: two rows of numbers for each
# sequence, nothing else. Suppose an **oracle** gave us that vector *at once*, before the future has
# happened. Then each chunk could go back immediately, and be forgotten. (Ours cheats: it has seen
# the whole sequence.)

# %%
def true_boundaries(network, episode, T):
    """dL_future/ds at the end of each chunk, in the order of time; None after the last."""
    core, dy, dstate, found = network[0], loss_gradient(network, episode), None, []
    for steps, _, cache in reversed(forward_chunks(core, episode.inputs, T)):
        found.insert(0, dstate)
        _, dstate = core.backward(dy[steps], dstate, cache)
    return found

# %% [markdown]
# ## Your turn
#
# Write what the oracle makes possible: learning in the order of time.

# %%
def in_order_of_time(network, episode, T, boundaries):
    """The sum of the core's gradients, chunk after chunk, none of which is kept.

    dy = loss_gradient(network, episode). For each chunk: core.forward(inputs, state) returns
    outputs, the state after it, a cache; core.backward(dy of its steps, boundaries[k], cache); then
    add [W, b] of core.grads as one vector. Only the state goes on to the next chunk.
    """

# %%
def all_kept(network, episode, T, boundaries):
    """The same sum, but every chunk's cache is kept until the end."""
    dy, total = loss_gradient(network, episode), 0
    for (steps, _, cache), dstate in zip(forward_chunks(network[0], episode.inputs, T), boundaries):
        network[0].backward(dy[steps], dstate, cache)
        total = total + np.concatenate([g.ravel() for g in network[0].grads.values()])
    return total


def check(in_order_of_time, T=3):
    gradient = in_order_of_time(trained, few, T, true_boundaries(trained, few, T))
    if gradient is None:
        print("Nothing is written yet. What follows keeps all caches.")
        return all_kept
    core, dy = trained[0], loss_gradient(trained, few)
    _, true = backward_chunks(core, forward_chunks(core, few.inputs, WHOLE), dy, True)
    assert relative_error(gradient, true) < 1e-12, "not the gradient of the whole sequence"
    print("Right: with the memory of three steps the gradient of the whole sequence.")
    return in_order_of_time


sum_of_chunks = check(in_order_of_time)

# %% [markdown]
# Nobody has such an oracle. But must the vector be exact? Let it be a part of the truth, or noisy;
# or a *guess*: the simplest is linear in the state $h$ at the boundary, fitted by least squares on
# *other* sequences. To see what $h$ is worth, there is also the best guess that does not use it: a
# constant vector. All this for a minibatch of 32, as in training.

# %%
T = 3


def scaled(boundaries, scale, noise=0.0):
    """The true vectors times a number, with noise of `noise` times the size of each."""
    rng = np.random.default_rng(4)
    return [
        part and tuple(scale * p + noise * p.std() * rng.standard_normal(p.shape) for p in part)
        for part in boundaries
    ]


def guessed(network, episode, use_h=True):
    """Guesses linear in [h, 1], or constant: one model for all boundaries, fitted on others."""
    other, x = copy(N, 1000, np.random.default_rng(9)), []
    for one in (other, episode):
        ends = np.stack([y[-1] for _, y, _ in forward_chunks(network[0], one.inputs, T)[:-1]])
        x.append(np.concatenate([use_h * ends, np.ones_like(ends[:, :, :1])], axis=2))
    true = [np.concatenate(part, axis=1) for part in true_boundaries(network, other, T)[:-1]]
    rows = x[0].reshape(-1, x[0].shape[2])
    W = np.linalg.lstsq(rows, np.concatenate(true), rcond=None)[0]
    return [*(tuple(np.split(h @ W, 2, axis=1)) for h in x[1]), None]

# %%
quality, minibatch = {}, copy(N, BATCH, np.random.default_rng(7))
for name, network in networks.items():
    boundaries = true_boundaries(network, minibatch, T)
    kinds = {
        "nothing: truncated": scaled(boundaries, 0),
        "a constant": guessed(network, minibatch, use_h=False),
        "linear guess from $h$": guessed(network, minibatch),
        "a tenth of the truth": scaled(boundaries, 0.1),
        "half of the truth": scaled(boundaries, 0.5),
        "truth + noise of its size": scaled(boundaries, 1, 1),
        "the truth": boundaries,
    }
    true = sum_of_chunks(network, minibatch, T, boundaries)
    for kind, entering in kinds.items():
        gradient = sum_of_chunks(network, minibatch, T, entering)
        cosine = gradient @ true / np.linalg.norm(gradient) / np.linalg.norm(true)
        quality[name, kind] = relative_error(gradient, true), cosine
        print(f"{name:8} {kind:26} error {quality[name, kind][0]:.2f}, cosine {cosine:.2f}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5), sharey=True)
for axis, which, label in zip(axes, (0, 1), ("relative error", "cosine with the true gradient")):
    for k, (name, color) in enumerate((("new", "0.75"), ("trained", "0.35"))):
        values = [quality[name, kind][which] for kind in kinds]
        places = np.arange(len(kinds)) + 0.2 - 0.4 * k
        bars = axis.barh(places, values, 0.38, color=color, label=f"{name} network")
        axis.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    axis.set(xlabel=label, xlim=(min(0, axis.get_xlim()[0]), 1.15 * max(1, axis.get_xlim()[1])))
axes[0].set_yticks(range(len(kinds)), kinds)
axes[0].invert_yaxis()
axes[0].legend(fontsize=8, loc="lower right")
figure.suptitle(f"The gradient, if this enters at each boundary (Copy, N = {N}, T = {T})")
plt.show()

# %% [markdown]
# In the new network even a constant removes most of the error: on average over sequences, the
# future wants the same of each state, and what differs is linear in $h$. In the trained network
# more of it differs from sequence to sequence. A constant takes the cosine from 0.33 to 0.82, and
# *one* linear model for all boundaries to 0.90, though its error is still 0.55: it has to find out
# from $h$ how late it is, and what is still wrong. Noise hurts less than one may fear, because a
# minibatch averages over it. And a mere tenth of the truth, though its error is hardly smaller than
# that of nothing, points far better.
#
# Nobody has to know the future exactly, then. A *guess* of its gradient is worth having as soon as
# it is better than none. Here the models were fitted on true gradients, which only the whole
# sequence can give. In notebook 11 a guess learns as it goes along, from chunks alone, and with a
# hidden layer.
#
# ## Exercises
#
# 1. **A tenth.** With a part $\lambda$ of the truth at each boundary the error is exactly $1 -
#    \lambda$ times that of truncation (compare the bars). Why?
# 2. **Shift the chunks.** Let the first chunk have one step only, and the others $T = 5$. Which
#    lines of the picture in section 4 are full then, at $N = 3$?
# 3. **A better echo.** Train with $T = 2$ again, but begin with a forget bias of 3.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. A chunk's gradient is a linear function of what enters at its end: its own losses, plus
#    $\lambda$ times the future through the boundary. Summed over chunks, truncated + $\lambda$
#    (true - truncated).
#
# 2. The chunks begin at steps 0, 1 and 6. Bit $k$ (from 0) is read at step $k$ and written at step
#    $k + 4$: the second bit (1 to 5) only. The first is cut off, the third (2 to 6) just missed.
#
# 3. More of the echo survives; but there is still nobody who says what to keep.
#
#    ```python
#    for seed in SEEDS:
#        loop = new_loop(2, seed)
#        loop.rule.core.params["b"][UNITS : 2 * UNITS] = 3
#        loop.run()
#        print(loop.task.curriculum.solved_size[0])
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | result |
# |---|---|
# | 1. relative error with $T = 2$, trained network | 0.96 |
# | 2. copies one bit; four, with $T = 2$ | yes; yes, with one of two seeds (whole: 8, 9) |
# | 3. change of the weights of the bits | 0.000: not in the last digit |
# | 4. memory of two steps; of 44 | 3.7 MB; 69.9 MB |
#
# - Chunks that hand `dstate` back give exactly the gradient of the whole sequence, and need its
#   whole memory. Thrown away, it is truncation.
# - What lies before the chunk gets a gradient of exactly zero, however much it matters.
# - With $T = 2$ a network lives on the echo in the carried state, which nobody taught it to keep.
# - One vector at each boundary, the gradient of the future losses by the state, makes up for all
#   that is lost. Even a poor guess of it is worth having.
# - Two seeds, one small task.
#
# Next: **[How does news of the future travel back through time?](11_through_time.ipynb)**

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
# # How does news of the future travel back through time?
#
# | | |
# |---|---|
# | **Question** | Can a guess stand in for all losses that come after a chunk of a sequence? |
# | **Time** | about an hour; the runs take three minutes |
# | **Level** | eleventh notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 10](10_truncation.ipynb): chunks, truncation, the vector that is missing |
#
# A network that learns $T$ time steps at a time lacks one vector: the gradient of all *later*
# losses by the state in which its chunk ends. Whoever knew it at once could learn chunk by chunk
# and get the gradient of the whole sequence. Here a small model guesses it. The model never sees a
# whole sequence: it learns from chunks alone, and its targets are made of its own guesses. Can that
# work?
#
# ![The guesses learn one after the other, from the end of the sequence
# back](figures/news_through_time.gif)
#
# ## Your prediction
#
# 1. With a perfect guess at every boundary between chunks, how far is the sum of the chunks'
#    gradients from that of the whole sequence?
# 2. A sequence has six chunks, and so five boundaries. The guess starts at zero everywhere. At
#    which boundary will it be good first, at which last?
# 3. The network stands still and the guess learns. What cosine with the truth does it reach at the
#    fourth boundary, after 300 batches? What if its targets were the truth?
# 4. Then the network learns, too, but slowly (a rate of 0.0001, the guess 0.003). Will it learn
#    faster than with truncation?

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style
from dni_np.pictures.moving import save_moving
from dni_np.pictures.network import through_time

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")  # shows a figure that is a cell's last value, too
plt.rcParams.update(
    {**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True, "axes.titlesize": 10}
)

# %% [markdown]
# ## 1. A guess where the chunk ends
#
# The state $s = (h, c)$ of an LSTM goes on from chunk to chunk. Where a chunk ends, the model $M$
# sees $h$ and guesses the gradient of everything that comes later:
#
# $$\hat g_{t+T} = M(h_{t+T}) \;\approx\; \frac{\partial\,(\text{losses after } t+T)}
# {\partial\, s_{t+T}}$$
#
# The guess enters the chunk's backward pass as if it were that gradient. What arrives at the
# chunk's *beginning*, $d_t$, is a better guess of the same kind: it contains the chunk's own
# losses, which are true. So it is the target for $M(h_t)$, the guess made one chunk before. This is
# figure 10 of Jaderberg et al. (2017):

# %%
through_time()

# %% [markdown]
# Look at what $d_t$ is made of: three losses, and behind them $\hat g_{t+3}$. At first that guess
# knows nothing, and $d_t$ is only what the chunk sees by itself. When $\hat g_{t+3}$ has learned
# about the next chunk, $d_t$ contains that, too. **A target made of guesses** carries news back by
# one boundary each time. (Reinforcement learning calls this *bootstrapping*.)
#
# Two details. After the last step of a sequence nothing comes: there the true gradient is known, it
# is zero. And $M$ is one model for all boundaries. It must find out from $h$ how late it is.
#
# ## 2. By hand, nothing learns
#
# A new LSTM of 5 units in float64. The task is Copy with $N = 7$: read seven bits and a stop, then
# write them from memory. That is $2N + 2$ steps, in chunks of $T = 3$.

# %%
from dni_np.data.copy_tasks import copy
from dni_np.nn.fast.choice import lstm
from dni_np.nn.linear import Linear
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.time_distributed import TimeDistributed

T, N = 3, 7  # steps in a chunk, bits
loss = MaskedSoftmaxCrossEntropy()


def new_network(units, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return lstm(3, units, rng, dtype=dtype), TimeDistributed(Linear(units, 3, rng, dtype=dtype))

# %%
def chunk_forward(network, episode, t, state):
    """Steps t to t + T -> (loss, state after them, dloss/dy, cache, is it the last chunk?)."""
    (core, readout), steps = network, slice(t, t + T)
    y, after, cache = core.forward(episode.inputs[steps], state)
    logits, readout_cache = readout.forward(y)
    nats, dlogits = loss(logits, (episode.labels[steps], episode.mask[steps]))
    dy = readout.backward(dlogits, readout_cache)
    return nats, after, dy, cache, t + T >= len(episode.inputs)


def flat(grads):
    return np.concatenate([grads["W"].ravel(), grads["b"]])

# %% [markdown]
# The truth: all chunks forward, then all backward from the last to the first, handing `dstate` on.
# On the way we note what arrives at each boundary: what a perfect $M$ would guess.

# %%
def true_gradients(network, episode):
    """h at each boundary, the true gradient of (h, c) there, and the gradient of the core.

    Lists over the boundaries of (batch, units), and an array (boundaries, batch, 2 units).
    """
    core = network[0]
    state, passes = core.initial_state(episode.inputs.shape[1]), []
    for t in range(0, len(episode.inputs), T):
        _, after, dy, cache, _ = chunk_forward(network, episode, t, state)
        passes.append((state[0], dy, cache))
        state = after
    dstate, seen, arrived, total = None, [], [], 0
    for h, dy, cache in reversed(passes):
        _, dstate = core.backward(dy, dstate, cache)
        total = total + flat(core.grads)
        seen.insert(0, h)
        arrived.insert(0, np.concatenate(dstate, axis=1))
    return seen[1:], np.stack(arrived[1:]), total

# %% [markdown]
# Now in the order of time. `guesses` is what enters at each boundary.

# %%
def in_order_of_time(network, episode, guesses):
    """The sum of the chunks' gradients, and what arrives at each boundary."""
    core = network[0]
    state, total, arrived = core.initial_state(episode.inputs.shape[1]), 0, []
    for k, t in enumerate(range(0, len(episode.inputs), T)):
        _, after, dy, cache, last = chunk_forward(network, episode, t, state)
        future = None if last else tuple(np.split(guesses[k], 2, axis=1))
        _, dstate = core.backward(dy, future, cache)
        total = total + flat(core.grads)
        arrived.append(np.concatenate(dstate, axis=1))
        state = after
    return total, np.stack(arrived[1:])


def relative_error(found, true):
    return np.linalg.norm(found - true) / np.linalg.norm(true)

# %%
tiny, few = new_network(5, np.float64), copy(N, 4, np.random.default_rng(1))
_, perfect, whole = true_gradients(tiny, few)
noise = np.random.default_rng(2).standard_normal(perfect.shape) * perfect.std()
kinds = {"the truth": perfect, "zeros": 0 * perfect, "a tenth of it": 0.1 * perfect}
for name, guesses in (*kinds.items(), ("truth and noise", perfect + noise)):
    total, arrived = in_order_of_time(tiny, few, guesses)
    error, of_targets = relative_error(total, whole), relative_error(arrived, perfect)
    print(f"guess: {name:15} error of the gradient {error:7.1g}, of the targets {of_targets:.1g}")
    if name == "the truth":
        assert error < 1e-13 and of_targets < 1e-13

# %% [markdown]
# With the truth the sum is the gradient of the whole sequence, and what arrives at each boundary is
# the truth again: a perfect guess is its own target. With zeros it must be truncated
# backpropagation, to the last digit:

# %%
from dni_np.nn.optimizers import Adam
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


class AtRest:
    """In place of an optimizer: nothing is updated."""

    def step(self):
        pass


def chunks(episode):
    """What a rule's `step` takes: inputs, labels, mask, is it the first, is it the last."""
    for t in range(0, len(episode.inputs), T):
        yield *(part[t : t + T] for part in episode), t == 0, t + T >= len(episode.inputs)


rule, total = TruncatedBPTT(*tiny, loss, AtRest(), AtRest()), 0
for chunk in chunks(few):
    rule.step(*chunk)
    total = total + flat(tiny[0].grads)
with_zeros, _ = in_order_of_time(tiny, few, 0 * perfect)
print(f"zeros and truncation: largest difference {abs(total - with_zeros).max():.0e}")
assert np.array_equal(total, with_zeros)

# %% [markdown]
# ## 3. A guess that learns
#
# Now $M$: `state_guess` makes it, one hidden layer, its last layer zero at first.
#
# ## Your turn
#
# One sequence, chunk by chunk, and everything learns at once: this loop is all of DNI through time.

# %%
def one_sequence(network, guess, guess_optimizer, episode, optimizers=(), scale=1.0):
    """Learn from an episode chunk by chunk; return the sum of the chunks' losses.

    For each chunk: chunk_forward. Unless it is the last, future = scale * guess.forward(h) of the
    h after it (forward returns the guess (batch, 2 units), and a cache); split it into (dh, dc),
    None for the last. core.backward(dy, future, cache) gives what arrives. If it is not the first
    chunk: guess.forward once more, for the h before the chunk; guess.backward(guessed - arrived,
    cache), with arrived as (batch, 2 units), and guess_optimizer.step(). Then a step of each of
    `optimizers`, those of the network.
    """

# %% [markdown]
# The package's rule, `RecurrentDNI`, judges it: three sequences, everything learns, with the
# paper's scale of 0.1.

# %%
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess


def package_sequence(network, guess, guess_optimizer, episode, optimizers=(), scale=1.0):
    optimizers = optimizers or (AtRest(), AtRest())
    own = {"guess": guess, "guess_optimizer": guess_optimizer, "scale": scale}
    rule = RecurrentDNI(*network, loss, *optimizers, **own)
    return sum(rule.step(*chunk)["loss"] for chunk in chunks(episode))


def parameters_after(learn, sequences=3):
    """Core, read-out and guess, after some sequences, as vectors."""
    network = new_network(5, np.float64)
    guess = state_guess(5, np.random.default_rng(3), dtype=np.float64)
    guess_optimizer, *optimizers = (Adam(part, 0.01) for part in (guess, *network))
    for seed in range(sequences):
        episode = copy(N, 4, np.random.default_rng(seed))
        nats = learn(network, guess, guess_optimizer, episode, optimizers, 0.1)
    return [np.array([nats], float), *(each.params for each in (*optimizers, guess_optimizer))]

# %%
def check(one_sequence):
    found, package = parameters_after(one_sequence), parameters_after(package_sequence)
    if np.isnan(found[0]).any():
        print("Nothing is written yet. Until then the package's rule is used.")
        return package_sequence
    for name, yours, its in zip(("loss", "core", "read-out", "guess"), found, package):
        assert np.allclose(yours, its, atol=1e-12), f"another {name} after three sequences"
    print(f"Right: {sum(map(len, found)) - 1} parameters are equal. All that follows uses yours.")
    return one_sequence


learn_sequence = check(one_sequence)

# %% [markdown]
# ### A network to guess about
#
# An LSTM of 64 units that has learned Copy up to $N = 6$ from chunks of $T = 3$, with the recipe
# `copy-quick` (its guess, a linear one, is discarded). When it is busy with $N = 7$, it **stands
# still**.

# %%
from dni_np.experiments.sequences.build import build_loop
from dni_np.experiments.sequences.recipes import RECIPES

UNITS = 64


def network_busy_with(n_symbols, bits, samples=2_000 if FAST else 600_000):
    """The states of an LSTM and its read-out when that level's average error is below `bits`."""
    settings = RECIPES["copy-quick"].settings("dni", unroll=T, samples=samples)
    loop = build_loop(settings, progress=False)
    task, curriculum = loop.task, loop.task.curriculum
    while not task.finished:
        task.observe(loop.rule.step(*task.next()))
        if curriculum.n_symbols >= n_symbols and (curriculum.average or np.inf) < bits:
            break
    print(f"{curriculum.samples:,} sequences: N = {curriculum.solved_size[0]} solved")
    return loop.rule.core.state(), loop.rule.readout.state()

# %%
SAVED = network_busy_with(N, bits=0.75)


def network_as_saved():
    network = new_network(UNITS)
    for part, state in zip(network, SAVED):
        part.load_state(state)
    return network

# %% [markdown]
# ### The news arrives
#
# Only $M$ learns (256 hidden units, Adam at 0.003), from batches of 64 sequences, always with its
# own guess as part of its targets. Now and then it is compared with the truth, on 1,000 other
# sequences: at each boundary the cosine over all sequences at once. Beside it a control: the same
# model, the same number of updates, but the targets are the truth.

# %%
from dni_np.analysis.gradient_error import pooled_cosine

BATCHES = 20 if FAST else 300
LOOKS = sorted({1, 2, 3, 4, *np.geomspace(5, BATCHES, 14).astype(int).tolist()})
examples = copy(N, 1000, np.random.default_rng(1))


def new_guess(hidden=(256,), rate=3e-3):
    guess = state_guess(UNITS, np.random.default_rng(3), hidden=hidden)
    return guess, Adam(guess, rate)


def cosines(network, guess):
    seen, true, _ = true_gradients(network, examples)
    return [float(pooled_cosine(guess.forward(h)[0], g)) for h, g in zip(seen, true)]


def learn_the_truth(network, guess, guess_optimizer, episode):
    seen, true, _ = true_gradients(network, episode)
    for h, gradient in zip(seen, true):
        guessed, cache = guess.forward(h)
        guess.backward(guessed - gradient, cache)
        guess_optimizer.step()

# %%
def while_at_rest(learn, guess, guess_optimizer, **options):
    """{batches so far: cosine at each boundary}."""
    network, rng, found = network_as_saved(), np.random.default_rng(4), {}
    for k in range(1, BATCHES + 1):
        learn(network, guess, guess_optimizer, copy(N, 64, rng), **options)
        if k in LOOKS:
            found[k] = cosines(network, guess)
    return found


guess, guess_optimizer = new_guess()
found = {
    "targets made of its own guesses": while_at_rest(learn_sequence, guess, guess_optimizer),
    "targets are the truth": while_at_rest(learn_the_truth, *new_guess()),
}
for targets, rows in found.items():
    print(f"{targets}: cosine at boundaries 1 to 5")
    for k in (1, 5, LOOKS[-1]):
        print(f"  after {k:3} batches: " + "  ".join(f"{value:5.2f}" for value in rows[k]))

# %%
boundaries = len(found["targets are the truth"][LOOKS[0]])
shades = plt.colormaps["viridis"](np.linspace(0.95, 0, boundaries))
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
for axis, (title, rows) in zip(axes, found.items()):
    for k in range(boundaries):
        label = f"{k + 1}" + {0: " (first)", boundaries - 1: " (last)"}.get(k, "")
        values = [row[k] for row in rows.values()]
        axis.plot(list(rows), values, "o-", markersize=3, color=shades[k], label=label)
    axis.axhline(0, color="0.7", linewidth=0.8)
    axis.set(xscale="log", xlabel="batches of 64 sequences", title=title, ylim=(-0.15, 1.02))
axes[0].set_ylabel("cosine with the true gradient")
axes[1].legend(title="boundary", fontsize=8, title_fontsize=8, loc="lower right", ncols=2)
figure.suptitle("News of the end travels back, boundary by boundary")
plt.show()

# %% [markdown]
# Left, the last boundary is ahead. Its target contains no guess, because behind the last chunk
# comes nothing. The third and the fourth learn at once, too: the chunk behind each has three losses
# of its own. Behind the second boundary there is one, behind the first there is none: these two can
# learn only what the next guess knows, and come last.
#
# Are the early ones just harder? The right panel is the control. There all learn from the start:
# after one batch the first two are at 0.26 and 0.22, on the left at -0.02 and 0.04. So the delay on
# the left is the news on its way. And it arrives: guesses that were made of guesses come close to
# those that learned from the truth. The moving picture at the top is made of the same numbers:

# %%
def draw_boundaries(axis, batches):
    """Six chunks in a row; at each boundary the cosine of its guess, and the control's."""
    own, control = (rows[batches] for rows in found.values())
    for k in range(boundaries + 1):
        losses = int(examples.mask[T * k : T * (k + 1)].any(axis=1).sum())
        text = f"chunk {k + 1}\n{losses} loss{'es' * (losses != 1)}"
        axis.add_patch(plt.Rectangle((k + 0.06, -0.5), 0.88, 0.34, facecolor="0.88"))
        axis.text(k + 0.5, -0.34, text, ha="center", va="center", fontsize=8)
    places = np.arange(1, boundaries + 1)
    axis.bar(places, own, 0.3, color=style.DNI, label="learns from its own guesses")
    axis.hlines(control, places - 0.25, places + 0.25, color=style.TRUE, linestyle="--",
                label="learns from the truth")  # fmt: skip
    axis.set(xlim=(0, boundaries + 1), ylim=(-0.55, 1.3), yticks=(0, 0.5, 1), xticks=places)
    axis.set(xlabel="boundary", ylabel="cosine with the truth")
    axis.set_title(f"after {batches} batch{'es' * (batches > 1)}", fontsize=11)
    axis.legend(fontsize=8, ncols=2, loc="upper center")
    axis.grid(axis="x", visible=False)


frames = [Figure(figsize=(5.6, 3.3)) for _ in range(len(LOOKS) + 2)]
for frame, batches in zip(frames, [*LOOKS, *LOOKS[-1:] * 2]):
    draw_boundaries(frame.subplots(), batches)
folder = Path(tempfile.mkdtemp()) if FAST else Path("figures")
size = save_moving(folder / "news_through_time.gif", frames, seconds=0.8)
print(f"the moving picture: {size / 1000:.0f} kB")

# %% [markdown]
# Only the first boundary stays low, even when its target is the truth. Why?
#
# ### What is there to be known?
#
# How much *could* be known from $h$? Fit the true gradients by least squares, once linearly and
# once with 1,000 random ReLUs of $h$; one fit for all boundaries, as $M$ is one model for all. Then
# try them on the other sequences.

# %%
def fitted(features, count=300 if FAST else 4000):
    """Cosine at each boundary on `examples`, of a ridge regression on features of h."""
    seen, true, _ = true_gradients(network_as_saved(), copy(N, count, np.random.default_rng(2)))
    x = features(np.concatenate(seen)).astype(np.float64)
    ridge = 1e-4 * np.trace(x.T @ x) / x.shape[1]
    W = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ np.concatenate(true))
    seen, true, _ = true_gradients(network_as_saved(), examples)
    return [float(pooled_cosine(features(h) @ W, g)) for h, g in zip(seen, true)]


directions = np.random.default_rng(5).standard_normal((UNITS, 1000)) * 3 / np.sqrt(UNITS)
offsets = np.linspace(-1, 1, 1000)
compared = {
    "linear, least squares": (fitted(lambda h: np.c_[h, np.ones(len(h))]), "0.75"),
    "$M$, from its own guesses": (list(found.values())[0][LOOKS[-1]], style.DNI),
    "1,000 random ReLUs, least squares": (
        fitted(lambda h: np.c_[np.maximum(h @ directions + offsets, 0), h]), "0.35",
    ),
}  # fmt: skip

# %%
figure, axis = plt.subplots(figsize=(8.5, 3.4))
for k, (name, (values, color)) in enumerate(compared.items()):
    bars = axis.bar(np.arange(boundaries) + 0.27 * (k - 1), values, 0.25, color=color, label=name)
    axis.bar_label(bars, fmt="%.2f", fontsize=8, padding=1)
    print(f"{name:35}" + " ".join(f"{value:5.2f}" for value in values))
axis.set_xticks(range(boundaries), ["boundary 1", *range(2, boundaries), f"{boundaries} (last)"])
axis.set(ylabel="cosine with the true gradient", ylim=(0, 1.3))
axis.legend(fontsize=8, ncols=3, loc="upper center")
axis.set_title("The future is in the state, except where it has not been decided yet")
plt.show()

# %% [markdown]
# From the third boundary on the wide fit finds all: what there is to know of the future is in $h$
# (with $N = 7$ there are only $2^7$ different sequences, and all were in the fit). The second
# boundary comes after six of the seven bits, the first after three. There the true gradient depends
# on bits that have not been drawn yet. No model can know them. $M$ learns the mean over what may
# come, and that is all anybody can.
#
# ## 4. And when the network learns?
#
# Then the true gradients change, and the guess must follow. Start from the saved network and the
# trained guess, and let all learn: the guess at 0.003, the network at 0.0001. Beside it the same
# without a guess (a scale of 0: truncation).

# %%
TRAINED, STEPS = guess.state(), 20 if FAST else 400


def while_learning(scale, rate=1e-4):
    """[(batches, bits per symbol, cosine of the guess, mean over the boundaries)]."""
    network, (guess, guess_optimizer) = network_as_saved(), new_guess()
    guess.load_state(TRAINED)
    optimizers, rng = [Adam(part, rate) for part in network], np.random.default_rng(5)
    bits, rows = [], [(0, np.nan, np.mean(cosines(network, guess)))]
    for k in range(1, STEPS + 1):
        episode = copy(N, 64, rng)
        nats = learn_sequence(network, guess, guess_optimizer, episode, optimizers, scale)
        bits.append(float(bits_per_symbol(nats, episode.mask)))
        if k % (STEPS // 20) == 0:
            rows.append((k, np.mean(bits[-STEPS // 20 :]), np.mean(cosines(network, guess))))
    return np.array(rows)


learning = {"DNI": while_learning(1.0), "truncation": while_learning(0.0)}

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4))
lines = {"DNI": (style.DNI, "-"), "truncation": (style.BACKPROP, "--")}
for name, rows in learning.items():
    color, line = lines[name]
    axes[0].plot(rows[:, 0], rows[:, 1], line, color=color, label=name)
    print(f"{name:10} bits per symbol {rows[1, 1]:.2f} -> {rows[-1, 1]:.2f}", end="")
    print(f"; cosine of the guess {rows[0, 2]:.2f} -> {rows[-1, 2]:.2f}" if name == "DNI" else "")
axes[1].plot(learning["DNI"][:, 0], learning["DNI"][:, 2], color=style.DNI)
axes[0].set(xlabel="batches of 64 sequences", ylabel="bits per symbol", ylim=(0, None))
axes[1].set(xlabel="batches of 64 sequences", ylabel="cosine of the guess, mean", ylim=(0, 1))
axes[0].set_title("With a guess Copy is learned faster")
axes[1].set_title("though the guess falls behind")
axes[0].legend()
plt.show()

# %% [markdown]
# The guess falls behind, and is still worth having: a part of the truth is better than none. But
# 0.0001 is a tenth of the rate at which Copy is usually learned. What happens at that rate is the
# subject of the next notebook.
#
# ## Exercises
#
# 1. **A tenth.** Let the guess learn with a `scale` of 0.1, in the network that stands still. Which
#    boundaries are as good as before, which are not, and why?
# 2. **A bit's long way.** $N = 7$, $T = 3$, scale 0.1. By what factor does the loss of the first
#    bit arrive at the chunk in which that bit is read?
# 3. **The other end.** Let only the *first* chunk have losses. What has the guess to learn then?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. The last one's target contains no guess: nothing changes. Each one before that receives only a
#    tenth of the next.
#
#    ```python
#    for scale in (1.0, 0.1):
#        rows = while_at_rest(learn_sequence, *new_guess(), scale=scale)
#        print(scale, [f"{value:.2f}" for value in rows[LOOKS[-1]]])
#    ```
#
# 2. The first bit is read at step 0, in the first chunk, and written at step 8, in the third. Its
#    loss crosses two boundaries, and each costs a factor of 0.1.
#
# 3. Nothing. Behind every boundary there are no losses any more, and the guess, zero at first, is
#    right from the start. News always comes from where the losses are.
#
# </details>
#
# ## As predicted?
#
# | prediction | result |
# |---|---|
# | 1. error with perfect guesses | 1e-16: none; with zeros 0.5 |
# | 2. good first, and last | the last boundary, and the first |
# | 3. cosine at the fourth boundary | 0.86; with true targets 0.81 |
# | 4. bits per symbol when the network learns | 0.19, truncation 0.26 |
#
# - A guess of one vector enters where a chunk ends; its target comes out where the chunk begins.
# - With a perfect guess the chunks add up to the gradient of the whole sequence, with zeros they
#   are truncation.
# - Targets made of guesses carry news back one boundary at a time.
# - In a network that stands still the guess finds most of what can be known. In one that learns
#   slowly it falls behind, its cosine going from 0.75 to 0.21, and still helps.
# - One seed, one task.
#
# Next: **[How can a guess keep up with a network that learns?](12_guesses_that_keep_up.ipynb)**

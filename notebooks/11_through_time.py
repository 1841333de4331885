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
# [The LSTM by hand](toolbox_lstm.ipynb) ended with one missing vector. A network that learns $T$ steps at a time lacks the gradient of
# all *later* losses by the state in which its chunk ends. Whoever knew that vector at once could learn chunk by chunk and
# get the gradient of the whole sequence.
#
# Here a small model guesses it. It never sees a whole sequence. It learns from chunks alone, and its targets are made of its
# own guesses. Can that work?
#
# **What you'll do**
#
# - draw what happens at a boundary, and which target comes back when;
# - check by hand: with the true vector the chunks add up to the whole gradient, with zeros they are truncated;
# - freeze a network and watch the news of a late loss arrive, one boundary after another;
# - let the network move, slowly and fast, and see when the guess loses it;
# - run Copy as the command line does; look at what the state has forgotten, and let the guess see the labels;
# - read a text and let the network write;
# - go down to one step at a time, and find a term that must not be counted twice.
#
# **What you need:** [the LSTM by hand](toolbox_lstm.ipynb). Nothing is downloaded: the text is Python's own source code.

# %% [markdown]
# ### Before you go on: predict
#
# 1. A sequence has six chunks, and so five boundaries. The guess starts at zero everywhere. At which boundary will it be
#    good first? Which will be last?
# 2. The network learns at a rate of 0.001, the guess at 0.003. Which of the two must be the faster one, and by how much?
# 3. A guess at the end of a text: what is it made of, if the text has no end?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "axes.grid": False, "figure.dpi": 90, "figure.constrained_layout.use": True})
RED, BLUE, GREEN, GRAY = "#d1495b", "#2e6f95", "#66a182", "0.5"

# %% [markdown]
# ## 1. A guess where the chunk ends
#
# The state $s = (h, c)$ goes on from chunk to chunk. Where a chunk ends, the model $M$ looks at $h$ and guesses the gradient
# of everything that comes later:
#
# $$\hat g_{t+T} = M(h_{t+T}) \;\approx\; \frac{\partial\,(\text{losses after } t+T)}{\partial\, s_{t+T}} .$$
#
# The guess enters the chunk's backward pass as if it were that gradient. What arrives at the chunk's *beginning*, $d_t$, is
# a better guess of the same kind: it contains the chunk's own losses, which are true. So it is the target for $M(h_t)$, the
# guess made one chunk ago. (This is figure 10 of Jaderberg et al. 2017.)


# %%
def drawn_arrow(axis, start, end, color, style="-", bend=0.0):
    shape = {"arrowstyle": "-|>", "color": color, "linestyle": style, "linewidth": 1.6}
    axis.annotate("", end, start, arrowprops={**shape, "connectionstyle": f"arc3,rad={bend}", "shrinkA": 0, "shrinkB": 0})


figure, axis = plt.subplots(figsize=(9.5, 4.3))
for chunk in range(3):
    left = 4.2 * chunk
    axis.add_patch(plt.Rectangle((left - 0.1, 1.35), 3.2, 1.75, color="#e6eef5", zorder=0))
    for k in range(3):
        x = left + k + 0.5
        axis.add_patch(plt.Rectangle((x - 0.33, 1.9), 0.66, 0.65, facecolor="white", edgecolor=BLUE, linewidth=1.5))
        axis.text(x, 2.22, "LSTM", ha="center", va="center", fontsize=8, color=BLUE)
        drawn_arrow(axis, (x, 1.45), (x, 1.88), GRAY)
        drawn_arrow(axis, (x, 2.57), (x, 2.95), GRAY)
        axis.text(x + 0.08, 2.92, f"$L_{{{3 * chunk + k + 1}}}$", fontsize=9, color=GRAY, va="center")
        if k < 2:
            drawn_arrow(axis, (x + 0.35, 2.3), (x + 0.65, 2.3), GRAY)
            drawn_arrow(axis, (x + 0.65, 2.08), (x + 0.35, 2.08), RED)
for boundary, t in ((3.65, "3"), (7.85, "6")):
    drawn_arrow(axis, (boundary - 0.8, 2.3), (boundary + 0.7, 2.3), GRAY)
    axis.text(boundary - 0.05, 2.43, f"$s_{t}$", ha="center", fontsize=10, color="0.3")
    axis.plot(boundary - 0.05, 0.75, "o", color=GREEN, markersize=24)
    axis.text(boundary - 0.05, 0.75, "M", ha="center", va="center", color="white", fontsize=11)
    axis.plot([boundary - 0.05] * 2, [1.05, 2.28], color=GRAY, linestyle=":", linewidth=1.2)
    drawn_arrow(axis, (boundary - 0.32, 0.85), (boundary - 0.8, 2.02), GREEN, bend=-0.25)
    axis.text(boundary - 0.98, 1.1, rf"$\hat g_{t}$", color=GREEN, fontsize=12, ha="center")
    drawn_arrow(axis, (boundary + 0.68, 2.08), (boundary + 0.22, 0.85), RED, "--", bend=-0.25)
    axis.text(boundary + 0.93, 1.1, f"$d_{t}$", color=RED, fontsize=12, ha="center")
for chunk in range(3):
    axis.text(4.2 * chunk + 1.5, 3.25, ("first chunk", "second chunk", "last chunk")[chunk], ha="center", fontsize=10)
axis.text(6.3, 0.02, "green: the guess enters at once, where the chunk ends. red: its target arrives, one chunk later.",
          ha="center", fontsize=9.5)  # fmt: skip
axis.set(xlim=(-0.3, 11.8), ylim=(-0.15, 3.5))
axis.axis("off")
plt.show()

# %% [markdown]
# Look at what $d_3$ is made of: the losses $L_4$ to $L_6$, and behind them $\hat g_6$. At first $\hat g_6$ knows nothing, and
# $d_3$ is only what the second chunk could see by itself. When $\hat g_6$ has learned about the last chunk, so does $d_3$.
# **A target made of guesses** carries news one boundary further with each visit. (In reinforcement learning this is
# *bootstrapping*, as in temporal-difference learning.)
#
# Two details. After the last step of a sequence nothing comes: there the true gradient is known, it is zero. And $M$ is one
# model for all boundaries. It must tell from $h$ how late it is.
#
# ## 2. By hand
#
# First without any learning. A new LSTM of 5 units in float64, Copy with $N = 7$ bits: 16 steps, chunks of $T = 3$.

# %%
from dni_np.data.copy_tasks import copy
from dni_np.nn.fast.choice import lstm
from dni_np.nn.linear import Linear
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.time_distributed import TimeDistributed

T, N = 3, 7
loss = MaskedSoftmaxCrossEntropy()


def new_network(units, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return lstm(3, units, rng, dtype=dtype), TimeDistributed(Linear(units, 3, rng, dtype=dtype))


def chunk_forward(network, episode, t, state):
    """Steps t to t+T: (their loss, the state after them, dloss/dy, the cache, is it the last chunk?)."""
    (core, readout), steps = network, slice(t, t + T)
    y, after, cache = core.forward(episode.inputs[steps], state)
    logits, readout_cache = readout.forward(y)
    nats, dlogits = loss(logits, (episode.labels[steps], episode.mask[steps]))
    dy = readout.backward(dlogits, readout_cache)
    return nats, after, dy, cache, t + T >= len(episode.inputs)


def flat(grads):
    return np.concatenate([grads["W"].ravel(), grads["b"]])


# %% [markdown]
# The truth: all chunks forward, then all backward from the last to the first, handing `dstate` on. On the way we note what
# arrives at each boundary: what a perfect $M$ would say.


# %%
def truth(network, episode):
    """h at each boundary, the true gradient of h and c there (boundaries, N, 2 units), and the core's gradient."""
    core = network[0]
    state, chunks = core.initial_state(episode.inputs.shape[1]), []
    for t in range(0, len(episode.inputs), T):
        _, after, dy, cache, _ = chunk_forward(network, episode, t, state)
        chunks.append((state[0], dy, cache))
        state = after
    dstate, seen, arrived, total = None, [], [], 0
    for h, dy, cache in reversed(chunks):
        _, dstate = core.backward(dy, dstate, cache)
        grads = core.grads
        total = total + flat(grads)
        seen.insert(0, h)
        arrived.insert(0, np.concatenate(dstate, axis=1))
    return seen[1:], np.stack(arrived[1:]), total


# %% [markdown]
# Now in the order of time. `guesses` says what enters at each boundary.


# %%
def in_order_of_time(network, episode, guesses):
    """The sum of the chunks' gradients, and what arrived at each boundary."""
    core = network[0]
    state, total, arrived = core.initial_state(episode.inputs.shape[1]), 0, []
    for k, t in enumerate(range(0, len(episode.inputs), T)):
        _, after, dy, cache, last = chunk_forward(network, episode, t, state)
        future = None if last else tuple(np.split(guesses[k], 2, axis=1))
        _, dstate = core.backward(dy, future, cache)
        grads = core.grads
        total = total + flat(grads)
        arrived.append(np.concatenate(dstate, axis=1))
        state = after
    return total, np.stack(arrived[1:])


tiny, episode = new_network(5, np.float64), copy(N, 4, np.random.default_rng(1))
_, perfect, whole = truth(tiny, episode)
noise = perfect + np.random.default_rng(2).standard_normal(perfect.shape) * perfect.std()
for name, guesses in (("the truth", perfect), ("zeros", 0 * perfect), ("a tenth of it", 0.1 * perfect), ("noisy", noise)):
    total, arrived = in_order_of_time(tiny, episode, guesses)
    error, off = (np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in ((total, whole), (arrived, perfect)))
    print(f"guess: {name:14} the core's gradient is off by {error:.0e}, the targets by {off:.0e}")
    if name == "the truth":
        assert error < 1e-13 and off < 1e-13

# %% [markdown]
# With the truth the sum is the gradient of the whole sequence, and what arrives at each boundary is the truth again: a
# perfect guess is its own target. With zeros it must be truncated BPTT, to the last digit:

# %%
from dni_np.nn.optimizers import Adam
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


def chunks_of(episode, ahead=0):
    """What a rule's `step` takes: x, y, mask, first, last; y and mask of `ahead` steps more."""
    x, *told = episode
    for t in range(0, len(x), T):
        yield x[t : t + T], *(part[t : t + T + ahead] for part in told), t == 0, t + T >= len(x)


still = [Adam(part, lambda step: 0.0) for part in tiny]  # a rate of zero: nothing moves
rule, total = TruncatedBPTT(*tiny, loss, *still), 0
for chunk in chunks_of(episode):
    rule.step(*chunk)
    total = total + flat(tiny[0].grads)
blind, _ = in_order_of_time(tiny, episode, 0 * perfect)
print(f"zeros and truncated BPTT: largest difference {abs(total - blind).max():.0e}")
assert np.array_equal(total, blind)

# %% [markdown]
# ## 3. A guess that learns
#
# Now $M$: `state_guess` makes it, one hidden layer, its last layer zero at first. One visit of a sequence is this loop, and it is
# all of DNI through time. `movers` are the optimizers of the network itself; without any it stands still.

# %%
from dni_np.rules.recurrent.dni import state_guess


def visit(network, guess, of_guess, episode, movers=(), scale=1.0):
    """One sequence, chunk by chunk; everything learns at once. Returns bits per symbol."""
    core, state, nats = network[0], network[0].initial_state(episode.inputs.shape[1]), 0.0
    for t in range(0, len(episode.inputs), T):
        chunk_loss, after, dy, cache, last = chunk_forward(network, episode, t, state)
        future = None if last else tuple(np.split(scale * guess.forward(after[0])[0], 2, axis=1))
        _, arrived = core.backward(dy, future, cache)  # the guess goes in at the end, the target comes out
        if t > 0:  # nobody asks for a guess before the first step
            said, guess_cache = guess.forward(state[0])
            guess.backward(said - np.concatenate(arrived, axis=1), guess_cache)
            of_guess.step()
        for mover in movers:
            mover.step()
        state, nats = after, nats + chunk_loss
    return float(bits_per_symbol(nats, episode.mask))


# %% [markdown]
# The package's rule is `RecurrentDNI`. Does it do the same? Three sequences, everything moves, the paper's scale 0.1.

# %%
from dni_np.rules.recurrent.dni import RecurrentDNI


def parts():
    network = new_network(5, np.float64)
    guess = state_guess(5, np.random.default_rng(3), dtype=np.float64)
    return network, guess, Adam(guess, 0.01), [Adam(part, 0.01) for part in network]


network, guess, of_guess, movers = parts()
rule_network, rule_guess, of_rule_guess, rule_movers = parts()
rule = RecurrentDNI(*rule_network, loss, *rule_movers, guess=rule_guess, guess_optimizer=of_rule_guess, scale=0.1)
for seed in range(3):
    episode = copy(N, 4, np.random.default_rng(seed))
    visit(network, guess, of_guess, episode, movers, scale=0.1)
    for chunk in chunks_of(episode):
        rule.step(*chunk)
for mine, its in ((of_guess, of_rule_guess), *zip(movers, rule_movers)):
    assert np.allclose(mine.params, its.params, atol=1e-12)
print(f"{of_guess.steps} moves of the guess: largest difference {abs(of_guess.params - of_rule_guess.params).max():.0e}")

# %% [markdown]
# ### Who shall be guessed about?
#
# An LSTM of 64 units that learns Copy as the recipe `copy-quick` says: $T = 3$, one level after another, a linear guess
# (it is discarded here). We go on until it is busy with $N = 7$: six chunks, five boundaries. Then we **freeze** it.

# %%
from dni_np.experiments.sequences.build import build_loop
from dni_np.experiments.sequences.recipes import RECIPES


def copy_loop(rule, T, samples=2_000 if FAST else 200_000, **changes):
    """As the command line would run it, to the end."""
    settings = RECIPES["copy-quick"].settings(rule, unroll=T, samples=samples, **changes)
    loop = build_loop(settings, progress=False)
    loop.run()
    return loop


def outcome(loop):
    """What is kept of a run for section 5."""
    curriculum = loop.task.curriculum
    return {
        "steps": [(0, 0), *curriculum.history, (curriculum.samples, curriculum.solved)],  # sequences seen, N + 3 solved
        "N": curriculum.solved_size[0], "updates": loop.step, "seconds": loop.seconds,
    }  # fmt: skip


def go_on(loop, n, bits):
    """Until level n has come, and its errors below `bits`."""
    curriculum = loop.task.curriculum
    loop.task.samples *= 3  # at most
    while not loop.task.finished:
        loop.task.observe(loop.rule.step(*loop.task.next()))
        if curriculum.n_symbols >= n and (curriculum.average or np.inf) < bits:
            break
    return curriculum


busy = copy_loop("dni", 3)
outcomes = {("dni", 3): outcome(busy)}
curriculum = go_on(busy, N, 0.75)
print(f"{curriculum.samples:,} sequences: N = {curriculum.solved_size[0]} solved, busy with N = {curriculum.n_symbols}")

# %%
UNITS = 64
SAVED = busy.rule.core.state(), busy.rule.readout.state()


def frozen():
    """The network as it was then."""
    network = new_network(UNITS)
    for part, saved in zip(network, SAVED):
        part.load_state(saved)
    return network


test = copy(N, 1000, np.random.default_rng(1))
_, true, _ = truth(frozen(), test)
sizes = np.sqrt((true**2).sum(axis=2).mean(axis=1))
print("true gradient at the five boundaries, root mean square:", " ".join(f"{size:.1f}" for size in sizes))

# %% [markdown]
# ### The news arrives
#
# Nothing moves but $M$ (256 hidden units, Adam at 0.003). It visits sequence after sequence, 64 at a time, always with its
# own guess as part of its targets. Before and after we ask the truth, on 1,000 other sequences. One number for each
# boundary: the cosine over all sequences at once.

# %%
from dni_np.analysis.gradient_error import pooled_cosine


def new_guess(hidden=(256,), rate=3e-3):
    guess = state_guess(UNITS, np.random.default_rng(3), hidden=hidden)
    return guess, Adam(guess, rate)


def cosines(network, guess):
    seen, true, _ = truth(network, test)
    return [float(pooled_cosine(guess.forward(h)[0], g)) for h, g in zip(seen, true)]


def tell(network, guess, of_guess, episode):
    """The same number of moves, but the targets are the truth."""
    seen, true, _ = truth(network, episode)
    for h, gradient in zip(seen, true):
        said, cache = guess.forward(h)
        guess.backward(said - gradient, cache)
        of_guess.step()


def watch(learn, guess, of_guess):
    """Let the guess learn for a frozen network; {visits so far: cosine at each boundary}."""
    network, rng, found = frozen(), np.random.default_rng(4), {}
    for k in range(1, VISITS + 1):
        learn(network, guess, of_guess, copy(N, 64, rng))
        if k in LOOKS:
            found[k] = cosines(network, guess)
    return found


VISITS = 20 if FAST else 1000
LOOKS = sorted({*np.unique(np.geomspace(5, VISITS, 16).astype(int)).tolist(), VISITS})
guess, of_guess = new_guess()
found = {"its own": watch(visit, guess, of_guess), "the truth": watch(tell, *new_guess())}
for targets, rows in found.items():
    print(f"targets: {targets}; cosine at the five boundaries, first to last")
    for k in LOOKS[::3]:
        print(f"after {k:5} visits: " + "  ".join(f"{value:5.2f}" for value in rows[k]))

# %%
boundaries = len(true)
colors = plt.colormaps["viridis"](np.linspace(0.95, 0, boundaries))
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
for axis, values, title in zip(axes, found.values(), ("targets made of its own guesses", "targets are the truth")):
    for k in range(boundaries):
        name = f"{k + 1}" + {0: " (the first)", boundaries - 1: " (the last)"}.get(k, "")
        axis.plot(list(values), [row[k] for row in values.values()], "o-", markersize=3, color=colors[k], label=name)
    axis.axhline(0, color="0.7", linewidth=0.8)
    axis.set(xscale="log", xlabel="visits (64 sequences each)", title=title, ylim=(-0.15, 1.02))
    axis.grid(alpha=0.3)
    axis.title.set_fontsize(10)
axes[0].set_ylabel("cosine with the true gradient")
axes[1].legend(title="boundary", fontsize=8, title_fontsize=8, loc="lower right", ncols=2)
figure.suptitle("A network that stands still: news of the end travels back, boundary by boundary")
plt.show()

# %% [markdown]
# Left, the last boundary comes first: 0.73 after five visits. Its target holds no guess, because behind the last chunk
# comes nothing. Then 4, 3 and 2, in this order: each can learn only what the one behind it has to say (prediction 1).
#
# Are the early ones just harder? The right panel is the control. There the targets are the true gradients, and 2, 3 and 4
# learn side by side. So the order on the left is the news on its way. And it arrives: after 1,000 visits most of the
# difference is gone. Guesses that were made of guesses have found the truth.
#
# Only the first boundary stays below 0.4, even when it is told the truth. Why?
#
# How much *could* be known from $h$? Fit the true gradients by least squares, on 4,000 sequences, once linearly and once
# with 1,000 random ReLUs of $h$; one fit for all boundaries, as $M$ is one model for all. Then try them on the others.


# %%
def fitted(features, count=300 if FAST else 4000):
    """Cosine at each boundary on the test sequences, of a ridge regression on features of h."""
    seen, true, _ = truth(frozen(), copy(N, count, np.random.default_rng(2)))
    x = features(np.concatenate(seen)).astype(np.float64)
    ridge = 1e-4 * np.trace(x.T @ x) / x.shape[1]
    fit = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ np.concatenate(true))
    return [float(pooled_cosine(features(h) @ fit, g)) for h, g in zip(*truth(frozen(), test)[:2])]


directions = np.random.default_rng(5).standard_normal((UNITS, 1000)) * 3 / np.sqrt(UNITS)
offsets = np.linspace(-1, 1, 1000)
compared = {
    "linear $M$": (watch(visit, *new_guess(hidden=(), rate=1e-2))[VISITS], "#b9d3c0"),
    "linear, least squares": (fitted(lambda h: np.c_[h, np.ones(len(h))]), GREEN),
    "$M$ with a hidden layer": (found["its own"][VISITS], "#a9c6de"),
    "1,000 random ReLUs, least squares": (fitted(lambda h: np.c_[np.maximum(h @ directions + offsets, 0), h]), BLUE),
}
figure, axis = plt.subplots(figsize=(8.5, 3.6))
for k, (name, (values, color)) in enumerate(compared.items()):
    bars = axis.bar(np.arange(boundaries) + 0.2 * (k - 1.5), values, 0.19, color=color, label=name)
    axis.bar_label(bars, fmt="%.2f", fontsize=7, padding=1)
axis.set_xticks(range(boundaries), ["first boundary", "2", "3", "4", "last"])
axis.set(ylabel="cosine with the true gradient", ylim=(0, 1.3))
axis.legend(fontsize=8, ncols=2, loc="upper center")
axis.set_title(f"What the guess found in {VISITS:,} visits, and what is in $h$ to be found", fontsize=10)
plt.show()

# %% [markdown]
# From the third boundary on a wide enough fit gets 1.00: all that there is to know of the future is in $h$. (How deep, asks
# section 6.) The second comes after six of the seven bits, the first after three. There the true gradient depends on bits
# that have not been drawn yet. No model can know them; $M$ has learned the mean over what may come, and that is all anybody
# can.
#
# A linear guess is another matter. Even the best one gets 0.5 in the middle, and the one that learned as it went along
# less than that.
#
# (Not every network is so easy to guess. In LSTMs that had been brought to $N = 7$ by whole sequences the same $M$ got 0.2 to
# 0.5 at most boundaries, measured outside of this notebook. This one grew up with a guess, at a low rate.)
#
# ## 4. And if the network moves?
#
# A guess describes the network that it has seen. As soon as the network learns, its true gradients are others. Three runs
# from the frozen network and the guess that has just been trained; now everything moves. The guess learns at 0.003 in all
# of them, the network at 0.00001, 0.0001 or 0.001. It stays at $N = 7$.

# %%
CORE_RATES = (1e-5, 1e-4, 1e-3)
MOVES = 20 if FAST else 600
TRAINED = guess.state()


def chase(rate, scale=1.0):
    """Everything learns: [(visits, bits, mean cosine over the boundaries)]. With scale 0 the network hears no guess."""
    network, (follower, of_follower), rng = frozen(), new_guess(), np.random.default_rng(5)
    follower.load_state(TRAINED)
    for _ in range(MOVES // 20):  # its optimizer is new and has to find its step sizes
        visit(network, follower, of_follower, copy(N, 64, rng))
    movers, bits, rows = [Adam(part, rate) for part in network], [], [(0, np.nan, np.mean(cosines(network, follower)))]
    for k in range(1, MOVES + 1):
        bits.append(visit(network, follower, of_follower, copy(N, 64, rng), movers, scale))
        if k % (MOVES // 20) == 0:
            rows.append((k, np.mean(bits[-MOVES // 20 :]), np.mean(cosines(network, follower))))
    return np.array(rows)


chased = {rate: chase(rate) for rate in CORE_RATES}
truncated = chase(1e-4, scale=0.0)
print(f"truncated, at a rate of 0.0001: bits {truncated[1, 1]:.2f} -> {truncated[-1, 1]:.2f}")
for rate, rows in chased.items():
    print(
        f"network's rate {rate:7g}: cosine {rows[0, 2]:.2f} -> {rows[-1, 2]:.2f}, bits {rows[1, 1]:.2f} -> {rows[-1, 1]:.2f}"
    )

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for (rate, rows), color in zip(chased.items(), (BLUE, GREEN, RED)):
    axes[0].plot(rows[:, 0], rows[:, 2], "o-", markersize=3, color=color, label=f"{rate:g}")
    axes[1].plot(rows[:, 0], rows[:, 1], "o-", markersize=3, color=color)
axes[1].plot(truncated[:, 0], truncated[:, 1], "--", color="0.4", label="0.0001, truncated")
axes[0].axhline(0, color="0.7", linewidth=0.8)
axes[0].set(ylabel="cosine with the true gradient, mean", ylim=(-0.25, 1.1))
axes[1].axhline(0.15, color="0.5", linestyle=":")
axes[1].text(MOVES, 0.155, "solved", ha="right", va="bottom", fontsize=8, color="0.4")
axes[1].set(ylabel="bits per symbol", ylim=(0, None))
for axis in axes:
    axis.set(xlabel="visits (64 sequences each)")
    axis.grid(alpha=0.3)
axes[0].legend(title="network's rate", fontsize=8, title_fontsize=8, ncols=3, loc="upper right")
axes[1].legend(fontsize=8, loc="upper center")
figure.suptitle("The guess chases the network, and the network what the guess says")
plt.show()

# %% [markdown]
# Three outcomes. At 0.00001 the guess keeps up (0.67 in the end), and the bits fall steadily, but slowly. At 0.0001 it falls
# behind, down to 0.24. Still the task is learned faster: 0.21 bits, while truncation at the same rate is left at 0.41
# (dashed). Part of the truth is worth having. At 0.001 the guess loses the network within 30 visits, and nothing is learned
# any more: 0.76 bits. (One seed each.)
#
# The guess describes where the network *was*. And it pushes: the network moves because of it, and away from where it holds.
# So the network must be the slower one, here thirty times or more (prediction 2). Truncated gradients are poor at any rate,
# but never out of date.
#
# ## 5. Copy, as the command line runs it
#
#     python -m dni_np compare --recipe copy-quick --unroll 3 5
#
# Three rules: `bptt` truncates, `dni` has the guess, and `dni-aux` must besides foresee the *next* boundary's guess from this
# state, which asks the network to keep what will matter later. All see the same number of sequences. The
# curriculum begins at $N = 1$; a level below 0.15 bits makes way for the next. The recipe's guess is linear, its rate
# 0.01, the network's 0.001, and targets are made of the whole guess. (That is not tuned for this notebook.)

# %%
for rule, unroll in (("bptt", 3), ("dni-aux", 3), ("bptt", 5), ("dni", 5)):
    outcomes[rule, unroll] = outcome(copy_loop(rule, unroll))
print(f"{'':12}{'N solved':>10}{'updates':>10}{'seconds':>9}     sequences seen when each level was solved")
for (rule, unroll), run in outcomes.items():
    took = " ".join(f"{samples / 1000:.0f}k" for samples, _ in run["steps"][1:-1])
    print(f"{rule:8}T={unroll:2}{run['N']:10}{run['updates']:10,}{run['seconds']:9.0f}     {took}")

# %%
DASHES, SHADES = {"bptt": "--", "dni": "-", "dni-aux": "-."}, {3: RED, 5: BLUE}  # dashed: without a guess


def show_levels(runs, title):
    """What was solved against the sequences it took; runs: [(name, outcome, color, kind of line)]."""
    figure, axis = plt.subplots(figsize=(8.5, 3.9))
    for k, (name, run, color, dash) in enumerate(runs):
        samples, spans = np.transpose(run["steps"])
        apart = 0.05 * (k - len(runs) // 2)  # so that no line hides another
        axis.step(samples, spans + apart, where="post", label=name, color=color, linestyle=dash, linewidth=1.8)
    axis.set(xlabel="sequences seen", ylabel="time dependency solved ($N + 3$)")
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    axis.set_title(title, fontsize=10)
    plt.show()


shown = [(f"{rule}, T = {T}", run, SHADES[T], DASHES[rule]) for (rule, T), run in outcomes.items()]
show_levels(shown, "Copy, after figure 17 of Jaderberg et al. 2017, in a small budget")

# %% [markdown]
# In this budget the guess wins nothing. With $T = 3$ all are about level: $N = 3$ for `bptt` and `dni`, 4 for `dni-aux`. With
# $T = 5$ truncation is ahead, 6 against 4. (One seed only, and levels are a coarse measure.) Section 4 suggests
# why: at a rate of 0.001 the network runs away from its guess, and a guess that has lost it is noise. Section 6 finds a
# second cause, and a guess that is well ahead.
#
# In the paper DNI solves far longer sequences than truncation. It had 2.5 million updates of 256 sequences, at a rate of
# 0.00007; here there were 8,000 to 12,000 of 64. Its settings are the recipe `copy-paper`, for those who have the time. (The
# seconds in the table are of a computer that had other work, too.)
#
# ## 6. What the state has forgotten the guess cannot say
#
# Why does the guess win nothing? Look at the frozen network of section 3 once more, at every symbol by itself. How well is
# it written? And how deep is its trace in the state: how much of the variance of $h$ comes from this symbol?

# %%
many = copy(N, 300 if FAST else 4000, np.random.default_rng(2))
symbols = 2.0 * many.inputs[:N].argmax(axis=2) - 1  # (N, sequences), -1 or 1


def bits_by_place(network, episode):
    """Bits of each of the N symbols and of the stop."""
    core, readout = network
    logits, _ = readout.forward(core.forward(episode.inputs, core.initial_state(episode.inputs.shape[1]))[0])
    logits -= logits.max(axis=2, keepdims=True)
    told = np.take_along_axis(logits, episode.labels[..., None], axis=2)[..., 0]
    return (np.log(np.exp(logits).sum(axis=2)) - told).mean(axis=1)[N + 1 :] / np.log(2)


def traces(values):
    """(sequences, D) -> (N, D): half of what changes in the mean when a symbol is a 1 and not a 0."""
    return symbols @ (values - values.mean(axis=0)) / len(values)


states, gradients, _ = truth(frozen(), many)
by_place = bits_by_place(frozen(), many)
shares = np.array([(traces(h) ** 2).sum(axis=1) / h.var(axis=0).sum() for h in states])  # (boundaries, N)
print("bits of symbols 1 to 7, and of the stop: " + " ".join(f"{bits:.2f}" for bits in by_place))
print("share of the variance of h at the fourth boundary: " + " ".join(f"{share:.2%}" for share in shares[3]))

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5))
bars = axes[0].bar(range(1, N + 2), by_place, color=BLUE)
axes[0].bar_label(bars, fmt="%.2f", fontsize=8)
axes[0].set_xticks(range(1, N + 2), [*range(1, N + 1), "stop"])
axes[0].axhline(1, color="0.5", linestyle=":")
axes[0].set(xlabel="symbol", ylabel="bits", title="how badly it is written")
for k, row in enumerate(shares):
    read = min(N, T * (k + 1))  # the others have not been read yet
    axes[1].plot(range(1, read + 1), row[:read], "o-", markersize=4, color=colors[k], label=f"{k + 1}")
axes[1].set(yscale="log", xlabel="symbol", ylabel="share of the variance of $h$", title="how deep its trace in the state is")
axes[1].grid(alpha=0.3)
axes[1].legend(title="boundary", fontsize=8, title_fontsize=8, ncols=2)
for axis in axes:
    axis.title.set_fontsize(10)
figure.suptitle(f"N = {N}: the frozen network, symbol by symbol")
plt.show()

# %% [markdown]
# The first two symbols are written well, then it gets worse, and the last ones are no better than a coin (1 bit). The traces
# are as uneven: the first symbol makes up 44 % of what varies in $h$ at the fourth boundary, the seventh 0.2 %.
#
# What does the gradient at a boundary say of a symbol? Where the symbol is written, its loss sends back $p - y$. The
# prediction $p$ is made of the state. But $y$ *is* the symbol, and $M(h)$ must find it in the state. As long as the state
# loses it,
#
# - $\hat g_{t+T} = M(h_{t+T})$ cannot speak of it;
# - nor can the target $d_t$ that is made of $\hat g_{t+T}$, at the boundary before, where it may still be known;
# - so nobody asks the network to keep what it does not keep already. The guess bootstraps from a state that forgets.
#
# The mend is the label. In cDNI the guess also sees the label ([notebook 02](02_mnist.ipynb), Jaderberg et al. 2017, for
# images). Through time that is (our form; rule `cdni`)
#
# $$\hat g_t = M(h_t,\; y_{t+1}, \dots, y_{t+L}),$$
#
# the labels of the next $L = 12$ steps, one-hot, and zeros where nothing is scored. Now $M$ need not find $y$ in the state.
#
# ### While the network stands still
#
# But section 3 found it all in $h$: 1.00 from the third boundary on. How does that agree with traces of 0.2 %? With
# $N = 7$ there are only 128 different sequences, and each of them was in the fit. Here are the fits again, one for each
# boundary, with and without labels: on the left as before, on the right with a quarter of the 128 kept out and tested.

# %%
from dni_np.rules.recurrent.cdni import labels_to_come

L = 12  # labels that are seen


def told(episode, t):
    """The labels of steps t to t + L, one-hot side by side; zeros where nothing is scored."""
    return labels_to_come(episode.labels[t : t + L], episode.mask[t : t + L], L, 3)


def fits(features, unseen):
    """Cosine at each boundary, one fit for each; `unseen`: are the tested sequences kept out of the fit?"""
    number = 2 ** np.arange(N) @ (symbols > 0)  # which of the 128 sequences it is
    kept_out = np.isin(number, np.random.default_rng(0).permutation(2**N)[: 2**N // 4])
    every = np.arange(len(number))
    fit_on, test_on = (~kept_out, kept_out) if unseen else (every % 4 > 0, every % 4 == 0)
    found = []
    for k, (h, g) in enumerate(zip(states, gradients)):
        x = np.c_[features(h, told(many, T * (k + 1))), np.ones(len(h))].astype(np.float64)
        square = x[fit_on].T @ x[fit_on]
        ridge = 1e-4 * np.trace(square) / len(square) * np.eye(len(square))
        said = x[test_on] @ np.linalg.solve(square + ridge, x[fit_on].T @ g[fit_on])
        found.append(float(pooled_cosine(said, g[test_on])))
    return found


label_directions = np.random.default_rng(6).standard_normal((3 * L, 1000))


def relus(z):
    return np.maximum(z + offsets, 0)


FEATURES = {
    "$h$, linear": (lambda h, y: h, "#b9d3c0"),
    "$h$, 1,000 ReLUs": (lambda h, y: np.c_[h, relus(h @ directions)], GREEN),
    "$h$ and labels, linear": (lambda h, y: np.c_[h, y], "#a9c6de"),
    "$h$ and labels, 1,000 ReLUs": (lambda h, y: np.c_[h, y, relus(h @ directions + y @ label_directions)], BLUE),
}
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
for axis, unseen, title in zip(axes, (False, True), ("all sequences are in the fit", "a quarter is kept out, and tested")):
    for k, (name, (features, color)) in enumerate(FEATURES.items()):
        values = fits(features, unseen)
        bars = axis.bar(np.arange(boundaries) + 0.2 * (k - 1.5), values, 0.19, color=color, label=name)
        axis.bar_label(bars, fmt="%.2f", fontsize=7, padding=2, rotation=90)
    axis.set_xticks(range(boundaries), ["first boundary", "2", "3", "4", "last"])
    axis.set_title(title, fontsize=10)
    axis.axhline(0, color="0.7", linewidth=0.8)
axes[0].set(ylabel="cosine with the true gradient", ylim=(-0.3, 1.6))
axes[0].legend(fontsize=8, ncols=2, loc="upper center")
figure.suptitle("What can be told from the state, and from the state and the labels (least squares)")
plt.show()

# %% [markdown]
# Left, $h$ is enough from the third boundary on: no symbol is gone without a trace, and with a frozen network there is time
# to find the faintest one. (That is why section 3 came out so well.) Only at the first two do the labels tell more:
# symbols that have not even been *read* yet.
#
# Right, on sequences that were not in the fit, much of that is gone, 0.5 at boundaries 3 and 4: it was learned by heart. The
# labels help at the fourth, 0.8 in place of 0.5, elsewhere hardly. (96 sequences are few to learn from, with labels or
# without.) So a network that stands still shows the cause only in part. Let it move.
#
# ### While it moves
#
# Both guesses in the same settings, those that the recipe gives to `cdni`: a hidden layer of 256, all rates 0.001, the
# whole guess taken in (scale 1), batches of 32. First the guess learns the frozen network for 1,000 visits. Then all
# moves for 600 more. We ask for the cosine, and symbol by symbol. Let $\Delta_i$ be what changes in the mean gradient at a
# boundary when symbol $i$ is a 1 and not a 0, and $\hat\Delta_i$ the same for the guess. How much of the one is in the other,
# $\hat\Delta_i^\top \Delta_i / \Delta_i^\top \Delta_i$? (Means over the second half of the moves.)

# %%
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI

WARM, MOVING = (20, 20) if FAST else (1000, 600)


def learn(rule, episode):
    """One sequence, chunk by chunk, as the package's loop gives it to its rules. Returns bits per symbol."""
    nats = 0.0
    for chunk in chunks_of(episode, rule.look_ahead):
        nats = nats + rule.step(*chunk)["loss"]
    return float(bits_per_symbol(nats, episode.mask))


def asked(network, guess, sees_labels):
    """Cosine at each boundary; and what the guess says of each symbol, times what is true (boundaries, N), and norms."""
    cosine, product, norm = [], [], []
    for k, (h, g) in enumerate(zip(*truth(network, many)[:2])):
        context = {"labels_to_come": told(many, T * (k + 1))} if sees_labels else {}
        said, _ = guess.forward(h, context)
        cosine.append(float(pooled_cosine(said, g)))
        product.append((traces(said) * traces(g)).sum(axis=1))
        norm.append((traces(g) ** 2).sum(axis=1))
    return np.array(cosine), np.array(product), np.array(norm)


def stands_then_moves(sees_labels):
    """A guess learns the frozen network, then everything moves: what it says, standing and moving; bits while it moves."""
    network, rng = frozen(), np.random.default_rng(4)
    own = {"look_ahead": L, "classes": 3} if sees_labels else {}
    sees = {"labels_to_come": L * 3} if sees_labels else {}
    guess = state_guess(UNITS, np.random.default_rng(3), hidden=(256,), **sees)

    def rule(rate):
        kind = LabeledRecurrentDNI if sees_labels else RecurrentDNI
        movers = [Adam(part, lambda step: rate) for part in network]
        of_guess = Adam(guess, 1e-3)
        return kind(*network, loss, *movers, guess=guess, guess_optimizer=of_guess, scale=1.0, scaled_target=False, **own)

    standing = rule(0.0)
    for _ in range(WARM):
        learn(standing, copy(N, 32, rng))
    found, bits, moving = [asked(network, guess, sees_labels)], [], rule(1e-3)
    for k in range(1, MOVING + 1):
        bits.append(learn(moving, copy(N, 32, rng)))
        if k > MOVING // 2 and k % (MOVING // 20) == 0:
            found.append(asked(network, guess, sees_labels))
    return found, bits


answers = {}
for name, sees_labels in (("the state", False), ("the state and the labels", True)):
    found, bits = stands_then_moves(sees_labels)
    for when, rows in (("stands", found[:1]), ("moves", found[1:])):
        cosine, product, norm = (np.mean(part, axis=0) for part in zip(*rows))
        answers[name, when] = product / norm
        print(f"M sees {name:25} the network {when:7} cosines " + " ".join(f"{value:5.2f}" for value in cosine), end="")
        print(f"   bits {np.mean(bits[-MOVING // 2 :]):.2f}" if when == "moves" else "")

# %%
figure, axes = plt.subplots(1, 4, figsize=(12, 3.3), sharey=True)
for axis, ((name, when), values) in zip(axes, answers.items()):
    axis.imshow(values, vmin=-1, vmax=1, cmap="RdBu", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        shade = "white" if abs(value) > 0.6 else "0.2"
        weight = "bold" if N + 1 + column >= T * (row + 1) else "normal"  # is it still to be written?
        number = f"{value:.1f}".replace("-0.0", "0.0")
        axis.text(column, row, number, ha="center", va="center", fontsize=7, color=shade, weight=weight)
    axis.set_xticks(range(N), range(1, N + 1))
    axis.set(xlabel="symbol")
    axis.set_title(f"M sees {name},\nthe network {when}", fontsize=9)
axes[0].set_yticks(range(boundaries), ["first boundary", "2", "3", "4", "last"])
figure.suptitle(
    "How much of what the true gradient says of a symbol does the guess say? (1: all of it; bold: it is still to be written)"
)
plt.show()

# %% [markdown]
# While the network stands, both know most of it. Only what has not been read yet the state cannot know (zeros, top right of
# the first panel). When the network moves, the guess from the state has lost **every** symbol, at every boundary, even
# those of deep traces. It is left with a cosine of 0.5 at the last boundary, where only the stop is still to come.
#
# With the labels the fourth boundary is at 0.7. And there the guess speaks best, with 0.6 to 0.9, of symbols 5 to 7: those
# that are still to be written, and that the state holds least of. At the third boundary little has arrived, at the first two
# nothing: their targets are made of what the later ones say. The bits are 0.53 in place of 0.97.
#
# So labels keep alive, in a moving network, what a guess says of faint symbols. It is not shown that faint traces are *all*
# that kills the guess from the state: it lost the deep ones, too, as in section 4 at this rate. And the network was
# brought here by a guess without labels. How is it from the start?
#
# ### From the start
#
# 300,000 sequences of Copy with $T = 3$. The recipe gives `cdni` other settings than the other rules. To be fair, truncation
# has batches of 32 here, too, and the guess from the state has all of `cdni`'s settings.

# %%
ALIKE = {"hidden": (256,), "sg_learning_rate": 1e-3, "scale": 1.0, "batch_size": 32}  # what the recipe gives to cdni
longer = {}
for name, rule, changes in (
    ("bptt", "bptt", {"batch_size": 32}),
    ("dni, set as cdni is", "dni", ALIKE),
    ("cdni", "cdni", {}),
):
    longer[name] = outcome(copy_loop(rule, 3, 3_000 if FAST else 300_000, **changes))
print(f"T = 3{'':18}{'N solved':>10}{'updates':>10}{'seconds':>9}     sequences seen when each level was solved")
for name, run in longer.items():
    took = " ".join(f"{samples / 1000:.0f}k" for samples, _ in run["steps"][1:-1])
    print(f"{name:23}{run['N']:10}{run['updates']:10,}{run['seconds']:9.0f}     {took}")

# %%
shown = zip(longer, longer.values(), (RED, RED, GREEN), ("--", "-", "-"))
show_levels(list(shown), "Copy, T = 3: a guess that sees the labels, and others")

# %% [markdown]
# The guess with labels solves $N = 7$, truncation 3, and the same guess without labels 4. (One seed.) So it is the labels
# that do it, not the other settings. At $N = 7$ a symbol is written eight steps after it was read. Somebody must tell the
# chunk that reads it, three steps long, that it will be wanted. That news comes through the guess.
#
# **What it costs.** The labels must be known $L$ steps ahead. In Copy they are: whoever gives the task knows what is to be
# written. In a text that lies on a disk they are, too. Where labels come with time itself, the update at step $t+T$ has
# to wait until step $t+T+L$; what is then left of the gain is memory and work, not the wait. And $M$ grows: here it reads
# $64 + 12 \cdot 3 = 100$ numbers, in a text of 101 characters it would be $96 + 12 \cdot 101$.
#
# ## 7. A text: news without end
#
# Now the next character of a text, Python's own source code. It is read in 32 places side by side, $T$ characters at a
# time. There are no sequences any more: the text goes on, and the state with it.

# %%
from dni_np.data.text_sources import library_text
from dni_np.experiments.sequences.settings import SequenceSettings

text = library_text(shares=(0.97, 0.015, 0.015))
print(f"{text.name}: {len(text.train):,} characters to learn from, {text.classes} different ones")
print(text.note)


def read(rule, unroll, characters=20_000 if FAST else 300_000, hidden=(96,), looks=2 if FAST else 6, **changes):
    steps = characters // 32 // unroll
    settings = SequenceSettings(
        "characters", rule=rule, unroll=unroll, units=96, hidden=hidden, batch_size=32, learning_rate=3e-3, steps=steps,
        evaluate_every=max(1, steps // looks), **changes,
    )  # fmt: skip
    loop = build_loop(settings, text, progress=False)
    loop.run()
    return loop


readers = {(rule, unroll): read(rule, unroll) for unroll in (2, 8) for rule in ("bptt", "dni")}
for (rule, unroll), loop in readers.items():
    last = loop.history.rows[-1]
    print(f"{rule:5} T = {unroll}   {last['test_bits']:.3f} bits per character on the test text   ({loop.seconds:.0f} s)")

# %%
figure, axis = plt.subplots(figsize=(7.5, 3.6))
for (rule, unroll), loop in readers.items():
    seen = [32 * unroll * row["step"] for row in loop.history.rows]
    bits = [row["valid_bits"] for row in loop.history.rows]
    axis.plot(seen, bits, color={2: RED, 8: BLUE}[unroll], linestyle=DASHES[rule], label=f"{rule}, T = {unroll}")
axis.set(xlabel="characters read", ylabel="bits per character, validation", title="The next character")
axis.xaxis.set_major_formatter("{x:,.0f}")
axis.grid(alpha=0.3)
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# Count by characters read, and the shorter chunks are ahead: with $T = 2$ there are four times as many updates. The guess is
# worth nothing here: level at $T = 2$, behind at $T = 8$. Most of what tells the next character is close by, and in the
# state that is carried on. What is further ahead a guess would have to learn, and 300,000 characters are few. (Full runs:
# `python -m dni_np compare --recipe characters --unroll 2 4 8`.)
#
# Let the network write. It reads `def `, draws a character from its prediction, reads that, and so on. (Its logits are
# divided by a *temperature* of 0.6: the likely becomes likelier.)

# %%
from dni_np.experiments.sequences.sampling import sample

loop = readers["dni", 8]
loop.steps *= 1 if FAST else 4  # it may read on
loop.run()
last = loop.history.rows[-1]
print(f"{32 * 8 * last['step']:,} characters read: {last['test_bits']:.3f} bits per character on the test text")

# %%
writer = loop.rule
start = "\n    def "
print(start + "".join(sample(writer.core, writer.readout, text.characters, 500, temperature=0.6, start=start, seed=1)))

# %% [markdown]
# Indentation, `def` and `self`, brackets that close now and then: in 1.2 million characters it has learned what
# Python *looks* like. The words are its own.
#
# ### What holds the guesses down?
#
# In Copy every sequence ends, and there the target holds no guess. A text has no such place: each target is the losses of
# $T$ characters and a guess, whose target is again that. Compare targets made of the whole guess with targets made of a
# tenth of it, for a linear guess that learns fast:

# %%
loose = {}
for name, scaled in (("a tenth of the guess", True), ("the whole guess", False)):
    loose[name] = read(
        "dni", 4, 2_000 if FAST else 100_000, (), 2 if FAST else 16, sg_learning_rate=1e-2, scaled_target=scaled
    )

figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.3))
for (name, loop), color in zip(loose.items(), (BLUE, RED)):
    steps = [row["step"] for row in loop.history.rows]
    axes[0].plot(steps, [row["gradient_loss"] for row in loop.history.rows], "o-", markersize=3, color=color, label=name)
    axes[1].plot(steps, [row["valid_bits"] for row in loop.history.rows], "o-", markersize=3, color=color)
axes[0].set(yscale="log", xlabel="updates", ylabel="loss of the guess")
axes[1].set(xlabel="updates", ylabel="bits per character, validation")
for axis in axes:
    axis.grid(alpha=0.3)
axes[0].legend(title="targets hold", fontsize=8, title_fontsize=8)
figure.suptitle("On an endless text, guesses that feed on each other")
plt.show()

# %% [markdown]
# With whole guesses in the targets nothing anchors them: an error of the guess enters its own targets undiminished, at the
# next boundary and the next, and they feed on each other and grow, here in bursts, to a loss of 1,000 and more (prediction 3).
# The tenth is a **discount**: what lies $k$ chunks ahead counts $0.1^k$, so that an error dies out as it travels. The price
# is reach: hardly any news travels further than two chunks.
#
# ## 8. One step at a time
#
# Nothing says that a chunk needs three steps. With $T = 1$ the network learns at each step, fully **online**, and
# keeps one step in memory. All it knows of the future comes from the guess.

# %%
for rule in ("bptt", "dni"):
    loop = copy_loop(rule, 1, 1_000 if FAST else 60_000)
    curriculum = loop.task.curriculum
    print(
        f"{rule:5} T = 1: N = {curriculum.solved_size[0]} solved, {curriculum.samples:,} sequences, {loop.step:,} updates",
        end="",
    )
    print(f"; {curriculum.average:.2f} bits at N = {curriculum.n_symbols}")

# %% [markdown]
# With one step at a time both have solved $N = 3$, and truncation, which hears nothing of the future at all, is nearer to
# the next level. In so small a budget a guess at *every* step is mostly noise at every step.
#
# ### Between a guess and the truth
#
# At the inner steps of a chunk one has both: a guess $g_k = M(h_k)$ of what comes after step $k$, and $z_k$, the same
# backpropagated from the next step. **Recurrent BP($\lambda$)** mixes them (section A.3 of the paper):
#
# $$\bar g_k = \frac{\partial \ell_k}{\partial s_k} + \lambda z_k + (1-\lambda)\, g_k \qquad z_k = \bar g_{k+1} J_{k+1}
# \qquad M \text{ learns } g_k \to z_k .$$
#
# At $\lambda = 1$ the chunk is backpropagated all the way, at 0 only one step. If $M$ is perfect, any $\lambda$ gives the
# true gradient. Here is the whole sequence as one chunk, $\lambda = 0$, and a table in place of $M$: a number for
# each step, each sequence, that takes on its target at once. News moves one step back with each visit.

# %%
tiny, episode = new_network(5, np.float64), copy(3, 4, np.random.default_rng(1))
steps, core = len(episode.inputs), tiny[0]
state, caches, outputs = core.initial_state(4), [], []
for x in episode.inputs:
    y, state, cache = core.forward(x[None], state)
    caches.append(cache)
    outputs.append(y)
logits, readout_cache = tiny[1].forward(np.concatenate(outputs))
own = tiny[1].backward(loss(logits, (episode.labels, episode.mask))[1], readout_cache)  # dl_k/dh_k (steps, N, units)


def bp_lambda(table, lam, printed=False):
    """One visit: move the table (steps, N, 2 units) to its targets; return the core's gradient."""
    old, total, after = table.copy(), 0, table[-1]
    for k in reversed(range(steps)):
        _, z = core.backward(own[k : k + 1], tuple(np.split(after, 2, axis=1)), caches[k])
        grads = core.grads
        total = total + flat(grads)
        if k > 0:
            z = np.concatenate(z, axis=1)
            after = lam * z + (1 - lam) * old[k - 1]  # what enters step k - 1 from later
            table[k - 1] = z
            if printed:  # the target as the paper prints it: the step's own loss is in it, too
                table[k - 1, :, : own.shape[2]] += own[k - 1]
    return total


exact = bp_lambda(np.zeros((steps, 4, 10)), lam=1.0)
errors = {}
for name, printed in (("losses after step k", False), ("losses from step k on", True)):
    table = np.zeros((steps, 4, 10))
    if printed:
        table[-1, :, :5] = own[-1]
    rows = [bp_lambda(table, 0.0, printed) for _ in range(steps + 2)]
    errors[name] = [np.linalg.norm(row - exact) / np.linalg.norm(exact) for row in rows]
    ratio = rows[-1] @ exact / (exact @ exact)
    print(f"targets are the {name:22}: after {len(rows)} visits the gradient is {ratio:.3f} times the true one")

# %% [markdown]
# Once. The other line is what the paper's section A.3 prints: there the target is $\frac{\partial \ell_k}{\partial h_k} +
# z_k$, the losses *from* step $k$ on. But $\bar g_k$ already has $\frac{\partial \ell_k}{\partial s_k}$ of its own: each
# loss counts twice, and at $\lambda = 0$ the gradient is exactly doubled. Whoever defines a guess must say whether the
# present belongs to the future. (The package has it as `RecurrentBPLambda`, in `dni/recurrent_bp_lambda.py`.)
#
# ## Exercises
#
# 1. **A tenth.** Let the guess of section 3 learn with `scale=0.1` in `visit`. Which boundaries are as good as before,
#    which are not, and why?
# 2. **A bit's long way.** $N = 7$, $T = 3$, scale 0.1. By what factor does the loss of the first bit arrive at the chunk
#    in which that bit is read, with scaled targets? With whole ones?
# 3. **How many visits?** In section 8, after how many visits is the gradient exact at $\lambda = 0$? Would $\lambda = 0.5$ be
#    faster?
# 4. **The other end.** Let only the *first* chunk have losses. What has the guess to learn then?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. The last one's target holds no guess: nothing changes. Each one before that hears only a tenth of the next. After 300
#    visits the cosines were 0.02, 0.21, 0.59, 0.82 and 0.96; with a scale of 1 they were 0.32, 0.68, 0.79, 0.87 and 0.97.
#
#    ```python
#    guess, of_guess = new_guess()
#    network, rng = frozen(), np.random.default_rng(4)
#    for _ in range(300):
#        visit(network, guess, of_guess, copy(N, 64, rng), scale=0.1)
#    print(cosines(network, guess))
#    ```
#
# 2. The first bit is read at step 0, in the first chunk, and written at step 8, in the third. Its loss crosses two boundaries.
#    With scaled targets each costs a factor of 0.1: 0.01 in all. With whole ones only the last, where the network takes
#    the guess in: 0.1.
#
# 3. After as many visits as there are steps, 8: news moves one step a visit. With $\lambda = 0.5$ a part of it goes all the
#    way at once: after four visits the gradient was off by 10 %, at $\lambda = 0$ by 42 %. After eight both were exact.
#
#    ```python
#    for lam in (0.0, 0.5):
#        table = np.zeros((steps, 4, 10))
#        print([f"{np.linalg.norm(bp_lambda(table, lam) - exact) / np.linalg.norm(exact):.1e}" for _ in range(9)])
#    ```
#
# 4. Nothing. Behind every boundary there are no losses any more, and the guess, zero at first, is right from the start. News
#    always comes from where the losses are.
#
# </details>
#
# ## Summary
#
# - A guess of one vector enters where a chunk ends; its target comes out where the next one begins. With a perfect guess the
#   chunks add up to the gradient of the whole sequence (1e-16), with zeros they are truncated BPTT.
# - Targets made of guesses carry news back one boundary at a time. In a frozen network the guess reached cosines of 0.77 to
#   0.97 at the last four of five boundaries. At the first the future was not yet decided.
# - When the network moves, the guess must keep up. At 1/30 of the guess's rate Copy was learned well ahead of truncation (0.21
#   bits, 0.41); at a third of it the guess lost the network and nothing was learned.
# - At the rates of `copy-quick`, in 200,000 sequences, DNI is level with truncated BPTT at $T = 3$ and behind at $T = 5$. The
#   paper's margin took 2.5 million updates of 256 sequences.
# - A guess from the state cannot speak of what the state has lost, nor can the targets made of it. With the labels of the next
#   12 steps beside it Copy came to $N = 7$ in 300,000 sequences at $T = 3$, truncation to 3, the same guess without them to 4.
# - On a text without end the scale in the targets is a discount. Without it errors of the guess feed on themselves.
# - In BP($\lambda$) the guess is of the losses *after* a step. With those *from* it on, every loss counts twice.
#
# Next: [notebook 13](13_two_clocks.ipynb), two networks on two clocks. Back to [the LSTM by hand](toolbox_lstm.ipynb), or to the
# [README](../README.md) for full runs (`python -m dni_np compare --recipe copy --rules bptt dni cdni`).

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
# # How can a guess keep up with a network that learns?
#
# | | |
# |---|---|
# | **Question** | Why does the guess through time fail, and what makes it work? |
# | **Time** | about an hour and a half; the runs take two minutes |
# | **Level** | twelfth notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 11](11_through_time.ipynb), a chain of guesses ([02](02_mnist.ipynb)) |
#
# In notebook 11 a guess stood where each chunk of a sequence ends. While the network stood still,
# it found most of the truth; in a network that learned slowly it fell behind. At the usual rate it
# is lost. Here are three causes and two cures. One gives the guess the labels. The other needs no
# label: targets that skip guesses, in depth and in time, and a faster optimizer.
#
# ## Your prediction
#
# 1. A guess has learned a network that stands still: its mean cosine with the true gradients is
#    about 0.7. Then the network learns, at a rate of 0.001, the guess at 0.003. What is the cosine
#    five batches later?
# 2. A network of 11 layers, every hidden layer updated with a guess. The last guess has a cosine
#    of 0.96 with the truth. The lowest?
# 3. An LSTM without recurrent weights, and guesses that are random numbers. With $\lambda = 1$, how
#    far from the truth is what a guess learns from?
# 4. Copy, 100,000 sequences, chunks of three steps: truncation solves about five symbols,
#    backpropagation through whole sequences 14. A guess without labels?

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
SQUARES, TRACE = style.OTHERS[:2]  # guesses by least squares, and those with a trace

# %% [markdown]
# ## 1. First cause: the network changes
#
# The task is **Copy**: read $N$ bits and a stop, then write them from memory. The network is
# notebook 11's: an LSTM of 64 units that learns from chunks of $T = 3$ steps with a guess, up to
# seven symbols. There are six chunks, and so five boundaries.

# %%
from dni_np.data.copy_tasks import copy
from dni_np.experiments.sequences.build import build_loop, build_rule
from dni_np.experiments.sequences.recipes import RECIPES

T, N, UNITS = 3, 7, 64


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


SAVED = network_busy_with(N, bits=0.75)

# %% [markdown]
# `started` puts these weights into any of the package's rules. `learn` gives it one batch of
# sequences, chunk by chunk. While the network is at rest, only the guess learns.

# %%
class AtRest:
    def step(self):
        pass


def started(rule, rate=1e-3, **changes):
    settings = RECIPES["copy-quick"].settings(
        rule, unroll=T, batch_size=32, learning_rate=rate, scale=1.0, **changes
    )
    rule = build_rule(settings, 3, 3, np.random.default_rng(0))
    for part, state in zip((rule.core, rule.readout), SAVED):
        part.load_state(state)
    return rule


def chunks(episode, look_ahead=0):
    """What a rule's step takes: inputs, labels, mask, is it the first, is it the last."""
    x, *targets = episode
    for t in range(0, len(x), T):
        ahead = slice(t, t + T + look_ahead)
        yield x[t : t + T], *(part[ahead] for part in targets), t == 0, t + T >= len(x)


def learn(rule, episode):
    return sum(rule.step(*chunk)["loss"] for chunk in chunks(episode, rule.look_ahead))

# %% [markdown]
# The truth: all chunks forward, then all backward. A guess is judged by its cosine with the true
# gradient, over 256 sequences at once, the mean of five boundaries. More important is what guesses
# are for: the cosine between the LSTM's gradient, added up over the chunks, and that of
# backpropagation through the whole sequence (`gradient_cosine`).

# %%
from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.whole_sequences import gradient_cosine
from dni_np.rules.recurrent.cdni import labels_to_come


def true_gradients(rule, episode):
    """[(the state (h, c), the true gradient (N, 2 units) there)] at each boundary."""
    core, state, passes = rule.core, rule.core.initial_state(episode.inputs.shape[1]), []
    for x, labels, mask, *_ in chunks(episode):
        outputs, after, cache = core.forward(x, state)
        logits, readout_cache = rule.readout.forward(outputs)
        doutputs = rule.readout.backward(rule.loss(logits, (labels, mask))[1], readout_cache)
        passes.append((state, doutputs, cache))
        state = after
    gradient, found = None, []
    for state, doutputs, cache in reversed(passes):
        _, gradient = core.backward(doutputs, gradient, cache)
        found.insert(0, (state, np.concatenate(gradient, axis=1)))
    return found[1:]

# %%
def guess_of(rule, k, state, episode):
    """What the rule guesses at boundary k, (N, 2 units)."""
    if hasattr(rule, "guesses"):  # a model for each boundary
        return np.concatenate(rule.guesses(k, state), axis=1)
    labels = [part[T * k :] for part in episode[1:]]
    context = {"labels_to_come": labels_to_come(*labels, 12, 3)} if rule.look_ahead else {}
    return rule.guess_at(state, context)[0]


def quality(rule, episode):
    """(Cosine of the guesses, mean over the boundaries; cosine of the LSTM's gradient)."""
    pairs = enumerate(true_gradients(rule, episode), 1)
    cosines = [pooled_cosine(guess_of(rule, k, state, episode), g) for k, (state, g) in pairs]
    return np.mean(cosines), float(gradient_cosine(rule, chunks(episode, rule.look_ahead), episode))

# %%
AT_REST, LEARNING = (10, 20) if FAST else (300, 300)  # batches of 32 sequences
LOOKS = sorted({*np.geomspace(5, LEARNING, 12).astype(int).tolist()})
examples = copy(N, 256, np.random.default_rng(1))


def rest_then_learn(rule):
    """[(batches since the network began to learn, the two cosines)]."""
    rng, optimizers = np.random.default_rng(5), (rule.core_optimizer, rule.readout_optimizer)
    rule.core_optimizer = rule.readout_optimizer = AtRest()
    for _ in range(AT_REST):
        learn(rule, copy(N, 32, rng))
    rule.core_optimizer, rule.readout_optimizer = optimizers
    rows = [(0, *quality(rule, examples))]
    for k in range(1, LEARNING + 1):
        learn(rule, copy(N, 32, rng))
        if k in LOOKS:
            rows.append((k, *quality(rule, examples)))
    return np.array(rows)


ADAM = {"hidden": (256,), "sg_learning_rate": 3e-3, "scaled_target": False}
RATES = (1e-5, 1e-4, 1e-3)
at_rate = {rate: rest_then_learn(started("dni", rate, **ADAM)) for rate in RATES}

# %%
figure, axes = plt.subplots(figsize=(8, 3.2))
for (rate, rows), line in zip(at_rate.items(), ("-", "--", ":")):
    axes.plot(rows[:, 0], rows[:, 1], line, color=style.DNI, label=f"{rate:g}", marker=".")
    at_5, late = rows[1, 1], rows[len(rows) // 2 :, 1].mean()
    print(f"rate {rate:6g}: cosine at rest {rows[0, 1]:.2f}, after {LOOKS[0]} batches", end=" ")
    print(f"{at_5:.2f}, mean of the later half {late:.2f}")
axes.set_xscale("symlog", linthresh=5)
axes.set(xlabel="batches since the network began to learn", xlim=(0, None))
axes.set(ylabel="cosine of the guesses", ylim=(-0.1, 1), title="The guess loses a fast network")
axes.legend(title="the network's rate")
plt.show()

# %% [markdown]
# A guess describes the network that it has seen. Adam improves it in many small steps, and it
# learns from each state only once. A network that learns at the rate that Copy needs is out of its
# reach within a few batches.
#
# ## 2. Second cause: faint traces
#
# Here is the resting network symbol by symbol: how badly is each written, and how much of what
# varies in the state $h$ comes from it?

# %%
from dni_np.analysis.whole_sequences import bits_by_place

many = copy(N, 300 if FAST else 4000, np.random.default_rng(2))
resting = started("bptt")
by_place = bits_by_place(resting, many, N)
signs = 2.0 * many.inputs[:N].argmax(axis=2) - 1  # (N, sequences), -1 or 1


def shares_of_variance(h):
    """(N,): of the variance of h, what each symbol accounts for."""
    half_differences = signs @ (h - h.mean(axis=0)) / len(h)  # 1 against 0, in the mean
    return (half_differences**2).sum(axis=1) / h.var(axis=0).sum()


shares = [shares_of_variance(state[0]) for state, _ in true_gradients(resting, many)]
print("bits of symbols 1 to 7 and the stop:", " ".join(f"{bits:.2f}" for bits in by_place))
print("shares at the fourth boundary:", " ".join(f"{100 * s:.1f} %" for s in shares[3]))

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3))
bars = axes[0].bar(range(1, N + 2), by_place, color=style.FORWARD)
axes[0].bar_label(bars, fmt="%.2f", fontsize=8)
axes[0].set_xticks(range(1, N + 2), [*range(1, N + 1), "stop"])
axes[0].set(xlabel="symbol", ylabel="bits (1: guessed)", title="Later symbols are written worse")
for k, shade in zip((2, 3), ("0.65", "0.1")):
    axes[1].plot(range(1, N + 1), shares[k], "o-", color=shade, label=f"boundary {k + 1}")
axes[1].set(yscale="log", xlabel="symbol", ylabel="share of the variance of $h$")
axes[1].set_title("and their traces in the state are faint")
axes[1].legend()
plt.show()

# %% [markdown]
# What does the gradient at a boundary say of a symbol? Where the symbol is written, its loss sends
# back $p - y$. But $y$ *is* the symbol, and $M(h)$ must find it in the state. What the state holds
# faintly $M$ finds late, and by then the network has changed. Nor is it in the target made of
# $M$'s guess one boundary before. So no gradient asks the network to hold it better.
#
# ## 3. Third cause: errors multiply
#
# Every target is made of the next guess. If a guess catches a part $q$ of its target, then $n$
# guesses down a chain $q^n$ of the truth is left. To see it alone, take a long chain: 11 layers on
# MNIST, linear cDNI, 400 steps. (`target_lambda` belongs to section 5; 0 is the chain of notebook
# 02.)

# %%
from dni_np.analysis.gradient_probe import gradient_pairs
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward import build as feedforward
from dni_np.experiments.feedforward.recipes import find

dataset = load_images("auto")
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
LAYERS, STEPS = 11, 20 if FAST else 400
images = dataset.x_test[:1000].astype(np.float32) * np.float32(dataset.scale)

# %%
def deep_run(lam):
    """(Test error in percent, cosine of each guess with the true gradient, lowest first)."""
    sizes = {"layers": LAYERS, "width": 128, "batch_size": 128, "steps": STEPS}
    settings = find("mnist-fcn-quick").settings(
        "cdni", **sizes, evaluate_every=STEPS, target_lambda=(lam,)
    )
    loop = feedforward.build_loop(settings, dataset, progress=False)
    loop.run()
    pairs = gradient_pairs(loop.rule, images, dataset.y_test[:1000])
    return loop.history.rows[-1]["test_error"], [float(pooled_cosine(*pair)) for pair in pairs]


deep = {0.0: deep_run(0.0)}
print(f"{DATA}: test error {deep[0.0][0]:.1f} %; cosine of guess 1 to {LAYERS - 1}:")
print(" ".join(f"{cosine:.2f}" for cosine in deep[0.0][1]))

# %% [markdown]
# From the top down the guesses get worse, until they have nothing to do with the truth. In time
# each guess in the chain is also late.
#
# ## 4. A cure with labels
#
# In cDNI the guess sees the label. Through time (our form, rule `cdni`) it sees those of the next
# $L = 12$ steps, $\hat g_t = M(h_t, y_{t+1}, \dots, y_{t+L})$, and need not find them in the state.

# %%
at_1e_3 = {"dni": at_rate[1e-3], "cdni": rest_then_learn(started("cdni", **ADAM))}
for name, rows in at_1e_3.items():
    guesses, gradient = rows[len(rows) // 2 :, 1:].mean(axis=0)
    print(f"{name:5} later half, cosine of guesses {guesses:.2f}, of the gradient {gradient:.2f}")

# %% [markdown]
# Labels help: the guesses keep more than three times the cosine. But the labels must be known 12
# steps ahead. They are in Copy, and in a text on a disk. Where labels come with time itself, the
# update has to wait for them.
#
# ## 5. A cure without labels
#
# **Follow faster: least squares.** Let the guess be linear, $\hat g = \phi W$ with $\phi = [h, c,
# 1]$. Then the best $W$ for all that was seen need not be approached, it can be computed. With a
# **forgetting factor** $\beta$ older batches count less (recursive least squares, RLS):
#
# $$A \leftarrow \beta A + \phi^T \phi / n \qquad
# W \leftarrow W - (A + \epsilon\, \bar a\, I)^{-1}\, \phi^T (\phi W - d) / n$$
#
# ($\bar a$: mean of $A$'s diagonal.) Gradient descent is the same without $A^{-1}$. Directions in
# which $\phi$ varies little are just where descent is slow: the faint traces again. And there is no
# learning rate. Compare it with Adam on a noisy target $d = \phi W^*$, as large as the noise, whose
# $W^*$ wanders:

# %%
def least_squares_step(A, W, phi, d, beta=0.98, ridge=1e-4):
    A = beta * A + phi.T @ phi / len(phi)
    system = A + ridge * np.trace(A) / len(A) * np.eye(len(A))
    return A, W - np.linalg.solve(system, phi.T @ (phi @ W - d) / len(phi))


def adam_step(state, W, phi, d, rate):
    m, v, t = state
    g = phi.T @ (phi @ W - d) / len(phi)
    m, v, t = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2, t + 1
    return (m, v, t), W - rate * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


METHODS = {
    "least squares": (least_squares_step, 0, SQUARES, "-"),
    **{
        f"Adam, {rate}": (lambda *all, rate=rate: adam_step(*all, rate), (0, 0, 0), style.DNI, line)
        for rate, line in ((0.003, "-"), (0.03, "--"), (0.1, ":"))
    },
}

# %%
figure, axes = plt.subplots(figsize=(8, 3))
mixing = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 20)))[0]
spread = np.geomspace(1, 0.1, 20)[:, None] * mixing  # of the inputs, (20, 20)
for name, (step, memory, color, line) in METHODS.items():
    rng, W, errors = np.random.default_rng(1), np.zeros((20, 5)), []
    best = rng.standard_normal((20, 5))
    for t in range(600):
        phi = rng.standard_normal((16, 20)) @ spread
        best = best + 0.01 * rng.standard_normal((20, 5))
        clean = phi @ best
        errors.append(((phi @ W - clean) ** 2).sum() / (clean**2).sum())
        noise = clean.std() * rng.standard_normal(clean.shape)
        memory, W = step(memory, W, phi, clean + noise)
    axes.plot(errors, line, color=color, label=name, linewidth=1)
    print(f"{name:13} error, mean of steps 50 to 100: {np.mean(errors[50:100]):.3f}", end=", ")
    print(f"300 to 600: {np.mean(errors[300:]):.3f}")
axes.set(yscale="log", xlabel="step", ylabel="squared error / squared target")
axes.set_title("Least squares is there sooner, and stays closer")
axes.legend(ncols=2, fontsize=8)
plt.show()

# %% [markdown]
# Adam has to choose: a small rate comes too late (0.165), a large one follows the noise (0.075).
# The best of the three ends at 0.028, least squares at 0.018, and is there much sooner.
#
# **Skip guesses: lambda targets.** The cure for the third cause is the same in depth and in time:
# do not wait until the next guess has learned of the truth; send each correction to *all* earlier
# guesses. In depth layer $k$ is updated at once with its own guess $\hat g_k$, as in DNI. Only
# the target $d_k$ of the guess changes, as in notebook 03, a mixture with $\lambda$ between 0 and 1
# (`--target-lambda`):
#
# $$d_k = \big(\lambda d_{k+1} + (1 - \lambda)\, \hat g_{k+1}\big)
# \frac{\partial h_{k+1}}{\partial h_k} \qquad d_K = \frac{\partial L}{\partial h_K}$$
#
# In time, where a chunk is what a layer is in depth, write the same with **differences**. At
# boundary $k$ the target is $d_k$ and the difference $\delta_k = d_k - \hat g_k$. What was wrong
# with guess $k$ is also missing in all guesses before it:
#
# $$R_j = \delta_j + \lambda\, \delta_{j+1} J_j + \lambda^2 \delta_{j+2} J_{j+1} J_j + \dots$$
#
# with $J_j = \partial s_{j+1} / \partial s_j$: TD($\lambda$) of reinforcement learning. To bring
# each difference back through all earlier chunks would be backpropagation through time. So in these
# terms only, $J$ is replaced by its part along the LSTM's cell, a product of forget gates, which is
# *known on the way forward*: an **eligibility trace**.

# %%
def chain(axis, unit, after, through):
    for k in range(1, 6):
        axis.add_patch(plt.Rectangle((k - 0.28, 0), 0.56, 0.5, facecolor="0.92", edgecolor="0.6"))
        axis.text(k, 0.25, f"{unit} {k}", ha="center", va="center", fontsize=9)
        axis.plot(k, 1, "o", color=style.DNI, markersize=22)
        axis.text(k, 1, f"$M_{k}$", ha="center", va="center", color="white")
    axis.text(6.1, 1, after, ha="center", va="center", color=style.TRUE, fontsize=9)
    for k in range(1, 6):
        for n in range(1, 7 - k):  # from place k + n back to guess k
            arrow = {"arrowstyle": "-|>", "color": style.TARGET, "alpha": 0.9 * 0.8 ** (n - 1)}
            arrow |= {"linestyle": "--" if k + n == 6 else "-", "shrinkA": 12, "shrinkB": 12}
            bend = {"connectionstyle": f"arc3,rad={0.45 if n > 1 else 0}"}
            if k == 1 or n == 1:
                end = (k + n - (0.2 if k + n == 6 else 0), 1.05)
                axis.annotate("", (k, 1.05), end, arrowprops={**arrow, **bend})
    axis.text(0.72, -0.35, f"each step back {through}", fontsize=9)
    axis.set(xlim=(0.4, 6.6), ylim=(-0.6, 4.5))
    axis.axis("off")


figure, axes = plt.subplots(2, 1, figsize=(9, 5))
chain(axes[0], "layer", "loss", "through a layer: exact, one more backward pass a layer")
chain(axes[1], "chunk", "end of the\nsequence", "along the cell: times the forget gates of a chunk")
axes[0].set_title("In depth and in time: guess 1 learns from the next one and (curved) all later")
plt.show()

# %% [markdown]
# Straight arrows are the old chain, $\lambda = 0$. Each further arrow is weaker by $\lambda$; they
# are drawn for guess 1 only. No layer waits for them to be *updated*; only the guesses are
# corrected later.
#
# ## Your turn
#
# Write the trace. `news` at boundary $k$ is the difference as a change of the cell, $\delta^c_k +
# \delta^h_k\, o_k (1 - \tanh^2 c_k)$, since $h_k$ is a function of $c_k$. It reaches boundary $j$
# multiplied by $\lambda$ and a path for each chunk between them.

# %%
def corrections(deltas, slopes, paths, lam):
    """R_j, (N, 2 units), for each boundary j: what its guess has to be increased by.

    deltas[k] is (delta_h, delta_c), slopes[k] is o (1 - tanh(c)^2), both at boundary k; paths[k] is
    the product of the forget gates from boundary k to k + 1. All are (N, units).
    R_j^h = delta_j^h;  R_j^c = delta_j^c + sum over k > j of lam^(k-j) paths[j] ... paths[k-1]
    news_k. Return a list of np.concatenate([R_h, R_c], axis=1).
    """

# %% [markdown]
# The package's rule is `DNITrace`. From it we need the differences, and what its guesses learn. A
# tiny LSTM in float64, with guesses that are random numbers:

# %%
from dni_np.rules.recurrent.boundary_guesses import BoundaryGuesses
from dni_np.rules.recurrent.dni_trace import DNITrace


class Recorded(DNITrace):
    """DNITrace that keeps the differences, slopes, paths and R of its last sequence."""

    def begin_trace(self, z):
        super().begin_trace(z)
        self.deltas, self.slopes, self.paths, self.R = [], [], [], []

    def send_back(self, z, delta_h, delta_c):
        self.deltas.append((delta_h, delta_c))
        super().send_back(z, delta_h, delta_c)

    def go_on(self, path, slope):
        self.paths.append(path)
        self.slopes.append(slope)
        super().go_on(path, slope)

    def close_boundaries(self, last):
        trace = self.carried.trace
        super().close_boundaries(last)
        closed = len(trace["z"]) - len(self.carried.trace["z"])
        self.R += [*np.concatenate([trace["R_h"], trace["R_c"]], axis=2)[:closed]]

# %%
from dni_np.nn.lstm import LSTM
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed


def at_rest(layer):
    return SGD(layer, lambda step: 0.0)


def tiny(lam, recurrent=True, kind=BoundaryGuesses, **options):
    rng, each = np.random.default_rng(0), {"each": True, "sees": "hc", **options}
    core = LSTM(3, 5, rng, dtype=np.float64)
    readout = TimeDistributed(Linear(5, 3, rng, dtype=np.float64))
    core.params["W"][3:] *= recurrent
    guesses = kind(5, at_rest, **each, dtype=np.float64)
    for k in range(1, 6):
        for array in guesses.model(k).params.values():
            array[...] = np.random.default_rng(k).standard_normal(array.shape)
    parts = core, readout, MaskedSoftmaxCrossEntropy(), at_rest(core), at_rest(readout)
    return Recorded(*parts, guesses=guesses, lam=lam)


few = copy(N, 4, np.random.default_rng(1))

# %%
def check(corrections):
    for lam in (0, 0.5, 1):
        rule = tiny(lam)
        learn(rule, few)
        slopes, paths = rule.slopes[:-1], rule.paths[1:-1]  # at and between the boundaries
        found = corrections(rule.deltas, slopes, paths, lam)
        if found is None:
            return print("Nothing is written yet. What follows uses the package's trace.")
        assert len(found) == 5, "one R for each of the five boundaries"
        for j, (yours, package) in enumerate(zip(found, rule.R), 1):
            assert np.allclose(yours, package), f"boundary {j} differs at lambda = {lam}"
    print("Right: equal to the package's at lambda = 0, 0.5 and 1.")


check(corrections)

# %% [markdown]
# ## 6. Three identities
#
# **$\lambda = 0$ is DNI.** The target, guess plus $R$, must be that of notebook 11's rule.
# **Without recurrent weights** the cell is all that connects the chunks, the trace leaves nothing
# out, and at $\lambda = 1$ the target for $c$ must be the truth, *whatever was guessed on the way*.
# **A perfect guess** has nothing to learn, and the chunks' gradients add up to the whole one.

# %%
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess


class WithTargets(RecurrentDNI):
    def train_guess(self, start, target, future):
        self.targets.append(target)
        return super().train_guess(start, target, future)


rule = tiny(0, each=False, sees="h")
guess = state_guess(5, np.random.default_rng(0), hidden=(), dtype=np.float64)
for array, same in zip(guess.params.values(), rule.guesses.model(0).params.values()):
    array[...] = same
parts = rule.core, rule.readout, rule.loss, rule.core_optimizer, rule.readout_optimizer
dni = WithTargets(*parts, guess=guess, guess_optimizer=at_rest(guess), scale=1.0)
dni.targets = []
learn(rule, few), learn(dni, few)
states = [state for state, _ in true_gradients(rule, few)]
targets = [guess_of(rule, k, s, few) + R for k, (s, R) in enumerate(zip(states, rule.R), 1)]
difference = abs(np.array(targets) - np.array(dni.targets)).max()
print(f"lambda = 0: largest difference from dni's targets {difference:.0e}")
assert difference < 1e-12

# %%
def error_of_targets(lam, recurrent):
    """Of the targets for c, guesses being random; largest difference from the truth."""
    rule = tiny(lam, recurrent)
    learn(rule, few)
    pairs = zip(true_gradients(rule, few), rule.R)
    errors = [guess_of(rule, k, s, few) + R - g for k, ((s, g), R) in enumerate(pairs, 1)]
    return abs(np.array(errors)[:, :, 5:]).max()


print("random guesses, largest error of the targets for c")
for recurrent in (True, False):
    name = "with" if recurrent else "without"
    row = ", ".join(f"{error_of_targets(lam, recurrent):.3g}" for lam in (0, 0.5, 1))
    print(f"{name:8} recurrent weights, lambda = 0, 0.5, 1: {row}")
assert error_of_targets(1, recurrent=False) < 1e-12

# %%
truths = [g for _, g in true_gradients(tiny(0.7), few)]


class Oracle(BoundaryGuesses):
    def __call__(self, k, state):
        return np.split(truths[k - 1], 2, axis=1)


rule = tiny(0.7, kind=Oracle)
learn(rule, few)
print(f"perfect guesses: largest R {np.abs(rule.R).max():.0e}", end=", ")
cosine = float(gradient_cosine(rule, chunks(few), few))
print(f"cosine of the LSTM's gradient with the whole one {cosine:.12f}")
assert np.abs(rule.R).max() < 1e-12 and cosine > 1 - 1e-12

# %% [markdown]
# In depth nothing is left out, and $\lambda = 1$ gives the truth in any network (exercise 1).
#
# ## 7. Do they work?
#
# **In depth**, the 11 layers again:

# %%
deep |= {lam: deep_run(lam) for lam in (0.9, 1.0)}
figure, axes = plt.subplots(figsize=(8, 3.2))
for (lam, (error, cosines)), color in zip(deep.items(), (style.CDNI, TRACE, SQUARES)):
    axes.plot(range(1, LAYERS), cosines, "o-", color=color, label=f"{lam:g}: {error:.1f} % wrong")
    print(f"lambda {lam}: test error {error:.1f} %, cosine of guess 1 {cosines[0]:.2f}")
axes.set(xlabel="layer", ylabel="cosine with the true gradient", xticks=range(1, LAYERS))
axes.set_title(f"Targets that skip guesses reach the lowest layer ({DATA}, {STEPS} steps)")
axes.axhline(0, color="0.7", linewidth=0.8)
axes.legend(title="$\\lambda$ of the targets", loc="lower right")
plt.show()

# %% [markdown]
# **In time**, first the network of section 1, at the rate that lost the guess:

# %%
RLS = {"sg_optimizer": "rls", "sees_cell": True}
for name, lam in (("least squares", 0.0), ("with a trace", 1.0)):
    at_1e_3[name] = rest_then_learn(started("dni-trace", **RLS, trace_lambda=lam))
COLORS = {"dni": style.DNI, "cdni": style.CDNI, "least squares": SQUARES, "with a trace": TRACE}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
for name, rows in at_1e_3.items():
    for axis, column in zip(axes, (1, 2)):
        axis.plot(rows[:, 0], rows[:, column], ".-", color=COLORS[name], label=name)
    guesses, gradient = rows[len(rows) // 2 :, 1:].mean(axis=0)
    print(f"{name:13} later half: guesses {guesses:.2f}, gradient {gradient:.2f}")
for axis, title in zip(axes, ("the guesses", "the LSTM's gradient")):
    axis.set_xscale("symlog", linthresh=5)
    axis.set(xlabel="batches since the network began to learn", title=title)
axes[0].set(ylabel="cosine with the true one", xlim=(0, None))
axes[1].legend(fontsize=8, loc="lower left")
figure.suptitle("The network learns at 0.001: who keeps up?")
plt.show()

# %% [markdown]
# At such a rate no guess stays as good as in a resting network. But what counts is the gradient of
# the LSTM, and there the trace is ahead. Then Copy from the start, with the recipe
# `copy-rls-quick`: a linear guess of $[h, c]$ for each boundary, by least squares, with a trace, no
# labels. `full` is backpropagation through the whole sequence. From time to time, on 256 new
# sequences: the cosine of the LSTM's gradient with the whole one, under the rule that is learning,
# and what truncation would do *in the same network*.

# %%
def cosines_of(loop):
    """A function of the loop's rule: its cosine, and that of truncation in its network."""
    task, truncated = loop.task, build_rule(BPTT, 3, 3, np.random.default_rng(0))

    def measure(rule):
        for part in ("core", "readout"):
            getattr(truncated, part).load_state(getattr(rule, part).state())
        level, found = task.curriculum.level, {}
        sequences = task.curriculum.draw(level, 256, np.random.default_rng(level))
        for name, each in (("own", rule), ("truncated", truncated)):
            found[name] = gradient_cosine(each, task.chunks(sequences), sequences)
        return found

    return measure

# %%
BPTT = RECIPES["copy-rls-quick"].settings("bptt", unroll=T)
SHORT = {"samples": 2_000, "evaluate_every": 200} if FAST else {}
runs = {}
for name in ("bptt", "dni-trace", "full"):
    settings = RECIPES["copy-rls-quick"].settings(name, unroll=T, **SHORT)
    loop = runs[name] = build_loop(settings, progress=False)
    loop.measure = cosines_of(loop) if name != "full" else None
    loop.run()
    curriculum = loop.task.curriculum
    print(f"{name:10} N = {curriculum.solved_size[0]:2} solved after", end=" ")
    print(f"{curriculum.samples:,} sequences, {loop.seconds:.0f} s")

# %%
SHADES = {"bptt": (style.BACKPROP, "--"), "dni-trace": (TRACE, "-"), "full": (style.TRUE, "--")}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
for name, (color, line) in SHADES.items():
    history = runs[name].task.curriculum.history
    samples = [0, *(samples for samples, _ in history), runs[name].task.curriculum.samples]
    levels = [*range(len(history) + 1), len(history)]
    axes[0].step(samples, levels, line, where="post", color=color, label=name)
columns = {name: runs[name].history.column("own")[1] for name in ("bptt", "dni-trace")}
columns["truncated there"] = runs["dni-trace"].history.column("truncated")[1]
SHADES["truncated there"] = style.NO_GRADIENT, "-"
for name, values in columns.items():
    color, line = SHADES[name]
    samples = runs.get(name, runs["dni-trace"]).history.column("samples")[1]
    axes[1].plot(samples, values, line, color=color, label=name)
    print(f"{name:15} cosine of the LSTM's gradient, mean {np.mean(values):.2f}")
axes[0].set(xlabel="sequences", ylabel="longest $N$ solved", yticks=range(0, 16, 3))
axes[1].set(xlabel="sequences", ylabel="cosine with the whole gradient", ylim=(-0.2, 1))
for axis, title in zip(axes, ("Symbols copied", "The LSTM's gradient")):
    axis.set(title=title, xticks=range(0, SHORT.get("samples", 100_000) + 1, 50_000))
    axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# Three seeds, longer runs and the memory are in [RESULTS](RESULTS.md). The price: at these
# lengths it is neither smaller nor faster than whole sequences. Every boundary has a matrix, and
# keeps what its guess saw until the sequence ends (`--shared-trace`: constant memory).
#
# ## Exercises
#
# 1. **Depth.** Show that with $\lambda = 1$ targets in depth are the true gradients, whatever the
#    guesses are: give all models random weights and compare.
# 2. **Half a trace.** In the table of section 6, why is the error with recurrent weights not zero,
#    even at $\lambda = 1$?
# 3. **Forget less.** In the comparison of section 5, what do you expect of $\beta = 1$?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. `update_synthetic_weights` receives the targets; the true ones come from `true_gradients` of
#    the package, with the weights from before the step.
#
#    ```python
#    from dni_np.rules import true_targets
#    from dni_np.rules.lambda_targets import LambdaTargets
#
#    settings = find("mnist-fcn-quick").settings("cdni", layers=5, width=32)
#    network = feedforward.build_rule(settings, dataset, np.random.default_rng(0))
#    network = LambdaTargets(network.units, network.loss_unit, network.classes, lambdas=(1,))
#    x, y, received = images[:64], dataset.y_test[:64], []
#    _, truths = true_targets.true_gradients(network.cores, network.loss_unit.loss, x, y)
#    for unit in network.units:
#        M = unit.sg_optimizer.params
#        M[...] = np.random.default_rng(1).standard_normal(M.shape)
#        unit.update_synthetic_weights = lambda target, *_: received.insert(0, target.copy())
#    network.step(x, y)
#    print(max(abs(a - b).max() / abs(b).max() for a, b in zip(received, truths)))
#    ```
#
# 2. The differences $\delta$ are exact, but on their way back they take only the path along the
#    cell. What passes from $c$ to the output, through $W$ into the next gates, and so to the next
#    cell, is left out.
#
# 3. All batches count alike, so $W$ is the fit of their mean, and lags by half of the time that has
#    passed.
#
#    ```python
#    for beta in (0.9, 0.98, 1.0):
#        rng, W, A, errors = np.random.default_rng(1), np.zeros((20, 5)), 0, []
#        best = rng.standard_normal((20, 5))
#        for t in range(600):
#            phi = rng.standard_normal((16, 20)) @ spread
#            best = best + 0.01 * rng.standard_normal((20, 5))
#            clean = phi @ best
#            errors.append(((phi @ W - clean) ** 2).sum() / (clean**2).sum())
#            noise = clean.std() * rng.standard_normal(clean.shape)
#            A, W = least_squares_step(A, W, phi, clean + noise, beta)
#        print(beta, np.mean(errors[300:]))
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | result |
# |---|---|
# | 1. cosine after five batches | -0.01 |
# | 2. cosine of the lowest of ten guesses | -0.09 (with $\lambda = 0.9$: 0.38) |
# | 3. error of the targets, random guesses | 5.55e-16 (with recurrent weights 1.2) |
# | 4. symbols copied without labels | 11; truncation 5, the whole sequence 14 |
#
# - The guess through time fails because the network changes, because its state holds only faint
#   traces of later symbols, and because errors multiply in a chain of guesses.
# - With the labels to come it need not find them in the state. They must be known early.
# - Without labels: targets that skip guesses bring the truth to the first one. In depth these are
#   exact. In time they go along the cell: no chunk has to be kept. Least squares follows at
#   once; with them Adam came as far (RESULTS).
# - In depth the error of 11 layers falls from 36.9 to 6.5 %.
# - Judge a guess by the gradient that it makes: the cosine of single guesses is low, that of the
#   LSTM's gradient was 0.76 in the mean, truncation had 0.64 there.
# - One seed, one task. Least squares costs time and memory.
#
# Next: **[Two networks, two clocks](13_two_clocks.ipynb)**

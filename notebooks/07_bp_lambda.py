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
# # BP($\lambda$): how much truth does a layer need?
#
# A layer of a DNI network learns from a guess, and does not wait. A layer in backpropagation learns from the truth, and
# waits for everyone. **BP($\lambda$)** is what lies between: each layer mixes its own guess with what comes back from above
# (Jaderberg et al. 2017, section A.2). The paper writes it down for any $\lambda$, but used only 0 and 1. Here we go through
# the rest.
#
# **What you'll do**
#
# - write the mixture in a dozen lines, and unroll it: who has how much say in what a layer hears?
# - find DNI at one end, and backpropagation at the other, bit for bit;
# - sweep $\lambda$ on MNIST, and choose it layer by layer;
# - count who waits for whom;
# - learn from one number a sample in place of a vector: the scalar critic;
# - find out in a linear recurrent network why a printed formula counts every loss twice.
#
# **What you need:** the chain of guesses of [notebook 02](02_mnist.ipynb), and the pooled cosine of
# [notebook 03](03_how_good_is_the_guess.ipynb). MNIST is downloaded when first asked for; without a connection the small
# digits of scikit-learn stand in.

# %% [markdown]
# ### Before you go on: predict
#
# Six layers, five guesses.
#
# 1. Every layer takes half of what comes from above, and half of its own guess. What is the weight of the true gradient in
#    what layer 1 hears?
# 2. Only *one* layer has a guess, the others backpropagate. Where does the guess cost more, near the input or near the
#    output? Does it depend on whether it sees the label?
# 3. With $\lambda = 0.1$ only a tenth comes from above. How long does a layer wait, compared with backpropagation?
# 4. In place of a gradient of 128 numbers, a layer is told one: the sample's loss. Is that nearly as good? As soon?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "figure.dpi": 90, "figure.constrained_layout.use": True})
RED, BLUE, GREEN, YELLOW = "#d1495b", "#2e6f95", "#66a182", "#f2a541"

# %% [markdown]
# ## 1. The mixture
#
# Rows are samples, $J_{k+1} = \partial h_{k+1} / \partial h_k$. From the top down, with the true gradient for the first $z$:
#
# $$\bar g_k = \lambda_k z_k + (1 - \lambda_k)\, g_k \qquad z_{k-1} = \bar g_k J_k \qquad g_k \to z_k$$
#
# Layer $k$ learns from $\bar g_k$, and hands it on. Its guess $g_k$ is one matrix here, of the output and the label, and
# learns $z_k$. Four layers of $\tanh$ and a classifier:

# %%
SIZES = [8, 7, 6, 5, 5, 3]
rng = np.random.default_rng(0)
W = [rng.standard_normal((m, n)) / np.sqrt(m) for m, n in zip(SIZES, SIZES[1:])]
M = [0.3 * rng.standard_normal((n + SIZES[-1], n)) for n in SIZES[1:-1]]
x_small, y_small = rng.standard_normal((32, SIZES[0])), rng.integers(0, SIZES[-1], 32)
label = np.eye(SIZES[-1])[y_small]


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %%
def mix(W, M, lambdas):
    """Outputs h_0..h_K, guesses g_1..g_K, what comes back z_1..z_K, mixtures gbar_1..gbar_K, each (N, units)."""
    h = [x_small]
    for matrix in W[:-1]:
        h.append(np.tanh(h[-1] @ matrix))
    g = [np.hstack([h_k, label]) @ m for h_k, m in zip(h[1:], M)]
    z, mixed = [(softmax(h[-1] @ W[-1]) - label) @ W[-1].T], []  # the truth
    for k in reversed(range(len(M))):
        mixed.insert(0, lambdas[k] * z[0] + (1 - lambdas[k]) * g[k])
        z.insert(0, mixed[0] * (1 - h[k + 1] ** 2) @ W[k].T)
    return h, g, z[1:], mixed


def learn(W, M, lambdas, rate=0.1):
    """One step, for all matrices."""
    h, g, z, mixed = mix(W, M, lambdas)
    error = softmax(h[-1] @ W[-1]) - label
    for k in range(len(M)):
        W[k] -= rate * h[k].T @ (mixed[k] * (1 - h[k + 1] ** 2)) / len(label)
        M[k] -= rate * np.hstack([h[k + 1], label]).T @ (g[k] - z[k]) / len(label)
    W[-1] -= rate * h[-1].T @ error / len(label)


# %% [markdown]
# In the package this is `BPLambda`, a `DNIChain` with lambdas. The same numbers?

# %%
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.activations import Tanh
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential
from dni_np.rules.bp_lambda import BPLambda
from dni_np.rules.loss_unit import LossUnit


def with_weights(matrix):
    return Linear(*matrix.shape, rng, bias=False, init=lambda m, n, rng: matrix.copy(), dtype=float)


def unit(matrix, guess_matrix):
    core, n = Sequential([with_weights(matrix), Tanh()]), matrix.shape[1]
    looks = Conditioning(("output", "label"), n, label=SIZES[-1])
    guess = SyntheticGradient(n, looks, rng, last_init=lambda m, n, rng: guess_matrix.copy(), bias=False, dtype=float)
    return DNI(core, guess, SGD(core, 0.1), SGD(guess, 0.1))


# %%
LAMBDAS = [0.3, 0.8, 0.5, 0.6]
units, top = [unit(*pair) for pair in zip(W, M)], with_weights(W[-1])
network = BPLambda(units, LossUnit(top, SoftmaxCrossEntropy(), SGD(top, 0.1)), SIZES[-1], LAMBDAS)
by_hand = [w.copy() for w in W], [m.copy() for m in M]
for _ in range(200):
    learn(*by_hand, LAMBDAS)
    network.step(x_small, y_small)
theirs = [one.core.params["0.W"] for one in units] + [top.params["W"]]
their_guesses = [one.synthetic_gradient.params["0.W"] for one in units]
far = max(abs(a - b).max() for a, b in zip(by_hand[0] + by_hand[1], theirs + their_guesses, strict=True))
print(f"200 steps: largest difference {far:.0e}, while W_1 moved by up to {abs(by_hand[0][0] - W[0]).max():.2f}")
assert far < 1e-12

# %% [markdown]
# ### Who has how much say?
#
# Put the formula into itself. Layer $k$ hears its own guess with weight $1 - \lambda_k$. Of the next one's guess,
# backpropagated, it hears $\lambda_k (1 - \lambda_{k+1})$; and so on, until the truth takes all that is left:
#
# $$\bar g_k = \sum_{n \ge k} c_k^n \; g_n J_n \cdots J_{k+1}, \qquad
# c_k^n = (1 - \lambda_n)\,\lambda_k \cdots \lambda_{n-1}, \qquad c_k^{\text{truth}} = \lambda_k \cdots \lambda_K .$$
#
# The weights sum to 1. Who knows TD($\lambda$) has seen them: there a value learns from a weighted mean of all $n$-step
# returns, which are $n$ real rewards and then a guess. Here it is $n$ real steps of backpropagation, and then a guess.


# %%
def say(lambdas):
    """c (K, K + 1): the weight of guess n in what layer k hears; in the last column the truth's."""
    K = len(lambdas)
    c = np.zeros((K, K + 1))
    for k in range(K):
        left = 1.0
        for n in range(k, K):
            c[k, n] = left * (1 - lambdas[n])
            left *= lambdas[n]
        c[k, K] = left
    return c


def backpropagated(gradient, n, k, h):
    """From layer n down to layer k (counted from 0)."""
    for j in range(n, k, -1):
        gradient = gradient * (1 - h[j + 1] ** 2) @ W[j].T
    return gradient


h, g, z, mixed = mix(W, M, LAMBDAS)
voices = [*zip(g, range(4)), (z[-1], 3)]  # the truth arrives at the last hidden layer
for k, c in enumerate(say(LAMBDAS)):
    total = sum(weight * backpropagated(voice, n, k, h) for weight, (voice, n) in zip(c, voices) if weight and n >= k)
    assert np.allclose(total, mixed[k], atol=1e-14) and np.isclose(c.sum(), 1)
print("unrolled and mixed are the same")

# %%
SHOWN = {r"$\lambda = 0.1$": [0.1] * 5, r"$\lambda = 0.5$": [0.5] * 5, r"$\lambda = 0.75$": [0.75] * 5,
         r"$\lambda = 0.9$": [0.9] * 5, "0, 0, 1, 1, 1": [0, 0, 1, 1, 1],
         "0, ¼, ½, ¾, 1": [0, 0.25, 0.5, 0.75, 1]}  # fmt: skip
SAY_COLORS = [*plt.get_cmap("Blues")(np.linspace(0.25, 0.95, 5)), RED]
figure, axes = plt.subplots(1, 6, figsize=(10, 3.2), sharey=True)
for axis, (name, lambdas) in zip(axes, SHOWN.items()):
    c, bottom = say(lambdas), np.zeros(5)
    for n, color in enumerate(SAY_COLORS):
        text = f"guess {n + 1}" if n < 5 else "truth"
        axis.bar(range(1, 6), c[:, n], 0.85, bottom=bottom, color=color, label=text)
        bottom += c[:, n]
    axis.set(title=name, xlabel="layer", xticks=range(1, 6))
    axis.title.set_fontsize(10)
    axis.grid(False)
axes[0].set(ylabel="weight in what it hears", ylim=(0, 1))
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8)
plt.show()
for lam in (0.1, 0.5, 0.75, 0.9):
    print(f"lambda = {lam:4}: the truth's weight at layer 1 is {say([lam] * 5)[0, 5]:.5f}")

# %% [markdown]
# With $\lambda = 0.5$ only 3 % of what layer 1 hears is the truth (prediction 1), and with 0.1 nothing worth mentioning: one
# part in 100,000. Weights are not all, though. A guess that does not know is small, and then a small weight of truth may be
# the louder voice.
#
# ## 2. Both ends
#
# Now MNIST: six layers, 128 units each, 128 samples a step. Everyone in this notebook begins with the same weights, for a
# seed, and sees the same minibatches.

# %%
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")
print(dataset.note or dataset.name)
if FAST:
    dataset = dataset.first(1000, 600)
SCALE = np.float32(dataset.scale)
LAYERS, STEPS, SEEDS = 6, 20 if FAST else 500, (0,) if FAST else (0, 1)
LABEL = {"sees": ("output", "label")}  # and a matrix
BLIND = {"sees": ("output",), "hidden": (16,) if FAST else (128,)}  # no label, but a hidden layer


def train(seed=0, steps=STEPS, change=None, **settings):
    """The trained rule; `change` may alter it before it begins."""
    usual = {"data": "auto", "layers": LAYERS, "width": 128, "batch_size": 128, "steps": steps, "seed": seed}
    rule = build_rule(Settings(**{**usual, **settings}), dataset, np.random.default_rng(seed))
    if change:
        change(rule)
    draw = np.random.default_rng(100 + seed)
    for _ in range(steps):
        rows = draw.integers(0, len(dataset.x_train), 128)
        rule.step(dataset.x_train[rows] * SCALE, dataset.y_train[rows])
    return rule


def error(rule, x, y):
    """In percent."""
    return 100 * (rule.predict(x * SCALE).argmax(axis=1) != y).mean()


def test_error(rule):
    return error(rule, dataset.x_test, dataset.y_test)


# %% [markdown]
# $\lambda = 1$ everywhere is backpropagation: the guesses still learn, but nobody listens. $\lambda = 0$ everywhere is the
# chain of cDNI. Are they, on the weights that 100 steps leave behind?


# %%
def weights(rule):
    return [value for core in rule.cores for leaf in core.leaves() for value in leaf.state().values()]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


ends = {lam: train(rule="bp-lambda", lambdas=(lam,), steps=100, **LABEL) for lam in (0.0, 0.99, 1.0)}
backprop, cdni = (train(rule=name, steps=100, **LABEL) for name in ("backprop", "cdni"))
assert same(ends[1.0], backprop) and same(ends[0.0], cdni)
assert all(np.array_equal(value, ends[0.0].state()[name]) for name, value in cdni.state().items())  # the guesses, too
print("lambda = 1 is backpropagation:", same(ends[1.0], backprop), "    lambda = 0 is cDNI:", same(ends[0.0], cdni))
print("lambda = 0.99 is backpropagation:", same(ends[0.99], backprop))

# %% [markdown]
# Bit for bit.
#
# ## 3. In between
#
# The same $\lambda$ for all layers, from 0 to 1, with two kinds of guesses: a matrix that sees output and label; and a model
# with a hidden layer that sees the output alone. And a control that is easily forgotten: guesses that *stay zero*. They
# start at zero; without an optimizer they never leave it.

# %%
from dni_np.analysis.arriving_gradients import arriving_gradients
from dni_np.analysis.gradient_error import pooled_cosine

SWEEP = (0.0, 0.5, 1.0) if FAST else (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
x_look, y_look = dataset.x_train[:500] * SCALE, dataset.y_train[:500]


class Still:
    """An optimizer that does nothing."""

    steps = 0  # updates so far

    def step(self):
        pass


def keep_zero(rule):
    for one in rule.units:
        one.sg_optimizer = Still()


def cosines(rule):
    """Of what each hidden layer hears with the truth."""
    return [float(pooled_cosine(heard, true)) for heard, true in arriving_gradients(rule, x_look, y_look)]


def lengths(rule):
    """Of what each hidden layer hears, in units of the truth's."""
    return [np.linalg.norm(heard) / np.linalg.norm(true) for heard, true in arriving_gradients(rule, x_look, y_look)]


# %%
KINDS = {"sees output and label": (LABEL, None, BLUE), "sees the output": (BLIND, None, RED),
         "always zero": (LABEL, keep_zero, YELLOW)}  # fmt: skip
swept = {}  # (kind, lambda) -> the rules, one for each seed
for kind, (looks, change, _) in KINDS.items():
    for lam in SWEEP:
        for seed in SEEDS if change is None else SEEDS[:1]:
            rule = train(seed, rule="bp-lambda", lambdas=(lam,), change=change, **looks)
            swept.setdefault((kind, lam), []).append(rule)
errors = {key: [test_error(rule) for rule in rules] for key, rules in swept.items()}
print("test error in percent, each seed      lambda =", *(f"{lam:>11g}" for lam in SWEEP))
for kind in KINDS:
    print(f"{kind:46}", *(f"{' / '.join(f'{e:.2f}' for e in errors[kind, lam]):>11}" for lam in SWEEP))
some = dataset.x_train[:10_000], dataset.y_train[:10_000]
for lam in SWEEP[-3:]:
    learned = [error(rule, *some) for rule in swept["sees output and label", lam]]
    print(f"lambda = {lam:4g}, sees output and label: training error", " / ".join(f"{e:.2f}" for e in learned))

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), gridspec_kw={"width_ratios": (3, 2)})
for axis in (left, right):
    for kind, (_, change, color) in KINDS.items():
        axis.plot(SWEEP, [np.mean(errors[kind, lam]) for lam in SWEEP], color=color, label=kind,
                  linestyle="--" if change else "-")  # fmt: skip
        for lam in SWEEP:
            axis.plot([lam] * len(errors[kind, lam]), errors[kind, lam], "o", color=color, markersize=4)
ticks = (4, 6, 10, 20, 40)
left.set(xlabel=r"$\lambda$", ylabel="test error (%)", yscale="log", title="all of it")
left.set_yticks(ticks, [str(tick) for tick in ticks])
left.minorticks_off()
left.legend(fontsize=8)
right.set(xlabel=r"$\lambda$", title="the lower end", xlim=(0.45, 1.02), ylim=(None if FAST else 3.4, None if FAST else 5))
plt.show()

# %% [markdown]
# Begin with the control. Guesses of zero only shrink the truth: layer 1 is told $\lambda^5$ times the true gradient. Adam
# divides a gradient by its own size, so hardly anybody notices: 4.2 % at $\lambda = 0.1$, and backpropagation's 4 % from
# 0.25 on. A little truth does go a long way, as long as nobody talks over it.
#
# The guesses do talk over it. Without the label they need $\lambda = 0.75$ to be out of the way; at 0.25 the error is 20 %,
# where saying nothing at all would have given 3.9 %. With the label, too, every $\lambda$ from 0.1 to 0.5 is worse than
# silence: at one half 4.5 %, much nearer to backpropagation's 4.0 % than to the chain's 9.6 %, but not beyond it. Guesses
# are for $\lambda = 0$, where silence teaches nothing (48 %) and they do teach.
#
# One place is better than backpropagation: guesses that see the label, at $\lambda = 0.75$. The difference is small (3.63
# and 3.72 % wrong, for 3.95 and 4.00 %; two more seeds, run outside of this notebook, gave 3.73 and 3.42, for 3.86 and
# 3.88). The *training* errors are no better there. One reading is that the guesses are a mild regularizer; nothing here
# tests it. In runs of 500 steps it is a hint and no more.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5), sharey=True)
LAYER_COLORS = plt.get_cmap("viridis")(np.linspace(0.9, 0.1, LAYERS - 1))
heard = {}
for axis, kind in zip(axes, list(KINDS)[:2]):
    heard[kind] = np.array([np.mean([cosines(rule) for rule in swept[kind, lam]], axis=0) for lam in SWEEP])
    for k, color in enumerate(LAYER_COLORS):
        axis.plot(SWEEP, heard[kind][:, k], "o-", markersize=4, color=color, label=f"layer {k + 1}")
    axis.plot(SWEEP, np.array(SWEEP) ** 5, "k:", linewidth=1, label="weight of the truth\nat layer 1")
    axis.set(title=kind, xlabel=r"$\lambda$", ylim=(-0.1, 1.05))
axes[0].set_ylabel("cosine of $\\bar g_k$ with the truth")
axes[1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()
print("layer 1".ljust(64), "lambda =", *(f"{lam:6g}" for lam in SWEEP))
for kind in heard:
    long = [np.mean([lengths(rule)[0] for rule in swept[kind, lam]]) for lam in SWEEP]
    print(f"{kind:23} cosine of what it hears with the truth          ", *(f"{value:6.2f}" for value in heard[kind][:, 0]))
    print(f"{kind:23} length of what it hears, in units of the truth's", *(f"{value:6.3f}" for value in long))

# %% [markdown]
# Layer 1, $\lambda = 0.5$: the truth has a weight of 0.03, and yet what it hears has a cosine of 0.65 or 0.67 with it.
# Without the label the reason is in the second row of numbers. All that layer 1 hears is 0.05 times as long as the truth:
# guesses that do not know are small, and 0.03 is the louder part of 0.05. At $\lambda = 0.25$, where the weight is 0.001,
# the guesses win, and the cosine is 0.05. With the label they are longer, and worth listening to: 0.36 without any truth
# at all. That is why the left curves climb gently, and the right ones jump.
#
# ## 4. Layer by layer
#
# `lambdas` may be one number for each guess, lowest first. Zeros and ones cut the network after each layer of $\lambda = 0$;
# the layers between two cuts backpropagate to each other. (This is all that the paper used.)

# %%
ONE, HALF = 1.0, 0.5
VECTORS = {"0 0 0 0 0": (0.0,) * 5, "0 0 1 1 1": (0.0, 0.0, ONE, ONE, ONE), "1 1 1 0 0": (ONE, ONE, ONE, 0.0, 0.0),
           "0 1 1 1 1": (0.0, ONE, ONE, ONE, ONE), "1 1 1 1 0": (ONE, ONE, ONE, ONE, 0.0),
           "0 ¼ ½ ¾ 1": (0.0, 0.25, HALF, 0.75, ONE), "1 ¾ ½ ¼ 0": (ONE, 0.75, HALF, 0.25, 0.0),
           "½ ½ ½ ½ ½": (HALF,) * 5, "1 1 1 1 1": (ONE,) * 5}  # fmt: skip
by_layer = {}
for kind, (looks, _, _) in list(KINDS.items())[:2]:
    for name, lambdas in VECTORS.items():
        if len(set(lambdas)) == 1:
            by_layer[kind, name] = errors[kind, lambdas[0]]
        else:
            rules = [train(seed, rule="bp-lambda", lambdas=lambdas, **looks) for seed in SEEDS]
            by_layer[kind, name] = [test_error(rule) for rule in rules]

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
for axis, (kind, (_, _, color)) in zip(axes, list(KINDS.items())[:2]):
    means = [np.mean(by_layer[kind, name]) for name in VECTORS]
    places, largest = np.arange(len(VECTORS)), max(max(by_layer[kind, name]) for name in VECTORS)
    axis.barh(places, means, 0.7, color=color, alpha=0.75)
    for place, name in zip(places, VECTORS):
        values = by_layer[kind, name]
        axis.plot(values, [place] * len(values), "|", color="0.15", markersize=9)
        axis.text(max(values) + 0.025 * largest, place, f"{np.mean(values):.1f}", va="center", fontsize=9)
    axis.set(title=kind, xlabel="test error (%)", yticks=places, yticklabels=list(VECTORS))
    axis.set_xlim(0, 1.15 * largest)
    axis.grid(axis="y", visible=False)
axes[0].invert_yaxis()
axes[0].set_ylabel(r"$\lambda_1 \dots \lambda_5$, lowest first")
plt.show()

# %% [markdown]
# With the label it matters how *many* guesses there are, and little where: one costs 0.0 to 0.4 %, two about 1 %, five
# more than 5 %. The one next to the loss is even free (one reading: it learns from the truth itself, and so is the best).
# Without the label it is all about *where*. The truth must be let in at the top: `0 1 1 1 1` has 5 % wrong, `1 1 1 1 0`,
# where everyone lives on guess 5, 17 %. The two ramps hold the same five numbers. Rising, 7.6 %; falling, 25 %, because a
# zero at the top lets in no truth at all (prediction 2).
#
# So if you must cut a network, cut low; or give the guess the label, and cut where you like.
#
# ## 5. What waiting costs
#
# Who needs whom? A layer with $\lambda_k = 0$ can move as soon as it has gone forward. Any other needs $z_k$, and so the
# layer above it must have gone backward, which in turn may need the one above. *How much* it takes from there does not
# matter. Count a forward or backward pass of one layer as one unit of time:


# %%
def begins(lambdas):
    """When each layer, the top one too, can begin to go backward and move. It ends one unit later."""
    times = [len(lambdas) + 1]  # the top layer, straight after its forward pass
    for k in reversed(range(len(lambdas))):
        times.insert(0, k + 1 if lambdas[k] == 0 else times[0] + 1)
    return times


PLANS = {r"$\lambda = 0$": [0] * 5, r"$\lambda = 0.1$": [0.1] * 5, r"$\lambda = 1$": [1] * 5,
         "0, 0, 1, 1, 1": [0, 0, 1, 1, 1], "1, 1, 1, 0, 0": [1, 1, 1, 0, 0]}  # fmt: skip
figure, axes = plt.subplots(1, 5, figsize=(10, 2.9), sharey=True)
for axis, (name, lambdas) in zip(axes, PLANS.items()):
    for k, begin in enumerate(begins(lambdas)):
        axis.barh(k + 1, 0.94, left=k, height=0.7, color=BLUE, label="forward" if k == 0 else None)
        axis.barh(k + 1, begin - k - 1, left=k + 1, height=0.12, color="0.6", label="waits" if k == 0 else None)
        axis.barh(k + 1, 0.94, left=begin, height=0.7, color=RED, label="backward, moves" if k == 0 else None)
    axis.set(title=name, xlabel="time", xlim=(0, 12.2), xticks=(0, 5, 10), yticks=range(1, 7))
    axis.title.set_fontsize(10)
    axis.grid(axis="y", visible=False)
axes[0].set_ylabel("layer")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
plt.show()
for name, lambdas in PLANS.items():
    waits = [begin - k - 1 for k, begin in enumerate(begins(lambdas))]
    name = name.strip("$").replace(chr(92), "")
    print(f"{name:15} layers 1 to 6 wait", *(f"{wait:2}" for wait in waits), f"   {sum(waits):2} in all")

# %% [markdown]
# A tenth of the truth is as long in coming as all of it (prediction 3). Only zeros unlock. So what $\lambda$ between 0 and
# 1 can buy is quality, not speed; and whoever waits anyway can have backpropagation. Zeros, though, buy a lot: two of them
# save 18 of 30 units of waiting, and cost those with the label about one percent.
#
# ## 6. One number a sample
#
# There is a cheaper teacher. A **scalar critic** (section A.4 of the paper) guesses the loss itself, $v(h, y) \approx L$,
# and its slope $\partial v/\partial h$ stands in for the gradient. What comes down is one number for each sample, and
# nothing is backpropagated between layers. Its target is the next critic's value (a chain again), or, simpler, the loss.
#
# The same network once more, for 500 steps and then anew for 1,500 (in each run the rates drop at 60 % and 80 % of it). The
# critic has a hidden layer of 256 and is given the rates that it likes (a fast critic, slow layers); so is its rival, the
# vector model, with as many hidden units and the rates of above.

# %%
HIDDEN = (16,) if FAST else (256,)
SLOW = {"learning_rate": 3e-4, "sg_learning_rate": 1e-2, "head_learning_rate": 1e-3, "hidden": HIDDEN, **LABEL}
TEACHERS = {
    "vector": {"rule": "cdni", "hidden": HIDDEN, **LABEL},
    "critic, of the loss": {"rule": "critic", "targets": "true", **SLOW},
    "critic, of the next critic": {"rule": "critic", **SLOW},
    "none": {"rule": "none"},
}
TEACHER_COLORS = dict(zip(TEACHERS, (BLUE, YELLOW, RED, "0.5")))
SHORT, LONG = STEPS, 3 * STEPS
taught = {(name, steps): train(steps=steps, **settings) for name, settings in TEACHERS.items() for steps in (SHORT, LONG)}
taught_errors = {key: test_error(rule) for key, rule in taught.items()}

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
for (name, steps), wrong in taught_errors.items():
    early, color = steps == SHORT, TEACHER_COLORS[name]
    place = list(TEACHERS).index(name) + (-0.2 if early else 0.2)
    left.barh(place, wrong, 0.36, color=color, alpha=0.45 if early else 1)
    left.text(wrong + 0.6, place, f"{wrong:.1f}", va="center", fontsize=9)
    found = [] if name == "none" else cosines(taught[name, steps])
    if found:
        label = None if early else name
        right.plot(range(1, LAYERS), found, "o:" if early else "o-", color=color, alpha=0.6 if early else 1, label=label)
    told = " ".join(["   cosines, layer 1 to 5:"] + [f"{value:5.2f}" for value in found]) if found else ""
    print(f"{name:27} {steps:5,} steps: {wrong:5.2f} % test error{told}")
left.set(yticks=range(len(TEACHERS)), yticklabels=list(TEACHERS), xlabel="test error (%)")
left.set(xlim=(0, 1.12 * max(taught_errors.values())), title=f"pale: {SHORT:,} steps, full: {LONG:,}")
left.invert_yaxis()
left.grid(axis="y", visible=False)
right.axhline(0, color="0.5", linewidth=1)
right.set(xlabel="layer", ylabel="cosine with the truth", xticks=range(1, LAYERS), title="dotted: the short runs")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# A critic is a late starter (prediction 4). After 500 steps it is not nearly as good: 36 % wrong for the vector's 9 %, with
# slopes whose cosines with the truth are 0.04 to 0.07. Stop there, and you would call it useless. After 1,500 steps it has
# 8.0 % wrong, where layers left at random have 39 %, and cosines of 0.32 to 0.49. That is a teacher, though not as good a
# one as the vector, which has 3.5 % wrong by then. The critic has to know losses before its slopes mean anything. ([Notebook
# 06](06_error_signals.ipynb) draws the cosines from step to step.)
#
# Chained, critic learning from critic, it is later still. At 500 steps it is worse than leaving the layers as they were at
# random: 59 % for 48 %, a wrong push is worse than none. At 1,500 it is better than that, 33 % for 39 %, and its cosines
# show how far the news has come: 0.64 at layer 5, 0.01 at layer 1.
#
# ### A loss is not its slope
#
# Why late, and why not as good in the end? Let nothing move any more: take the network that backpropagation trained in
# section 3, and give a critic and a vector model all the time they want, at layer 5, next to the loss. The losses and
# gradients are computed once. We watch two things on images that they have not learned from: does the critic know the
# *loss*? Do both know the *gradient*?

# %%
from dni_np.nn.optimizers import Adam
from dni_np.rules.critic import ScalarCritic
from dni_np.rules.true_targets import true_gradients

frozen = swept["sees output and label", 1.0][0]
COUNT, HELD = (900, 200) if FAST else (20_000, 2000)
x_many, y_many = dataset.x_train[:COUNT] * SCALE, dataset.y_train[:COUNT]
hs, truths = true_gradients(frozen.cores, frozen.loss_unit.loss, x_many, y_many)
h5, true5 = hs[-1], truths[-1]  # (COUNT, 128)
losses = frozen.loss_unit.loss.each(frozen.cores[-1].forward(h5)[0], y_many)[:, None]  # (COUNT, 1)
labels = np.eye(dataset.classes, dtype=np.float32)[y_many]
held = slice(COUNT - HELD, COUNT)


# %%
def fit(model, rate, is_critic, steps, points=20):
    """The model's gradients on the held-out images; and rows (step, cosine, correlation of v with the loss)."""
    optimizer, draw, rows = Adam(model, rate), np.random.default_rng(5), []
    for step in range(steps + 1):
        if step % (steps // points) == 0:
            slope, cache = model.forward(h5[held], {"label": labels[held]})
            knows = np.corrcoef(cache[0].ravel(), losses[held].ravel())[0, 1] if is_critic and step else 0.0
            rows.append((step, float(pooled_cosine(slope, true5[held])), knows))
        batch = draw.integers(0, COUNT - HELD, 128)
        guess, cache = model.forward(h5[batch], {"label": labels[batch]})
        model.backward(cache[0] - losses[batch] if is_critic else guess - true5[batch], cache)
        optimizer.step()
    return slope, np.array(rows).T


FIT_STEPS = 40 if FAST else 2000
looks = Conditioning(("output", "label"), 128, label=dataset.classes)
fits = {"vector": fit(SyntheticGradient(128, looks, np.random.default_rng(2), HIDDEN), 1e-3, False, FIT_STEPS),
        "critic": fit(ScalarCritic(looks, np.random.default_rng(2), HIDDEN), 1e-2, True, FIT_STEPS)}  # fmt: skip

# %% [markdown]
# And one question more: in *which directions* is a slope right? Turn $h_5$ to its principal axes, from the one along which
# it varies most to the one along which it hardly varies, and take the cosine on a group of axes at a time.

# %%
centered = h5[held] - h5[held].mean(axis=0)
_, spread, axes_of_h = np.linalg.svd(centered, full_matrices=False)
turned = {name: slope @ axes_of_h.T for name, (slope, _) in fits.items()}
turned_truth = true5[held] @ axes_of_h.T
GROUPS = ((0, 10), (10, 30), (30, 60), (60, 128))
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5))
left.plot(*fits["critic"][1][[0, 2]], "--", color=YELLOW, label="critic: value with loss (correlation)")
for name, color in (("vector", BLUE), ("critic", YELLOW)):
    left.plot(*fits[name][1][:2], color=color, label=f"{name}: gradient with truth (cosine)")
left.set(xlabel="step", ylim=(-0.05, 1.3), yticks=np.arange(0, 1.1, 0.2), title="what they know, on held-out images")
left.legend(fontsize=8, loc="upper left")
for shift, (name, color) in zip((-0.2, 0.2), (("vector", BLUE), ("critic", YELLOW))):
    values = [float(pooled_cosine(turned[name][:, a:b], turned_truth[:, a:b])) for a, b in GROUPS]
    right.bar(np.arange(4) + shift, values, 0.38, color=color, label=name)
    print(f"{name}: cosine in each group of axes", *(f"{value:5.2f}" for value in values))
right.set_xticks(range(4), [f"{a + 1} to {b}" for a, b in GROUPS])
right.set(xlabel="principal axes of $h_5$", ylabel="cosine with the truth", title="where their gradients are right")
right.set_ylim(None, 1.1)
right.legend(fontsize=8, ncols=2, loc="upper right")
right.grid(axis="x", visible=False)
plt.show()
for name, values in (("of the variance of h", spread**2), ("of the squared gradient", (turned_truth**2).sum(axis=0))):
    print(f"share {name:24}", *(f"{100 * values[a:b].sum() / values.sum():4.0f} %" for a, b in GROUPS))
_, cosine, correlation = fits["critic"][1][:, -1]
print(f"critic: correlation of value and loss {correlation:.2f}, cosine of the slope {cosine:.2f}")

# %% [markdown]
# The critic is no fool: after 2,000 steps its values follow the losses of new images with a correlation of 0.81. Its
# *slope* has a cosine of 0.19. A good guess of a function need not have good slopes. (Nor is it only slow: after 6,000
# steps with falling rates, outside of this notebook, it was 0.23. In the network that it taught itself it had 0.49. One
# reading is that the layers there had come to agree with their critic, as weights do with their feedback in notebook 06.)
#
# The right-hand figure says where they are bad. Along the ten axes on which images differ most (77 % of the variance) the
# critic has a cosine of 0.39, along all others next to nothing, 0.02 to 0.08. One reading: along the first it has seen high
# losses here and low losses there, and knows the way; along the others hardly any image ever went. But 39 % of the (squared)
# true gradient lies there. The vector model is told the gradient itself, 128 numbers a sample in place of one, and is as
# good along the last axes as along the first.
#
# (Without the label there is another fault, however good the critic: to move $h$ where the loss is known to be small is
# not to make it small for *this* sample, whose label does not move along.)
#
# ## 7. In recurrent networks: once, or twice?
#
# Through time every step has a loss $\ell_k$ of its own, and BP($\lambda$) becomes
#
# $$\bar g_k = \frac{\partial \ell_k}{\partial s_k} + \lambda z_k + (1 - \lambda)\, g_k, \qquad z_k = \bar g_{k+1} J_{k+1},
# \qquad g_k \to z_k .$$
#
# The paper's supplement (section A.3) says that $g_k$ stands for the losses *after* step $k$; but the target that it
# prints is $\frac{\partial \ell_k}{\partial h_k} + \bar g_{k+1} J_{k+1}$, that of the losses *from* step $k$ on. [Notebook
# 11](11_through_time.ipynb) met this in an LSTM at $\lambda = 0$. In a linear network it can be told for every $\lambda$,
# with a pencil. Let $s_k = s_{k-1} A + x_k$ and $\ell_k = \frac12 \|s_k - y_k\|^2$, so that $J = A^\top$; and where there
# is a model, let there be a table, one guess for each step, that takes on its target at each visit.

# %%
T, UNITS = 12, 4
rng = np.random.default_rng(3)
A = 0.9 * np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0]
inputs, wanted = rng.standard_normal((2, T, 8, UNITS))
states = [np.zeros((8, UNITS))]
for k in range(T):
    states.append(states[-1] @ A + inputs[k])
own = [s - y for s, y in zip(states[1:], wanted)]  # dl_k/ds_k


def visit(table, lam, printed=False):
    """Once through the sequence: move the table to its targets; return the gradient by A."""
    gradient, z = 0, np.zeros((8, UNITS))  # after the last step comes nothing
    for k in reversed(range(T)):
        mixed = own[k] + lam * z + (1 - lam) * table[k]
        table[k] = z + own[k] if printed else z
        gradient = gradient + states[k].T @ mixed
        z = mixed @ A.T
    return gradient


truth = visit(np.zeros((T, 8, UNITS)), lam=1.0)  # backpropagation through all of time
moved = [A.copy(), A.copy()]
moved[0][0, 1] += 1e-5
moved[1][0, 1] -= 1e-5


def total_loss(A):
    s, loss = np.zeros((8, UNITS)), 0.0
    for x, y in zip(inputs, wanted):
        s = s @ A + x
        loss += 0.5 * ((s - y) ** 2).sum()
    return loss


assert np.isclose((total_loss(moved[0]) - total_loss(moved[1])) / 2e-5, truth[0, 1])  # a central difference agrees


# %%
def times_truth(lam, printed, visits):
    """The gradient along the true one, in units of it, at each visit."""
    table = np.zeros((T, 8, UNITS))
    return [(visit(table, lam, printed) * truth).sum() / (truth**2).sum() for _ in range(visits)]


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
for printed, color, text in ((False, BLUE, "after"), (True, RED, "from")):
    for lam, style in ((0.0, "-"), (0.5, "--")):
        left.plot(range(1, 21), times_truth(lam, printed, 20), style, color=color, label=rf"{text}, $\lambda = {lam:g}$")
    ends_at = [times_truth(lam, printed, 40)[-1] for lam in np.linspace(0, 1, 11)]
    right.plot(np.linspace(0, 1, 11), ends_at, "o", color=color, label=f"losses {text} step $k$" + " on" * printed)
    assert np.allclose(ends_at, 2 - np.linspace(0, 1, 11) if printed else 1)
    print(f"losses {text} step k{' on' * printed}: for lambda 0, 0.5, 1 ends at", *(f"{end:.6f}" for end in ends_at[::5]))
left.set(xlabel="visit", ylabel="gradient, in units of the true one", title="on the way", xticks=(1, 5, 10, 15, 20))
left.legend(fontsize=8, ncols=2, loc="lower right")
right.plot((0, 1), (2, 1), color="0.6", linewidth=1, zorder=0, label=r"$2 - \lambda$")
right.set(xlabel=r"$\lambda$", title="where it ends", ylim=(0.9, 2.1))
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# Exactly $2 - \lambda$. The pencil: when the table has come to rest, $g_k$ is its target. With $z_k$ for a target,
#
# $$\bar g_k = \frac{\partial \ell_k}{\partial s_k} + \lambda z_k + (1 - \lambda) z_k = \frac{\partial \ell_k}{\partial s_k}
# + \bar g_{k+1} J_{k+1} ,$$
#
# which is backpropagation, whatever $\lambda$. With the printed one there is $(1 - \lambda) \frac{\partial
# \ell_k}{\partial s_k}$ more at every step: as if every loss were $2 - \lambda$ times as large. At $\lambda = 0$ each
# counts twice.
#
# On the left, see what $\lambda$ is for, through time: at 0 the news of a loss moves one step a visit, at 0.5 a part of it
# goes all the way at once. The package's rule is `RecurrentBPLambda`; its guesses are of the losses after a step.
#
# ## Exercises
#
# 1. **Weaning.** Change `rule.lambdas` during training, evenly from 1 to 0. The network ends unlocked; is it as bad as the
#    chain? And from 0 to 1?
# 2. **Without Adam.** Repeat section 3's control, guesses of zero, with plain SGD (`optimizer="sgd", learning_rate=0.1`).
#    What do you expect at $\lambda = 0.1$?
# 3. **One cut.** You may set one $\lambda$ to zero, the others are one. Where does it save most waiting? What does it
#    cost, with the label?
# 4. **A shorter chain.** How much does depth cost a critic of the loss, and how much the chained ones? Try `layers=2`, 3
#    and 4, with 1,500 steps.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# These numbers were measured outside of this notebook, with the code that stands here.
#
# 1. Far from it. With the label 4.4 % (the chain 9.6 %), without it 6.2 and 5.8 % (33 %). One reason may be that the rates
#    drop at 60 % and 80 % of the run, so that late guesses cannot do much harm. From 0 to 1: 6 % and 12 %. Truth first,
#    guesses later.
#
#    ```python
#    def wean(rule):
#        step, count = rule.step, iter(range(STEPS))
#
#        def stepped(x, y):
#            rule.lambdas = [1 - next(count) / STEPS] * 5
#            return step(x, y)
#
#        rule.step = stepped
#
#
#    test_error(train(rule="bp-lambda", change=wean, **LABEL))
#    ```
#
# 2. Now size matters: 38 % at 0.1, 31 % at 0.25, 15 % at 0.5, 7.0 % at 0.75, and 4.7 % at 1. Layer 1 stands nearly still.
#
#    ```python
#    for lam in SWEEP:
#        rule = train(rule="bp-lambda", lambdas=(lam,), change=keep_zero, optimizer="sgd", learning_rate=0.1, **LABEL)
#        print(lam, test_error(rule))
#    ```
#
# 3. In the middle: 12 units of waiting remain of 30, with a cut after layer 2 or 4 it is 14, after 1 or 5 it is 20. And it
#    costs nothing that one could see: 4.0 and 3.9 % (backpropagation 3.95 and 4.0).
#
#    ```python
#    for cut in range(5):
#        lambdas = tuple(float(k != cut) for k in range(5))
#        print(lambdas, sum(begin - k - 1 for k, begin in enumerate(begins(lambdas))),
#              [test_error(train(seed, rule="bp-lambda", lambdas=lambdas, **LABEL)) for seed in SEEDS])
#    ```
#
# 4. The critic of the loss does not mind: 7.3, 7.6 and 7.5 % wrong with 2, 3 and 4 layers (8.0 % with six; the vector
#    model 3.5, 2.9 and 2.9 %, random layers 14, 19 and 25 %). The chain does: 7.3, 9.7 and 25 %. With two layers it has one
#    critic, whose target is the loss itself; each layer more has to wait until the critic above knows something.
#
#    ```python
#    for layers in (2, 3, 4):
#        print(layers, {name: test_error(train(steps=LONG, layers=layers, **settings))
#                         for name, settings in TEACHERS.items()})
#    ```
#
# </details>
#
# ## Summary
#
# - BP($\lambda$) mixes each layer's guess with what comes back. Unrolled it is a weighted mean of all guesses above and the
#   truth, as in TD($\lambda$). At 1 it is backpropagation and at 0 the DNI chain, bit for bit.
# - With the number of guesses that it passes, the truth's weight shrinks exponentially, as $\lambda^n$. With Adam even
#   the smallest is enough, if the guesses keep silent; with $\lambda$ from 0.1 to 0.5 what they said made things worse
#   than silence would.
# - Without the label the truth must be let in at the top. With it, the number of cuts matters, not the place.
# - Only zeros save waiting. Anything between 0 and 1 is about quality.
# - A scalar critic teaches, but late: little after 500 steps, and after 1,500 still with more than twice the vector
#   model's errors. Chained critics are later still. A critic that knows the loss need not know its slope: in a fixed
#   network it was mostly right along the directions in which images differ, and hardly along others.
# - Through time a guess must be of the losses *after* a step. With those from it on, gradients end $2 - \lambda$ times too
#   large.
#
# One task, short runs, a seed or two: the shapes are what to look at, not the digits.
#
# Next: [notebook 08](08_unlock_everything.ipynb), which opens the other locks. Back to [notebook
# 11](11_through_time.ipynb), synthetic gradients through time, or to the [README](../README.md).

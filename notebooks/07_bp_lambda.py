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
# # How much of the true gradient does a layer need?
#
# | | |
# |---|---|
# | **Question** | What lies between a guess ($\lambda = 0$) and backpropagation ($\lambda = 1$)? |
# | **Time** | about an hour |
# | **Level** | seventh notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 02](02_mnist.ipynb), [notebook 03](03_how_good_is_the_guess.ipynb) |
#
# A layer of a DNI network learns from a guess and does not wait. In backpropagation it learns from
# the true gradient and waits for all layers above. **BP($\lambda$)** is what lies between: a layer
# mixes its guess with what comes back from above ([Jaderberg et al.
# 2017](https://proceedings.mlr.press/v70/jaderberg17a.html), section A.2). The paper defines it for
# any $\lambda$ but uses only 0 and 1. We try the rest.
#
# ## Your prediction
#
# Six layers, five guesses. Write down an answer to each:
#
# 1. Every layer takes half of what comes from above and half of its own guess. What is the weight
#    of the true gradient in what layer 1 learns from?
# 2. Only some layers have a guess, the others backpropagate. Where does a guess cost more, near the
#    input or near the output? Does it matter whether it sees the label?
# 3. With $\lambda = 0.1$ only a tenth comes from above. How long does a layer wait, compared with
#    backpropagation?
# 4. A layer learns from one number a sample, a guess of the *loss*, in place of a gradient of 128
#    numbers. Is that as good? As fast?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style
from dni_np.pictures.error_signals import error_signals
from dni_np.pictures.events import Event
from dni_np.pictures.slider import slider
from dni_np.pictures.timeline import timeline

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})
error_signals(("cdni", "bp-lambda", "backprop"))

# %% [markdown]
# ## 1. The mixture
#
# $J_{k+1} = \partial h_{k+1} / \partial h_k$; rows are samples. From the top down, beginning with
# the true gradient as $z_K$:
#
# $$\bar g_k = \lambda_k z_k + (1 - \lambda_k)\, \hat g_k \qquad z_{k-1} = \bar g_k J_k$$
#
# Layer $k$ learns from $\bar g_k$ and passes it on. Its guess $\hat g_k$ learns from $z_k$; here it
# is one matrix, of the output and the label. Four layers of $\tanh$ and a classifier:

# %%
SIZES = [8, 7, 6, 5, 5, 3]
rng = np.random.default_rng(0)
W = [rng.standard_normal((m, n)) / np.sqrt(m) for m, n in zip(SIZES, SIZES[1:])]
M = [0.3 * rng.standard_normal((n + SIZES[-1], n)) for n in SIZES[1:-1]]
x_small, y_small = rng.standard_normal((32, SIZES[0])), rng.integers(0, SIZES[-1], 32)
label = np.eye(SIZES[-1])[y_small]


def forward(W, M):
    """Outputs h_0..h_K, the guesses of layers 1..K, and the error p - y at the logits."""
    h = [x_small]
    for matrix in W[:-1]:
        h.append(np.tanh(h[-1] @ matrix))
    e = np.exp(h[-1] @ W[-1])
    guesses = [np.hstack([h_k, label]) @ m for h_k, m in zip(h[1:], M)]
    return h, guesses, e / e.sum(axis=1, keepdims=True) - label

# %% [markdown]
# ## Your turn
#
# Write the two formulas as a loop from the top down.

# %%
def mixed_gradients(true, guesses, lambdas, back):
    """Return two lists, lowest layer first: what comes back z_1..z_K, and the mixtures.

    true (N, n_K) is z_K; guesses are of layers 1..K; lambdas are as many numbers. back(gradient, k)
    brings a gradient at the output of layer k (counted from 1) through that layer.
    """

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


def learn_by_hand(mix, W, M, lambdas, rate=0.1):
    """One step, for all matrices; `mix` is what you wrote."""
    h, guesses, e = forward(W, M)

    def back(gradient, k):
        return gradient * (1 - h[k] ** 2) @ W[k - 1].T

    z, mixed = mix(e @ W[-1].T, guesses, lambdas, back)
    for k in range(len(M)):
        W[k] -= rate * h[k].T @ (mixed[k] * (1 - h[k + 1] ** 2)) / len(label)
        M[k] -= rate * np.hstack([h[k + 1], label]).T @ (guesses[k] - z[k]) / len(label)
    W[-1] -= rate * h[-1].T @ e / len(label)

# %% [markdown]
# The package's `BPLambda` is a `DNIChain` with lambdas. Are its weights the same after 200 steps?

# %%
def with_weights(matrix):
    start = {"init": lambda m, n, rng: matrix.copy(), "dtype": float, "bias": False}
    return Linear(*matrix.shape, rng, **start)


def unit(matrix, guess_matrix):
    core, n = Sequential([with_weights(matrix), Tanh()]), matrix.shape[1]
    sees = Conditioning(("output", "label"), n, label=SIZES[-1])
    start = {"last_init": lambda m, n, rng: guess_matrix.copy(), "dtype": float, "bias": False}
    guess = SyntheticGradient(n, sees, rng, **start)
    return DNI(core, guess, SGD(core, 0.1), SGD(guess, 0.1))


def small_network(lambdas):
    units, top = [unit(*pair) for pair in zip(W, M)], with_weights(W[-1])
    last = LossUnit(top, SoftmaxCrossEntropy(), SGD(top, 0.1))
    return BPLambda(units, last, SIZES[-1], lambdas)


LAMBDAS = [0.3, 0.8, 0.5, 0.6]

# %%
def check(mixed_gradients):
    zero = np.zeros((2, 3))
    if mixed_gradients(zero, [zero], [0.5], lambda gradient, k: gradient) is None:
        return print("Nothing is written yet. What follows uses the package's rule.")
    network, ours = small_network(LAMBDAS), ([w.copy() for w in W], [m.copy() for m in M])
    for _ in range(200):
        learn_by_hand(mixed_gradients, *ours, LAMBDAS)
        network.step(x_small, y_small)
    package = [one.core.params["0.W"] for one in network.units]
    package += [network.loss_unit.core.params["W"]]
    package += [one.synthetic_gradient.params["0.W"] for one in network.units]
    for a, b in zip(ours[0] + ours[1], package, strict=True):
        assert np.allclose(a, b, atol=1e-12), "not the package's weights"
    print(f"Right: {len(package)} matrices are those of the package.")


check(mixed_gradients)

# %% [markdown]
# ### Whose weight is how large?
#
# Put the formula into itself. In what layer $k$ learns from, its own guess has the weight
# $1 - \lambda_k$. The guess of the next layer, brought back through it, has
# $\lambda_k (1 - \lambda_{k+1})$, and so on, until the true gradient takes what is left:
#
# $$\bar g_k = \sum_{n \ge k} c_k^n \; \hat g_n J_n \cdots J_{k+1} \qquad
# c_k^n = (1 - \lambda_n)\,\lambda_k \cdots \lambda_{n-1} \qquad
# c_k^{\text{true}} = \lambda_k \cdots \lambda_K$$
#
# The weights sum to 1. TD($\lambda$) has the same: a mean of $n$-step returns, each of $n$ real
# rewards and then a guess. Here it is $n$ real steps of backpropagation and then a guess.

# %%
from dni_np.analysis.arriving_gradients import arriving_gradients


def shares(lambdas):
    """c (K, K + 1): the weight of guess n in what layer k learns from; last, the true one's."""
    K = len(lambdas)
    c = np.zeros((K, K + 1))
    for k in range(K):
        left = 1.0
        for n in range(k, K):
            c[k, n] = left * (1 - lambdas[n])
            left *= lambdas[n]
        c[k, K] = left
    return c


arrived = arriving_gradients(small_network(LAMBDAS), x_small, y_small)  # (mixture, truth) pairs
h, guesses, e = forward(W, M)
for k, c in enumerate(shares(LAMBDAS)):
    total = c[-1] * (e @ W[-1].T)
    for n in reversed(range(k, 4)):  # Horner: add guess n, then go back through its layer
        total = total + c[n] * guesses[n]
        total = total * (1 - h[n + 1] ** 2) @ W[n].T if n > k else total
    assert np.allclose(total, arrived[k][0], atol=1e-14) and np.isclose(c.sum(), 1)
print("unrolled, and mixed by the package: the same")

# %%
SHADES = [*plt.get_cmap("YlOrBr")(np.linspace(0.15, 0.75, 5)), style.TRUE]


def draw_shares(axis, name, lambdas):
    c, bottom = shares(lambdas), np.zeros(5)
    for n, color in enumerate(SHADES):
        text = f"guess {n + 1}" if n < 5 else "true gradient"
        axis.bar(range(1, 6), c[:, n], 0.85, bottom=bottom, color=color, label=text)
        bottom += c[:, n]
    axis.set(xlabel="layer", xticks=range(1, 6), ylim=(0, 1))
    axis.set_title(name, fontsize=10)
    axis.grid(False)


SHOWN = {rf"$\lambda = {lam}$": [lam] * 5 for lam in (0.1, 0.5, 0.75, 0.9)}
SHOWN |= {"0, 0, 1, 1, 1": [0, 0, 1, 1, 1], "0, ¼, ½, ¾, 1": [0, 0.25, 0.5, 0.75, 1]}
figure, axes = plt.subplots(1, 6, figsize=(10, 3.2), sharey=True)
for axis, (name, lambdas) in zip(axes, SHOWN.items()):
    draw_shares(axis, name, lambdas)
axes[0].set_ylabel("weight in the mixture")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8)
figure.suptitle("In lower layers little of the true gradient is left, unless lambda is near 1")
plt.show()
for lam in (0.1, 0.5, 0.75, 0.9):
    print(f"lambda = {lam:4}: the true gradient has {shares([lam] * 5)[0, 5]:.5f} at layer 1")

# %% [markdown]
# Half of half of half: 3 % at layer 1. With 0.1 it is one part in 100,000. With ipywidgets
# installed, the next cell has a slider over $\lambda$.

# %%
def with_lambda(lam):
    figure, axis = plt.subplots(figsize=(4, 2.6))
    draw_shares(axis, rf"$\lambda = {lam:g}$", [lam] * 5)
    plt.show()


slider(with_lambda, np.linspace(0, 1, 21).round(2), "lambda", start=0.5)

# %% [markdown]
# ## 2. Both ends
#
# Now MNIST: six layers of 128 units, 128 samples a step. All start from the same weights, for a
# seed, and see the same minibatches. $\lambda = 1$ should be backpropagation (the guesses learn but
# nobody uses them), and $\lambda = 0$ cDNI.

# %%
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
if FAST:
    dataset = dataset.first(1000, 600)
SCALE, LAYERS, STEPS, SEEDS = np.float32(dataset.scale), 6, 20 if FAST else 500, range(2 - FAST)
LABEL = {"sees": ("output", "label")}  # and a matrix
NO_LABEL = {"sees": ("output",), "hidden": (16 if FAST else 128,)}


def train(seed=0, steps=STEPS, change=None, **settings):
    """The trained rule; `change` may alter it before it begins."""
    usual = {"data": "auto", "layers": LAYERS, "width": 128, "batch_size": 128, "steps": steps}
    settings = Settings(**{**usual, "seed": seed, **settings})
    rule = build_rule(settings, dataset, np.random.default_rng(seed))
    if change:
        change(rule)
    draw = np.random.default_rng(100 + seed)
    for _ in range(steps):
        rows = draw.integers(0, len(dataset.x_train), 128)
        rule.step(dataset.x_train[rows] * SCALE, dataset.y_train[rows])
    return rule

# %%
def weights(rule):
    every = [leaf.state().values() for core in rule.cores for leaf in core.leaves()]
    return np.concatenate([np.ravel(array) for arrays in every for array in arrays])


def test_error(rule):
    answers = rule.predict(dataset.x_test * SCALE).argmax(axis=1)
    return 100 * (answers != dataset.y_test).mean()


ends = {f"lambda = {lam:g}": train(rule="bp-lambda", lambdas=(lam,), steps=100, **LABEL)
        for lam in (0.0, 0.99, 1.0)}  # fmt: skip
backprop, cdni = (train(rule=name, steps=100, **LABEL) for name in ("backprop", "cdni"))
for name, one, other in (("lambda = 1", backprop, "backpropagation"), ("lambda = 0", cdni, "cDNI"),
                         ("lambda = 0.99", backprop, "backpropagation")):  # fmt: skip
    same = np.array_equal(weights(ends[name]), weights(one))
    assert same == (name != "lambda = 0.99")
    print(f"{name} is {other}, bit for bit, after 100 steps: {same}")
state = ends["lambda = 0"].state()  # the guesses, too
assert all(np.array_equal(value, state[name]) for name, value in cdni.state().items())

# %% [markdown]
# ## 3. In between
#
# One $\lambda$ for all layers, from 0 to 1, with two kinds of guesses: a matrix that sees output
# and label; a model with a hidden layer that sees the output alone. And a control that is easily
# forgotten: guesses that *stay zero*. (They start at zero, and here get no optimizer.)

# %%
class NoOptimizer:
    steps = 0  # updates so far

    def step(self):
        pass


def keep_zero(rule):
    for one in rule.units:
        one.sg_optimizer = NoOptimizer()


SWEEP = (0.0, 0.5, 1.0) if FAST else (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
KINDS = {"sees output and label": (LABEL, None, style.CDNI),
         "sees the output": (NO_LABEL, None, style.DNI),
         "always zero": (LABEL, keep_zero, style.NO_GRADIENT)}  # fmt: skip

# %%
swept = {}  # (kind, lambda) -> the rules, one for each seed
for kind, (sees, change, _) in KINDS.items():
    for lam in SWEEP:
        options = {"rule": "bp-lambda", "lambdas": (lam,), "change": change, **sees}
        swept[kind, lam] = [train(seed, **options) for seed in (SEEDS if not change else (0,))]
errors = {key: [test_error(rule) for rule in rules] for key, rules in swept.items()}
print(f"{'test error (%), each seed':27}", *(f"{lam:>11g}" for lam in SWEEP))
for kind in KINDS:
    cells = (" / ".join(f"{e:.2f}" for e in errors[kind, lam]) for lam in SWEEP)
    print(f"{kind:27}", *(f"{cell:>11}" for cell in cells))

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), width_ratios=(3, 2))
for axis in (left, right):
    for kind, (_, change, color) in KINDS.items():
        means = [np.mean(errors[kind, lam]) for lam in SWEEP]
        axis.plot(SWEEP, means, "--" if change else "-", color=color, label=kind)
        for lam in SWEEP:
            some = errors[kind, lam]
            axis.plot([lam] * len(some), some, "o", color=color, markersize=4)
    axis.set_xlabel(r"$\lambda$")
left.set(ylabel="test error (%)", yscale="log", title=r"all $\lambda$")
left.set_yticks((4, 6, 10, 20, 40), (4, 6, 10, 20, 40))
left.minorticks_off()
left.legend(fontsize=8)
right.set(title=r"enlarged: $\lambda$ from one half", xlim=(0.45, 1.02))
if not FAST:
    right.set_ylim(3.4, 5)
figure.suptitle(f"Between 0.1 and 0.5 a guess does more harm than no guess ({DATA})")
plt.show()

# %% [markdown]
# The control first. Zeros only shrink the true gradient: layer 1 receives $\lambda^5$ times it.
# Adam divides a gradient by its own size, so that hardly matters: 4.0 % at $\lambda = 0.1$, where
# backpropagation has 3.84 and 4.06 %. A little truth goes a long way, if nothing else is mixed in.
#
# The guesses are mixed in. Without the label they need $\lambda = 0.75$ to do little harm: at 0.25
# the error is 20 %. With the label, too, every $\lambda$ from 0.1 to 0.5 is worse than zeros: 4.4 %
# at one half. Guesses are for $\lambda = 0$, where zeros teach nothing (48 %) and guesses do (9 %).
#
# In one region a mixture seems better than backpropagation: guesses with the label at
# $\lambda = 0.75$ (3.57 and 3.65 %) and 0.9 (3.67 and 3.86 %). Perhaps they are a mild regularizer.
# In 500 steps and two seeds that is a hint and no more.
#
# **So which lambda would you use?** 0 to unlock, 1 to be exact; 0.75 with labels, perhaps, as a
# regularizer.
#
# Why do the two kinds differ? Look at the cosines of the mixtures with the true gradient.

# %%
x_part, y_part = dataset.x_train[:500] * SCALE, dataset.y_train[:500]


def cosine_and_length(rule):
    """(2, layers) of the mixture: its pooled cosine with the true gradient, its relative length."""
    norm, found = np.linalg.norm, []
    for mixed, true in arriving_gradients(rule, x_part, y_part):
        long = norm(mixed) * norm(true)
        found.append(((mixed * true).sum() / (long + 1e-30), norm(mixed) / norm(true)))
    return np.transpose(found)

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5), sharey=True)
shades = plt.get_cmap("viridis")(np.linspace(0.85, 0.1, LAYERS - 1))
for axis, kind in zip(axes, list(KINDS)[:2]):
    pairs = [np.mean([cosine_and_length(r) for r in swept[kind, lam]], axis=0) for lam in SWEEP]
    cosines, lengths = np.moveaxis(pairs, 1, 0)
    for k, shade in enumerate(shades):
        axis.plot(SWEEP, cosines[:, k], ".-", color=shade, label=f"layer {k + 1}")
    axis.set(title=kind, xlabel=r"$\lambda$", ylim=(-0.1, 1.05))
    print(f"layer 1, {kind}:")
    rows = {"lambda^5": np.array(SWEEP) ** 5, "cosine": cosines[:, 0], "length": lengths[:, 0]}
    for name, values in rows.items():
        print(f"    {name:8}", *(f"{value:7.3f}" for value in values))
axes[0].set_ylabel("cosine of the mixture with the truth")
axes[1].legend(fontsize=8)
plt.show()

# %% [markdown]
# (Lengths are relative to the true gradient's, whose weight is $\lambda^5$.) At $\lambda = 0.5$ its
# weight is 0.03, and yet the mixture has a cosine of 0.62 with it, without the label even 0.78.
# There the reason is the length: the mixture is 0.04 times as long as the truth. Guesses that know
# little are small, and 0.03 is most of 0.04. At 0.25 the guesses dominate, and the cosine is 0.04.
# With the label guesses are longer, and worth it: 0.33 without any truth.
#
# ## 4. Layer by layer
#
# `lambdas` may be one number for each guess, lowest first. A zero cuts the network after its layer;
# between two cuts layers backpropagate. (This is all that the paper used.)

# %%
VECTORS = {"0 0 0 0 0": (0,) * 5, "0 0 1 1 1": (0, 0, 1, 1, 1), "1 1 1 0 0": (1, 1, 1, 0, 0),
           "0 1 1 1 1": (0, 1, 1, 1, 1), "1 1 1 1 0": (1, 1, 1, 1, 0),
           "0 ¼ ½ ¾ 1": (0, 0.25, 0.5, 0.75, 1), "1 ¾ ½ ¼ 0": (1, 0.75, 0.5, 0.25, 0),
           "½ ½ ½ ½ ½": (0.5,) * 5, "1 1 1 1 1": (1,) * 5}  # fmt: skip
by_layer = {}
for kind in list(KINDS)[:2]:
    for name, lambdas in VECTORS.items():
        if len(set(lambdas)) == 1:
            by_layer[kind, name] = errors[kind, lambdas[0]]
        else:
            options = {"rule": "bp-lambda", "lambdas": tuple(map(float, lambdas)), **KINDS[kind][0]}
            by_layer[kind, name] = [test_error(train(seed, **options)) for seed in SEEDS]

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
places = np.arange(len(VECTORS))
for axis, kind in zip(axes, list(KINDS)[:2]):
    means = [np.mean(by_layer[kind, name]) for name in VECTORS]
    largest = max(max(by_layer[kind, name]) for name in VECTORS)
    axis.barh(places, means, 0.7, color=KINDS[kind][2], alpha=0.75)
    for place, name in zip(places, VECTORS):
        values = by_layer[kind, name]
        axis.plot(values, [place] * len(values), "|", color="0.15", markersize=9)
        end = max(values) + 0.025 * largest
        axis.text(end, place, f"{np.mean(values):.1f}", va="center", fontsize=9)
    axis.set(title=kind, xlabel="test error (%)", xlim=(0, 1.15 * largest))
    axis.set_yticks(places, list(VECTORS))
    axis.grid(axis="y", visible=False)
    print(f"{kind:22}", *(f"{name}: {mean:.1f}," for name, mean in zip(VECTORS, means)))
axes[0].invert_yaxis()
axes[0].set_ylabel(r"$\lambda_1 \dots \lambda_5$, lowest first")
figure.suptitle(f"With the label the number of zeros counts, without it the place ({DATA})")
plt.show()

# %% [markdown]
# With the label, the number of guesses matters and the place little: one costs at most 0.5 %, two
# about 1 %, five more than 5 %. Without it the place is all. The truth must come in at the top:
# `0 1 1 1 1` has 5.3 % wrong, `1 1 1 1 0`, where all live on guess 5, 18.1 %. The two ramps hold
# the same numbers: rising 7.3 %, falling 29.3 %, because a zero at the top lets in no truth at all.
#
# So if you must cut a network, cut low; or give the guess the label, and cut where you like.
#
# ## 5. What waiting costs
#
# A layer with $\lambda_k = 0$ can go backward once it has gone forward. Any other needs $z_k$, so
# the layer above must have gone backward. *How much* it takes from there does not matter. One pass
# of one layer is one unit of time; printed is each layer's wait between its two passes:

# %%
def backward_starts(lambdas):
    """When each layer, the top one too, can begin to go backward and be updated."""
    starts = [len(lambdas) + 1]  # the top layer, straight after its forward pass
    for k in reversed(range(len(lambdas))):
        starts.insert(0, k + 1 if lambdas[k] == 0 else starts[0] + 1)
    return starts


def plan(lambdas):
    events = []
    for k, start in enumerate(backward_starts(lambdas)):
        events.append(Event(k + 1, 1, "forward", k, k + 1, k + 1))
        events.append(Event(k + 1, 1, "backward", start, start + 1, k + 1))
    return events


def waiting(lambdas):
    return [start - k - 1 for k, start in enumerate(backward_starts(lambdas))]

# %%
PLANS = {"lambda = 0": [0] * 5, "lambda = 0.1": [0.1] * 5, "lambda = 1": [1] * 5,
         "0 0 1 1 1": [0, 0, 1, 1, 1]}  # fmt: skip
for name, lambdas in PLANS.items():
    waits = waiting(lambdas)
    print(f"{name:13} layers 1 to 6 wait", *(f"{one:2}" for one in waits), f" in all {sum(waits)}")
shown = {name: plan(PLANS[name]) for name in ("lambda = 0.1", "0 0 1 1 1", "lambda = 0")}
timeline(shown, title="A tenth from above is waited for as long as all of it")

# %% [markdown]
# Only zeros unlock. Between 0 and 1, $\lambda$ can buy quality, not speed. Zeros do buy speed: two
# of them save 18 of 30 units of waiting, and cost about one percent with the label.
#
# ## 6. One number a sample
#
# There is a simpler model. A **scalar critic** (section A.4) guesses the loss, $v(h, y) \approx L$,
# and its slope $\partial v/\partial h$ stands in for the gradient. It learns from one number a
# sample. Its rival has as many hidden units and guesses the gradient.

# %%
HIDDEN = {"hidden": (16 if FAST else 256,)}
RATES = {"learning_rate": 3e-4, "sg_learning_rate": 1e-2, "head_learning_rate": 1e-3}
MODELS = {"gradient": {"rule": "cdni", **HIDDEN, **LABEL}, "none": {"rule": "none"},
          "critic": {"rule": "critic", "targets": "true", **RATES, **HIDDEN, **LABEL}}  # fmt: skip
for steps in (STEPS, 3 * STEPS):
    for name, settings in MODELS.items():
        rule = train(steps=steps, **settings)
        cosines = cosine_and_length(rule)[0] if name != "none" else []
        print(f"{steps:5,} steps, {name:9}{test_error(rule):6.1f} % test error;", end="")
        print(" cosines of layers 1 to 5:" * bool(len(cosines)), *(f"{c:.2f}" for c in cosines))

# %% [markdown]
# The critic is slow. After 500 steps it is no better than layers left at random, with slopes near
# chance: stop there, and you would call it useless. After 1,500 it has 8.7 % wrong, where random
# layers have 40.2 %, and cosines of 0.31 to 0.47. It teaches, though less well than a guess of the
# gradient (3.7 %). It must know losses before its slopes mean anything, and a good guess of a
# function need not have good slopes.
#
# ## 7. Through time: once, or twice?
#
# In a recurrent network every step has a loss $\ell_k$, and BP($\lambda$) becomes
#
# $$\bar g_k = \frac{\partial \ell_k}{\partial s_k} + \lambda z_k + (1 - \lambda)\, \hat g_k \qquad
# z_k = \bar g_{k+1} J_{k+1}$$
#
# The paper's section A.3 says that $\hat g_k$ stands for the losses *after* step $k$. The target
# that it prints, $\frac{\partial \ell_k}{\partial h_k} + \bar g_{k+1} J_{k+1}$, is that of the
# losses *from* step $k$ on. A linear network can decide: $s_k = s_{k-1} A + x_k$,
# $\ell_k = \frac12 \|s_k - y_k\|^2$, and for a model a table of one guess for each step.

# %%
T, UNITS = 12, 4
rng = np.random.default_rng(3)
A = 0.9 * np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0]
inputs, wanted = rng.standard_normal((2, T, 8, UNITS))
states = [np.zeros((8, UNITS))]
for k in range(T):
    states.append(states[-1] @ A + inputs[k])
own = [s - y for s, y in zip(states[1:], wanted)]  # dl_k/ds_k


def pass_back(table, lam, printed=False):
    """Once back through the sequence; the table takes on its targets. The gradient by A."""
    gradient, z = 0, np.zeros((8, UNITS))  # after the last step comes nothing
    for k in reversed(range(T)):
        mixed = own[k] + lam * z + (1 - lam) * table[k]
        table[k] = z + own[k] if printed else z
        gradient = gradient + states[k].T @ mixed
        z = mixed @ A.T
    return gradient

# %%
true = pass_back(np.zeros((T, 8, UNITS)), lam=1.0)  # backpropagation through all of time
figure, axis = plt.subplots(figsize=(7, 3.1))
for printed, color in ((False, style.CDNI), (True, style.TARGET)):
    for lam, line in ((0.0, "-"), (0.5, "--"), (0.9, ":")):
        table, values = np.zeros((T, 8, UNITS)), []
        for _ in range(30):
            values.append((pass_back(table, lam, printed) * true).sum() / (true**2).sum())
        name = "from step k on" if printed else "after step k"
        axis.plot(range(1, 31), values, line, color=color, label=rf"{name}, $\lambda = {lam:g}$")
        assert np.isclose(values[-1], 2 - lam if printed else 1)
        print(f"losses {name}, lambda {lam}: ends at {values[-1]:.6f} of the true gradient")
axis.set(xlabel="passes over the sequence", ylabel="gradient / true gradient", xlim=(0, 44))
axis.set_title(r"With the printed target gradients end $2 - \lambda$ times too large")
axis.legend(fontsize=8, loc="center right")
plt.show()

# %% [markdown]
# When the table is at rest, $\hat g_k$ is its target. With $z_k$ that is backpropagation, whatever
# $\lambda$. With the printed target there is $(1 - \lambda)\, \partial \ell_k/\partial s_k$ more at
# every step: each loss counts $2 - \lambda$ times. The package's `RecurrentBPLambda` guesses the
# losses after a step.
#
# ## Exercises
#
# 1. **Weaning.** Change `rule.lambdas` during training, evenly from 1 to 0. The network ends
#    unlocked; is it as bad as the chain?
# 2. **Without Adam.** Repeat section 3's control, guesses of zero, with plain SGD. What do you
#    expect at $\lambda = 0.1$?
# 3. **One cut.** One $\lambda$ is zero, the others are one. Where does it save most waiting?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. "As predicted?" runs it. True gradients first, guesses later: much better than the chain.
#
# 2. Now size matters, and layer 1 hardly learns.
#
#    ```python
#    for lam in SWEEP:
#        plain = {"optimizer": "sgd", "learning_rate": 0.1, "change": keep_zero, **LABEL}
#        print(lam, test_error(train(rule="bp-lambda", lambdas=(lam,), **plain)))
#    ```
#
# 3. In the middle; and with the label it costs little.
#
#    ```python
#    for cut in range(5):
#        lambdas = tuple(float(k != cut) for k in range(5))
#        wrong = test_error(train(rule="bp-lambda", lambdas=lambdas, **LABEL))
#        print(lambdas, sum(waiting(lambdas)), wrong)
#    ```
#
# </details>
#
# ## As predicted?

# %%
def wean(rule):
    step, count = rule.step, iter(range(STEPS))

    def stepped(x, y):
        rule.lambdas = [1 - next(count) / STEPS] * 5
        return step(x, y)

    rule.step = stepped


weaned = test_error(train(rule="bp-lambda", change=wean, **LABEL))
print(f"from lambda 1 to 0: {weaned:.1f} % test error; always 0:", end=" ")
print(f"{errors['sees output and label', 0.0][0]:.1f} %")

# %% [markdown]
# | prediction | measured (MNIST, 500 steps, one or two seeds) |
# |---|---|
# | 1. weight of the truth at layer 1 | 0.03 |
# | 2. one guess, lowest or highest | with the label 4.4 or 4.0 %, without 5.3 or 18.1 % |
# | 3. waiting with $\lambda = 0.1$ | as long as backpropagation, 30 units |
# | 4. the critic | 50.5 % for 9.2 after 500 steps, 8.7 % for 3.7 after 1,500 |
#
# - BP($\lambda$) is a weighted mean of all guesses above and the true gradient, as in
#   TD($\lambda$). At 1 it is backpropagation, at 0 cDNI, bit for bit.
# - With Adam even a small weight of the truth is enough if the guesses are zero; for $\lambda$ from
#   0.1 to 0.5 learned guesses were worse than that.
# - Only zeros save waiting.
# - Through time a guess must be of the losses *after* a step.
#
# One task, short runs: look at the shapes, not at the digits.
#
# Next: **[Unlock everything: must a layer wait for anybody?](08_unlock_everything.ipynb)**

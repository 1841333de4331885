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
# # What must a layer be told to learn?
#
# Backpropagation tells each layer the gradient of the loss. A synthetic gradient tells it a guess of that. Feedback
# alignment tells it something made with random weights, Kickback something shortened, a local loss something that has
# nothing to do with the layers above. And they all learn. Czarnecki et al. 2017 ("Understanding synthetic gradients and
# decoupled neural interfaces") found one language for such methods. This notebook speaks it, and then listens in: what
# does each layer hear, and how true is it?
#
# **What you'll do**
#
# - put eleven rules into one table;
# - see that feedback alignment *is* a synthetic gradient, one that nobody has to learn;
# - write backpropagation, feedback alignment and direct feedback alignment in ten lines each;
# - train on MNIST in eleven ways, and compare what arrives at every layer with the truth;
# - ask whether truer signals make better networks, and what happens in ten layers.
#
# **What you need:** backpropagation by hand, and a layer that learns from a guess ([notebook
# 01](01_backprop_to_dni.ipynb)); the pooled cosine of [notebook 03](03_how_good_is_the_guess.ipynb). MNIST is downloaded
# when first asked for; without a connection the small digits of scikit-learn stand in.

# %% [markdown]
# ### Before you go on: predict
#
# 1. Feedback alignment sends errors down through random weights that have nothing to do with the network's. What is the
#    cosine between what arrives and the true gradient: before training? After 1,000 steps on MNIST?
# 2. Four layers, all else equal: backpropagation, cDNI, feedback alignment, Kickback, a local loss for each layer. Order
#    them by how true their signals are. Order them by test error. Is it the same order?
# 3. And in ten layers: which of them will be in trouble, and which will not even notice?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np import backend
from dni_np.experiments.plotting import STYLE, percent_axis

backend.use("numpy")
FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "figure.dpi": 90, "figure.constrained_layout.use": True})
RED, BLUE, GREEN, YELLOW = "#d1495b", "#2e6f95", "#66a182", "#f2a541"

# %% [markdown]
# ## 1. One question, eleven answers
#
# Layer $k$ makes $h_k$ from $h_{k-1}$; row $n$ is sample $n$. It knows how its weights move $h_k$. What it needs from
# elsewhere is one vector for each sample, where $h_k$ *should* go. Call it $\delta_k$; the truth is
# $g_k = \partial L/\partial h_k$. Below $J_k = \partial h_k/\partial h_{k-1}$ is what layer $k$ does to a gradient on
# its way down, and $e = \partial L/\partial p$ is the error at the output $p$.
#
# | rule | $\delta_k$ | what is learned in it | what it waits for, beyond its input |
# |---|---|---|---|
# | none | $0$ | nothing | nothing |
# | backpropagation | $g_{k+1} J_{k+1} = g_k$ | nothing | all layers above, forward and back |
# | DNI | $M_k(h_k)$ | $M_k$, from the next layer's $\delta_{k+1}J_{k+1}$ | nothing |
# | cDNI | $M_k(h_k, y)$ | the same | the label |
# | critic | $\partial v_k(h_k, y)/\partial h_k$ | $v_k$, from the loss | the label |
# | stale | an average of past gradients | that average | nothing |
# | BP(λ) | $\lambda\,\delta_{k+1}J_{k+1} + (1-\lambda)\,M_k(h_k, y)$ | $M_k$ | all layers above, forward and back |
# | feedback alignment (FA) | $\delta_{k+1}J_{k+1}$, with fixed $B_{k+1}$ for $W_{k+1}$ | nothing | as backpropagation |
# | direct feedback alignment (DFA) | $e\,B_k$ | nothing | all layers above, forward |
# | Kickback | $s_{k+1}J_{k+1}$, $s$: each unit hears one entry of $e$ | nothing | all layers above, forward |
# | local loss | $\partial\,\ell(a_k(h_k), y)/\partial h_k$ | a classifier $a_k$ | the label |
#
# (Its input $h_{k-1}$ every layer in the table waits for: all these rules keep the forward lock.)
#
# Read the second column as functions. The truth itself is a function of $h_k$ and $y$, given the weights above:
# $g_k = G_k(h_k, y)$. (With batch normalization above, of the other samples in the batch as well.) So every rule (all but
# stale, which repeats the gradients of *other* samples) puts *some* function $M(h_k, y)$ in the place of $G_k$. It may be
# learned by watching $G_k$ (cDNI), computed from the weights above (FA, DFA, Kickback), or made for another purpose
# (local). That is the one language. (Two more rules of the package, sparse updates and complete unlock, change *when* a
# layer learns and what it reads; what they tell it is cDNI's.)

# %% [markdown]
# ## 2. Feedback alignment is a synthetic gradient
#
# Take one hidden layer, $p = hW + b$, and the squared error, so that $e = p - y$. Backpropagation tells the hidden layer
# $eW^\top$, feedback alignment $eB^\top$. Multiply out:
#
# $$e B^\top = h\,(WB^\top) + y\,(-B^\top) + bB^\top, \qquad e W^\top = h\,(WW^\top) + y\,(-W^\top) + bW^\top .$$
#
# Both are linear in $h$ and $y$. The linear guess of cDNI, $\hat g = hA + yC + c$, can be either of them. Is that so?

# %%
rng = np.random.default_rng(0)
IN, HIDDEN, OUT = 10, 16, 3
x = rng.standard_normal((256, IN))
first, second = rng.standard_normal((IN, 8)) / IN**0.5, rng.standard_normal((8, OUT)) / 8**0.5
y = np.tanh(2 * x @ first) @ second  # what a small network would say

h = np.tanh(rng.standard_normal((256, HIDDEN)))
W, B, b = rng.standard_normal((HIDDEN, OUT)), rng.standard_normal((HIDDEN, OUT)), rng.standard_normal(OUT)
e = h @ W + b - y
assert np.allclose(e @ B.T, h @ (W @ B.T) + y @ -B.T + b @ B.T, atol=1e-12)

# %% [markdown]
# Then feedback alignment can be run as DNI: a decoupled unit, whose guess is *given* and whose optimizer does nothing. We
# set the guess before each step, because $WB^\top$ has a $W$ in it, which learns. Beside it three others:
# backpropagation; cDNI, which has to learn its guess; and a guess that is given once, at the start, and never again.

# %%
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.nn.activations import Tanh
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.optimizers import SGD
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.feedback_alignment import FeedbackAlignment
from dni_np.rules.loss_unit import LossUnit


class Still:
    """An optimizer that leaves things as they are."""

    steps = 0  # updates so far

    def step(self):
        pass


def two_layers():
    rng = np.random.default_rng(1)  # the same weights each time
    return [Sequential([Linear(IN, HIDDEN, rng, dtype=float), Tanh()]), Linear(HIDDEN, OUT, rng, dtype=float)]


def descent(layer):
    return SGD(layer, 0.1)


def with_a_guess(guess_optimizer):
    hidden, top = two_layers()
    looks = Conditioning(("output", "label"), HIDDEN, label=OUT)
    guess = SyntheticGradient(HIDDEN, looks, np.random.default_rng(0), dtype=float)  # linear, at first zero
    unit = DNI(hidden, guess, descent(hidden), guess_optimizer(guess))
    return DNIChain([unit], LossUnit(top, SquaredError(), descent(top)), OUT)


def give(network, B):
    """Make the guess what feedback alignment would say."""
    W, b = network.loss_unit.core.params["W"], network.loss_unit.core.params["b"]
    guess = network.units[0].synthetic_gradient.params
    guess["0.W"][...] = np.concatenate([W @ B.T, -B.T])  # A above C
    guess["0.b"][...] = b @ B.T


# %%
TOY_STEPS = 100 if FAST else 2000
runs = {
    "backpropagation": Backprop(two_layers(), SquaredError(), descent),
    "FA": FeedbackAlignment(two_layers(), SquaredError(), descent, np.random.default_rng(2)),
    "FA, as a given guess": with_a_guess(lambda guess: Still()),
    "cDNI: the guess is learned": with_a_guess(lambda guess: SGD(guess, 0.05)),
    "given once, then left alone": with_a_guess(lambda guess: Still()),
}
B = runs["FA"].cores[-1].buffers["B"]
give(runs["given once, then left alone"], B)


def cosine(a, b):
    return (a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-30)


losses, agree = {name: [] for name in runs}, []
for _ in range(TOY_STEPS):
    give(runs["FA, as a given guess"], B)
    for name, rule in runs.items():
        losses[name].append(float(rule.step(x, y)["loss"]))
    cdni = runs["cDNI: the guess is learned"]
    C = cdni.units[0].synthetic_gradient.params["0.W"][HIDDEN:]
    agree.append((cosine(runs["FA"].cores[-1].params["W"], B), cosine(cdni.loss_unit.core.params["W"], -C.T)))

for ours, theirs in zip(runs["FA, as a given guess"].cores, runs["FA"].cores):
    assert all(np.allclose(ours.params[name], theirs.params[name], atol=1e-10) for name in ours.params)
print(f"feedback alignment, and DNI with that guess: the same weights after {TOY_STEPS:,} steps")

# %%
TOY_COLORS = dict(zip(runs, ("0.3", YELLOW, RED, BLUE, GREEN)))
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5))
for name, values in losses.items():
    style = {"linewidth": 4, "alpha": 0.6} if name == "FA" else {"linestyle": "--" if "given guess" in name else "-"}
    left.loglog(np.arange(1, TOY_STEPS + 1), values, label=name, color=TOY_COLORS[name], **style)
left.set(xlabel="step", ylabel="loss", title="five ways to tell the hidden layer")
left.legend(fontsize=8)
for values, color, label in zip(
    np.array(agree).T, (YELLOW, BLUE), ("FA: $W$ and the fixed $B$", "cDNI: $W$ and the learned $-C^T$")
):
    right.semilogx(np.arange(1, TOY_STEPS + 1), values, color=color, label=label)
right.axhline(0, color="0.5", linestyle=":")
right.set(xlabel="step", ylabel="cosine", ylim=(-0.1, 1.05), title="who comes to whom?")
right.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1, 0.08))
plt.show()
for name, values in losses.items():
    print(f"{name:28} loss {values[-1]:.3f}")
print("cosines at the end:", *(f"{value:.2f}" for value in agree[-1]))

# %% [markdown]
# The dashed line lies on the yellow one: the same numbers. And on the right is the difference between the two kinds of
# feedback. In both, $W$ and the way down come to agree. In cDNI *the feedback comes to the weights*: the guess watches,
# and learns. In feedback alignment *the weights come to the feedback*, which cannot move: slowly, and not all the way.
#
# The green line shows what has to be known about the weights above all the same. A guess that is given once still speaks
# of the $W$ of the first step, and the hidden layer goes on correcting errors that the network no longer makes.
#
# So much for the layer below the output, and squared error. With softmax, $e = \mathrm{softmax}(hW + b) - y$, and further
# down, below other layers, what feedback alignment says is no longer linear. It still is a function of $h_k$ and $y$ that
# is given, and not learned.

# %% [markdown]
# ## 3. Three rules in ten lines each
#
# Now three layers, $h_1 = \tanh(xW_1)$, $h_2 = \tanh(h_1W_2)$, $p = h_2W_3$, for four classes. The ways up and the
# updates are the same. Only the lines that make `d2` and `d1` differ.

# %%
SIZES = (IN, 20, 12, 4)
labels = (y @ rng.standard_normal((OUT, 4))).argmax(axis=1)
onehot = np.eye(4)[labels]


def up(W, x):
    h1 = np.tanh(x @ W[0])
    h2 = np.tanh(h1 @ W[1])
    z = np.exp(h2 @ W[2])
    return h1, h2, z / z.sum(axis=1, keepdims=True) - onehot  # the last is e, for softmax and cross-entropy


def update(W, x, h1, h2, d1, d2, e, rate):
    gradients = (x.T @ (d1 * (1 - h1**2)), h1.T @ (d2 * (1 - h2**2)), h2.T @ e)
    for weights, gradient in zip(W, gradients):
        weights -= rate * gradient / len(x)


# %%
def backprop(W, B, x):
    h1, h2, e = up(W, x)
    d2 = e @ W[2].T
    d1 = (d2 * (1 - h2**2)) @ W[1].T
    update(W, x, h1, h2, d1, d2, e, 0.5)


def feedback_alignment(W, B, x):
    h1, h2, e = up(W, x)
    d2 = e @ B[1].T  # B has W's shape
    d1 = (d2 * (1 - h2**2)) @ B[0].T
    update(W, x, h1, h2, d1, d2, e, 0.5)


def direct_feedback_alignment(W, B, x):
    h1, h2, e = up(W, x)
    d2 = e @ B[1]  # B goes from the output to the layer
    d1 = e @ B[0]
    update(W, x, h1, h2, d1, d2, e, 0.5)


# %% [markdown]
# The same as the package's? It draws the same weights and hands us its $B$.

# %%
from dni_np.rules.direct_feedback_alignment import (
    DirectFeedbackAlignment,
    random_feedback,
)


def three_layers():
    rng = np.random.default_rng(3)
    m, n, o, c = SIZES
    hidden = [Sequential([Linear(*pair, rng, bias=False, dtype=float), Tanh()]) for pair in ((m, n), (n, o))]
    return [*hidden, Linear(o, c, rng, bias=False, dtype=float)]


def half(layer):
    return SGD(layer, 0.5)


def matrices(cores):
    return [core.params["0.W" if "0.W" in core.params else "W"] for core in cores]


loss = SoftmaxCrossEntropy()
direct = random_feedback(4, SIZES[1:3], np.random.default_rng(4), dtype=float)
packaged = {
    "backpropagation": (backprop, Backprop(three_layers(), loss, half)),
    "FA": (feedback_alignment, FeedbackAlignment(three_layers(), loss, half, np.random.default_rng(4))),
    "DFA": (direct_feedback_alignment, DirectFeedbackAlignment(three_layers(), loss, half, direct)),
}
feedback = {
    "backpropagation": None,
    "FA": [core.buffers["0.B" if "0.B" in core.buffers else "B"] for core in packaged["FA"][1].cores[1:]],
    "DFA": [layer.params["W"] for layer in direct],
}

# %%
for name, (by_hand, rule) in packaged.items():
    W = [matrix.copy() for matrix in matrices(three_layers())]
    for step in range(200):
        by_hand(W, feedback[name], x)
        rule.step(x, labels)
    assert all(np.allclose(ours, theirs, atol=1e-10) for ours, theirs in zip(W, matrices(rule.cores)))
    wrong = 100 * (rule.predict(x).argmax(axis=1) != labels).mean()
    print(f"{name:16} by hand and in the package: the same weights after 200 steps, {wrong:.1f} % of the labels wrong")

# %% [markdown]
# ## 4. Listening in
#
# What do layers of a real network hear? `arriving_gradients` lets a rule do a step, notes what arrives at each layer, and
# puts everything back as it was. It returns pairs: what arrived, and the true gradient at the same place.

# %%
from dni_np.analysis.arriving_gradients import arriving_gradients
from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find

dataset = load_images("auto")
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
if FAST:
    dataset = dataset.first(1000, 600)
STEPS, BATCH = 20 if FAST else 1000, 128
images = dataset.x_train[: 4 * BATCH].astype(np.float32) * np.float32(dataset.scale)  # the samples on which we look
classes = dataset.y_train[: 4 * BATCH]


def build(rule, layers=4, **changes):
    settings = find("mnist-fcn-quick").settings(
        rule,
        layers=layers,
        width=128,
        batch_size=BATCH,
        steps=STEPS,
        **({"hidden": (256,)} if rule == "dni" else {}),
        **changes,
    )
    return build_loop(settings, dataset, progress=False)


loop = build("fa")
before = loop.rule.state()
pairs = arriving_gradients(loop.rule, images[:BATCH], classes[:BATCH])
after = loop.rule.state()
assert all(np.array_equal(after[name], before[name]) for name in before)
print("FA, before the first step:", *(f"layer {k}: {pooled_cosine(*pair):.2f}" for k, pair in enumerate(pairs, 1)))

# %% [markdown]
# Four batches make one look. The cosine is the pooled one: all samples' gradients as one long vector, so that samples
# with a large gradient count for more, as they do in the update. Where nothing arrives it is zero.

# %%
LOOKS = [step for step in (0, 10, 20, 50, 100, 200, 400, 600, 800, 1000) if step <= STEPS]


def look(rule):
    """The pooled cosine of what arrives with the truth, for each layer but the top one."""
    batches = [arriving_gradients(rule, images[i : i + BATCH], classes[i : i + BATCH]) for i in range(0, 4 * BATCH, BATCH)]
    cosines = []
    for pairs in zip(*batches):  # of one layer
        arrived, true = ([pair[i] for pair in pairs] for i in (0, 1))
        silent = arrived[0] is None
        cosines.append(0.0 if silent else float(pooled_cosine(np.concatenate(arrived), np.concatenate(true))))
    return cosines


def watch(loop, rule=None, note=None):
    """Train; return (test error, cosines (looks, layers), what `note` says at each look)."""
    rule, cosines, notes = rule or loop.rule, [], []
    for step in range(STEPS + 1):
        if step in LOOKS:
            cosines.append(look(rule))
            notes.append(note(rule) if note else None)
        if step < STEPS:
            rule.step(*loop.task.next())
    return loop.task.error(rule, dataset.x_test, dataset.y_test), np.array(cosines), notes


# %% [markdown]
# For feedback alignment we note one thing more: the angle between each $W$ and its $B$. (Layer 1 has no $B$: no error
# goes further down.)


# %%
def angles(rule):
    """Degrees between W and B of each layer but the lowest."""
    found = []
    for core in rule.cores[1:]:
        name = next(name for name in core.buffers if name.split(".")[-1] == "B")
        W, B = core.params[name[:-1] + "W"], core.buffers[name]
        found.append(np.degrees(np.arccos(cosine(W, B))))
    return found


NAMES = {
    "none": "none", "backprop": "backpropagation", "bp-lambda": "BP(0.5)", "cdni": "cDNI", "dni": "DNI", "critic": "critic",
    "stale": "stale", "fa": "FA", "dfa": "DFA", "kickback": "Kickback", "local": "local losses",
}  # fmt: skip
results, turned, networks = {}, {}, {}
for rule in NAMES:
    loop = build(rule)
    error, cosines, notes = watch(loop, note=angles if rule == "fa" else None)
    results[rule, 4], turned[rule, 4], networks[rule] = (error, cosines), notes, loop.rule
    print(f"{NAMES[rule]:16} {error:5.2f} % test error    cosines at the end", *(f"{value:5.2f}" for value in cosines[-1]))

# %%
LAYER_COLORS = plt.get_cmap("viridis")(np.linspace(0.9, 0.1, 3))
figure, axes = plt.subplots(3, 3, figsize=(9.5, 7.2), sharex=True, sharey=True)
for axis, rule in zip(axes.flat, ("bp-lambda", "cdni", "dni", "fa", "dfa", "kickback", "local", "critic", "stale")):
    error, cosines = results[rule, 4]
    for k in range(3):
        axis.plot(LOOKS, cosines[:, k], ".-", color=LAYER_COLORS[k], label=f"layer {k + 1}")
    axis.axhline(0, color="0.5", linestyle=":")
    axis.set(ylim=(-0.15, 1.05), title=f"{NAMES[rule]} ({error:.1f} % wrong)")
    axis.set_xscale("symlog", linthresh=10)
axes[1, 0].set_ylabel("pooled cosine of what arrives with the truth")
for axis in axes[-1]:
    axis.set_xlabel("step")
axes[0, 2].legend(fontsize=8)
figure.suptitle(f"What three hidden layers are told ({DATA}; dotted: chance; backpropagation would be at 1)")
plt.show()
print("cosines in layer 3, after step  ", *(f"{step:5}" for step in LOOKS))
for rule in ("fa", "dfa", "local", "dni", "critic"):
    print(f"{NAMES[rule]:32}", *(f"{value:5.2f}" for value in results[rule, 4][1][:, 2]))

# %% [markdown]
# - **FA, DFA and the local losses begin at chance.** Before training, and for the first twenty steps, what they say has
#   nothing to do with the truth; in the end the cosines are 0.36 to 0.56 (prediction 1). No rule made the signals follow
#   the layers above. It was the layers above that learned to use what these layers had been told to make, and so the
#   truth came to agree with what was told. For the local losses too, which know of no layer above.
# - **cDNI** begins at zero, as its guesses do, and gets truer; most next to the loss, where it learns from the truth
#   itself.
# - **DNI**, which does not see the label, is above 0.5 in layer 3 after ten steps. Then it gets *worse*: the more the
#   network masters, the less an output tells which way it is wrong.
# - **BP(0.5)** is half truth, half guess, and all truth as long as the guesses are zero.
# - **Kickback** is exact in layer 3. But look at the other two: layer 1 hears more of the truth than layer 2 (exercise
#   3).
# - **The critic** has to learn losses before its slopes mean anything. **Stale** gradients are those of other samples:
#   chance.
#
# (All learn by Adam, at 1e-3, but DNI's and the critic's layers at 3e-4 and those that hear stale gradients at 3e-5, as
# in their recipes. At step 600 the rates drop, and little changes any more.)
#
# ### Weights that turn toward their feedback
#
# That is what gave feedback alignment its name: $W$ turns toward $B$. Here in four layers, and in ten. (We train some
# more networks for this, of which the next section shows the errors.)

# %%
DEPTHS = (3, 4, 6) if FAST else (3, 4, 6, 10)
DEPTH_RULES = ("none", "backprop", "cdni", "fa", "dfa", "kickback", "local")
for layers in DEPTHS:
    for rule in DEPTH_RULES:
        if (rule, layers) not in results:
            error, cosines, notes = watch(build(rule, layers=layers), note=angles if rule == "fa" else None)
            results[rule, layers], turned[rule, layers] = (error, cosines), notes

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5), sharey=True)
for axis, layers in zip(axes, (4, DEPTHS[-1])):
    degrees = np.array(turned["fa", layers])
    colors = plt.get_cmap("plasma")(np.linspace(0.85, 0.05, layers - 1))
    for k in range(layers - 1):
        axis.plot(LOOKS, degrees[:, k], ".-", color=colors[k], label=f"$W_{{{k + 2}}}$")
    axis.axhline(90, color="0.5", linestyle=":")
    axis.set_xscale("symlog", linthresh=10)
    axis.set(xlabel="step", title=f"{layers} layers", xlim=(-0.5, 1.2 * STEPS))
    axis.legend(fontsize=8, ncols=1 + layers // 6, loc="lower left")
axes[0].set_ylabel("angle between $W$ and $B$ (degrees)")
figure.suptitle(f"Feedback alignment: weights turn toward the feedback ({DATA})")
plt.show()
for layers in (4, DEPTHS[-1]):
    print(f"{layers} layers, angles at the end:", *(f"{angle:.0f}" for angle in turned["fa", layers][-1]))
    print("    cosines, layer 1 upwards:", *(f"{value:.2f}" for value in results["fa", layers][1][-1]))

# %% [markdown]
# The top matrix turns from 90 to 62 degrees. The others hardly turn at all: 84 and 86. And yet layer 1 hears as much of
# the truth as layer 2. How can a matrix stand in for another that is nearly orthogonal to it? In most directions it need
# not. Errors of ten classes come in few directions, and only there do $W$ and $B$ have to agree. Send the signals of four
# layers down once through $B$ and once through $W$:

# %%
network = networks["fa"]
h, caches = images, []
for core in network.cores:
    h, cache = core.forward(h)
    caches.append(cache)
told = [arrived for arrived, _ in arriving_gradients(network, images, classes)]
told.append(network.loss_unit.loss(h, classes)[1])  # the top layer hears e
for k in (1, 2, 3):
    core = network.cores[k]
    linear = core.layers[0] if hasattr(core, "layers") else core
    B = linear.buffers["B"].copy()
    through_B = core.backward(told[k], caches[k])
    linear.buffers["B"][...] = linear.params["W"]
    through_W = core.backward(told[k], caches[k])
    linear.buffers["B"][...] = B
    print(f"layer {k + 1}: cosine of W and B {cosine(linear.params['W'], B):.2f},", end=" ")
    print(f"of the same signal through W and through B {pooled_cosine(through_B, through_W):.2f}")

# %% [markdown]
# Still, each passage costs something. In ten layers the lower five hear 0.07 of the truth at most.
#
# ## 5. How far does it reach?
#
# The same rules in 3 to 10 layers. The rates stay as they are; each network has 1,000 steps.

# %%
COLORS = dict(zip(NAMES, ("0.6", "black", "#8c6bb1", BLUE, "#7fb3d5", "#b07d62", "#c9b79c", YELLOW, RED, GREEN, "#e377c2")))
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.9))
for rule in DEPTH_RULES:
    left.plot(DEPTHS, [results[rule, layers][0] for layers in DEPTHS], "o-", color=COLORS[rule], label=NAMES[rule])
    print(f"{NAMES[rule]:16}" + "".join(f"{results[rule, layers][0]:8.2f}" for layers in DEPTHS))
percent_axis(left)
left.set(xlabel="layers", xticks=DEPTHS, title="test error")
figure.legend(loc="outside right center", fontsize=8)
deepest = DEPTHS[-1]
for rule in DEPTH_RULES[2:]:
    right.plot(range(1, deepest), results[rule, deepest][1][-1], "o-", color=COLORS[rule])
right.axhline(0, color="0.5", linestyle=":")
right.set(xlabel="layer", ylabel="pooled cosine with the truth", ylim=(-0.1, 1.05), xticks=range(1, deepest))
right.set_title(f"{deepest} layers: what arrives, at the end")
figure.suptitle(f"Seven rules, deeper and deeper ({DATA}, {STEPS:,} steps)")
plt.show()
print(f"{deepest} layers, cosines at the end, layer 1 upwards:")
for rule in DEPTH_RULES[2:]:
    print(f"{NAMES[rule]:16}", *(f"{value:5.2f}" for value in results[rule, deepest][1][-1]))

# %% [markdown]
# - **FA** passes the error through nine matrices that are not quite right, and below the middle there is next to nothing
#   left. **DFA** goes through one such matrix only, whatever the depth: 0.22 to 0.36 at every layer, and in ten layers
#   little more than a third of FA's error. (In three layers FA is no worse.)
# - **cDNI** loses something at every guess of a guess, from 0.97 at the top to 0.22 at the bottom.
# - **Kickback** goes up from 3.6 % to 6.2 %.
# - **Local losses** do not notice (prediction 3): 3.85, 3.75, 3.68, 3.67 %. Each layer is told to be useful to a
#   classifier of its own, and that is no harder high up than low down. The layer below has done its part already.
#
# ## 6. Does a truer signal make a better network?
#
# All networks so far in one figure: how true the signals were, and how many test images are wrong. To have something to
# hold it against, one more rule: tell each layer the truth *plus noise*, fresh for each sample and step, of such a size
# that the cosine is 0.1, 0.2 or 0.4.


# %%
class TruthAndNoise(Backprop):
    """Each hidden layer hears the true gradient plus noise, of such a size that the pooled cosine is `cosine`."""

    def __init__(self, rule, cosine, rng):
        self.cores, self.loss_unit, self.cosine, self.rng = rule.cores, rule.loss_unit, cosine, rng

    def step(self, x, y):
        h, caches = x, []
        for core in self.cores:
            h, cache = core.forward(h)
            caches.append(cache)
        loss, gradient = self.loss_unit.loss(h, y)
        top = True
        for core, cache in zip(reversed(self.cores), reversed(caches)):
            below = core.backward(gradient, cache)  # the truth, for those below
            if not top:
                core.backward(self.disturbed(gradient), cache, input_gradient=False)
            gradient, top = below, False
        self.loss_unit.optimizer.step()
        return {"loss": loss}

    def disturbed(self, gradient):
        noise = self.rng.standard_normal(gradient.shape, dtype=gradient.dtype)
        size = np.linalg.norm(gradient) / np.linalg.norm(noise) * np.sqrt(1 / self.cosine**2 - 1)
        return gradient + noise * gradient.dtype.type(size)


noisy = {}
for layers in (4, DEPTHS[-1]):
    for wanted in (0.1, 0.2, 0.4):
        loop = build("backprop", layers=layers)
        noisy[layers, wanted] = watch(loop, TruthAndNoise(loop.rule, wanted, np.random.default_rng(7)))[:2]
        print(f"{layers:2} layers, the truth and noise: {noisy[layers, wanted][0]:5.2f} % test error", end="")
        print(f"    mean cosine {noisy[layers, wanted][1].mean():.2f}")

# %%
from matplotlib.lines import Line2D

late = len(LOOKS) // 2  # the second half of the looks
figure, axis = plt.subplots(figsize=(9, 4.6))
MARKERS = dict(zip(DEPTHS, "^osD"))
for (rule, layers), (error, cosines) in results.items():
    axis.scatter(cosines[late:].mean(), error, color=COLORS[rule], marker=MARKERS[layers], s=45, zorder=3)
for layers, style in ((4, "-"), (DEPTHS[-1], "--")):
    points = [(cosines[late:].mean(), error) for (depth, _), (error, cosines) in noisy.items() if depth == layers]
    points.append((1.0, results["backprop", layers][0]))
    axis.plot(*np.transpose(points), style, color="0.7", marker=MARKERS[layers], markersize=5, zorder=1)
percent_axis(axis)
axis.set(xlabel=f"pooled cosine with the truth, mean over hidden layers and steps {LOOKS[late]:,} to {LOOKS[-1]:,}")
handles = [Line2D([], [], color=COLORS[rule], marker="o", linestyle="", label=name) for rule, name in NAMES.items()]
handles += [Line2D([], [], color="0.3", marker=marker, linestyle="", label=f"{n} layers") for n, marker in MARKERS.items()]
handles += [
    Line2D([], [], color="0.7", linestyle=s, label=f"truth and noise, {n}") for n, s in ((4, "-"), (DEPTHS[-1], "--"))
]
figure.legend(handles=handles, loc="outside right center", fontsize=8)
axis.set_title(f"Truer signals and better networks ({DATA}, {STEPS:,} steps)")
plt.show()


def ranks(values):
    return np.argsort(np.argsort(values))


four = [results[rule, 4] for rule in NAMES]
truth_ranks, error_ranks = ranks([cosines[late:].mean() for _, cosines in four]), ranks([error for error, _ in four])
print(
    f"four layers, {len(four)} rules: rank correlation of cosine and error {np.corrcoef(truth_ranks, error_ranks)[0, 1]:.2f}"
)
for layers in DEPTHS:
    print(
        f"{layers:2} layers:", *(f"{NAMES[rule]} {results[rule, layers][1][late:].mean():.2f}" for rule in DEPTH_RULES[1:])
    )

# %% [markdown]
# On the whole, yes. In four layers the two orders are nearly the same: the rank correlation is -0.96 (prediction 2: of
# your five the one out of place is the local loss, fourth in truth, and level with Kickback in error). But part of that
# is the rates, which DNI, the critic and stale gradients need smaller, and a cosine belongs to *its own* network's truth.
# What does not fit is more telling. Compare with the gray lines, where nothing is wrong with the signal but noise:
#
# - **The local losses**, and BP(0.5), are on the line of four layers; all others are above it. In ten layers the local
#   losses are far below theirs: a cosine of 0.31 and 3.67 % wrong, for which the truth with noise would need one well
#   above 0.4. What a local loss tells beside the truth is no error. It is something else that is worth doing.
# - **cDNI** is above its line, in ten layers most of all: 0.44 and 8.8 % wrong, where the truth with noise has 5.5 % at
#   0.4. Noise is different at each step, and cancels. What a linear guess gets wrong it gets wrong in the same way again
#   and again. (That is one reading. Another is that the mean over layers hides how little of the truth the lowest ones
#   hear.)
# - In ten layers **DFA** is under the line, **Kickback** on it, and **FA** above.
#
# So a cosine says how much of what backpropagation would have said has been said. It does not say whether the rest did
# harm, or good.
#
# ## Exercises
#
# 1. **Only the sign.** A synapse that sends errors down may not know how strong the one on the way up is, but perhaps
#    whether it excites or inhibits. Take `feedback_alignment` of section 3 with $B = \mathrm{sign}(W)$, times the mean
#    size of $W$, at every step. Where between feedback alignment and backpropagation do you expect it?
# 2. **A louder B.** In section 3 FA has 4.7 % wrong and backpropagation 0.4 %. Multiply $B$ by 3. What does that say
#    about the comparison? Would it have mattered in section 4?
# 3. **Kickback's first layer** hears more of the truth than its second. Why? Compare what the units of $h_2$ and $h_3$
#    stand for (`error_of_each` in `dni_np.rules.kickback`) with the true gradients there, and the top matrix with its start.
# 4. **Every sample one vote.** Replace the pooled cosine in section 4 by the mean over samples (`gradient_error`). Which
#    rule still looks good?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# These numbers were measured outside of this notebook, with the code that stands here, or after the change asked for.
#
# 1. It is nearly backpropagation: no label wrong after 200 steps and a loss of 0.070, where backpropagation has 0.054 and
#    random feedback 0.176. What arrives has a cosine of 0.83 (layer 1) and 0.93 (layer 2) with the truth, and 0.60 and
#    0.79 already before the first step: nothing has to turn first. Random signs do not help, 5 to 8 % wrong.
#
#    ```python
#    W = [matrix.copy() for matrix in matrices(three_layers())]
#    for step in range(200):
#        feedback_alignment(W, [np.sign(matrix) * abs(matrix).mean() for matrix in W[1:]], x)
#    ```
#
# 2. Then FA, too, has 0.4 % wrong, with a loss of 0.049. With plain descent the size of $B$ is part of the learning rate
#    of the hidden layers, so a comparison at one rate says little. Adam divides it out again: in section 4 it would not
#    have mattered.
#
# 3. What the units of $h_2$ are taken for has a cosine of 0.55 with the truth there, that of $h_3$ 0.11. Layer 2 is free
#    to make its unit $j$ speak for class $j$ mod 10, as layer 1 believes it does, since it is told so, and $W_3$ learns
#    to read it. But what a unit of $h_3$ means is settled by the top matrix, which stays near its random start (0.92),
#    and not by what layer 2 believes.
#
#    ```python
#    from dni_np.rules.kickback import error_of_each
#    from dni_np.rules.true_targets import true_gradients
#
#    rule = networks["kickback"]
#    hs, truths = true_gradients(rule.cores, rule.loss_unit.loss, images, classes)
#    e = rule.loss_unit.loss(rule.cores[-1].forward(hs[-1])[0], classes)[1]
#    print([float(pooled_cosine(error_of_each(e, h), true)) for h, true in zip(hs, truths)])
#    start = build("kickback").rule.cores[-1].params["0.W"]
#    print(cosine(rule.cores[-1].params["0.W"], start))
#    ```
#
# 4. Kickback: 0.65, 0.20 and 1; FA keeps most, too (0.25, 0.34, 0.51). Those that guess fall: BP(0.5) to 0.26, 0.30 and
#    0.21, cDNI to 0.21, 0.24 and 0.22. On samples that the network has mastered the truth is next to nothing, and a guess
#    that is a little off there is wrong in direction ([notebook 03](03_how_good_is_the_guess.ipynb)). Local losses and
#    DFA fall to 0.15 or so in layers 1 and 2. One reading: what Kickback and FA say comes down through the same ReLUs and
#    batch normalizations as the truth, and for a mastered sample that is most of what there is.
#
# </details>
#
# ## Summary
#
# - Every rule (all but stale) puts some function $M(h_k, y)$ in the place of the true gradient: learned, given, or made for
#   another purpose.
# - Feedback alignment is a synthetic gradient that is given; below the output, with squared error, a linear one. In cDNI
#   the feedback comes to the weights, in feedback alignment the weights come to the feedback.
# - Signals that have nothing to do with the truth at first come to agree with it, because the layers above learn to use
#   what the layer was told to make. In feedback alignment that happens in the few directions errors come in.
# - What is passed from layer to layer through something inexact fades with depth (FA, cDNI); what comes straight from the
#   output (DFA) or from a loss at the layer itself (local) is much the same at every layer.
# - Truer signals mostly make better networks. Local losses are the exception: far from the truth in ten layers, and as
#   good as in three.
#
# One seed, one width, short runs, one set of rates: the shapes are what to look at, not the digits. (With a second seed,
# run outside of this notebook, ten layers had 15.8 % wrong by FA, 8.2 by cDNI, 6.7 by Kickback, 5.5 by DFA, 3.5 by local
# losses, 3.3 by backpropagation.)
#
# Next: [notebook 14](14_what_they_do.ipynb), what the guesses of cDNI do to the layers in the end. Back to the
# [README](../README.md).

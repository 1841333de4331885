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
# # What can stand in for the gradient?
#
# | | |
# |---|---|
# | **Question** | What can a layer learn from, if not from the true gradient? |
# | **Time** | about an hour |
# | **Level** | sixth notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 02](02_mnist.ipynb), [notebook 03](03_how_good_is_the_guess.ipynb) |
#
# Backpropagation brings each layer the gradient of the loss, a synthetic gradient a guess of it,
# feedback alignment something made with random weights, a local loss something that has nothing to
# do with the layers above. Networks learn from all of them. [Czarnecki et al.
# 2017](https://proceedings.mlr.press/v70/czarnecki17a.html) found one language for such methods.
# Here is the family; all go forward alike (gray).

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np import backend
from dni_np.pictures import style
from dni_np.pictures.error_signals import error_signals

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
backend.use("numpy")
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})
error_signals()

# %% [markdown]
# ## 1. One question, eleven answers
#
# Layer $k$ makes $h_k$ from $h_{k-1}$, a row for each sample. To learn, it needs for each sample
# one vector $\delta_k$: in which direction should $h_k$ change? The true answer is the gradient
# $g_k = \partial L/\partial h_k$. Further, $J_k = \partial h_k/\partial h_{k-1}$ is what layer $k$
# does to a gradient on its way down, and $e = \partial L/\partial p$ the error at the output $p$.
#
# Below, ↑ means "all layers above, forward" and ↑↓ "all layers above, forward and back".
#
# | rule | $\delta_k$ | waits for | learned in it | what its target waits for |
# |---|---|---|---|---|
# | none | $0$ | nothing | nothing | |
# | backpropagation | $\delta_{k+1} J_{k+1} = g_k$ | ↑↓ | nothing | |
# | DNI | $M_k(h_k)$ | nothing | $M_k$ | layer $k+1$, forward and back |
# | cDNI | $M_k(h_k, y)$ | the label | $M_k$ | layer $k+1$, forward and back |
# | critic | $\partial v_k(h_k, y)/\partial h_k$ | the label | $v_k$, from the loss | ↑ |
# | stale | average of past gradients | nothing | the average | ↑↓ |
# | BP(λ) | $\lambda\,\delta_{k+1} J_{k+1} + (1 - \lambda) M_k$ | ↑↓ | $M_k$ | ↑↓ |
# | feedback alignment (FA) | $\delta_{k+1} J_{k+1}$, $B$ for $W$ | ↑↓ | nothing | |
# | direct FA (DFA) | $e\,B_k$ | ↑ | nothing | |
# | Kickback | $s_{k+1} J_{k+1}$ | ↑ | nothing | |
# | local loss | $\partial\,\ell(a_k(h_k), y)/\partial h_k$ | the label | $a_k$ | the label |
#
# (Every layer waits for its input, too. A critic $v_k$ guesses the loss, one number, and gives its
# slope; $a_k$ is a classifier; the $B$ are random and fixed.)
#
# **Kickback** in words: let unit $j$ of layer $k + 1$ stand for class $j$ mod $C$. Its signal $s$
# is that class's entry of $e$. A unit of layer $k$ learns from the $s$ of all units above, weighted
# by its influence on each: one step of backpropagation, from made-up gradients.
#
# Now read the second column as functions. The true gradient is a function of $h_k$ and $y$, given
# the weights above. So every rule but "stale" puts *some* function $M(h_k, y)$ in its place:
# learned (cDNI), computed from the weights above (FA, DFA, Kickback), or made for another purpose
# (local loss). That is the one language.
#
# ## Your prediction
#
# 1. In feedback alignment errors come down through random weights. What is the cosine between what
#    arrives and the true gradient: before training? After 1,000 steps on MNIST?
# 2. Four layers, all else equal: backpropagation, cDNI, FA, Kickback, local losses. Order them by
#    the cosine of their signals with the truth. Order them by test error. Is it the same order?
# 3. And in ten layers: which will be in trouble, and which will stay as good as it was?
#
# ## 2. Feedback alignment is a synthetic gradient
#
# Take one hidden layer, $p = hW + b$, and the squared error, so that $e = p - y$. The hidden layer
# receives $eW^\top$ in backpropagation and $eB^\top$ in feedback alignment:
#
# $$e B^\top = h\,(WB^\top) + y\,(-B^\top) + bB^\top$$
#
# This is linear in $h$ and $y$. So is the guess of cDNI, $\hat g = hA + yC + c$. Feedback alignment
# must then be DNI with a guess that is *given*, anew before each step, because $WB^\top$ has a $W$
# in it. Is that so? Beside it: cDNI, which learns its guess; and a guess given once, at the start.

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

rng = np.random.default_rng(0)
IN, HIDDEN, OUT = 10, 16, 3
x = rng.standard_normal((256, IN))
first, second = rng.standard_normal((IN, 8)) / IN**0.5, rng.standard_normal((8, OUT)) / 8**0.5
y = np.tanh(2 * x @ first) @ second  # what a small network would answer

# %%
class NoOptimizer:
    steps = 0  # updates so far

    def step(self):
        pass


def two_layers():
    rng = np.random.default_rng(1)  # the same weights each time
    hidden = Sequential([Linear(IN, HIDDEN, rng, dtype=float), Tanh()])
    return [hidden, Linear(HIDDEN, OUT, rng, dtype=float)]


def descent(layer):
    return SGD(layer, 0.1)


def with_a_guess(optimizer_of_guess):
    hidden, top = two_layers()
    sees = Conditioning(("output", "label"), HIDDEN, label=OUT)
    guess = SyntheticGradient(HIDDEN, sees, np.random.default_rng(0), dtype=float)  # linear, zero
    unit = DNI(hidden, guess, descent(hidden), optimizer_of_guess(guess))
    return DNIChain([unit], LossUnit(top, SquaredError(), descent(top)), OUT)

# %%
def give(network, B):
    """Make the guess what feedback alignment would bring."""
    W, b = network.loss_unit.core.params["W"], network.loss_unit.core.params["b"]
    guess = network.units[0].synthetic_gradient.params
    guess["0.W"][...] = np.concatenate([W @ B.T, -B.T])  # A above C
    guess["0.b"][...] = b @ B.T


def cosine(a, b):
    return (a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-30)


TOY_STEPS = 100 if FAST else 2000
toys = {
    "backpropagation": Backprop(two_layers(), SquaredError(), descent),
    "FA": FeedbackAlignment(two_layers(), SquaredError(), descent, np.random.default_rng(2)),
    "FA, as a given guess": with_a_guess(lambda guess: NoOptimizer()),
    "cDNI: the guess is learned": with_a_guess(lambda guess: SGD(guess, 0.05)),
    "given once, then left alone": with_a_guess(lambda guess: NoOptimizer()),
}
B = toys["FA"].cores[-1].buffers["B"]

# %%
give(toys["given once, then left alone"], B)
cdni, losses, agree = toys["cDNI: the guess is learned"], {name: [] for name in toys}, []
for _ in range(TOY_STEPS):
    give(toys["FA, as a given guess"], B)
    for name, rule in toys.items():
        losses[name].append(float(rule.step(x, y)["loss"]))
    C = cdni.units[0].synthetic_gradient.params["0.W"][HIDDEN:]
    with_fixed = cosine(toys["FA"].cores[-1].params["W"], B)
    agree.append((with_fixed, cosine(cdni.loss_unit.core.params["W"], -C.T)))
for given, by_rule in zip(toys["FA, as a given guess"].cores, toys["FA"].cores):
    for name, array in given.params.items():
        assert np.allclose(array, by_rule.params[name], atol=1e-10)
print(f"FA, and DNI with that guess: the same weights after {TOY_STEPS:,} steps")

# %%
FA, DFA, KICKBACK, LOCAL = (style.OTHERS[i] for i in (4, 1, 3, 0))
LOOKS_LIKE = [(style.BACKPROP, "-"), (FA, "-"), (style.DNI, ":"), (style.CDNI, "-"), (FA, "--")]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5))
steps = np.arange(1, TOY_STEPS + 1)
for (name, values), (color, line) in zip(losses.items(), LOOKS_LIKE):
    width = 4 if name == "FA" else 1.8
    left.loglog(steps, values, line, color=color, linewidth=width, label=name)
    print(f"{name:28} loss {values[-1]:.3f}")
left.set(xlabel="step", ylabel="loss", title="A given guess (dotted) is FA")
left.legend(fontsize=8)
names = "FA: $W$ and the fixed $B$", "cDNI: $W$ and the learned $-C^T$"
for values, color, name in zip(np.transpose(agree), (FA, style.CDNI), names):
    right.semilogx(steps, values, color=color, label=name)
right.axhline(0, color="0.5", linestyle=":")
right.set(xlabel="step", ylabel="cosine", ylim=(-0.1, 1.05))
right.set_title("Weights and feedback come to agree")
right.legend(fontsize=8, loc="upper left")
plt.show()
print("cosines at the end:", *(f"{value:.2f}" for value in agree[-1]))

# %% [markdown]
# The dotted line lies on FA's: the same numbers. And the right-hand figure shows the difference
# between the two kinds of feedback. In both, $W$ and the way down come to agree. In cDNI *the
# feedback comes to the weights*: the guess learns. In feedback alignment *the weights come to the
# feedback*, which is fixed: slowly, and not all the way.
#
# The dashed line: a guess given once describes the $W$ of the first step, and goes on correcting
# errors that the network no longer makes.
#
# Below other layers what FA brings is not linear; it still is a given function of $h_k$ and $y$.
#
# ## 3. Three rules, by hand
#
# Now three layers and four classes. The rules differ in the lines that make `d2` and `d1`.

# %%
SIZES = (IN, 20, 12, 4)
labels = (y @ rng.standard_normal((OUT, 4))).argmax(axis=1)
onehot = np.eye(4)[labels]


def backprop(e, h2, W, B):
    """What layers 1 and 2 learn from."""
    d2 = e @ W[2].T
    d1 = (d2 * (1 - h2**2)) @ W[1].T
    return d1, d2


def feedback_alignment(e, h2, W, B):
    """B = [B_2, B_3], of the shapes of W_2 and W_3."""
    d2 = e @ B[1].T
    d1 = (d2 * (1 - h2**2)) @ B[0].T
    return d1, d2

# %%
def step_by_hand(signals, W, B, rate=0.5):
    h1 = np.tanh(x @ W[0])
    h2 = np.tanh(h1 @ W[1])
    z = np.exp(h2 @ W[2])
    e = z / z.sum(axis=1, keepdims=True) - onehot  # p - y, as in notebook 02
    d1, d2 = signals(e, h2, W, B)
    gradients = x.T @ (d1 * (1 - h1**2)), h1.T @ (d2 * (1 - h2**2)), h2.T @ e
    for weights, gradient in zip(W, gradients):
        weights -= rate * gradient / len(x)


def half(layer):
    return SGD(layer, 0.5)


def wrong_and_loss(W):
    logits = np.tanh(np.tanh(x @ W[0]) @ W[1]) @ W[2]
    wrong = 100 * (logits.argmax(axis=1) != labels).mean()
    return f"{wrong:.1f} % wrong, loss {loss(logits, labels)[0]:.3f}"

# %% [markdown]
# ## Your turn
#
# Direct feedback alignment is simpler than both: two lines.

# %%
def direct_signals(e, h2, W, B):
    """Return (d1, d2), what layers 1 and 2 learn from.

    e (N, 4) is the error at the output; B = [B_1 (4, 20), B_2 (4, 12)] leads from the output
    straight to each layer.
    """

# %%
from dni_np.rules.direct_feedback_alignment import DirectFeedbackAlignment, random_feedback


def three_layers():
    rng = np.random.default_rng(3)
    pairs = zip(SIZES[:2], SIZES[1:3])
    below = [Sequential([Linear(*p, rng, bias=False, dtype=float), Tanh()]) for p in pairs]
    return [*below, Linear(*SIZES[2:], rng, bias=False, dtype=float)]


def weights(cores, name="W"):
    """The arrays of that name, params (or buffers) of the linear layers."""
    every = [{**core.params, **core.buffers} for core in cores]
    return [next(own[key] for key in own if key.split(".")[-1] == name) for own in every]


loss, B_rng = SoftmaxCrossEntropy(), np.random.default_rng
direct = random_feedback(4, SIZES[1:3], B_rng(4), dtype=float)
package = {  # each time anew
    "backprop": lambda: Backprop(three_layers(), loss, half),
    "FA": lambda: FeedbackAlignment(three_layers(), loss, half, B_rng(4)),
    "DFA": lambda: DirectFeedbackAlignment(three_layers(), loss, half, direct),
}

# %%
def check(signals, rule, B):
    """The same weights as the package's after 200 steps?"""
    if signals(np.zeros((5, 4)), np.zeros((5, 12)), weights(three_layers()), B) is None:
        return print("Nothing is written yet. What follows uses the package's rule.")
    rule, W = package[rule](), [matrix.copy() for matrix in weights(three_layers())]
    for _ in range(200):
        step_by_hand(signals, W, B)
        rule.step(x, labels)
    for ours, other in zip(W, weights(rule.cores), strict=True):
        assert np.allclose(ours, other, atol=1e-10), "not the package's weights"
    print(f"the same weights as the package's; {wrong_and_loss(W)}: {signals.__name__}")


B_fa, B_dfa = weights(package["FA"]().cores[1:], "B"), weights(direct)
check(backprop, "backprop", None)
check(feedback_alignment, "FA", B_fa)
check(direct_signals, "DFA", B_dfa)

# %% [markdown]
# ## 4. What arrives at the layers
#
# Now MNIST, four layers. `arriving_gradients` lets a rule do a step, notes what arrives at each
# layer, and restores everything. It returns pairs: what arrived, and the true gradient there. The
# cosine is pooled over four batches, as one long vector. Where nothing arrives it is called zero.

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
images = dataset.x_train[: 4 * BATCH].astype(np.float32) * np.float32(dataset.scale)
classes = dataset.y_train[: 4 * BATCH]  # the samples that every measurement uses


def build(rule, layers=4):
    special = {"hidden": (256,)} if rule == "dni" else {}
    sizes = {"layers": layers, "width": 128, "batch_size": BATCH, "steps": STEPS}
    settings = find("mnist-fcn-quick").settings(rule, **sizes, **special)
    return build_loop(settings, dataset, progress=False)

# %%
STOPS = [step for step in (0, 10, 20, 50, 100, 200, 400, 600, 800, 1000) if step <= STEPS]
PARTS = [slice(i, i + BATCH) for i in range(0, 4 * BATCH, BATCH)]


def signal_cosines(rule):
    """The pooled cosine of what arrives with the truth, for each layer but the top one."""
    found = []
    for layer in zip(*(arriving_gradients(rule, images[part], classes[part]) for part in PARTS)):
        arrived, true = zip(*layer)
        nothing = arrived[0] is None
        pooled = None if nothing else map(np.concatenate, (arrived, true))
        found.append(0.0 if nothing else float(pooled_cosine(*pooled)))
    return found


def train(loop, rule=None, note=None):
    """Return (test error, cosines (stops, layers), what `note` finds at each stop)."""
    rule, cosines, notes = rule or loop.rule, [], []
    for step in range(STEPS + 1):
        if step in STOPS:
            cosines.append(signal_cosines(rule))
            notes.append(note(rule) if note else None)
        if step < STEPS:
            rule.step(*loop.task.next())
    return loop.task.error(rule, dataset.x_test, dataset.y_test), np.array(cosines), notes

# %%
def angles(rule):
    """In FA: degrees between W and B of each layer but the lowest, which has no B."""
    pairs = zip(weights(rule.cores[1:]), weights(rule.cores[1:], "B"))
    return [np.degrees(np.arccos(cosine(W, B))) for W, B in pairs]


NAMES = {
    "none": "none", "backprop": "backpropagation", "bp-lambda": "BP(0.5)", "cdni": "cDNI",
    "dni": "DNI", "critic": "critic", "stale": "stale", "fa": "FA", "dfa": "DFA",
    "kickback": "Kickback", "local": "local losses",
}  # fmt: skip
results, angle_notes, networks = {}, {}, {}
for rule in NAMES:
    loop = build(rule)
    error, cosines, notes = train(loop, note=angles if rule == "fa" else None)
    results[rule, 4], angle_notes[rule, 4], networks[rule] = (error, cosines), notes, loop.rule
    ends = "".join(f"{value:6.2f}" for value in cosines[-1])
    print(f"{NAMES[rule]:16}{error:6.2f} % test error; cosines at the end:{ends}")

# %%
SHADES = plt.get_cmap("viridis")(np.linspace(0.85, 0.1, 3))
PANELS = ("bp-lambda", "cdni", "dni", "fa", "dfa", "kickback", "local", "critic", "stale")
figure, axes = plt.subplots(3, 3, figsize=(9.5, 7.2), sharex=True, sharey=True)
for axis, rule in zip(axes.flat, PANELS):
    error, cosines = results[rule, 4]
    for k in range(3):
        axis.plot(STOPS, cosines[:, k], ".-", color=SHADES[k], label=f"layer {k + 1}")
    axis.axhline(0, color="0.5", linestyle=":")
    axis.set(ylim=(-0.15, 1.05), title=f"{NAMES[rule]} ({error:.1f} % wrong)")
    axis.set_xscale("symlog", linthresh=10)
axes[1, 0].set_ylabel("pooled cosine of what arrives with the truth")
for axis in axes[-1]:
    axis.set_xlabel("step")
axes[0, 2].legend(fontsize=8)
figure.suptitle(f"Signals that start at chance come to agree with the truth ({DATA})")
plt.show()
for rule in ("fa", "dfa", "local", "dni"):
    print(f"layer 3, {NAMES[rule]:13}", *(f"{value:5.2f}" for value in results[rule, 4][1][:, 2]))

# %% [markdown]
# (Backpropagation would be at 1; the dotted line is chance.)
#
# - **FA, DFA and the local losses begin at chance** and end at 0.37 to 0.64. No rule made the
#   signals follow the layers above. The layers above learned to use what these layers had been
#   trained to make, and so the truth came to agree with the signals. For the local losses too,
#   which know of no layer above.
# - **cDNI** begins at zero, as its guesses do, and becomes truer, most of all next to the loss.
# - **DNI**, which does not see the label, is above 0.5 in layer 3 after ten steps. Then it gets
#   *worse*: the more the network has learned, the less an output says about which way it is wrong.
# - **Kickback** is exact in layer 3. But layer 1 has a higher cosine than layer 2 (exercise 3).
# - **Stale** gradients are those of other samples: chance.
#
# (All learn by Adam at 1e-3, but the layers of DNI and critic at 3e-4 and of stale at 3e-5, as in
# their recipes.)
#
# ### Weights that turn toward their feedback
#
# This gave feedback alignment its name. (The other networks are for the next section.)

# %%
DEPTHS = (3, 4, 6) if FAST else (3, 4, 6, 10)
DEPTH_RULES = ("none", "backprop", "cdni", "fa", "dfa", "kickback", "local")
for layers in DEPTHS:
    for rule in DEPTH_RULES:
        if (rule, layers) not in results:
            note = angles if rule == "fa" else None
            error, cosines, angle_notes[rule, layers] = train(build(rule, layers), note=note)
            results[rule, layers] = error, cosines

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.3), sharey=True)
for axis, layers in zip(axes, (4, DEPTHS[-1])):
    degrees = np.array(angle_notes["fa", layers])
    shades = plt.get_cmap("viridis")(np.linspace(0.85, 0.1, layers - 1))
    for k, shade in enumerate(shades):
        axis.plot(STOPS, degrees[:, k], ".-", color=shade, label=f"$W_{{{k + 2}}}$")
    axis.axhline(90, color="0.5", linestyle=":")
    axis.set_xscale("symlog", linthresh=10)
    axis.set(xlabel="step", title=f"{layers} layers", xlim=(-0.5, 1.2 * STEPS))
    axis.legend(fontsize=8, ncols=1 + layers // 6, loc="lower left")
    print(f"{layers} layers, angles at the end:", *(f"{angle:.0f}" for angle in degrees[-1]))
axes[0].set_ylabel("angle between $W$ and $B$ (degrees)")
figure.suptitle(f"In feedback alignment the top weights turn toward the feedback ({DATA})")
plt.show()

# %% [markdown]
# The top matrix turns from 90 to 60 degrees, the others hardly at all: 83 and 84. And yet signals
# that passed all three have a cosine of 0.37. How can a matrix stand in for another that is nearly
# orthogonal to it? The errors of ten classes lie in few directions, and only there do $W$ and $B$
# have to agree. Send the signals down once through $B$, once through $W$:

# %%
network = networks["fa"]
h, caches = images, []
for core in network.cores:
    h, cache = core.forward(h)
    caches.append(cache)
signals = [arrived for arrived, _ in arriving_gradients(network, images, classes)]
signals.append(network.loss_unit.loss(h, classes)[1])  # the top layer receives e
for k, (W, B) in enumerate(zip(weights(network.cores[1:]), weights(network.cores[1:], "B")), 1):
    kept = B.copy()
    through_B = network.cores[k].backward(signals[k], caches[k])
    B[...] = W
    through_W = network.cores[k].backward(signals[k], caches[k])
    B[...] = kept
    print(f"layer {k + 1}: cosine of W and B {cosine(W, B):.2f},", end=" ")
    print(f"of one signal through both {pooled_cosine(through_B, through_W):.2f}")

# %% [markdown]
# ## 5. How deep does it reach?
#
# The same rules, rates and steps in 3 to 10 layers.

# %%
own = {"bp-lambda": 5, "critic": 2, "stale": 6}
COLORS = {name: style.RULES.get(name) or style.OTHERS[own.get(name, 0)] for name in NAMES}
COLORS |= {"fa": FA, "dfa": DFA, "kickback": KICKBACK, "local": LOCAL}
deepest = DEPTHS[-1]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.9))
print(f"{'test error (%), layers':24}", *(f"{layers:6}" for layers in DEPTHS))
for rule in DEPTH_RULES:
    errors = [results[rule, layers][0] for layers in DEPTHS]
    left.plot(DEPTHS, errors, "o-", color=COLORS[rule], label=NAMES[rule])
    print(f"{NAMES[rule]:24}", *(f"{error:6.2f}" for error in errors))
    if rule not in ("none", "backprop"):
        ends = results[rule, deepest][1][-1]
        right.plot(range(1, deepest), ends, "o-", color=COLORS[rule])
        print(f"    cosines, {deepest} layers:   ", *(f"{value:5.2f}" for value in ends))
left.set(xlabel="layers", xticks=DEPTHS, yscale="log", ylabel="test error (%)")
left.set_yticks((3, 5, 10, 20, 50), (3, 5, 10, 20, 50))
left.minorticks_off()
figure.legend(loc="outside right center", fontsize=8)
right.axhline(0, color="0.5", linestyle=":")
right.set(xlabel="layer", ylabel="pooled cosine with the truth", ylim=(-0.1, 1.05))
right.set_title(f"{deepest} layers: what arrives, at the end")
figure.suptitle(f"Local losses do not depend on depth ({DATA}, {STEPS:,} steps)")
plt.show()

# %% [markdown]
# - **FA** passes the error through nine matrices that are not quite right: in ten layers the lower
#   five have cosines of 0.11 at most. **DFA** passes it through one: 0.30 to 0.38 at every layer.
# - **cDNI** loses something at every guess of a guess, from 0.92 at the top to 0.12 at the bottom.
# - **Local losses** stay as they are: each layer is to be useful to a classifier of its own, and
#   that is no harder high up than low down.
#
# ## 6. Does a truer signal make a better network?
#
# For comparison one more rule: each layer receives the truth *plus noise*, fresh for each sample
# and step, of such a size that the cosine is 0.1, 0.2 or 0.4.

# %%
class TruthAndNoise(Backprop):
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

# %%
noisy = {}
for layers in (4, deepest):
    for wanted in (0.1, 0.2, 0.4):
        loop = build("backprop", layers)
        rule = TruthAndNoise(loop.rule, wanted, np.random.default_rng(7))
        noisy[layers, wanted] = train(loop, rule)[:2]
        error, cosines = noisy[layers, wanted]
        print(f"{layers:2} layers: {error:5.2f} % test error, mean cosine {cosines.mean():.2f}")

# %%
late = len(STOPS) // 2  # the second half of the stops
BESIDE = {"none": (7, -9), "stale": (7, 2), "critic": (7, 3), "dni": (7, -4), "fa": (-17, 2),
          "cdni": (2, -13), "kickback": (7, 2), "local": (-46, -13), "bp-lambda": (-15, -14),
          "backprop": (-76, 13), "dfa": (6, 4)}  # fmt: skip
figure, panels = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True)
for axis, layers in zip(panels, (4, deepest)):
    points = [(c[late:].mean(), e) for (depth, _), (e, c) in noisy.items() if depth == layers]
    points.append((1.0, results["backprop", layers][0]))
    axis.plot(*np.transpose(points), ".--", color=style.TRUE, linewidth=1, zorder=1)
    axis.annotate("truth plus noise", points[1], (-70, -15), textcoords="offset points",
                  color=style.TRUE, fontsize=8)  # fmt: skip
    for rule in NAMES:
        if (rule, layers) in results:
            error, cosines = results[rule, layers]
            place = cosines[late:].mean(), error
            axis.scatter(*place, color=COLORS[rule], s=40, zorder=3)
            axis.annotate(NAMES[rule], place, BESIDE[rule], textcoords="offset points", fontsize=8)
    axis.set(yscale="log", xlabel="cosine with the truth", title=f"{layers} layers")
    axis.set_yticks((3, 5, 10, 20, 50), (3, 5, 10, 20, 50))
    axis.minorticks_off()
    axis.set_ylim(2, 80)
panels[0].set_ylabel("test error (%)")
figure.suptitle(f"A truer signal mostly makes a better network ({DATA}, {STEPS:,} steps)")
plt.show()

# %%
def ranks(values):
    return np.argsort(np.argsort(values))


four = [results[rule, 4] for rule in NAMES]
order = ranks([cosines[late:].mean() for _, cosines in four]), ranks([error for error, _ in four])
print(f"4 layers, {len(four)} rules: rank correlation {np.corrcoef(*order)[0, 1]:.2f}")
for rule in DEPTH_RULES[1:]:
    means = [results[rule, layers][1][late:].mean() for layers in (4, deepest)]
    print(f"{NAMES[rule]:16} cosine{means[0]:5.2f} in 4 layers, {means[1]:.2f} in {deepest}")

# %% [markdown]
# On the whole, yes. (Cosines are means over hidden layers and the second half of training. Part of
# it is the rates: DNI, critic and stale gradients need smaller ones.) What does not fit is more
# telling. On the dashed line nothing is wrong with the signal but noise:
#
# - **Local losses** in ten layers are far below it: a cosine of 0.32 and 3.32 % wrong. What their
#   signal contains beside the truth is no error; it is something else worth learning.
# - **cDNI and Kickback** are above it, in ten layers most of all: cDNI with 0.39 has 6.21 % wrong,
#   noise at 0.4 4.71 %. Noise differs at each step, and cancels; perhaps a linear guess is wrong in
#   the same way again and again. Or the mean over layers hides the lowest ones.
#
# So a cosine says how much of the true gradient is in the signal. It does not say whether the rest
# does harm, or good.
#
# ## Exercises
#
# 1. **Only the sign.** A synapse that brings errors down may not know how strong the one on the way
#    up is, but perhaps its sign. Take `feedback_alignment` with $B = \mathrm{sign}(W)$ times the
#    mean size of $W$, at every step. Where between FA and backpropagation do you expect it?
# 2. **A larger B.** In section 3 FA has 10.5 % wrong, backpropagation none. Multiply $B$ by 3. What
#    does that say about the comparison? Would it have mattered in section 4, with Adam?
# 3. **Kickback's first layer** has a higher cosine than its second. Why? Compare what the units of
#    $h_2$ and $h_3$ are taken to stand for with the true gradients there.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Near backpropagation: "As predicted?" shows the numbers.
#
#    ```python
#    W = [matrix.copy() for matrix in weights(three_layers())]
#    for step in range(200):
#        B = [np.sign(matrix) * abs(matrix).mean() for matrix in W[1:]]
#        step_by_hand(feedback_alignment, W, B)
#    print(wrong_and_loss(W))
#    ```
#
# 2. Then FA has 2.0 % wrong. With plain descent the size of $B$ is part of the hidden layers'
#    learning rate, so a comparison at one rate says little. Adam divides it out again.
#
# 3. Layer 2 is free to make its unit $j$ speak for class $j$ mod 10, since layer 1 is trained as if
#    it did, and $W_3$ learns to read it. But what a unit of $h_3$ means is settled by the top
#    matrix, which stays near its random start.
#
#    ```python
#    from dni_np.rules.kickback import error_of_each
#    from dni_np.rules.true_targets import true_gradients
#
#    rule = networks["kickback"]
#    hs, truths = true_gradients(rule.cores, rule.loss_unit.loss, images, classes)
#    e = rule.loss_unit.loss(rule.cores[-1].forward(hs[-1])[0], classes)[1]
#    print([float(pooled_cosine(error_of_each(e, h), true)) for h, true in zip(hs, truths)])
#    start = build("kickback").rule.cores
#    print(cosine(weights(rule.cores)[-1], weights(start)[-1]))
#    ```
#
# </details>
#
# ## As predicted?
#
# First exercises 1 and 2, in the small network of section 3:

# %%
feedbacks = {
    "random B": lambda W: B_fa,
    "3 times B": lambda W: [3 * matrix for matrix in B_fa],
    "signs of W": lambda W: [np.sign(matrix) * abs(matrix).mean() for matrix in W[1:]],
    "W": lambda W: W[1:],
}
for name, feedback in feedbacks.items():
    W = [matrix.copy() for matrix in weights(three_layers())]
    for _ in range(200):
        step_by_hand(feedback_alignment, W, feedback(W))
    print(f"{name:12} {wrong_and_loss(W)}")

# %% [markdown]
# | prediction | measured (MNIST, one seed) |
# |---|---|
# | 1. cosines in FA | before training near 0; after 1,000 steps 0.37, 0.45, 0.56 |
# | 2. by cosine | backpropagation, Kickback 0.61, cDNI 0.57, local 0.52, FA 0.38 |
# | by test error | backpropagation 2.45 %, local 3.26, Kickback 3.35, cDNI 3.48, FA 3.85 % |
# | 3. from 4 layers to 10 | FA to 12.60 %, Kickback to 11.04, cDNI to 6.21, local to 3.32 % |
#
# The ends of both orders agree; the middle three are close together in both, in another order.
#
# - Every rule (all but stale) puts a function $M(h_k, y)$ in the place of the true gradient:
#   learned, given, or made for another purpose.
# - In cDNI the feedback comes to the weights, in feedback alignment the weights come to the
#   feedback, in the few directions in which errors lie.
# - What passes from layer to layer through something inexact fades with depth (FA, cDNI); what
#   comes straight from the output (DFA) or from the layer itself (local) does not.
# - Truer signals mostly make better networks. Local losses are the exception.
#
# One seed, one width, short runs, one set of rates: look at the shapes, not at the digits.
#
# Next: **[How much of the true gradient does a layer need?](07_bp_lambda.ipynb)**

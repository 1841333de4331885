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
# # How good is the guess, and where does it hurt?
#
# Notebook 02 trained layers on guessed gradients, and it worked. This one puts the guesses beside the true gradients, as
# figures 11 and 12 of [Jaderberg et al. 2017](https://proceedings.mlr.press/v70/jaderberg17a.html) do.
#
# **What you'll do**
#
# - write the three usual measures (cosine, L2, sign) and watch them during training, without disturbing it;
# - find out why a very poor cosine can go with a network that learns well;
# - look at gradients: entry by entry, as pictures, and for one image;
# - follow a guess that is learned from a guess, and stop the network to let the guesses catch up;
# - move a single guess through a six-layer network, and see where it hurts.
#
# **What you need:** NumPy, and notebook 02's chain of decoupled layers.

# %% [markdown]
# ### Before you go on: predict
#
# A six-layer cDNI network (five linear guesses, each seeing its layer's output and the label), 1,000 steps of MNIST.
#
# 1. Averaged over samples, what is the cosine between guess and true gradient after layer 5, next to the loss? After
#    layer 1? (1: the same direction; 0: unrelated.)
# 2. A six-layer network with *one* guess in it, made without the label: does it hurt more near the input or near the
#    output?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.data.choose import load_images
from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "figure.dpi": 90})

# %%
dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(5000, 1000)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
x = dataset.x_train[:500].astype(np.float32) * np.float32(dataset.scale)  # the samples on which we look
y = dataset.y_train[:500]
print(f"{DATA}: {len(dataset.x_train):,} training images; gradients are compared on the first {len(x)}")

# %% [markdown]
# ## 1. Three measures in ten lines
#
# For one sample, the true gradient $g$ at a layer's output has 256 numbers, and so has the guess $\hat g$. How far are
# they apart?

# %%
def three_measures(guess, true):
    """Means over the samples of guess and true, both (N, 256)."""
    lengths = np.linalg.norm(guess, axis=1) * np.linalg.norm(true, axis=1)  # (N,)
    cosine = (guess * true).sum(axis=1) / np.maximum(lengths, 1e-30)  # 1: same direction, 0: unrelated, -1: opposite
    l2 = np.linalg.norm(guess - true, axis=1)
    sign = (np.sign(guess) != np.sign(true)).mean(axis=1)  # share of wrong signs; 1/2 by chance
    return {"cosine": cosine.mean(), "l2": l2.mean(), "sign": sign.mean()}


# %% [markdown]
# And the true gradient: forward through everything, the loss, and back, as in backpropagation. It exists only for us;
# the network never sees it.

# %%
def guesses_and_truths(network, x, y):
    context = network.context(x, y)
    h, caches, guesses = x, [], []
    for unit in network.units:
        h, cache = unit.core.forward(h)
        caches.append(cache)
        guesses.append(unit.synthetic_gradient.forward(h, context)[0])
    logits, cache = network.loss_unit.core.forward(h)
    _, gradient = network.loss_unit.loss(logits, y)
    truths = []
    for core, cache in zip(reversed(network.cores), reversed([*caches, cache])):
        gradient = core.backward(gradient, cache)
        truths.insert(0, gradient)  # the gradient at this core's input
    return list(zip(guesses, truths[1:]))


# %% [markdown]
# ### The package's version
#
# `gradient_error` and `gradient_pairs` are the same, with one difference worth a line: a forward pass in training mode
# moves batch normalization's running statistics. Ours does; the package puts them back, since a measurement must not
# change what it measures.

# %%
from dni_np.analysis.gradient_error import gradient_error
from dni_np.analysis.gradient_probe import gradient_pairs, undisturbed
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find


def new_loop(rule, layers=6, **settings):
    settings = find("mnist-fcn-quick").settings(rule, layers=layers, **settings)
    return build_loop(settings, dataset, progress=False)


def same(state, other):
    return all(np.array_equal(state[name], other[name]) for name in state)


# %%
short = new_loop("cdni", steps=20)
short.run()
network = short.rule
before = network.state()
pairs = gradient_pairs(network, x, y)
assert same(before, network.state())
ours = guesses_and_truths(network, x, y)
assert not same(before, network.state())
for (guess, true), (package_guess, package_true) in zip(ours, pairs):
    assert np.array_equal(guess, package_guess) and np.array_equal(true, package_true)
    measures = gradient_error(guess, true)
    assert all(np.allclose(value, measures[name], rtol=1e-4) for name, value in three_measures(guess, true).items())
print({name: round(float(value), 3) for name, value in measures.items()}, "after layer 5, step 20")

# %% [markdown]
# ## 2. Watching
#
# We want to look at the gradients themselves later, so we keep them, every so often: for each decoupled layer the
# **guess**, the **truth**, and the **target**, what the guess is told to be: the next layer's guess, backpropagated
# through the next layer.

# %%
def look(network):
    """[(guess, target, truth)] for each decoupled layer, lowest first, on the samples x, y."""
    pairs = gradient_pairs(network, x, y)
    targets = []
    with undisturbed(network.cores):
        h, _ = network.cores[0].forward(x)
        for core, (guess_above, _) in zip(network.cores[1:-1], pairs[1:]):
            h, cache = core.forward(h)
            targets.append(core.backward(guess_above, cache))
    targets.append(pairs[-1][1])  # the topmost is told the truth
    return [(guess, target, truth) for (guess, truth), target in zip(pairs, targets)]


def run_and_look(loop):
    """Train; return {step: look(...)} beside the package's own measurements in loop.history."""
    seen, measure = {}, loop.measure
    loop.measure = lambda network: seen.update({loop.step: look(network)}) or measure(network)
    loop.run()
    return seen


# %% [markdown]
# Does looking disturb? Two short runs, one watched at every step, one never:

# %%
watched, unwatched = new_loop("cdni", steps=10, evaluate_every=1), new_loop("cdni", steps=10, evaluate_every=10)
unwatched.measure = None
run_and_look(watched)
unwatched.run()
assert same(watched.rule.state(), unwatched.rule.state())
print("ten steps, watched or not: equal bit for bit")

# %%
STEPS, EVERY = (60, 20) if FAST else (1000, 50)
cdni = new_loop("cdni", steps=STEPS, evaluate_every=EVERY)
seen = run_and_look(cdni)
last = cdni.history.rows[-1]
print(f"{DATA}, six layers, cDNI: {last['test_error']:.2f} % test error after {STEPS} steps")

# %%
LAYER_COLORS = plt.get_cmap("viridis")(np.linspace(0.9, 0.1, 5))
labels = {"cosine": "cosine", "l2": "L2 distance", "sign": "share of wrong signs"}
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), layout="constrained")
for axis, (name, text) in zip(axes, labels.items()):
    for k in range(1, 6):
        axis.plot(*cdni.history.column(f"{name}_{k}"), color=LAYER_COLORS[k - 1], label=f"after layer {k}")
    axis.set(title=text, xlabel="step")
axes[0].axhline(0, color="0.5", linestyle=":")
axes[2].axhline(0.5, color="0.5", linestyle=":")
axes[1].legend(fontsize=8)
figure.suptitle(f"Guess and truth, means over samples: six layers, cDNI ({DATA}; dotted: chance)")
plt.show()

# %% [markdown]
# Early on it is as one would think: the guess next to the loss is best, and each one further down is worse. Then the
# cosines *fall*, to 0.2 or less, with nearly half the signs wrong: almost unrelated to the truth. The paper saw the same
# ("on average very slightly positive", its section on single DNI) and remarked that it did not seem to matter. (This figure
# is the package's own measurement, on the first 256 samples; from section 3 on the same guesses are compared on 500, so
# that single values differ.) And meanwhile the network learned:

# %%
none = new_loop("none", steps=STEPS, evaluate_every=STEPS)
none.run()
print(f"{DATA}, test error: {none.history.rows[-1]['test_error']:.2f} % with random hidden layers,", end=" ")
print(f"{last['test_error']:.2f} % with these guesses")


# %% [markdown]
# How can guesses that are almost unrelated to the truth teach so much?
#
# ## 3. The surprise: the average looks at the wrong samples
#
# The mean cosine gives every sample one vote. But a sample the network has already mastered has almost no gradient: for
# it the direction of the truth is the direction of next to nothing. Who holds the gradient?

# %%
def length(rows):
    return np.linalg.norm(rows, axis=1)


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
share = np.arange(1, len(x) + 1) / len(x)
for step, color in zip((EVERY, 4 * EVERY, STEPS), ("#9ecae1", "#4292c6", "#08306b")):
    step = min(step, STEPS)
    energy = np.sort(length(seen[step][4][2]) ** 2)[::-1]
    left.plot(100 * share, 100 * energy.cumsum() / energy.sum(), color=color, label=f"step {step}")
left.plot((0, 100), (0, 100), ":", color="0.5", label="all alike")
left.set(xlabel="samples, largest gradient first (%)", ylabel="of the squared true gradient (%)")
left.set_title("Few samples hold it")
left.legend()
for k in (1, 3, 5):
    guess, _, true = seen[STEPS][k - 1]
    cosine = (guess * true).sum(axis=1) / np.maximum(length(guess) * length(true), 1e-30)
    right.scatter(length(true) + 1e-8, cosine, s=6, color=LAYER_COLORS[k - 1], label=f"after layer {k}")
right.axhline(0, color="0.5", linewidth=1)
right.set(xscale="log", xlabel="length of the sample's true gradient", ylabel="cosine")
right.set_title(f"One dot a sample, step {STEPS}")
right.legend(markerscale=3)
figure.suptitle(f"After layer 5 (left); every sample (right) ({DATA})")
plt.show()

# %% [markdown]
# At the end a tenth of the samples holds nearly all of the gradient, and on those the guess is good. The rest drag the
# mean down and have no say: a layer's update is $\frac1N\sum_n x_n^\top g_n$, in which each sample counts by the size of its
# gradient. So measure what counts: the cosine of all samples' gradients as *one* long vector. We call it **pooled**.

# %%
def pooled_cosine(a, b):
    """Cosine of two (N, 256) arrays, each taken as one vector."""
    return float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-30))


steps = list(seen)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
for k in range(5):
    per_sample = [gradient_error(seen[step][k][0], seen[step][k][2])["cosine"] for step in steps]
    pooled = [pooled_cosine(seen[step][k][0], seen[step][k][2]) for step in steps]
    axes[0].plot(steps, per_sample, color=LAYER_COLORS[k])
    axes[1].plot(steps, pooled, color=LAYER_COLORS[k], label=f"after layer {k + 1}")
axes[0].set(title="Mean over samples", xlabel="step", ylabel="cosine of guess and truth", ylim=(-0.1, 1))
axes[1].set(title="Pooled: by the size of the gradient", xlabel="step")
axes[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
figure.suptitle(f"The same guesses, counted in two ways ({DATA})")
plt.show()

# %% [markdown]
# The same guesses. Pooled, they improve as training goes on (the steps upward come where the learning rate drops and the
# network holds stiller), and the order is plain: best next to the loss, worse with every layer down.
#
# ## 4. Entry by entry
#
# Each panel counts pairs (true entry, guessed entry) of the tenth of the samples with the largest gradients. A perfect
# guess would lie on the line.

# %%
def largest_tenth(true):
    return np.argsort(-length(true))[: len(true) // 10]


figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.5), layout="constrained")
for axis, k in zip(axes, (1, 3, 5)):
    guess, _, true = seen[STEPS][k - 1]
    rows = largest_tenth(true)
    limit = 3 * true[rows].std()
    bounds = (-limit, limit, -limit, limit)
    axis.hexbin(true[rows].ravel(), guess[rows].ravel(), gridsize=41, bins="log", cmap="Blues", extent=bounds, linewidths=0)
    axis.plot((-limit, limit), (-limit, limit), ":", color="C3")
    axis.set_title(f"after layer {k}: pooled cosine {pooled_cosine(guess[rows], true[rows]):.2f}", fontsize=10)
    axis.set(xlabel="true", aspect="equal")
    axis.grid(False)
axes[0].set_ylabel("guessed")
figure.suptitle(f"True and guessed gradient entries, step {STEPS} ({DATA})")
plt.show()

# %% [markdown]
# Where the truth is large the clouds are flatter than the line. That is what regression does: a model that is unsure
# guesses small. Near zero they are not: where there is next to nothing to guess, the guesses are too large. A small step
# in roughly the right direction is a good thing to get from a guess.
#
# ## 5. Gradients as pictures
#
# Each row of a picture is one sample's gradient after layer 5 (48 of the 256 units), sorted by class.

# %%
def gradient_pictures(step, layer, units=48):
    guess, _, true = seen[step][layer - 1]
    order = np.argsort(y, kind="stable")
    edges = np.searchsorted(y[order], np.arange(dataset.classes))
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
    limit = 2.5 * true.std()
    for axis, array, name in ((axes[0], true, "truth"), (axes[1], guess, "guess")):
        axis.imshow(array[order, :units], aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        axis.set(title=name, xlabel="unit", yticks=edges, yticklabels=range(dataset.classes))
        axis.grid(False)
    axes[0].set_ylabel("samples, by class")
    figure.suptitle(f"Gradients after layer {layer}, step {step} ({DATA})")
    plt.show()


gradient_pictures(EVERY, 5)

# %% [markdown]
# Early, many samples of a class want the same: blocks, which one matrix and a label can copy. Later:

# %%
gradient_pictures(STEPS, 5)


# %% [markdown]
# Most rows of the truth are blank, the mastered samples; what remains are the hard ones. The guess finds those rows too,
# from the layer's output and the label: where the output is unlike those of its class, there is something to correct.
#
# ## 6. Where does one guess point?
#
# 256 numbers are hard to read, but after layer 5 only the classifier follows: a small step of $h_5$ against a gradient
# $g$ changes the ten logits by $-g\,W$. So read off which classes a gradient would raise and lower.

# %%
def guess_for(network, image, label):
    """(guess, h) after the last hidden layer, for a batch of images with these labels."""
    with undisturbed(network.cores):
        h = image
        for core in network.cores[:-1]:
            h, _ = core.forward(h)
    guess, _ = network.units[-1].synthetic_gradient.forward(h, network.context(image, label))
    return guess


network = cdni.rule
guess, _, true = seen[STEPS][4]
W = network.loss_unit.core.layers[0].params["W"]  # (256, classes)
sample = largest_tenth(true)[0]
label = y[sample]
other = (label + 1) % dataset.classes
relabeled = np.where(np.arange(len(y)) == sample, other, y)
assert np.array_equal(guess_for(network, x, y), guess)
told_other = guess_for(network, x, relabeled)

# %%
pushes = {
    f"truth, label {label}": (true[sample], "C3"),
    f"guess, label {label}": (guess[sample], "C0"),
    f"guess, told it is a {other}": (told_other[sample], "C1"),
}
side = int(x.shape[1] ** 0.5)
figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
axes[0].imshow(x[sample].reshape(side, side), cmap="gray_r")
axes[0].axis("off")
for axis, (name, (gradient, color)) in zip(axes[1:], pushes.items()):
    axis.bar(range(dataset.classes), -(gradient @ W), color=color)
    axis.axhline(0, color="0.3", linewidth=1)
    axis.set(title=name, xlabel="class", xticks=range(dataset.classes))
    axis.title.set_fontsize(10)
axes[1].set_ylabel("push on the logit")
figure.suptitle(f"One hard sample: which classes would each gradient raise? ({DATA})")
plt.show()

# %% [markdown]
# The guess has learned what a label is for: raise this class, lower the one the output looks like. Told another label,
# it points there. DNI without the label cannot do this; it must push toward all labels it finds likely.
#
# ## 7. A guess learned from a guess
#
# Only guess 5 is compared with the truth. Guess 1 is told its *target*, made of guess 2, which was made of guess 3, ...
# Two things can then go wrong: the guess may miss its target, and the target may miss the truth.

# %%
def three_cosines(seen, step):
    """Pooled cosines, each a list over layers: guess with target, target with truth, guess with truth."""
    look = seen[step]
    return [[pooled_cosine(layer[a], layer[b]) for layer in look] for a, b in ((0, 1), (1, 2), (0, 2))]


def draw_three_cosines(axis, seen, step, title):
    follows, honest, good = three_cosines(seen, step)
    places = np.arange(1, 6)
    for shift, values, color, name in (
        (-0.27, follows, "C7", "guess with its target"),
        (0, honest, "C1", "target with the truth"),
        (0.27, good, "C0", "guess with the truth"),
    ):
        axis.bar(places + shift, values, 0.25, color=color, label=name)
    axis.plot(places, np.cumprod(follows[::-1])[::-1], "k.--", linewidth=1, label="product of gray bars, from layer 5 down")
    axis.set(title=title, xlabel="after layer", ylim=(-0.05, 1.05))
    axis.grid(axis="x", visible=False)


# %% [markdown]
# The same for DNI, whose models see no label and have a hidden layer (of 256 units here, to be quick).

# %%
MODEL = (32,) if FAST else (256,)
DNI_STEPS = 60 if FAST else 600
dni = new_loop("dni", steps=DNI_STEPS, evaluate_every=DNI_STEPS // 3, hidden=MODEL)
seen_dni = run_and_look(dni)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained", sharey=True)
errors = [loop.history.rows[-1]["test_error"] for loop in (cdni, dni)]
draw_three_cosines(axes[0], seen, STEPS, f"cDNI ({errors[0]:.1f} % test error)")
draw_three_cosines(axes[1], seen_dni, DNI_STEPS, f"DNI ({errors[1]:.1f} % test error)")
axes[0].set_ylabel("pooled cosine")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
figure.suptitle(f"Errors multiply on the way down ({DATA})")
plt.show()

# %% [markdown]
# Every cDNI guess follows *its target* about equally well. But the errors multiply: what reaches layer 1 is roughly the
# product of the gray bars from layer 5 down (dashed). For DNI the gray bars are lower to begin with, and five of them
# multiplied leave nothing: its lowest layers are pushed in directions unrelated to the truth. This is the degradation with
# depth of notebook 02, seen from inside. (Even its guess 5, which is told the truth, is poor: what makes a sample hard is
# that its output does not tell its label, and the output is all this model sees.)
#
# ## 8. Is the guess poor, or only late?
#
# The truth moves while the guess learns it. Is a guess bad because the network has moved on (it is *stale*), or because
# the model cannot do better? Stop the network, train only the models, and see: then it is plain regression, and the
# truth stands still. To stop a layer, give it an optimizer that does nothing.

# %%
class Still:
    """An optimizer that leaves its layer as it is."""

    def step(self):
        pass


def train_freeze_train(loop, phase):
    """Train everything, then only the models, then everything; pooled cosines (measurements, layers)."""
    network = loop.rule
    holders = [(unit, "core_optimizer") for unit in network.units] + [(network.loss_unit, "optimizer")]
    own = [getattr(holder, name) for holder, name in holders]
    curves, rows = [], np.random.default_rng(1)
    for step in range(3 * phase):
        if step % phase == 0:
            for (holder, name), optimizer in zip(holders, own):
                setattr(holder, name, Still() if step == phase else optimizer)
        batch = rows.choice(len(dataset.x_train), 256, replace=False)
        network.step(dataset.x_train[batch].astype(np.float32) * np.float32(dataset.scale), dataset.y_train[batch])
        if (step + 1) % (phase // 10) == 0:
            curves.append([pooled_cosine(guess, true) for guess, true in gradient_pairs(network, x, y)])
    return np.array(curves)


# %%
PHASE = 20 if FAST else 300
steady = {"layers": 3, "learning_rate": 1e-3, "decay_at": ()}
frozen = {
    "cDNI, linear models": train_freeze_train(new_loop("cdni", **steady), PHASE),
    f"DNI, {MODEL[0]} hidden units": train_freeze_train(new_loop("dni", hidden=MODEL, **steady), PHASE),
}

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
for axis, (name, curves) in zip(axes, frozen.items()):
    axis.axvspan(PHASE, 2 * PHASE, color="0.92")
    axis.text(1.5 * PHASE, 0.93, "network stands still", ha="center", fontsize=9, color="0.3")
    at = np.arange(1, len(curves) + 1) * (PHASE // 10)
    axis.plot(at, curves[:, 1], color=LAYER_COLORS[4], label="after layer 2")
    axis.plot(at, curves[:, 0], color=LAYER_COLORS[1], label="after layer 1")
    axis.set(title=name, xlabel="step", ylim=(-0.05, 1))
axes[0].set_ylabel("pooled cosine with the truth")
axes[0].legend(loc="lower right")
figure.suptitle(f"Three layers: train, freeze the network, train on ({DATA})")
plt.show()

# %% [markdown]
# Two different answers. The linear cDNI guess gains little while the network stands still: it was not late, a matrix can
# hardly do better. The DNI guess climbs as long as it is given time, and falls back within a few steps once the network
# moves: it was late, and better guesses were within its reach. (So DNI's recipe lets the models learn faster than the
# layers do: `sg_learning_rate` above `learning_rate`.)
#
# Is it true that a matrix can hardly do better? Least squares finds the best one.

# %%
loop = new_loop("cdni", **steady, steps=PHASE, evaluate_every=PHASE)
loop.run()
network = loop.rule
x_many = dataset.x_train[:10000].astype(np.float32) * np.float32(dataset.scale)
y_many = dataset.y_train[:10000]
guess, true = gradient_pairs(network, x_many, y_many)[-1]
with undisturbed(network.cores):
    h = x_many
    for core in network.cores[:-1]:
        h, _ = core.forward(h)
sees = np.concatenate([h, np.eye(dataset.classes)[y_many], np.ones((len(h), 1))], axis=1)  # output, label, bias

# %%
half = len(sees) // 2  # find the matrix on one half of the samples, try it on the other
best, *_ = np.linalg.lstsq(sees[:half], true[:half], rcond=1e-6)
print(f"pooled cosine with the truth after layer 2: the model {pooled_cosine(guess[half:], true[half:]):.2f},", end=" ")
print(f"the best matrix {pooled_cosine(sees[half:] @ best, true[half:]):.2f}")

# %% [markdown]
# The model has come close to it; what is missing then, no matrix can give.
#
# ## 9. Where does it hurt?
#
# One guess in a six-layer network, at each place in turn; above it and below it, backpropagation (figure 11a of the
# paper, where DNI goes from 1.8 % after layer 1 to 3.4 % after layer 5, and no gradient from 2.9 % to 23.7 %). A single
# guess is always told the truth, so nothing multiplies.

# %%
DEPTH_STEPS = 40 if FAST else 500
depths = (1, 2, 3, 4, 5)
single = {}
for rule, settings in (("none", {}), ("dni", {"hidden": MODEL}), ("cdni", {})):
    settings |= {"steps": DEPTH_STEPS, "evaluate_every": DEPTH_STEPS, "learning_rate": 1e-3}  # one rate for all
    for k in depths:
        loop = new_loop(rule, cut_after=(k,), **settings)
        loop.run()
        single[rule, k] = loop
backprop = new_loop("backprop", steps=DEPTH_STEPS, evaluate_every=DEPTH_STEPS)
backprop.run()

# %%
def final_error(loop):
    return loop.history.rows[-1]["test_error"]


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
for rule, color in (("none", "0.5"), ("dni", "#f2a541"), ("cdni", "#4c78a8")):
    left.plot(depths, [final_error(single[rule, k]) for k in depths], "o-", color=color, label=rule)
left.axhline(final_error(backprop), color="#e45756", linestyle="--", label="backprop")
ticks = (1, 2, 5, 10, 20, 50)
left.set(xlabel="cut after layer", xticks=depths, title="What it costs")
left.set(ylabel="test error (%)", yscale="log", yticks=ticks, yticklabels=ticks)
left.minorticks_off()
left.legend()
for rule, color in (("dni", "#f2a541"), ("cdni", "#4c78a8")):
    cosines = [pooled_cosine(*gradient_pairs(single[rule, k].rule, x, y)[0]) for k in depths]
    right.plot(depths, cosines, "o-", color=color, label=rule)
right.set(xlabel="cut after layer", xticks=depths, ylabel="pooled cosine", ylim=(0, 1), title="How good the guess is")
figure.suptitle(f"One guess in a six-layer network ({DATA}, {DEPTH_STEPS} steps)")
plt.show()

# %%
print(f"{DATA}: test error in percent, {DEPTH_STEPS} steps, one seed; backprop {final_error(backprop):.2f}")
print("cut after layer" + "".join(f"{k:8}" for k in depths))
for rule in ("none", "dni", "cdni"):
    print(f"{rule:15}" + "".join(f"{final_error(single[rule, k]):8.2f}" for k in depths))

# %% [markdown]
# Two things at once, and they point opposite ways:
#
# - The guess is *worst* near the input, with four layers and a loss above it to foresee, and best next to the loss.
# - It *hurts* least near the input: only one layer depends on it, and even random weights there cost little. After layer 5
#   nearly the whole network lives on the guess.
#
# With the label the two cancel: cDNI costs about the same wherever the cut is. Without it DNI gets worse the more layers
# depend on the guess. And note how little it takes: DNI's guess after layer 5 has a pooled cosine of 0.1, and halves
# the error that no gradient leaves. Why so little is enough is not measured
# here. A likely reason is that what a guess gets wrong differs from sample to sample and cancels over many, but it cannot be
# the whole of it: a linear guess also makes the same error again and again (notebook 06).
#
# One more look at the right-hand figure: told the truth itself, cDNI's guess after layer 2 is, after these 500 steps, no
# better than guess 2 of section 7 after 1,000, which learned from guesses. (Half the steps: no fair race, but a hint.) The chain is not all that makes the guesses low down poor; with four trained layers
# above, the truth is also simply hard for a matrix to foresee.
#
# ## Exercises
#
# 1. **Hard samples.** Draw the twenty images with the largest true gradients after layer 5, with their labels.
# 2. **Too small?** The guesses of section 4 are smaller than the truth. By which factor $c$ should a guess be multiplied to
#    bring it closest to the truth, in squared distance? Compute it for each layer. Would it help to do so?
# 3. **What the weights feel.** Compute the cosine between a layer's *weight gradients*, from the guess and from the truth,
#    for the cDNI network of section 2. Compare with the pooled cosine.
# 4. **Two cuts.** With cuts after layers 2 and 4, what do you expect of guess 1, from section 7? Try.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. They are the ambiguous, the badly written, and now and then the wrongly labeled.
#
#    ```python
#    worst = np.argsort(-length(seen[STEPS][4][2]))[:20]
#    figure, axes = plt.subplots(2, 10, figsize=(9, 2.4), layout="constrained")
#    for axis, i in zip(axes.flat, worst):
#        axis.imshow(x[i].reshape(side, side), cmap="gray_r")
#        axis.set_title(y[i], fontsize=9)
#        axis.axis("off")
#    ```
#
# 2. Set the derivative of $\|c\,\hat g - g\|^2$ to zero: $c = \langle\hat g, g\rangle / \langle\hat g, \hat g\rangle$. It
#    comes out between 0.9 and 1.1 after every layer. A guess fitted to the truth by least squares has $c = 1$ exactly:
#    being small *is* its best answer to not knowing, and nothing is gained by making it larger. (For the layers' Adam,
#    which divides by the gradient's own size, a constant factor would hardly matter anyway.)
#
#    ```python
#    for k, (guess, _, true) in enumerate(seen[STEPS], 1):
#        print(k, (guess * true).sum() / (guess * guess).sum())
#    ```
#
# 3. They come out a little below the pooled cosines and fall with depth in the same way: the pooled cosine is a fair
#    summary of what the weights feel.
#
#    ```python
#    with undisturbed(cdni.rule.cores):
#        h = x
#        for k, (unit, (guess, _, true)) in enumerate(zip(cdni.rule.units, seen[STEPS]), 1):
#            h, cache = unit.core.forward(h)
#            updates = []
#            for gradient in (guess, true):
#                unit.core.backward(gradient, cache)
#                updates.append(unit.core_optimizer.grads.copy())  # all the layer's gradients in one vector
#            print(k, pooled_cosine(*updates), pooled_cosine(guess, true))
#    ```
#
# 4. Guess 1 sits after layer 2 and learns from one guess only, so it should be better than guess 2 of section 7, which
#    has three above it. It is about the same (0.42 and 0.40 when this was written). But the network is better (2.1 % and
#    3.8 % test error): its truth is another one, shaped by layers that learned more, and harder to guess. A cosine
#    compares a guess with *its own* network's truth; it is not a score to rank networks by.
#
#    ```python
#    loop = new_loop("cdni", cut_after=(2, 4), steps=STEPS, evaluate_every=STEPS)
#    loop.run()
#    print([pooled_cosine(*pair) for pair in gradient_pairs(loop.rule, x, y)], final_error(loop))
#    ```
#
# </details>
#
# ## Summary
#
# - A guess is measured beside the true gradient, at the same activations, without disturbing training.
# - The mean cosine over samples undersells it. Most samples have next to no gradient; counted by the size of the
#   gradient, as the weights count it, a linear cDNI guess is good next to the loss and fair far from it.
# - Guesses learned from guesses multiply their errors on the way down. With the label the factors are about 0.8 or more;
#   without it, little is left after a few layers.
# - A linear guess is limited by what a matrix can say, a nonlinear one without the label also by the time it gets.
# - It hurts where much of the network depends on a guess made without the label.
#
# Next: [notebook 04](04_what_should_it_see.ipynb), which other things would make the guess better? Back to
# [notebook 02](02_mnist.ipynb), or to the [README](../README.md) for the results of full runs.

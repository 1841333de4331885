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
# # What should a synthetic gradient see?
#
# In [notebook 01](01_backprop_to_dni.ipynb) a layer guessed its gradient with one matrix. When the matrix saw the layer's
# output, nothing was learned; when it saw the label too, the network learned to add. The
# [tutorial](https://iamtrask.github.io/2017/03/21/synthetic-gradients/) that we followed there ends on a suggestion:
#
# > Perhaps some combination between input data, output data, and batch normalized layer output would be optimal
# > (feel free to give it a try!)
#
# We give it a try, on binary addition and on handwritten digits. A guesser may look at anything that is there without
# waiting for layers above:
#
# | source | what it is | width |
# |---|---|---|
# | output | the layer's own output $h$ | units |
# | normalized | the same, each unit with mean 0 and variance 1 over the minibatch | units |
# | input | the network's input $x$ | inputs |
# | label | the target: sum bits, or a one-hot row for a digit's class | classes |
#
# **What you'll do**
#
# - measure what a linear guesser *could* know from each source;
# - see why the label and normalization help (for different reasons);
# - train with eight mixtures of sources, and compare with what you expected.
#
# **What you need:** notebooks [01](01_backprop_to_dni.ipynb), [02](02_mnist.ipynb) and
# [03](03_how_good_is_the_guess.ipynb), and what a least-squares fit is.

# %%
import os

FAST = os.environ.get("DNI_NP_FAST") == "1"  # the same cells with shorter runs, for a quick check

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np

warnings.filterwarnings("ignore", message="IProgress not found")  # no progress bars here
from dni_np import backend
from dni_np.experiments.feedforward.build import build_loop, build_rule, load_dataset
from dni_np.experiments.feedforward.recipes import find

backend.use("numpy")
plt.rcParams.update({"figure.dpi": 90, "figure.constrained_layout.use": True, "legend.frameon": False})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

# %%
from dni_np.data.choose import load_images

digits = load_images("auto")  # MNIST; where it cannot be had, scikit-learn's small digits
if digits.note:
    print("!" * 100, f"NOTE: {digits.note}", "!" * 100, sep="\n")
if FAST:
    digits = digits.first(2000, 500)
print(f"{digits.name}: {len(digits.x_train):,} images to learn from, {len(digits.x_test):,} held out")

# %% [markdown]
# ## Your prediction
#
# Rank these for *binary addition*, then for *digits*: output; normalized; input; label; output + normalized + input
# (the tutorial's suggestion); output + label; normalized + label; all four. Two more questions:
#
# 1. The label alone is one of ten rows for a digit. The guess is then the same for every image of a "3". Can a layer
#    learn anything from that?
# 2. Normalizing is a linear map, and a guesser is a linear map. Can normalizing change anything at all?
#
# ## Ten lines: what could a linear guesser know?
#
# Set learning aside for a moment. Take a network as it is, compute the true gradient $d$ at a hidden layer for many samples,
# and fit the best linear model of each source by least squares. The share of the gradient that the fit explains
# on *other* samples,
#
# $$R^2 = 1 - \frac{\sum (d - \hat d)^2}{\sum d^2},$$
#
# is what a perfectly trained guesser would know: 1 is everything, 0 is no better than guessing zero.


# %%
def share_explained(z, d):
    """R^2 of the best linear model of z (N, width) for d (N, units): fitted on one half, judged on the other."""
    z = np.hstack([z, np.ones((len(z), 1))])  # a bias
    half = len(z) // 2
    ridge = 1e-3 * half * np.eye(z.shape[1])  # a little damping: many units are silent or alike
    M = np.linalg.solve(z[:half].T @ z[:half] + ridge, z[:half].T @ d[:half])
    rest = d[half:] - z[half:] @ M
    return 1 - (rest**2).sum() / (d[half:] ** 2).sum()


# %% [markdown]
# The true gradients come from walking a network of the package up and down. Each `core` is a layer whose `forward`
# returns what `backward` will need (the *cache*).

# %%
from dni_np.analysis.gradient_probe import undisturbed


def walk(network, x, y):
    """The outputs [h_0, h_1, ...] and the true per-sample gradients [d_1, d_2, ...] at them."""
    with undisturbed(network.cores):
        h, caches = [x], []
        for core in network.cores:
            output, cache = core.forward(h[-1])
            h.append(output)
            caches.append(cache)
        d = [network.loss_unit.loss(h[-1], y)[1]]
        for core, cache in zip(network.cores[:0:-1], caches[:0:-1]):
            d.insert(0, core.backward(d[0], cache))
    return h, d


# %% [markdown]
# We train a network of three layers by backpropagation, on digits, and fit the four sources along the way. Only
# the question changes from here on: not "is the network good", but "what can be known about its gradient".

# %%
from dni_np.dni.conditioning import label_context, normalize

SOURCES = ("output", "normalized", "input", "label")
COLORS = {"output": "C1", "normalized": "C4", "input": "C5", "label": "C2"}


def views(h, x, label):
    """All four sources for one hidden layer."""
    return {"output": h, "normalized": normalize(h), "input": x, "label": label}


# %%
def scaled(images):
    return images.astype(np.float32) * np.float32(digits.scale)


n_judge = 800 if FAST else min(20_000, len(digits.x_train))
x_judge, y_judge = scaled(digits.x_train[:n_judge]), digits.y_train[:n_judge]
labels = label_context(y_judge, digits.classes, np.float32)
rng = np.random.default_rng(0)
network = build_rule(find("mnist-fcn-quick").settings("backprop"), digits, rng)
moments = [0, 5, 15] if FAST else [0, 10, 25, 50, 100, 200, 400]

# %%
known = {(k, source): [] for k in (1, 2) for source in (*SOURCES, "output + label")}
for step in range(moments[-1] + 1):
    if step in moments:
        h, d = walk(network, x_judge, y_judge)
        for k in (1, 2):
            for source, z in views(h[k], x_judge, labels).items():
                known[k, source].append(share_explained(z, d[k - 1]))
            known[k, "output + label"].append(share_explained(np.hstack([h[k], labels]), d[k - 1]))
    rows = rng.integers(0, len(digits.x_train), 256)
    network.step(scaled(digits.x_train[rows]), digits.y_train[rows])

# %%
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
for (k, source), shares in known.items():
    style = {"color": COLORS.get(source, "0.2"), "linestyle": "--" if source == "normalized" else "-"}
    panels[k - 1].plot(range(len(moments)), shares, marker="o", markersize=3, label=source, **style)
for k, axes in enumerate(panels, 1):
    axes.set_xticks(range(len(moments)), moments)
    axes.axhline(0, color="0.5", linestyle=":", linewidth=1)
    axes.set(title=f"gradient at hidden layer {k} ({digits.name})", xlabel="steps of backpropagation", ylim=(-0.1, 1.02))
panels[0].set_ylabel("share a linear model explains")
panels[1].legend(fontsize=8)
plt.show()

# %% [markdown]
# Before training, the label alone explains most of the gradient at the upper hidden layer, and about half of it at the
# lower one. As backpropagation goes on, every share falls: what remains is the gradient of the hard cases, and no
# linear model of these sources can tell which cases are hard. Output and input explain next to nothing after a few
# dozen steps. But output *and* label stay far above either. From step 10 on together they
# explain more than the sum of what each explains (at step 0 they cannot: the two shares add up to more than one).
#
# The curves of "output" and "normalized" lie on one another. Remember that for your second question.
#
# ## Why the label helps
#
# For softmax and cross-entropy the gradient at the logits is $p - y$, predicted probabilities minus the one-hot label.
# A hidden layer sees it through the weights above, $d = (p - y) W^T$ at the last one. One of its two terms, $-yW^T$, is a
# *linear function of the label*: a guess that sees the label can have that term for nothing. Here is $p - y$ for 30 images of the
# training set, before training and after it:

# %%
fresh = build_rule(find("mnist-fcn-quick").settings("backprop"), digits, np.random.default_rng(0))
figure, panels = plt.subplots(1, 3, figsize=(9.5, 2.6), sharey=True)
tops = [walk(net, x_judge, y_judge)[1][-1][:30].T for net in (fresh, network)]
for axes, values, title in zip(panels, [*tops, -labels[:30].T], ("p − y, untrained", "p − y, trained", "−y alone")):
    image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    axes.set(title=title, xlabel="image", yticks=range(0, digits.classes, 3))
panels[0].set_ylabel("class")
figure.colorbar(image, ax=panels)
plt.show()

# %% [markdown]
# On the left $-y$ (blue) stands out over paler probabilities $p$: the label says most of it. In the middle the network
# is right about nearly all images and $p - y$ is almost zero there. What is left are the few images about
# which it is unsure, and *which* those are the label does not say. That is the fall of the label's curve in the figure above.
#
# ## Why normalizing helps
#
# The second question of the prediction has a sharp answer. A linear model *with a bias* can say exactly the same things
# about $h$ and about normalized $h$: each column was shifted and scaled, and $M$ and the bias can undo that. So the
# best fits without damping must be equal, and they are:

# %%
add = find("addition-quick").settings("backprop")
rng = np.random.default_rng(0)
sums = load_dataset(add, rng)
adder = build_rule(add, sums, rng)
h, d = walk(adder, sums.x_train, sums.y_train)
h1, d1 = h[1].astype(float), d[0].astype(float)
one = np.ones((len(h1), 1))
fits = []
for z in (np.hstack([h1, one]), np.hstack([normalize(h1), one])):
    fits.append(z @ np.linalg.lstsq(z, d1, rcond=None)[0])
assert np.allclose(*fits, atol=1e-9)
print(f"largest difference between the fits: {np.abs(fits[0] - fits[1]).max():.0e}")
print(f"largest gradient:                    {np.abs(d1).max():.0e}")

# %% [markdown]
# What changes is *how fast gradient descent gets there*. The sigmoid outputs of the adding network are positive and
# nearly the same for all samples ("pretty flat", as the tutorial found). Each panel has its own colors:

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 3.2), width_ratios=(1, 1, 1.1))
panels[0].imshow(h1[:30], cmap="viridis", aspect="auto")
panels[1].imshow(normalize(h1)[:30], cmap="viridis", aspect="auto")
for axes, title in zip(panels, ("output", "normalized")):
    axes.set(title=f"{title}, 30 samples", xlabel="unit of layer 1", ylabel="sample")
for z, source in ((h1, "output"), (normalize(h1), "normalized")):
    values = np.linalg.eigvalsh(z.T @ z / len(z))[::-1]
    panels[2].semilogy(values[values > 1e-6], ".-", color=COLORS[source], label=source)
panels[2].set(title="eigenvalues of $z^T z / N$", xlabel="rank", ylim=(1e-4, None))
panels[2].legend()
plt.show()

# %% [markdown]
# Each direction of $z$ is learned at a speed proportional to its eigenvalue, and the largest one limits the rate for
# all (notebook 1: twice its inverse). Only about ten directions tell samples apart, one for each input bit that varies,
# for the hidden layer is still almost linear. For the plain output one more direction, "all units at once", is more
# than a hundred times larger than those ten, and says nothing about the sample: what matters is learned more than a
# hundred times more slowly than it could be. Normalized, that direction is gone and
# the ten lie within a factor of ten of each other.
#
# ## Sources side by side are a sum of guesses
#
# The package's `Conditioning` puts the chosen sources next to each other in one matrix. This is what a guesser sees of
# 30 sums:

# %%
from dni_np.dni.conditioning import Conditioning

rng = np.random.default_rng(0)
context = {"label": sums.y_train[:30], "input": sums.x_train[:30]}
sees = Conditioning(SOURCES, 64, label=sums.classes, input=sums.x_train.shape[1])
seen = sees.join(h[1][:30], context)
assert np.array_equal(seen, np.hstack([h[1][:30], normalize(h[1][:30]), context["input"], context["label"]]))

# %%
figure, axes = plt.subplots(figsize=(10, 2.6))
image = axes.imshow(seen, cmap="RdBu_r", vmin=-3, vmax=3, aspect="auto")
edges = np.cumsum([0, 64, 64, sums.x_train.shape[1], sums.classes])
for edge in edges[1:-1]:
    axes.axvline(edge - 0.5, color="k", linewidth=1)
axes.set_xticks((edges[:-1] + edges[1:]) / 2 - 0.5, ["output", "normalized", "input", "label"])
axes.set(ylabel="sample", title="What a guesser of layer 1 can see of 30 sums")
figure.colorbar(image)
plt.show()

# %% [markdown]
# A linear model of sources side by side is the *sum of one linear model for each*:
# $\hat d = [z_1, z_2] \begin{bmatrix} M_1 \\ M_2 \end{bmatrix} = z_1 M_1 + z_2 M_2$. The package's model, cut at the same
# edges, shows it, and so does its gradient, which is the $z^T e / N$ of notebook 1:

# %%
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.nn.initializers import trask_normal

model = SyntheticGradient(64, sees, rng, last_init=trask_normal)
guess, cache = model.forward(h[1][:30], context)
M, bias = model.params["0.W"], model.params["0.b"]
parts = [seen[:, a:b] @ M[a:b] for a, b in zip(edges, edges[1:])]  # four guesses
assert np.allclose(guess, sum(parts) + bias, atol=1e-5)
error = guess - d[0][:30]
model.backward(error, cache)
grads = model.grads
assert np.allclose(grads["0.W"], seen.T @ error / 30, atol=1e-5)

# %% [markdown]
# ## Eight mixtures learn to add
#
# Now the real thing: DNI at both hidden layers, linear guessers, plain gradient descent; the top layer has the true
# gradient. All runs use one rate for the guessers, 0.03, at which every mixture is stable here (exercise 4 tries a
# larger one), and are averaged over three seeds.
#
# The errors are those on held-out sums, which never occur in training:

# %%
train_sums = {tuple(row) for row in sums.x_train}
overlap = sum(tuple(row) in train_sums for row in sums.x_test)
assert overlap == 0
print(f"{len(sums.x_test)} held-out sums, {overlap} of them also drawn for training")

# %% [markdown]
# So the errors say how well a network adds numbers that it has not seen. The held-out sums are few and have six bits
# each, so one wrong bit more or less moves a run's error by about 0.2 points.

# %%
MIXTURES = {
    "output": ("output",),
    "normalized": ("normalized",),
    "input": ("input",),
    "label": ("label",),
    "output + normalized + input": ("output", "normalized", "input"),
    "output + label": ("output", "label"),
    "normalized + label": ("normalized", "label"),
    "all four": ("output", "normalized", "input", "label"),
}
BLIND = [name for name, sees in MIXTURES.items() if "label" not in sees]  # without the label
SEEDS = (0,) if FAST else (0, 1, 2)


# %%
def run(recipe, rule, steps, dataset=None, seed=0, **overrides):
    """Train once; return the history."""
    settings = find(recipe).settings(rule, steps=steps, evaluate_every=max(1, steps // 10), seed=seed, **overrides)
    loop = build_loop(settings, dataset, progress=False)
    loop.run()
    return loop.history


ADD_STEPS = 600 if FAST else 12_000
addition = {}
for name, sees in MIXTURES.items():
    options = {"sees": sees, "sg_learning_rate": 0.03}
    addition[name] = [run("addition-quick", "dni", ADD_STEPS, seed=seed, **options) for seed in SEEDS]
for rule in ("backprop", "none"):
    addition[rule] = [run("addition-quick", rule, ADD_STEPS, seed=seed) for seed in SEEDS]


# %%
def column(histories, name):
    """(steps, mean over the seeds)."""
    return histories[0].column(name)[0], np.mean([history.column(name)[1] for history in histories], axis=0)


def last(histories, name):
    return np.array([history.rows[-1][name] for history in histories])


def draw(results, title, top):
    """Held-out errors, without the label (left) and with it (right); backprop and none in both."""
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
    for axes, names in zip(panels, (BLIND, [name for name in MIXTURES if name not in BLIND])):
        for i, name in enumerate(names):
            axes.plot(*column(results[name], "test_error"), color=f"C{i + 1}", label=name)
        axes.plot(*column(results["backprop"], "test_error"), color="C0", linestyle="--", label="backpropagation")
        axes.plot(*column(results["none"], "test_error"), color="0.6", linestyle="--", label="no gradient below the top")
        axes.set(xlabel="step", ylim=(0, top))
        axes.legend(fontsize=8)
    panels[0].set(ylabel="test error (%)", title=f"{title}: guessers without the label")
    panels[1].set(title=f"{title}: guessers with the label")
    plt.show()


# %%
draw(addition, "addition", 75)

# %% [markdown]
# Without the label, the plain output is no better than training nothing below the top. Normalizing it makes a clear
# difference, as trask hoped, and the input adds nothing to that. But none of these comes near backpropagation. With the
# label *and* the output in some form, DNI keeps up with backpropagation, or nearly so.
#
# And the label alone, which explained so much in the first figures, is not enough.
#
# Behind the errors are the guesses. The *gradient loss* is the guesser's own squared error against its target, which
# below the top is another guess; the cosine is against the *true* gradient. Dashed lines do not see the label.


# %%
def draw_guesses(results, title):
    """For each hidden layer, over training: the guessers' loss, and their cosine with the true gradient."""
    figure, panels = plt.subplots(2, 2, figsize=(10, 5.6), sharex=True)
    for k in (1, 2):
        for i, name in enumerate(MIXTURES):
            style = {"color": f"C{i}", "linestyle": "--" if name in BLIND else "-"}
            panels[0, k - 1].semilogy(*column(results[name], f"gradient_loss_{k}"), label=name, **style)
            panels[1, k - 1].plot(*column(results[name], f"cosine_{k}"), label=name, **style)
        panels[0, k - 1].set(title=f"{title}: guess of layer {k}", ylabel="gradient loss")
        panels[1, k - 1].set(xlabel="step", ylabel="cosine with true", ylim=(-0.2, 1))
        panels[1, k - 1].axhline(0, color="0.5", linestyle=":", linewidth=1)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    plt.show()


# %%
draw_guesses(addition, "addition")

# %% [markdown]
# Two things to notice. A small gradient loss says little: at layer 1 the plain output has by far the smallest, because
# its targets are themselves nearly zero. And the cosines fall into two groups, with the label and without it, but
# *inside* the upper group they do not tell who learns: the label alone points as well as the others, and learns far
# less.
#
# ## The same on handwritten digits
#
# Three layers of 256 units, each hidden one with batch normalization and ReLU; Adam at 0.001 for everything; linear guessers
# that start at zero; a few hundred steps. (Here the *network* normalizes already, before its ReLU.)

# %%
IMAGE_STEPS = 20 if FAST else 400
images = {}
for name, sees in MIXTURES.items():
    images[name] = [run("mnist-fcn-quick", "dni", IMAGE_STEPS, digits, sees=sees, hidden=(), learning_rate=1e-3)]
for rule in ("backprop", "none"):
    images[rule] = [run("mnist-fcn-quick", rule, IMAGE_STEPS, digits)]
draw(images, digits.name, 40)

# %%
draw_guesses(images, digits.name)

# %% [markdown]
# Digits are kinder: every mixture is far better than no gradient. Among the guessers without the label the tutorial's
# suggestion stays ahead. Output and label together are better than any of them, and it matters little whether the
# output is normalized once more.
#
# **The surprise** is the label alone. Its cosine with the true gradient is by far the *highest* of all eight, its
# gradient loss at layer 1 the smallest, or nearly so, throughout, and its error the *worst*. How can the best guess
# teach least?
#
# One might think that this network is simply in another place than the others, where guessing is easier. So take *one*
# network, the one trained by backpropagation above, fit both guessers by least squares at layer 2, and look at them
# sample by sample:

# %%
from dni_np.analysis.gradient_error import gradient_error

h, d = walk(network, x_judge, y_judge)
half = len(labels) // 2
truth, sizes = d[1][half:], np.linalg.norm(d[1][half:], axis=1)
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.6), sharex=True, sharey=True)
for axes, name, z in zip(panels, ("label", "output + label"), (labels, np.hstack([h[2], labels]))):
    guess = z[half:] @ np.linalg.lstsq(z[:half], d[1][:half], rcond=1e-5)[0]
    axes.loglog(sizes[::5], np.linalg.norm(guess, axis=1)[::5], ".", markersize=2, color=COLORS.get(name, "0.2"))
    axes.plot((1e-6, 5), (1e-6, 5), color="0.6", linewidth=0.8)  # equal sizes
    cosine, share = gradient_error(guess, truth)["cosine"], share_explained(z, d[1])
    axes.set(title=f"{name}: cosine {cosine:.2f}, share explained {share:.2f}", xlabel="size of the true gradient")
panels[0].set(ylabel="size of the guess", xlim=(1e-6, 5), ylim=(1e-4, 5))
plt.show()

# %% [markdown]
# Each dot is one image. Most true gradients are small: these images are recognized already. But even a tiny gradient
# has a *direction*, much the same for all images of a class, so the label alone gets it right, with one size for each
# class: it pushes recognized images as hard as the others. The cosine counts every image alike, however small its
# gradient, and ranks the label first. The share explained weighs by size and ranks output + label first, whose guess is
# larger where the true gradient is large. What trains a network is the sum over samples, and there size matters: *a
# cosine averaged over samples can mislead.*
#
# ## What the matrices look like
#
# The label's part of a guesser has one row for each class: what it tells the layer when the sample is of that
# class. If the guess copies the label's half of $(p - y) W^T$, those rows must resemble $-W^T$. We train once
# more and compare, for layer 2's guesser and the top layer's weights $W$:

# %%
settings = find("mnist-fcn-quick").settings("cdni", steps=IMAGE_STEPS, evaluate_every=IMAGE_STEPS)
loop = build_loop(settings, digits, progress=False)
loop.run()
rows = loop.rule.units[1].synthetic_gradient.params["0.W"][-digits.classes :]
W = loop.rule.cores[-1].params["0.W"]
centered = [values - values.mean(axis=0) for values in (rows, -W.T)]  # what all classes share is no news
similarity = (centered[0] * centered[1]).sum() / np.linalg.norm(centered[0]) / np.linalg.norm(centered[1])
print(f"cosine between the two: {similarity:.2f}")

# %%
figure, panels = plt.subplots(2, 1, figsize=(9.5, 3.8), sharex=True)
for axes, values, title in zip(panels, centered, ("label's rows of layer 2's guesser", "$-W^T$ of the layer above")):
    limit = 3 * values.std()  # each in its own scale
    axes.imshow(values[:, :100], cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    axes.set(title=f"{title} (minus the mean over classes)", ylabel="class", yticks=range(0, digits.classes, 3))
panels[1].set_xlabel("unit (the first 100)")
plt.show()

# %% [markdown]
# Up to the scale, they are nearly the same matrix. Layer 2's guesser has never been shown the weights above it; it has found
# their differences between classes from the gradients that came down.
#
# ## The table

# %%
from dni_np.experiments.report import format_table


def cosines(histories):
    if "cosine_1" not in histories[0].rows[-1]:
        return ""  # backpropagation has no guesses
    return ", ".join(f"{last(histories, f'cosine_{k}').mean():.2f}" for k in (1, 2))


table = []
for name in (*MIXTURES, "backprop", "none"):
    error = last(addition[name], "test_error")
    row = {"sees": name, "addition, error %": f"{error.mean():.1f} ({error.min():.1f} to {error.max():.1f})"}
    row["cosine 1, 2"] = cosines(addition[name])
    row[f"{digits.name}, error %"] = f"{last(images[name], 'test_error')[0]:.1f}"
    row["cosine 1, 2 "] = cosines(images[name])
    table.append(row)
print(f"addition: {ADD_STEPS:,} steps, mean and range over seeds {SEEDS}; {digits.name}: {IMAGE_STEPS} steps, one seed\n")
print(format_table(table))

# %% [markdown]
# ## As predicted?
#
# Compare with your list. This is what we expected before the runs, and what came out:
#
# - *The label matters most.* Yes on both tasks, but only together with the output. Alone it is one of the weak sources
#   for addition, and the weakest for digits.
# - *Normalizing helps.* Without the label, clearly on addition, where the outputs are flat; a little on digits, where
#   the network normalizes already. With the label it does not help: on addition "normalized + label" ends behind
#   "output + label". One possible reason is its noise, mean and variance of ten samples; exercise 2 looks into that.
# - *The tutorial's suggestion*, output + normalized + input, is the best mixture without the label on digits. On
#   addition it equals "normalized" alone within the spread of the seeds.
# - *More is better.* Hardly: "all four" is no better than the best pair.
# - *A better aligned guess trains a better network.* No. See the label alone.
#
# These are short runs of small networks with linear guessers at one rate each; the digits' column is one seed, where
# differences of a few tenths mean nothing.
#
# ## Exercises
#
# 1. **A control.** Give the guessers *wrong* labels: those of other samples. If the label helps because it says
#    something about the sample, learning must break down.
# 2. **Less noise.** "normalized" takes mean and variance from a minibatch of ten. Do batches of 50 change its standing?
# 3. **More than linear.** Let the guesser see the output alone on addition, but give it a hidden layer: `hidden=(64,)`.
# 4. **Too fast.** Train "all four" with `sg_learning_rate=0.3`. What does the package say?
#
# <details><summary><b>Solutions in words</b></summary>
#
# 1. It does: the error is what it is when nothing is trained below the top.
# 2. In this run, yes: "normalized + label" gains most from the larger batch and is then level with "output + label".
#    That fits the suspicion about noise, with one seed.
# 3. It helps, about as much as normalizing does; it stays far from what the label gives. The hidden layer has a batch
#    normalization of its own, so this does not tell which of the two helps.
# 4. It stops with advice when the loss is no longer a number. The sum of four sources has a larger largest eigenvalue
#    than any of them, so it tolerates the smallest rate.
# </details>

# %%
settings = find("addition-quick").settings("cdni", steps=ADD_STEPS, evaluate_every=ADD_STEPS // 10)
loop = build_loop(settings, progress=False)
true_context = loop.rule.context
loop.rule.context = lambda x, y: true_context(x, np.roll(y, 1, axis=0))  # each sample gets its neighbor's label
loop.run()
right = last(addition["output + label"][:1], "test_error")[0]
print(f"1. wrong labels: {loop.history.rows[-1]['test_error']:.1f} %, right labels: {right:.1f} %")

# %%
for name in ("output", "normalized", "output + label", "normalized + label"):
    options = {"sees": MIXTURES[name], "sg_learning_rate": 0.03, "batch_size": 50}
    history = run("addition-quick", "dni", ADD_STEPS // 2, **options)
    tens = addition[name][0].rows[4]["test_error"]  # the fifth of ten measurements: half the steps
    print(f"2. {name:20} batches of 50: {history.rows[-1]['test_error']:4.1f} %, of 10: {tens:4.1f} %, after as many steps")

# %%
history = run("addition-quick", "dni", ADD_STEPS, hidden=(64,), sg_learning_rate=0.03)
print(f"3. output alone, a hidden layer:  {history.rows[-1]['test_error']:.1f} %")

# %%
from dni_np.errors import UserError

try:
    history = run("addition-quick", "dni", ADD_STEPS, sees=MIXTURES["all four"], sg_learning_rate=0.3)
    print(f"4. {history.rows[-1]['test_error']:.1f} %")
except UserError as error:
    print(f"4. {error}")

# %% [markdown]
# ## Summary
#
# - A linear guesser of several sources is a sum of linear guessers. Which sources it sees decides what it can know.
# - The label gives one of the two terms of the gradient, the $-y$ in $p - y$, for nothing. The output adds what the network makes of
#   the sample. Together they train networks; each alone is weak.
# - Normalizing changes nothing about what a linear guesser can know and much about how fast it learns it.
# - A high cosine is no proof of a good teacher: averaged over samples it ignores size. Notebook 03 shows why.
#
# The guessers here were linear and the runs short. Next: **[convolutions](toolbox_convolution.ipynb)**, where a guess is an
# image.

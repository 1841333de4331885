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
# | | |
# |---|---|
# | **Question** | How far are the guesses from the true gradients, and what makes them better? |
# | **Time** | about an hour |
# | **Level** | third notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 02](02_mnist.ipynb): the chain of guesses, its network and its task |
#
# ![True gradients and guesses, learning](figures/gradients_while_learning.gif)
#
# On the left true gradients, a row for each image, on the right the guesses that layer 5 was
# updated with. The comparison is that of figures 11 and 12 of [Jaderberg et al.
# 2017](https://proceedings.mlr.press/v70/jaderberg17a.html).
#
# ## Your prediction
#
# A six-layer cDNI network (five linear guesses, each sees its layer's output and the label), 1,000
# steps of MNIST.
#
# 1. the mean cosine of guess and true gradient after layer 5, next to the loss, and after layer 1
#    (1: the same direction; 0: unrelated);
# 2. the share of the squared true gradient that belongs to the tenth of the images with the
#    largest gradients;
# 3. what happens to the test error if each linear guess is, in every step, the *best* matrix for
#    the recent past, in place of one that Adam improves slowly: nothing, a little, or half the
#    error gone?
# 4. For a six-layer network with *one* guess, made without the label: does it cost more near the
#    input or near the output?

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.data.choose import load_images
from dni_np.pictures import style
from dni_np.pictures.slider import slider

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})

# %%
dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(1500, 500)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
side = int(dataset.x_train.shape[1] ** 0.5)


def first_images(n):
    x = dataset.x_train[:n].astype(np.float32) * np.float32(dataset.scale)
    return x, dataset.y_train[:n]


x, y = first_images(500)  # all gradients are compared on these
print(f"{DATA}: {len(dataset.x_train):,} training images; gradients of the first {len(x)}")

# %% [markdown]
# ## 1. Three measures in ten lines
#
# For one image the true gradient $g$ at a layer's output has 256 numbers, and so has the guess
# $\hat g$.

# %%
def length(rows):
    return np.linalg.norm(rows, axis=1)


def three_measures(guess, true):
    """Means over the images of guess and true, both (N, 256)."""
    cosine = (guess * true).sum(axis=1) / np.maximum(length(guess) * length(true), 1e-30)
    l2 = length(guess - true)
    sign = (np.sign(guess) != np.sign(true)).mean(axis=1)  # share of wrong signs; 1/2 by chance
    return {"cosine": cosine.mean(), "l2": l2.mean(), "sign": sign.mean()}

# %% [markdown]
# The true gradient comes as in backpropagation: forward through everything, the loss, and back. It
# exists only for us; the network is never updated with it. (`undisturbed` restores batch
# normalization's running statistics: a measurement must not change what it measures.) The package's
# `gradient_pairs` does the same.

# %%
from dni_np.analysis.gradient_probe import gradient_pairs, undisturbed


def guesses_and_truths(network, x, y):
    """[(guess, true gradient)] after each hidden layer, lowest first."""
    context = network.context(x, y)
    with undisturbed(network.cores):
        h, caches, guesses = x, [], []
        for unit in network.units:
            h, cache = unit.core.forward(h)
            caches.append(cache)
            guesses.append(unit.synthetic_gradient.forward(h, context)[0])
        logits, top_cache = network.loss_unit.core.forward(h)
        gradient = network.loss_unit.loss(logits, y)[1]
        truths = []
        for core, cache in zip(network.cores[:0:-1], [top_cache, *caches[:0:-1]]):
            gradient = core.backward(gradient, cache)
            truths.insert(0, gradient)
    return list(zip(guesses, truths))

# %% [markdown]
# ## 2. Training with stops
#
# A run stops at chosen steps, and there we keep for each layer the **guess**, its **target** (the
# next layer's guess, brought back through the next layer) and the **truth**.

# %%
def look(network):
    """[(guess, target, truth)] for each hidden layer, lowest first."""
    pairs, targets = gradient_pairs(network, x, y), []
    with undisturbed(network.cores):
        h, _ = network.cores[0].forward(x)
        for core, (guess_above, _) in zip(network.cores[1:-1], pairs[1:]):
            h, cache = core.forward(h)
            targets.append(core.backward(guess_above, cache))
    targets.append(pairs[-1][1])  # the top guess learns from the truth
    return [(guess, target, truth) for (guess, truth), target in zip(pairs, targets)]

# %%
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find


def train(rule, stops, look=None, layers=6, **options):
    """Train until the last stop; return the loop and {stop: look(network)}."""
    options |= {"layers": layers, "steps": stops[-1], "evaluate_every": stops[-1]}
    loop = build_loop(find("mnist-fcn-quick").settings(rule, **options), dataset, progress=False)
    seen = {}
    for stop in stops:
        loop.steps = stop
        loop.run()  # from the last stop to this one
        if look:
            seen[stop] = look(loop.rule)
    return loop, seen


def test_error(loop):
    return loop.history.rows[-1]["test_error"]

# %% [markdown]
# Is our gradient the package's, and does looking leave a run as it is?

# %%
looked_at, _ = train("cdni", range(1, 11), look)
other, _ = train("cdni", (10,))
state, other_state = looked_at.rule.state(), other.rule.state()
assert all(np.array_equal(state[name], other_state[name]) for name in state)
ours, theirs = guesses_and_truths(other.rule, x, y), gradient_pairs(other.rule, x, y)
assert all(np.array_equal(a, b) for two, pair in zip(ours, theirs) for a, b in zip(two, pair))
print("looked at or not: equal after ten steps, bit for bit; and the gradients are the package's")

# %%
STOPS = (5, 10, 20, 40) if FAST else (10, 25, 50, *range(100, 1001, 100))
EARLY, STEPS = STOPS[2], STOPS[-1]
cdni, seen = train("cdni", STOPS, look)
none, _ = train("none", (STEPS,))
print(f"{DATA}, six layers, test error after {STEPS} steps:")
print(f"{test_error(cdni):.2f} % with cDNI, {test_error(none):.2f} % with random hidden layers")

# %%
LAYERS = plt.get_cmap("viridis")(np.linspace(0.9, 0.1, 5))  # light: next to the input
TITLES = {"cosine": "cosine", "l2": "L2 distance", "sign": "share of wrong signs"}
figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.2))
for k in range(5):
    measures = [three_measures(seen[stop][k][0], seen[stop][k][2]) for stop in STOPS]
    for axes, name in zip(panels, TITLES):
        values = [one[name] for one in measures]
        axes.plot(STOPS, values, color=LAYERS[k], label=f"after layer {k + 1}")
        axes.set(title=TITLES[name], xlabel="step")
    last = {name: f"{value:.2f}" for name, value in measures[-1].items()}
    print(f"after layer {k + 1}, step {STEPS}: {last}")
panels[2].axhline(0.5, color=style.NO_GRADIENT, linestyle=":")
panels[1].legend(fontsize=8)
figure.suptitle(f"Means over images: guesses that look almost unrelated to the truth ({DATA})")
plt.show()

# %% [markdown]
# The mean cosines end at 0.2 or less, with more than four signs in ten wrong. The paper saw the
# same and remarked that it did not seem to matter. Indeed: the network has learned. How can guesses
# that are almost unrelated to the truth teach so much?
#
# ## 3. The surprise: the mean looks at the wrong images
#
# The mean cosine gives every image one vote. But an image that the network already recognizes has
# almost no gradient: the truth's direction is the direction of next to nothing.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
percent = 100 * np.arange(1, len(x) + 1) / len(x)
for stop, line in zip((STOPS[0], EARLY, STEPS), (":", "--", "-")):
    squares = np.sort(length(seen[stop][4][2]) ** 2)[::-1]
    share = 100 * squares.cumsum() / squares.sum()
    left.plot(percent, share, line, color=style.TRUE, label=f"step {stop}")
    print(f"step {stop}: a tenth of the images has {share[len(x) // 10 - 1]:.0f} % of it")
left.set(xlabel="images, largest gradient first (%)", ylabel="of the squared true gradient (%)")
left.set_title("After layer 5: few images have nearly all of it")
left.legend()
for k in (0, 2, 4):
    guess, _, true = seen[STEPS][k]
    cosine = (guess * true).sum(axis=1) / np.maximum(length(guess) * length(true), 1e-30)
    label = f"after layer {k + 1}"
    right.scatter(length(true) + 1e-8, cosine, s=6, color=LAYERS[k], label=label)
right.set(xscale="log", xlabel="length of the image's true gradient", ylabel="cosine")
right.set_title(f"One dot an image: right where it matters (step {STEPS})", fontsize=10)
right.legend(markerscale=3)
plt.show()

# %% [markdown]
# A layer's update is $\frac1N \sum_n x_n^T g_n$: each image counts by the size of its gradient. So
# measure what counts.
#
# ## Your turn
#
# The **pooled** cosine takes the gradients of all images as *one* long vector.

# %%
def pooled_cosine(guess, true):
    """The cosine of two arrays of one shape, (N, 256), each taken as one vector of N 256 numbers.

    Return 0 where one of the two is all zero.
    """

# %%
from dni_np.analysis.gradient_error import pooled_cosine as package_version


def check(function):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 20, 8))
    if function(a, b) is None:
        print("Nothing is written yet. Until then the package's version is used.")
        return package_version
    assert np.isclose(function(a, 3 * a), 1), "the length of a guess must not matter"
    assert function(a, np.zeros_like(a)) == 0, "a guess of zero has no direction: 0"
    b[1:] *= 1e-6  # now image 0 alone counts
    alone = a[0] @ b[0] / np.linalg.norm(b[0]) / np.linalg.norm(a)
    assert np.isclose(function(a, b), alone), "each image counts by the size of its gradient"
    print("Right. All that follows uses your function.")
    return function


pooled_cosine = check(pooled_cosine)

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3.3), sharey=True)
for k in range(5):
    pairs = [(seen[stop][k][0], seen[stop][k][2]) for stop in STOPS]
    panels[0].plot(STOPS, [three_measures(*pair)["cosine"] for pair in pairs], color=LAYERS[k])
    pooled = [pooled_cosine(*pair) for pair in pairs]
    panels[1].plot(STOPS, pooled, color=LAYERS[k], label=f"after layer {k + 1}")
panels[0].set(title="mean over images", xlabel="step", ylabel="cosine of guess and truth")
panels[1].set(title="pooled: by the size of the gradient", xlabel="step", ylim=(-0.1, 1))
panels[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
figure.suptitle(f"The same guesses, counted in two ways ({DATA})")
plt.show()

# %% [markdown]
# Pooled, the guesses get better as training goes on (the steps upward come where the learning rate
# drops), and the order is plain: best next to the loss, worse with every layer down.
#
# What does a layer's *weight gradient* make of a guess? If what guesses get wrong differed from
# image to image and canceled in the sum, its cosine would be above the pooled one.

# %%
def weight_cosines(network, x, y):
    """For each layer, the cosine of its weight gradients by guess and by truth."""
    cosines, h = [], x
    with undisturbed(network.cores):
        for unit, pair in zip(network.units, gradient_pairs(network, x, y)):
            h, cache = unit.core.forward(h)
            updates = []
            for gradient in pair:
                unit.core.backward(gradient, cache)
                updates.append(unit.core_optimizer.grads.copy())  # all of the layer, one vector
            cosines.append(float(package_version(*updates)))
    return cosines


print(f"step {STEPS}, after layer     1     2     3     4     5")
rows = {"mean over images": [three_measures(look[0], look[2])["cosine"] for look in seen[STEPS]]}
rows["pooled"] = [pooled_cosine(look[0], look[2]) for look in seen[STEPS]]
rows["weight gradients"] = weight_cosines(cdni.rule, x, y)
for name, cosines in rows.items():
    print(f"{name:22}" + "".join(f"{cosine:6.2f}" for cosine in cosines))

# %% [markdown]
# The cosine of single guesses is low where that of the weights' gradient is high: to judge a guess,
# look at what the weights get. But it is hardly anywhere above the pooled one. What a linear
# guess gets wrong does not cancel in the sum.
#
# ## 4. Gradients as pictures
#
# Each row is one image's gradient after layer 5 (48 of the 256 units), sorted by class.

# %%
def draw_gradients(panels, stop, each=20, units=48):
    """True gradients and guesses after layer 5, the first images of each class, in two panels."""
    classes = range(dataset.classes)
    rows = np.concatenate([np.flatnonzero(y == label)[:each] for label in classes])
    guess, _, true = (array[rows, :units] for array in seen[stop][4])
    limit = 2.5 * true.std()
    for axes, array, name in zip(panels, (true, guess), ("truth", "guess")):
        picture = {"aspect": "auto", "cmap": "PuOr", "interpolation": "nearest"}
        axes.imshow(array, vmin=-limit, vmax=limit, **picture)
        axes.set(title=f"{name}, step {stop}", xlabel="unit", xticks=())
        axes.set_yticks(np.searchsorted(y[rows], classes) - 0.5, classes)
        axes.grid(False)


figure, panels = plt.subplots(1, 4, figsize=(9.5, 4), sharey=True)
draw_gradients(panels[:2], EARLY)
draw_gradients(panels[2:], STEPS)
panels[0].set_ylabel("images, from the first of each class")
plt.show()

# %% [markdown]
# Early, many images of a class want the same: blocks, which one matrix and a label can copy. Later
# most rows of the truth are blank, the images that are recognized; the hard ones remain. The guess
# finds those rows too, from the layer's output *and* the label: where the output is unlike those of
# its class, there is something to correct. The next cell makes the moving picture at the top.

# %%
from matplotlib.figure import Figure

from dni_np.pictures.moving import save_moving

frames = []
for stop in (*(stop for stop in STOPS if stop <= 400 or stop % 200 == 0), STEPS, STEPS):
    frames.append(Figure(figsize=(4.4, 2.9)))
    draw_gradients(frames[-1].subplots(1, 2, sharey=True), stop, each=7, units=32)
folder = Path(tempfile.mkdtemp()) if FAST else Path("figures")
size = save_moving(folder / "gradients_while_learning.gif", frames, seconds=0.7)
print(f"the moving picture: {size / 1000:.0f} kB")

# %% [markdown]
# ## 5. Where does one guess point?
#
# After layer 5 only the classifier follows: a small step of $h_5$ against a gradient $g$ changes
# the ten logits by $-g W$. So we can read which classes a gradient would raise and lower. Take one
# hard image, and give its guess *every* label in turn.

# %%
guess, _, true = seen[STEPS][4]
W = cdni.rule.loss_unit.core.layers[0].params["W"]  # (256, classes)
sample = np.argmax(length(true))
raised_by_guess = np.empty((dataset.classes, dataset.classes))
with undisturbed(cdni.rule.cores):
    h = x
    for core in cdni.rule.cores[:-1]:
        h, _ = core.forward(h)
for given in range(dataset.classes):
    labels = np.where(np.arange(len(y)) == sample, given, y)
    context = cdni.rule.context(x, labels)
    guessed, _ = cdni.rule.units[-1].synthetic_gradient.forward(h, context)
    raised_by_guess[given] = -(guessed[sample] @ W)
    assert given != y[sample] or np.allclose(guessed, guess, atol=1e-5)

# %%
def draw_label(axes, given):
    """Which logits the guess would raise, given this label, beside what the truth would raise."""
    truth = -(true[sample] @ W)
    axes.bar(np.arange(10) - 0.2, truth, 0.4, color=style.TRUE, label=f"truth, label {y[sample]}")
    label = f"guess, given the label {given}"
    axes.bar(np.arange(10) + 0.2, raised_by_guess[given], 0.4, color=style.CDNI, label=label)
    axes.set(xlabel="class", ylabel="change of the logit", xticks=range(10))
    axes.legend(fontsize=8)


figure, panels = plt.subplots(1, 3, figsize=(10, 3.1), width_ratios=(0.7, 1.3, 1.1))
panels[0].imshow(x[sample].reshape(side, side), cmap="gray_r")
panels[0].set(title=f"labeled {y[sample]}", xticks=(), yticks=())
draw_label(panels[1], y[sample])
limit = abs(raised_by_guess).max()
picture = panels[2].imshow(raised_by_guess, cmap="PuOr_r", vmin=-limit, vmax=limit)
panels[2].set(xlabel="logit that the guess changes", ylabel="label it is given")
panels[2].set(title="ten labels, ten guesses", xticks=range(10), yticks=range(10))
for axes in (panels[0], panels[2]):
    axes.grid(False)
figure.colorbar(picture, ax=panels[2])
plt.show()

# %% [markdown]
# The guess has learned what a label is for: raise this class (the diagonal), lower the one that the
# output looks like (the dark column). Given the label 0, it changes next to nothing: the output
# looks like a 0, so output and label agree. DNI, without the label, must raise all classes that it
# finds likely. With `ipywidgets` installed the next cell has a slider over the labels; nothing is
# computed when you use it.

# %%
def with_label(given):
    draw_label(plt.subplots(figsize=(5, 3))[1], given)
    plt.show()


slider(with_label, range(dataset.classes), "label", start=int(y[sample]))

# %% [markdown]
# ## 6. A guess learned from a guess
#
# Only guess 5 is compared with the truth. Guess 1 learns from a target made of guess 2, which
# learned from a target made of guess 3 ... Two things can go wrong: the guess may miss its target,
# and the target may miss the truth. (DNI: no label, a hidden layer of 256 units in each model.)

# %%
def draw_three_cosines(axes, looks, title):
    ways = {"guess with its target": (0, 1), "target with the truth": (1, 2)}
    ways["guess with the truth"] = (0, 2)
    colors = ("0.6", style.TARGET, style.CDNI if "cDNI" in title else style.DNI)
    for shift, (name, (a, b)), color in zip((-0.27, 0, 0.27), ways.items(), colors):
        cosines = np.array([pooled_cosine(one[a], one[b]) for one in looks])
        axes.bar(np.arange(1, 6) + shift, cosines, 0.25, color=color, label=name)
        print(f"{title}: {name:22}", cosines.round(2))
        if name == "guess with its target":
            product = np.cumprod(cosines[::-1])[::-1]
            axes.plot(range(1, 6), product, "k.--", label="product of gray bars from 5 down")
    axes.set(title=title, xlabel="after layer", ylim=(-0.05, 1.05))


MODEL, DNI_STEPS = ((32,), 40) if FAST else ((256,), 500)
dni, seen_dni = train("dni", (DNI_STEPS,), look, hidden=MODEL)
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
draw_three_cosines(panels[0], seen[STEPS], f"cDNI, test error {test_error(cdni):.1f} %")
draw_three_cosines(panels[1], seen_dni[DNI_STEPS], f"DNI, test error {test_error(dni):.1f} %")
panels[0].set_ylabel("pooled cosine")
for axes in panels:
    axes.legend(fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
plt.show()

# %% [markdown]
# Errors multiply on the way down. Each cDNI guess has a cosine of about 0.8 with *its target*, and
# what reaches layer 1 is roughly the product of the gray bars. For DNI five low factors leave
# nothing. Even its guess 5, which learns from the truth, is poor: what makes an image hard is that
# its output does not say its label, and the output is all it sees.
#
# ## 7. Poor, or only late?
#
# The layers change while the guess learns. So a guess can be poor because no matrix does better, or
# because it is **late**: right for the layers of some time ago. Least squares decides. At a stop,
# fit the best matrix for the layers as they are, on one half of 10,000 images, and compare both on
# the other half.

# %%
x_many, y_many = first_images(10_000)


def guess_and_best(network, places=(0, 2, 4)):
    """[(cosine of the guess, cosine of the best matrix)] after layers 1, 3, 5."""
    pairs, found, h = gradient_pairs(network, x_many, y_many), [], x_many
    half, labels = len(x_many) // 2, np.eye(dataset.classes, dtype=np.float32)[y_many]
    with undisturbed(network.cores):
        for place, core in enumerate(network.cores[:-1]):
            h, _ = core.forward(h)
            if place in places:
                sees = np.hstack([h, labels, np.ones_like(h[:, :1])])
                guess, true = pairs[place]
                best = np.linalg.lstsq(sees[:half], true[:half], rcond=1e-4)[0]
                both = guess[half:], sees[half:] @ best
                found.append([float(pooled_cosine(one, true[half:])) for one in both])
    return np.array(found)

# %% [markdown]
# The cure, if it is lateness: a guess that is fitted anew in every step. **Recursive least
# squares** (RLS) keeps what the guess has seen, $\phi = [h, y, 1]$, in a matrix $A$ in which older
# batches count less and less, and jumps to the best fit; $r$ is a small multiple of the mean of
# $A$'s diagonal, and there is no learning rate:
#
# $$A \leftarrow 0.98 A + \phi^T \phi / N, \qquad
# M \leftarrow M - (A + r I)^{-1}\, \phi^T (\hat g - d) / N$$

# %%
def rls_step(M, A, sees, target, beta=0.98, ridge=1e-3):
    """One step of recursive least squares, in place; sees (N, D), target (N, K)."""
    gradient = sees.T @ (sees @ M - target) / len(sees)
    A[...] = beta * A + sees.T @ sees / len(sees)
    r = ridge * np.trace(A) / len(A)
    M -= np.linalg.solve(A + r * np.eye(len(A)), gradient)


rng = np.random.default_rng(0)
sees, targets = rng.standard_normal((10, 64, 20)), rng.standard_normal((10, 64, 5))
M, A = rng.standard_normal((20, 5)), np.zeros((20, 20))
for batch in range(10):
    rls_step(M, A, sees[batch], targets[batch], beta=1, ridge=0)
fit = np.linalg.lstsq(sees.reshape(-1, 20), targets.reshape(-1, 5), rcond=None)[0]
print(f"nothing forgotten: {abs(M - fit).max():.0e} from the least-squares fit of all rows so far")

# %% [markdown]
# Now in the network: six layers at a constant learning rate, all guesses linear, first
# with Adam and then with RLS.

# %%
FIT_STOPS = (10, 20, 40) if FAST else (50, 100, 200, 400, 600)
fits, fitted = {}, {}
for name, options in (("Adam", {}), ("RLS", {"sg_optimizer": "rls"})):
    fitted[name], found = train("cdni", FIT_STOPS, guess_and_best, decay_at=(), **options)
    fits[name] = np.array(list(found.values()))  # (stops, layers 1 3 5, guess and best)
FITTED_BY = {"Adam": style.CDNI, "RLS": style.OTHERS[0]}
figure, panels = plt.subplots(1, 4, figsize=(10, 3.1))
for name, color in FITTED_BY.items():
    steps, errors = fitted[name].history.column("test_error")
    panels[0].plot(steps, errors, "o-", markersize=3, color=color, label=name)
    print(f"{name:4} stops          ", *(f"{stop:6}" for stop in steps))
    print(f"{name:4} test error     ", *(f"{error:6.2f}" for error in errors))
    for which, cosines in zip(("guess 1", "best    "), fits[name][:, 0].T):
        print(f"{name:4} {which:15}", *(f"{cosine:6.2f}" for cosine in cosines))
    for k, axes in enumerate(panels[1:]):
        axes.plot(FIT_STOPS, fits[name][:, k, 0], color=color, label=name)
        axes.plot(FIT_STOPS, fits[name][:, k, 1], ":", color=color, label=f"best for {name}")
        axes.set(title=f"guess {2 * k + 1}: pooled cosine", xlabel="step", ylim=(-0.05, 1))
panels[0].set(title="test error (%)", xlabel="step", yscale="log", yticks=(2, 5, 10, 20, 50))
panels[0].set_yticklabels((2, 5, 10, 20, 50))
panels[0].minorticks_off()
panels[0].legend()
panels[1].legend(fontsize=7)
plt.show()

# %%
print(f"step {FIT_STOPS[-1]}, after layer                 1     2     3     4     5")
for name, loop in fitted.items():
    pairs = gradient_pairs(loop.rule, x, y)
    cosines = [three_measures(*pair)["cosine"] for pair in pairs]
    rows = {"mean over images": cosines, "pooled": [pooled_cosine(*pair) for pair in pairs]}
    rows["weight gradients"] = weight_cosines(loop.rule, x, y)
    for measure, cosines in rows.items():
        print(f"{name:5} {measure:22}" + "".join(f"{cosine:6.2f}" for cosine in cosines))

# %% [markdown]
# Adam's guesses are late: at step 200 guess 1 has a cosine of 0.09, where the best matrix has 0.54.
# RLS is with the best matrix soon (later a little above it: it has learned from more images), and
# the network is better for it. What is missing then no matrix can give.
#
# The table has the surprise of section 3 at its strongest: up to layer 4 RLS has the lower
# mean cosine, almost nothing, and the weights get the better gradients. On the command line:
# `--sg-optimizer rls`.
#
# ## 8. Targets that skip guesses
#
# Least squares does not help against errors that multiply. For that a target may skip guesses: mix
# what comes from further up into it,
#
# $$d_k = \big(\lambda\, d_{k+1} + (1 - \lambda)\, \hat g_{k+1}\big)\,
# \partial h_{k+1} / \partial h_k, \qquad d_5 = \text{the true gradient}.$$
#
# With $\lambda = 0$ this is the chain of guesses, with 1 every guess learns from the truth. Layers
# are updated by their guesses at once, whatever $\lambda$ is; only the target of a guess comes
# later (`--target-lambda`). Eleven layers, ten guesses in a chain:

# %%
DEEP_STEPS, LAMBDAS = (20, (0, 1)) if FAST else (300, (0, 0.5, 0.9, 1))
deep = {
    mix: train("cdni", (DEEP_STEPS,), layers=11, target_lambda=(mix,))[0] for mix in LAMBDAS
}
deep["backprop"], _ = train("backprop", (DEEP_STEPS,), layers=11)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
left.plot(LAMBDAS, [test_error(deep[mix]) for mix in LAMBDAS], "o-", color=style.CDNI, label="cDNI")
error = test_error(deep["backprop"])
left.axhline(error, color=style.BACKPROP, linestyle="--", label="backpropagation")
left.set(title=f"11 layers, {DEEP_STEPS} steps", xlabel="λ", ylabel="test error (%)")
left.set_ylim(0)
left.legend()
print(f"backprop: test error {error:.2f} %")
for mix, line in zip(LAMBDAS, (":", "-.", "--", "-")):
    cosines = [pooled_cosine(*pair) for pair in gradient_pairs(deep[mix].rule, x, y)]
    right.plot(range(1, 11), cosines, line, marker=".", color=style.CDNI, label=f"λ = {mix}")
    print(f"lambda {mix}: test error {test_error(deep[mix]):.2f} %,", end=" ")
    print(f"pooled cosine of guess 1 {cosines[0]:.2f}")
right.set(title="guess with the truth", xlabel="after layer", ylim=(-0.1, 1))
right.set_ylabel("pooled cosine")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# The chain of guesses hardly trains; with a $\lambda$ of 0.9 the same linear guesses come close to
# backpropagation, and the lowest ones point the right way.
#
# ## 9. Where does it hurt?
#
# One guess in a six-layer network, at each place in turn; above it and below it, backpropagation
# (figure 11a of the paper, where DNI goes from 1.8 % after layer 1 to 3.4 % after layer 5, and no
# gradient from 2.9 % to 23.7 %). A single guess learns from the truth: nothing multiplies.

# %%
CUT_STEPS = 20 if FAST else 300
single, places = {}, range(1, 6)
for rule, options in (("none", {}), ("dni", {"hidden": MODEL}), ("cdni", {})):
    options["learning_rate"] = 1e-3  # one for all
    for k in places:
        single[rule, k], _ = train(rule, (CUT_STEPS,), cut_after=(k,), **options)
whole, _ = train("backprop", (CUT_STEPS,))
print(f"{DATA}, {CUT_STEPS} steps, test error in percent; backprop {test_error(whole):.2f}")
print("cut after layer" + "".join(f"{k:8}" for k in places))
for rule in ("none", "dni", "cdni"):
    print(f"{rule:15}" + "".join(f"{test_error(single[rule, k]):8.2f}" for k in places))

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
for rule in ("none", "dni", "cdni"):
    line = {"color": style.RULES[rule], "marker": "o", "label": rule}
    left.plot(places, [test_error(single[rule, k]) for k in places], **line)
    if rule != "none":
        guesses = [gradient_pairs(single[rule, k].rule, x, y)[0] for k in places]
        right.plot(places, [pooled_cosine(*pair) for pair in guesses], **line)
        print(rule, "cosines", [f"{pooled_cosine(*pair):.2f}" for pair in guesses])
left.axhline(test_error(whole), color=style.BACKPROP, linestyle="--", label="backprop")
ticks = (1, 2, 5, 10, 20, 50)
left.set(yscale="log", yticks=ticks, yticklabels=ticks, ylabel="test error (%)")
left.set(xlabel="cut after layer", xticks=places, title="what it costs")
left.minorticks_off()
left.legend()
right.set(xlabel="cut after layer", xticks=places, ylim=(0, 1), title="how good the guess is")
right.set_ylabel("pooled cosine")
figure.suptitle(f"One guess in a six-layer network ({DATA}, {CUT_STEPS} steps)")
plt.show()

# %% [markdown]
# Two things, and they point opposite ways. The guess is *worst* near the input, with four layers
# and a loss above it to foresee. It *costs* least there: only one layer depends on it, and even
# random weights in that layer cost little. With the label the two cancel; without it DNI costs the
# more the more layers depend on the guess. Yet even a cosine of 0.07, after layer 5, saves half of
# the error that no gradient leaves. Why so little is enough is not measured here.
#
# ## Exercises
#
# 1. **Hard images.** Draw the twenty with the largest true gradients after layer 5.
# 2. **Too small?** By which factor $c$ should a guess be multiplied to come closest to the truth?
#    What would it help?
# 3. **Two cuts.** With cuts after layers 2 and 4, what do you expect of guess 1, compared with
#    guess 2 of section 6?
# 4. **Without the label.** Does RLS help linear guesses that see the output alone?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. They are the ambiguous, the badly written, and now and then the wrongly labeled.
#
#    ```python
#    worst = np.argsort(-length(seen[STEPS][4][2]))[:20]
#    figure, panels = plt.subplots(2, 10, figsize=(9, 2.4))
#    for axes, i in zip(panels.flat, worst):
#        axes.imshow(x[i].reshape(side, side), cmap="gray_r")
#        axes.set_title(y[i], fontsize=9)
#        axes.axis("off")
#    ```
#
# 2. Set the derivative of $\|c\,\hat g - g\|^2$ to zero:
#    $c = \langle\hat g, g\rangle / \langle\hat g, \hat g\rangle$. It is a little above 1. A
#    least-squares fit of these images would have 1 exactly: to guess small is its best answer to
#    not knowing. Adam divides the layers' gradients by their size, so a constant factor would
#    hardly matter.
#
#    ```python
#    for k, (guess, _, true) in enumerate(seen[STEPS], 1):
#        print(k, (guess * true).sum() / (guess * guess).sum())
#    ```
#
# 3. It learns from one guess only, so it should be better. It is about the same, while the network
#    is better: its truth is another one, shaped by layers that learned more, and harder to guess. A
#    cosine compares a guess with its *own* network's truth; it is no score to rank networks by.
#
#    ```python
#    loop, _ = train("cdni", (STEPS,), cut_after=(2, 4))
#    print([pooled_cosine(*pair) for pair in gradient_pairs(loop.rule, x, y)], test_error(loop))
#    ```
#
# 4. No, here the error is higher, though the guesses have higher cosines: what is missing is the
#    label, not speed.
#
#    ```python
#    for options in ({}, {"sg_optimizer": "rls"}):
#        print(test_error(train("dni", (DNI_STEPS,), hidden=(), **options)[0]))
#    ```
#
# </details>

# %% [markdown]
# ## As predicted?
#
# | prediction | measured (one seed) |
# |---|---|
# | 1. mean cosine after layer 5, layer 1 | 0.18 and 0.12; pooled 0.92 and 0.35 |
# | 2. what a tenth of the images has | 18 % at step 10, nearly all at step 1,000 |
# | 3. the best matrix in every step | test error 2.60 % in place of 4.25 %, after 600 steps |
# | 4. one guess without the label | 3.46 % after layer 1, 16.10 % after layer 5 (backprop 3.18) |
#
# - The mean cosine over images undersells a guess: most images have next to no gradient. Measure
#   what the weights get.
# - Errors multiply from guess to guess. With the label the factors are about 0.8; without it little
#   is left after a few layers.
# - A guess that learns slowly is late. Least squares keeps up with changing layers; a target that
#   skips guesses is truer. Neither makes a layer wait.
# - A guess costs most where much of the network depends on it and it does not see the label.
#
# Next: **[What should a synthetic gradient see?](04_what_should_it_see.ipynb)**

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
# # What if the guess is an image?
#
# | | |
# |---|---|
# | **Question** | What can a convolutional guess say, and what can it not say? |
# | **Time** | about an hour |
# | **Level** | ninth notebook of the course ([words](glossary.md)) |
# | **Needs** | [03](03_how_good_is_the_guess.ipynb), a [convolution](toolbox_convolution.ipynb) |
#
# So far a layer's output was a row of numbers, and so was its gradient. In a convolutional network
# the output is a stack of images, and its gradient is a stack of images of the same size. To guess
# it, one needs a model that makes images (Jaderberg et al. 2017, section D.1).
#
# ## Your prediction
#
# Write down an answer to each; the last section compares.
#
# 1. A layer's output is 16 images of 14 x 14 pixels. How many weights does a linear guess of its
#    gradient need, if every number may depend on every other? If it is a convolution with 5 x 5
#    kernels?
# 2. A three-layer convolutional network learns MNIST for 200 steps. What is its test error with
#    backpropagation, with DNI, with cDNI (linear guesses that see the label), and with random
#    convolutions that stay as they are?
# 3. In layer 1 DNI's guesses will turn out to have a cosine below 0.1 with the true gradients. What
#    is the cosine between all that DNI has added to the kernels of layer 1 and all that
#    backpropagation has added to them?
# 4. A network stands still. A fully connected guess and a convolutional one, both linear, both with
#    the label, learn its gradients after layer 2 from 100 minibatches. Which has the larger cosine?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.data.choose import load_images
from dni_np.pictures import style

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "axes.grid": False, "figure.dpi": 80})
plt.rcParams["figure.constrained_layout.use"] = True
dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(2000, 500)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
side = dataset.image[0]
print(f"{DATA}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images")

# %%
def show(axis, picture, title="", cmap="RdBu_r", limit=None):
    """One picture without ticks. In red and blue, white is zero."""
    limit = limit or max(abs(picture).max(), 1e-12)
    axis.imshow(picture, cmap=cmap, vmin=-limit if cmap == "RdBu_r" else 0, vmax=limit)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)
    axis.spines[:].set_visible(True)
    axis.spines[:].set_color("0.8")


def cosine(a, b):
    return float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-30))

# %% [markdown]
# ## 1. Why the model that guesses is a small convolutional network
#
# A hidden "layer" is a 5 x 5 convolution with batch normalization (by channel), ReLU and 3 x 3
# pooling: the maximum in layer 1, the mean in layer 2. On top is a linear classifier. 16 channels
# here, 64 in the paper.
#
# What comes down to layer 1 has passed layer 2 backward, which is a convolution with flipped
# kernels. So what a pixel of $h_1$ does to the loss depends on its surroundings, by the same rule
# everywhere in the image. A model that is *local* and *the same everywhere* is a convolution: it
# reads the maps $h$ and writes maps of the same size.
#
# And the label, which cDNI's models see? It has no place in the image, so it is put everywhere: ten
# more channels, one for each class, all ones for the sample's own and zeros for the others.
#
# ## Your turn
#
# Make what cDNI's model sees.

# %%
def join_label(h, label):
    """h (N, H, W, C) and one-hot rows label (N, K) -> (N, H, W, C + K).

    After the C channels of h come K more: channel C + k is label[n, k] at each pixel of sample n.
    """

# %%
from dni_np.dni.conditioning import Conditioning


def check(join_label):
    rng = np.random.default_rng(0)
    h, label = rng.standard_normal((3, 4, 5, 2)), np.eye(10)[[7, 1, 0]]
    sees = Conditioning(("output", "label"), 2, label=10)
    written = join_label(h, label)
    if written is None:
        print("Nothing is written yet. Until then the package's Conditioning is used.")
        return lambda h, label: Conditioning(
            ("output", "label"), h.shape[-1], label=label.shape[1]
        ).join(h, {"label": label})
    assert np.shape(written) == (3, 4, 5, 12), f"(3, 4, 5, 12) expected, not {np.shape(written)}"
    assert np.array_equal(written, sees.join(h, {"label": label})), "the channels differ"
    print("Right: as the package joins them.")
    return join_label


join_label = check(join_label)

# %% [markdown]
# ## 2. Four ways to learn
#
# Backpropagation, DNI, cDNI, and no gradient below the top, from the same random weights. On the
# way we look at 256 training images: the guesses, the true gradients, and the kernels of layer 1.

# %%
from dni_np.analysis.gradient_probe import gradient_pairs, undisturbed
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find

STEPS, EVERY, CHANNELS = (10, 5, 4) if FAST else (200, 40, 16)
LIGHT = dataset.first(60_000, 1000)  # learning curves are measured on 1,000 images
x = dataset.x_train[:256].astype(np.float32) * np.float32(dataset.scale)
y_labels = dataset.y_train[:256]


def new_loop(rule, steps=STEPS, **more):
    changes = {"width": CHANNELS, "steps": steps, "evaluate_every": min(EVERY, steps)}
    changes |= {"hidden": (CHANNELS,)} if rule == "dni" else {}
    settings = find("mnist-cnn-quick").settings(rule, **{**changes, **more})
    return build_loop(settings, LIGHT, progress=False)


for rule in ("backprop", "cdni", "dni"):
    rates = find("mnist-cnn-quick").settings(rule)
    guesses = f", its guesses at {rates.sg_learning_rate:g}" if "dni" in rule else ""
    print(f"{rule}: hidden layers learn at {rates.learning_rate:g}{guesses}")

# %%
def first_kernels(network):
    """(5, 5, channels), as they are now."""
    leaf = next(layer for layer in network.cores[0].leaves() if layer.params)
    return leaf.params["W"][:, :, 0, :].copy()


def kernel_gradient(core, gradient, rows=slice(None)):
    """What the core's kernels get if `gradient` arrives at its output, for these images."""
    with undisturbed([core]):
        _, cache = core.forward(x[rows])
        core.backward(gradient[rows], cache, input_gradient=False)
    return next(layer for layer in core.leaves() if layer.params).grads["W"].copy()

# %%
runs, looks, added, summed = {}, {}, {}, {}


def run_and_look(name, loop, guesses=True):
    """Train, and keep at each measurement, by its step, for `name`: pairs (guess, truth) in
    `looks`, what was added to the kernels in `added`, the kernels' gradients (by the guess, by the
    truth) in `summed`.
    """
    runs[name], looks[name], added[name], summed[name] = loop, {}, {}, {}
    start = first_kernels(loop.rule)

    def look(network):
        added[name][loop.step] = first_kernels(network) - start
        if guesses:
            pairs = looks[name][loop.step] = gradient_pairs(network, x, y_labels)
            both = [kernel_gradient(network.cores[0], gradient) for gradient in pairs[0]]
            summed[name][loop.step] = both
        return {}

    loop.measure = look
    loop.run()


for rule in ("none", "backprop", "dni", "cdni"):
    run_and_look(rule, new_loop(rule), guesses="dni" in rule)

# %%
def show_table(runs):
    print(f"{DATA}: three layers, {CHANNELS} channels, {STEPS} steps, one seed")
    print(f"{'':16}{'test error %':>14}{'training error %':>18}")
    for name, loop in runs.items():
        test = loop.task.error(loop.rule, dataset.x_test, dataset.y_test)
        train = loop.task.error(loop.rule, dataset.x_train[:5000], dataset.y_train[:5000])
        print(f"{name:16}{test:14.2f}{train:18.2f}")


NEW, DENSE = "cdni, pictures", "dni, dense"  # of sections 6 and 7
MIDDLE = list(looks["cdni"])[len(looks["cdni"]) // 2]  # of section 5
COLORS = {**style.RULES, NEW: style.OTHERS[0], DENSE: style.OTHERS[1]}


def learning_curves(axis, names):
    for name in names:
        steps, errors = runs[name].history.column("test_error")
        axis.plot(steps, errors, color=COLORS[name], label=name)
    ticks = (2, 5, 10, 20, 50)
    axis.set(xlabel="step", ylabel="test error (%)", yscale="log", yticks=ticks, yticklabels=ticks)
    axis.minorticks_off()
    axis.legend(fontsize=8)


show_table(runs)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
learning_curves(left, runs)
for rule in ("cdni", "dni"):
    for k, line in ((0, "--"), (1, "-")):
        values = [cosine(*pairs[k]) for pairs in looks[rule].values()]
        label = f"{rule}, after layer {k + 1}"
        right.plot(list(looks[rule]), values, line, color=COLORS[rule], label=label)
        print(f"{label}: cosine {values[-1]:.2f} at the end")
right.axhline(0, color=style.NO_GRADIENT, linestyle=":")
right.set(xlabel="step", ylabel="pooled cosine with the truth", ylim=(-0.1, 1))
right.legend(fontsize=8)
figure.suptitle(f"Guesses beat random convolutions, with small cosines ({DATA})")
plt.show()

# %% [markdown]
# Even random convolutions are a fair start for a linear classifier: that is the line to beat. Both
# kinds of guesses beat it. Neither has caught up with backpropagation after so few steps. (The
# text speaks of the MNIST run whose outputs are saved here.)
#
# How large is a linear guess?

# %%
def size(layer):
    return sum(array.size for array in layer.params.values())


for i, unit in enumerate(runs["cdni"].rule.units, 1):
    shape = looks["cdni"][STEPS][i - 1][0].shape[1:]
    n = int(np.prod(shape))
    dense, local = (n + dataset.classes + 1) * n, size(unit.synthetic_gradient)
    print(f"after layer {i}: maps {shape}, {n:,} numbers;", end=" ")
    print(f"fully connected {dense:,} weights, convolution {local:,}")

# %%
network = runs["cdni"].rule
four = np.array([np.flatnonzero(y_labels == digit)[0] for digit in (2, 4, 5, 8)])
h_example, _ = network.cores[0].forward(x[four], training=False)
looks_at = join_label(h_example, np.eye(dataset.classes, dtype=x.dtype)[y_labels[four]])
sample = 2
figure, axes = plt.subplots(1, 15, figsize=(9.5, 1.3))
brightest = np.argsort(-h_example[sample].std(axis=(0, 1)))[:4]
show(axes[0], x[four[sample]].reshape(side, side), "image", "gray_r")
for axis, channel in zip(axes[1:5], brightest):
    show(axis, looks_at[sample, :, :, channel], f"$h$: {channel}", "magma_r")
for axis, label in zip(axes[5:], range(10)):
    show(axis, looks_at[sample, :, :, CHANNELS + label], f"is it {label}?", "gray_r", limit=1)
    axis.title.set_fontsize(7)
figure.suptitle(f"What cDNI's model sees after layer 1: 4 of {CHANNELS} channels, and the label")
plt.show()

# %% [markdown]
# ## 3. What has been learned
#
# Below is what each rule added to eight kernels of layer 1.

# %%
most = np.argsort(-np.linalg.norm(added["backprop"][STEPS], axis=(0, 1)))[:8]
pictures = {"random start": first_kernels(runs["none"].rule)}  # they have not changed
pictures |= {f"added by\n{rule}": added[rule][STEPS] for rule in ("backprop", "cdni", "dni")}
figure, axes = plt.subplots(4, len(most), figsize=(9.5, 5.1))
for row, (name, kernels) in zip(axes, pictures.items()):
    for axis, channel in zip(row, most):
        show(axis, kernels[:, :, channel], f"channel {channel}" if "start" in name else "")
    row[0].set_ylabel(name, fontsize=9)
figure.suptitle(f"Kernels of layer 1 (each with its own scale) ({DATA})")
plt.show()
truth = added["backprop"][STEPS]
for rule in ("cdni", "dni"):
    other = cosine(added[rule][STEPS], np.roll(truth, 1, axis=2))  # each beside its neighbor
    same, length = cosine(added[rule][STEPS], truth), np.linalg.norm(added[rule][STEPS])
    print(f"added by {rule} and by backprop: cosine {same:.2f}", end=", ")
    print(f"with another kernel's {other:.2f};", end=" ")
    print(f"size {length / np.linalg.norm(truth):.2f} of backprop's")

# %% [markdown]
# Two things to see. With both kinds of guesses the kernels have gone some way in the direction in
# which backpropagation has taken them: a cosine of 0.37. And it was a short way: a twentieth of
# backpropagation's. In layer 1 the cosine of DNI's guesses with the true gradients is 0.07 at the
# end and was never larger. How can so small a cosine make a direction of 0.37?
#
# ## 4. Small cosines, useful updates
#
# An update of a kernel is a sum over all pixels of all images. What the gradients of the pixels
# have in common adds up in a sum; what is different in each cancels. If a guess has a little of the
# common part, and its errors are different everywhere, then the cosine of the *sums* is larger than
# the cosine of the *maps*. To test this, make two such guesses and compare them with DNI's: the
# true gradient under noise 20 times as large; and for each image the true gradient of another
# image, which knows what is common and nothing of this image.

# %%
core, rng = runs["dni"].rule.cores[0], np.random.default_rng(0)
guess, truth = looks["dni"][STEPS][0]
noise = rng.standard_normal(truth.shape).astype(np.float32) * truth.std()
KINDS = {
    "truth and noise 20 times as large": truth + 20 * noise,
    "the truth of another image": truth[rng.permutation(len(truth))],
    "DNI's guess": guess,
}
COUNTS = (1, 4, 16, 64, 256)


def by_count(gradient):
    """The cosine of its kernel gradients with the true ones, for more and more images."""
    cosines = []
    for n in COUNTS:
        groups = np.arange(256).reshape(-1, n)[:8]  # eight groups of n images, or what there is
        sums = [[kernel_gradient(core, g, rows) for g in (gradient, truth)] for rows in groups]
        cosines.append(np.mean([cosine(*pair) for pair in sums]))
    return cosines

# %%
counted = {name: by_count(gradient) for name, gradient in KINDS.items()}
steps = list(looks["dni"])
line = {
    "maps": [cosine(*looks["dni"][step][0]) for step in steps],
    "kernels' gradients": [cosine(*summed["dni"][step]) for step in steps],
    "all added so far": [cosine(added["dni"][step], added["backprop"][step]) for step in steps],
}
print(f"{'':36}{'maps':>6}  kernels' gradients, sum over {COUNTS} images")
for name, values in counted.items():
    maps = cosine(KINDS[name], truth)
    print(f"  {name:34}{maps:6.2f}  ", *(f"{value:6.2f}" for value in values))
print("steps:", *steps)
for name, values in line.items():
    print(f"  {name:30}", *(f"{value:6.2f}" for value in values))

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5), sharey=True)
for (name, values), dash in zip(counted.items(), ("-.", "--", "-")):
    color = style.DNI if "DNI" in name else style.BACKPROP
    left.plot(COUNTS, values, dash, marker="o", markersize=4, color=color, label=name)
for (name, values), dash in zip(line.items(), (":", "--", "-")):
    right.plot(steps, values, dash, marker="o", markersize=4, color=style.DNI, label=name)
left.set(xscale="log", xticks=COUNTS, xticklabels=COUNTS, xlabel="images in the sum")
left.set(ylabel="cosine with the truth's", title=f"kernel gradients, step {STEPS}")
left.minorticks_off()
right.set(xlabel="step", title="DNI, layer 1, while it learns")
for axis in (left, right):
    axis.axhline(0, color="0.8", linewidth=1)
    axis.legend(fontsize=8)
figure.suptitle(f"Sums over pixels, images and steps keep what is common ({DATA})")
plt.show()

# %% [markdown]
# - **Noise does not explain it.** True gradient under noise keeps a small cosine, 0.06 for 256
#   images. What the images have in common is small itself.
# - **What is common does.** The truth of another image has a cosine of 0.01 as maps: it knows
#   nothing of this image. Up to 64 images its sums show nothing either. For 256 images the sum has
#   a cosine of 0.45: each image's own part has canceled.
# - **DNI's guess** has 0.08 to 0.23 for up to 16 images, and 0.50 for 256. So it is not a bit of
#   the truth under noise. It is the part that images have in common: nearly invisible in the maps,
#   where each image's own part is far larger, and just what is left in the gradient of a kernel.
# - **Training sums once more**, over steps: 0.13 after 40 of them, 0.37 in the end. (One network,
#   one draw. That the way was short fits: Adam makes steps of about one size, and where directions
#   change from step to step they cancel.)
#
# ## 5. Guess and truth as images
#
# The maps themselves, in the middle of learning: four samples, and the two channels that hold most
# of the true gradient. A truth and its guess have one scale, so that a pale guess is a small one;
# beside it is the same guess, magnified.

# %%
def typical(truth, count=4):
    """Samples of different classes, the eighth with the largest gradients left out."""
    chosen, order = [], np.argsort(-(truth**2).sum(axis=(1, 2, 3)))
    for sample in order[len(truth) // 8 :]:
        if y_labels[sample] not in y_labels[chosen]:
            chosen.append(sample)
    return chosen[:count]


def side_by_side(guess, truth):
    channels = np.argsort(-(truth**2).sum(axis=(0, 1, 2)))[:2]
    figure, axes = plt.subplots(4, 7, figsize=(9.5, 6.4))
    for row, sample in zip(axes, typical(truth)):
        show(row[0], x[sample].reshape(side, side), f"a {y_labels[sample]}", "gray_r")
        for k, channel in enumerate(channels):
            true_map, guess_map = (maps[sample, :, :, channel] for maps in (truth, guess))
            limit = max(abs(true_map).max(), abs(guess_map).max())
            show(row[3 * k + 1], true_map, f"truth, channel {channel}", limit=limit)
            show(row[3 * k + 2], guess_map, "guess", limit=limit)
            show(row[3 * k + 3], guess_map, f"magnified (cos {cosine(guess_map, true_map):.2f})")
    figure.suptitle(f"After layer 2: truth and cDNI's guess, step {MIDDLE} ({DATA})")


side_by_side(*looks["cdni"][MIDDLE][1])

# %% [markdown]
# The truth points at certain *places*, pixel by pixel. The guesses are small (a model that cannot
# know guesses the mean) and broad. They know which channels to change; they do not seem to know
# where.
#
# Why? Give the model a wrong label, and look at how its guess changes. The truth changes, too:
# above layer 2 is only the linear classifier, so the true gradient is
# $\sum_c (p_c - [c = \text{label}])\, V_c$, where $V_c$, the weights of class $c$, form a picture.
# Calling an image a $b$ instead of an $a$ adds exactly $V_a - V_b$.

# %%
def guesses_for(label):
    """cDNI's guess after layer 2 for four images, if their label were this."""
    with undisturbed(network.cores):
        h = x[four]
        for core in network.cores[:2]:
            h, _ = core.forward(h)
        context = network.context(x[four], np.full(4, label))
        return network.units[1].synthetic_gradient.forward(h, context)[0]


a, b = 4, 9
change = guesses_for(b) - guesses_for(a)
assert np.allclose(change[0], change[1], atol=1e-5)  # a linear guess: the same for every image
V = next(layer for layer in network.cores[2].leaves() if layer.params).params["W"]
V = V.reshape(*change.shape[1:], dataset.classes)  # (H, W, channels, classes)
true_change = V[..., a] - V[..., b]

# %%
channels = np.argsort(-(true_change**2).sum(axis=(0, 1)))[: min(6, CHANNELS)]
figure, axes = plt.subplots(3, len(channels), figsize=(9.5, 5.2))
for k, channel in enumerate(channels):
    guessed, true = change[0][..., channel], true_change[..., channel]
    limit, ours = abs(true).max(), max(abs(guessed).max(), 1e-12)
    show(axes[0, k], true, f"channel {channel}", limit=limit)
    show(axes[1, k], guessed, limit=limit)
    show(axes[2, k], guessed, f"x {limit / ours:.0f}")
for axis, text in zip(axes[:, 0], ("truth", "guess, same scale", "guess, magnified")):
    axis.set_ylabel(text)
figure.suptitle(f"What the label {b} instead of {a} adds to the gradient after layer 2 ({DATA})")
plt.show()

# %% [markdown]
# There it is. The truth says *where* a 4 differs from a 9. The label's channels are the same
# everywhere, so what the label changes in the guess is the same everywhere (but for the border,
# where the kernel sees the padding). The classifier above has its own weights for each pixel. A
# convolution is the right model of a gradient that comes from a convolution. It is not the right
# model of what a *label* does.
#
# ## 6. Give the label a place
#
# Beside the convolution, one learned **picture** for each class and channel, added to the guess.
# (This is not in the papers.) It is a `Linear` layer from the label to all pixels, and starts at
# zero, too.

# %%
from dni_np.nn.initializers import zeros
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential


class WithPictures(Layer):
    """guess = convolution(h, label) + a picture for each label."""

    def __init__(self, model, shape, classes, rng):
        n = int(np.prod(shape))
        self.model, self.pictures = model, Linear(classes, n, rng, bias=False, init=zeros)
        both = Sequential([model.net, self.pictures])  # only to have all parameters in one place
        self.params, self.grads = both.params, both.grads
        self.buffers, self.leaves = both.buffers, both.leaves

    def forward(self, h, context):
        guess, cache = self.model.forward(h, context)
        picture, picture_cache = self.pictures.forward(context["label"])
        return guess + picture.reshape(h.shape), (cache, picture_cache)

    def backward(self, error, cache):
        self.model.backward(error, cache[0])  # a sum hands its gradient to both
        self.pictures.backward(error.reshape(len(error), -1), cache[1], input_gradient=False)

# %% [markdown]
# First a clean comparison. A network is trained for a moment by backpropagation and then stands
# still. Four models are fitted to its true gradients after layer 2, minibatch after minibatch, and
# are tried on test images.

# %%
from dni_np.dni.synthetic_gradients import Layers, SyntheticGradient
from dni_np.nn.fast.choice import batchnorm2d, conv2d, relu2d
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam

still = new_loop("backprop", steps=STEPS // 5)
still.run()


def output_and_truth(rows, images, labels):
    """(h after layer 2, its true gradient, one-hot labels) in the network that stands still."""
    h, head = images[rows].astype(np.float32) * np.float32(dataset.scale), still.rule.cores[2]
    with undisturbed(still.rule.cores):
        for core in still.rule.cores[:2]:
            h, _ = core.forward(h)
        logits, cache = head.forward(h)
        _, gradient = SoftmaxCrossEntropy()(logits, labels[rows])
        one_hot = np.eye(dataset.classes, dtype=h.dtype)[labels[rows]]
        return h, head.backward(gradient, cache), one_hot

# %%
new = np.arange(min(1000, len(dataset.x_test)))
h_new, truth_new, label_new = output_and_truth(new, dataset.x_test, dataset.y_test)
shape, n, rng = h_new.shape[1:], h_new[0].size, np.random.default_rng(0)


def convolution(*sources):
    sees = Conditioning(sources, CHANNELS, label=dataset.classes)
    return SyntheticGradient(CHANNELS, sees, rng, layers=Layers(conv2d, batchnorm2d, relu2d))


sees = Conditioning(("output", "label"), n, label=dataset.classes)
models = {
    "fully connected": SyntheticGradient(n, sees, rng),
    "convolution and pictures": WithPictures(convolution("output"), shape, dataset.classes, rng),
    "convolution, label as channels": convolution("output", "label"),
    "convolution, no label": convolution("output"),
}
optimizers = {name: Adam(model, learning_rate=1e-3) for name, model in models.items()}
quality = {name: [] for name in models}


def guess_with(name, h, label):
    h = h.reshape(len(h), -1) if name == "fully connected" else h
    return models[name].forward(h, {"label": label})

# %%
BATCHES = 10 if FAST else 100
for step in range(1, BATCHES + 1):
    batch = rng.choice(len(dataset.x_train), 256, replace=False)
    h, truth, label = output_and_truth(batch, dataset.x_train, dataset.y_train)
    for name, model in models.items():
        guess, cache = guess_with(name, h, label)
        model.backward(guess - truth.reshape(guess.shape), cache)
        optimizers[name].step()
        if step % 5 == 0:
            guess = guess_with(name, h_new, label_new)[0]
            quality[name].append(cosine(guess.reshape(truth_new.shape), truth_new))

# %%
palette = (style.OTHERS[4], COLORS[NEW], style.CDNI, style.DNI)
figure, axis = plt.subplots(figsize=(8.5, 3.6))
for (name, values), color in zip(quality.items(), palette):
    axis.plot(5 * np.arange(1, len(values) + 1), values, color=color, label=name)
    print(f"{name:32}{size(models[name]):10,} weights   cosine {values[-1]:.2f}")
axis.set(xlabel="minibatches", ylabel="pooled cosine with the truth", ylim=(-0.05, 1))
axis.set_title(f"Four linear guesses after layer 2, test images ({DATA})")
axis.legend(loc="upper left", fontsize=8)
plt.show()

# %% [markdown]
# A label with a place is worth more than all that the kernels see: with pictures the convolution
# has 0.95, the fully connected guess 0.92 with more than forty times as many weights, and the label
# as channels 0.51. Does it help in training without waiting? The same run as in section 2, with
# pictures beside the label's channels, for both guesses:

# %%
loop = new_loop("cdni")
for unit, (guess, _) in zip(loop.rule.units, looks["cdni"][STEPS]):
    model, shape = unit.synthetic_gradient, guess.shape[1:]
    unit.synthetic_gradient = WithPictures(model, shape, dataset.classes, rng)
    unit.sg_optimizer = Adam(unit.synthetic_gradient, 3e-4)
run_and_look(NEW, loop)
show_table({name: runs[name] for name in ("cdni", NEW)})

# %%
def cosines_and_errors(names, shown, title):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
    for name in names:
        for k, dash in ((0, "--"), (1, "-")):
            values = [cosine(*pairs[k]) for pairs in looks[name].values()]
            label = f"{name}: after layer {k + 1}"
            left.plot(list(looks[name]), values, dash, color=COLORS[name], label=label)
            print(f"{label}: cosine {values[-1]:.2f} at the end")
    left.set(xlabel="step", ylabel="pooled cosine with the truth", ylim=(-0.1, 1))
    left.legend(fontsize=8)
    learning_curves(right, shown)
    figure.suptitle(f"{title} ({DATA})")
    plt.show()


cosines_and_errors(("cdni", NEW), runs, "A label with a place, and what it is worth")

# %% [markdown]
# Better guesses after both layers. The test error falls, too, but by little: 6.31 % against 6.58 %,
# one seed and a short run. As in notebook 03, a better cosine is not yet a better network.
#
# ## 7. What can be said without the label?
#
# DNI's model does not see the label. Of the truth $\sum_c (p_c - [c = \text{label}])\, V_c$ it can
# know the mean only, where each class has its probability in the label's place. If the classifier
# above judges as well as the model could, that mean is zero. So the model must be a *better
# classifier* than what is above it, and for that it must look at the whole image: a convolution of
# 5 x 5 kernels and one hidden layer does not. A fully connected model does, here with 256 hidden
# units (`--guess dense` in a command; not in the papers).

# %%
hidden = (8,) if FAST else (256,)
rates = {"learning_rate": 3e-4, "sg_learning_rate": 1e-3}
run_and_look(DENSE, new_loop("dni", guess="dense", hidden=hidden, **rates))
show_table({name: runs[name] for name in ("none", "dni", DENSE)})
cosines_and_errors(("dni", DENSE), ("none", "dni", DENSE, "backprop"), "Guesses without a label")

# %% [markdown]
# The guess that can judge the whole image has cosines of 0.31 and 0.57 in the end, more than those
# of cDNI, whose convolutions see the label; the test error is 6.79 %, near cDNI's 6.58 %. After
# layer 2 the cosine falls while the classifier above learns: less is left that the guess knows
# better. In a longer run with more channels little is left ([results](RESULTS.md)).
#
# ## Exercises
#
# 1. **All at once.** What does the guess after layer 1 need to see, to say what the truth says?
#    Count the pixels of $h_1$ that a true gradient at one pixel depends on.
# 2. **Pictures only.** Train with pictures *in place of* the label's channels.
# 3. **Fewer images.** In section 4 the kernels' gradients are sums over 256 images. DNI's
#    minibatches have how many? What do you expect of the cosine between two *true* kernel
#    gradients, from different minibatches of that size?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. All of them: the true gradient holds $p$, the softmax, and that depends on every pixel. What is
#    local is the *backward* pass from the gradient above; the gradient above is not. With kernels
#    of 5 x 5 and no hidden layer the guess sees 5 x 5 pixels. Each hidden layer widens the view by
#    4 pixels.
#
# 2. Give `WithPictures` a model that does not see the label. As the channels' part of the guess is
#    a picture, too (one color, apart from the border), little should be lost.
#
#    ```python
#    loop = new_loop("cdni")
#    for unit, (guess, _) in zip(loop.rule.units, looks["cdni"][STEPS]):
#        model = WithPictures(convolution("output"), guess.shape[1:], dataset.classes, rng)
#        unit.synthetic_gradient, unit.sg_optimizer = model, Adam(model, 3e-4)
#    loop.run()
#    show_table({"pictures only": loop})
#    ```
#
# 3. Even two true gradients, each from its own images, do not agree fully: the sum must be over
#    many images before what is common is all that is left.
#
#    ```python
#    print("images in a minibatch:", len(runs["dni"].task.next()[1]))
#    truth = looks["dni"][STEPS][0][1]
#    two = [kernel_gradient(core, truth, rows) for rows in (slice(0, 64), slice(64, 128))]
#    print(f"true gradients of 64 images and of 64 others: cosine {cosine(*two):.2f}")
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | measured (one seed) |
# |---|---|
# | 1. weights after layer 1 | fully connected 9,868,992, convolution 10,416 |
# | 2. backpropagation, DNI, cDNI, random | 4.15, 7.66, 6.58, 9.02 % wrong |
# | 3. cosine of all that was added | 0.37; of the maps 0.07 |
# | 4. cosine in the network that stands still | fully connected 0.92, convolution 0.51 |
#
# - A convolutional guess needs a small part of the weights of a fully connected one. It suits what
#   comes down from a convolution, which is local and the same everywhere.
# - What comes from the classifier is not. The label as channels says what, not where; a picture for
#   each class says both, and the guesses become better.
# - Without a label the model must judge better than the classifier above, from the whole image.
# - A small cosine between maps can be a useful gradient: sums over pixels, images and steps keep
#   what is common to the images, and that is what the guess knows.
#
# Next: **[What can a network not learn, if it looks back only a few
# steps?](10_truncation.ipynb)** An LSTM by hand is in the [toolbox](toolbox_lstm.ipynb).

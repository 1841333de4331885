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
# # Can layers that never wait learn to read digits?
#
# Notebook 01 decoupled a tiny network that adds numbers. Now the same idea meets images: MNIST, as in table 2 of
# [Jaderberg et al. 2017](https://proceedings.mlr.press/v70/jaderberg17a.html).
#
# **What you'll do**
#
# - build a three-layer classifier from `dni_np.nn`, and see who waits for whom when it learns by backpropagation;
# - write the chain of decoupled layers (the paper's figure 9) as one loop, and find it equal to the package's;
# - check two identities: a guess of zero, and a guess that is never wrong;
# - train with backpropagation, with synthetic gradients (DNI), with synthetic gradients that see the label (cDNI), and
#   with no gradient at all, and look at curves, weights and mistakes.
#
# **What you need:** NumPy, and notebook 01's idea of a layer that learns from a guess.

# %% [markdown]
# ### Before you go on: predict
#
# Every hidden layer will learn from a guess made by a small model beside it. Below the top, no guess is ever compared
# with a true gradient: it is corrected by the *next layer's guess*. Write down a test error for each, after 1,000 steps:
#
# | | 3 layers | 6 layers |
# |---|---|---|
# | backpropagation | ? | ? |
# | DNI: the guess is made from the layer's output | ? | ? |
# | cDNI: from the output and the label, by a *linear* model | ? | ? |
# | no gradient: the hidden layers keep their random weights | ? | ? |

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "figure.dpi": 90})

# %% [markdown]
# ## 1. The data
#
# 60,000 handwritten digits to learn from and 10,000 to be tested on. Without a connection, scikit-learn's 1,797 small
# digits take their place, and every title says so.

# %%
from dni_np.data.choose import load_images

dataset = load_images("auto")
if FAST:
    dataset = dataset.first(5000, 1000)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
pixels = dataset.x_train.shape[1]
side = int(pixels**0.5)
print(f"{DATA}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images of {side} x {side} pixels")

# %%
def show_images(images, titles, rows, title):
    """Rows of small pictures from (N, pixels)."""
    columns = -(-len(images) // rows)
    figure, axes = plt.subplots(rows, columns, figsize=(9, 0.7 + 9 / columns * rows * 1.15), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, text in zip(axes.flat, images, titles):
        axis.imshow(image.reshape(side, side), cmap="gray_r")
        axis.set_title(text, fontsize=9)
    figure.suptitle(title)
    plt.show()


show_images(dataset.x_train[:20], dataset.y_train[:20], 2, f"The first twenty training images ({DATA})")


# %% [markdown]
# A minibatch is 256 rows of pixels in [0, 1], and 256 labels.

# %%
def minibatch(seed):
    """256 random training samples: x (256, pixels), y (256,)."""
    rows = np.random.default_rng(seed).choice(len(dataset.x_train), 256, replace=False)
    return dataset.x_train[rows].astype(np.float32) * np.float32(dataset.scale), dataset.y_train[rows]


x, y = minibatch(seed=0)
print(x.shape, x.dtype, x.min(), x.max(), y[:10])

# %% [markdown]
# ## 2. The network, and who waits for whom
#
# As in the paper, a "layer" is linear, batch normalization, ReLU, with 256 units; the last layer is linear, with one
# output (a *logit*) for each class. `Sequential` makes one layer of several. The linear map in front of a batch
# normalization needs no bias: its mean is subtracted anyway.

# %%
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.sequential import Sequential


def main_network(n, rng):
    """n layers: n - 1 hidden ones and a linear classifier."""
    sizes = [pixels] + [256] * (n - 1)
    hidden = [Sequential([Linear(a, b, rng, bias=False), BatchNorm(b), ReLU()]) for a, b in zip(sizes, sizes[1:])]
    return [*hidden, Linear(256, dataset.classes, rng)]


layers = main_network(3, np.random.default_rng(0))
for i, layer in enumerate(layers, 1):
    print(f"layer {i}:", {name: array.shape for name, array in layer.params.items()})

# %% [markdown]
# Backpropagation in ten lines: all the way up, the loss, all the way down. `forward` hands out a cache because
# `backward` will need it, *later*. Watch the order in which the layers get what they need to learn.

# %%
loss_function = SoftmaxCrossEntropy()
h, caches = x, []
for i, layer in enumerate(layers, 1):
    h, cache = layer.forward(h)
    caches.append(cache)
    print(f"forward  layer {i}   h {h.shape}")
loss, gradient = loss_function(h, y)
print(f"loss {loss:.3f} (guessing among {dataset.classes} costs ln {dataset.classes} = {np.log(dataset.classes):.3f})")
for i in range(3, 0, -1):
    gradient = layers[i - 1].backward(gradient, caches[i - 1])
    print(f"backward layer {i}   gradient at its input {gradient.shape}")


# %% [markdown]
# Layer 1 goes first and learns last. Until its gradient arrives it cannot change, so it must not start on the next
# minibatch: it is **locked**. A decoupled layer asks a small model for the gradient instead, learns, and is free.
# The picture supposes a processor for each layer, and that every block takes the same time.

# %%
BLUE, RED, ORANGE, GRAY = "#4c78a8", "#e45756", "#f2a541", "#d9d9d9"


def block(axis, start, layer, text, color):
    axis.barh(layer, 0.94, left=start + 0.03, height=0.8, color=color)
    axis.text(start + 0.5, layer, text, ha="center", va="center", fontsize=8)


def finish_timeline(axis, title, length):
    axis.set(yticks=[1, 2, 3], yticklabels=["layer 1", "layer 2", "layer 3"], xlim=(0, length), xlabel="time")
    axis.set_title(title, loc="left", fontsize=10)
    axis.set_xticks(range(length + 1))


# %%
figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 4.6), layout="constrained", sharex=True)
for batch in range(2):
    for i in (1, 2, 3):
        up, down = 6 * batch + i - 1, 6 * batch + 6 - i
        block(top, up, i, f"forward {batch + 1}", BLUE)
        block(top, down, i, f"learn {batch + 1}", RED)
        if down - up > 1:
            top.barh(i, down - up - 1, left=up + 1, height=0.5, color=GRAY)
            top.text((up + 1 + down) / 2, i, "waits", ha="center", va="center", fontsize=8, color="0.4")
finish_timeline(top, "Backpropagation: two minibatches in 12 units of time", 12)
for batch in range(5):
    for i in (1, 2, 3):
        start = 2 * batch + i - 1
        block(bottom, start, i, f"forward {batch + 1}", BLUE)
        block(bottom, start + 1, i, f"learn {batch + 1}", ORANGE if i < 3 else RED)
finish_timeline(bottom, "Decoupled: five minibatches. Orange: from a guess; red: from a true gradient", 12)
plt.show()

# %% [markdown]
# (The models that guess must learn too; that is a block more for each minibatch, in time nobody waits for. In this
# notebook one processor does everything in turn: what changes here is *who needs what*, not yet the clock.)
#
# ## 3. The chain of guesses
#
# Each hidden layer $i$ gets a model $M_{i+1}$ that reads its output $h_i$ and guesses $\hat\delta_i \approx
# \partial L/\partial h_i$, sample by sample. The layer learns from the guess at once. And the guess? The next layer
# backpropagates *its own guess* through itself, and that is the target: $\delta_i = \hat\delta_{i+1}\,
# \partial h_{i+1}/\partial h_i$. Only the topmost model is compared with a true gradient. This is the paper's figure 9.

# %%
def draw_arrow(axis, start, end, color, bend=0.0, style="-"):
    connection = f"arc3,rad={bend}"
    properties = {"arrowstyle": "-|>", "mutation_scale": 14, "color": color, "lw": 1.8, "linestyle": style}
    axis.annotate("", end, start, arrowprops={**properties, "connectionstyle": connection})


def draw_box(axis, x, y, text, color):
    axis.text(x, y, text, ha="center", va="center", bbox={"boxstyle": "round,pad=0.7", "fc": color, "alpha": 0.6})


# %%
figure, axis = plt.subplots(figsize=(9, 3.8), layout="constrained")
for i, name in enumerate(("layer 1", "layer 2", "layer 3\n(classifier)"), 1):
    draw_box(axis, 4 * i, 1, name, BLUE)
    draw_arrow(axis, (4 * i - 3.2, 1), (4 * i - 0.95, 1), "0.2")
    axis.text(4 * i - 2, 0.85, f"$h_{i - 1}$" if i > 1 else "$h_0 = x$", ha="center", va="top")
for i in (1, 2):
    x_model = 4 * i + 2
    draw_box(axis, x_model, 2.2, f"$M_{i + 1}$", ORANGE)
    draw_arrow(axis, (x_model, 1.03), (x_model, 1.92), "0.2", style=":")
    draw_arrow(axis, (x_model - 0.5, 2.2), (x_model - 1.85, 1.28), ORANGE, bend=0.3)
    draw_arrow(axis, (x_model + 1.85, 1.28), (x_model + 0.5, 2.2), RED, bend=0.3)
    axis.text(x_model - 0.2, 1.6, rf"guess $\hat\delta_{i}$", ha="right", va="center", fontsize=9)
    axis.text(x_model + 0.2, 1.6, rf"target $\delta_{i}$", ha="left", va="center", fontsize=9)
draw_arrow(axis, (12.95, 1), (13.7, 1), "0.2")
axis.text(13.8, 1, "loss", va="center")
axis.text(0.8, 2.75, "orange: layer $i$ learns from the guess at once", color="#b36b00", fontsize=9)
axis.text(7.2, 2.75, "red: a gradient arrives from above, and corrects the guess later", color=RED, fontsize=9)
axis.set(xlim=(0.6, 14.6), ylim=(0.5, 2.9))
axis.set_title("Two decoupled layers under a classifier (after figure 9 of Jaderberg et al. 2017)")
axis.axis("off")
plt.show()

# %% [markdown]
# Now as code, with nothing hidden. For cDNI the model is linear, and sees the label beside the layer's output.

# %%
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.nn.optimizers import Adam


def network_and_models(n, seed=0):
    """n layers, and a linear model of (output, label) for each hidden one."""
    rng = np.random.default_rng(seed)
    layers = main_network(n, rng)
    looks_at = Conditioning(("output", "label"), 256, label=dataset.classes)
    return layers, [SyntheticGradient(256, looks_at, rng) for _ in layers[:-1]]


def adam(layer):
    return Adam(layer, learning_rate=1e-3)


# %% [markdown]
# One step, bottom to top. `waiting` is the guess whose target has not come yet.

# %%
def fit(model, optimizer, guess, cache, target):
    """Move a guess toward its target: the gradient of 1/2 |guess - target|^2 is their difference."""
    model.backward(guess - target, cache)
    optimizer.step()


# %%
def step_by_hand(layers, models, optimizers, model_optimizers, x, y):
    context = {"label": np.eye(dataset.classes, dtype=x.dtype)[y]}
    h, waiting = x, None
    for layer, model, optimizer, model_optimizer in zip(layers, models, optimizers, model_optimizers):
        h, cache = layer.forward(h)
        guess, model_cache = model.forward(h, context)
        back = layer.backward(guess, cache)  # into the layer: its parameters' gradients, and what goes back
        optimizer.step()  # it learns now: nothing above has even begun
        if waiting:
            fit(*waiting, back)  # the guess below is corrected by a guess
        waiting = (model, model_optimizer, guess, model_cache)
    logits, cache = layers[-1].forward(h)
    loss, dlogits = loss_function(logits, y)
    true_gradient = layers[-1].backward(dlogits, cache)
    optimizers[-1].step()
    fit(*waiting, true_gradient)  # only the top guess ever meets the truth
    return loss


# %% [markdown]
# ### The package's version
#
# `DNI` holds a core (the layer), its model and an optimizer for each; `DNIChain` is the loop; `LossUnit` is the classifier
# with its loss. From one seed, after five steps, every parameter must be the same, bit for bit.

# %%
from dni_np.dni.unit import DNI
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import LossUnit


def package_network(layers, models):
    units = [DNI(layer, model, adam(layer), adam(model)) for layer, model in zip(layers, models)]
    return DNIChain(units, LossUnit(layers[-1], loss_function, adam(layers[-1])), dataset.classes)


def weights(layers):
    """All parameters in one long vector."""
    return np.concatenate([array.ravel() for layer in layers for array in layer.params.values()])


# %%
layers, models = network_and_models(3)
optimizers, model_optimizers = [adam(layer) for layer in layers], [adam(model) for model in models]
package_layers, package_models = network_and_models(3)
network = package_network(package_layers, package_models)
for step in range(5):
    batch = minibatch(seed=step)
    loss = step_by_hand(layers, models, optimizers, model_optimizers, *batch)
    assert loss == network.step(*batch)["loss"]
assert np.array_equal(weights(layers), weights(package_layers))
assert np.array_equal(weights(models), weights(package_models))
print(f"equal after five steps: {weights(layers).size:,} parameters of the layers, {weights(models).size:,} of the models")

# %% [markdown]
# ## 4. Two guesses we know everything about
#
# **A guess of zero.** The last layer of each model starts at zero, so the first guess is zero and nothing below the top
# is updated: a guess of zero is the safest start, not always the fastest. At that first step the top model meets a true gradient; at the second its
# guess moves the layer it belongs to, and only then is there something to hand further down. Which step first moves
# each layer of a six-layer network?

# %%
layers, models = network_and_models(6)
network = package_network(layers, models)
first_moved = {}
for step in range(1, 8):
    before = [weights([layer]) for layer in layers]
    network.step(*minibatch(seed=step))
    for i, layer in enumerate(layers, 1):
        if i not in first_moved and not np.array_equal(before[i - 1], weights([layer])):
            first_moved[i] = step
assert first_moved == {6: 1, 5: 2, 4: 3, 3: 4, 2: 5, 1: 6}
print("layer: first step that moved it:", first_moved)

# %% [markdown]
# News of the loss climbs down one layer a step. That is the price of never waiting.
#
# **A guess that is never wrong.** If the model were an oracle that knew the true gradient, decoupling would change
# nothing. So let us cheat: this one runs the layers above, forward and back, and looks at the label.
# (`undisturbed` restores batch normalization's running statistics afterwards.)

# %%
from dni_np.analysis.gradient_probe import undisturbed


class Oracle:
    """A model of a synthetic gradient that returns the true gradient. It has nothing to learn."""

    def __init__(self, above):
        self.above = above

    def forward(self, h, context):
        with undisturbed(self.above):
            caches = []
            for layer in self.above:
                h, cache = layer.forward(h)
                caches.append(cache)
            _, gradient = loss_function(h, context["label"].argmax(axis=1))
            for layer, cache in zip(reversed(self.above), reversed(caches)):
                gradient = layer.backward(gradient, cache)
        return gradient, None

    def backward(self, error, cache):
        pass


class NoOptimizer:
    steps = 0  # updates so far

    def step(self):
        pass


# %%
from dni_np.rules.backprop import Backprop

layers, _ = network_and_models(3)
units = [DNI(layer, Oracle(layers[i + 1 :]), adam(layer), NoOptimizer()) for i, layer in enumerate(layers[:-1])]
with_oracle = DNIChain(units, LossUnit(layers[-1], loss_function, adam(layers[-1])), dataset.classes)
backprop_layers, _ = network_and_models(3)
with_backprop = Backprop(backprop_layers, loss_function, adam)
for step in range(10):
    batch = minibatch(seed=step)
    metrics = with_oracle.step(*batch)
    assert np.allclose(metrics["loss"], with_backprop.step(*batch)["loss"])
    assert metrics["gradient_loss_1"] < 1e-10  # the target it is handed is what it had guessed
assert np.allclose(weights(layers), weights(backprop_layers), atol=1e-6)
print("largest difference from backpropagation after ten steps:", abs(weights(layers) - weights(backprop_layers)).max())

# %% [markdown]
# So everything between "no gradient" and "backpropagation" is a matter of how good the guess is.
#
# ## 5. The result
#
# The recipe `mnist-fcn-quick` trains each rule in seconds to a minute. Its cDNI models are linear; its DNI models, which
# cannot see the label and have the harder task, get a hidden layer (here of 512 units, half the recipe's, to keep this
# short). All start from the same weights. cDNI also gets a run three times as long.

# %%
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find

STEPS = 40 if FAST else 1000
DNI_MODEL = (32,) if FAST else (512,)


def train(rule, layers, steps=STEPS):
    models = {"hidden": DNI_MODEL} if rule == "dni" else {}
    settings = find("mnist-fcn-quick").settings(rule, layers=layers, steps=steps, evaluate_every=steps // 20, **models)
    loop = build_loop(settings, dataset, progress=False)
    loop.run()
    return loop


runs = {}
for layers in (3, 6):
    for rule in ("none", "backprop", "dni", "cdni"):
        runs[rule, layers] = train(rule, layers)
    runs["cdni x 3", layers] = train("cdni", layers, 3 * STEPS)

# %%
NAMES = ("none", "dni", "cdni", "cdni x 3", "backprop")
print(f"{DATA}, {STEPS} steps, one seed; errors in percent\n")
print(f"{'':12}{'3 layers':>10}{'':>10}   {'6 layers':>10}")
print(f"{'':12}{'test':>10}{'training':>10}   {'test':>10}{'training':>10}")
for name in NAMES:
    last = [runs[name, layers].history.rows[-1] for layers in (3, 6)]
    cells = [f"{row['test_error']:10.2f}{row['train_error']:10.2f}" for row in last]
    print(f"{name:12}" + "   ".join(cells))

# %%
COLORS = {"none": "0.5", "dni": ORANGE, "cdni": BLUE, "cdni x 3": "#1f3b5c", "backprop": RED}


def error_axis(axis, ticks=(1, 2, 5, 10, 20, 50)):
    axis.set(yscale="log", ylabel="test error (%)", yticks=ticks, yticklabels=ticks)
    axis.minorticks_off()


figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
for axis, layers in zip(axes, (3, 6)):
    for name in NAMES:
        axis.plot(*runs[name, layers].history.column("test_error"), color=COLORS[name], label=name)
    axis.set(title=f"{layers} layers", xlabel="step")
    error_axis(axis)
axes[1].set_ylabel("")
axes[0].legend()
figure.suptitle(f"Test error while learning ({DATA})")
plt.show()

# %% [markdown]
# Compare with your table. Random hidden layers (`none`) are not useless, but each additional one loses information:
# that is the line any decoupled network has to beat to have learned something below its top. Both do, by far.
# (The text speaks of the MNIST run whose outputs are saved here; another data set or a shorter run looks different.)
#
# ## 6. The surprise
#
# **A linear guess is enough, if it sees the label.** The gradient at $h_i$ passes through every layer above, ReLUs and
# normalizations and a softmax; the model is one matrix. Yet cDNI reaches backpropagation, only later: a guess has to be
# learned first, and it comes down the stack. The table of [RESULTS](RESULTS.md) for MNIST (three seeds, 7,000 steps, for DNI
# 20,000; `python -m dni_np compare`), beside the paper's 500,000 steps, test error in percent:
#
# | layers | none | paper | backprop | paper | cDNI | paper | DNI | paper |
# |---|---|---|---|---|---|---|---|---|
# | 3 | 9.16 | 9.3 | 1.64 | 2.0 | 1.49 | 2.2 | 2.18 | 1.9 |
# | 4 | 12.61 | 12.6 | 1.63 | 1.8 | 1.42 | 1.9 | 2.32 | 2.2 |
# | 5 | 17.02 | 16.2 | 1.64 | 1.8 | 1.45 | 1.7 | 2.75 | 3.4 |
# | 6 | 22.48 | 21.4 | 1.50 | 1.8 | 1.57 | 1.6 | 3.41 | 4.3 |
#
# **Without the label DNI is the worse the more layers there are**, in both tables of four depths, and above at 6 layers
# against 3.

# %%
paper = {
    "none": (9.3, 12.6, 16.2, 21.4),
    "dni": (1.9, 2.2, 3.4, 4.3),
    "cdni": (2.2, 1.9, 1.7, 1.6),
    "backprop": (2.0, 1.8, 1.8, 1.8),
}
figure, axis = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
for name, errors in paper.items():
    axis.plot((3, 4, 5, 6), errors, ":", color=COLORS[name], marker=".")
for name in NAMES:
    ours = [runs[name, layers].history.rows[-1]["test_error"] for layers in (3, 6)]
    axis.plot((3, 6), ours, "o-", color=COLORS[name], label=name)
axis.set(xticks=(3, 4, 5, 6), xlabel="layers")
axis.set_title(f"Solid: above ({DATA}, {STEPS:,} steps). Dotted: the paper (MNIST, 500,000)")
error_axis(axis)
axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# Is DNI overfitting, then, or a worse optimizer? Neither: look at the *training* error. A network that overfits is good
# on the samples it has seen and bad on new ones. DNI is as bad on both.

# %%
figure, axis = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
labels = [(name, layers) for layers in (3, 6) for name in NAMES[1:]]
for place, key in enumerate(labels):
    row = runs[key].history.rows[-1]
    axis.bar(place - 0.2, row["train_error"], 0.4, color=COLORS[key[0]], alpha=0.45)
    axis.bar(place + 0.2, row["test_error"], 0.4, color=COLORS[key[0]])
axis.set_xticks(range(len(labels)), [f"{name}\n{layers} layers" for name, layers in labels], fontsize=8)
axis.set(ylabel="error (%)", title=f"Training error (light) and test error (dark) ({DATA})")
axis.grid(axis="x", visible=False)
plt.show()

# %% [markdown]
# It **underfits**. Without the label the model does not know in which direction this sample's loss would push, and the
# best it can do is the average over the labels it finds likely. What it cannot know it cannot hand down, and six layers
# hand down five times (the paper says as much in its section C.1). Note the long cDNI run at 3 layers, too: a higher
# training error than backpropagation's and a test error no worse. A guess that misses details also regularizes.
#
# Notebook 03 looks at the guesses themselves.
#
# ## 7. What the layers have learned
#
# All runs began with the same weights, so the *change* of a first-layer unit's weights can be compared between rules.
# Each picture is one unit: red where a bright pixel now excites it more than at the start, blue where less.

# %%
def first_weights(loop):
    return next(loop.rule.cores[0].leaves()).params["W"]  # (pixels, 256), of the first simple layer


begun = build_loop(find("mnist-fcn-quick").settings("backprop", layers=3), dataset, progress=False)
start = first_weights(begun)
assert np.array_equal(first_weights(runs["none", 3]), start)  # without a gradient nothing has moved
change = {name: first_weights(runs[name, 3]) - start for name in ("backprop", "cdni", "dni")}
moved_most = np.argsort(-np.linalg.norm(change["backprop"], axis=0))[:8]
pictures = {"none (the start)": start, **change}

# %%
figure, axes = plt.subplots(4, 8, figsize=(9, 4.9), layout="constrained")
for row, (name, array) in zip(axes, pictures.items()):
    for axis, unit in zip(row, moved_most):
        image = array[:, unit].reshape(side, side)
        axis.imshow(image, cmap="RdBu_r", vmin=-abs(image).max(), vmax=abs(image).max())
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize=9)
figure.suptitle(f"First layer, eight units: random weights, and what each rule added to them ({DATA})")
plt.show()

# %% [markdown]
# Every rule has drawn strokes and edges over the noise it began with. Did they draw the same ones?

# %%
def cosines(a, b):
    """Cosine between columns of a and b, (D, n) -> (n,)."""
    return (a * b).sum(axis=0) / (np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0) + 1e-12)


shuffled = np.roll(change["backprop"], 1, axis=1)  # each unit beside its neighbor: what chance would give
print(f"cosine between weight changes, mean over {start.shape[1]} units, with backpropagation's:")
for name in ("cdni", "dni"):
    same, other = cosines(change[name], change["backprop"]).mean(), cosines(change[name], shuffled).mean()
    print(f"  {name:9} same unit {same:5.2f}   another unit {other:5.2f}")

# %% [markdown]
# For a unit that no true gradient ever reached, that is a lot: on the way to its own solution, each decoupled unit was
# pushed much where backpropagation pushes it.
#
# And the mistakes: the test images about which cDNI is most sure and wrong. (Above each: the label, and what it saw.)

# %%
x_test = dataset.x_test.astype(np.float32) * np.float32(dataset.scale)
logits = runs["cdni x 3", 3].rule.predict(x_test)
wrong = np.flatnonzero(logits.argmax(axis=1) != dataset.y_test)
sure = np.sort(logits[wrong], axis=1)
worst = wrong[np.argsort(sure[:, -2] - sure[:, -1])][:20]
titles = [f"{dataset.y_test[i]}, not {logits[i].argmax()}" for i in worst]
show_images(dataset.x_test[worst], titles, 2, f"Where cDNI is most sure, and wrong ({DATA})")

# %% [markdown]
# ## Exercises
#
# 1. **A liar's label.** Let cDNI's models see a random label in place of the true one. Between which two rows of the table
#    do you expect it?
# 2. **No bootstrapping.** Many programs called DNI correct every guess with the true gradient. Write that step. What is
#    lost?
# 3. **One cut.** Decouple a six-layer network at one place only, after layer 2. Who waits for whom now?
# 4. **Linear and blind.** Train DNI at 3 layers with a linear model, without the label (figure 14 of the paper).
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. The context is what the models see; replace it. What they see beside the output is now noise, so they can do what
#    DNI's models do, average over the likely labels, and being linear they do it less well.
#
#    ```python
#    class Liar(DNIChain):
#        def context(self, x, y):
#            return super().context(x, np.random.default_rng(0).permutation(y))
#
#    network = package_network(*network_and_models(3))
#    network.__class__ = Liar
#    for step in range(500):
#        loss = network.step(*minibatch(seed=step))["loss"]
#    x_test = dataset.x_test.astype(np.float32) * np.float32(dataset.scale)
#    print(loss, 100 * (network.predict(x_test).argmax(axis=1) != dataset.y_test).mean(), "% wrong")
#    ```
#
# 2. `gradient_pairs` backpropagates the true gradient through all layers. The guesses become better and the point is
#    lost: now the *models* are locked, and every step waits for a full backward pass.
#
#    ```python
#    from dni_np.analysis.gradient_probe import gradient_pairs
#
#    def step_with_true_targets(network, x, y):
#        truths = [truth for guess, truth in gradient_pairs(network, x, y)]
#        context, h = network.context(x, y), x
#        for unit, truth in zip(network.units, truths):
#            back, h = unit.forward_and_synthetic_update(h, context)
#            unit.update_synthetic_weights(truth)
#        return network.loss_unit.train(h, y, context)[1]
#    ```
#
# 3. Two halves: layers 1 and 2 learn by backpropagation from one guess, layers 3 to 6 from the true gradient. Within a
#    half one still waits; the lower half never waits for the upper. Notebook 03 moves the cut through all places.
#
#    ```python
#    settings = find("mnist-fcn-quick").settings("cdni", layers=6, cut_after=(2,))
#    loop = build_loop(settings, dataset, progress=False)
#    loop.run()
#    print(loop.history.rows[-1])
#    ```
#
# 4. `find("mnist-fcn-quick").settings("dni", layers=3, hidden=())`, then as above. It trains, and underfits more.
#
# </details>
#
# ## Summary
#
# - A decoupled layer learns from a guess at once; the guess is corrected by the guess of the layer above, and only the
#   topmost by a true gradient. News of the loss climbs down one layer a step.
# - With an oracle for a guess, the same loop is backpropagation; with zero, it is random features. The quality of the
#   guess is all there is.
# - A linear model that sees the label is good enough to follow backpropagation, given time. Without the label the guess
#   is an average over labels, and the network underfits, and more so with depth.
#
# How good are those guesses, and where does it hurt? [Notebook 03](03_how_good_is_the_guess.ipynb) measures them.

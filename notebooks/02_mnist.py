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
# | | |
# |---|---|
# | **Question** | Do three and six layers learn MNIST from guesses? |
# | **Time** | about an hour |
# | **Level** | second notebook of the course ([words](glossary.md)) |
# | **Needs** | [notebook 01](01_backprop_to_dni.ipynb); the rest is explained |
#
# The experiment is that of table 2 of [Jaderberg et al.
# 2017](https://proceedings.mlr.press/v70/jaderberg17a.html). We write its chain of guesses by hand,
# as one loop, and train with backpropagation, with guesses (DNI), with guesses that see the label
# (cDNI), and with no gradient at all.
#
# ## Your prediction
#
# Below the top, no guess is ever compared with a true gradient: it is corrected by the *next
# layer's guess*. Write down a test error for each, after 1,000 steps:
#
# | | 3 layers | 6 layers |
# |---|---|---|
# | backpropagation | ? | ? |
# | DNI: the guess is made from the layer's output | ? | ? |
# | cDNI: from the output and the label, by a *linear* model | ? | ? |
# | no gradient: the hidden layers keep their random weights | ? | ? |

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style
from dni_np.pictures.network import feedforward
from dni_np.pictures.schedule import schedule
from dni_np.pictures.timeline import timeline

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80})

# %% [markdown]
# ## 1. The data
#
# 60,000 handwritten digits to learn from and 10,000 to be tested on. Without a connection,
# scikit-learn's 1,797 small digits take their place, and every title says so.

# %%
from dni_np.data.choose import load_images

dataset = load_images("auto")
if FAST:
    dataset = dataset.first(5000, 1000)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
pixels = dataset.x_train.shape[1]
side = int(pixels**0.5)
print(f"{DATA}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images")
print(f"of {side} x {side} pixels")

# %%
def show_images(images, titles, rows, title):
    """Rows of small pictures from (N, pixels)."""
    columns = -(-len(images) // rows)
    size = (9, 0.7 + 9 / columns * rows * 1.15)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, text in zip(axes.flat, images, titles):
        axis.imshow(image.reshape(side, side), cmap="gray_r")
        axis.set_title(text, fontsize=9)
    figure.suptitle(title)
    plt.show()


title = f"The first twenty training images ({DATA})"
show_images(dataset.x_train[:20], dataset.y_train[:20], 2, title)


# %% [markdown]
# A minibatch is 256 rows of pixels and 256 labels.

# %%
def minibatch(seed):
    """256 random training samples: x (256, pixels), y (256,)."""
    rows = np.random.default_rng(seed).choice(len(dataset.x_train), 256, replace=False)
    x = dataset.x_train[rows].astype(np.float32) * np.float32(dataset.scale)
    return x, dataset.y_train[rows]


x, y = minibatch(seed=0)
print(x.shape, x.dtype, x.min(), x.max(), y[:10])

# %% [markdown]
# ## 2. The network, and who waits for whom
#
# As in the paper, a "layer" is linear, batch normalization, ReLU, with 256 units; the last layer is
# linear, with one output (a *logit*) for each class. `Sequential` makes one layer of several. The
# linear map in front of a batch normalization needs no bias: its mean is subtracted anyway.

# %%
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.linear import Linear
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.sequential import Sequential


def main_network(n, rng):
    """n layers: n - 1 hidden ones and a linear classifier."""
    sizes = [pixels] + [256] * (n - 1)
    hidden = [
        Sequential([Linear(a, b, rng, bias=False), BatchNorm(b), ReLU()])
        for a, b in zip(sizes, sizes[1:])
    ]
    return [*hidden, Linear(256, dataset.classes, rng)]


layers = main_network(3, np.random.default_rng(0))
for i, layer in enumerate(layers, 1):
    print(f"layer {i}:", {name: array.shape for name, array in layer.params.items()})

# %% [markdown]
# Three parts are new, each of a few lines; central differences check the two gradients.
#
# **Toolbox: softmax with cross-entropy.** Logits $z$ become probabilities
# $p_c = e^{z_c} / \sum_k e^{z_k}$, and the loss is $L = -\log p_t$ for the right class $t$. So
# $L = -z_t + \log \sum_k e^{z_k}$, and
# $\partial L/\partial z_c = -[c = t] + e^{z_c} / \sum_k e^{z_k}$. With the label as a one-hot row
# $y$ this is
#
# $$\partial L/\partial z = p - y,$$
#
# the same as in notebook 01: what the network says minus what is right.

# %%
def softmax_cross_entropy(z, labels):
    """The loss of each sample, and its gradient p - y."""
    e = np.exp(z - z.max(axis=1, keepdims=True))  # the largest is 1: nothing overflows
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(z)), labels]), p - np.eye(z.shape[1])[labels]


def central_difference(f, x, step=1e-5):
    """The derivative of the number f() by each entry of x."""
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        up = f()
        x[index] = kept - step
        slopes[index] = (up - f()) / (2 * step)
        x[index] = kept
    return slopes

# %%
rng = np.random.default_rng(0)
z, labels = rng.standard_normal((4, 5)), rng.integers(0, 5, 4)
numeric = central_difference(lambda: softmax_cross_entropy(z, labels)[0].sum(), z)
print(f"p - y: largest difference {abs(softmax_cross_entropy(z, labels)[1] - numeric).max():.0e}")

# %% [markdown]
# **Toolbox: batch normalization.** Every unit gets mean 0 and variance 1 over the minibatch,
# $\hat x = (x - \mu)/s$ with $s = \sqrt{\sigma^2 + \epsilon}$, and then a scale and a shift that
# are learned, $y = \gamma \hat x + \beta$. Going back, $d = dy\,\gamma$ arrives at $\hat x$. It
# goes through $x$ itself and also through $\mu$ and $s$, which depend on all samples. The result is
# $d$ without the two parts that the normalization removes anyway, a shift and a scale:
#
# $$dx = \frac1s \big(d - \mathrm{mean}(d) - \hat x\, \mathrm{mean}(d\, \hat x)\big)$$
#
# So a sample's gradient depends on the other samples of its batch. At test time running averages
# replace $\mu$ and $s$.

# %%
def batchnorm(x, gamma, beta, eps=1e-5):
    s = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / s
    return gamma * x_hat + beta, (x_hat, s, gamma)


def batchnorm_backward(dy, cache):
    x_hat, s, gamma = cache
    d = dy * gamma
    dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / s
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)  # of x, gamma, beta


u, R = rng.standard_normal((2, 8, 3))
gamma, beta = rng.random((2, 3))
by_hand = batchnorm_backward(R, batchnorm(u, gamma, beta)[1])
for name, array, gradient in zip(("x", "gamma", "beta"), (u, gamma, beta), by_hand):
    numeric = central_difference(lambda: (R * batchnorm(u, gamma, beta)[0]).sum(), array)
    print(f"d{name:6} largest difference {abs(gradient - numeric).max():.0e}")

# %% [markdown]
# **Toolbox: Adam.** A step of gradient descent is large where the gradient is. Adam (Kingma & Ba
# 2015) divides by the gradient's usual size, so that every weight changes by about the learning
# rate a step. It remembers a running mean $m$ of the gradient and $v$ of its square; both start at
# zero, which the two divisions correct.

# %%
def adam_step(w, g, m, v, t, rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    """Step t (from 1), in place."""
    m += (1 - b1) * (g - m)
    v += (1 - b2) * (g**2 - v)
    w -= rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)


w, m, v = np.array([1.0, 1.0]), np.zeros(2), np.zeros(2)
adam_step(w, np.array([100.0, 0.01]), m, v, t=1)
print("after one step:", w, "although one gradient is 10,000 times the other")

# %% [markdown]
# Backpropagation, all the way up, the loss, all the way down. `forward` returns a cache because
# `backward` will need it, *later*.

# %%
loss_function = SoftmaxCrossEntropy()
h, caches = x, []
for i, layer in enumerate(layers, 1):
    h, cache = layer.forward(h)
    caches.append(cache)
    print(f"forward  layer {i}   h {h.shape}")
loss, gradient = loss_function(h, y)
chance = np.log(dataset.classes)
print(f"loss {loss:.3f} (guessing among {dataset.classes} costs their logarithm, {chance:.3f})")
for i in range(3, 0, -1):
    gradient = layers[i - 1].backward(gradient, caches[i - 1])
    print(f"backward layer {i}   gradient at its input {gradient.shape}")


# %% [markdown]
# Layer 1 goes first and learns last. Until its gradient arrives it cannot change, so it must not
# start on the next minibatch: it is **locked**. A decoupled layer asks a small model for the
# gradient instead, learns, and is free. The picture supposes a worker for each layer, and that
# every box takes the same time; it follows from who needs what.

# %%
timeline({"backpropagation": schedule("locked", 3, 4), "DNI": schedule("dni", 3, 4)})

# %% [markdown]
# The models that guess must learn, too ("guess" and "correct"): with them a batch costs a hidden
# layer's worker five boxes in place of three. Decoupling wins only what waiting costs more than
# that.
#
# ## 3. The chain of guesses
#
# Each hidden layer $i$ gets a model $M_i$ that sees its output $h_i$ and guesses
# $\hat g_i \approx \partial L/\partial h_i$, sample by sample. The layer learns from the guess at
# once. And the guess? The next layer backpropagates *its own guess* through itself, and that is the
# target: $d_i = \hat g_{i+1}\, \partial h_{i+1}/\partial h_i$. Only the last model is compared with
# a true gradient (dashed).

# %%
feedforward()

# %% [markdown]
# For cDNI the model is linear, and sees the label beside the layer's output.

# %%
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.nn.optimizers import Adam


def network_and_models(n, seed=0):
    """n layers, and a linear model of (output, label) for each hidden one."""
    rng = np.random.default_rng(seed)
    layers = main_network(n, rng)
    sees = Conditioning(("output", "label"), 256, label=dataset.classes)
    return layers, [SyntheticGradient(256, sees, rng) for _ in layers[:-1]]


def adam(layer):
    return Adam(layer, learning_rate=1e-3)


# %% [markdown]
# ## Your turn
#
# Write one step of the chain, bottom to top. `fit` corrects a guess.

# %%
def fit(model, optimizer, guess, cache, target):
    """A step down 1/2 |guess - target|^2: its gradient at the guess is their difference."""
    model.backward(guess - target, cache)
    optimizer.step()

# %%
def step_by_hand(layers, models, optimizers, model_optimizers, x, y):
    """One step of figure 9; return the loss.

    For each hidden layer, from the lowest: go forward (h, cache = layer.forward(h)); guess
    (guess, model_cache = model.forward(h, context), where context is {"label": one-hot rows of
    x's dtype}); back = layer.backward(guess, cache); optimizer.step(). If there is a guess below,
    correct it now: fit(its model, its optimizer, its guess, its cache, back). The last layer goes
    forward to logits, loss_function(logits, y) gives the loss and the true gradient there, and
    what comes back through the layer corrects the last guess.
    """

# %% [markdown]
# The package's version judges it. `DNI` holds a core (the layer), its model and an optimizer for
# each; `DNIChain` is the loop; `LossUnit` is the classifier with its loss. From one seed, after
# five steps, every parameter must be the same, bit for bit.

# %%
from dni_np.dni.unit import DNI
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.loss_unit import LossUnit


def package_network(layers, models, chain=DNIChain):
    units = [DNI(layer, model, adam(layer), adam(model)) for layer, model in zip(layers, models)]
    return chain(units, LossUnit(layers[-1], loss_function, adam(layers[-1])), dataset.classes)


def weights(layers):
    """All parameters in one long vector."""
    return np.concatenate([array.ravel() for layer in layers for array in layer.params.values()])

# %%
def check(step_by_hand):
    layers, models = network_and_models(3)
    optimizers, model_optimizers = list(map(adam, layers)), list(map(adam, models))
    package_layers, package_models = network_and_models(3)
    network = package_network(package_layers, package_models)
    for step in range(5):
        batch = minibatch(seed=step)
        loss = step_by_hand(layers, models, optimizers, model_optimizers, *batch)
        if loss is None:
            return print("Nothing is written yet. What follows uses the package's chain.")
        assert loss == network.step(*batch)["loss"], f"step {step + 1} has another loss"
    assert np.array_equal(weights(layers), weights(package_layers)), "the layers differ"
    assert np.array_equal(weights(models), weights(package_models)), "the models differ"
    print(f"Right: {weights(layers).size + weights(models).size:,} parameters are equal.")


check(step_by_hand)

# %% [markdown]
# ## 4. Two guesses we know everything about
#
# **A guess of zero.** The last layer of each model starts at zero, so the first guess is zero and
# nothing below the top is updated: the safest start, not always the fastest. At that first step the
# last model meets a true gradient; at the second its guess changes its layer, and only then is
# there something to hand further down. At which step does each layer of a six-layer network change
# first?

# %%
from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.gradient_probe import gradient_pairs, undisturbed

layers, models = network_and_models(6)
network = package_network(layers, models)
started, first_change, cosine = [weights([layer]) for layer in layers], {}, {}
LOOKS = (*range(9), 10) if FAST else (*range(9), 10, 15, 25, 50, 75, 100, 150, 200, 300)
for step in range(LOOKS[-1] + 1):
    if step in LOOKS:  # guess and true gradient of each hidden layer
        cosine[step] = [float(pooled_cosine(*pair)) for pair in gradient_pairs(network, x, y)]
    network.step(*minibatch(seed=step + 1))
    for i, layer in enumerate(layers, 1):
        if i not in first_change and not np.array_equal(started[i - 1], weights([layer])):
            first_change[i] = step + 1
assert first_change == {6: 1, 5: 2, 4: 3, 3: 4, 2: 5, 1: 6}
print("layer: the step that first changed it:", first_change)
for step in (1, 6, LOOKS[-1]):
    print(f"step {step}: cosine of guesses 1 to 5", *(f"{value:.2f}" for value in cosine[step]))

# %% [markdown]
# News of the loss climbs down one layer a step. That is the price of never waiting. *Good* news
# takes longer. The bars are cosines of guesses with the true gradients (1: the same direction, 0:
# no news).
#
# ![Step by step, each layer gets a better guess](figures/news_climbs_down.gif)

# %%
def draw_news(axis, step):
    """Which layers have changed by this step, and how good their guesses are."""
    for i in range(1, 7):
        color = style.CDNI if first_change[i] <= step else "0.93"
        axis.add_patch(plt.Rectangle((-0.75, i - 0.36), 0.55, 0.72, color=color))
        axis.text(-0.475, i, f"layer {i}", ha="center", va="center", fontsize=7,
                  color="white" if first_change[i] <= step else "0.4")  # fmt: skip
    axis.barh(range(1, 6), cosine[step], 0.6, color=style.CDNI, alpha=0.6)
    axis.plot((0, 1), (6, 6), "--", color=style.TRUE, linewidth=2)
    axis.text(0, 6.4, "true gradient", color=style.TRUE, fontsize=7)
    axis.set(xlim=(-0.85, 1.02), ylim=(0.5, 6.8), xticks=(0, 0.5, 1), yticks=(), xlabel="cosine")
    axis.set_title("before" if step == 0 else f"after step {step}", fontsize=10)
    axis.grid(axis="y", visible=False)


figure, axes = plt.subplots(1, 5, figsize=(10, 2.9), layout="constrained", sharey=True)
for axis, step in zip(axes, (0, 1, 6, *LOOKS[-4::3])):
    draw_news(axis, step)
figure.suptitle(f"Six steps until layer 1 changes (blue), hundreds for a good guess ({DATA})")
plt.show()

# %%
from matplotlib.figure import Figure

from dni_np.pictures.moving import save_moving

frames = []
for step in (*LOOKS, *LOOKS[-1:] * 2):
    frames.append(Figure(figsize=(4.4, 3.2), layout="constrained"))
    draw_news(frames[-1].subplots(), step)
folder = Path(tempfile.mkdtemp()) if FAST else Path("figures")
size = save_moving(folder / "news_climbs_down.gif", frames, seconds=0.8)
print(f"the moving picture: {size / 1000:.0f} kB")

# %% [markdown]
# **A guess that is never wrong.** If the model were an oracle that knew the true gradient,
# decoupling would change nothing. So let us cheat: this one runs the layers above, forward and
# back, and sees the label. (`undisturbed` restores batch normalization's running statistics
# afterwards.)

# %%
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

# %%
class NoOptimizer:
    steps = 0  # updates so far

    def step(self):
        pass


# %%
from dni_np.rules.backprop import Backprop

layers, _ = network_and_models(3)
units = [
    DNI(layer, Oracle(layers[i + 1 :]), adam(layer), NoOptimizer())
    for i, layer in enumerate(layers[:-1])
]
last = LossUnit(layers[-1], loss_function, adam(layers[-1]))
with_oracle = DNIChain(units, last, dataset.classes)
backprop_layers, _ = network_and_models(3)
with_backprop = Backprop(backprop_layers, loss_function, adam)
for step in range(10):
    batch = minibatch(seed=step)
    metrics = with_oracle.step(*batch)
    assert np.allclose(metrics["loss"], with_backprop.step(*batch)["loss"])
    assert metrics["gradient_loss_1"] < 1e-10  # the target it is handed is what it had guessed
assert np.allclose(weights(layers), weights(backprop_layers), atol=1e-6)
difference = abs(weights(layers) - weights(backprop_layers)).max()
print("largest difference from backpropagation after ten steps:", difference)

# %% [markdown]
# So everything between "no gradient" and "backpropagation" is a matter of how good the guess is.
#
# ## 5. The result
#
# From here on the package trains. `build_loop(settings, dataset)` builds layers, models and a rule
# as we did and runs them. Here it is opened once: without measurements and checkpoints it is this.

# %%
from dni_np.experiments.feedforward.build import build_loop, build_rule
from dni_np.experiments.feedforward.recipes import find
from dni_np.training.tasks.images import Images


def opened(settings):
    rng = np.random.default_rng(settings.seed)
    of_batches, of_network = rng.spawn(2)
    rule = build_rule(settings, dataset, of_network)  # the layers, and how they learn
    task = Images(dataset, settings.batch_size, of_batches)  # draws the minibatches
    for _ in range(settings.steps):
        rule.step(*task.next())  # figure 9, once
    return rule


settings = find("mnist-fcn-quick").settings("cdni", layers=3, steps=20, evaluate_every=20)
loop = build_loop(settings, dataset, progress=False)
loop.run()
assert np.array_equal(weights(loop.rule.cores), weights(opened(settings).cores))
print("build_loop and its ten lines give the same weights, bit for bit")

# %% [markdown]
# A recipe is a set of settings; `mnist-fcn-quick` trains in seconds to a minute. Its cDNI models
# are linear; its DNI models, which cannot see the label and have the harder task, get a hidden
# layer of 512 units (half the recipe's). All start from the same weights. The two best also get a
# run three times as long.

# %%
STEPS = 40 if FAST else 1000
DNI_MODEL = (32,) if FAST else (512,)


def train(rule, layers, steps=STEPS):
    models = {"hidden": DNI_MODEL} if rule == "dni" else {}
    options = {"layers": layers, "steps": steps, "evaluate_every": steps // 20, **models}
    settings = find("mnist-fcn-quick").settings(rule, **options)
    loop = build_loop(settings, dataset, progress=False)
    loop.run()
    return loop


runs = {}
for layers in (3, 6):
    for rule in ("none", "backprop", "dni", "cdni"):
        runs[rule, layers] = train(rule, layers)
    for rule in ("cdni", "backprop"):
        runs[f"{rule} x 3", layers] = train(rule, layers, 3 * STEPS)

# %%
NAMES = ("none", "dni", "cdni", "cdni x 3", "backprop", "backprop x 3")
print(f"{DATA}, {STEPS} steps (x 3: {3 * STEPS}), one seed; errors in percent\n")
print(f"{'':12}{'3 layers':>10}{'':>10}   {'6 layers':>10}")
print(f"{'':12}{'test':>10}{'training':>10}   {'test':>10}{'training':>10}")
for name in NAMES:
    last = [runs[name, layers].history.rows[-1] for layers in (3, 6)]
    cells = [f"{row['test_error']:10.2f}{row['train_error']:10.2f}" for row in last]
    print(f"{name:12}" + "   ".join(cells))

# %%
def line(name):
    return {"color": style.RULES[name.split()[0]], "linestyle": "--" if "x 3" in name else "-"}


def error_axis(axis, ticks=(1, 2, 5, 10, 20, 50)):
    axis.set(yscale="log", ylabel="test error (%)", yticks=ticks, yticklabels=ticks)
    axis.minorticks_off()


figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
for axis, layers in zip(axes, (3, 6)):
    for name in NAMES:
        axis.plot(*runs[name, layers].history.column("test_error"), **line(name), label=name)
    axis.set(title=f"{layers} layers", xlabel="step")
    error_axis(axis)
axes[1].set_ylabel("")
axes[0].legend()
figure.suptitle(f"Test error while learning ({DATA})")
plt.show()

# %% [markdown]
# Compare with your table. Random hidden layers (`none`) are not useless, but each additional one
# loses information: that is the line any decoupled network has to beat to have learned something
# below its top. Both do, by far, in the MNIST run whose outputs are saved here.
#
# ## 6. The surprise
#
# **A linear guess is enough, if it sees the label.** The gradient at $h_i$ passes through every
# layer above, with its ReLU and normalization; the model is one matrix. Yet cDNI comes close to
# backpropagation, only later: a guess has to be learned first, and it comes down the stack. The
# table of [RESULTS](RESULTS.md) for MNIST (three seeds, 7,000 steps, for DNI 20,000; `python -m
# dni_np compare`), beside the paper's 500,000 steps, test error in percent:
#
# | layers | none | paper | backprop | paper | cDNI | paper | DNI | paper |
# |---|---|---|---|---|---|---|---|---|
# | 3 | 9.16 | 9.3 | 1.64 | 2.0 | 1.49 | 2.2 | 2.18 | 1.9 |
# | 4 | 12.61 | 12.6 | 1.63 | 1.8 | 1.42 | 1.9 | 2.32 | 2.2 |
# | 5 | 17.02 | 16.2 | 1.64 | 1.8 | 1.45 | 1.7 | 2.75 | 3.4 |
# | 6 | 22.48 | 21.4 | 1.50 | 1.8 | 1.57 | 1.6 | 3.41 | 4.3 |
#
# **Without the label DNI is the worse the more layers there are**, in both tables of four depths,
# and above at 6 layers against 3.

# %%
paper = {
    "none": (9.3, 12.6, 16.2, 21.4),
    "dni": (1.9, 2.2, 3.4, 4.3),
    "cdni": (2.2, 1.9, 1.7, 1.6),
    "backprop": (2.0, 1.8, 1.8, 1.8),
}
figure, axis = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
for name, errors in paper.items():
    axis.plot((3, 4, 5, 6), errors, ":", color=style.RULES[name], marker=".")
for name in NAMES:
    ours = [runs[name, layers].history.rows[-1]["test_error"] for layers in (3, 6)]
    axis.plot((3, 6), ours, "o", **line(name), label=name)
axis.set(xticks=(3, 4, 5, 6), xlabel="layers")
axis.set_title(f"Lines with circles: above ({DATA}). Dotted: the paper (MNIST, 500,000 steps)")
error_axis(axis)
axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# Is DNI overfitting, then, or underfitting? A network that overfits is good on the samples it has
# seen and bad on new ones.

# %%
figure, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
labels = [(name, layers) for layers in (3, 6) for name in NAMES[1:]]
for place, key in enumerate(labels):
    row = runs[key].history.rows[-1]
    axis.bar(place - 0.2, row["train_error"], 0.4, color=style.RULES[key[0].split()[0]], alpha=0.45)
    axis.bar(place + 0.2, row["test_error"], 0.4, color=style.RULES[key[0].split()[0]])
ticks = [f"{name}\n{layers} layers" for name, layers in labels]
axis.set_xticks(range(len(labels)), ticks, fontsize=8, rotation=30)
axis.set(ylabel="error (%)", title=f"Training error (light) and test error (dark) ({DATA})")
axis.grid(axis="x", visible=False)
plt.show()

# %% [markdown]
# DNI is as bad on both: it **underfits**. Without the label the model does not know in which
# direction this sample's loss would change its layer, and the best it can do is the average over
# the labels it finds likely. What it cannot know it cannot hand down, and six layers hand down five
# times.
#
# ## 7. What the layers have learned
#
# All runs began with the same weights, so the *change* of a first-layer unit's weights can be
# compared between rules. Each picture is one unit: red where a bright pixel now raises its output
# more than at the start, blue where less.

# %%
def first_weights(loop):
    return next(loop.rule.cores[0].leaves()).params["W"]  # (pixels, 256), of the first simple layer


begun = build_loop(find("mnist-fcn-quick").settings("backprop", layers=3), dataset, progress=False)
start = first_weights(begun)
assert np.array_equal(first_weights(runs["none", 3]), start)  # without a gradient nothing changed
change = {name: first_weights(runs[name, 3]) - start for name in ("backprop", "cdni", "dni")}
changed_most = np.argsort(-np.linalg.norm(change["backprop"], axis=0))[:8]
pictures = {"none (the start)": start, **change}

# %%
figure, axes = plt.subplots(4, 8, figsize=(9, 4.9), layout="constrained")
for row, (name, array) in zip(axes, pictures.items()):
    for axis, unit in zip(row, changed_most):
        image = array[:, unit].reshape(side, side)
        axis.imshow(image, cmap="RdBu_r", vmin=-abs(image).max(), vmax=abs(image).max())
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize=9)
figure.suptitle(f"Eight units of layer 1: the start, and what each rule added ({DATA})")
plt.show()

# %% [markdown]
# Every rule has drawn strokes and edges over the noise it began with. Did they draw the same ones?

# %%
def cosines(a, b):
    """Cosine between columns of a and b, (D, n) -> (n,)."""
    return (a * b).sum(axis=0) / (np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0) + 1e-12)


shuffled = np.roll(change["backprop"], 1, axis=1)  # each unit beside its neighbor: chance
print(f"cosine between weight changes, mean over {start.shape[1]} units, with backpropagation's:")
for name in ("cdni", "dni"):
    same = cosines(change[name], change["backprop"]).mean()
    other = cosines(change[name], shuffled).mean()
    print(f"  {name:9} same unit {same:5.2f}   another unit {other:5.2f}")

# %% [markdown]
# For units that no true gradient ever reached, a cosine of 0.4 in 784 dimensions is far from
# chance.
#
# ## Exercises
#
# 1. **A wrong label.** Let cDNI's models see a random label in place of the true one. Where in the
#    table do you expect the result?
# 2. **No bootstrapping.** Many programs called DNI correct every guess with the true gradient.
#    Write that step. What is lost?
# 3. **One cut.** Decouple a six-layer network at one place only, after layer 2. Who waits for whom
#    now?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. The context is what the models see; replace it. Beside the output they now see noise, so they
#    can do what DNI's models do, average over the likely labels, and being linear they do it less
#    well.
#
#    ```python
#    class WrongLabels(DNIChain):
#        def context(self, x, y):
#            return super().context(x, np.random.default_rng(0).permutation(y))
#
#    network = package_network(*network_and_models(3), WrongLabels)
#    for step in range(10 if FAST else 1000):
#        network.step(*minibatch(seed=step))
#    x_test = dataset.x_test.astype(np.float32) * np.float32(dataset.scale)
#    print(100 * (network.predict(x_test).argmax(axis=1) != dataset.y_test).mean(), "% wrong")
#    ```
#
# 2. `gradient_pairs` backpropagates the true gradient through all layers. The guesses become better
#    and the point is lost: now the *models* are locked, and every step waits for a full backward
#    pass.
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
# 3. Two halves: layers 1 and 2 learn by backpropagation from one guess, layers 3 to 6 from the true
#    gradient. Within a half one still waits; the lower half never waits for the upper. Notebook 03
#    tries the cut at every place.
#
#    ```python
#    settings = find("mnist-fcn-quick").settings("cdni", layers=6, cut_after=(2,), steps=STEPS)
#    loop = build_loop(settings, dataset, progress=False)
#    loop.run()
#    print(loop.history.rows[-1])
#    ```
#
# </details>
#
# ## As predicted?
#
# Test error after 1,000 steps, one seed, from the table above:
#
# | | 3 layers | 6 layers |
# |---|---|---|
# | backpropagation | 2.14 % | 1.94 % |
# | DNI | 5.44 % | 9.09 % |
# | cDNI (three times as long) | 2.83 % (1.71 %) | 3.93 % (1.98 %) |
# | no gradient | 12.58 % | 25.60 % |
#
# - A decoupled layer learns from a guess at once; the guess is corrected by the guess of the layer
#   above, and only the last one by a true gradient. The first change climbs down one layer a step.
# - With an oracle for a guess the loop is backpropagation; with zero it is random features. The
#   quality of the guess is all there is between.
# - A linear model that sees the label is good enough to come close to backpropagation, given time.
#   Without the label the guess is an average over labels, and the network underfits, more so with
#   depth.
#
# Next: **[How good is the guess, and where does it hurt?](03_how_good_is_the_guess.ipynb)**

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
# # Unlock everything: must a layer wait for anybody?
#
# | | |
# |---|---|
# | **Question** | May a layer sleep, learn from old gradients, work on guessed inputs? |
# | **Time** | about an hour |
# | **Level** | eighth notebook of the course ([words](glossary.md)) |
# | **Needs** | notebooks [02](02_mnist.ipynb) and [05](05_who_waits_for_whom.ipynb) |
#
# With a synthetic gradient a layer no longer waits for the layers above. How far does that go? We
# let every layer sleep through most batches. We replace the guess by an average of past gradients,
# which looks at nothing. And we open the last lock: layers that do not wait for those *below*
# either, because they guess their inputs (all three from Jaderberg et al. 2017).
#
# ## Your prediction
#
# Write down an answer to each; the last section compares.
#
# 1. Each layer learns from one batch in ten, chosen at random. After 2,000 batches, is cDNI about
#    as good as a network that never slept after 200?
# 2. The same with backpropagation, where a sleeping layer sends nothing down: better or worse than
#    a network whose lower layers never learn?
# 3. The average of past gradients in place of a guess: better than no gradient at all?
# 4. Four layers have been trained on synthetic inputs only. Now they are connected: how many times
#    the test error of the same network trained on real inputs does it have?
# 5. In the timetable of notebook 05 DNI takes 5 units of time a batch. And with all locks open?

# %%
import os
from collections import defaultdict

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style
from dni_np.pictures.network import complete_unlock
from dni_np.pictures.scales import percent_axis
from dni_np.pictures.schedule import schedule
from dni_np.pictures.timeline import timeline

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})

# %%
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_loop, build_rule
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(3000, 600)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
TOP = 4  # layers
SEES = {**dict.fromkeys(("cdni", "sparse", "unlock"), ("output", "label"))}


def settings(rule, **changes):
    common = {"data": "auto", "layers": TOP, "width": 128, "batch_size": 128, "steps": 1000}
    return Settings(**{**common, "rule": rule, "sees": SEES.get(rule, ("output",)), **changes})


def new_rule(rule, **changes):
    return build_rule(settings(rule, **changes), dataset, np.random.default_rng(0))


def minibatch(n, size=128):
    rows = np.random.default_rng(n).choice(len(dataset.x_train), size, replace=False)
    x = dataset.x_train[rows].astype(np.float32) * np.float32(dataset.scale)
    return x, dataset.y_train[rows]

# %%
def new_loop(rule, points=1, **changes):
    """A training loop whose learning curve has so many points."""
    loop = build_loop(settings(rule, **changes), dataset, progress=False)
    loop.evaluate_every = max(1, loop.steps // points)
    loop.measure = None
    return loop


def final(loop):
    return loop.history.rows[-1]["test_error"]


print(f"{DATA}: {len(dataset.x_train):,} training images")

# %% [markdown]
# ## 1. Sleep
#
# A layer that waits for nobody may also stay away. In **sparse updates** each layer tosses a coin
# for each batch: with probability $p$ it goes backward and is updated, otherwise it only goes
# forward. Its guess is corrected when the layer above is awake.
#
# Backpropagation cannot afford that. From a layer that sleeps nothing comes down, so layer $k$ of
# four gets a gradient with probability $p^{5-k}$ only.

# %%
PROBABILITIES = (1, 0.5, 0.2, 0.1, 0.05)
SPARSE_STEPS = 40 if FAST else 2000


def show(name, values, form="10.1f"):
    print(name.ljust(42) + "".join(f"{value:{form}}" for value in values))


header = [f"p = {p}" for p in PROBABILITIES]
show(f"updates of a layer in {SPARSE_STEPS:,} batches", header, ">10")
for k in range(1, TOP + 1):
    updates = [SPARSE_STEPS * p ** (TOP + 1 - k) for p in PROBABILITIES]
    show(f"layer {k}, backpropagation", updates)
show("any layer, synthetic gradients", [SPARSE_STEPS * p for p in PROBABILITIES])

# %% [markdown]
# `SparseUpdates` is in the package. What backpropagation must do with the same coins is this:

# %%
from dni_np.rules.rule import Rule


class SparseBackprop(Rule):
    """The layers, optimizers and coins of a SparseUpdates, without its guesses."""

    def __init__(self, network):
        self.cores, self.loss_unit = network.cores, network.loss_unit
        self.probability, self.coins = network.probability, network.coins
        optimizers = [unit.core_optimizer for unit in network.units]
        self.optimizers = [*optimizers, network.loss_unit.optimizer]

    def step(self, x, y):
        active, caches = self.coins.draw(self.probability), []
        for core in self.cores:
            x, cache = core.forward(x)
            caches.append(cache)
        loss, gradient = self.loss_unit.loss(x, y)
        for k in reversed(range(TOP)):
            if not active[k]:
                break  # nothing arrives below
            gradient = self.cores[k].backward(gradient, caches[k])
            self.optimizers[k].step()
        return {"loss": loss}

# %%
def sleeping(rule, p, coins=None):
    """A finished run, in which each layer is awake with probability p."""
    changes = {"update_probability": p, "steps": SPARSE_STEPS, "decay_at": ()}
    loop = new_loop("sparse", points=20, **changes)
    loop.rule.coins = coins or loop.rule.coins
    if rule == "backprop":
        loop.rule = SparseBackprop(loop.rule)
    loop.run()
    return loop


guessed, true = ({p: sleeping(rule, p) for p in PROBABILITIES} for rule in ("cdni", "backprop"))
none = new_loop("none", steps=SPARSE_STEPS, decay_at=())
none.run()
after = dict(zip(*guessed[1].history.column("test_error")))
show(f"{DATA}, test error (%)", header, ">10")
show("cDNI", [final(guessed[p]) for p in PROBABILITIES])
show("cDNI awake, after as many updates", [after[round(SPARSE_STEPS * p)] for p in PROBABILITIES])
show("backpropagation", [final(true[p]) for p in PROBABILITIES])
print(f"only the top layer learns, from every batch: {final(none):.1f}")

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 3.5), sharey=True)
BLUES = plt.get_cmap("Blues")(np.linspace(1, 0.35, len(PROBABILITIES)))
for p, color in zip(PROBABILITIES, BLUES):
    steps, errors = guessed[p].history.column("test_error")
    panels[0].plot(steps, errors, color=color, label=f"$p$ = {p}")
    panels[1].plot(np.array(steps) * p, errors, color=color)
panels[0].set(xlabel="batches", title="cDNI, by batches")
panels[0].legend(fontsize=8)
panels[1].set(xlabel="updates of each layer", title="cDNI, by updates", xscale="log")
for runs, name in ((guessed, "cdni"), (true, "backprop")):
    errors = [final(runs[p]) for p in PROBABILITIES]
    panels[2].plot(PROBABILITIES, errors, "o-", color=style.RULES[name], label=name)
panels[2].axhline(final(none), color=style.NO_GRADIENT, linestyle=":", label="top layer only")
panels[2].set(xlabel="$p$", title=f"after {SPARSE_STEPS:,} batches", xscale="log")
panels[2].set_xticks(PROBABILITIES, [f"{p:g}" for p in PROBABILITIES])
panels[2].minorticks_off()
panels[2].legend(fontsize=8)
percent_axis(panels[0])
figure.suptitle(f"With guesses, sleep costs updates and nothing else ({DATA}, four layers)")
plt.show()

# %% [markdown]
# With guesses, sleep costs time only: by updates (middle) the five curves are nearly one. With
# backpropagation layers that are awake at different times do not reach each other: 15.7 % with $p
# = 0.2$, where cDNI has 5.6 %. With $p = 0.1$ it is worse than a network whose lower layers never
# learn, since the last one sleeps, too. (The paper is said to report about 2 % with $p = 0.2$ after
# long runs of cDNI; we have not seen the number ourselves. Here the learning rate stays high, and
# 2,000 batches are four times through the data.)
#
# ## 2. A guess that looks at nothing
#
# If layers may be late, why guess at all? Take what the gradients *were*. A **stale gradient** is a
# running average of those that came for past batches, row by row:
#
# $$m \leftarrow \text{decay}\; m + (1 - \text{decay})\; d$$
#
# Jaderberg et al. 2017 (section C.1) report 9.1, 11.8, 15.4 and 19.0 % test error with 3, 4, 5 and
# 6 layers for the best decay; with no gradient it is 9.3, 12.6, 16.2 and 21.4 %.

# %%
DECAYS, RATES = (0, 0.9, 0.99), (3e-5, 1e-3)
STEPS = 40 if FAST else 1000
stale = {}
for rate in RATES:
    for decay in DECAYS:
        changes = {"learning_rate": rate, "head_learning_rate": 1e-3, "stale_decay": decay}
        stale[rate, decay] = new_loop("stale", steps=STEPS, **changes)
        stale[rate, decay].run()
standing, cdni = (new_loop(rule, steps=STEPS) for rule in ("none", "cdni"))
for loop in (standing, cdni):
    loop.run()

# %%
from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.gradient_probe import gradient_pairs


def cosines(network):
    """Of guess and true gradient after each layer, mean of 20 minibatches."""
    found = [[pooled_cosine(*pair) for pair in gradient_pairs(network, *minibatch(200 + n))]
             for n in range(20)]  # fmt: skip
    return np.mean(found, axis=0).round(3) + 0.0


print(f"{DATA}, {STEPS:,} steps: no gradient {final(standing):.1f} %, cDNI {final(cdni):.1f} %")
for (rate, decay), loop in stale.items():
    print(f"stale, rate {rate:5g}, decay {decay:4}: {final(loop):5.1f} %", end="   ")
    print("cosines", *cosines(loop.rule))
print(f"{'cDNI':37} cosines", *cosines(cdni.rule))

# %% [markdown]
# No gradient at all is as good at the low rate and better at the high one. The cosines say why:
# such a guess is unrelated to the true gradient, with any decay. (The paper's long runs gained
# something after all, with six layers 2.4 points.) Is it because the gradient is *late*? Or
# because row $n$ is another image each time? Take the same minibatch again and again. With its
# rows in place, an old gradient is one of the *same* image; with its rows shuffled it is as old,
# but another's.

# %%
FIXED_STEPS = 30 if FAST else 300


def on_one_batch(decay, mixed):
    """Cosine at each step, mean over the layers; `mixed`: rows in another order each time."""
    rule = new_rule("stale", stale_decay=decay, learning_rate=1e-4)
    shuffle, found, (x, y) = np.random.default_rng(0), [], minibatch(0)
    for _ in range(FIXED_STEPS):
        rows = shuffle.permutation(len(x)) if mixed else np.arange(len(x))
        pairs = gradient_pairs(rule, x[rows], y[rows])
        found.append(np.mean([pooled_cosine(*pair) for pair in pairs]))
        rule.step(x[rows], y[rows])
    return np.array(found)

# %%
figure, axis = plt.subplots(figsize=(8, 3))
for decay, color in zip((0, 0.9, 0.99), style.OTHERS):
    for mixed, line in ((False, "-"), (True, ":")):
        found = on_one_batch(decay, mixed)
        name = f"decay {decay}, rows {'shuffled' if mixed else 'in place'}"
        print(f"{name:26} mean cosine {found[1:].mean():5.2f}")
        axis.plot(found, color=color, linestyle=line, label=name)
axis.set(xlabel="step", ylabel="pooled cosine", ylim=(-0.3, 1.05))
axis.set_title("Old gradients of the same image are good, of others worth nothing")
figure.legend(loc="outside right center", fontsize=8)
plt.show()

# %% [markdown]
# Row by row in place, the last gradient is nearly the true one; averages over a longer past are
# worse, 0.50 with decay 0.99. In other rows nothing is left, at any age. So it is not that the
# gradient is late. It is somebody else's. A guess must look at the sample that it is a guess for.
#
# ## 3. Inputs that nobody has made
#
# The last lock. A layer that does not wait for those below needs a guess of its *input*. All that
# there is without waiting is the network's input $x$ (and, in the form called cDNI, the label):
#
# $$\hat h_k = I_k(x\,[, y]) \approx h_k$$
#
# The input model learns from $h_k$ when it comes. One step, all modules at once:

# %%
complete_unlock()

# %% [markdown]
# How well can inputs be guessed? Train a network by backpropagation and fit to its layers the
# simplest model there is: a matrix, by least squares. Tested on other images.

# %%
from dni_np.analysis.layers import activations

trained = new_loop("backprop", steps=STEPS)
trained.run()
scale = np.float32(dataset.scale)
x_fit, y_fit = dataset.x_train[:5000].astype(np.float32) * scale, dataset.y_train[:5000]
x_new, y_new = dataset.x_test[:1000].astype(np.float32) * scale, dataset.y_test[:1000]


def explained(guess, h):
    """The share of the variance: 1 for a perfect guess, 0 for each unit's mean."""
    return 1 - ((guess - h) ** 2).sum() / ((h - h.mean(axis=0)) ** 2).sum()


for name in ("x", "x and the label"):
    seen, new = ((x, np.hstack([x, np.eye(dataset.classes, dtype=x.dtype)[y]]))[name != "x"]
                 for x, y in ((x_fit, y_fit), (x_new, y_new)))  # fmt: skip
    targets = np.hstack(activations(trained.rule, x_fit)[:-1])
    matrix, *_ = np.linalg.lstsq(seen, targets, rcond=1e-4)
    guesses = np.split(new @ matrix, TOP - 1, axis=1)
    shares = [explained(*pair) for pair in zip(guesses, activations(trained.rule, x_new))]
    print(f"a matrix of {name:16} explains of h_1, h_2, h_3:", *(f"{s:5.2f}" for s in shares))

# %% [markdown]
# Far from perfect, and to be perfect the model would have to be the layers that it stands in for.
# So let the layers learn while their inputs are guessed, by models with one hidden layer as in the
# paper. Each input model learns what the layer below makes of *its own* synthetic input, which is
# there at once. (The paper does not settle this; it is the package's reading.)
#
# ### Your turn
#
# Write one step. The order of layers must not matter: four workers could do it at the same time.

# %%
def unlocked_step(network, x, y):
    """One step of complete unlock; return the loss.

    network.units (DNI, lowest first) are the hidden layers, network.loss_unit is the top.
    network.inputs[i] guesses the input of the layer above units[i], so units[0] alone gets x.
    context = network.context(x, y).

    1. Inputs: network.inputs[i].guess(x, context).
    2. Each layer, from its own input: back, h = unit.forward_and_synthetic_update(its input,
       context), and for the top: back, loss = network.loss_unit.train(its input, y, context).
    3. Corrections: what a layer sends back is the target of the guess below, units[i]'s
       update_synthetic_weights(back); a hidden layer's h is what the input above it should have
       been: inputs[i].learn(h).
    """

# %%
def check(step):
    ours, package = (new_rule("unlock", hidden=(64,)) for _ in range(2))
    for n in range(5):
        loss = step(ours, *minibatch(n))
        if loss is None:
            return print("Nothing is written yet. What follows uses the package's step.")
        assert loss == package.step(*minibatch(n))["loss"], f"step {n + 1} has another loss"
    state = package.state()
    different = [name for name, array in ours.state().items() if (array != state[name]).any()]
    assert not different, f"these differ: {', '.join(different)}"
    print(f"Right: {len(state)} arrays are equal, bit for bit.")


check(unlocked_step)

# %% [markdown]
# Is every lock open? Measure it as in notebook 05: spoil one layer's weights, and see whose update
# changes in the same step.

# %%
def weights(core):
    return np.concatenate([np.ravel(array) for array in core.params.values()])


def updates(rule, start, spoiled):
    rule.load_state(start)
    for array in rule.cores[spoiled].params.values() if spoiled is not None else ():
        array += np.random.default_rng(1).normal(0, 0.1, array.shape).astype(array.dtype)
    before = [weights(core) for core in rule.cores]
    rule.step(*minibatch(100))
    return [weights(core) - old for core, old in zip(rule.cores, before)]


for name in ("cdni", "unlock"):
    rule = new_rule(name)
    for n in range(10):
        rule.step(*minibatch(n))  # at the start all guesses are zero
    start = rule.state()
    usual = updates(rule, start, None)
    for j in range(TOP):
        found = updates(rule, start, j)
        changed = [k + 1 for k in range(TOP) if k != j and (found[k] != usual[k]).any()]
        print(f"{name:7} layer {j + 1} spoiled: others whose update changes:", changed or "none")

# %% [markdown]
# ### Does it learn?

# %%
FORMS = {
    "cDNI": {"sees": ("output", "label")},
    "DNI": {"sees": ("output",), "learning_rate": 3e-4, "sg_learning_rate": 1e-3,
            "head_learning_rate": 1e-3},
}  # fmt: skip
unlocked, waiting = {}, {}
for form, changes in FORMS.items():
    for loops, rule in ((unlocked, "unlock"), (waiting, "cdni")):
        loops[form] = new_loop(rule, points=20, hidden=(256,), steps=STEPS, **changes)
        loops[form].run()
    on_synthetic, on_real = final(unlocked[form]), final(waiting[form])
    print(f"{form:4}: test error {on_synthetic:4.1f} % trained on synthetic inputs,", end=" ")
    print(f"{on_real:4.1f} % trained on real ones")

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 3.3))
LAYER_COLORS = plt.get_cmap("Greens")(np.linspace(0.4, 1, TOP - 1))
for axis, form in zip(panels, unlocked):
    for i, color in enumerate(LAYER_COLORS, 1):
        axis.plot(*unlocked[form].history.column(f"input_loss_{i}"), color=color, label=f"$h_{i}$")
    axis.set(title=f"{form}: error of guessed inputs", xlabel="step")
    percent_axis(axis, label="")
panels[0].set_ylabel(r"$\frac{1}{2}\,\|\hat h - h\|^2$")
panels[0].legend(fontsize=8)
for form in unlocked:
    for loops, line, name in ((unlocked, "-", "synthetic"), (waiting, ":", "real")):
        look = {"color": style.RULES[form.lower()], "linestyle": line}
        errors = loops[form].history.column("test_error")
        panels[2].plot(*errors, **look, label=f"{form}, trained on {name} inputs")
panels[2].set(title="tested on real inputs", xlabel="step")
percent_axis(panels[2])
panels[2].legend(fontsize=7, loc="upper right")
figure.suptitle(f"Complete unlock ({DATA}, four layers)")
plt.show()

# %% [markdown]
# It works, at a price in accuracy. (Jaderberg et al. 2017 are said to report 2 % after a longer
# training; this number, too, we have not seen ourselves.) What do such inputs look like? Forty test
# images, sorted by class, and 60 units of each layer:

# %%
from dni_np.analysis.gradient_probe import undisturbed


def real_and_synthetic(network, x, y):
    """[(h_k, guess of h_k)] for k = 1, 2, 3, in training mode, as the layers see them."""
    context, real, found = network.context(x, y), x, []
    with undisturbed([*network.cores, *(model.synthetic_gradient for model in network.inputs)]):
        for core, model in zip(network.cores, network.inputs):
            real, _ = core.forward(real)
            found.append((real, model.synthetic_gradient.forward(x, context)[0]))
    return found


order = np.argsort(y_new, kind="stable")
pairs = real_and_synthetic(unlocked["cDNI"].rule, x_new[order], y_new[order])
few = np.linspace(0, len(order) - 1, 40).astype(int)
for form, loop in unlocked.items():
    shares = [explained(guess, h) for h, guess in real_and_synthetic(loop.rule, x_new, y_new)]
    print(f"{form:4}: explained of the real h_1, h_2, h_3:", *(f"{s:5.2f}" for s in shares))

# %%
figure, panels = plt.subplots(2, 3, figsize=(10, 4.4), sharex=True, sharey=True)
for k, column in enumerate(panels.T):
    for axis, h, name in zip(column, pairs[k], ("made by the layers", "synthetic")):
        look = {"aspect": "auto", "cmap": "magma_r", "interpolation": "nearest"}
        image = axis.imshow(h[few, :60], vmin=0, vmax=2, **look)
        axis.set(title=f"$h_{k + 1}$, {name}", yticks=np.arange(0, 40, 8))
        axis.set_yticklabels(y_new[order][few][::8])
        axis.grid(False)
    column[1].set_xlabel("unit")
for axis in panels[:, 0]:
    axis.set_ylabel("image (its class)")
figure.colorbar(image, ax=panels, label="activation")
figure.suptitle(f"What the layers receive ({DATA}, cDNI)")
plt.show()

# %% [markdown]
# The pattern is there. Where a unit is silent, its model cannot be sure and gives a small value.
#
# In the form called cDNI the input models see the label. Is that cheating? Give them a *wrong*
# label and look what the last layer reads from its synthetic input.

# %%
network = unlocked["cDNI"].rule
wrong = (y_new + 1) % dataset.classes


def answers(k=0, label=None):
    """The network's classes, from the synthetic h_k upwards; from the images if k = 0."""
    h = x_new
    with undisturbed([*network.cores, *(model.synthetic_gradient for model in network.inputs)]):
        if k > 0:
            model = network.inputs[k - 1].synthetic_gradient
            h, _ = model.forward(x_new, network.context(x_new, label))
        for core in network.cores[k:]:
            h, _ = core.forward(h)
    return h.argmax(axis=1)


for name, label in (("right", y_new), ("wrong", wrong)):
    for k in range(1, TOP):
        found = answers(k, label)
        given, seen = 100 * (found == label).mean(), 100 * (found == y_new).mean()
        print(f"{name} label, from the synthetic h_{k}: {given:5.1f} % answer this label,", end=" ")
        print(f"{seen:5.1f} % what the image shows")
print(f"real inputs: {100 * (answers() == y_new).mean():5.1f} % what the image shows")

# %% [markdown]
# With a wrong label most answers still follow the image. But the label counts more the higher up
# one looks, since a high layer's output is mostly about the class. And with the right label the
# last layer finds its task easier (97.3 %) than with real inputs (92.3 %, the same images, batch
# normalization in training mode as well): in training it lives in an easier world than later.
#
# ### What is it worth?
#
# The timetable, from the dependencies alone:

# %%
timeline({"DNI": schedule("dni", TOP, 4), "complete unlock": schedule("unlock", TOP, 4)})

# %% [markdown]
# The staircase at the beginning is gone. But a layer in the middle now has seven boxes a batch, so
# in the long run it is *slower*. Unless messages are slow: with DNI two messages in a row lie on
# every batch, an output going up and a target coming down. Unlocked layers begin at once, and
# messages in both directions are under way together, while the layers work. With the costs of
# notebook 05 (a forward pass is 1, models are matrices) and eight layers:

# %%
def model_cost(inputs):
    return round(inputs * 256 / 256**2, 2)


COSTS = {"forward": 1, "backward": 2, "update": 0}
COSTS |= dict.fromkeys(("guess", "correct"), model_cost(256 + 10))
COSTS |= dict.fromkeys(("guess input", "correct input"), model_cost(784 + 10))
BATCHES, DELAYS = (30, (0, 5, 10)) if FAST else (200, range(11))


def time_per_batch(rule, layers, costs, delay=0):
    """In the long run: over the second half."""
    last = defaultdict(float)
    for event in schedule(rule, layers, BATCHES, costs=costs, delay=delay):
        last[event.batch] = max(last[event.batch], event.stop)
    half = BATCHES // 2
    return (last[BATCHES] - last[half]) / (BATCHES - half)

# %%
figure, axis = plt.subplots(figsize=(7, 3))
LINES = {"dni": ("cDNI", style.CDNI), "unlock": ("complete unlock", style.KINDS["guess input"])}
for rule, (name, color) in LINES.items():
    values = [time_per_batch(rule, 8, COSTS, delay) for delay in DELAYS]
    axis.plot(DELAYS, values, color=color, marker=".", label=name)
    print(f"{name:15} every box 1: {time_per_batch(rule, TOP, {}):.1f};", end=" ")
    print("with costs, messages of 0 to 10:", *(f"{value:.1f}" for value in values))
axis.set(xlabel="time of a message (a forward pass is 1)", ylabel="time of a batch", ylim=(0, None))
axis.set_title("Complete unlock pays where messages are slow (a calculation)")
axis.legend()
plt.show()

# %% [markdown]
# With matrices complete unlock is ahead where a message takes 4 or more, that is, longer than a
# layer's forward and backward pass together. Nothing in this section ran on several workers.
#
# ## Exercises
#
# 1. **One coin.** In section 1 let all layers toss *one* coin together. Who gains?
# 2. **Real targets.** Let the input models learn what the layers make of *real* inputs, by an
#    ordinary forward pass. Does the test error change? Which lock is closed again?
# 3. **Later still.** In section 2, how old may a gradient of the same image be? Try a decay of
#    `0.999`.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Backpropagation, by far: it learns from fewer batches, but as a whole. For cDNI it makes little
#    difference. What backpropagation cannot stand is layers that are awake at different times.
#
#    ```python
#    class OneCoin:
#        def __init__(self, seed):
#            self.rng = np.random.default_rng(seed)
#
#        def draw(self, probability):
#            return np.full(TOP, self.rng.random() < probability)
#
#        def state(self):
#            return {}
#
#    for p in (0.2, 0.05):
#        for rule in ("cdni", "backprop"):
#            print(p, rule, final(sleeping(rule, p, OneCoin(5))))
#    ```
#
# 2. Hardly. The layers still wait for nobody, but a target of an input model now needs a forward
#    pass through all layers below: for targets the forward lock is closed again.
#
#    ```python
#    from dni_np.rules.complete_unlock import CompleteUnlock
#
#    class RealTargets(CompleteUnlock):
#        def step(self, x, y):
#            with undisturbed(self.cores):
#                self.real = {0: x}
#                for k, core in enumerate(self.cores[:-1]):
#                    self.real[k + 1], _ = core.forward(self.real[k])
#            return super().step(x, y)
#
#        def fit_input_guess(self, i, h, metrics, ticket=None):
#            super().fit_input_guess(i, self.real[i], metrics, ticket)
#
#    loop = new_loop("unlock", hidden=(256,), steps=STEPS, **FORMS["cDNI"])
#    rule = loop.rule
#    loop.rule = RealTargets(rule.units, rule.loss_unit, rule.classes, rule.inputs)
#    loop.run()
#    print(final(loop))
#    ```
#
# 3. A little worse still. An average much longer than the run weighs the first gradients, of a
#    network that has changed since, almost as much as the last.
#
#    ```python
#    print(on_one_batch(0.999, mixed=False)[1:].mean())
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | result |
# |---|---|
# | 1. cDNI with $p = 0.1$ after 2,000 batches, and awake after 200 | 8.0 %, 8.6 % |
# | 2. backpropagation with $p = 0.1$, and only the last layer learning | 28.1 %, 20.6 % |
# | 3. average of past gradients, and no gradient | 25.0 to 32.0 %, 25.2 % |
# | 4. cDNI on synthetic inputs, and on real ones | 6.4 %, 3.9 %: 1.6 times |
# | 5. units of time a batch with complete unlock | 7 |
#
# - Layers that wait for nobody may sleep: what counts is how often each was updated. Layers that
#   wait for each other may not.
# - A guess must look at its sample. Another sample's gradient is worth nothing, however fresh.
# - Layers trained on synthetic inputs work together when they get real ones. It costs accuracy and
#   work, and saves time only where messages are slow.
# - One seed, short runs, and timetables instead of machines in the last section.
#
# Next: **[What if the guess is an image?](09_images.ipynb)**

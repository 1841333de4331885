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
# With a synthetic gradient a layer no longer waits for the layers above it. It still waits for those below: they must hand
# it something to work on. Jaderberg et al. 2017 go on and guess that too. We train the same network in ten ways. Who waits
# for whom? And what does it cost not to wait?
#
# **What you'll do**
#
# - write down what each piece of work needs, and compute the timetable, one worker a layer;
# - carry the timetable out with the package's own parts, and get the same numbers;
# - spoil one layer, and see which others notice: locks measured, not claimed;
# - let every layer sleep through most batches;
# - try a guess that looks at nothing;
# - let layers work on inputs that nobody has made;
# - count what all this would be worth on many machines.
#
# **What you need:** the chain of decoupled layers of [notebook 02](02_mnist.ipynb). MNIST is downloaded when first asked
# for; without a connection the small digits of scikit-learn stand in.

# %% [markdown]
# ### Before you go on: predict
#
# 1. Four layers, a worker for each, every piece of work takes one unit of time. How many batches has backpropagation
#    finished when DNI has finished ten?
# 2. Each layer learns from one batch in ten only, which ones is left to chance. After 2,000 batches, is it about as good as
#    a network that never slept after 200?
# 3. The average of past gradients as a guess of this one: better than no gradient?
# 4. A network has never seen what its layers really say to each other, only guesses of it. Does it work when at last the
#    layers are put together?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "figure.dpi": 90, "figure.constrained_layout.use": True})
RED, BLUE, GREEN, YELLOW, PURPLE = "#d1495b", "#2e6f95", "#66a182", "#f2a541", "#7d5ba6"

# %% [markdown]
# ## 1. Three locks
#
# In a network trained by backpropagation a layer waits three times (Jaderberg et al. 2017):
#
# - **forward lock**: it cannot begin before the layers below have gone forward;
# - **update lock**: it cannot learn before the layers above have gone forward;
# - **backward lock**: nor before they have gone backward.
#
# Synthetic gradients open the last two, synthetic inputs the first. To see what is left, list the work. For each layer and
# each batch there are up to seven tasks, and each needs others to be done:

# %%
TOP = 4  # layers; the last is the classifier, which has the true gradient


def plan(rule, batches, top=TOP):
    """{(task, layer, batch): [tasks that must be done before]}"""
    needs = {}
    for n in range(batches):
        for k in range(1, top + 1):
            guesses, invents = rule != "backprop" and k < top, rule == "unlock" and k > 1
            if invents:  # a synthetic input, by a model that has learned from the batch before
                needs["invent", k, n] = [("learn inputs", k, n - 1)]
            given = ("invent", k, n) if invents else ("forward", k - 1, n)
            needs["forward", k, n] = [given, ("update", k, n - 1)]
            if guesses:
                needs["guess", k, n] = [("forward", k, n), ("learn gradients", k, n - 1)]
            gradient = ("guess", k, n) if guesses else ("backward", k + 1, n)
            needs["backward", k, n] = [("forward", k, n), gradient]
            needs["update", k, n] = [("backward", k, n)]
            if guesses:
                needs["learn gradients", k, n] = [("guess", k, n), ("backward", k + 1, n)]
            if invents:
                needs["learn inputs", k, n] = [("invent", k, n), ("forward", k - 1, n)]
    return {task: [need for need in before if need in needs] for task, before in needs.items()}  # none before the first


# %% [markdown]
# That is all we have to know. Who begins when then follows: a task begins as soon as all it needs is done and its layer's
# worker is free, the oldest batch first. `cost` and `delay` (of a message from worker to worker) are for the last section.

# %%
from collections import defaultdict
from heapq import heappop, heappush


def schedule(needs, cost=lambda what: 1, delay=0):
    """{task: (when it begins, when it ends)}, one worker for each layer, in the order in which they begin."""
    followers, missing = defaultdict(list), {task: len(before) for task, before in needs.items()}
    for task, before in needs.items():
        for need in before:
            followers[need].append(task)
    rank = {task: (task[2], i) for i, task in enumerate(needs)}
    ready = [(0, rank[task], task) for task, count in missing.items() if count == 0]
    times, free = {}, defaultdict(int)
    while ready:
        start, _, task = heappop(ready)
        what, k, _ = task
        if start < free[k]:  # its worker is busy: later
            heappush(ready, (free[k], rank[task], task))
            continue
        times[task] = start, start + cost(what)
        free[k] = start + cost(what)
        for other in followers[task]:
            missing[other] -= 1
            if missing[other] == 0:
                start = max(times[need][1] + delay * (need[1] != other[1]) for need in needs[other])
                heappush(ready, (start, rank[other], other))
    return times


# %%
TASK_COLORS = {"invent": PURPLE, "forward": BLUE, "guess": YELLOW, "backward": RED, "update": "0.25",
               "learn gradients": "#f9d9a8", "learn inputs": "#cdbfe0"}  # fmt: skip
NAMES = {"backprop": "backpropagation", "dni": "synthetic gradients (DNI)", "unlock": "complete unlock"}
SHOWN = 37

figure, panels = plt.subplots(3, 1, figsize=(10, 5.6), sharex=True)
for axis, (rule, name) in zip(panels, NAMES.items()):
    for (what, k, n), (start, end) in schedule(plan(rule, 12)).items():
        if start < SHOWN:
            axis.barh(k, end - start, left=start, height=0.86, color=TASK_COLORS[what], edgecolor="white", linewidth=0.5)
            light = what in ("guess", "learn gradients", "learn inputs")
            axis.text((start + end) / 2, k, n + 1, ha="center", va="center", fontsize=6, color="0.2" if light else "white")
    axis.set(title=name, ylabel="layer", yticks=range(1, TOP + 1), xlim=(0, SHOWN))
    axis.grid(False)
panels[-1].set_xlabel("time (numbers: the batch)")
boxes = [plt.Rectangle((0, 0), 1, 1, color=color) for color in TASK_COLORS.values()]
figure.legend(boxes, TASK_COLORS, loc="outside lower center", ncols=7, fontsize=8)
figure.suptitle("What the dependencies allow, one worker for each of four layers")
plt.show()


# %%
def finished(times, until):
    """Batches of which every task is done."""
    last = defaultdict(int)
    for (_, _, n), (_, end) in times.items():
        last[n] = max(last[n], end)
    return sum(end <= until for end in last.values())


UNTIL = 90
for rule, name in NAMES.items():
    times = schedule(plan(rule, 30))
    first = max(end for (_, _, n), (_, end) in times.items() if n == 0)
    busy = sum(min(end, UNTIL) - start for start, end in times.values() if start < UNTIL) / (TOP * UNTIL)
    print(f"{name:26} first batch done at {first:2}   by {UNTIL}: {finished(times, UNTIL):2} batches", end="   ")
    print(f"workers busy {100 * busy:3.0f} % of the time")
tenth = max(end for (_, _, n), (_, end) in schedule(plan("dni", 30)).items() if n == 9)
print(f"DNI has done ten batches at {tenth}; backpropagation then: {finished(schedule(plan('backprop', 30)), tenth)}")

# %% [markdown]
# - **Backpropagation.** At any time one layer works, and three wait (or two of them, when an update goes on beside). A batch
#   takes $2N + 1 = 9$ units of time, and with more layers more.
# - **DNI.** The forward lock is still there, but all it costs is the staircase at the beginning. From then on a batch takes
#   5 units, with any number of layers: forward, guess, backward, update, and one to correct the guess. (The top layer, which
#   guesses nothing, has time to spare.) So ten batches against five (prediction 1), no more, since DNI does more work.
# - **Complete unlock.** There is no staircase. But a layer in the middle has seven things to do for each batch, and so the
#   lock that was opened last makes the whole thing slower than DNI. What is it good for? Wait for section 6.
#
# ### Is the timetable true?
#
# A forgotten need would make any plan look good. So carry it out: with the parts of the package's networks, task by task in
# the order of the timetable, in which layer 1 takes up the next batch while layer 4 is still at the last one. Then train the
# same network with the package's `step`, which finishes each batch before the next. If no need was forgotten, all weights
# must be *equal*.

# %%
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(3000, 600)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
scale = np.float32(dataset.scale)
LABEL = ("output", "label")


def settings(rule, **changes):
    common = {"data": "auto", "layers": TOP, "width": 128, "batch_size": 128, "steps": 1000}
    sees = LABEL if rule in ("cdni", "sparse", "unlock", "bp-lambda") else ("output",)
    return Settings(**{**common, "rule": rule, "sees": sees, **changes})


def new_rule(rule, **changes):
    return build_rule(settings(rule, **changes), dataset, np.random.default_rng(0))


def minibatch(n, size=128):
    rows = np.random.default_rng(n).choice(len(dataset.x_train), size, replace=False)
    return dataset.x_train[rows].astype(np.float32) * scale, dataset.y_train[rows]


print(f"{DATA}: {len(dataset.x_train):,} training images")


# %%
def carry_out(order, network, batches):
    """Do tasks one by one, with the parts of a DNIChain or a CompleteUnlock."""
    contexts = [network.context(*batch) for batch in batches]
    h = {(0, n): x for n, (x, _) in enumerate(batches)}
    invented, gradient, back, caches = {}, {}, {}, {}
    for what, k, n in order:
        (x, y), core, head = batches[n], network.cores[k - 1], network.loss_unit
        unit = network.units[k - 1] if k < TOP else None
        if what == "invent":
            invented[k, n] = network.inputs[k - 2].guess(x, contexts[n], ticket=n)
        elif what == "forward":
            h[k, n], caches[k, n] = core.forward(invented.get((k, n), h.get((k - 1, n))))
        elif what == "guess":
            gradient[k, n] = unit.guess(h[k, n], contexts[n], ticket=n)
        elif what == "backward":
            d = gradient[k, n] if unit else head.loss(h[k, n], y)[1]
            back[k, n] = core.backward(d, caches[k, n], input_gradient=k > 1)
        elif what == "update":
            (unit.core_optimizer if unit else head.optimizer).step()
        elif what == "learn gradients":
            unit.update_synthetic_weights(back[k + 1, n], ticket=n)
        elif what == "learn inputs":
            network.inputs[k - 2].learn(h[k - 1, n], ticket=n)


# %%
batches = [minibatch(n) for n in range(20)]
for rule, name in (("dni", "cdni"), ("unlock", "unlock")):
    times = schedule(plan(rule, len(batches)))
    ours, theirs = new_rule(name), new_rule(name)
    carry_out(times, ours, batches)
    for batch in batches:
        theirs.step(*batch)
    state = theirs.state()
    equal = all(np.array_equal(array, state[part]) for part, array in ours.state().items())
    ahead = max(n - m for (_, k, n), (start, _) in times.items() for (_, j, m), (_, end) in times.items()
                if k == 1 and j == TOP and end > start)  # fmt: skip
    print(f"{name:6} layer 1 up to {ahead} batch ahead of layer {TOP}; all {len(state)} arrays equal: {equal}")
    assert equal

# %% [markdown]
# Equal to the last bit. Nothing in these timetables is approximated: the package's `step` does the same work for one worker,
# in another order.
#
# ## 2. Locks, measured
#
# The other way round: take a rule as it is, and find out who waits for whom. First just watch: wrap every method of the
# parts that matters, and note who is called. An update shows in the weights.


# %%
def weights(core):
    return np.concatenate([np.ravel(core.params[name]) for name in core.params])


def trace(rule, x, y):
    """One step in short: F, B, U of layer k; G, L: a guess of the gradient is made, learns; i, l: of the input."""
    events, known, wrapped = [], [weights(core) for core in rule.cores], []

    def note(event):
        for k, core in enumerate(rule.cores):
            if not np.array_equal(weights(core), known[k]):
                known[k] = weights(core)
                events.append(f"U{k + 1}")
        events.append(event)

    def watch(owner, name, event):
        method = getattr(owner, name)
        setattr(owner, name, lambda *args, **options: (note(event), method(*args, **options))[1])
        wrapped.append((owner, name))

    for k, core in enumerate(rule.cores, 1):
        watch(core, "forward", f"F{k}")
        watch(core, "backward", f"B{k}")
    for k, unit in enumerate(getattr(rule, "units", ()), 1):
        watch(unit.synthetic_gradient, "forward", f"G{k}")
        watch(unit, "update_synthetic_weights", f"L{k}")
    for k, model in enumerate(getattr(rule, "inputs", ()), 2):
        watch(model, "guess", f"i{k}")
        watch(model, "learn", f"l{k}")
    rule.step(x, y)
    for owner, name in wrapped:
        delattr(owner, name)  # the class's own method is there again
    note("")
    return " ".join(events)


# %%
KINDS = {
    "backprop": {},
    "fa": {},
    "bp-lambda": {},
    "kickback": {},
    "dfa": {},
    "cdni": {},
    "cdni, true targets": {"targets": "true"},
    "sparse": {"update_probability": 0.5},
    "local": {},
    "unlock": {},
}
rules = {name: new_rule(name.split(",")[0], **changes) for name, changes in KINDS.items()}
for name, rule in rules.items():
    for batch in batches:  # at first all guesses are zero: teach them something
        rule.step(*batch)
    print(f"{name:19}", trace(rule, *minibatch(100)))

# %% [markdown]
# Read the lines for `backprop` and `cdni`. In the one, layer 1 learns (`U1`) when all has been up and down. In the other it
# has learned before layer 2 has even begun. With `sparse` layer 4 happened to sleep through this batch: `F4`, and nothing
# else. With `unlock` all inputs are there (`i2 i3 i4`) before any layer works.
#
# The order of calls is how a step was *written*. What it *needs* is another matter, and can be tested. Take one step; note
# how much each layer's weights move. Now take the same step again from the same state, but with something spoiled:
#
# - layer $j$'s **weights** are disturbed. If layer $i$'s update is another one, it depends on what layer $j$ does. If the
#   update is equal to the last bit, it does not.
# - what layer $j$ **sends down** in its backward pass is mixed up among the samples. That tells those who wait for its
#   backward pass from those who wait for its forward pass only.

# %%
def updates(rule, start, spoil=None):
    """What one step adds to each layer's weights, and to each guess's."""
    rule.load_state(start)
    rule.probability = 1  # in sparse updates all are awake
    parts = [*rule.cores, *(unit.synthetic_gradient for unit in getattr(rule, "units", ()))]
    undo = spoil() if spoil else None
    before = [weights(part) for part in parts]
    rule.step(*minibatch(100))
    if undo:
        undo()
    moved = [weights(part) - old for part, old in zip(parts, before)]
    return moved[:TOP], moved[TOP:]


def other_weights(core):
    def spoil():
        for array in core.params.values():
            array += np.random.default_rng(1).normal(0, 0.1, array.shape).astype(array.dtype)

    return spoil


def other_message(core):
    def backward(*args, **options):
        down = type(core).backward(core, *args, **options)
        return None if down is None else down[::-1].copy()

    def spoil():
        core.backward = backward
        return lambda: delattr(core, "backward")

    return spoil


# %%
def who_notices(rule):
    """(2, TOP, TOP) for layers and (2, TOP - 1, TOP) for guesses: does i's update change if j's weights, message do?"""
    start = rule.state()
    usual = updates(rule, start)
    tables = [[], []]
    for make in (other_weights, other_message):
        spoiled = [updates(rule, start, make(core)) for core in rule.cores]
        for table, kind in zip(tables, (0, 1)):
            changed = [[not np.array_equal(a, b) for a, b in zip(usual[kind], one[kind])] for one in spoiled]
            table.append(np.array(changed).T)  # [i, j]
    rule.load_state(start)
    return [np.array(table) for table in tables]


noticed = {name: who_notices(rule) for name, rule in rules.items()}

# %%
from matplotlib.colors import ListedColormap

figure, panels = plt.subplots(2, 5, figsize=(10, 4.6), sharex=True, sharey=True)
for axis, (name, (layers, _)) in zip(panels.flat, noticed.items()):
    shown = layers.sum(axis=0) + np.eye(TOP) * (3 - layers[0] - layers[1])
    axis.imshow(shown, origin="lower", cmap=ListedColormap(["white", BLUE, RED, "0.8"]), vmin=-0.5, vmax=3.5)
    axis.set(title=name, xticks=range(TOP), xticklabels=range(1, TOP + 1), yticks=range(TOP), yticklabels=range(1, TOP + 1))
    axis.set_xticks(np.arange(TOP) - 0.5, minor=True)
    axis.set_yticks(np.arange(TOP) - 0.5, minor=True)
    axis.grid(False)
    axis.grid(which="minor", color="0.9", alpha=1)
    axis.tick_params(which="minor", length=0)
    axis.spines[:].set_visible(False)
for axis in panels[1]:
    axis.set_xlabel("spoiled layer")
for axis in panels[:, 0]:
    axis.set_ylabel("layer that learns")
boxes = [plt.Rectangle((0, 0), 1, 1, color=color) for color in (BLUE, RED, "0.8")]
texts = ("depends on that layer's weights", "also on what it sends down", "itself")
figure.legend(boxes, texts, loc="outside lower center", ncols=3, fontsize=9)
figure.suptitle("Who notices? Right of the diagonal: a layer above, left of it: a layer below")
plt.show()

# %%
distance = np.arange(TOP) - np.arange(TOP)[:, None]  # from the layer that learns, upwards
TESTS = {"forward": (0, distance < 0), "update": (0, distance > 0), "backward": (1, distance > 1)}
print(f"{'':19}" + "".join(f"{name:>10}" for name in TESTS) + "     layers above that guess 1 depends on")
for name, (layers, guesses) in noticed.items():
    locks = [lock for lock, (kind, where) in TESTS.items() if layers[kind][where].any()]
    assert set(locks) == set(rules[name].locks)  # as the package declares them
    hears = guesses[0, 0, 1:].sum() if guesses.size else "no guess"
    print(f"{name:19}" + "".join(f"{'locked' if lock in locks else '-':>10}" for lock in TESTS) + f"     {hears}")

# %% [markdown]
# Row by row, all of it found by trying (`rule.locks` says what the package claims, and the cell above has compared the two):
#
# - **backprop**, and **fa** (feedback alignment), which only sends its errors down through other weights: all three locks.
#   So has **bp-lambda** as soon as $\lambda > 0$.
# - **kickback** asks the next layer for one step of its backward pass, and nobody further up. So it does not wait for those
#   above to have gone backward, and we do not count this as a lock; but it does wait for the network's output.
# - **dfa** (direct feedback alignment) sends the output's error straight to all layers. No backward lock, and still each
#   layer waits for the whole forward pass.
# - **cdni**, **sparse**, **local** (a classifier for each layer): only those below matter. Look at the last column, too:
#   guess 1 learns from what layer 2 made, so that *its* correction waits for one layer.
# - **cdni, true targets**, as in most public versions: its layers are as free as cDNI's. But their guesses depend on all
#   three layers above, forward and backward. Nobody has to wait in order to learn, but the whole network works as much as
#   backpropagation does.
# - **unlock**: gray only. Given a batch, no layer's update depends on any other layer. Only the lessons of its models do, on
#   its neighbors.
#
# ## 3. Sleep
#
# A layer that waits for nobody may also stay away. In **sparse updates** each layer tosses a coin for each batch: with
# probability $p$ it goes backward and learns, otherwise it only goes forward. (Its guess is corrected when the layer above
# is awake.) Jaderberg et al. 2017 report it for cDNI, still at about 2 % on MNIST with $p = 0.2$ (a number we have from
# second hand).
#
# Backpropagation cannot do that. If a layer sleeps, nothing comes through to those below it: layer $k$ of 4 hears of the
# loss with probability $p^{5 - k}$.

# %%
PROBABILITIES = (1, 0.5, 0.2, 0.1, 0.05)
SPARSE_STEPS = 40 if FAST else 2000


def show(name, values, form="10.1f"):
    print(name.ljust(42) + "".join(f"{value:{form}}" for value in values))


show(f"batches of {SPARSE_STEPS:,} that a layer learns from", [f"p = {p}" for p in PROBABILITIES], ">10")
for k in range(1, TOP + 1):
    show(f"layer {k}, backpropagation", [SPARSE_STEPS * p ** (TOP + 1 - k) for p in PROBABILITIES])
show("any layer, synthetic gradients", [SPARSE_STEPS * p for p in PROBABILITIES])

# %% [markdown]
# Both, for comparison. `SparseUpdates` is in the package; that backpropagation has the form it must have is ten lines.

# %%
from dni_np.experiments.feedforward.build import build_loop
from dni_np.rules.rule import Rule


class SparseBackprop(Rule):
    """The cores, optimizers and coins of a SparseUpdates, without its guesses."""

    def __init__(self, network):
        self.cores, self.loss_unit = network.cores, network.loss_unit
        self.probability, self.coins = network.probability, network.coins
        self.optimizers = [*(unit.core_optimizer for unit in network.units), network.loss_unit.optimizer]

    def step(self, x, y):
        active = self.coins.draw(self.probability)
        caches = []
        for core in self.cores:
            x, cache = core.forward(x)
            caches.append(cache)
        loss, gradient = self.loss_unit.loss(x, y)
        for core, optimizer, cache, is_active in reversed(list(zip(self.cores, self.optimizers, caches, active))):
            if not is_active:
                break  # nothing arrives below
            gradient = core.backward(gradient, cache)
            optimizer.step()
        return {"loss": loss}


# %%
def new_loop(rule, points=1, **changes):
    """A training loop whose learning curve has so many points."""
    loop = build_loop(settings(rule, **changes), dataset, progress=False)
    loop.evaluate_every = max(1, loop.steps // points)
    loop.measure = None
    return loop


def final(loop):
    return loop.history.rows[-1]["test_error"]


guessed, true = {}, {}
for p in PROBABILITIES:
    changes = {"update_probability": p, "steps": SPARSE_STEPS, "decay_at": ()}
    guessed[p], true[p] = new_loop("sparse", points=20, **changes), new_loop("sparse", **changes)
    true[p].rule = SparseBackprop(true[p].rule)
    guessed[p].run()
    true[p].run()
none = new_loop("none", steps=SPARSE_STEPS, decay_at=())
none.run()
after = dict(zip(*guessed[1].history.column("test_error")))
show(f"{DATA}, test error (%)", [f"p = {p}" for p in PROBABILITIES], ">10")
show("synthetic gradients (cDNI)", [final(guessed[p]) for p in PROBABILITIES])
show("p = 1, when its layers learned as often", [after[round(SPARSE_STEPS * p)] for p in PROBABILITIES])
show("backpropagation", [final(true[p]) for p in PROBABILITIES])
print(f"only the top layer learns, from every batch: {final(none):.1f}")

# %%
from dni_np.experiments.plotting import percent_axis

figure, panels = plt.subplots(1, 3, figsize=(10, 3.7), sharey=True)
P_COLORS = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(PROBABILITIES)))
for p, color in zip(PROBABILITIES, P_COLORS):
    steps, errors = guessed[p].history.column("test_error")
    panels[0].plot(steps, errors, color=color, label=f"$p$ = {p}")
    panels[1].plot(np.array(steps) * p, errors, color=color)
panels[0].set(xlabel="batches", title="cDNI, by batches")
panels[0].legend(fontsize=8)
panels[1].set(xlabel="updates of each layer", title="cDNI, by updates", xscale="log")
for runs, color, marker, name in ((guessed, BLUE, "o", "cDNI"), (true, "0.3", "s", "backpropagation")):
    panels[2].plot(PROBABILITIES, [final(runs[p]) for p in PROBABILITIES], color=color, marker=marker, label=name)
panels[2].set(xlabel="$p$", title=f"after {SPARSE_STEPS:,} batches", xscale="log", xticks=PROBABILITIES)
panels[2].set_xticklabels([f"{p:g}" for p in PROBABILITIES])
panels[2].minorticks_off()
panels[2].legend(fontsize=8)
percent_axis(panels[0])
figure.suptitle(f"Layers that learn now and then ({DATA}, four layers)")
plt.show()

# %% [markdown]
# - With guesses, sleep costs time and nothing else. In the middle panel, where errors are drawn by how often a layer has
#   learned, the five curves are nearly one (prediction 2: 9.2 % after 2,000 batches with $p = 0.1$; 8.7 % after 200 without
#   sleep).
# - Backpropagation falls behind as soon as $p < 1$: 15.4 % with $p = 0.2$, where cDNI has 5.7 %. In
#   backpropagation layer 1 has then heard of the loss about three times. With $p = 0.1$ and $p = 0.05$ there are even more
#   errors (23.6 and 47.8 %) than in a network whose lower layers never learn (22.6 %), because the top one sleeps, too.
# - What is not to be seen here: $p = 0.2$ coming down to the 2 % of long runs. The rate stays high throughout, for the sake
#   of the comparison, and 2,000 batches are four times through the data.
#
# ## 4. A guess that looks at nothing
#
# If layers may be late, why guess at all? Take what the gradients *were*. A **stale gradient** is an exponential average of
# those that came for past batches, row by row:
#
# $$m \leftarrow \text{decay}\; m + (1 - \text{decay})\; d$$
#
# Jaderberg et al. 2017 tried (section C.1): 9.1, 11.8, 15.4 and 19.0 % test error with 3, 4, 5 and 6 layers, for the best
# decay. With no gradient it is 9.3, 12.6, 16.2 and 21.4 %.

# %%
DECAYS = (0, 0.5, 0.9, 0.99)
STALE_STEPS = 40 if FAST else 1000
stale = {}
for rate in (3e-5, 1e-3):
    for decay in DECAYS:
        changes = {"learning_rate": rate, "head_learning_rate": 1e-3, "steps": STALE_STEPS, "stale_decay": decay}
        stale[rate, decay] = new_loop("stale", **changes)
        stale[rate, decay].run()
standing = new_loop("none", steps=STALE_STEPS)
standing.run()
cdni = new_loop("cdni", steps=STALE_STEPS)
cdni.run()

# %%
from dni_np.analysis.gradient_error import pooled_cosine
from dni_np.analysis.gradient_probe import gradient_pairs


def cosines(network, n):
    """Of guess and true gradient after each layer, for minibatch n."""
    return np.array([pooled_cosine(*pair) for pair in gradient_pairs(network, *minibatch(n))])


def mean_cosine(network):
    return np.mean([cosines(network, 200 + n) for n in range(20)], axis=0)


print(f"{DATA}, {STALE_STEPS:,} steps: no gradient {final(standing):.1f} %, cDNI {final(cdni):.1f} %")
for (rate, decay), loop in stale.items():
    print(f"stale, rate {rate:5g}, decay {decay:4}: {final(loop):5.1f} %   cosines", *mean_cosine(loop.rule).round(3))
print("cDNI".ljust(40), "cosines", *mean_cosine(cdni.rule).round(3))

# %% [markdown]
# No gradient at all is as good (prediction 3). At the low rate the decay does not matter. At the high one the errors are up
# to 34.2 %, and only with decay 0 no worse than with no gradient. The cosine tells why: between such a guess and the truth
# there is none, at any decay. cDNI's is 0.49 at layer 1 and 0.80 at layer 3. (The paper's long runs gained something after
# all, with six layers 2.4 points.)
#
# Is staleness to blame, or that row $n$ stands for another image each time? Take the same minibatch again and again, its
# rows in place: now an old gradient is one of the *same* image.

# %%
FIXED_STEPS = 30 if FAST else 300


def on_one_batch(decay, mixed):
    """Pooled cosine after each step, mean over the layers; `mixed`: the rows of the batch are shuffled for each step."""
    rule, shuffle, found = new_rule("stale", stale_decay=decay, learning_rate=1e-4), np.random.default_rng(0), []
    x, y = minibatch(0)
    for _ in range(FIXED_STEPS):
        rows = shuffle.permutation(len(x)) if mixed else np.arange(len(x))
        found.append(np.mean([pooled_cosine(*pair) for pair in gradient_pairs(rule, x[rows], y[rows])]))
        rule.step(x[rows], y[rows])
    return np.array(found)


figure, axis = plt.subplots(figsize=(8, 3.2))
for decay, color in zip((0, 0.9, 0.99), (BLUE, GREEN, YELLOW)):
    for mixed, style in ((False, "-"), (True, ":")):
        found = on_one_batch(decay, mixed)
        name = f"decay {decay}, rows {'shuffled' if mixed else 'in place'}"
        print(f"{name:26} mean cosine {found[1:].mean():5.2f}")
        axis.plot(found, color=color, linestyle=style, label=name)
axis.set(xlabel="step", ylabel="pooled cosine", ylim=(-0.3, 1.05), title="Stale gradients, the same images at every step")
figure.legend(loc="outside right center", fontsize=8)
plt.show()

# %% [markdown]
# Row by row in its place, last time's gradient is nearly the truth: a cosine of 0.99. An older one is worse, 0.52 with decay
# 0.99. But shuffle the rows, so that the guess is as old and not of the same image, and nothing is left. It is not that the
# gradient is *late*. It is somebody else's. A guess must look at what it is a guess for.
#
# ## 5. Inputs that nobody has made
#
# The last lock. A layer that is not to wait for those below needs a guess of its *input*, and all there is without waiting
# is the network's input $x$ (and, in the form called cDNI, the label):
#
# $$\hat h_k = I_k(x\,[, y]) \approx h_k$$
#
# How well can that be done? Take a trained network, by backpropagation, and fit the simplest model there is to what its
# layers say: a matrix, by least squares. Tested on other images.

# %%
from dni_np.analysis.layers import activations

bp = new_loop("backprop", steps=STALE_STEPS)
bp.run()
FIT = 1500 if FAST else 5000
x_fit, y_fit = dataset.x_train[:FIT].astype(np.float32) * scale, dataset.y_train[:FIT]
x_new, y_new = dataset.x_test[:1000].astype(np.float32) * scale, dataset.y_test[:1000]


def one_hot(y):
    return np.eye(dataset.classes, dtype=np.float32)[y]


def explained(guess, h):
    """The share of the variance: 1 for a perfect guess, 0 for each unit's mean."""
    return 1 - ((guess - h) ** 2).sum() / ((h - h.mean(axis=0)) ** 2).sum()


for name, looks in (("x", lambda x, y: x), ("x and the label", lambda x, y: np.hstack([x, one_hot(y)]))):
    matrix, *_ = np.linalg.lstsq(looks(x_fit, y_fit), np.hstack(activations(bp.rule, x_fit)[:-1]), rcond=1e-4)
    guesses = np.split(looks(x_new, y_new) @ matrix, TOP - 1, axis=1)
    shares = [explained(guess, h) for guess, h in zip(guesses, activations(bp.rule, x_new))]
    print(f"a matrix that sees {name:16} explains, of h_1, h_2, h_3:", *(f"{share:5.2f}" for share in shares))

# %% [markdown]
# Half to three quarters of it; without the label, less at each layer further up. The label helps most near the top, where
# the layers tell classes apart. No label is needed to do better, since $h_k$ is a function of $x$. But that function is
# layers 1 to $k$: to be perfect the model would have to be what it stands in for. So we do not hope for perfect inputs.
#
# In a `CompleteUnlock` the layers learn while their inputs are guessed, by models with one hidden layer as in the paper,
# and nothing stands still. Each model learns what the layer below makes of *its own* synthetic input, at once. (The paper
# does not settle this; it is the package's reading.)

# %%
INPUT_MODELS = (256,)
RATES = {"cDNI": {}, "DNI": {"learning_rate": 3e-4, "sg_learning_rate": 1e-3, "head_learning_rate": 1e-3}}
unlocked, waiting = {}, {}
for form, rates in RATES.items():
    changes = {"hidden": INPUT_MODELS, "sees": LABEL if form == "cDNI" else ("output",), "steps": STALE_STEPS, **rates}
    unlocked[form], waiting[form] = (new_loop(rule, points=20, **changes) for rule in ("unlock", "cdni"))
    unlocked[form].run()
    waiting[form].run()
    print(f"{form:4}: test error {final(unlocked[form]):5.1f} % unlocked, {final(waiting[form]):5.1f} % with real inputs")

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 3.5))
for axis, form in zip(panels, unlocked):
    for i, color in zip((1, 2, 3), (BLUE, GREEN, YELLOW)):
        axis.plot(*unlocked[form].history.column(f"input_loss_{i}"), color=color, label=f"of $h_{i}$")
    axis.set(title=f"{form}: error of the guessed input", xlabel="step")
    percent_axis(axis, label="")
panels[0].set_ylabel(r"$\frac{1}{2}\,\|\hat h - h\|^2$")
panels[0].legend(fontsize=8)
for form, color in zip(unlocked, (RED, PURPLE)):
    panels[2].plot(*unlocked[form].history.column("test_error"), color=color, label=f"{form}, unlocked")
    panels[2].plot(*waiting[form].history.column("test_error"), color=color, linestyle=":", label=f"{form}, real inputs")
panels[2].set(title="with real inputs, as always", xlabel="step")
percent_axis(panels[2])
panels[2].legend(fontsize=8)
figure.suptitle(f"Complete unlock ({DATA}, four layers)")
plt.show()

# %% [markdown]
# What do such inputs look like? Forty test images, sorted by class, and what 60 units of each layer say to them.

# %%
from dni_np.analysis.gradient_probe import undisturbed


def real_and_synthetic(network, x, y):
    """[(h_k, hhat_k)] for k = 1, 2, 3, in training mode, as the layers see them."""
    context, real, found = network.context(x, y), x, []
    with undisturbed([*network.cores, *(model.synthetic_gradient for model in network.inputs)]):
        for core, model in zip(network.cores, network.inputs):
            real, _ = core.forward(real)
            found.append((real, model.synthetic_gradient.forward(x, context)[0]))
    return found


order = np.argsort(y_new, kind="stable")
pairs = real_and_synthetic(unlocked["cDNI"].rule, x_new[order], y_new[order])
few = np.linspace(0, len(order) - 1, 40).astype(int)
figure, panels = plt.subplots(2, 3, figsize=(10, 5), sharex=True, sharey=True)
for k, column in enumerate(panels.T):
    for axis, h, name in zip(column, pairs[k], ("made by the layers", "synthetic")):
        image = axis.imshow(h[few, :60], aspect="auto", cmap="magma_r", vmin=0, vmax=2, interpolation="nearest")
        axis.set(title=f"$h_{k + 1}$, {name}", yticks=np.arange(0, 40, 8), yticklabels=y_new[order][few][::8])
        axis.grid(False)
    column[1].set_xlabel("unit")
for axis in panels[:, 0]:
    axis.set_ylabel("image (its class)")
figure.colorbar(image, ax=panels, label="activation")
figure.suptitle(f"What layers are given ({DATA}, cDNI)")
plt.show()

# %%
for form, loop in unlocked.items():
    shares = [explained(guess, h) for h, guess in real_and_synthetic(loop.rule, x_new, y_new)]
    print(f"{form:4}: explained of the real h_1, h_2, h_3:", *(f"{share:5.2f}" for share in shares))

# %% [markdown]
# It works (prediction 4): put together at last, layers that were trained on hearsay do what they should. Not for nothing:
# 6.6 % of errors against 3.6 % of the same network with real inputs, and 11.9 % against 10.2 % without the label. (Jaderberg
# et al. 2017 report 2 % for complete unlock, after a longer training than DNI's; this number, too, we have from second
# hand.)
#
# The guesses follow their layers closely, and a little less so further up: 0.95, 0.89 and 0.85 of the variance are explained
# in the form called cDNI, 0.91, 0.82 and 0.75 without the label. In the pictures the pattern is there. But where a layer is
# silent, its model, which cannot be sure, says a little.
#
# In the form called cDNI the input models see the label. Is this cheating? Try to fool them: tell them a *wrong* label, and
# look what the top layer reads in its synthetic input. Beside that, what it reads when all inputs are real: the same images,
# and batch normalization in training mode as well.

# %%
network = unlocked["cDNI"].rule
wrong = (y_new + 1) % dataset.classes


def answers(k=0, told=None):
    """The network's classes, from the synthetic h_k upwards; from the images if k = 0."""
    h = x_new
    with undisturbed([*network.cores, *(model.synthetic_gradient for model in network.inputs)]):
        if k > 0:
            h, _ = network.inputs[k - 1].synthetic_gradient.forward(x_new, network.context(x_new, told))
        for core in network.cores[k:]:
            h, _ = core.forward(h)
    return h.argmax(axis=1)


for name, told in (("right", y_new), ("wrong", wrong)):
    for k in range(1, TOP):
        says = answers(k, told)
        print(f"told the {name} label, from the synthetic h_{k} upwards: ", end="")
        print(f"{100 * (says == told).mean():5.1f} % what was told, {100 * (says == y_new).mean():5.1f} % what is seen")
print(f"real inputs: {100 * (answers() == y_new).mean():5.1f} % what is seen")

# %% [markdown]
# Hardly. Told a wrong label, 87 to 92 % of the answers still follow the image. But the wrong label is believed more often
# the higher up one looks, 0.8, 1.6, 3.5 %: what a high layer says is mostly about the class, so a model that is told the
# class makes use of it. And with the right label the top layer errs in 3.5 % of the cases, on the same images with real
# inputs in 7.7 %. In training it lives in an easier world than later.
#
# ## 6. What would it be worth?
#
# Back to the timetable, now with what the work costs. Count multiplications, and let a layer's forward pass through its 256
# x 256 weights be 1. Backward is 2: the gradients of its weights and of its input. A guess costs what its model costs, in
# the sizes of Jaderberg et al. 2017. (Adam's additions are left out.) This is a calculation, not a measurement: nothing in
# this notebook ran on more than one worker.


# %%
def model_cost(*sizes):
    """(forward, learning) of a model with layers of these sizes; no gradient of what it sees is needed."""
    forward = sum(m * n for m, n in zip(sizes, sizes[1:])) / 256**2
    return forward, 2 * forward - sizes[0] * sizes[1] / 256**2


NOTHING = (0, 0)
WAYS = {
    "backpropagation": ("backprop", NOTHING, NOTHING),
    "cDNI, a matrix": ("dni", model_cost(266, 256), NOTHING),
    "DNI, 1024 hidden units": ("dni", model_cost(256, 1024, 256), NOTHING),
    "DNI, 2 x 1024": ("dni", model_cost(256, 1024, 1024, 256), NOTHING),
    "unlocked, matrices": ("unlock", model_cost(266, 256), model_cost(794, 256)),
    "unlocked, 1024 hidden units": ("unlock", model_cost(266, 1024, 256), model_cost(794, 1024, 256)),
}
for name, (_, gradients, inputs) in WAYS.items():
    print(f"{name:28} guess of the gradient {gradients[0]:5.2f}, to learn it {gradients[1]:5.2f}", end="     ")
    print(f"of the input {inputs[0]:5.2f}, to learn it {inputs[1]:5.2f}")


# %%
def time_per_batch(needs, cost, delay=0):
    """In the long run: the second half of the timetable, from the end of the first half's last batch."""
    ends = defaultdict(int)
    for (_, _, n), (_, end) in schedule(needs, cost, delay).items():
        ends[n] = max(ends[n], end)
    middle, last = len(ends) // 2 - 1, len(ends) - 1
    return (ends[last] - ends[middle]) / (last - middle)


BATCHES = 30 if FAST else 200  # with slow messages it takes a while until one batch takes as long as the next


def way(name, top, delay=0):
    rule, (guess, learn), (invent, learn_input) = WAYS[name]
    costs = {"forward": 1, "backward": 2, "update": 0, "guess": guess, "learn gradients": learn,
             "invent": invent, "learn inputs": learn_input}  # fmt: skip
    return time_per_batch(plan(rule, BATCHES, top), costs.get, delay)


# %% [markdown]
# One competitor must not be missing. Backpropagation's workers are idle because there is one batch in the network. Cut it
# into $m$ parts, send them up one after the other, and update when the gradients of all have come: a **pipeline** (Huang et
# al. 2019, "GPipe"). The gradients are the true ones. (Batch normalization would see smaller batches. We leave that aside.)


# %%
def pipeline(batches, top, parts):
    """Backpropagation with each batch cut into parts; part n belongs to batch n // parts."""
    needs = {}
    for n in range(batches * parts):
        first = n - n % parts
        for k in range(1, top + 1):
            needs["forward", k, n] = [("forward", k - 1, n), ("update", k, first - 1)]
            needs["backward", k, n] = [("forward", k, n), ("backward", k + 1, n)]
            if n == first + parts - 1:
                needs["update", k, n] = [("backward", k, part) for part in range(first, n + 1)]
    return {task: [need for need in before if need in needs] for task, before in needs.items()}


def pipelined(top, parts, delay=0):
    costs = {"forward": 1 / parts, "backward": 2 / parts, "update": 0}
    return parts * time_per_batch(pipeline(12, top, parts), costs.get, delay)


# %%
DEPTHS = (2, 4, 6, 8) if FAST else (2, 4, 8, 12, 16, 24, 32)
DELAYS = (0, 5, 10) if FAST else np.arange(0, 11)
WAY_COLORS = dict(zip(WAYS, ("0.3", BLUE, GREEN, YELLOW, RED, PURPLE)))
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
for name, color in WAY_COLORS.items():
    style = {"color": color, "linestyle": "--" if "unlocked" in name else "-"}
    left.plot(DEPTHS, [way(name, top) for top in DEPTHS], label=name, **style)
    if name in ("backpropagation", "cDNI, a matrix", "unlocked, matrices"):
        right.plot(DELAYS, [way(name, 8, delay) for delay in DELAYS], **style)
left.plot(DEPTHS, [pipelined(top, 8) for top in DEPTHS], color="0.3", linestyle=":", label="backpropagation, 8 parts")
right.plot(DELAYS, [pipelined(8, 8, delay) for delay in DELAYS], color="0.3", linestyle=":")
left.set(xlabel="layers, each with its worker", ylabel="time of a batch", title="messages at once", ylim=(0, 100))
right.set(xlabel="time of a message (a layer's forward pass: 1)", title="eight layers, slow messages", ylim=(0, 170))
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
figure.suptitle("In the long run, with a worker for each layer (a calculation)")
plt.show()

# %%
for top in (4, 8, DEPTHS[-1]):
    times = {name: way(name, top) for name in WAYS} | {"backpropagation, 8 parts": pipelined(top, 8)}
    print(f"{top:2} layers:", "   ".join(f"{name} {value:.1f}" for name, value in times.items()))
for delay in (0, 5, 10):
    times = {name: way(name, 8, delay) for name in ("backpropagation", "cDNI, a matrix", "unlocked, matrices")}
    times["backpropagation, 8 parts"] = pipelined(8, 8, delay)
    print(f"8 layers, messages take {delay:2}:", "   ".join(f"{name} {value:.1f}" for name, value in times.items()))

# %% [markdown]
# - **Depth.** With a worker for each layer, backpropagation takes as long as with a single one. DNI's time does not depend
#   on depth. But a guess costs: a matrix pays from two layers on, one hidden layer of 1,024 units from eight, two of them,
#   as in the paper, from 24. A model that costs more than its layer eats the gain.
# - **Synthetic inputs** cost even more, and in the left picture they gain nothing at all over DNI.
# - **Slow messages** are what they are for. In DNI nearly two in a row fall on each batch: outputs go up, from layer to
#   layer, and corrections come down, each before the next guess can be made. Unlocked layers all start at once. Their
#   messages, outputs from below and corrections from above, are under way at the same time, while the layers work. With
#   matrices this is ahead of DNI where a message takes 4 or more.
# - **The pipeline** is what large networks are trained with. With eight layers and eight parts it takes 5.6, cDNI 5.1, and
#   its gradients are true. It fills the holes that made backpropagation look so bad in section 1. What is left for synthetic
#   gradients are networks that are very deep (14.6 against 5.1 with 32 layers), and messages that are slow (145.6 against
#   22.4, where one takes 10).
#
# ## Exercises
#
# 1. **Even less waiting.** In the timetable a guess waits until it has been corrected for the batch before. Drop that: the
#    guess (of gradients, of inputs) is made by the model as it is. What happens to the picture on the right? What changes in
#    the numbers that training gives?
# 2. **One coin.** In section 3 let all layers toss *one* coin together. Who gains?
# 3. **The real thing.** Let the input models learn what the layers make of *real* inputs, by an ordinary forward pass
#    through the network. Does the test error change? Which lock is closed again?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Both lines become flat, at 5.1 and 11.3: messages may be as slow as they like. But a guess is now made by whatever the
#    model has learned until then, so that the weights are no longer those of the package's `step`, and depend on how slow
#    they are.
#
#    ```python
#    def late(needs):
#        def kept(task, need):
#            return not (need[0].startswith("learn") and need[2] == task[2] - 1)
#
#        return {task: [need for need in before if kept(task, need)] for task, before in needs.items()}
#    ```
#
# 2. Backpropagation: 3.4 % with $p = 0.2$ and 6.5 % with $p = 0.05$, in place of 15.4 and 47.8 %. It now learns from fewer
#    batches, but as a whole. To cDNI it makes no difference that would be worth mentioning (5.5 and 13.1 %; each with its
#    own coin 5.7 and 15.0 %). What backpropagation cannot stand is layers that are awake at different times.
#
#    ```python
#    class OneCoin:
#        def __init__(self, seed):
#            self.rng = np.random.default_rng(seed)
#
#        def draw(self, probability):
#            return np.full(len(loop.rule.cores), self.rng.random() < probability)
#
#    loop.rule.coins = OneCoin(5)
#    ```
#
# 3. Hardly: 6.2 and 12.1 %, where it was 6.6 and 11.9 %. The layers still wait for nobody. But an input model's lesson now
#    needs a forward pass through all layers below it: for lessons the forward lock is back.
#
# </details>
#
# ## Summary
#
# - Backpropagation locks a layer three times. Synthetic gradients open the update lock and the backward lock, synthetic
#   inputs the forward lock. That can be measured: spoil one layer, and see whose update changes.
# - Layers that wait for nobody may sleep: with $p = 0.1$ a network is where it would be after a tenth of the batches.
#   Backpropagation is not.
# - A guess must look at its sample. Another sample's gradient is worth nothing, however fresh.
# - Layers trained on synthetic inputs work together when they get real ones. It costs accuracy, and work.
# - What it is worth is a matter of costs: of the guess beside its layer, of messages, and of what a pipeline does without
#   any guess.
#
# One seed and short runs; and no line of this ran on two machines. Next: [notebook 06](06_error_signals.ipynb), what must a
# layer be told to learn? Back to [notebook 13](13_two_clocks.ipynb), where a lock is opened between two networks that tick
# at different speeds, or to the [README](../README.md).

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
# # Who waits for whom, and what is it worth?
#
# | | |
# |---|---|
# | **Question** | Which layer waits for which, and how much time is saved by not waiting? |
# | **Time** | about an hour |
# | **Level** | fifth notebook of the course ([words](glossary.md)) |
# | **Needs** | notebooks [01](01_backprop_to_dni.ipynb) and [02](02_mnist.ipynb) |
#
# ![Who works and who waits](figures/locked_and_decoupled.gif)
#
# So far decoupled layers took turns on one processor. Now each gets a worker. We write down what
# each piece of work needs, compute a timetable, carry it out, and measure the locks by spoiling one
# layer at a time. Then comes the competitor, a pipeline with true gradients, and at last a clock:
# two workers side by side on *your* computer.
#
# ## Your prediction
#
# Write down an answer to each; the last section compares.
#
# 1. Four layers, a worker for each, every piece of work takes one unit of time. How many batches
#    has backpropagation done when DNI has done ten?
# 2. The weights of the last layer are spoiled. Does the update of layer 1 change with
#    backpropagation, with cDNI, with cDNI whose guesses learn from *true* gradients?
# 3. Eight layers and workers. A forward pass costs 1, a backward pass 2, a linear guess and its
#    correction 1 each. What does a batch take with backpropagation, with cDNI, and with a pipeline
#    that cuts the batch into eight parts?
# 4. Two workers on your computer, beside one: how many times as many batches a second?
# 5. A guess gets its target four batches late. What becomes of the test error?

# %%
import os
import time
from collections import defaultdict
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.pictures import style
from dni_np.pictures.schedule import Task, dependencies, schedule
from dni_np.pictures.slider import slider
from dni_np.pictures.timeline import timeline

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})

# %% [markdown]
# ## 1. Three locks
#
# With backpropagation a layer waits three times (Jaderberg et al. 2017):
#
# - **forward lock**: for the layers below to have gone forward;
# - **update lock**: for the layers above to have gone forward;
# - **backward lock**: and for them to have gone backward.
#
# To see them, list the work. `dependencies` returns, for every task of every layer and batch, the
# tasks that must be done before. Layer 2 of four, batch 7:

# %%
def say(task):
    return f"{task.kind} (layer {task.layer}, batch {task.batch})"


for rule in ("locked", "dni"):
    print("backpropagation" if rule == "locked" else "\nDNI")
    for task, needs in dependencies(rule, layers=4, batches=7).items():
        if (task.layer, task.batch) == (2, 7):
            print(f"  {task.kind:9} needs", " and ".join(map(say, needs)))

# %% [markdown]
# Look for a layer 3: with backpropagation the *backward* pass needs it. With DNI only *correct*
# does, and no forward pass or update needs a correction of the same batch.
#
# That is all we have to know. A task begins when all it needs is done and its worker is free, the
# oldest batch first. Everything costs one unit of time:

# %%
names = {"locked": "backpropagation", "dni": "DNI"}
timeline({name: schedule(rule, 4, 4) for rule, name in names.items()})

# %%
def ends(events):
    """When each batch has all its work behind it: a list."""
    last = defaultdict(float)
    for event in events:
        last[event.batch] = max(last[event.batch], event.stop)
    return [last[batch] for batch in sorted(last)]


for layers in (4, 8):
    done = {rule: ends(schedule(rule, layers, 30)) for rule in names}
    tenth = done["dni"][9]
    meanwhile = sum(end <= tenth for end in done["locked"])
    steps = {rule: (when[-1] - when[9]) / 20 for rule, when in done.items()}
    print(f"{layers} layers: DNI has done ten batches at {tenth:g}, backpropagation {meanwhile};")
    print(f"   a batch takes {steps['dni']:g} units with DNI, {steps['locked']:g} without")

# %% [markdown]
# **Backpropagation** works in one layer at a time (only an update may go on beside the next
# backward pass). With $N$ layers a batch takes $2N + 1$ units. **DNI** keeps the forward lock, but
# all that it costs is the staircase at the beginning. From then on a batch takes 5 units, for any
# number of layers: forward, guess, backward, update, correct. Guess and correct are more work, so
# with four layers the gain is less than a factor of two.
#
# ### Is the timetable true?
#
# A forgotten need would make any plan look good. So carry it out: task by task, in the order in
# which the timetable begins them, layer 1 already at a later batch than layer 4. Then train the
# same network with the package's `step`, which finishes each batch before the next. If no need was
# forgotten, all weights must be *equal*. (A guess gets a `ticket`, its batch's number: the target
# that comes with the same ticket is the one for it.)

# %%
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_loop, build_rule
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(3000, 600)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
TOP = 4  # layers


def settings(rule, **changes):
    sees = ("output", "label") if rule == "cdni" else ("output",)
    common = {"data": "auto", "layers": TOP, "width": 128, "batch_size": 128}
    return Settings(**{**common, "rule": rule, "sees": sees, **changes})


def new_rule(rule, **changes):
    return build_rule(settings(rule, **changes), dataset, np.random.default_rng(0))


def minibatch(n, size=128):
    rows = np.random.default_rng(n).choice(len(dataset.x_train), size, replace=False)
    x = dataset.x_train[rows].astype(np.float32) * np.float32(dataset.scale)
    return x, dataset.y_train[rows]

# %%
def carry_out(events, network, batches):
    """Do the tasks one by one, with the parts of a DNIChain."""
    h = {(0, n): x for n, (x, _) in enumerate(batches, 1)}
    contexts = [network.context(*batch) for batch in batches]
    guess, back, caches, head = {}, {}, {}, network.loss_unit
    for _, n, kind, _, _, k in events:
        core = network.cores[k - 1]
        unit = network.units[k - 1] if k < TOP else None
        if kind == "forward":
            h[k, n], caches[k, n] = core.forward(h[k - 1, n])
        elif kind == "guess":
            guess[k, n] = unit.guess(h[k, n], contexts[n - 1], ticket=n)
        elif kind == "backward":
            gradient = guess[k, n] if unit else head.loss(h[k, n], batches[n - 1][1])[1]
            back[k, n] = core.backward(gradient, caches[k, n])
        elif kind == "update":
            (unit.core_optimizer if unit else head.optimizer).step()
        elif kind == "correct":
            unit.update_synthetic_weights(back[k + 1, n], ticket=n)


def equal(network, other):
    state = other.state()
    return all(np.array_equal(array, state[name]) for name, array in network.state().items())

# %%
batches = [minibatch(n) for n in range(20)]
ours, package = new_rule("cdni"), new_rule("cdni")
carry_out(schedule("dni", TOP, len(batches)), ours, batches)
for batch in batches:
    package.step(*batch)
assert equal(ours, package)
print(f"{len(package.state())} arrays are equal, bit for bit, after {len(batches)} batches")

# %% [markdown]
# ## 2. Locks, measured
#
# The other way round: take a rule as it is and find out who depends on whom. Make one step and note
# what it adds to each layer's weights. Go back, spoil something, and make the same step again.
#
# - Layer $j$'s **weights** are disturbed. If the update of layer $i$ is another one now, it depends
#   on what layer $j$ does. If it is equal to the last bit, it does not.
# - What layer $j$ **sends down** in its backward pass is exchanged among the samples. That shows
#   who waits for its backward pass.

# %%
from dni_np.analysis.layers import layers as layers_of

KINDS = {
    "backpropagation": new_rule("backprop"),
    "cDNI": new_rule("cdni"),
    "cDNI, true targets": new_rule("cdni", targets="true"),
    "cDNI after layer 2 only": new_rule("cdni", cut_after=(2,)),
}


def weights(part):
    return np.concatenate([np.ravel(array) for array in part.params.values()])


def spoil_weights(layer):
    for array in layer.params.values():
        array += np.random.default_rng(1).normal(0, 0.1, array.shape).astype(array.dtype)


def spoil_message(layer):
    def backward(*arguments, **options):
        down = type(layer).backward(layer, *arguments, **options)
        return None if down is None else down[::-1].copy()

    layer.backward = backward

# %%
def updates(rule, start, spoil=None, j=None):
    """What one step adds to the weights of each layer, and of guess 1 if there is one."""
    rule.load_state(start)
    layers = layers_of(rule)
    parts = [*layers, *(unit.synthetic_gradient for unit in getattr(rule, "units", ())[:1])]
    if spoil:
        spoil(layers[j])
    before = [weights(part) for part in parts]
    rule.step(*minibatch(100))
    vars(layers[j or 0]).pop("backward", None)  # the layer's own method is there again
    return [weights(part) - old for part, old in zip(parts, before)]


def who_depends(rule):
    """[spoiled weights or message, whose update changes, which layer is spoiled]: booleans."""
    start = rule.state()
    usual, found = updates(rule, start), []
    for spoil in (spoil_weights, spoil_message):
        changed = [updates(rule, start, spoil, j) for j in range(TOP)]
        found.append([[not np.array_equal(a, b) for a, b in zip(usual, one)] for one in changed])
    return np.swapaxes(found, 1, 2)

# %%
for rule in KINDS.values():
    for batch in batches:  # at the start all guesses are zero: let them learn something
        rule.step(*batch)
depends = {name: who_depends(rule) for name, rule in KINDS.items()}

# %%
from matplotlib.colors import ListedColormap

LOCK_COLORS = ("white", style.KINDS["send"], style.TARGET, "0.85")
figure, panels = plt.subplots(1, 4, figsize=(10, 3.6), sharex=True, sharey=True)
for axis, (name, (by_weights, by_message)) in zip(panels, depends.items()):
    table = by_weights[:TOP] + np.int64(by_message[:TOP])
    np.fill_diagonal(table, 3)
    axis.imshow(table, origin="lower", cmap=ListedColormap(LOCK_COLORS), vmin=0, vmax=3)
    axis.set(title=name, xlabel="spoiled layer", xticks=range(TOP), yticks=range(TOP))
    axis.set(xticklabels=range(1, TOP + 1), yticklabels=range(1, TOP + 1))
    axis.title.set_fontsize(10)
    axis.hlines(np.arange(TOP) - 0.5, -0.5, 3.5, color="0.8", linewidth=0.7)
    axis.vlines(np.arange(TOP) - 0.5, -0.5, 3.5, color="0.8", linewidth=0.7)
    axis.grid(False)
panels[0].set_ylabel("updated layer")
boxes = [plt.Rectangle((0, 0), 1, 1, facecolor=color) for color in LOCK_COLORS[1:]]
texts = ("depends on its weights", "and on what it sends down", "itself")
figure.legend(boxes, texts, loc="outside lower center", ncols=3, fontsize=9)
figure.suptitle("Right of the diagonal: a layer above. DNI leaves nothing there\n")
plt.show()

# %%
above = np.triu(np.ones((TOP, TOP), bool), 1)
print(f"{'':26}{'forward':>9}{'update':>9}{'backward':>9}   guess 1 depends on layers")
for name, (by_weights, by_message) in depends.items():
    layers, messages = by_weights[:TOP], by_message[:TOP]
    found = {"forward": layers[above.T], "update": layers[above], "backward": messages[above]}
    locks = {lock for lock, values in found.items() if values.any()}
    if len(KINDS[name].cores) == TOP:
        assert locks == set(KINDS[name].locks)  # as the package declares them
    cells = "".join(f"{'locked' if lock in locks else '-':>9}" for lock in found)
    guess = [j + 1 for j in range(TOP) if by_weights[TOP:, j].any()]
    print(f"{name:26}{cells}   {', '.join(map(str, guess)) or 'no guess'}")

# %% [markdown]
# - **Backpropagation** has all three locks, **cDNI** the forward lock alone. Its guess 1 depends on
#   layers 1 and 2: a *correction* waits for one layer above, no more.
# - With **true targets**, as in many public versions, the layers are just as free. But the guess
#   depends on the whole network, forward and backward: the guesses are locked instead.
# - **One cut**, after layer 2: within each half everybody waits, across the cut nobody does.
#
# ## 3. The competitor
#
# In a fair comparison a guess must be paid for. Count multiplications, with a layer's forward pass
# through its 256 x 256 weights as 1. Backward is 2: the gradients of the weights and of the input.
# (Adam's additions are left out.) And one competitor must not be missing. The workers of
# backpropagation are idle because only one batch is in the network. Cut it into $m$ parts, let them
# follow each other, and update when all have come back: a **pipeline** (GPipe, Huang et al. 2019).
# Its gradients are the true ones. With four layers and $m = 4$:

# %%
from dni_np.parallel.durations import Durations
from dni_np.parallel.machine import Machine, even_groups
from dni_np.parallel.simulated_pipeline import locked


def pipeline(layers, parts, batches=20, delay=0.0, order="fill-drain"):
    """The package's simulation of a pipeline whose layers take 1 forward and 2 backward."""
    own = range(1, layers + 1)
    times = {(kind, k): np.array([1.0 + (kind == "backward")]) for k in own
             for kind in ("forward", "backward")}  # fmt: skip
    durations = Durations(times, 0.0, 0.0, tuple(own), (1,) * layers)
    machine = Machine(latency=float(delay), jitter=0)
    return locked(durations, even_groups(layers, layers), parts, order, machine, batches)


def model_cost(*sizes):
    """A guess's cost, and its correction's; the gradient of what it sees is not needed."""
    forward = sum(m * n for m, n in zip(sizes, sizes[1:])) / 256**2
    correct = 2 * forward - sizes[0] * sizes[1] / 256**2
    return {"guess": round(forward, 2), "correct": round(correct, 2)}


LAYER = {"forward": 1, "backward": 2, "update": 0}
LINEAR = {**LAYER, **model_cost(256 + 10, 256)}
print(f"a linear guess that sees the label: {LINEAR['guess']:.2f}, a correction as much")

# %%
of_pipeline = [event for event in pipeline(TOP, 4, batches=4).events() if event.batch <= 3]
timeline({
    "backpropagation": schedule("locked", TOP, 3, costs=LAYER),
    "pipeline, 4 parts": of_pipeline,
    "cDNI": schedule("dni", TOP, 3, costs=LINEAR),
})  # fmt: skip

# %% [markdown]
# (A narrow box of the pipeline is one part of a batch. Batch normalization would see smaller
# batches; we leave that aside.) The pipeline fills most of the holes. Over many batches:

# %%
GUESSES = {
    "backpropagation": ("locked", LAYER),
    "cDNI, a matrix": ("dni", LINEAR),
    "DNI, 1024 hidden units": ("dni", {**LAYER, **model_cost(256, 1024, 256)}),
    "DNI, 2 x 1024": ("dni", {**LAYER, **model_cost(256, 1024, 1024, 256)}),
}
BATCHES = 40 if FAST else 200  # slow messages take a while until all batches take as long


def time_per_batch(name, layers, delay=0):
    """In the long run: over the second half."""
    rule, costs = GUESSES[name]
    when = ends(schedule(rule, layers, BATCHES, costs=costs, delay=delay))
    return (when[-1] - when[BATCHES // 2 - 1]) / (BATCHES - BATCHES // 2)


def pipelined(parts, layers, delay=0):
    return 1 / pipeline(layers, parts, delay=delay).throughput()


WAYS = {name: partial(time_per_batch, name) for name in GUESSES}
WAYS |= {f"pipeline, {parts} parts": partial(pipelined, parts) for parts in (8, 32)}

# %%
DEPTHS, DELAYS = (2, 4, 8, 16, 32), (0, 2, 5, 10)
COLORS = (style.BACKPROP, style.CDNI, style.DNI, style.DNI, style.OTHERS[0], style.OTHERS[0])
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.9))
results = {}
for (name, way), color in zip(WAYS.items(), COLORS):
    look = {"color": color, "linestyle": "--" if name[-8:] in ("2 x 1024", "32 parts") else "-"}
    results[name] = [way(depth) for depth in DEPTHS]
    left.plot(DEPTHS, results[name], label=name, marker=".", **look)
    if not name.startswith("DNI"):
        right.plot(DELAYS, [way(8, delay) for delay in DELAYS], marker=".", **look)
    print(f"{name:24}", "".join(f"{value:8.1f}" for value in results[name]))
left.set(xlabel="layers, each with its worker", ylabel="time of a batch", ylim=(0, 100))
left.set(title="messages at once", xticks=DEPTHS)
right.set(xlabel="time of a message (a forward pass is 1)", title="eight layers, slow messages")
right.set_ylim(0, 170)
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
figure.suptitle("In the long run (a calculation)")
plt.show()

# %%
print(f"8 layers, a message takes{'':3}", "".join(f"{delay:8}" for delay in DELAYS))
for name in ("backpropagation", "cDNI, a matrix", "pipeline, 8 parts", "pipeline, 32 parts"):
    print(f"{name:28}", "".join(f"{WAYS[name](8, delay):8.1f}" for delay in DELAYS))

# %% [markdown]
# **When does decoupling pay?** The time of a batch does not grow with depth: 5.1 for a matrix. A
# guess of one hidden layer with 1,024 units (23.0) pays from eight layers on, the paper's two such
# layers (71.0) only from about 24. A guess that costs more than its layer eats the gain.
#
# **When is a pipeline better?** It takes $3\,(1 + (N-1)/m)$ with $N$ layers and $m$ parts: 5.6
# with eight of each, and 3.7 with 32 parts, *less* than cDNI, with true gradients and nothing to
# guess. So decoupling is ahead only when the network is deep beside the number of parts that a
# batch can be cut into ($N - 1 > 0.7\,m$; with 32 layers and 8 parts it is 14.6 to 5.1), or when
# messages are slow: the pipeline waits for the whole way up and down with every batch. With
# ipywidgets the next cell has a slider over the time of a message.

# %%
def with_delay(delay):
    ways = {"backpropagation": ("locked", LAYER), "cDNI": ("dni", LINEAR)}
    return timeline({
        name: schedule(rule, TOP, 4, costs=costs, delay=delay)
        for name, (rule, costs) in ways.items()
    })  # fmt: skip


slider(with_delay, (0, 0.5, 1, 2, 3, 5, 10), "delay")

# %% [markdown]
# ## 4. A clock
#
# ### Your turn
#
# First a worker of your own, a thread. Write what it does with one batch. `get` waits until
# something is there.

# %%
def decoupled_step(unit, n, context, below, above):
    """All that the worker of a hidden layer does with batch n = 0, 1, ...

    below and above are Links to the neighbors. below.up.get() is the output of the layer below;
    above.up.put(h) hands this layer's own on. Targets go the other way: above.down.get() is one
    for this layer's guess, below.down.put(back) sends one. Before the guess of batch n is made it
    must have learned from batch n - 1 (before batch 0 there is nothing to learn), with
    unit.update_synthetic_weights(target). The layer's own training is
    back, h = unit.forward_and_synthetic_update(h, context).
    """

# %%
from concurrent.futures import ThreadPoolExecutor
from queue import Queue


class Mailbox(Queue):
    def get(self):
        return super().get(timeout=60)  # rather an error than to wait for ever


class Link:
    def __init__(self):
        self.up, self.down = Mailbox(), Mailbox()


def hidden_worker(step, unit, contexts, below, above):
    for n, context in enumerate(contexts):
        step(unit, n, context, below, above)
    unit.update_synthetic_weights(above.down.get())  # the target of the last batch


def top_worker(loss_unit, contexts, below):
    for (_, y), context in zip(batches, contexts):
        back, _ = loss_unit.train(below.up.get(), y, context)
        below.down.put(back)

# %%
def check(step):
    links, network = [Link() for _ in range(TOP)], new_rule("cdni")
    contexts = [network.context(*batch) for batch in batches]
    links[0].up.put(batches[0][0])
    step(network.units[0], 0, contexts[0], *links[:2])
    if links[1].up.empty():
        return print("Nothing is written yet. What follows uses the package's workers.")
    links, network = [Link() for _ in range(TOP)], new_rule("cdni")
    for x, _ in batches:
        links[0].up.put(x)
    with ThreadPoolExecutor(TOP) as pool:
        workers = [pool.submit(hidden_worker, step, unit, contexts, *pair)
                   for unit, *pair in zip(network.units, links, links[1:])]  # fmt: skip
        workers.append(pool.submit(top_worker, network.loss_unit, contexts, links[-1]))
        for worker in workers:
            worker.result()  # raises what the worker raised
    assert equal(network, package), "the weights are not those of the package"
    print(f"Right: {TOP} threads, no clock, and every weight as with one worker.")


check(decoupled_step)

# %% [markdown]
# ### Two processes
#
# The package's `Pipeline` does the same with processes, which do not share Python's one lock. The
# network has six hidden layers of 256 units, linear guesses and batches of 256. In turn, several
# times, since other programs disturb:
#
# - **one worker**: cDNI on one core;
# - **two workers**: the layers in two groups of about equal cost; exactly the same result;
# - **..., a batch late**: a target may come one batch late (`staleness=1`), so they wait less;
# - **backpropagation, all threads**: no guess to pay for, and matrix products on all cores;
# - **locked pipeline**: two workers (threads), four parts, true gradients.

# %%
from threadpoolctl import threadpool_limits

from dni_np.examples import two_workers
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam
from dni_np.nn.schedules import RunClock
from dni_np.parallel.events import EventLog
from dni_np.parallel.locked import LockedPipeline
from dni_np.parallel.pipeline import Pipeline
from dni_np.rules.backprop import Backprop

N, ROUNDS = (12, 1) if FAST else (40, 4)
clock_batches = [minibatch(n, 256) for n in range(N)]
pixels, classes = dataset.x_train.shape[1], dataset.classes
build = partial(two_workers.build, pixels, classes, 1000, 0)  # of a file: a process can import it


def adam(core):
    return Adam(core, 1e-3)


def backprop(clock):
    return Backprop(build(clock).cores, SoftmaxCrossEntropy(), adam)

# %%
class Watched:
    """A rule on one worker that notes its events, as workers do."""

    def __init__(self, rule):
        self.rule, self.log, self.steps = rule, EventLog(1), 0
        if isinstance(rule, Backprop):
            for i, core in enumerate(rule.cores, 1):
                self.log.watch(core, "forward", "forward", i)
                self.log.watch(core, "backward", "backward", i)
            self.log.watch(rule.loss_unit.optimizer, "step", "update", 0)
        else:
            self.log.watch_units(rule, range(len(rule.cores)))
        self.drain, self.close = rule.drain, rule.close

    def step(self, x, y):
        self.steps += 1
        self.log.batch = self.steps
        self.rule.step(x, y)

    def events(self):
        return list(self.log.events)

# %%
ALL = os.cpu_count()
MACHINES = {  # what makes the rule, and how many threads its matrix products may use
    "one worker": (lambda: Watched(build(RunClock())), 1),
    "two workers": (lambda: Pipeline(build, workers=2), 1),
    "two workers, a batch late": (lambda: Pipeline(build, workers=2, staleness=1), 1),
    "backpropagation, all threads": (lambda: Watched(backprop(RunClock())), ALL),
    "locked pipeline": (lambda: LockedPipeline(backprop, engine="threads"), 1),
}

# %%
def timed(name):
    """(batches a second, events, final state) of N batches, after five to warm up."""
    make, threads = MACHINES[name]
    with threadpool_limits(threads, user_api="blas"):
        rule = make()
        for batch in clock_batches[:5]:
            rule.step(*batch)
        rule.drain()
        start = time.perf_counter()
        for batch in clock_batches:
            rule.step(*batch)
        rule.drain()
        speed = N / (time.perf_counter() - start)
        events = [event for event in rule.events() if event.start >= start]
        state = getattr(rule, "rule", rule).state()
        rule.close()
    return speed, events, state

# %%
load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
runs = {name: [] for name in MACHINES}
for _ in range(ROUNDS):
    for name in MACHINES:
        runs[name].append(timed(name))
speeds = {name: np.array([speed for speed, *_ in some]) for name, some in runs.items()}
one, two = (runs[name][-1][2] for name in ("one worker", "two workers"))
assert all(np.array_equal(one[name], two[name]) for name in one)
print("one and two workers: all weights equal, bit for bit\n")
print(f"{ALL} cores, for which {load:.1f} programs competed in the minute before (load average)")
print("batches a second, in each round:")
for name, some in speeds.items():
    print(f"{name:30}", "".join(f"{speed:7.1f}" for speed in some))

# %% [markdown]
# Each way's fastest round, since what disturbs only makes slower. Every box begins and ends with a
# time stamp of the worker that did the work. Between them it waits, or takes a message (`other`).

# %%
from dni_np.pictures.measured import measured as measured_timeline


fastest = {name: runs[name][speeds[name].argmax()][1] for name in MACHINES}
several = [name for name in MACHINES if name != "backpropagation, all threads"]
measured_timeline({name: fastest[name] for name in several}, batches=2)

# %%
from dni_np.parallel.summary import summary, table, without_pauses

MESSAGE = 256 * 256 * 4  # bytes: samples, units, float32 (the weights of a guess: 4 % more)
for name in ("two workers", "two workers, a batch late"):
    print(f"{name}, {N} batches\n{table(summary(without_pauses(fastest[name]), MESSAGE))}\n")

# %%
figure, axis = plt.subplots(figsize=(8, 2.8))
MACHINE_COLORS = (style.CDNI, style.CDNI, style.CDNI, style.BACKPROP, style.OTHERS[0])
for place, (name, color) in enumerate(zip(MACHINES, MACHINE_COLORS)):
    axis.barh(place, speeds[name].max(), color=color, alpha=0.55)
    axis.plot(speeds[name], np.full(ROUNDS, place), "o", color=color, markersize=4)
axis.set_yticks(range(len(MACHINES)), MACHINES)
axis.invert_yaxis()
axis.grid(axis="y", visible=False)
axis.set(xlabel="batches a second", title="Measured on this machine (a dot is a round)")
plt.show()

# %% [markdown]
# How to read your numbers. Two workers can at best double the batches a second, and only on two
# cores that nobody else uses: if the load above was not well below the number of cores, close
# other programs and run this again. What else is missing from two is in the table: unequal groups,
# messages, targets that had not come. (To be more even worker 2 may train a guess of worker 1.)
# One of the last two ways may well be the fastest: with as
# few workers as cores they have no guesses to pay for. Decoupling pays where work cannot be split
# in a better way.
#
# ### A thousand workers: a simulation
#
# Your computer has no thousand cores. The package's simulator draws the time of each piece of work
# from what your two workers measured, and lets any number of workers wait for each other by the
# same rules. First it must explain the run itself.

# %%
from dni_np.parallel.durations import measured as durations_of
from dni_np.parallel.simulator import decoupled
from dni_np.parallel.split import groups_of

CHOSEN = "two workers, a batch late"
durations = durations_of(fastest[CHOSEN])
machine = Machine(latency=durations.latency, send=durations.send, jitter=0)
again = decoupled(durations, groups_of(durations.split), 1, machine._replace(jitter=None), 1000)
print(f"batches a second: measured {speeds[CHOSEN].max():.1f}, SIMULATED {again.throughput():.1f}")

# %%
from dni_np.pictures.throughput import throughput

LAYERS = 50 if FAST else 1000
WORKERS = [n for n in (1, 4, 16, 64, 256, 1000) if n <= LAYERS]
deep = durations.deeper(LAYERS)
lines = {"decoupled": [], "1F1B": [], "backpropagation": []}
for n in WORKERS:
    groups = even_groups(LAYERS, n)
    lines["decoupled"].append(decoupled(deep, groups, 1, machine, max(200, 2 * n)).throughput())
    for name, parts in (("1F1B", 32), ("backpropagation", 1)):
        small = machine._replace(send=machine.send / parts)  # so much shorter are its messages
        lines[name].append(locked(deep, groups, parts, "1f1b", small, 4).throughput())
print(f"SIMULATED, {LAYERS:,} layers, batches a second")
for name, values in {"workers": WORKERS, **lines}.items():
    print(f"{name:16}", "".join(f"{value:10.4g}" for value in values))
throughput(WORKERS, lines, f"{LAYERS:,} layers, from the times above")

# %% [markdown]
# "1F1B" is a pipeline with 32 parts (one forward, one backward in turn), each supposed to take
# exactly its share of the time, and all take the median times above. This is a simulation of
# *time*: workers are alike, lines are never busy, and whether a thousand layers of guesses *learn*
# is another question. (In notebook 02 a chain without labels became worse with depth.)
#
# ## 5. Late targets
#
# Workers that do not wait for targets get them late. What then? A guess was made at batch $n$, its
# target comes at batch $n + D$, and by then the model is another. Two ways to learn from it:
#
# - **kept**: correct the model of now by the error of then. That is gradient descent with a delay,
#   and it overshoots;
# - **anew**: keep what the model *saw*, let it guess again, and correct that guess. The package's
#   workers do this; it costs one more forward pass of the model.

# %%
LATE = (0, 1, 4, 16)
STEPS = 30 if FAST else 600


def late_error(late, way):
    changes = {"layers": 6, "steps": STEPS, "decay_at": (), "late": late}
    loop = build_loop(
        settings("cdni", **changes, late_guess=way if late else "anew"), dataset, progress=False
    )
    loop.evaluate_every, loop.measure = STEPS, None
    loop.run()
    return loop.history.rows[-1]["test_error"]


in_time = late_error(0, "anew")
late = {way: [in_time, *(late_error(d, way) for d in LATE[1:])] for way in ("kept", "anew")}
print(f"{DATA}, six layers, {STEPS} steps, test error (%) with targets late by", *LATE)
for way, errors in late.items():
    print(f"{way:5}", "".join(f"{error:8.1f}" for error in errors))

# %%
figure, axis = plt.subplots(figsize=(7, 3))
for (way, errors), look in zip(late.items(), (":", "-")):
    axis.plot(range(len(LATE)), errors, look, color=style.CDNI, marker="o", label=way)
axis.set_xticks(range(len(LATE)), LATE)
axis.set(xlabel="targets come so many batches late", ylabel="test error (%)", ylim=(0, None))
axis.set_title(f"Guess anew, and late targets do little harm ({DATA})")
axis.legend()
plt.show()

# %% [markdown]
# With `--staleness D` real workers accept targets *up to* $D$ batches late. How late they are
# depends on your machine, and so do, from then on, the weights:

# %%
rule = Pipeline(build, workers=2, staleness=4)
metrics = [rule.step(*batch) for batch in clock_batches] + rule.drain()
rule.close()
lateness = [int(value) for row in metrics for name, value in row.items() if "staleness" in name]
print("two processes, --staleness 4: batches that a target came late")
for d, count in zip(*np.unique(lateness, return_counts=True)):
    print(f"   {d}: {count} of {len(lateness)}")

# %% [markdown]
# ## Exercises
#
# 1. **Fewer workers.** Eight layers with linear guesses, on 1, 2, 4 and 8 workers. Does twice the
#    number of workers always halve the time?
# 2. **A straggler.** One of eight workers is twice as slow, and then each is so now and then. Which
#    is worse for decoupled workers?
# 3. **A guess that costs nothing.** What would a batch take, with eight layers, if guesses were
#    free? Compare with the pipeline of 32 parts.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Almost: the work is divided, and only the start of the staircase and what the last layer has to
#    spare (it guesses nothing) are lost.
#
#    ```python
#    for workers in (1, 2, 4, 8):
#        when = ends(schedule("dni", 8, 60, workers=workers, costs=LINEAR))
#        print(workers, "workers:", (when[-1] - when[29]) / 30)
#    ```
#
# 2. The one that is always slow: all others wait for it in the end. Now and then is absorbed, in
#    part, as long as a batch or two may be on the way between neighbors.
#
#    ```python
#    eight, groups = durations.deeper(8), even_groups(8, 8)
#    slow = {"nobody": {}, "one always": {"slow": {4: 2}}, "all at times": {"slowdowns": (0.1, 2)}}
#    for name, how in slow.items():
#        result = decoupled(eight, groups, 1, Machine(jitter=0, **how))
#        print(name, "slow:", result.throughput(), "batches a second")
#    ```
#
# 3. A layer's own work: 3, for any depth. A pipeline comes near that only with endlessly many
#    parts. That is what decoupling could give at best.
#
#    ```python
#    free = schedule("dni", 8, 60, costs={**LAYER, "guess": 0, "correct": 0})
#    print((ends(free)[-1] - ends(free)[29]) / 30, WAYS["pipeline, 32 parts"](8))
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | result |
# |---|---|
# | 1. backpropagation's batches, when DNI has done ten | 5 |
# | 2. layer 1's update after spoiling layer 4 | changes with backpropagation only |
# | 3. time of a batch, eight layers | 24.0, cDNI 5.1, pipeline 5.6 |
# | 4. two workers beside one | printed below, for your machine |
# | 5. test error, targets in time and four batches late | 5.2 %, anew 5.7 %, kept 33.0 % |

# %%
for name, some in speeds.items():
    print(f"{name:30} {some.max() / speeds['one worker'].max():.2f} x one worker (fastest rounds)")

# %% [markdown]
# - Backpropagation locks a layer three times. Synthetic gradients open two of the locks, and that
#   can be measured: spoil a layer, and see whose update changes.
# - A decoupled layer needs its neighbors only, and its worker is six lines.
# - What it is worth depends on the cost of the guess, the depth, and the messages. For networks
#   that are not very deep a pipeline has true gradients and is as fast.
# - A late target must be compared with a guess made anew.
#
# Next: **[What can stand in for the gradient?](06_error_signals.ipynb)**

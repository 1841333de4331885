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
# # What do we believe about synthetic gradients now?
#
# | | |
# |---|---|
# | **Question** | What have fourteen notebooks shown, and what have they not? |
# | **Time** | 20 minutes |
# | **Level** | last page of the course ([words](glossary.md)): much text, nothing is trained |
# | **Needs** | nothing; each sentence names the notebook behind it |
#
# All errors below are read by the cells from [RESULTS.md](RESULTS.md), where the commands stand
# that made them. They are errors on test data, with two or three seeds where it says so there, and
# otherwise one seed. The work was done on a CPU: small networks, and training that is short beside
# the papers'.
#
# ## Your prediction
#
# Before you read on, finish these in your own words:
#
# 1. A synthetic gradient is worth its cost when ...
# 2. The most important thing that a guess must see is ...
# 3. In a deep chain the first thing that goes wrong is ...

# %%
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

import dni_np
from dni_np.pictures import style
from dni_np.pictures.schedule import schedule
from dni_np.pictures.timeline import timeline

set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 80, "figure.constrained_layout.use": True})
RESULTS = Path(dni_np.__file__).parents[1] / "notebooks" / "RESULTS.md"
LINES = RESULTS.read_text(encoding="utf-8").splitlines()

# %%
def table(header):
    """Print the table in RESULTS.md that begins with this line; {first cell: the other cells}, of
    rows with the same first cell the upper one.
    """
    start = LINES.index(header)
    end = next(i for i in range(start, len(LINES)) if not LINES[i].startswith("|"))
    rows = [LINES[start], *LINES[start + 2 : end]]
    print(*rows, sep="\n")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {first: rest for first, *rest in reversed(cells)}


def numbers(cell):
    """The numbers in a cell of a table, without the deviation after a +-."""
    return [float(text) for text in re.findall(r"\d+(?:\.\d+)?", re.sub(r"± \S+", "", cell))]

# %% [markdown]
# ## Ten sentences
#
# **1. A layer need not wait for its gradient.** With a linear guess that sees the label (cDNI),
# three to six layers learn MNIST as well as with backpropagation: 1.42 to 1.57 % wrong against 1.50
# to 1.64 %. Layers that stay random have 9.16 to 22.48 %. ([Notebook 02](02_mnist.ipynb))

# %%
mnist = table("| layers | none | paper | backprop | paper | DNI | paper | cDNI | paper |")
depths = ("3", "4", "5", "6")
figure, axis = plt.subplots(figsize=(7.5, 3.6))
for name, column in (("none", 0), ("dni", 4), ("cdni", 6), ("backprop", 2)):
    ours, papers = (
        [numbers(mnist[depth][place])[0] for depth in depths] for place in (column, column + 1)
    )
    axis.plot(depths, ours, "o-", color=style.RULES[name], label=name)
    axis.plot(depths, papers, ":", marker=".", color=style.RULES[name])
ticks = (1, 2, 5, 10, 20)
axis.set(yscale="log", yticks=ticks, yticklabels=ticks, xlabel="layers", ylabel="test error (%)")
axis.minorticks_off()
axis.set_title("MNIST: cDNI errs as backpropagation does (dotted: the paper)")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# **2. What a guess sees decides more than how it is made.** A guess is a mean of the true
# gradients, over all samples that look the same to it. If the label is among what it sees, that
# mean is close to the gradient; if not, the networks underfit: 2.18 to 3.41 % on MNIST, the more
# layers the worse. In binary addition 46.12 % of the bits are wrong with guesses from the output
# alone, 12.36 % with the label.
# ([Notebooks 01](01_backprop_to_dni.ipynb) and [04](04_what_should_it_see.ipynb))
#
# **3. Where the guess cannot see what the gradient depends on, it stops teaching.** Two
# networks and a message: 29.00 % of B's counts are wrong if the guess sees the message, 5.90 % if
# it sees the count so far, too, and 5.98 % with the true gradient. The digits themselves help
# without a label: 13.25 to 15.55 %. The same through time: with
# labels of the next steps beside the state, Copy is solved up to 13 and 15 symbols in chunks of 2
# and 3, without a guess up to 5. (Notebooks [11](11_through_time.ipynb) and
# [13](13_two_clocks.ipynb))

# %%
bits = table(
    "| learns from | held-out error % | training error % | steps to 5 % training error | s a run |"
)
print()
clocks = table("| rule | A: odd digits, error % | B: threes, error % | s a run |")
print()
table("| the guess, without a label | A: odd digits, error % (by seed) | B: threes, error % |")
print()
through_time = table("| | T = 2 | 3 | 4 | 5 | s a run |")

# %%
clock_rows = (
    "locked",
    "decoupled: the guess sees the message",
    "decoupled-label: and the threes so far (ours)",
)
copy_rows = (
    "Copy, N: truncated backpropagation (seeds 0, 1)",
    "DNI (seeds 0, 1)",
    "cDNI (seeds 0, 1)",
)
bit_rows = ("backpropagation", "output (as in trask's first attempt)")
bit_rows += ("a guess from output and label",)
panels = {
    "binary addition: bits wrong (%)": [numbers(bits[row][0])[0] for row in bit_rows],
    "two clocks: B's counts wrong (%)": [numbers(clocks[row][1])[0] for row in clock_rows],
    "Copy, T = 3: symbols solved": [np.mean(numbers(through_time[row][1])) for row in copy_rows],
}

# %%
names = ("backpropagation\nor truncated", "guess without\nthe label", "guess with\nthe label")
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.2))
for axis, (title, heights) in zip(axes, panels.items()):
    bars = axis.bar(names, heights, color=(style.BACKPROP, style.DNI, style.CDNI))
    axis.bar_label(bars, fmt="%.3g", fontsize=8)
    axis.set_title(title, fontsize=10)
    axis.tick_params(axis="x", labelsize=7)
    axis.grid(axis="x", visible=False)
figure.suptitle("The label is nearly everything (left, middle: less is better; right: more is)")
plt.show()

# %% [markdown]
# **4. Errors multiply when guesses learn from guesses.** In a chain of 21 layers nothing is learned
# in 1,500 steps: 68.79 to 74.78 % wrong. If each target is a mean of the true gradient and of the
# guesses above, with λ = 0.9, it is 2.04 to 2.11 %, and after 5,000 1.36 to 1.43. So the chain of
# targets fails, not the guess.
# Without any label, too: DNI of three to six layers has 1.75 to 2.28 % with such targets.
# (RESULTS, "Lambda targets")
#
# **5. A guess must learn faster than the network below it changes.** Our DNI updates layers at a
# rate of 3e-5 and corrects guesses at 1e-3 (RESULTS, first table). Through time, guesses by least
# squares with a trace (rule `dni-trace`), and without any label, let an LSTM copy 2.6 to 5.7 times
# as many symbols as truncated backpropagation. The price is memory. ([Notebook
# 12](12_guesses_that_keep_up.ipynb))
#
# **6. A cosine is no score for a network.** Guesses with a small cosine still teach, because sums
# over samples, pixels and steps keep what guess and truth have in common
# ([03](03_how_good_is_the_guess.ipynb), [09](09_images.ipynb)).

# %%
deep = table("| λ | 0 | 0.9 | 0.95 | 1 |")
print()
table("| λ = 0.9, 5,000 steps | 11 layers | 21 layers |")
print()
table("| DNI, guesses of 1,024, layers | 3 | 4 | 5 | 6 |")
figure, axis = plt.subplots(figsize=(7, 3.2))
for row, color in (("21 layers", style.OTHERS[3]), ("11 layers (seeds 0 and 1)", style.OTHERS[1])):
    for place, cell in enumerate(deep[row]):
        values = numbers(cell)
        label = row.split(" (")[0] if place == 0 else None
        axis.plot([place] * len(values), values, "o", color=color, alpha=0.7, label=label)
ticks = (1, 2, 5, 10, 20, 50)
axis.set_xticks(range(4), ("0\n(guesses only)", *deep["λ"][1:3], "1\n(true gradients)"))
axis.set(yscale="log", yticks=ticks, yticklabels=ticks, ylabel="test error (%)")
axis.set(xlabel="share of the true gradient in a target, λ")
axis.minorticks_off()
axis.set_title("Deep chains learn when there is truth in every target (a dot is a seed)")
axis.legend()
plt.show()

# %%
copied = table("| Copy, T = | 1 | 2 | 3 (above) | 4 | 5 |")
figure, axis = plt.subplots(figsize=(7, 3.2))
rows = {"longest solved by truncated backpropagation, N": "backprop", "by dni-trace": "dni"}
for shift, (row, rule) in zip((-0.08, 0.08), rows.items()):
    seeds = [numbers(re.sub(r"\(.*\)", "", cell)) for cell in copied[row]]
    places = [T + shift for T, values in enumerate(seeds, 1) for _ in values]
    axis.plot(places, sum(seeds, []), "o", color=style.RULES[rule], alpha=0.7)
axis.set(xlabel="T, time steps in a chunk", ylabel="symbols copied", ylim=(0, 28))
axis.set_xticks(range(1, 6))
axis.set_title("Copy: least squares and a trace reach further than truncation (a dot is a seed)")
axis.legend(["truncated backpropagation", "dni-trace"])
plt.show()

# %% [markdown]
# **7. On one processor it costs time, always.** A run of 7,000 steps took 14 to 30 seconds with
# backpropagation, 22 to 99 with cDNI; DNI, with its larger guesses and 20,000 steps, 745 to 983.
#
# **8. What it saves is waiting, and only where there is any.** The timelines below follow from the
# dependencies, at one unit for each box. Guessing costs boxes of its own. With a worker for each of
# four layers DNI is done after 32 units, backpropagation after 54: not four times as fast; and
# complete unlock takes 42, because it guesses twice. A pipeline of several batches competes.
# ([05](05_who_waits_for_whom.ipynb), [08](08_unlock_everything.ipynb))

# %%
rules = {"backpropagation": "locked", "DNI": "dni", "complete unlock": "unlock"}
timeline({name: schedule(rule, 4, 6) for name, rule in rules.items()})

# %% [markdown]
# **9. If every layer may see the label, simpler rules compete.** With a loss of its own for each
# layer nobody waits for a gradient either: 1.75 to 1.88 % on MNIST, direct feedback alignment 1.83
# to 1.93 %. cDNI's 1.42 to 1.57 % is a little ahead on this task. Old gradients in place of guesses
# do nothing: 9.76 to 23.05 %. ([06](06_error_signals.ipynb))
#
# **10. On harder data the distance grows.** CIFAR-10, convolutions, 3 layers: 27.6 % wrong with
# backpropagation, 34.6 % with cDNI, 41.5 % with random layers, 42.3 % with DNI; one seed, short
# runs. Where every pixel of a guess has weights of its own, and targets hold some truth, DNI has
# 35.77 %. ([09](09_images.ipynb))

# %%
family = table(
    "| layers | feedback alignment | direct FA | Kickback | local losses | stale gradients "
    "| paper | none (above) |"
)
print()
cifar = table(
    "| network | layers | none | paper | backprop | paper | DNI | paper | cDNI | paper "
    "| seconds a run |"
)
print()
dense = table(
    "| CNN, 3 layers, DNI, test error % | none | guess of convolutions "
    "| dense, cores by Adam at 3e-4 | at 1e-3 | by SGD at 0.1 | backprop |"
)

# %%
def by_depth(results, column):
    return [numbers(results[depth][column])[0] for depth in depths]


titles = family["layers"][:4]
curves = {"backprop": by_depth(mnist, 2), "cdni": by_depth(mnist, 6)}
curves |= {title: by_depth(family, column) for column, title in enumerate(titles)}
figure, axis = plt.subplots(figsize=(7.5, 3.4))
others = dict(zip(titles, style.OTHERS))
for name, values in curves.items():
    color = style.RULES.get(name, others.get(name))
    axis.plot(depths, values, "o-", color=color, label=name)
axis.set(xlabel="layers", ylabel="test error (%)", ylim=(1, 3))
axis.set_title("MNIST: cDNI beside other error signals, and backpropagation")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# ## Which rule for which need?
#
# The chart is our reading of the tables above and of the locks in notebooks 05 and 08; "partly"
# hides most of the work.

# %%
NEEDS = (
    "no waiting for\nlayers above",
    "no waiting for\nlayers below",
    "no label needed\nbelow the top",
    "little extra\nwork",
    "learns with\n21 layers",
    "as good as\nbackprop here",
)
YES, PARTLY, NO, NOT_TRIED = 3, 2, 1, 0
CHART = {
    "backpropagation": (NO, NO, YES, YES, NOT_TRIED, YES),
    "DNI": (YES, NO, YES, NO, NOT_TRIED, PARTLY),
    "cDNI": (YES, NO, NO, PARTLY, PARTLY, YES),
    "cDNI, targets with λ = 0.9": (PARTLY, NO, NO, PARTLY, YES, NOT_TRIED),
    "complete unlock": (YES, YES, NO, NO, NOT_TRIED, PARTLY),
    "local losses": (YES, NO, NO, YES, NOT_TRIED, PARTLY),
    "direct feedback alignment": (PARTLY, NO, PARTLY, YES, NOT_TRIED, PARTLY),
}

# %%
figure, axis = plt.subplots(figsize=(9.5, 3.8))
LOOKS = {
    "yes": {"s": 180, "color": style.CDNI},
    "partly": {"s": 60, "color": style.DNI},
    "no": {"s": 30, "color": "0.5", "marker": "_"},
    "not tried here": {"s": 30, "color": "0.5", "marker": "$?$"},
}
for value, (text, look) in zip((YES, PARTLY, NO, NOT_TRIED), LOOKS.items()):
    rows, columns = np.nonzero(np.array(list(CHART.values())) == value)
    axis.scatter(columns, -rows, label=text, **look)
axis.set_xticks(range(len(NEEDS)), NEEDS, fontsize=8)
axis.set_yticks([-y for y in range(len(CHART))], CHART)
axis.set(xlim=(-0.5, len(NEEDS) - 0.5), ylim=(0.6 - len(CHART), 0.6))
axis.xaxis.tick_top()
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# | you need | take | because |
# |---|---|---|
# | one processor, one network | backpropagation | guesses only add work |
# | many workers, little delay between them | a pipeline | exact, and no guesses to learn |
# | workers far apart, labels at hand | cDNI or local losses | no layer waits for a gradient |
# | the same, and a deep network | targets with some truth | the chain alone fails |
# | an update before the loss is known | a guess that sees all it can | two clocks, LSTMs |
#
# ## Three open questions
#
# 1. **Can a guess do without the label?** The paper's DNI, after 500,000 steps, is near
#    backpropagation on MNIST, and on CIFAR-10 with convolutions it has 19.5 % where ours has
#    35.77 % after 4,000 steps, by a guess that is not the paper's. Is it only time?
# 2. **Can a deep chain of guesses work without any backward pass?** The paper reports 2 % for 21
#    layers. Our chain had 4.84 % after 10,000 steps, and every repair we know brings a part of the
#    waiting back.
# 3. **Does it pay on real machines?** Our timelines are simulations and two processes on one
#    computer. Where workers are far apart, and every message costs, a guess might pay. Nobody has
#    to believe that before it is measured.
#
# ## As predicted?
#
# Our own endings: (1) a synthetic gradient is worth its cost when waiting costs more than guessing
# *and* the guess can see what the gradient depends on; (2) the label, or whatever stands for it;
# (3) the targets, which are made of other guesses.
#
# Next: back to the [README](../README.md), to run something of your own.

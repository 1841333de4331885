"""dni_np: Decoupled Neural Interfaces, written by hand in NumPy.

Read it as a book. Each part is a folder whose docstring lists its chapters:

    backend.py    NumPy or CuPy behind one name, `xp`
    nn/           Part I    a network you can see through
    dni/          Part II   decoupling: synthetic gradients in place of backpropagated ones
    baselines/    Part III  what to compare with
    analysis/     Part IV   is the gradient any good?
    data/         Part V    binary addition, MNIST, CIFAR-10, Copy, texts, and how they get here
    training/     Part VI   the one training loop, and the tasks it trains on

From there to experiments on images (and sums):

    architectures.py       the main networks
    settings.py            all that defines a run
    recipes.py             settings by name, recipe_models.py what their rules change; building.py makes runs of them,
                           planning.py several from one command
    rules.py               a builder for each rule, from rule_parts.py: cores, guesses, units, heads
    image_reporting.py     what such runs leave to look at; plotting.py draws it

and on sequences, in the same steps:

    sequences/             Copy, Repeat Copy, characters

and with two networks that run at different speeds:

    two_clocks/            odd digits and threes

What all kinds share:

    cli.py                 python -m dni_np; parsing.py knows the commands, kinds.py where the kinds differ
    experiment.py          runs a plan: folders, resuming; reporting.py makes its table

Jaderberg et al. 2017, "Decoupled Neural Interfaces using Synthetic Gradients";
Czarnecki et al. 2017, "Understanding Synthetic Gradients and Decoupled Neural
Interfaces"; trask 2017, "Deep Learning without Backpropagation".
"""

import os

# After a product OpenBLAS's threads wait for the next one by spinning, for 2^26 ticks, on cores that ours (nn/threads.py)
# could use. Told so before NumPy is first imported, they go to sleep after 2^22: one or two milliseconds.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "22")

__version__ = "0.1.0"

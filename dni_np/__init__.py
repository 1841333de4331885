"""dni_np: Decoupled Neural Interfaces, written by hand in NumPy.

Read it as a book. Each part is a folder whose docstring lists its chapters:

    backend.py    NumPy or CuPy behind one name, `xp`
    nn/           Part I    a network you can see through
    dni/          Part II   decoupling: synthetic gradients in place of backpropagated ones
    baselines/    Part III  what to compare with
    analysis/     Part IV   is the gradient any good?
    data/         Part V    binary addition, MNIST, CIFAR-10, and how they get here
    training/     Part VI   the one training loop
    architectures.py    the main networks
    settings.py   all that defines a run
    recipes.py    every experiment's settings by name; building.py makes runs of them
    cli.py        python -m dni_np: experiment.py runs a plan, reporting.py and plotting.py show it

Jaderberg et al. 2017, "Decoupled Neural Interfaces using Synthetic Gradients";
Czarnecki et al. 2017, "Understanding Synthetic Gradients and Decoupled Neural
Interfaces"; trask 2017, "Deep Learning without Backpropagation".
"""

__version__ = "0.1.0"

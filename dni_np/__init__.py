"""dni_np: Decoupled Neural Interfaces, written by hand in NumPy.

    tutorial.py    Page one: trask's Layer and DNI, the idea in two small classes
    examples/      whole programs without settings: data, layers, units, and a loop
    nn/            layers with explicit caches, losses, optimizers; nn/fast: the same, faster
    dni/           the decoupled unit: a core, a synthetic gradient, and what it sees
    rules/         which gradient each layer learns from, and when: DNI and all it is compared with
    parallel/      the same units on several threads or processes: layers that do not wait, for real
    analysis/      is a synthetic gradient any good, and what does it do to the network?
    data/          binary addition, MNIST, CIFAR-10, Copy, texts, and how they get here
    training/      the one training loop, its tasks, checkpoints
    pictures/      networks while they learn, who works and who waits, and the look of all figures
    experiments/   the command line, `python -m dni_np`; backend.py: NumPy or CuPy as `xp`

Jaderberg et al. 2017, "Decoupled Neural Interfaces using Synthetic Gradients"; Czarnecki et al.
2017, "Understanding Synthetic Gradients and Decoupled Neural Interfaces". Start with tutorial.py.
"""

import os

# After a product OpenBLAS's threads wait for the next one by spinning, for 2^26 ticks, on cores
# that ours (nn/fast/batch_threads.py) could use. Told so before NumPy is first imported, they go to
# sleep after 2^18: a tenth of a millisecond. (A DNI step of 2 x 1024 guesses takes 5 % longer with
# 2^22, as Adam finds the second core taken; with 2^12 small steps take 15 % longer.)
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")

__version__ = "0.1.0"

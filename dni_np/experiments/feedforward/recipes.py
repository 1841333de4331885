"""Settings by name, for images and sums: a quick one, the one behind the tables, the paper's own.

A recipe gives settings for each rule, because they want different ones: a linear model that
sees the label trains well at 1e-3, a large model that does not must be led more slowly.
Anything can be overridden on the command line. Where a recipe has nothing of its own for one of
cDNI's relatives, that rule takes what cDNI has there (`like`, in rules.py).
"""

from dni_np.errors import UserError
from dni_np.experiments.experiment import Recipe
from dni_np.experiments.feedforward.recipe_changes import (
    ADDITION,
    ADDITION_MODELS,
    CIFAR,
    CIFAR_CONV_MODELS,
    CIFAR_MODELS,
    LIAO,
    PAPER_CONV_MODELS,
    PAPER_MODELS,
    QUICK_CONV_MODELS,
    QUICK_MODELS,
    SLOW_CORES,
    conv_models,
)
from dni_np.experiments.feedforward.settings import Settings

# A guess without the label is hard to learn: the core must change slowly, its model fast. One
# hidden layer of the two in the paper errs as little in a third of the time: time for more steps.
SLOW_DNI = {"hidden": (1024,), "learning_rate": 3e-5, "sg_learning_rate": 1e-3, "steps": 20_000}
CIFAR_DNI = {"hidden": (4000,), "learning_rate": 1e-4, "sg_learning_rate": 1e-3}
SMALL = {"network": "cnn", "width": 16, "steps": 600, "evaluate_every": 100}
PAPER = {"steps": 500_000, "learning_rate": 3e-5}
PACE = "500k steps of Adam at 3e-5, /10 at 300k and 400k"

# fmt: off
RECIPES = {
    "mnist-fcn-quick": Recipe(
        "MNIST FCN, seconds to a minute a run", Settings(steps=1000),
        {**QUICK_MODELS, "sparse": {"steps": 3000}}),  # of which each layer learns from 600
    "mnist-fcn": Recipe(
        "MNIST FCN, 256 units, batch 256: the table in RESULTS.md", Settings(steps=7000),
        {**PAPER_MODELS, "dni": SLOW_DNI, "sparse": {"steps": 20_000}, **SLOW_CORES}),
    "mnist-fcn-paper": Recipe(
        f"MNIST FCN with the paper's own schedule: {PACE}", Settings(**PAPER), PAPER_MODELS),
    "mnist-cnn-quick": Recipe(
        "MNIST CNN, 16 channels, a minute or two a run", Settings(**SMALL), QUICK_CONV_MODELS),
    "mnist-cnn": Recipe(
        "MNIST CNN, 64 channels: the table in RESULTS.md",
        Settings(network="cnn", width=64, steps=5000, batch_size=64), conv_models(64)),
    "mnist-cnn-paper": Recipe(
        "MNIST CNN with the paper's own schedule",
        Settings(network="cnn", width=64, **PAPER), PAPER_CONV_MODELS),
    "mnist-cnn-liao": Recipe(
        "MNIST CNN of Liao 2017: 16 and 32 channels, true gradients as targets",
        Settings(steps=180_000, **LIAO), {}),
    "cifar-fcn-quick": Recipe(
        "CIFAR-10 FCN, 256 units, seconds to a minute a run",
        Settings(steps=1000, **CIFAR), QUICK_MODELS),
    "cifar-fcn": Recipe(
        "CIFAR-10 FCN, 1000 units, batch 256", Settings(width=1000, steps=5000, **CIFAR),
        {**CIFAR_MODELS, "dni": CIFAR_DNI, **SLOW_CORES}),
    "cifar-fcn-paper": Recipe(
        f"CIFAR-10 FCN with the paper's own schedule: {PACE}",
        Settings(width=1000, **PAPER, **CIFAR), CIFAR_MODELS),
    "cifar-cnn-quick": Recipe(
        "CIFAR-10 CNN, 16 channels, a minute or two a run",
        Settings(**SMALL, **CIFAR), QUICK_CONV_MODELS),
    "cifar-cnn": Recipe(
        "CIFAR-10 CNN, 32 channels: what a CPU can do",
        Settings(network="cnn", width=32, steps=4000, batch_size=64, **CIFAR), conv_models(32)),
    "cifar-cnn-paper": Recipe(
        "CIFAR-10 CNN with the paper's own 128 channels and schedule",
        Settings(network="cnn", width=128, **PAPER, **CIFAR), CIFAR_CONV_MODELS),
    "cifar-cnn-liao": Recipe(
        "CIFAR-10 CNN of Liao 2017", Settings(steps=150_000, **CIFAR, **LIAO), {}),
    "addition": Recipe(
        "binary addition of trask 2017: 12 bits, 24-128-64-12 sigmoids, 1,000 epochs of 1,000 sums",
        Settings(widths=(128, 64), steps=100_000, **ADDITION), ADDITION_MODELS),
    "addition-quick": Recipe(
        "binary addition of 6 bits, seconds a run",
        Settings(widths=(64, 32), bits=6, steps=20_000, **ADDITION), ADDITION_MODELS),
}
# fmt: on


def find(name, recipes=RECIPES):
    """The recipe of that name."""
    if name not in recipes:
        raise UserError(f"unknown recipe {name!r}: choose among {', '.join(recipes)}")
    return recipes[name]

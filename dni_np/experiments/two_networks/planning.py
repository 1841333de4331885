"""From options on the command line to a plan for two networks: one ClockSettings for each run."""

from dni_np.experiments.plans import for_each_seed, for_each_unroll, given, listed
from dni_np.experiments.two_networks.reporting import label
from dni_np.experiments.two_networks.settings import RULES

# Options that change settings: name in ClockSettings, type, help. None of them has a default here: recipes have.
OVERRIDES = {
    "data": (str, "mnist, digits (offline stand-in), auto (MNIST if it can be had), or a folder of idx files"),
    "ticks": (int, "of two clocks: messages that B hears until it is asked (0: as many as T)"),
    "units": (int, "of the layers of both networks"),
    "steps": (int, "streams for each member of the batch"),
    "batch_size": (int, "streams side by side"),
    "learning_rate": (float, "of both networks"),
    "sg_learning_rate": (float, "of the synthetic gradient model (0: the same)"),
    "factor": (float, "of two clocks: the synthetic gradient is multiplied by it where A consumes it (the paper: 10)"),
    "evaluate_every": (int, "steps between measurements"),
    "checkpoint_every": (int, "steps between checkpoints"),
}
LISTS = {
    "hidden": (int, "hidden layers of the synthetic gradient model, e.g. 256; 0 for linear"),
    "decay_at": (float, "shares of the run after which the rates drop tenfold, e.g. 0.6 0.8; 0 for never"),
}
RUNS = {"unroll": "T, the digits that A sees between two messages; several: one run each"}
OPTIONS = (*OVERRIDES, *LISTS, *RUNS)


def make_plan(recipe, options):
    """Every combination of rule and T, once for each seed."""
    changes = {**given(options, OVERRIDES), **listed(options, LISTS)}
    return for_each_seed(for_each_unroll(recipe, options, RULES, changes), options.seed, label)

"""From options on the command line to a plan for sequences: one SequenceSettings for each run."""

from dni_np.experiments.plans import for_each_seed, for_each_unroll, given, listed, refuse
from dni_np.experiments.sequences.reporting import label
from dni_np.experiments.sequences.settings import COPYING, RULES

# Options that change settings: name in SequenceSettings, type, help. None of them has a default here: recipes have.
OVERRIDES = {
    "data": (str, "what characters reads: library (Python's own source), shakespeare, or a text file or folder"),
    "units": (int, "of the LSTM"),
    "steps": (int, "updates, one for each chunk (0: as many as --samples or --epochs takes)"),
    "samples": (int, "sequences of Copy or Repeat Copy after which a run ends (0: no limit)"),
    "epochs": (int, "times that characters reads its text (0: no limit)"),
    "batch_size": (int, "sequences side by side"),
    "learning_rate": (float, "of the main network"),
    "sg_learning_rate": (float, "of the synthetic gradient model (0: the same)"),
    "scale": (float, "the synthetic gradient is multiplied by it where the network consumes it (the paper: 0.1)"),
    "look_ahead": (int, "of cdni: how many labels of the steps to come the guess sees"),
    "patience": (int, "end once so many validations in a row were no better (characters; 0: never)"),
    "evaluate_every": (int, "steps between measurements"),
    "checkpoint_every": (int, "steps between checkpoints"),
}
LISTS = {"hidden": (int, "hidden layers of the synthetic gradient model, e.g. 256; 0 for linear")}
SWITCHES = {
    "scaled_target": "targets are made of the scaled synthetic gradient (default: yes)",
    "error_into_core": "the synthetic gradient model's error teaches the LSTM, too (default: no)",
}
RUNS = {"unroll": "T, time steps in a chunk; several: one run each"}
OPTIONS = (*OVERRIDES, *LISTS, *SWITCHES, *RUNS)


def make_plan(recipe, options):
    """Every combination of rule and unroll, once for each seed."""
    if recipe.common.task in COPYING:
        refuse(options, ("data", "epochs", "patience"), f"{recipe.common.task} draws its own sequences, always new ones")
    else:
        refuse(options, ("samples",), "characters is one long sequence, measured in --epochs or --steps")
    changes = {**given(options, (*OVERRIDES, *SWITCHES)), **listed(options, LISTS)}
    if {"samples", "epochs"} & set(changes) and "steps" not in changes:
        changes["steps"] = 0  # in place of the recipe's
    plan = for_each_unroll(recipe, options, RULES, changes)
    if not any(settings.rule == "cdni" for settings in plan):
        refuse(options, ("look_ahead",), "only the rule cdni looks ahead")
    return for_each_seed(plan, options.seed, label)

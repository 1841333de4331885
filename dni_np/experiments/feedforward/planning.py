"""From options on the command line to a plan for images or sums: one Settings for each run."""

from dataclasses import replace
from itertools import product

from dni_np.errors import UserError
from dni_np.experiments.feedforward.reporting import label
from dni_np.experiments.feedforward.settings import OWN, USUAL_RULES, USUAL_SOURCES
from dni_np.experiments.plans import for_each_seed, given, listed, refuse

# Options that change settings: name in Settings, type, help. None of them has a default here: recipes have.
OVERRIDES = {
    "data": (
        str,
        "mnist, cifar10, digits (offline stand-in), auto (MNIST if it can be had), or a folder of idx or CIFAR files",
    ),
    "width": (int, "units (or channels) of each hidden layer"),
    "steps": (int, "minibatches"),
    "batch_size": (int, "samples in a minibatch"),
    "learning_rate": (float, "of the main network"),
    "sg_learning_rate": (float, "of the synthetic gradient models (0: the same)"),
    "head_learning_rate": (float, "of the top layer, which has the true gradient (0: the same)"),
    "optimizer": (str, "adam or sgd"),
    "pooling": (str, "of a CNN: max-average (3 x 3: maximum, then averages) or max (2 x 2)"),
    "targets": (str, "what guesses learn from: bootstrapped (the next layer's guess) or true (the true gradients)"),
    "head": (str, "the top layer's gradient: true, or synthetic (trask's form)"),
    "bits": (int, "length of the sums (addition)"),
    "examples": (int, "number of training sums (addition)"),
    "evaluate_every": (int, "steps between measurements"),
    "checkpoint_every": (int, "steps between checkpoints"),
}
LISTS = {
    "hidden": (int, "hidden layers of the synthetic gradient models, e.g. 1024 1024; 0 for linear"),
    "cut_after": (int, "the layers followed by a DNI (default: every one)"),
    "widths": (int, "each hidden layer's units, in place of --layers and --width"),
    "decay_at": (float, "shares of the run after which the rates drop tenfold, e.g. 0.6 0.8; 0 for never"),
}


RUNS = {
    "layers": "hidden layers and classifier; several: one run each",
    "sees": "what synthetic gradients look at: output, normalized, label, input, picture (of a CNN's classes), or several; "
    "repeat the option: a run each",
    "single_dni": "a run for each depth k: cut after layer k only",
    "lambdas": "of bp-lambda, from 0 (the guess alone) to 1 (backpropagation alone): one for all guesses, or one for each, "
    "lowest first; repeat the option: a run each",
    "update_probability": "of sparse: how often a layer learns; several: a run each",
    "stale_decay": "of stale: the share of the average that stays at each step; several: a run each",
}
OPTIONS = (*OVERRIDES, *LISTS, *RUNS)


def make_plan(recipe, options):
    """Every combination of rule, its own numbers, sources, number of layers and cut, once for each seed."""
    if (options.layers or options.width) and (options.widths or recipe.common.widths):
        raise UserError(
            "each hidden layer's own units are given, by --widths or by the recipe: leave out --layers and --width"
        )
    changes = overrides(options)
    plan = []
    rules = (options.rules or USUAL_RULES) if options.command == "compare" else [options.rule or "cdni"]
    for rule, name in OWN.items():
        if rule not in rules:
            refuse(options, [name], f"only the rule {rule} has {name}")
    for rule in rules:
        sources = [tuple(sees) for sees in options.sees or []] if rule in USUAL_SOURCES else []
        for own, sees, layers in product(own_numbers(rule, options), sources or [None], options.layers or [None]):
            chosen = {**own, "sees": sees, "layers": layers}
            settings = recipe.settings(rule, **{**changes, **{k: v for k, v in chosen.items() if v is not None}})
            cuts = options.single_dni and rule not in ("backprop", "fa")
            depths = range(1, len(settings.hidden_widths) + 1) if cuts else []
            plan += [replace(settings, cut_after=(k,)) for k in depths] or [settings]
    return for_each_seed(plan, options.seed, label)


def own_numbers(rule, options):
    """[{name: value}], a run for each, of what only this rule asks for."""
    name = OWN.get(rule)
    values = name and getattr(options, name)
    return [{name: tuple(value) if isinstance(value, list) else value} for value in values or []] or [{}]


def overrides(options):
    """The settings given on the command line."""
    return {**given(options, OVERRIDES), **listed(options, LISTS)}

"""The command line: python -m dni_np addition | mnist | compare | list | demo."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from dni_np import backend
from dni_np.errors import UserError
from dni_np.experiment import load_plan, new_folder, run_plan, save_plan
from dni_np.recipes import RECIPES, RULES, find
from dni_np.reporting import format_table

OVERVIEW = """Decoupled Neural Interfaces: networks whose layers do not wait for their gradients.

commands
  demo       two minutes: binary addition and MNIST, with and without backpropagation
  addition   binary addition, after trask's tutorial
  mnist      train a fully connected network on MNIST (or any set in MNIST's format)
  compare    several rules and depths side by side: one table, one figure
  list       the rules and the named recipes

examples
  python -m dni_np demo
  python -m dni_np mnist --rule cdni --layers 6
  python -m dni_np compare --rules none backprop cdni --layers 3 4 5 6 --seed 0 1 2
  python -m dni_np mnist --help
"""

# Options that change settings: name in Settings, type, help. None of them has a default here: recipes have.
OVERRIDES = {
    "data": (str, "mnist, digits (offline stand-in), auto (MNIST if it can be had), or a folder of idx files"),
    "width": (int, "units of each hidden layer"),
    "steps": (int, "minibatches"),
    "batch_size": (int, "samples in a minibatch"),
    "learning_rate": (float, "of the main network"),
    "sg_learning_rate": (float, "of the synthetic gradient models (0: the same)"),
    "optimizer": (str, "adam or sgd"),
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


def main(arguments=None):
    """Run one command; return the exit status (0 done, 2 a user's mistake, 130 interrupted)."""
    options = parser().parse_args(arguments)
    try:
        if options.command is None:
            print(OVERVIEW)
            return 0
        if options.backend:
            backend.use(options.backend)
        backend.current()  # a backend that cannot be used is said before anything is loaded
        return COMMANDS[options.command](options)
    except UserError as error:
        print(f"dni_np: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dni_np: interrupted", file=sys.stderr)
        return 130


def parser():
    top = argparse.ArgumentParser(
        prog="python -m dni_np", description=OVERVIEW, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.set_defaults(backend=None)
    commands = top.add_subparsers(dest="command", metavar="command")
    for name, about, example, recipe in (
        ("addition", "binary addition, after trask's tutorial", "--rule cdni --bits 8", "addition"),
        ("mnist", "train a fully connected network on MNIST", "--rule dni --cut-after 2 --layers 6", "mnist-fcn"),
        ("compare", "several rules side by side", "--recipe addition --rules backprop dni cdni", "mnist-fcn"),
    ):
        epilog = f"example: python -m dni_np {name} {example}"
        command = commands.add_parser(name, help=about, description=about, epilog=epilog)
        _add_options(command, recipe, several=name == "compare")
    commands.add_parser("list", help="rules and recipes").set_defaults(backend=None)
    demo = commands.add_parser("demo", help="two minutes of everything")
    demo.add_argument("--backend", choices=("numpy", "cupy"))
    return top


def _add_options(command, recipe, several):
    if several:
        command.add_argument("--rules", nargs="+", default=list(RULES), choices=list(RULES), help="default: all")
    else:
        command.add_argument("--rule", default="cdni", choices=list(RULES), help="default: cdni")
    command.add_argument("--recipe", default=recipe, metavar="NAME", help=f"named settings (default: {recipe}); see list")
    command.add_argument(
        "--layers", type=int, nargs="+", metavar="N", help="hidden layers and classifier; several: one run each"
    )
    command.add_argument("--single-dni", action="store_true", help="a run for each depth k: cut after layer k only")
    command.add_argument("--seed", type=int, nargs="+", default=[0], metavar="N", help="one run for each (default: 0)")
    for name, (kind, about) in OVERRIDES.items():
        command.add_argument(_flag(name), type=kind, help=about)
    for name, (kind, about) in LISTS.items():
        command.add_argument(_flag(name), type=kind, nargs="+", help=about)
    looks = "what synthetic gradients look at: output, normalized, label, input, or several; repeat the option: a run each"
    command.add_argument("--sees", nargs="+", action="append", metavar="SOURCE", help=looks)
    command.add_argument("--backend", choices=("numpy", "cupy"), help="default: DNI_NP_BACKEND, else numpy")
    command.add_argument("--out", metavar="FOLDER", help="where to write (default: a new folder in runs/)")
    command.add_argument("--resume", metavar="FOLDER", help="continue an interrupted run")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def _flag(name):
    return "--" + name.replace("_", "-")


def run(options):
    """The commands addition, mnist and compare: a plan from the options, or an earlier one to resume."""
    if options.resume:
        given = [*overrides(options), *(name for name in ("sees", "layers", "single_dni", "out") if getattr(options, name))]
        if given:
            raise UserError(f"--resume continues a run as it was started: leave out {', '.join(map(_flag, given))}")
        folder = Path(options.resume)
        title, plan = load_plan(folder)
    else:
        title, plan = options.recipe, make_plan(options)
        folder = new_folder(options.out, f"{options.command}-{options.recipe}")
        save_plan(folder, title, plan)
    return 0 if run_plan(folder, title, plan, progress=False if options.quiet else None) else 130


def demo(options):
    """Both tasks, quickly, under every rule."""
    for name, changes, title in (
        ("addition-quick", {}, "Binary addition: three layers of sigmoids"),
        ("mnist-fcn-quick", {"data": "auto", "evaluate_every": 50}, "MNIST: three layers, 256 units"),
    ):
        print(f"\n{title}, with and without waiting for the gradient\n", flush=True)
        plan = [find(name).settings(rule, **changes) for rule in RULES]
        folder = new_folder(None, f"demo-{name}")
        save_plan(folder, name, plan)
        if not run_plan(folder, name, plan):
            return 130
    return 0


def make_plan(options):
    """Every combination of rule, sources, number of layers and cut, once for each seed."""
    recipe = find(options.recipe)
    task = "addition" if options.command == "addition" else "mnist" if options.command == "mnist" else recipe.common.task
    if recipe.common.task != task:
        raise UserError(
            f"the recipe {options.recipe} is for {recipe.common.task}, not for {task}: see python -m dni_np list"
        )
    if options.layers and recipe.common.widths:
        raise UserError(
            "the recipe gives each hidden layer's units: use --widths (one number a hidden layer) in place of --layers"
        )
    changes = overrides(options)
    plan = []
    for rule in options.rules if options.command == "compare" else [options.rule]:
        decoupled = rule not in ("backprop", "none")
        for sees in options.sees if options.sees and decoupled else [None]:
            for layers in options.layers or [recipe.settings(rule).layers]:
                cuts = [(k,) for k in range(1, layers)] if options.single_dni and rule != "backprop" else [None]
                for cut_after in cuts:
                    own = {"sees": sees and tuple(sees), "layers": layers, "cut_after": cut_after}
                    plan.append(recipe.settings(rule, **{**changes, **{k: v for k, v in own.items() if v is not None}}))
    return [replace(settings, seed=seed) for seed in options.seed for settings in plan]


def overrides(options):
    """The settings given on the command line."""
    given = {name: getattr(options, name) for name in (*OVERRIDES, *LISTS) if getattr(options, name) is not None}
    for name in LISTS:
        if name in given:
            given[name] = tuple(value for value in given[name] if value != 0)  # 0 stands for none
    return given


def show_list(options):
    """The rules and the recipes."""
    print("rules\n" + _indent([{"name": name, "what a layer learns from": about} for name, about in RULES.items()]))
    rows = [
        {"name": name, "what": recipe.about, "steps": recipe.common.steps, "rate": f"{recipe.common.learning_rate:g}"}
        for name, recipe in RECIPES.items()
    ]
    print("\nrecipes (a rule may have its own steps and rates)\n" + _indent(rows))
    return 0


def _indent(rows):
    return "\n".join("  " + line for line in format_table(rows).splitlines())


COMMANDS = {"addition": run, "mnist": run, "compare": run, "list": show_list, "demo": demo}

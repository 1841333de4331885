"""The command line: python -m dni_np addition | mnist | cifar | compare | list | demo."""

import argparse
import sys
from pathlib import Path

from dni_np import backend
from dni_np.errors import UserError
from dni_np.experiment import check_plan, load_images_of, load_plan, new_folder, run_plan, save_plan
from dni_np.planning import LISTS, OVERRIDES, flag, make_plan, overrides
from dni_np.recipes import RECIPES, find
from dni_np.reporting import format_table
from dni_np.settings import RULES

OVERVIEW = """Decoupled Neural Interfaces: networks whose layers do not wait for their gradients.

commands
  demo       two minutes: binary addition and MNIST, with and without backpropagation
  addition   binary addition, after trask's tutorial
  mnist      train a fully connected or convolutional network on MNIST (or any set in MNIST's format)
  cifar      the same on CIFAR-10 (or any set in its binary format)
  compare    several rules and depths side by side: one table, one figure
  list       the rules and the named recipes

examples
  python -m dni_np demo
  python -m dni_np mnist --rule cdni --layers 6
  python -m dni_np compare --rules none backprop cdni --layers 3 4 5 6 --seed 0 1 2
  python -m dni_np mnist --recipe mnist-cnn-quick
  python -m dni_np cifar --rule backprop --recipe cifar-fcn-quick
  python -m dni_np mnist --help
"""


def main(arguments=None):
    """Run one command; return the exit status (0 done, 2 a user's mistake, 130 interrupted)."""
    options = parser().parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the sign of a standard deviation
    try:
        if options.command is None:
            print(OVERVIEW)
            return 0
        if options.backend:
            backend.use(options.backend)
        backend.current()  # a backend that cannot be used is reported before anything is loaded
        return COMMANDS[options.command](options)
    except UserError as error:
        print(f"dni_np: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        print("dni_np: this does not fit into memory: take a smaller --width, --hidden or --batch-size", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"dni_np: {error.filename or 'a file'} cannot be used: {error.strerror or error}", file=sys.stderr)
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
        ("mnist", "train an FCN or a CNN on MNIST", "--rule dni --cut-after 2 --layers 6", "mnist-fcn"),
        ("cifar", "train an FCN or a CNN on CIFAR-10", "--recipe cifar-cnn-quick --rule cdni", "cifar-fcn"),
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
        command.add_argument("--rules", nargs="+", choices=list(RULES), help="default: all")
    else:
        command.add_argument("--rule", choices=list(RULES), help="default: cdni")
    command.set_defaults(usual_recipe=recipe)
    command.add_argument("--recipe", metavar="NAME", help=f"named settings (default: {recipe}); see list")
    command.add_argument(
        "--layers", type=int, nargs="+", metavar="N", help="hidden layers and classifier; several: one run each"
    )
    command.add_argument("--single-dni", action="store_true", help="a run for each depth k: cut after layer k only")
    command.add_argument("--seed", type=int, nargs="+", metavar="N", help="one run for each (default: 0)")
    for name, (kind, about) in OVERRIDES.items():
        command.add_argument(flag(name), type=kind, help=about)
    for name, (kind, about) in LISTS.items():
        command.add_argument(flag(name), type=kind, nargs="+", help=about)
    looks = "what synthetic gradients look at: output, normalized, label, input, picture (of a CNN's classes), or several"
    looks += "; repeat the option: a run each"
    command.add_argument("--sees", nargs="+", action="append", metavar="SOURCE", help=looks)
    command.add_argument("--backend", choices=("numpy", "cupy"), help="default: DNI_NP_BACKEND, else numpy")
    command.add_argument("--out", metavar="FOLDER", help="where to write (default: a new folder in runs/)")
    command.add_argument("--resume", metavar="FOLDER", help="continue an interrupted run")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options):
    """The commands addition, mnist, cifar and compare: a plan from the options, or an earlier one to resume."""
    if options.resume:
        given = [
            *overrides(options),
            *(
                name
                for name in ("sees", "layers", "single_dni", "out", "seed", "recipe", "rule", "rules")
                if getattr(options, name, None)
            ),
        ]
        if given:
            raise UserError(f"--resume continues a run as it was started: leave out {', '.join(map(flag, given))}")
        folder = Path(options.resume)
        title, plan = load_plan(folder)
        dataset = load_images_of(plan)
    else:
        title = options.recipe or options.usual_recipe
        plan = make_plan(find(title), options)
        folder = new_folder(options.out, f"{options.command}-{title}")
        dataset = load_images_of(plan)
        check_plan(plan, dataset)
        save_plan(folder, title, plan)
    return 0 if run_plan(folder, title, plan, dataset, progress=False if options.quiet else None) else 130


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
        if not run_plan(folder, name, plan, load_images_of(plan)):
            return 130
    return 0


def show_list(options):
    """The rules and the recipes."""
    print("rules\n" + _indent([{"name": name, "what a layer learns from": about} for name, about in RULES.items()]))
    rows = []
    for name, recipe in RECIPES.items():
        usual = _pace(recipe.common)
        rows.append({"name": name, "what": recipe.about, **usual})
        rows += [
            {"name": "", "what": f"  {r}", **_pace(recipe.settings(r))}
            for r in recipe.rules
            if _pace(recipe.settings(r)) != usual
        ]
    print("\nrecipes, with what a rule changes: steps, learning rate, and that of the guesses\n" + _indent(rows))
    return 0


def _pace(settings):
    guess = settings.sg_learning_rate or settings.learning_rate
    return {"steps": settings.steps, "rate": f"{settings.learning_rate:g}", "guess": f"{guess:g}"}


def _indent(rows):
    return "\n".join("  " + line for line in format_table(rows).splitlines())


COMMANDS = {"addition": run, "mnist": run, "cifar": run, "compare": run, "list": show_list, "demo": demo}

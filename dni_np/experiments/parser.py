"""The command line's grammar: which commands there are, and the options of each."""

import argparse
from pathlib import Path

from dni_np.errors import UserError
from dni_np.experiments.options import Once
from dni_np.experiments.registry import KINDS, TASKS

COMMANDS = {
    "demo": "two minutes: binary addition and MNIST, with and without backpropagation",
    **{name: kind.tasks[name].about for name, kind in TASKS.items()},
    "compare": "several rules, depths or lengths of chunks side by side: one table, one figure",
    "sample": "text from the best network of a characters run",
    "simulate": "what up to 1,000 workers would do, from the times of a run with some",
    "list": "the rules and the named recipes",
}
OVERVIEW = """Decoupled Neural Interfaces: networks whose layers do not wait for their gradients.

commands
{}

examples
  python -m dni_np demo
  python -m dni_np mnist --rule cdni --layers 6
  python -m dni_np compare --rules none backprop cdni --layers 3 4 5 6 --seed 0 1 2
  python -m dni_np mnist --rule bp-lambda --lambdas 0.5
  python -m dni_np compare --recipe mnist-fcn-quick --rules all
  python -m dni_np mnist --recipe mnist-cnn-quick
  python -m dni_np cifar --rule backprop --recipe cifar-fcn-quick
  python -m dni_np copy --rule dni --unroll 3 --recipe copy-quick
  python -m dni_np compare --recipe copy --rules bptt dni --unroll 2 3 4 5 --seed 0 1
  python -m dni_np characters --data shakespeare --unroll 5
  python -m dni_np sample runs/characters-characters --temperature 0.8
  python -m dni_np compare --recipe two-clocks-quick --unroll 2 3 4
  python -m dni_np mnist --help
""".format("\n".join(f"  {name:<13} {about}" for name, about in COMMANDS.items()))
COMPARED = "--recipe copy --rules bptt dni --unroll 2 3", "mnist-fcn"  # example, usual recipe


class Parser(argparse.ArgumentParser):
    """A mistake is one sentence, as everywhere; options are written out."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message):
        raise UserError(f"{message}; see {self.prog} --help")


def parser():
    """For all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    top = Parser(prog="python -m dni_np", description=OVERVIEW, formatter_class=raw)
    top.set_defaults(backend=None)
    commands = top.add_subparsers(dest="command", metavar="command")
    for name, kind in TASKS.items():
        task = kind.tasks[name]
        command = _add(commands, name, task.example)
        rules = ", ".join(kind.recipes[task.recipe].possible)
        usual = kind.settings.defaults()["rule"]
        _once(command, "--rule", "NAME", f"{rules}; default: {usual}")
        _add_experiment(command, task.recipe, [kind], _used_in(kind, name))
    example, recipe = COMPARED
    command = _add(commands, "compare", example)
    usual = "default: the usual ones of the recipe's task, all: every one; see list"
    command.add_argument("--rules", action=Once, nargs="+", metavar="NAME", help=usual)
    _add_experiment(command, recipe, KINDS, None)
    _add_sample(commands)
    _add_simulate(commands)
    _add(commands, "demo")
    commands.add_parser("list", description=COMMANDS["list"])
    return top


def _add(commands, name, example=None):
    """A command that computes."""
    epilog = example and f"example: python -m dni_np {name} {example}"
    command = commands.add_parser(name, description=COMMANDS[name], epilog=epilog)
    _once(command, "--backend", "NAME", "numpy or cupy; default: DNI_NP_BACKEND, else numpy")
    return command


def _once(command, name, metavar, about):
    command.add_argument(name, action=Once, metavar=metavar, help=about)


def _add_experiment(command, recipe, kinds, useful):
    """What training commands have. Options without use for one are known there, but not shown."""
    command.set_defaults(usual_recipe=recipe)
    _once(command, "--recipe", "NAME", f"named settings (default: {recipe}); see list")
    there = set()
    for kind in sorted(KINDS, key=lambda kind: kind not in kinds):
        for name, option in kind.settings.options().items():
            if option.help and name not in there:
                there.add(name)
                shown = kind in kinds and (useful is None or name in useful)
                option.add_to(command, shown, kind.settings.users(name))
    _once(command, "--out", "FOLDER", "where to write (default: a new folder in runs/)")
    _once(command, "--resume", "FOLDER", "continue an interrupted run")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def _used_in(kind, task):
    """The names of those options that some run of a task uses."""
    recipes = [recipe for recipe in kind.recipes.values() if recipe.common.task == task]
    runs = [recipe.settings(rule) for recipe in recipes for rule in recipe.possible]
    return {name for name in kind.settings.options() if any(run.may_use(name) for run in runs)}


def _add_sample(commands):
    example = 'runs/characters-characters --characters 500 --start "def "'
    command = _add(commands, "sample", example)
    about = "of a characters run"
    command.add_argument("folder", action=Once, metavar="RUN_FOLDER", help=about)
    for name, kind, about in (
        ("--characters", int, "how many (default: 500)"),
        ("--temperature", float, "below 1 safer, above 1 wilder (default: 1)"),
        ("--start", str, "the text's beginning, in the network's alphabet"),
        ("--seed", int, "of the drawing (default: 0)"),
    ):
        command.add_argument(name, action=Once, type=kind, help=about)


def _add_simulate(commands):
    command = _add(commands, "simulate", "runs/mnist/mnist-fcn-cdni/trace.json --staleness 4")
    about = "the trace.json that a run with several --workers left"
    command.add_argument("trace", action=Once, metavar="TRACE", type=Path, help=about)
    for name, kind, about in (
        ("--layers", int, "of the network simulated, like those of the run (default: 1000)"),
        ("--staleness", int, "how many batches late a target may come (default: the run's)"),
        ("--micro-batches", int, "of a locked pipeline (default: 32)"),
        ("--room", int, "batches on the way at most (default: as in a run)"),
        ("--seed", int, "of the times that are drawn (default: 0)"),
        ("--latency", float, "of a message, in microseconds (default: as measured)"),
        ("--bandwidth", float, "in megabytes a second (default: all is in the latency)"),
        ("--jitter", float, "of times, relative to their median (default: times as measured)"),
        ("--slow", float, "how many times slower worker 1 is (default: 1)"),
    ):
        command.add_argument(name, action=Once, type=kind, help=about)
    several = {"action": Once, "type": float, "nargs": 2, "metavar": ("SHARE", "FACTOR")}
    about = "in this share of its batches a worker is so many times slower"
    command.add_argument("--slowdowns", help=about, **several)
    several = {"action": Once, "type": int, "nargs": "+", "metavar": "N"}
    about = "numbers of them (default: 1, 2, 4, ... up to the layers)"
    command.add_argument("--workers", help=about, **several)
    _once(command, "--out", "FILE", "of the figure (default: simulated.png beside the trace)")

"""The command line: python -m dni_np COMMAND; parsing.py lists the commands."""

import os
import sys
from pathlib import Path

from dni_np import backend
from dni_np.errors import UserError
from dni_np.experiments.experiment import (
    check_folder,
    check_plan,
    load_data_of,
    load_plan,
    new_folder,
    run_plan,
    save_plan,
)
from dni_np.experiments.kinds import KINDS, find_recipe, kind_of
from dni_np.experiments.parsing import OVERVIEW, parser
from dni_np.experiments.plans import flag, refuse
from dni_np.experiments.reporting import format_table
from dni_np.experiments.sequences.sampling import load_network, sample


def main(arguments=None):
    """Run one command; return the exit status (0 done, 2 a user's mistake, 130 interrupted)."""
    try:
        status = _main(arguments)
        sys.stdout.flush()
        return status
    except UserError as error:
        return _complain(error)
    except (MemoryError, OverflowError):
        return _complain(
            "this does not fit into memory: "
            "take a smaller --width, --hidden, --units, --look-ahead or --batch-size"
        )
    except BrokenPipeError:  # whoever read our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}")
    except KeyboardInterrupt:
        print("dni_np: interrupted", file=sys.stderr)
        return 130


def _main(arguments):
    options = parser().parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal may lack the sign of a standard deviation.
        sys.stdout.reconfigure(errors="replace")
    if options.command is None:
        print(OVERVIEW)
        return 0
    _refuse_empty(options)
    if options.backend:
        backend.use(options.backend)
    backend.current()  # a backend that cannot be used is reported before anything is loaded
    return COMMANDS[options.command](options)


def _complain(error):
    print(f"dni_np: {error}", file=sys.stderr)
    return 2


def _refuse_empty(options):
    """An empty word, perhaps of a shell variable that is not set, is not an option left out."""
    for name, value in vars(options).items():
        if name != "start" and value == "":
            raise UserError(
                f"{'RUN_FOLDER' if name == 'folder' else flag(name)} is empty: "
                "give it a value, or leave it out"
            )


def run(options):
    """The commands that train: a plan from the options, or an earlier one to resume."""
    if options.resume is not None:
        names = {name for kind in KINDS for name in kind.options} | {"out", "seed", "recipe", "rule", "rules"}
        refuse(options, sorted(names), "--resume continues a run as it was started")
        folder = Path(options.resume)
        title, plan = load_plan(folder)
        data = load_data_of(plan)
    else:
        title = options.recipe or options.usual_recipe
        plan = make_plan(find_recipe(title, None if options.command == "compare" else options.command), options)
        if options.out is not None:
            check_folder(options.out)
        data = load_data_of(plan)
        check_plan(plan, data)
        folder = (
            new_folder(f"{options.command}-{title}") if options.out is None else Path(options.out)
        )
        save_plan(folder, title, plan)
    return 0 if run_plan(folder, title, plan, data, progress=False if options.quiet else None) else 130


def make_plan(recipe, options):
    """The runs that `options` ask for; options and rules for experiments of another kind are mistakes."""
    kind = kind_of(recipe.common)
    foreign = {name for other in KINDS for name in other.options} - set(kind.options)
    refuse(options, sorted(foreign), f"{recipe.common.task} is an experiment on {kind.name}")
    if "all" in (getattr(options, "rules", None) or []):
        options.rules = list(kind.rules)
    strange = [rule for rule in getattr(options, "rules", None) or [] if rule not in kind.rules]
    if strange:
        raise UserError(f"for {recipe.common.task} there is no rule {', '.join(strange)}: its are {', '.join(kind.rules)}")
    return kind.make_plan(recipe, options)


def demo(options):
    """Both tasks, quickly, under the usual rules."""
    for name, changes, title in (
        ("addition-quick", {}, "Binary addition: three layers of sigmoids"),
        ("mnist-fcn-quick", {"data": "auto", "evaluate_every": 50}, "MNIST: three layers, 256 units"),
    ):
        print(f"\n{title}, with and without waiting for the gradient\n", flush=True)
        recipe = find_recipe(name)
        plan = [recipe.settings(rule, **changes) for rule in kind_of(recipe.common).usual_rules]
        data = load_data_of(plan)
        folder = new_folder(f"demo-{name}")
        save_plan(folder, name, plan)
        if not run_plan(folder, name, plan, data):
            return 130
    return 0


def write_sample(options):
    """Text from a trained network, as it comes."""
    core, readout, characters = load_network(options.folder)
    text = sample(core, readout, characters, options.characters, options.temperature, options.start, options.seed)
    print(options.start, end="")
    for character in text:
        print(character, end="", flush=True)
    print()
    return 0


def show_list(options):
    """The rules and the recipes."""
    for kind in KINDS:
        print(f"rules for {kind.name}")
        print(_indent([{"name": name, "what the network learns from": about} for name, about in kind.rules.items()]) + "\n")
    rows = []
    for kind in KINDS:
        for name, recipe in kind.recipes.items():
            usual = _pace(recipe.common)
            rows.append({"name": name, "what": recipe.about, **usual})
            rows += [
                {"name": "", "what": f"  {r}", **_pace(recipe.settings(r))}
                for r in recipe.rules
                if _pace(recipe.settings(r)) != usual
            ]
    print("recipes, with what a rule changes: how long, learning rate, and that of the guesses\n" + _indent(rows))
    return 0


def _pace(settings):
    guess = settings.sg_learning_rate or settings.learning_rate
    length = f"{settings.steps} steps" if settings.steps else f"{settings.samples} samples"
    return {"length": length, "rate": f"{settings.learning_rate:g}", "guess": f"{guess:g}"}


def _indent(rows):
    return "\n".join("  " + line for line in format_table(rows).splitlines())


TRAIN = ("addition", "mnist", "cifar", "copy", "repeat-copy", "characters", "two-clocks", "compare")
COMMANDS = {**dict.fromkeys(TRAIN, run), "sample": write_sample, "list": show_list, "demo": demo}

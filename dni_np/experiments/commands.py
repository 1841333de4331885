"""What the commands do; parser.py lists them. Each returns the exit status."""

from dataclasses import replace
from pathlib import Path

from dni_np.errors import UserError
from dni_np.experiments.folder import check_folder, load_plan, new_folder, save_plan
from dni_np.experiments.least_squares import RLS
from dni_np.experiments.options import flag
from dni_np.experiments.plan import make_plan
from dni_np.experiments.registry import KINDS, find_recipe, kind_of
from dni_np.experiments.report import format_table
from dni_np.experiments.run import check_plan, run_plan
from dni_np.experiments.sequences.sampling import load_network, sample
from dni_np.experiments.simulate import simulate


def run(options):
    """The commands that train: a plan from the options, or an earlier one to resume."""
    progress = False if options.quiet else None
    if options.resume is not None:
        return resume(options, progress)
    title = options.recipe or options.usual_recipe
    recipe = find_recipe(title, None if options.command == "compare" else options.command)
    found = {name: value for name, value in vars(options).items() if value is not None}
    plan = make_plan(recipe, found)
    return start(f"{options.command}-{title}", title, plan, options.out, progress)


def start(name, title, plan, out=None, progress=None):
    """Run a plan in a new folder."""
    if out is not None:
        check_folder(out)
    data = load_data(plan)
    check_plan(plan, data)
    folder = new_folder(name) if out is None else Path(out)
    save_plan(folder, title, plan)
    return 0 if run_plan(folder, title, plan, data, progress) else 130


def resume(options, progress):
    """An earlier run, which goes on as it was begun."""
    kept = ("command", "usual_recipe", "resume", "backend", "quiet")
    given = {name: value for name, value in vars(options).items() if value is not None}
    free = {name for kind in KINDS for name, one in kind.settings.options().items() if one.free}
    more = [name for name in given if name not in (*kept, *free)]
    if more:
        more = ", ".join(map(flag, sorted(more)))
        raise UserError(f"--resume continues a run as it was started: leave out {more}")
    title, plan = load_plan(options.resume)
    task = plan[0].task
    if options.command not in ("compare", task):
        again = f"python -m dni_np {task} --resume {options.resume}"
        raise UserError(f"{options.resume} is a run of {task}: continue it with {again}")
    changes = {name: given[name] for name in free if name in given}
    # A comparison's rules that cannot have workers go on alone, the others with theirs.
    some = any(map(can_have_workers, plan))
    plan = [one if some and not can_have_workers(one) else resumed(one, changes) for one in plan]
    folder, more = Path(options.resume), as_typed(changes)
    return 0 if run_plan(folder, title, plan, load_data(plan), progress, more) else 130


def as_typed(changes):
    """Options with their values as words; those of ranks are mpiexec's."""
    ranks = ("workers", "engine") if changes.get("engine") == "mpi" else ()
    words = [""]
    for name in sorted(set(changes) - set(ranks)):
        values = changes[name]
        words += [flag(name), *([values] if isinstance(values, str) else values)]
    return " ".join(words)


def can_have_workers(settings):
    return "workers" in settings.options() and settings.whose("workers") is None


def resumed(settings, found):
    """The settings with what the command line has for options that are no part of a run."""
    if not found:
        return settings
    options = settings.options()
    for name in found:
        whom = settings.whose(name) if name in options else "images"
        if whom:
            raise UserError(f"{flag(name)} is for {whom}: leave it out")
    values = {name: options[name].read(value)[0] for name, value in found.items()}
    if values.get("workers", settings.workers) != settings.workers:
        # What the run said of its workers was of another number of them.
        usual = {name: one.default for name, one in options.items() if one.free}
        values = {**usual, **values}
    return replace(settings, **values)


def load_data(plan):
    """What the runs of `plan` share: images, or a text. None where every run draws its own."""
    return kind_of(plan[0]).build.load_data(plan[0])


def demo(options):
    """Both tasks, quickly, under the usual rules."""
    for name, changes, title in (
        ("addition-quick", {}, "Binary addition: three layers of sigmoids"),
        (
            "mnist-fcn-quick",
            {"data": "auto", "evaluate_every": 50},
            "MNIST: three layers, 256 units",
        ),
    ):
        print(f"\n{title}, with and without waiting for the gradient\n", flush=True)
        recipe = find_recipe(name)
        plan = [recipe.settings(rule, **changes) for rule in kind_of(recipe.common).usual_rules]
        status = start(f"demo-{name}", name, plan)
        if status:
            return status
    return 0


def write_sample(options):
    """Text from a trained network, as it comes."""
    network, names = load_network(options.folder), ("characters", "temperature", "start", "seed")
    found = {name: getattr(options, name) for name in names}
    given = {name: value for name, value in found.items() if value is not None}
    text = sample(*network, **given)
    print(given.get("start", ""), end="")
    for character in text:
        print(character, end="", flush=True)
    print()
    return 0


def show_list(options):
    """The rules and the recipes."""
    for kind in KINDS:
        rules = kind.rules.values()
        rows = [{"name": row.name, "what the network learns from": row.about} for row in rules]
        print(f"rules for {kind.name}\n{_indent(rows)}\n")
    rows = []
    for kind in KINDS:
        for name, recipe in kind.recipes.items():
            usual = _pace(recipe.common)
            rows.append({"name": name, "what": recipe.about, **usual})
            for rule in recipe.rules:
                pace = _pace(recipe.settings(rule))
                rows += [{"name": "", "what": f"  {rule}", **pace}] if pace != usual else []
    about = "recipes, with what a rule changes: how long, learning rate, and that of the guesses"
    print(f"{about}\n{_indent(rows)}")
    return 0


def _pace(settings):
    guess = settings.sg_learning_rate or settings.learning_rate
    guess = RLS if settings.sg_optimizer == RLS else f"{guess:g}"
    ends = [(getattr(settings, name, 0), name) for name in ("steps", "samples", "epochs")]
    length = "{} {}".format(*next(end for end in ends if end[0]))
    return {"length": length, "rate": f"{settings.learning_rate:g}", "guess": guess}


def _indent(rows):
    return "\n".join("  " + line for line in format_table(rows).splitlines())


# All others train.
COMMANDS = {"sample": write_sample, "list": show_list, "demo": demo, "simulate": simulate}

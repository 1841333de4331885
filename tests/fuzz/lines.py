"""Random command lines of the parser's options:

most would run, some are wrong, some make no sense.
"""

from typing import NamedTuple

from dni_np.experiments.registry import TASKS
from tests.fuzz.words import Group, options

OPTIONS = options()
RARE = {"--resume": 0.3, "--out": 0.5, "--data": 0.5}
LIKELY = {"--rule": 0.6, "--rules": 0.6, "--recipe": 0.4, "RUN_FOLDER": 0.9}
IMAGES, TEXTS = "idx cifar archive mnist cifar10 digits auto empty", "text.txt shakespeare empty"
SMALL = {"--steps": "8", "--batch-size": "4", "--widths": "3 3", "--units": "3"}
STRANGE = (["junk"], [""], ["--layerz", "3"], ["--lay", "3"], ["-x"], ["--steps"], ["--help"])


class Line(NamedTuple):
    """A command line, in parts."""

    command: str
    groups: list  # of options with their values
    strange: list  # words that are no option of the command

    @property
    def words(self):
        return [self.command, *(word for one in self.groups for word in one.words), *self.strange]


def draw_line(rng):
    """A Line."""
    tasks = list(TASKS)
    command = str(rng.choice([*OPTIONS, *tasks, *tasks, "compare", "compare", "sample"]))
    task = str(rng.choice(tasks)) if command == "compare" else command
    there, mishap = options_for(command, task), float(rng.choice([0, 0, 0, 0.3]))
    first = [flag for flag, p in LIKELY.items() if flag in there and rng.random() < p]
    first += ["--recipe"] if command == "compare" else []
    groups = {flag: there[flag].draw(rng, mishap) for flag in first}
    useful, special = useful_flags(task, there, groups) if rng.random() < 0.8 else (there, ())
    drawn = [
        flag for flag in useful if rng.random() < (RARE.get(flag, 1) if there[flag].shown else 0.05)
    ]
    drawn = [str(flag) for flag in rng.permutation(drawn)][: rng.integers(6)]
    drawn += [flag for flag in special if rng.random() < 0.15]
    groups.update({flag: there[flag].draw(rng, mishap) for flag in drawn})
    if "--resume" in groups and rng.random() < 0.8:
        groups = {flag: groups[flag] for flag in ("--resume", "--quiet") if flag in groups}
    elif task in TASKS:
        groups = {**small(there, groups), **groups}
    groups = list(groups.values())
    if groups and rng.random() < 0.08:  # once more
        groups.append(groups[rng.integers(len(groups))].option.draw(rng))
    rng.shuffle(groups)
    strange = STRANGE[rng.integers(len(STRANGE))] if rng.random() < 0.08 else []
    return Line(command, groups, strange)


def options_for(command, task):
    """{flag: Option} of `command`, as a run of `task` takes them: its recipes, its rules."""
    there = dict(OPTIONS[command])
    if task in TASKS:
        kind = TASKS[task]
        recipes = [name for name, one in kind.recipes.items() if one.common.task == task]
        there["--recipe"] = there["--recipe"]._replace(names=recipes)
        data = IMAGES if kind.name != "sequences" else TEXTS
        there["--data"] = there["--data"]._replace(names=data.split())
        for flag in {"--rule", "--rules"} & set(there):
            there[flag] = there[flag]._replace(names=list(kind.rules))
        for flag in set(there) & set(OPTIONS[task]):
            there[flag] = there[flag]._replace(shown=OPTIONS[task][flag].shown)
    return there


def useful_flags(task, there, groups):
    """The flags that a run of this recipe and these rules uses, and which not every rule does."""
    kind, given = TASKS.get(task), {flag: group.values for flag, group in groups.items()}
    (recipe,) = given.get("--recipe", [kind and kind.tasks[task].recipe])
    if not kind or recipe not in kind.recipes:
        return there, ()
    rules = given.get("--rules") or given.get("--rule") or [kind.settings.defaults()["rule"]]
    recipe = kind.recipes[recipe]
    runs = [recipe.settings(rule) for rule in rules if rule in recipe.possible]
    names = {flag: flag[2:].replace("-", "_") for flag in there}
    known = kind.settings.options()
    useful = [
        flag
        for flag, name in names.items()
        if name not in known or any(not run.whose(name) for run in runs)
    ]
    special = [flag for flag in useful if names[flag] in known and kind.settings.users(names[flag])]
    return useful, special


def small(there, groups):
    """{flag: Group} of what keeps the runs of a line small, unless it says so itself."""
    size = dict(SMALL)
    if "--layers" in groups or "--width" in groups:
        del size["--widths"]
        size["--width"] = "3"
    if "--epochs" in there and there["--epochs"].shown:
        size["--data"] = "text.txt"
    useful = [flag for flag in size if flag in there and there[flag].shown]
    return {flag: Group(there[flag], flag, size[flag].split()) for flag in useful}

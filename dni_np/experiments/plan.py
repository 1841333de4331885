"""From the command line to a plan: the settings of all runs that it asks for."""

from dataclasses import replace
from itertools import product

from dni_np.errors import UserError
from dni_np.experiments.options import flag
from dni_np.experiments.registry import KINDS, kind_of


def make_plan(recipe, found):
    """[settings] of every rule with every combination of the values that the parser found.

    Each rule takes the options that it uses. What none of them uses is refused.
    """
    kind, options = kind_of(recipe.common), recipe.common.options()
    given, sweeps = _given(kind, recipe.common.task, found)
    rules = _rules(kind, recipe, found)
    unused = {rule: _unused(recipe, rule, given, sweeps) for rule in rules}
    for name in (*given, *sweeps):
        if all(name in whom for whom in unused.values()):
            whom = unused[rules[0]][name]
            raise UserError(f"{sweeps.get(name) or flag(name)} is for {whom}: leave it out")
    plan = []
    for rule in rules:
        used = {name: values for name, values in given.items() if name not in unused[rule]}
        for values in product(*used.values()):
            runs = [_settings(recipe, rule, dict(zip(used, values)))]
            for name in sweeps:
                if name not in unused[rule]:
                    every = options[name].sweep.values
                    runs = [replace(run, **{name: one}) for run in runs for one in every(run)]
            plan += runs
    plan.sort(key=lambda settings: given.get("seed", [0]).index(settings.seed))
    _refuse_twice(kind, plan)
    return plan


def _given(kind, task, found):
    """({name of an option: [value, a run for each]}, {name of an option to sweep: its flag})."""
    options = kind.settings.options()
    foreign = {flag(name) for other in KINDS for name in other.settings.names() if name in found}
    foreign -= set(map(flag, kind.settings.names()))
    if foreign:
        foreign = ", ".join(sorted(foreign))
        raise UserError(f"{task} is an experiment on {kind.name}: leave out {foreign}")
    shown = [one for one in options.values() if one.help]
    given = {one.name: one.read(found[one.name]) for one in shown if one.name in found}
    swept = [one for one in shown if one.sweep and one.sweep.name in found]
    sweeps = {one.name: flag(one.sweep.name) for one in swept}
    for name in set(given) & set(sweeps):
        raise UserError(f"{sweeps[name]} goes through all values of {flag(name)}: leave one out")
    return given, sweeps


def _rules(kind, recipe, found):
    """The rules to run: those asked for, else a task's usual one, or the usual ones to compare."""
    common, possible = recipe.common, recipe.possible
    names = found.get("rules", [name for name in kind.usual_rules if name in possible])
    if found["command"] != "compare":
        names = [found.get("rule", common.defaults()["rule"])]
    elif "all" in names:
        if len(names) > 1:
            more = ", ".join(name for name in names if name != "all")
            raise UserError(f"all is every rule: leave out {more or 'one all'}")
        names = possible
    strange = [name for name in names if name not in kind.rules]
    if strange:
        its = ", ".join(kind.rules)
        strange = ", ".join(strange)
        raise UserError(f"for {common.task} there is no rule {strange}: choose among {its}")
    return names


def _unused(recipe, rule, given, sweeps):
    """{name of an option that the rule's runs do not use: whom it is for}."""
    allowed = {name: values[0] for name, values in given.items() if recipe.common.uses(rule, name)}
    settings = _settings(recipe, rule, allowed)
    whom = {name: settings.whose(name) for name in (*given, *sweeps)}
    return {name: found for name, found in whom.items() if found}


def _settings(recipe, rule, changes):
    """With samples or epochs in place of the recipe's steps, unless these are given, too."""
    options = recipe.common.options()
    replaced = {options[name].replaces for name in changes} - {"", *changes}
    return recipe.settings(rule, **{name: options[name].default for name in replaced}, **changes)


def _refuse_twice(kind, plan):
    """No two runs may have one name."""
    names = [kind.report.label(settings, seed=True) for settings in plan]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"the same run is asked for twice: {', '.join(twice)}")

"""What plans for images and for sequences share: options that change settings, one run for each seed."""

from dataclasses import replace

from dni_np.errors import UserError


def given(options, names):
    """{name: value} of those options that were given on the command line."""
    values = {name: getattr(options, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def listed(options, names):
    """The same for options that take several values, as tuples: 0 stands for none."""
    return {name: tuple(value for value in values if value != 0) for name, values in given(options, names).items()}


def flag(name):
    """sg_learning_rate -> --sg-learning-rate."""
    return "--" + name.replace("_", "-")


def refuse(options, names, why):
    """No option of these names may have been given."""
    wrong = given(options, names)
    if wrong:
        raise UserError(f"{why}: leave out {', '.join(map(flag, wrong))}")


def for_each_unroll(recipe, options, rules, changes):
    """The settings of every rule (of `rules`, unless others are asked for) with every --unroll."""
    chosen = (options.rules or rules) if options.command == "compare" else [options.rule or recipe.common.rule]
    unrolls = [{"unroll": unroll} for unroll in options.unroll or []] or [{}]
    return [recipe.settings(rule, **changes, **own) for rule in chosen for own in unrolls]


def for_each_seed(plan, seeds, label):
    """The settings in `plan` once for each seed; no two runs may have one name."""
    plan = [replace(settings, seed=seed) for seed in seeds or [0] for settings in plan]
    names = [label(settings, seed=True) for settings in plan]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"the same run is asked for twice: {', '.join(twice)}")
    return plan

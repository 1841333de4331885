"""Apart: which rules can run on several workers, and what their units need for it."""

import re

from dni_np.arguments import sizes
from dni_np.errors import UserError
from dni_np.rules.chain import Chain
from dni_np.rules.lambda_targets import LambdaTargets
from dni_np.rules.rule import FORWARD

GUESS = re.compile(r"unit(\d+)/(model|model_optimizer|waiting)")  # the names of its parts


def check_apart(rule):
    """Refuse a rule whose layers wait for those above them."""
    if isinstance(rule, Chain) and type(rule).step in (Chain.step, LambdaTargets.step):
        return
    name, why = type(rule).__name__, "does not train one unit after another on the way up"
    for who, locks in (("layers are", rule.locks), ("guesses are", rule.guess_locks)):
        above = [lock for lock in locks or () if lock != FORWARD]
        if above:
            why = f"has its workers wait for each other: its {who} {' and '.join(above)} locked"
            break
    raise UserError(
        f"{name} cannot run on several workers, as it {why}; "
        "DNIChain, CompleteUnlock, LocalLosses and NoBackprop can"
    )


def check_split(split, workers, units):
    """How many units each worker has, or () for none given."""
    split = sizes("split", split)
    if workers > units:
        raise UserError(f"{units} units keep 1 to {units} workers busy, not {workers}")
    if split and (len(split) != workers or sum(split) != units):
        raise UserError(
            f"split must give each of {workers} workers some of the {units} units, not {split}"
        )
    return split


def owned(rule, share):
    """What has a state of the units and guesses of a Share, by name."""
    of_units, own = rule.parts_of(share.units), {}
    for name, part in rule.parts_of({*share.units, *share.guesses}).items():
        guess = GUESS.fullmatch(name)
        if int(guess[1]) in share.guesses if guess else name in of_units:
            own[name] = part
    return own


def needs_input(rule, share):
    """Do these units or guesses use the network's input beside what comes from below?"""
    if FORWARD not in rule.locks:
        return True
    units = [*getattr(rule, "units", ()), getattr(rule.loss_unit, "unit", None)]
    own = {*share.units, *share.guesses}
    models = [units[i].synthetic_gradient for i in own if i < len(units) and units[i]]
    return any("input" in sources_of(model) for model in models)


def sources_of(model):
    """What a model of gradients sees; it may see all where it does not say so."""
    model = getattr(model, "model", model)  # beneath pictures of the classes
    return getattr(getattr(model, "conditioning", None), "sources", ("input",))

"""From its name to a rule, for images (and sums): one builder for each."""

import math

from dni_np.errors import UserError
from dni_np.nn.linear import Linear
from dni_np.nn.reshape import Flatten
from dni_np.nn.sequential import Sequential
from dni_np.rules.backprop import Backprop
from dni_np.rules.bp_lambda import BPLambdaNetwork
from dni_np.rules.complete_unlock import UnlockedNetwork
from dni_np.rules.critic import CriticNetwork
from dni_np.rules.direct_feedback_alignment import DirectFeedbackAlignment, random_feedback
from dni_np.rules.dni_chain import DNINetwork
from dni_np.rules.feedback_alignment import FeedbackAlignment
from dni_np.rules.kickback import Kickback
from dni_np.rules.local_losses import LocalLosses
from dni_np.rules.no_backprop import NoBackprop
from dni_np.rules.sparse_updates import SparseDNINetwork
from dni_np.rules.true_targets import TrueTargetNetwork


def refuse(parts, **wrong):
    """Settings that this rule has no form for."""
    for name, value in wrong.items():
        if getattr(parts.settings, name) == value:
            raise UserError(f"the rule {parts.settings.rule} has no form with --{name} {value}: leave it out")


def backprop(parts):
    return Backprop(parts.layers, parts.loss, parts.optimizer)


def none(parts):
    return NoBackprop(parts.cores, parts.loss, parts.optimizer)


def dni(parts):
    """DNI or cDNI: they differ in what a guess sees."""
    kind = TrueTargetNetwork if parts.settings.targets == "true" else DNINetwork
    return kind(parts.units(), parts.head(), parts.dataset.classes)


def bp_lambda(parts):
    refuse(parts, targets="true")
    return BPLambdaNetwork(parts.units(), parts.head(), parts.dataset.classes, parts.settings.lambdas)


def critic(parts):
    refuse(parts, head="synthetic")
    bootstrapped = parts.settings.targets == "bootstrapped"
    return CriticNetwork(parts.critics(), parts.true_head(), parts.dataset.classes, bootstrapped)


def stale(parts):
    kind = TrueTargetNetwork if parts.settings.targets == "true" else DNINetwork
    return kind(parts.stale_units(), parts.true_head(), parts.dataset.classes)


def sparse(parts):
    refuse(parts, targets="true")
    probability = parts.settings.update_probability
    return SparseDNINetwork(parts.units(), parts.head(), parts.dataset.classes, probability, parts.rng)


def unlock(parts):
    refuse(parts, targets="true")
    return UnlockedNetwork(parts.units(), parts.head(), parts.dataset.classes, parts.inputs())


def feedback_alignment(parts):
    return FeedbackAlignment(parts.layers, parts.loss, parts.optimizer, parts.rng)


def direct_feedback_alignment(parts):
    sizes = [math.prod(shape) for shape in parts.shapes()[:-1]]
    feedback = random_feedback(parts.dataset.classes, sizes, parts.rng)
    return DirectFeedbackAlignment(parts.cores, parts.loss, parts.optimizer, feedback)


def kickback(parts):
    return Kickback(parts.cores, parts.loss, parts.optimizer)


def local_losses(parts):
    classes, sizes = parts.dataset.classes, [math.prod(shape) for shape in parts.shapes()[:-1]]
    auxiliaries = [Sequential([Flatten(), Linear(n, classes, parts.rng)]) for n in sizes]
    return LocalLosses(parts.cores, auxiliaries, parts.loss, parts.optimizer)


BUILDERS = {
    "backprop": backprop,
    "dni": dni,
    "cdni": dni,
    "none": none,
    "bp-lambda": bp_lambda,
    "critic": critic,
    "stale": stale,
    "sparse": sparse,
    "unlock": unlock,
    "fa": feedback_alignment,
    "dfa": direct_feedback_alignment,
    "kickback": kickback,
    "local": local_losses,
}

"""The rules for images and sums: a row each, with what builds it (of Parts)."""

from dni_np.experiments.experiment import Row, table
from dni_np.nn.fast.choice import together
from dni_np.rules.backprop import Backprop
from dni_np.rules.bp_lambda import BPLambda
from dni_np.rules.complete_unlock import CompleteUnlock
from dni_np.rules.critic import CriticChain
from dni_np.rules.direct_feedback_alignment import DirectFeedbackAlignment
from dni_np.rules.dni_chain import DNIChain
from dni_np.rules.feedback_alignment import FeedbackAlignment
from dni_np.rules.kickback import Kickback
from dni_np.rules.lambda_targets import LambdaSparse, LambdaTargets, LambdaUnlock
from dni_np.rules.late_targets import LateTargets
from dni_np.rules.local_losses import LocalLosses
from dni_np.rules.no_backprop import NoBackprop
from dni_np.rules.sparse_updates import SparseUpdates
from dni_np.rules.target_guesses import TargetGuesses
from dni_np.rules.true_targets import TrueTargets

DEFAULT = "cdni"
LABEL = ("output", "label")
CRITIC = ("cut_after", "sees", "hidden", "sg_learning_rate", "head_learning_rate")
SEEING = (*CRITIC, "guess", "sg_optimizer", "sg_beta", "ridge")
ON_WORKERS = ("workers", "engine", "split")
APART = (*ON_WORKERS, "staleness")  # of rules that need not be in one place
PIPELINED = (*ON_WORKERS, "micro_batches", "schedule")  # whose workers wait for each other
LATER = ("target_lambda", "late", "late_guess")  # what a target is made of, and when it comes
GUESSED = {"options": (*SEEING, "head", "targets", *LATER, *APART), "measured": "guess"}
CHAINED = {"sees": LABEL, "options": (*SEEING, "head"), "changes": {"targets": "bootstrapped"}}
CRITICAL = {"hidden": (256,), "head": "true", "targets": "true", "sg_optimizer": "same"}


def dni(parts):
    """DNI or cDNI: they differ in what a guess sees."""
    s = parts.settings
    if s.late:
        lambdas = s.target_lambda or (0.0,)
        late = {"late": s.late, "learned_from": s.late_guess}
        return LateTargets(*parts.chain(), lambdas=lambdas, **late)
    rule = mixed(parts, true_or_chained(parts), LambdaTargets)
    if type(rule) is DNIChain:  # nothing it computes of a batch depends on the batch's own updates
        rule.updates = together
    return rule


def sparse(parts):
    return mixed(parts, SparseUpdates, LambdaSparse, parts.probability, parts.rng)


def unlock(parts):
    return mixed(parts, CompleteUnlock, LambdaUnlock, parts.inputs())


def mixed(parts, rule, with_lambdas, *own):
    """`rule`, or `with_lambdas` where targets are a mean of guesses and the true gradient."""
    lambdas = parts.settings.target_lambda
    if any(lambdas):
        return with_lambdas(*parts.chain(), *own, lambdas=lambdas)
    return rule(*parts.chain(), *own)


def stale(parts):
    return true_or_chained(parts)(parts.stale_units(), parts.true_loss_unit(), parts.classes)


def critic(parts):
    chained = parts.settings.targets == "bootstrapped"
    return CriticChain(parts.critics(), parts.true_loss_unit(), parts.classes, chained)


def local_losses(parts):
    cores, *others = parts.of_cores()
    return LocalLosses(cores, parts.classifiers(), *others)


def true_or_chained(parts):
    return TrueTargets if parts.settings.targets == "true" else DNIChain


# fmt: off
RULES = table(
    Row("backprop", "the true gradient for every layer",
        lambda parts: Backprop(*parts.of_layers()), options=PIPELINED, usual=True),
    Row("dni", "a synthetic gradient from the layer's output",
        dni, sees=("output",), usual=True, **GUESSED),
    Row("cdni", "a synthetic gradient from the layer's output and the label",
        dni, sees=LABEL, usual=True, **GUESSED),
    Row("none", "no gradient below the top layer",
        lambda parts: NoBackprop(*parts.of_cores()), options=("cut_after", *APART), usual=True),
    Row("bp-lambda", "a guess and what comes back from above, mixed by lambda",
        lambda parts: BPLambda(*parts.chain(), parts.settings.lambdas),
        own=("lambdas",), like="cdni", measured="arriving", **CHAINED),
    Row("critic", "the slope of a guess of the loss",
        critic, sees=LABEL, options=(*CRITIC, "targets"),
        like="cdni", changes=CRITICAL, measured="guess"),
    Row("stale", "an average of past gradients, of other samples",
        stale, options=("cut_after", "targets", "head_learning_rate"),
        own=("stale_decay",), measured="guess"),
    Row("sparse", "a synthetic gradient, with probability p for each batch and layer",
        sparse, own=("update_probability",), like="cdni", measured="guess",
        **{**CHAINED, "options": (*CHAINED["options"], "target_lambda")}),
    Row("target", "a synthetic gradient, whose target a copy of the next guess makes",
        lambda parts: TargetGuesses(*parts.chain(), parts.settings.target_period),
        sees=LABEL, options=SEEING, own=("target_period",),
        like="cdni", changes={"targets": "bootstrapped", "head": "true"}, measured="guess"),
    Row("unlock", "a synthetic gradient, while it reads a synthetic input",
        unlock, like="cdni", measured="guess",
        **{**CHAINED, "options": (*CHAINED["options"], "target_lambda", *APART)}),
    Row("fa", "the true gradient, sent down through fixed random weights",
        lambda parts: FeedbackAlignment(*parts.of_layers(), parts.rng), measured="arriving"),
    Row("dfa", "the output's error, sent to each layer through fixed random weights",
        lambda parts: DirectFeedbackAlignment(*parts.of_cores(), parts.feedback()),
        options=("cut_after",), measured="arriving"),
    Row("kickback", "the output's error times its influence on the next layer",
        lambda parts: Kickback(*parts.of_cores()), options=("cut_after",), measured="arriving"),
    Row("local", "the loss of a linear classifier of its own",
        local_losses, options=("cut_after", *APART), measured="arriving"),
)
# fmt: on

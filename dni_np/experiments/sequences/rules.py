"""The rules for sequences: a row each, from the name to what builds it.

A builder takes the settings, `network` (core, read-out, loss and their optimizers), `classes`, and
`rng`, which draws the synthetic gradient model.
"""

from dni_np.experiments.experiment import Row, table
from dni_np.experiments.least_squares import optimizer_of_guesses
from dni_np.experiments.options import Only
from dni_np.nn.fast.choice import adam
from dni_np.rules.recurrent.boundary_guesses import BoundaryGuesses
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.dni_aux import ErrorIntoCore, LabeledErrorIntoCore, RecurrentDNIAux
from dni_np.rules.recurrent.dni_trace import DNITrace
from dni_np.rules.recurrent.shared_trace import SharedTrace
from dni_np.rules.recurrent.truncated_bptt import FullBPTT, TruncatedBPTT
from dni_np.rules.recurrent.update_per_sequence import UpdatePerSequence

DEFAULT = "dni"
COPYING = ("copy", "repeat-copy")
SEQUENCES_END = Only("copy and repeat-copy, where sequences end", lambda s: s.task in COPYING)
OF_OPTIMIZER = ("sg_optimizer", "sg_learning_rate", "sg_beta", "ridge", "sees_cell")
OF_TRACE = ("each_boundary", "trace_lambda", "window", "shared_trace")
OF_GUESSES = ("hidden", *OF_OPTIMIZER, "scale", "scaled_target", "error_into_core")


def bptt(settings, network, classes, rng):
    kind = UpdatePerSequence if settings.update == "sequence" else TruncatedBPTT
    return kind(*network)


def full(settings, network, classes, rng):
    return FullBPTT(*network)


def dni(settings, network, classes, rng):
    kind = ErrorIntoCore if settings.error_into_core else RecurrentDNI
    return kind(*network, **_guess(settings, rng))


def dni_aux(settings, network, classes, rng):
    own = {"error_into_core": settings.error_into_core}
    return RecurrentDNIAux(*network, **_guess(settings, rng, parts=4), **own)


def cdni(settings, network, classes, rng):
    kind = LabeledErrorIntoCore if settings.error_into_core else LabeledRecurrentDNI
    own = {"look_ahead": settings.look_ahead, "classes": classes}
    guess = _guess(settings, rng, labels_to_come=settings.look_ahead * classes)
    return kind(*network, **guess, **own)


def dni_trace(settings, network, classes, rng):
    sees = "hc" if settings.sees_cell else "h"
    own = settings.each_boundary, sees
    guesses = BoundaryGuesses(settings.units, optimizer_of_guesses(settings, adam), *own)
    options = {"guesses": guesses, "lam": settings.trace_lambda}
    if settings.shared_trace:
        return SharedTrace(*network, **options)
    return DNITrace(*network, **options, window=settings.window or None)


def _guess(settings, rng, parts=2, **sees):
    """What every rule with a guess asks for."""
    if settings.sees_cell:
        sees["cell"] = settings.units
    guess = state_guess(settings.units, rng, parts, settings.hidden, **sees)
    return {
        "guess": guess,
        "guess_optimizer": optimizer_of_guesses(settings, adam)(guess),
        "scale": settings.scale,
        "scaled_target": settings.scaled_target,
    }


# fmt: off
RULES = table(  # the line without a guess is dashed, as in figure 16
    Row("bptt", "truncated backpropagation through time: nothing from after the chunk",
        bptt, options=("update",), usual=True, line="--"),
    Row("full", "backpropagation through the whole sequence: the ceiling",
        full, only=SEQUENCES_END, line=(0, (1, 1)), marker="v"),
    Row("dni", "a synthetic gradient where the chunk ends, for all that comes after it",
        dni, options=OF_GUESSES, usual=True, marker="s"),
    Row("dni-aux", "the same, and it foresees the synthetic gradient of the next chunk's end",
        dni_aux, options=OF_GUESSES, usual=True, line="-.", marker="^"),
    Row("cdni", "a synthetic gradient from the state and the labels to come (not in the paper)",
        cdni, options=(*OF_GUESSES, "look_ahead"), usual=True, line=":", marker="D"),
    Row("dni-trace", "guesses that learn from all later chunks, by a trace (not in the papers)",
        dni_trace, options=(*OF_OPTIMIZER, *OF_TRACE), only=SEQUENCES_END,
        changes={"hidden": ()}, line=(0, (5, 1)), marker="P"),
)
# fmt: on

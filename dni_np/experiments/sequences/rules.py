"""The rules for sequences: a row each, from the name to what builds it.

A builder takes the settings, `network` (core, read-out, loss and their optimizers), `classes`, and
`rng`, which draws the synthetic gradient model.
"""

from dni_np.experiments.experiment import Row, table
from dni_np.nn.optimizers import Adam
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.dni_aux import ErrorIntoCore, LabeledErrorIntoCore, RecurrentDNIAux
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT

DEFAULT = "dni"
OF_GUESSES = ("hidden", "sg_learning_rate", "scale", "scaled_target", "error_into_core")


def bptt(settings, network, classes, rng):
    return TruncatedBPTT(*network)


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


def _guess(settings, rng, parts=2, **sees):
    """What every rule with a guess asks for."""
    guess = state_guess(settings.units, rng, parts, settings.hidden, **sees)
    return {
        "guess": guess,
        "guess_optimizer": Adam(guess, settings.sg_learning_rate or settings.learning_rate),
        "scale": settings.scale,
        "scaled_target": settings.scaled_target,
    }


# fmt: off
RULES = table(  # the line without a guess is dashed, as in figure 16
    Row("bptt", "truncated backpropagation through time: nothing from after the chunk",
        bptt, line="--"),
    Row("dni", "a synthetic gradient where the chunk ends, for all that comes after it",
        dni, options=OF_GUESSES, marker="s"),
    Row("dni-aux", "the same, and it foresees the synthetic gradient of the next chunk's end",
        dni_aux, options=OF_GUESSES, line="-.", marker="^"),
    Row("cdni", "a synthetic gradient from the state and the labels to come (not in the paper)",
        cdni, options=(*OF_GUESSES, "look_ahead"), line=":", marker="D"),
)
# fmt: on

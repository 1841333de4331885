"""The rules for two networks: a row each, from the name to what builds it.

A builder takes the settings, `networks` (A, B and their optimizers), and `rng`, which draws the
guess.
"""

from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import NORMALIZED, PLAIN, SyntheticGradient
from dni_np.experiments.experiment import Row, table
from dni_np.experiments.least_squares import optimizer_of_guesses
from dni_np.nn.optimizers import Adam
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.rules.two_networks.decoupled_label import DecoupledLabel
from dni_np.rules.two_networks.decoupled_pixels import DecoupledPixels

DEFAULT = "decoupled"
APART = ("workers", "engine", "staleness")  # of rules whose networks need not be in one place
OF_GUESSES = ("hidden", "sg_optimizer", "sg_learning_rate", "sg_beta", "ridge", "factor")


def locked(settings, networks, rng):
    return Locked(*networks)


def decoupled(settings, networks, rng):
    return Decoupled(*networks, *_guess(settings, networks, rng))


def decoupled_label(settings, networks, rng):
    guess, *more = _guess(settings, networks, rng)
    classes = guess.conditioning.widths["count_so_far"]
    return DecoupledLabel(*networks, guess, *more, classes=classes)


def decoupled_pixels(settings, networks, rng):
    return DecoupledPixels(*networks, *_guess(settings, networks, rng, NORMALIZED))


def beside(settings, pixels):
    """{what a guess sees beside the message: how many numbers}; a digit has so many pixels."""
    sees = {
        "decoupled-label": {"count_so_far": settings.unroll * settings.messages + 1},
        "decoupled-pixels": {"pixels": settings.unroll * pixels},
    }
    return sees.get(settings.rule, {})


def _guess(settings, networks, rng, layers=PLAIN):
    """The guess, its optimizer, and the factor before it enters A."""
    a, *_ = networks
    sees = beside(settings, a.pixels)
    conditioning = Conditioning(("output", *sees), settings.units, **sees)
    guess = SyntheticGradient(settings.units, conditioning, rng, settings.hidden, layers=layers)
    return guess, optimizer_of_guesses(settings, Adam)(guess), settings.factor


# fmt: off
RULES = table(
    Row("locked", "the true gradient of every message: A waits until B has been asked",
        locked, line="--"),
    Row("decoupled", "a synthetic gradient when a message is sent: A does not wait",
        decoupled, options=(*OF_GUESSES, *APART), measured="guess"),
    Row("decoupled-label",
        "decoupled, and the guess sees how many threes there were so far (not in the paper)",
        decoupled_label, options=(*OF_GUESSES, *APART), measured="guess", line="-."),
    Row("decoupled-pixels",
        "decoupled, and the guess sees the T digits before the message (not in the paper)",
        decoupled_pixels, options=(*OF_GUESSES, *APART), measured="guess", line=":"),
)
# fmt: on

"""What comes down to the hidden layers in eight rules: a small network for each.

Two hidden layers below a last one and its loss, from the bottom up. All of them go forward alike;
what differs is where the signals come from that layers 1 and 2 learn from.
"""

from typing import NamedTuple

from dni_np.pictures.scene import Box, Route
from dni_np.pictures.style import DNI, FORWARD, OTHERS, TARGET, TRUE

SIZE = 6.2, 8.1
FEEDBACK, GLOBAL, LOCAL = OTHERS[4], OTHERS[3], OTHERS[0]  # through B, of e itself, of a local loss
X, HALF, TALL, ASIDE = 1.7, 0.9, 0.45, 0.45  # the layers' middle, half their width and height
HEIGHTS, LOSS, MODEL, BUS = (1.5, 3.6, 5.7), 7.5, 4.7, 4.4  # of the layers, the loss; along x
UP, DOWN, EDGE = X - ASIDE, X + ASIDE, X + HALF


class Signals(NamedTuple):
    """A rule's picture: title, the signal's formula, boxes and routes beside those of the stack."""

    title: str
    formula: str
    boxes: tuple
    routes: tuple


def stack():
    """The layers, the loss, the ways forward, and the true gradient that the last layer gets."""
    boxes = [Box(X, y, f"layer {k}", 2 * HALF, 2 * TALL) for k, y in enumerate(HEIGHTS, 1)]
    boxes.append(Box(X, LOSS, "loss", 2 * HALF, 2 * TALL))
    feet = [y - TALL for y in (*HEIGHTS, LOSS)]
    routes = [Route(((UP, 0.4), (UP, feet[0])), (FORWARD,), "$x$", (UP - 0.4, 0.55))]
    routes += [Route(((UP, a + 2 * TALL), (UP, b)), (FORWARD,)) for a, b in zip(feet, feet[1:])]
    true = Route(((DOWN, feet[3]), (DOWN, feet[2] + 2 * TALL)), (TRUE,), dashed=True)
    return boxes, [*routes, true]


def down(k, colors, text="", dashed=False):
    """From layer k + 1 straight down to layer k."""
    way = (DOWN, HEIGHTS[k] - TALL), (DOWN, HEIGHTS[k - 1] + TALL)
    return Route(way, colors, text, (DOWN + 0.6, HEIGHTS[k - 1] + 0.75), dashed)


def across(k, color, text=""):
    """From the loss past the layers above to layer k."""
    y = HEIGHTS[k - 1]
    way = (EDGE, LOSS), (BUS, LOSS), (BUS, y), (EDGE, y)
    return Route(way, (color,), text, (BUS - 0.85, y + 0.4))


def beside(k, name, color, labeled):
    """A model beside layer k: its box; the ways there, and what it gives back."""
    y, left = HEIGHTS[k - 1], MODEL - 0.95
    routes = [Route(((EDGE, y + 0.22), (left, y + 0.22)), (FORWARD,))]
    routes.append(Route(((left, y - 0.22), (EDGE, y - 0.22)), (color,)))
    if labeled:
        way = (SIZE[0] - 0.05, y), (left + 1.9, y)
        routes.append(Route(way, (FORWARD,), "$y$", (SIZE[0] - 0.2, y + 0.4)))
    return Box(MODEL, y, name, 1.9, 2 * TALL), routes


def lesson(k):
    """From what comes back through layer k + 1 to the guess of layer k: what it learns from."""
    y, top = HEIGHTS[k - 1] + 1.05, k == 2
    way = (DOWN, HEIGHTS[k] - TALL), (DOWN, y), (MODEL, y), (MODEL, HEIGHTS[k - 1] + TALL)
    return Route(way, (TRUE,) if top else (DNI, TARGET), "", (), top)


def guesses(labeled):
    """Boxes and routes of two synthetic gradients with what they learn from."""
    models = [beside(k, f"guess {k}", DNI, labeled) for k in (1, 2)]
    return [box for box, _ in models], [*sum((way for _, way in models), []), lesson(1), lesson(2)]


def error_signals():
    """{rule: Signals}."""
    mixed = [down(1, (DNI, TARGET), r"$\lambda$"), down(2, (TRUE,), r"$\lambda$", True)]
    local = [beside(k, "classifier", LOCAL, True) for k in (1, 2)]
    found = {
        "backprop": ("backpropagation", r"$\delta_k = \delta_{k+1} J_{k+1} = g_k$", (),
                     [down(k, (TRUE,), f"$W_{k + 1}$", True) for k in (1, 2)]),
        "dni": ("DNI", r"$\delta_k = M_k(h_k)$", *guesses(False)),
        "cdni": ("cDNI", r"$\delta_k = M_k(h_k, y)$", *guesses(True)),
        "bp-lambda": (r"BP($\lambda$)", r"$\delta_k = \lambda\,\delta_{k+1} J_{k+1}"
                      r" + (1 - \lambda)\, M_k$", guesses(True)[0], guesses(True)[1] + mixed),
        "fa": ("feedback alignment", r"$\delta_k = \delta_{k+1} J_{k+1}$, $B$ for $W$", (),
               [down(k, (FEEDBACK,), f"$B_{k + 1}$") for k in (1, 2)]),
        "dfa": ("direct feedback alignment", r"$\delta_k = e\, B_k$", (),
                [across(k, FEEDBACK, f"$e\\,B_{k}$") for k in (1, 2)]),
        "kickback": ("Kickback", r"$\delta_k = s_{k+1} J_{k+1}$, $s$ from $e$", (),
                     [down(2, (TRUE,), "$W_3$", True), across(2, GLOBAL, "$s_2$"),
                      down(1, (GLOBAL,), "$W_2$")]),
        "local": ("local losses", r"$\delta_k = \partial\,\ell(a_k(h_k), y)/\partial h_k$",
                  [box for box, _ in local], sum((way for _, way in local), [])),
    }  # fmt: skip
    return {rule: Signals(*parts) for rule, parts in found.items()}

"""DNI through time: a chunk of three steps that still learns from the future (figure 10)."""

from dni_np.pictures.scene import Box, Route, Scene, Step
from dni_np.pictures.style import BACKPROP, DNI, FORWARD, TARGET

LOW, FOOT = 1.7, 4.95  # the lower edges of the cores, and of what is above them
UP, DOWN, EDGE = LOW + 0.45, LOW + 1.35, LOW + 1.8  # states forward, gradients back, upper edge
CORES, HALF, START, END, ASIDE = (5.1, 7.7, 10.3), 0.8, 1.9, 13.5, 0.45  # along x
LEFT, RIGHT = CORES[0] - HALF, CORES[-1] + HALF


def chunk():
    """{name: Box}, {name: Route}: three times the same core, twice the same synthetic gradient."""
    boxes = {
        "first": Box(START, FOOT + 0.6, "synthetic\ngradient", 2.1, 1.2),
        "last": Box(END, FOOT + 0.6, "synthetic\ngradient", 2.1, 1.2),
    }
    to_past = (START - ASIDE, FOOT), (START - ASIDE, DOWN), (0.2, DOWN)
    to_core = (END - ASIDE, FOOT), (END - ASIDE, DOWN), (RIGHT, DOWN)
    to_first = (LEFT, DOWN), (START + ASIDE, DOWN), (START + ASIDE, FOOT)
    routes = {
        "s0": Route(((0.2, UP), (LEFT, UP)), (FORWARD,), "$s_t$", (0.5, UP - 0.45)),
        "read0": Route(((START, UP), (START, FOOT)), (FORWARD,)),
        "g0": Route(to_past, (DNI,), r"guess $\hat g_t$", (0.7, DOWN + 1.0)),
        "s3": Route(((RIGHT, UP), (14.8, UP)), (FORWARD,), "$s_{t+3}$", (14.4, UP - 0.45)),
        "read3": Route(((END, UP), (END, FOOT)), (FORWARD,)),
        "g3": Route(to_core, (DNI,), r"guess $\hat g_{t+3}$", (END - 1.6, DOWN + 1.0)),
        "through": Route(((RIGHT, DOWN), (LEFT, DOWN)), (DNI, TARGET)),
        "d": Route(to_first, (TARGET,), "target $d_t$", (START + 1.45, DOWN + 1.0)),
    }
    for k, x in enumerate(CORES, 1):
        boxes[f"core {k}"] = Box(x, LOW + 0.9, "core", 2 * HALF)
        boxes[f"loss {k}"] = Box(x, FOOT + 0.3, "loss", 1.3, 0.6)
        label, at = f"$x_{{t+{k}}}$", (x + 0.6, LOW - 0.5)
        routes[f"x{k}"] = Route(((x, LOW - 0.75), (x, LOW)), (FORWARD,), label, at)
        routes[f"up{k}"] = Route(((x - 0.25, EDGE), (x - 0.25, FOOT)), (FORWARD,))
        routes[f"back{k}"] = Route(((x + 0.25, FOOT), (x + 0.25, EDGE)), (BACKPROP,))
        if k < len(CORES):
            routes[f"s{k}"] = Route(((x + HALF, UP), (CORES[k] - HALF, UP)), (FORWARD,))
    return boxes, routes


def each(kind, what="core"):
    """All three cores, or losses, do the same."""
    return {f"{what} {k}": kind for k in (1, 2, 3)}


BACK = ("back1", "back2", "back3", "g3", "through")

THROUGH_TIME = Scene(
    "A chunk of three time steps learns from its losses, and from a guess of all that follow",
    r"$\hat g_t\ \approx\ \partial(L_{t+1} + L_{t+2} + \ldots)/\partial s_t$",
    (15, 6.4),
    *chunk(),
    (
        Step(
            "From the state after the last chunk its gradient was guessed",
            r"$\hat g_t = M(h_t)$",
            {"first": "guess"},
            ("s0", "read0", "g0"),
        ),
        Step(
            "The core goes three time steps forward, each with its loss",
            r"$s_{t+k} = f(x_{t+k}, s_{t+k-1})$",
            each("forward") | each("forward", "loss"),
            ("s0", "x1", "x2", "x3", "s1", "s2", "up1", "up2", "up3"),
        ),
        Step(
            "Where the chunk ends, the gradient of all later losses is guessed",
            r"$\hat g_{t+3} = M(h_{t+3})$",
            {"last": "guess"},
            ("s3", "read3", "g3"),
        ),
        Step(
            "The chunk's losses and a tenth of the guess are backpropagated",
            r"$\delta_{t+3} = \partial L_{t+3}/\partial s_{t+3} + 0.1\ \hat g_{t+3}$",
            each("backward"),
            BACK,
        ),
        Step(
            "What arrives where the chunk begins is the target of the guess there",
            r"$\phi \leftarrow \phi - \beta\ \frac{\partial}{\partial\phi}"
            r"\frac{1}{2}\|\hat g_t - d_t\|^2$",
            {"first": "correct"},
            (*BACK, "d"),
        ),
        Step(
            "The core is updated; the next chunk begins where this one ended",
            r"$\theta \leftarrow \theta - \alpha\ \partial(L_{t+1} + L_{t+2} + L_{t+3}"
            r" + 0.1\ \hat g_{t+3}\cdot s_{t+3})/\partial\theta$",
            each("update"),
            ("s3",),
        ),
    ),
)

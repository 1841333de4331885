"""Complete unlock: no layer waits for the one below either (figure 6).

What layer i goes forward from is guessed, too, by a model of the network's input. Its target is
what layer i - 1 made of its own input.
"""

from dni_np.pictures.scene import Box, Route, Scene, Step
from dni_np.pictures.scenes.layers import ASIDE, BETWEEN, HALF, LAYERS, heights, layers
from dni_np.pictures.style import FORWARD, KINDS, TARGET

LOW, BUS, TOP = (
    3.3,
    0.9,
    2.4,
)  # the layers' lower edge; the height of x, the upper edge of input models
INPUT = KINDS["guess input"]


def with_inputs():
    """The boxes and routes of `layers`, with synthetic inputs in place of the ways between."""
    boxes, routes = layers(LOW)
    up, _, foot = heights(LOW)
    for i, x in enumerate(BETWEEN, 1):
        boxes[f"input {i + 1}"] = Box(x, TOP - 0.6, f"synthetic\ninput {i + 1}", 2.1, 1.2)
        way = (LAYERS[i - 1] + HALF, up), (x, up), (x, foot)
        routes[f"h{i}"] = Route(way, (FORWARD,), f"$h_{i}$", (x - 0.6, up - 0.3))
        del routes[f"read{i}"]
        routes[f"real{i}"] = Route(
            ((x, up), (x, TOP)), (TARGET,), f"target $h_{i}$", (x - 0.85, TOP + 0.4)
        )
        way = (x + ASIDE, TOP), (x + ASIDE, up), (LAYERS[i] - HALF, up)
        routes[f"given{i + 1}"] = Route(way, (INPUT,), rf"guess $\hat h_{i}$", (x + 1.3, TOP + 0.4))
        way = (0.8, up), (0.8, BUS), (x, BUS), (x, TOP - 1.2)
        routes[f"bus{i + 1}"] = Route(way, (FORWARD,))
    return boxes, routes


COMPLETE_UNLOCK = Scene(
    "Guessed inputs and guessed gradients: no layer waits for another",
    r"$\hat h_i\ \approx\ h_i\qquad\hat g_i\ \approx\ \partial L/\partial h_i$",
    (13.2, 8.0),
    *with_inputs(),
    (
        Step(
            "The inputs of layers 2 and 3 are guessed from x, both at once",
            r"$\hat h_1 = I_2(x)\qquad \hat h_2 = I_3(x)$",
            {"input 2": "guess input", "input 3": "guess input"},
            ("x", "bus2", "bus3", "given2", "given3"),
        ),
        Step(
            "All layers go forward at once",
            r"$h_1 = f_1(x)\qquad h_2 = f_2(\hat h_1)\qquad p = f_3(\hat h_2)$",
            {"layer 1": "forward", "layer 2": "forward", "layer 3": "forward"},
            ("x", "given2", "given3", "p"),
        ),
        Step(
            "Their gradients are guessed; the last layer has the true one",
            r"$\hat g_1 = M_1(h_1)\qquad \hat g_2 = M_2(h_2)$",
            {"guess 1": "guess", "guess 2": "guess", "loss": "forward"},
            ("h1", "h2", "g1", "g2", "p", "true"),
        ),
        Step(
            "All layers are updated at once",
            r"$\theta_i \leftarrow \theta_i - \alpha\ \hat g_i\ \partial h_i/\partial\theta_i$",
            {"layer 1": "update", "layer 2": "update", "layer 3": "update"},
            ("g1", "g2", "true"),
        ),
        Step(
            "Each gradient, back through its layer, corrects the guess below",
            r"$d_1 = \hat g_2\ \partial h_2/\partial \hat h_1\qquad "
            r"d_2 = \partial L/\partial p\ \ \partial p/\partial\hat h_2$",
            {"guess 1": "correct", "guess 2": "correct"},
            ("g2", "true", "through2", "through3", "d1", "d2"),
        ),
        Step(
            "What a layer really gives out corrects the guess of it",
            r"$\psi_i \leftarrow \psi_i - \beta\ \frac{\partial}{\partial\psi_i}"
            r"\frac{1}{2}\|\hat h_i - h_i\|^2$",
            {"input 2": "correct input", "input 3": "correct input"},
            ("h1", "h2", "real1", "real2"),
        ),
    ),
)

"""The boxes and routes of three layers with two synthetic gradients, which two scenes share."""

from dni_np.pictures.scene import Box, Route
from dni_np.pictures.style import DNI, FORWARD, TARGET, TRUE

LAYERS, BETWEEN = (
    (2.4, 6.4, 10.4),
    (4.4, 8.4),
)  # along x: layers 1 to 3, and the places between them
HALF, ASIDE = 0.9, 0.5  # half of a layer; from the middle of a place to the arrows at its sides


def heights(low):
    """For layers that stand at `low`: where values go forward, gradients back, guesses begin."""
    return low + 0.45, low + 1.35, low + 3.25


def layers(low):
    """{name: Box}, {name: Route}.

    h1 leaves layer 1, read1 brings it to the synthetic gradient, g1 is the guess, d1 its target;
    through2 is the way of guess 2 through layer 2 into d1.
    """
    up, down, foot = heights(low)
    boxes = {f"layer {i}": Box(x, low + 0.9, f"layer {i}") for i, x in enumerate(LAYERS, 1)}
    boxes["loss"] = Box(12.5, low + 0.9, "loss", 1.0)
    at = 12.1, low + 2.25
    routes = {
        "x": Route(((0.5, up), (1.5, up)), (FORWARD,), "$x$", (0.3, up)),
        "p": Route(((11.3, up), (12.0, up)), (FORWARD,)),
        "true": Route(((12.0, down), (11.3, down)), (TRUE,), r"$\partial L/\partial p$", at, True),
    }
    for i, x in enumerate(BETWEEN, 1):
        top = i == len(BETWEEN)
        right, left = LAYERS[i - 1] + HALF, LAYERS[i] - HALF  # edges of the layers beside
        boxes[f"guess {i}"] = Box(x, foot + 0.6, f"synthetic\ngradient {i}", 2.1, 1.2)
        way = (right, up), (left, up)
        routes[f"h{i}"] = Route(way, (FORWARD,), f"$h_{i}$", (x + 0.6, up - 0.35))
        routes[f"read{i}"] = Route(((x, up), (x, foot)), (FORWARD,))
        way = (x - ASIDE, foot), (x - ASIDE, down), (right, down)
        routes[f"g{i}"] = Route(way, (DNI,), rf"guess $\hat g_{i}$", (x - 1.35, down + 1.3))
        way = (left + 2 * HALF, down), (left, down)
        factor = (
            rf"$\times\,\partial p/\partial h_{i}$"
            if top
            else rf"$\times\,\partial h_{i + 1}/\partial h_{i}$"
        )
        colors = (TRUE,) if top else (DNI, TARGET)
        routes[f"through{i + 1}"] = Route(way, colors, factor, (LAYERS[i], low + 2.25), top)
        way = (left, down), (x + ASIDE, down), (x + ASIDE, foot)
        routes[f"d{i}"] = Route(way, (TARGET,), f"target $d_{i}$", (x + 1.35, down + 1.6), top)
    return boxes, routes

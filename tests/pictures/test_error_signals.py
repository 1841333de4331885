"""The family of rules in one picture: it can be read, and its arrows go where the rules say."""

import pytest
from matplotlib.patches import FancyArrowPatch

from dni_np.errors import UserError
from dni_np.pictures.error_signals import MEANING, error_signals
from dni_np.pictures.scenes import error_signals as scenes
from dni_np.pictures.style import DNI, TARGET, TRUE
from tests.figures import check_figure

RULES = list(scenes.error_signals())


@pytest.mark.parametrize("rules", [None, RULES[:3], RULES[5:6]])
def test_it_can_be_read(rules):
    check_figure(error_signals(rules))


def test_every_rule_has_a_panel_with_all_its_arrows():
    panels = error_signals().axes
    assert len(panels) == len(RULES) == 8
    for axes, rule in zip(panels, RULES):
        arrows = sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches)
        signals = scenes.error_signals()[rule]
        boxes = scenes.stack()[0] + list(signals.boxes)
        assert arrows == len(scenes.stack()[1]) + len(signals.routes)
        assert len(axes.patches) == arrows + len(boxes)


def arriving(rule, k):
    """The last colors of the routes that end at layer k, coming from above or from the side."""
    y, routes = scenes.HEIGHTS[k - 1], scenes.error_signals()[rule].routes
    ends = {(scenes.DOWN, y + scenes.TALL), (scenes.EDGE, y), (scenes.EDGE, y - 0.22)}
    return sorted({route.colors[-1] for route in routes if route.points[-1] in ends})


@pytest.mark.parametrize(
    "rule, colors",
    [
        ("backprop", [TRUE]),
        ("dni", [DNI]),
        ("cdni", [DNI]),
        ("bp-lambda", [TARGET, DNI]),
        ("fa", [scenes.FEEDBACK]),
        ("dfa", [scenes.FEEDBACK]),
        ("kickback", [scenes.GLOBAL]),
        ("local", [scenes.LOCAL]),
    ],
)
def test_layer_1_learns_from_what_the_rule_gives_it(rule, colors):
    assert arriving(rule, 1) == sorted(colors)


def test_what_arrives_at_layer_2_of_kickback_is_the_true_gradient_and_an_error_to_pass_on():
    assert arriving("kickback", 2) == sorted([TRUE, scenes.GLOBAL])


def test_every_color_is_explained():
    shown = {
        color
        for signals in scenes.error_signals().values()
        for route in (*scenes.stack()[1], *signals.routes)
        for color in route.colors
    }
    assert shown == {color for color, _ in MEANING.values()}


@pytest.mark.parametrize("rules", [["sparse"], []])
def test_a_rule_without_a_picture_is_refused(rules):
    with pytest.raises(UserError, match="there is no picture of"):
        error_signals(rules)

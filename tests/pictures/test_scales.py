"""Log axes with a place for 0; titles, legends and colors of one look."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from dni_np.pictures import style
from dni_np.pictures.scales import GivenTicks, axis_from_zero, log_axis, percent_axis
from dni_np.pictures.style import colors_of, curve, finish, legend_beside, lines_of, width_of
from tests.figures import check_figure


def drawn(values, which="y", size=(4, 3)):
    axes = Figure(figsize=size, layout="constrained").subplots()
    places = range(len(values))
    axes.plot(*((places, values) if which == "y" else (values, places)), "o-")
    percent_axis(axes, which=which)
    return axes


def labels(axes, which="y"):
    axes.figure.draw_without_rendering()
    axis = getattr(axes, f"{which}axis")
    low, high = sorted(axis.get_view_interval())
    return [
        tick.get_text()
        for tick, at in zip(axis.get_ticklabels(), axis.get_ticklocs())
        if low <= at <= high
    ]


def test_positive_values_have_a_log_axis_with_round_numbers():
    axes = drawn([2.0, 30.0])
    assert axes.get_yscale() == "log" and labels(axes) == ["2", "5", "10", "20"]
    assert labels(drawn([0.01, 100.0])) == ["0.01", "0.1", "1", "10", "100"]
    assert labels(drawn([91.0, 93.0])) == [
        "91",
        "91.5",
        "92",
        "92.5",
        "93",
    ]  # no power of ten in view


def test_zero_has_its_place_and_its_label():
    for values in ([90.0, 3.0, 0.0], [0.0, 1e-9, 50.0]):
        axes = drawn(values)
        assert labels(axes)[0] == "0" and axes.get_ylim()[0] < 0
        place = axes.transData.transform([(0, value) for value in sorted(values)])[:, 1]
        assert np.isfinite(place).all() and place[1] > place[0] >= axes.bbox.y0
    assert "0.0" in labels(drawn([0.0, 0.0]))


def test_the_scale_goes_by_all_axes_that_share_it():
    one, other = Figure(layout="constrained").subplots(1, 2, sharey=True)
    one.plot([1, 2], [5, 7])
    other.plot([1, 2], [0, 7])
    log_axis(one)
    assert one.get_yscale() == other.get_yscale() == "symlog"
    check_figure(one.figure)


@pytest.mark.parametrize("which", "xy")
@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-15, 1e15)), min_size=1, max_size=5))
def test_any_range_has_readable_numbers(which, values):
    axes = drawn(values, which)
    check_figure(axes.figure)
    shown = labels(axes, which)
    assert len(shown) >= 2 and len(set(shown)) == len(shown)


def test_an_axis_from_zero_keeps_a_curve_at_zero_off_the_frame():
    for values, top in (
        ([0.0, 0.0], 1.0),
        ([0.0, 50.0], 50.0),
        ([1e-12, 1.0000000000000002e-12], 0.0),
    ):
        axes = Figure().subplots()
        axes.plot([1, 2], values)
        axis_from_zero(axes)
        assert axes.get_ylim()[0] < 0 and axes.get_ylim()[1] >= top


def test_given_ticks_are_left_out_where_they_would_touch():
    axes = Figure(figsize=(4, 3), layout="constrained").subplots()
    axes.plot([2, 3, 4, 100], [1, 2, 3, 4])
    axes.xaxis.set_major_locator(GivenTicks([100, 2, 3, 4]))
    check_figure(axes.figure)
    assert labels(axes, "x") == ["2", "100"]


@given(
    st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=300),
    st.floats(20, 900),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_title_is_broken_to_any_width_and_loses_nothing(text, width):
    lines = lines_of(text, width, 12)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width_of(line, 12) <= width or len(line) == 1 for line in lines)


def test_further_lines_make_a_figure_higher_and_a_dollar_is_a_dollar():
    axes = drawn([1.0, 2.0])
    finish(axes.figure, r"$\frac$ " * 20)
    assert axes.figure.get_figheight() > 3 and "$" in axes.figure.get_suptitle()
    check_figure(axes.figure)


def test_a_legend_makes_a_figure_wider():
    axes = drawn([1.0, 2.0])
    for i in range(60):
        axes.plot([0, 1], [1, 2], label=f"a curve with a name, {i}")
    legend_beside(axes.figure, axes)
    assert axes.figure.get_figwidth() > 6
    check_figure(axes.figure)


def test_the_four_rules_have_their_colors_and_no_two_names_share_one():
    colors = colors_of(["none", "backprop-3", "dni", "dni-aux", "cdni-3", "cdni-4"])
    assert list(colors) == ["none", "backprop-3", "dni", "dni-aux", "cdni-3", "cdni-4"]
    assert [colors[name] for name in ("none", "backprop-3", "dni")] == [
        style.NO_GRADIENT,
        style.BACKPROP,
        style.DNI,
    ]
    for n in (3, 12, 40):
        many = colors_of([*"abc", *map(str, range(n)), "dni", "backprop"])
        assert len({tuple(np.atleast_1d(color)) for color in many.values()}) == n + 5


def test_a_value_alone_is_a_dot_and_a_band_alone_a_bar():
    axes = Figure(layout="constrained").subplots()
    nan = float("nan")
    curve(
        axes,
        [1, 2, 3, 4, 5],
        [1, nan, 2, 3, nan],
        ([0.5, nan, 1, 2, nan], [2, nan, 3, 4, nan]),
        color="C1",
    )
    assert axes.lines[0].get_markevery() == [0] and len(axes.collections) == 2
    finish(axes.figure, "alone")
    check_figure(axes.figure)

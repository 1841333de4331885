"""`check_figure` finds what it is for."""

import pytest
from matplotlib.figure import Figure

from tests.figures import check_figure


def axes_of(draw=lambda axes: axes.plot([1, 2, 3], [3, 1, 2], label="curve")):
    axes = Figure(figsize=(4, 3), layout="constrained").subplots()
    draw(axes)
    return axes


def test_a_good_figure_passes():
    axes = axes_of()
    axes.axhline(100, color="0.5")  # a line for the eye may move out of view: no datum
    axes.set(xlabel="step", ylabel="error", title="good", ylim=(0, 4))
    check_figure(axes.figure)


def zero_on_a_log_axis(axes):
    axes.plot([1, 2, 3], [10, 1, 0])
    axes.set_yscale("log")


def nothing_but_zeros_on_a_log_axis(axes):
    axes.plot([1, 2, 3], [0, 0, 0])
    axes.set_yscale("log")


def dots_at_zero_along_a_log_axis(axes):
    axes.scatter([0, 1, 10], [1, 2, 3])
    axes.set_xscale("log")


def bars_longer_than_the_axes(axes):
    axes.barh([1, 2], [3, 5])
    axes.set_xlim(0, 4)


def area_higher_than_the_axes(axes):
    axes.fill_between([1, 2, 3], [1, 1, 1], [2, 9, 2])
    axes.set_ylim(0, 3)


def labels_that_run_together(axes):
    axes.plot([1, 2], [1, 2])
    axes.set_xticks([1, 1.05, 1.1], ["first", "second", "third"])


def axis_without_a_number(axes):
    axes.plot([1, 2], [1, 2])
    axes.set_yticks([])


def legend_over_the_curve(axes):
    axes.plot(range(100), [50] * 100, label="curve")
    axes.set_ylim(0, 100)
    axes.legend(loc="center")


FAULTS = {
    zero_on_a_log_axis: "y = 0 is out of view",
    nothing_but_zeros_on_a_log_axis: "y = 0 is out of view",
    dots_at_zero_along_a_log_axis: "x = 0 is out of view",
    bars_longer_than_the_axes: "cut off",
    area_higher_than_the_axes: "y = 9 is out of view",
    labels_that_run_together: "'first' and 'second' overlap",
    axis_without_a_number: "an axis has no number",
    legend_over_the_curve: "a legend covers curve",
    lambda axes: axes.plot([1], [1]): "has a value alone",
    lambda axes: axes.plot([1, 2, 3], [1, float("nan"), 2]): "has a value alone",
    lambda axes: axes.plot([1, 2], [float("nan")] * 2): "nothing is drawn",
    lambda axes: None: "nothing is drawn",
    lambda axes: axes.axhline(1): "nothing is drawn",
    lambda axes: axes.plot([1, 2], [1, 2]) and axes.set_title("long " * 40): "leaves the canvas",
    lambda axes: (
        axes.plot([1, 2], [1, 2]) and [axes.text(1.2, 1.5, word) for word in "ab"]
    ): "'a' and 'b' overlap",
}


@pytest.mark.filterwarnings("ignore:Data has no positive values")
@pytest.mark.parametrize("draw", FAULTS)
def test_a_fault_is_found(draw):
    with pytest.raises(AssertionError, match=FAULTS[draw]):
        check_figure(axes_of(draw).figure)


def test_a_figure_without_axes_is_empty():
    with pytest.raises(AssertionError, match="empty"):
        check_figure(Figure())

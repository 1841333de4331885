"""A timeline draws its events, all of them and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from dni_np.errors import UserError
from dni_np.pictures.events import Event
from dni_np.pictures.schedule import RULES, schedule
from dni_np.pictures.style import KINDS
from dni_np.pictures.timeline import HEIGHT, timeline
from tests.figures import check_figure


def boxes(axes):
    """{(row, start, stop, color)} of the work drawn; the waiting behind it is hatched."""
    found = set()
    for patch in axes.patches:
        if isinstance(patch, Rectangle) and not patch.get_hatch():
            row = round(patch.get_y() + HEIGHT / 2)
            found.add(
                (
                    row,
                    patch.get_x(),
                    round(patch.get_x() + patch.get_width(), 9),
                    patch.get_facecolor(),
                )
            )
    return found


def wanted(events, until=float("inf")):
    return {
        (event.worker - 1, event.start, min(event.stop, until), to_rgba(KINDS[event.kind]))
        for event in events
        if event.start < until
    }


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.sampled_from(RULES), st.integers(1, 6), st.integers(1, 8), st.integers(1, 60))
def test_boxes_are_the_events_up_to_any_time(rule, layers, batches, until):
    events = schedule(rule, layers, batches)
    figure = timeline({rule: events}, until)
    assert boxes(figure.axes[0]) == wanted(events, min(until, max(event.stop for event in events)))
    check_figure(figure)


def test_numbers_in_the_boxes_are_those_of_the_batches():
    events = schedule("dni", 3, 2)
    axes = timeline({"DNI": events}).axes[0]
    places = {(text.get_position(), text.get_text()) for text in axes.texts}
    assert places == {(((e.start + e.stop) / 2, e.worker - 1), str(e.batch)) for e in events}


def test_titles_say_what_the_events_say():
    plans = {"locked": schedule("locked", 4, 6), "decoupled": schedule("dni", 4, 6)}
    figure = timeline(plans)
    assert figure.get_suptitle() == "6 batches: locked 54, decoupled 32 units of time"
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "locked: done after 54, the workers waited 67 % of it"
    assert (
        timeline(plans, 20).get_suptitle()
        == "Batches done after 20 units of time: locked 2, decoupled 3"
    )


def test_measured_events_with_pauses_sends_and_named_workers():
    """Times that begin anywhere, boxes too narrow for a number, waiting that was written down."""
    events = [
        Event("A", 1, "forward", 100.0, 100.5),
        Event("A", 1, "send", 100.5, 100.5001),
        Event("A", 1, "wait", 100.5001, 103.0),
        Event("B", 1, "forward", 101.0, 103.0),
        Event("B", 1, "update", 103.0, 103.0),  # too short for the clock
    ]
    figure = timeline({"measured": events}, unit="ms")
    check_figure(figure)
    axes = figure.axes[0]
    assert len(boxes(axes)) == 3 and [text.get_text() for text in axes.texts] == ["1", "1"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "B"]


def test_many_workers_many_batches_and_long_names():
    check_figure(
        timeline(
            {"a name " * 20: schedule("dni", 12, 40), "b": schedule("locked", 12, 3, workers=5)}
        )
    )


@pytest.mark.parametrize("plans", [{}, {"empty": []}, {"waits": [Event(1, 1, "wait", 0, 1)]}])
def test_without_work_there_is_no_timeline(plans):
    with pytest.raises(UserError, match="needs events"):
        timeline(plans)


def test_an_unknown_kind_of_work_is_refused():
    with pytest.raises(UserError, match="dance"):
        timeline({"strange": [Event(1, 1, "dance", 0, 1)]})

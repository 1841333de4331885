"""Pictures of measured and of simulated runs: what they show, and that it can be read."""

import pytest
from matplotlib.patches import Rectangle

from dni_np.errors import UserError
from dni_np.pictures.events import Event, window
from dni_np.pictures.measured import measured
from dni_np.pictures.schedule import schedule
from dni_np.pictures.throughput import throughput
from tests.figures import check_figure


def seconds(events, unit=0.0012, start=5000.0):
    """As if measured: times of a clock that began long ago."""
    return [e._replace(start=start + unit * e.start, stop=start + unit * e.stop) for e in events]


def boxes(axes):
    found = [p for p in axes.patches if isinstance(p, Rectangle) and not p.get_hatch()]
    return [(p.get_x(), p.get_x() + p.get_width()) for p in found]


def test_a_few_batches_in_milliseconds_from_0_on():
    events = seconds(schedule("dni", 7, 30, workers=2))
    figure = measured({"cDNI": events}, batches=3)
    check_figure(figure)
    (axes,) = figure.axes
    starts, stops = zip(*boxes(axes))
    assert min(starts) == 0 and axes.get_xlabel() == "ms"
    assert figure.get_suptitle() == f"3 batches, measured: cDNI {max(stops):.3g} ms"


def test_two_runs_beside_each_other_with_one_time():
    rules = {"locked": "locked", "decoupled": "dni"}
    runs = {name: seconds(schedule(rule, 4, 9)) for name, rule in rules.items()}
    figure = measured(runs)
    check_figure(figure)
    assert len(figure.axes) == 2 and figure.axes[0].get_xlim() == figure.axes[1].get_xlim()


def test_a_pause_is_not_what_is_shown():
    events = seconds(schedule("dni", 4, 20))
    events = [e._replace(start=e.start + 9, stop=e.stop + 9) if e.batch > 10 else e for e in events]
    figure = measured({"paused": events})
    assert max(stop for _, stop in boxes(figure.axes[0])) < 9000


def test_work_is_cut_where_the_window_ends():
    events = [Event(1, 1, "forward", 1, 3), Event(2, 2, "forward", 2, 6)]
    events.append(Event(1, 3, "update", 5, 9))
    assert window(events, 2, 1) == [
        Event(1, 1, "forward", 0, 1),
        Event(2, 2, "forward", 0, 4),
        Event(1, 3, "update", 3, 4),
    ]
    with pytest.raises(UserError, match="no work of batch 7"):
        window(events, 7)


def test_too_few_batches_are_refused():
    with pytest.raises(UserError, match="has 2 batches"):
        measured({"short": schedule("dni", 2, 2)}, batches=3)


WORKERS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000]


def test_throughput_says_that_it_is_simulated_and_from_where_on_decoupled_workers_are_faster():
    results = {
        "decoupled": [n / 2 for n in WORKERS],
        "1F1B": [n / (1 + n / 32) for n in WORKERS],
        "fill and drain": [n / (1 + n / 30) for n in WORKERS],
        "backpropagation": [1.0] * len(WORKERS),
        "ideal": WORKERS,
    }
    figure = throughput(WORKERS, results, "1000 layers, staleness 4, 32 micro-batches")
    check_figure(figure)
    title = "Simulated: decoupled workers are faster from 64 on (1000 layers"
    assert figure.get_suptitle().replace("\n", " ").startswith(title)
    (axes,) = figure.axes
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert lines == results


@pytest.mark.parametrize(
    "decoupled, title",
    [
        ([1, 1, 1], "not faster with up to 4"),
        ([3, 5, 9], "from 1 on"),
        ([1, 5, 3], "with 4 workers decoupled ones are not faster"),
    ],
)
def test_other_findings(decoupled, title):
    figure = throughput([1, 2, 4], {"decoupled": decoupled, "1F1B": [2, 3, 4]})
    assert title in figure.get_suptitle()
    check_figure(figure)


def test_one_number_of_workers_is_drawn_too():
    check_figure(throughput([2], {"decoupled": [3.0], "ideal": [4.0]}))


def test_lines_without_all_their_numbers_are_refused():
    with pytest.raises(UserError, match="each number of workers"):
        throughput([1, 2], {"decoupled": [1.0]})

"""A trace is what Perfetto reads, and gives the events back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.errors import UserError
from dni_np.parallel.events import KINDS
from dni_np.parallel.trace import load, save, to_chrome
from dni_np.pictures.events import Event

EVENTS = [
    Event(1, 1, "forward", 10.0, 10.001, 1),
    Event(1, 1, "send", 10.001, 10.0015),
    Event(2, 1, "wait", 10.0, 10.002),
    Event(2, 1, "correct", 10.002, 10.004, 3),
]
TIMES = st.floats(0, 1e6)


def test_a_row_for_each_worker_and_microseconds(tmp_path):
    save(EVENTS, tmp_path / "trace.json", {"data": "made up"})
    whole = json.loads((tmp_path / "trace.json").read_text())
    assert whole["otherData"] == {"data": "made up"} and whole["displayTimeUnit"] == "ms"
    names = [one for one in whole["traceEvents"] if one["ph"] == "M"]
    rows = [(one["tid"], one["args"]["name"]) for one in names]
    assert rows == [(1, "worker 1"), (2, "worker 2")]
    boxes = {one["name"]: one for one in whole["traceEvents"] if one["ph"] == "X"}
    assert set(boxes) == {"forward 1", "send", "wait", "correct 3"}
    box = boxes["correct 3"]
    assert box["ts"] == pytest.approx(10_002_000) and box["dur"] == pytest.approx(2000)
    assert (box["pid"], box["tid"], box["cat"]) == (1, 2, "correct")
    assert box["args"] == {"worker": 2, "batch": 1, "layer": 3}


def test_what_the_format_demands_of_each_event():
    for one in to_chrome(EVENTS)["traceEvents"]:
        assert type(one["pid"]) is type(one["tid"]) is int and type(one["name"]) is str
        assert one["ph"] == "M" or one["ts"] >= 0 <= one["dur"]


@given(
    st.lists(
        st.builds(
            lambda worker, batch, kind, start, long, layer: Event(
                worker, batch, kind, start, start + long, layer
            ),
            st.integers(1, 12) | st.sampled_from("AB"),
            st.integers(1, 10**6),
            st.sampled_from(KINDS),
            TIMES,
            st.floats(0, 100),
            st.integers(0, 99),
        )
    )
)
def test_round_trip(tmp_path_factory, events):
    path = tmp_path_factory.mktemp("trace") / "trace.json"
    save(events, path)
    found, about = load(path)
    wanted = sorted(events, key=lambda event: event.start)
    assert about == {}
    key = lambda event: (str(event.worker), *event[1:3], event.layer, event.start)  # noqa: E731
    for one, other in zip(sorted(found, key=key), sorted(wanted, key=key), strict=True):
        assert one[:3] == other[:3] and one.layer == other.layer
        assert one.start == pytest.approx(other.start, abs=1e-9)
        assert one.stop == pytest.approx(other.stop, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"traceEvents": 3}', '{"traceEvents": [{"ph": "X"}]}', "\x00", "[" * 10**5],
    ids=range(7),
)
def test_another_file_is_refused_by_name(tmp_path, text):
    (tmp_path / "notes.json").write_text(text)
    with pytest.raises(UserError, match="notes.json is damaged"):
        load(tmp_path / "notes.json")


@pytest.mark.parametrize("field, value", [("ts", "now"), ("dur", -1), ("ts", float("nan"))])
def test_times_that_are_none_are_refused(tmp_path, field, value):
    whole = to_chrome(EVENTS)
    whole["traceEvents"][-1][field] = value
    (tmp_path / "trace.json").write_text(json.dumps(whole))
    with pytest.raises(UserError, match="trace.json is damaged"):
        load(tmp_path / "trace.json")


def test_no_file_and_no_place(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path / "none.json")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        save(EVENTS, tmp_path / "file" / "trace.json")


def test_a_trace_that_cannot_be_written_leaves_the_one_before(tmp_path):
    save(EVENTS, tmp_path / "trace.json")
    with pytest.raises(ValueError):
        save([Event(1, 1, "forward", 0.0, float("nan"))], tmp_path / "trace.json")
    assert len(load(tmp_path / "trace.json")[0]) == 4 and len(list(tmp_path.iterdir())) == 1

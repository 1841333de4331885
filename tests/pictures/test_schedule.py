"""A timetable keeps every dependency and wastes no time; its work is that of the rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.experiments.feedforward.build import build_rule
from dni_np.experiments.feedforward.settings import Settings
from dni_np.pictures.events import Event, batches_done, idle_share, span
from dni_np.pictures.schedule import KINDS, RULES, Task, dependencies, schedule

# In quarters, so that sums of times are exact.
TIMES = st.integers(0, 12).map(lambda quarters: quarters / 4)


@st.composite
def cases(draw):
    layers = draw(st.integers(1, 5))
    return {
        "rule": draw(st.sampled_from(RULES)),
        "layers": layers,
        "batches": draw(st.integers(1, 5)),
        "workers": draw(st.none() | st.integers(1, layers)),
        "costs": draw(st.dictionaries(st.sampled_from(KINDS), TIMES)),
        "delay": draw(TIMES),
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_every_dependency_is_kept_and_nobody_waits_without_a_reason(case):
    events = schedule(**case)
    needs = dependencies(case["rule"], case["layers"], case["batches"])
    done = {Task(event.kind, event.layer, event.batch): event for event in events}
    assert len(done) == len(events) == len(needs)  # all the work, each piece once
    assert [event.start for event in events] == sorted(event.start for event in events)
    ready = {}
    for task, before in needs.items():
        event = done[task]
        assert event.stop - event.start == case["costs"].get(task.kind, 1)
        arrivals = [
            done[need].stop + case["delay"] * (done[need].worker != event.worker) for need in before
        ]
        ready[task] = max(arrivals, default=0)
        assert event.start >= ready[task]
    for worker in {event.worker for event in events}:
        own = [event for event in events if event.worker == worker]
        for one, following in zip(own, own[1:]):
            assert one.stop <= following.start  # one thing at a time
        edges = [0, *(event.stop for event in own)]
        for event in own:  # it begins when it is ready, or when the worker is free
            assert (
                event.start == ready[Task(event.kind, event.layer, event.batch)]
                or event.start in edges
            )


def test_layers_are_dealt_out_to_workers_as_neighbors():
    owner = {event.layer: event.worker for event in schedule("dni", 5, 1, workers=2)}
    assert owner == {1: 1, 2: 1, 3: 1, 4: 2, 5: 2}


def test_a_batch_takes_2n_plus_1_units_locked_and_5_decoupled():
    for layers in (3, 4, 8):
        locked, dni = ([schedule(rule, layers, n) for n in (20, 30)] for rule in ("locked", "dni"))
        assert span(locked[1])[1] - span(locked[0])[1] == 10 * (2 * layers + 1)
        assert span(dni[1])[1] - span(dni[0])[1] == 10 * 5


def test_one_worker_does_all_work_without_a_pause():
    for rule in RULES:
        events = schedule(rule, 4, 3, workers=1)
        assert idle_share(events) == 0 and span(events)[1] == len(events)


def test_idle_time_and_batches_done():
    events = [
        Event("a", 1, "forward", 2, 4),
        Event("a", 1, "wait", 4, 6),
        Event("b", 1, "send", 5, 6),
    ]
    assert span(events) == (2, 6) and idle_share(events) == 1 - 3 / 8
    assert [batches_done(events, until) for until in (5, 6)] == [0, 1]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"rule": "sgd"}, "no timetable for 'sgd'"),
        ({"layers": 0}, "a layer and a batch"),
        ({"workers": 5}, "not 5"),
        ({"costs": {"guess": -1}}, "negative"),
        ({"costs": {"gues": 1}}, "costs for gues"),
    ],
)
def test_mistakes_are_named(arguments, words):
    with pytest.raises(UserError, match=words):
        schedule(**{"rule": "dni", "layers": 4, "batches": 2, **arguments})


def carry_out(events, network, batches):
    """Do the work event by event, with the parts of a chain of the package."""
    contexts = [network.context(*batch) for batch in batches]
    h = {(0, n): x for n, (x, _) in enumerate(batches)}
    given_input, gradient, back, caches = {}, {}, {}, {}
    for event in events:
        k, n, top = event.layer, event.batch - 1, len(network.cores)
        (x, y), core, head = batches[n], network.cores[k - 1], network.loss_unit
        unit = network.units[k - 1] if k < top else None
        if event.kind == "guess input":
            given_input[k, n] = network.inputs[k - 2].guess(x, contexts[n])
        elif event.kind == "forward":
            h[k, n], caches[k, n] = core.forward(given_input.get((k, n), h.get((k - 1, n))))
        elif event.kind == "guess":
            gradient[k, n] = unit.guess(h[k, n], contexts[n])
        elif event.kind == "backward":
            d = gradient[k, n] if unit else head.loss(h[k, n], y)[1]
            back[k, n] = core.backward(d, caches[k, n], input_gradient=k > 1)
        elif event.kind == "update":
            (unit.core_optimizer if unit else head.optimizer).step()
        elif event.kind == "correct":
            unit.update_synthetic_weights(back[k + 1, n])
        elif event.kind == "correct input":
            network.inputs[k - 2].learn(h[k - 1, n])


@pytest.mark.parametrize("rule, name", [("dni", "cdni"), ("unlock", "unlock")])
def test_work_in_the_order_of_the_timetable_trains_the_same_network_to_the_bit(rule, name):
    rng = np.random.default_rng(0)
    x, y = rng.random((320, 20), np.float32), rng.integers(0, 10, 320)
    data = Dataset("noise", x, y, x, y, 10)
    batches = [(x[i : i + 16], y[i : i + 16]) for i in range(0, 320, 16)]
    chosen = Settings(rule=name, layers=4, width=8, sees=("output", "label"), batch_size=16)
    ours, theirs = (build_rule(chosen, data, np.random.default_rng(1)) for _ in range(2))
    carry_out(schedule(rule, 4, len(batches)), ours, batches)
    for batch in batches:
        theirs.step(*batch)
    state = theirs.state()
    assert all(np.array_equal(array, state[part]) for part, array in ours.state().items())

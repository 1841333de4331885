"""A rule waits for what it says that it waits for, and needs the memory it is said to need."""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy, using
from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_loop, build_rule
from dni_np.experiments.costs import Costs, costs
from dni_np.experiments.feedforward.overview import Line, overview
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings
from dni_np.rules.rule import BACKWARD, FORWARD, LOCKS, UPDATE
from dni_np.training.memory import peak_memory
from tests.figures import check_figure

RNG = np.random.default_rng(0)
X, Y = RNG.random((40, 64), np.float32), RNG.integers(0, 10, 40)
DATA = Dataset("noise", X, Y, X, Y, 10)


def build(rule, **changes):
    hidden = (4,) if rule == "critic" else ()
    sees = RULES[rule].sees or ("output",)
    return build_rule(
        Settings(rule=rule, layers=4, width=6, sees=sees, hidden=hidden, **changes),
        DATA,
        np.random.default_rng(0),
    )


def learned(part, rule_name, disturb=None, **changes):
    """What `part(rule)` has learned in one step after five, which `disturb(rule)` may precede."""
    rule = build(rule_name, batch_size=len(X), update_probability=1.0, **changes)
    for _ in range(5):  # guesses are zero at first
        rule.step(asarray(X), asarray(Y))
    if disturb is not None:
        disturb(rule)
    params = part(rule).params.values()
    before = [to_numpy(value).copy() for value in params]
    rule.step(asarray(X), asarray(Y))
    return np.concatenate([(to_numpy(p) - b).ravel() for p, b in zip(params, before)])


def core(index):
    return lambda rule: rule.cores[index]


def guess(index):
    return lambda rule: rule.units[index].synthetic_gradient


def double(core_index):
    def disturb(rule):
        for value in rule.cores[core_index].params.values():
            value *= 2
            value += 0.5

    return disturb


def answer_nonsense(core_index):
    """What goes back through this core is the opposite of what should."""

    def disturb(rule):
        core = rule.cores[core_index]
        backward = core.backward

        def lying(*arguments, **options):
            dx = backward(*arguments, **options)
            return None if dx is None else -3 * dx

        core.backward = lying

    return disturb


TRUE = {"targets": "true"}
FORMS = [
    *((name, {}) for name in RULES),
    ("bp-lambda", {"lambdas": (0.0,)}),
    ("cdni", {"sg_optimizer": "rls"}),
    *((name, {"target_lambda": (0.5,)}) for name in ("dni", "cdni", "sparse", "unlock")),
    *((name, {"target_lambda": (0.5, 0.0, 0.0)}) for name in ("cdni", "unlock")),
    ("target", {"target_period": 4}),  # in the step that is measured no copy is refreshed
    *((name, TRUE) for name in ("dni", "cdni", "stale", "critic")),
]


def waits_for(name, changes, lowest, highest):
    """Locks, found by disturbing each place; from the `highest` or `lowest` part."""
    disturbances = {
        FORWARD: (highest, double(0)),
        UPDATE: (lowest, double(3)),
        BACKWARD: (lowest, answer_nonsense(2)),
    }
    return tuple(
        lock
        for lock, (part, disturb) in disturbances.items()
        if not np.array_equal(
            learned(part, name, **changes), learned(part, name, disturb, **changes)
        )
    )


@pytest.mark.parametrize("name, changes", FORMS)
def test_layers_wait_for_what_the_rule_says(name, changes, backend_put_back):
    with using("numpy"):
        assert build(name, **changes).locks == waits_for(name, changes, core(0), core(3))


@pytest.mark.parametrize("name, changes", FORMS)
def test_guesses_wait_for_what_the_rule_says(name, changes, backend_put_back):
    with using("numpy"):
        rule = build(name, **changes)
        if not hasattr(rule, "units"):
            assert rule.guess_locks is None
        else:
            assert rule.guess_locks == waits_for(name, changes, guess(0), guess(2))


def test_true_targets_make_the_guesses_wait_for_a_whole_backpropagation():
    rule = build("cdni", **TRUE)
    assert (rule.locks, rule.guess_locks) == ((FORWARD,), LOCKS)


def test_memory_is_the_most_that_was_held_at_once(backend_put_back):
    def work():
        a = np.zeros(1_000_000, np.uint8)
        del a
        b = np.zeros(3_000_000, np.uint8)
        kept.append(b[:10])

    kept = []
    with using("numpy"):
        assert 3_000_000 <= peak_memory(work) < 3_100_000


def test_memory_on_a_gpu_is_what_its_pool_grew_by(backend_put_back):
    class Pool:
        held = 500

        def free_all_blocks(self):
            self.held = 100

        def total_bytes(self):
            return self.held

    class Device:
        pool = Pool()

        def get_default_memory_pool(self):
            return self.pool

    with using(Device()):
        assert peak_memory(lambda: setattr(Device.pool, "held", 350)) == 250


def of(rule, **changes):
    settings = Settings(rule=rule, data="noise", hidden=(4,) if rule == "critic" else (), **changes)
    return costs(build_loop, settings, DATA)


def test_wider_networks_cost_more(backend_put_back):
    with using("numpy"):
        small, large = (of("cdni", width=width, batch_size=20) for width in (10, 200))
    assert small.locks == large.locks == (FORWARD,)
    # Three weight matrices; each has a gradient and two moments.
    assert large.megabytes > 4 * 4 * (64 * 200 + 200 * 200 + 200 * 10) / 1e6 > small.megabytes


def test_feedback_alignment_costs_its_feedback(backend_put_back):
    with using("numpy"):
        backprop, fa = (of(rule, width=200, batch_size=20).megabytes for rule in ("backprop", "fa"))
    feedback = 4 * (200 * 200 + 200 * 10) / 1e6
    assert feedback * 0.9 < fa - backprop < feedback * 3  # B is drawn in float64 first


def test_sums_are_drawn_by_each_run_and_not_counted(backend_put_back):
    with using("numpy"):
        found = costs(
            build_loop,
            Settings(
                task="addition", data="addition", bits=4, examples=50, widths=(5,), batch_size=10
            ),
            None,
        )
    assert found.megabytes is None and found.locks == (FORWARD,)


def test_cells_of_the_table():
    every = "forward, update, backward"
    assert Costs(15.26, LOCKS).cells() == {"MB": "15", "locked": every, "guesses locked": "-"}
    assert Costs(3.14, (), ()).cells() == {"MB": "3.1", "locked": "no", "guesses locked": "no"}
    assert Costs(None, (FORWARD,), LOCKS).cells() == {"locked": "forward", "guesses locked": every}


def line(name, tests, **values):
    return Line(
        **{
            "name": name,
            "test_errors": tests,
            "train_error": 0.0,
            "cosines": [],
            "seconds": 3,
            "megabytes": 10,
            "locks": (),
            **values,
        }
    )


def test_the_overview_orders_rules_by_their_error():
    lines = [
        line("worse", [5.0, 7.0], locks=LOCKS),
        line(
            "better",
            [1.0, 2.0],
            seconds=30,
            megabytes=1,
            cosines=[0.2, -0.9],
            guess_locks=(FORWARD,),
        ),
    ]
    errors, cosines, seconds, memory, locks, guess_locks = overview(lines, "title").axes
    assert [label.get_text() for label in errors.get_yticklabels()] == ["better", "worse"]
    assert [len(dots.get_offsets()) for dots in cosines.collections] == [
        2,
        0,
    ] and cosines.get_xlim()[0] < -0.9
    assert [bar.get_width() for bar in seconds.patches] == [30, 3]
    assert [bar.get_width() for bar in memory.patches] == [1, 10]
    assert [filled(square) for square in locks.collections] == [False] * 3 + [True] * 3
    # the worse one guesses nothing: it has no squares there
    assert [filled(square) for square in guess_locks.collections] == [True, False, False]


def filled(square):
    return len(square.get_facecolor()) > 0


def test_the_overview_shows_rules_without_errors_and_leaves_out_memory_that_is_not_known():
    axes = overview([line("perfect", [0.0, 0.0], megabytes=None)], "title").axes
    assert len(axes) == 5
    check_figure(axes[0].figure)  # on a log scale a 0 would have no place


def test_what_is_measured_is_what_layers_learn_from(backend_put_back):
    with using("numpy"):
        for rule, changes, true in (
            ("bp-lambda", {"lambdas": (1.0,)}, True),
            ("bp-lambda", {"lambdas": (0.0,)}, False),
            ("fa", {}, False),
        ):
            settings = Settings(
                rule=rule, layers=4, width=6, data="noise", batch_size=20, **changes
            )
            loop = build_loop(settings, DATA)
            for _ in range(5):
                loop._one_step()
            cosines = [
                float(value)
                for name, value in loop.measure(loop.rule).items()
                if name.startswith("cosine")
            ]
            assert len(cosines) == 3 and all(abs(cosine - 1) < 1e-6 for cosine in cosines) == true

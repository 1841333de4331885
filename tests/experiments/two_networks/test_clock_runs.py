"""Runs of two networks:

they learn, they resume bit for bit, rules differ only where they should.
"""

import numpy as np
import pytest

from dni_np.analysis.message_probe import message_gradients
from dni_np.errors import UserError
from dni_np.experiments.two_networks.build import build_loop, memory
from dni_np.experiments.two_networks.recipes import RECIPES
from dni_np.experiments.two_networks.rules import RULES as ALL_RULES, beside
from dni_np.experiments.two_networks.settings import TwoNetworksSettings
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.rules.two_networks.decoupled_label import DecoupledLabel
from dni_np.rules.two_networks.decoupled_pixels import DecoupledPixels
from tests.experiments.sequences.small_runs import assert_same_run, finish
from tests.experiments.two_networks.small_runs import DIGITS, RULES, loop_of, small
from tests.interrupting import interrupt_after


def test_every_rule_is_tested_here():
    assert set(RULES) == set(ALL_RULES)


@pytest.mark.parametrize("changes", [{}, {"sg_optimizer": "rls", "hidden": ()}], ids=["", "rls"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("stop_at", [1, 7, 11])  # before, at and after a measurement
def test_resumed_equals_uninterrupted(stop_at, rule, changes, tmp_path, monkeypatch):
    settings = small(rule, decay_at=(0.6,), **changes)
    whole = loop_of(settings)
    first = loop_of(settings, tmp_path)
    interrupt_after(first, stop_at, monkeypatch)
    second = loop_of(settings, tmp_path)
    second.resume()
    assert_same_run(finish(second), finish(whole))
    assert second.rng.bit_generator.state == whole.rng.bit_generator.state


@pytest.mark.parametrize("rule", RULES)
def test_both_networks_learn(rule):
    rows = finish(
        loop_of(
            small(
                rule,
                units=24,
                hidden=(24,),
                batch_size=32,
                steps=500,
                evaluate_every=100,
                learning_rate=3e-3,
            )
        )
    )[0]
    assert rows[-1]["streams"] == 500 * 32
    assert rows[-1]["test_odd_error"] < 5
    assert rows[-1]["test_threes_error"] < 15


@pytest.mark.parametrize("rule", RULES)
def test_rates_fall_at_a_share_of_the_run(rule):
    """A makes several updates a step, B one: both slow down in the middle of the run."""
    loop = loop_of(small(rule, ticks=4, decay_at=(0.5,), learning_rate=1e-2))
    rates = {}
    for step in range(12):
        rates[step] = [
            optimizer.learning_rate for optimizer in (loop.rule.optimizer_a, loop.rule.optimizer_b)
        ]
        loop._one_step()
    assert rates[0] == rates[9] == [1e-2] * 2
    assert rates[10] == rates[11] == pytest.approx([1e-3] * 2)


@pytest.mark.parametrize("other_rule", RULES[1:])
def test_all_rules_begin_alike_and_see_the_same_digits(other_rule):
    locked, decoupled = loop_of(small("locked")), loop_of(small(other_rule))
    for part in ("a", "b"):
        one, other = (getattr(loop.rule, part).state() for loop in (locked, decoupled))
        assert one.keys() == other.keys() and all(
            np.array_equal(one[name], other[name]) for name in one
        )
    seen = []
    for loop in (locked, decoupled):
        step = loop.rule.step
        loop.rule.step = lambda chunks, step=step: seen.append(chunks) or step(chunks)
        loop._one_step()
    assert all(np.array_equal(a.x, b.x) for a, b in zip(*seen, strict=True))


def test_a_probe_changes_nothing():
    settings = small(steps=9, evaluate_every=2)
    probed, plain = loop_of(settings), loop_of(settings)
    plain.measure = None
    with_probe, without = finish(probed), finish(plain)
    assert [row.pop("cosine") for row in with_probe[0]] and all(
        "cosine" not in row for row in without[0]
    )
    assert all(np.array_equal(with_probe[1][name], without[1][name]) for name in without[1])


@pytest.mark.parametrize("rule", RULES[1:])
def test_the_probe_sees_what_the_guess_sees_and_learns_from(rule):
    loop = loop_of(
        small(rule, learning_rate=1e-12)
    )  # nothing moves, so that a step sees the same networks
    chunks, learned_from = loop.task.on_device([loop.task.source.next() for _ in range(2)]), []
    train_guess = loop.rule.train_guess
    loop.rule.train_guess = lambda *given: learned_from.append(given[2]) or train_guess(*given)
    seen, join = [], loop.rule.guess.conditioning.join

    def watch(h, context):
        seen.append(join(h, context))
        return join(h, context)

    loop.rule.guess.conditioning.join = watch
    guess, true = message_gradients(loop.rule, chunks)
    loop.rule.step(chunks)
    np.testing.assert_allclose(true, learned_from[0], atol=1e-6)
    np.testing.assert_allclose(seen[0], seen[-1], atol=1e-6)  # all ticks at once, both times
    assert np.abs(true).max() > 1e-4 and guess.shape == true.shape == (2, 5, 6)


def test_the_probe_gives_the_cosine_of_any_guess():
    rows = []
    for sign in (1, -1):
        loop = loop_of(small())
        true = message_gradients(loop.rule, loop.task.on_device(probe_streams(loop)))[1]
        loop.rule.guess.forward = lambda *_, true=true, sign=sign: (sign * true, None)
        rows.append(loop.measure(loop.rule))
    assert float(rows[0]["cosine"]) == pytest.approx(1, abs=1e-5) and float(
        rows[1]["cosine"]
    ) == pytest.approx(-1, abs=1e-5)


def probe_streams(loop):
    """The streams that the loop's probe has drawn."""
    from dni_np.data.odd_and_threes import OddAndThrees
    from dni_np.experiments.two_networks.build import PROBE_SEED, PROBE_STREAMS

    source = OddAndThrees(
        DIGITS.x_train, DIGITS.y_train, PROBE_STREAMS, 2, np.random.default_rng(PROBE_SEED)
    )
    return [source.next() for _ in range(2)]


def test_settings_reach_the_rule():
    rule = loop_of(small(factor=3.0, sg_learning_rate=0.25, ticks=4, decay_at=(0.5,))).rule
    assert type(rule) is Decoupled and type(loop_of(small("locked")).rule) is Locked
    assert type(loop_of(small("decoupled-label")).rule) is DecoupledLabel
    assert type(loop_of(small("decoupled-pixels")).rule) is DecoupledPixels
    assert (rule.factor, rule.guess_optimizer.learning_rate) == (3.0, 0.25)
    assert rule.b.core.max_steps == 4 and rule.a.core.max_steps == 8
    for hidden, sizes in (
        ((), [(6, 6)]),
        ((4,), [(6, 4), (4, 6)]),
        ((4, 3), [(6, 4), (4, 3), (3, 6)]),
    ):
        guess = loop_of(small(hidden=hidden)).rule.guess
        assert [layer.params["W"].shape for layer in guess.leaves() if "W" in layer.params] == sizes
    assert loop_of(small()).rule.guess_optimizer.learning_rate == 0.01  # 0: the same
    fitted = small(sg_optimizer="rls", hidden=(), sg_beta=0.5, ridge=0.1)
    optimizer = loop_of(fitted).rule.guess_optimizer
    assert (type(optimizer), optimizer.beta, optimizer.ridge) == (RecursiveLeastSquares, 0.5, 0.1)


@pytest.mark.parametrize("rule", RULES[1:])
def test_memory_is_asked_for_all_that_a_guess_sees(rule):
    settings = small(rule)
    first = next(leaf for leaf in loop_of(settings).rule.guess.leaves() if "W" in leaf.params)
    counted = sum(beside(settings, DIGITS.x_train.shape[1]).values())
    assert len(first.params["W"]) == settings.units + counted


def test_memory_is_asked_for_the_digits_that_wait_beside_their_messages():
    """Twice: as they wait, and joined with the messages when the gradients are there."""
    asked = [memory(small(rule, batch_size=4000), DIGITS) for rule in ("decoupled", RULES[-1])]
    settings = small(batch_size=4000)
    numbers = 2 * 4000 * settings.messages * settings.unroll * DIGITS.x_train.shape[1]
    name = ("batch_size", "unroll")
    assert RULES[-1] == "decoupled-pixels" and asked[1][name] - asked[0][name] == 4 * numbers


def test_factor_0_is_a_network_a_that_learns_nothing_from_b():
    """A moves on its own loss alone: whatever the guess says changes nothing."""
    one, other = (loop_of(small(factor=0.0, sg_learning_rate=rate)) for rate in (1e-3, 1e-1))
    states = [finish(loop)[1] for loop in (one, other)]
    names = [name for name in states[0] if name.startswith(("a/", "b/"))]
    assert names and all(np.array_equal(states[0][name], states[1][name]) for name in names)
    assert any(
        not np.array_equal(states[0][name], states[1][name])
        for name in states[0]
        if name.startswith("guess/")
    )


def test_the_papers_recipe():
    """Jaderberg et al. 2017, section D.3."""
    settings = RECIPES["two-clocks-paper"].settings("decoupled")
    assert (settings.units, settings.learning_rate, settings.sg_learning_rate, settings.factor) == (
        256,
        1e-5,
        0.0,
        10.0,
    )
    assert settings.hidden == (256,)
    assert settings.decay_at == () and settings.messages == settings.unroll


MISTAKES = {
    "rule": ({"rule": "dni"}, "--rule is dni: it must be one of locked, decoupled"),
    "unroll": ({"unroll": 0}, "--unroll is 0: it must be from 1 to 1000"),
    "ticks": ({"ticks": -1}, "--ticks is -1: it must be from 1 to 1000, or 0 for as many as T"),
    "hidden": ({"hidden": (0,)}, "--hidden is 0: it must be sizes of at least 1"),
    "batch": ({"batch_size": 1}, "--batch-size is 1: it must be at least 2"),
    "steps": ({"steps": 0}, "--steps is 0: it must be at least 1"),
    "rate": ({"learning_rate": float("nan")}, "--learning-rate is nan: it must be a finite number"),
    "factor": (
        {"factor": -1.0},
        "--factor is -1.0: it must be positive, or 0 for no gradient from B",
    ),
    "decay": ({"decay_at": (2.0,)}, "--decay-at is 2.0: it must be shares of the run"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake):
    changes, message = MISTAKES[mistake]
    with pytest.raises(UserError, match=message):
        TwoNetworksSettings(**changes)


def test_labels_that_are_no_digits_are_refused():
    from dataclasses import replace

    with pytest.raises(UserError, match="must be the digits themselves"):
        build_loop(small(), replace(DIGITS, y_train=DIGITS.y_train + 5, classes=15))

"""A guess that sees the labels to come:

the right ones, and without weight on them it is the guess of `recurrent`.
"""

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.nn.initializers import he_normal
from dni_np.nn.optimizers import Adam
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI, labels_to_come
from dni_np.rules.recurrent.dni import RecurrentDNI, state_guess
from dni_np.rules.recurrent.dni_aux import ErrorIntoCore, LabeledErrorIntoCore
from tests.experiments.sequences.small_runs import TEXT, loop_of, small
from tests.rules.recurrent.test_dni import C, H, build, chunks, sequence

L = 4


def labeled(rate, kinds=(RecurrentDNI, LabeledRecurrentDNI), **options):
    """As `build(RecurrentDNI, rate)`, with a linear guess that sees L labels, and gives them no
    weight.
    """
    rng = np.random.default_rng(9)
    plain = build(kinds[0], rate=rate, optimizer=Adam, **options)
    plain.guess = state_guess(H, rng, hidden=(), last_init=he_normal, dtype=np.float64)
    seen = build(kinds[1], rate=rate, optimizer=Adam, look_ahead=L, classes=C, **options)
    seen.guess = state_guess(H, rng, hidden=(), dtype=np.float64, labels_to_come=L * C)
    seen.guess.params["0.W"][:H] = plain.guess.params["0.W"]
    for network in (plain, seen):
        network.guess_optimizer = Adam(network.guess, lambda step: 0.0)
    return plain, seen


def chunks_ahead(data, T):
    for k, chunk in enumerate(chunks(data, T)):
        x, _, _, first, last = chunk
        yield x, *(array[k * T : (k + 1) * T + L] for array in data[1:]), first, last


@pytest.mark.parametrize(
    "options", [{}, {"kinds": (ErrorIntoCore, LabeledErrorIntoCore)}, {"scaled_target": False}]
)
def test_labels_without_weight_change_nothing(options):
    plain, seen = labeled(0.1, **options)
    data = sequence()
    for chunk, chunk_ahead in zip(chunks(data, 3), chunks_ahead(data, 3)):
        plain.step(*chunk)
        seen.step(*chunk_ahead)
        np.testing.assert_allclose(
            to_numpy(seen.core_optimizer.params), to_numpy(plain.core_optimizer.params), rtol=1e-12
        )
    seen.guess.params["0.W"][H:] = 1.0  # and with weight they do
    plain.step(*next(chunks(data, 3)))
    seen.step(*next(chunks_ahead(data, 3)))
    assert (
        np.abs(to_numpy(seen.core_optimizer.params) - to_numpy(plain.core_optimizer.params)).max()
        > 1e-6
    )


def test_labels_side_by_side():
    labels, scored = asarray([[2, 0], [1, 1]]), asarray(np.array([[1, 1], [1, 0]], np.float32))
    seen = to_numpy(labels_to_come(labels, scored, steps=3, classes=3))
    np.testing.assert_array_equal(seen, [[0, 0, 1, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0]])
    assert seen.dtype == np.float32
    nothing = labels_to_come(labels[:0], scored[:0], steps=3, classes=3)
    assert nothing.shape == (2, 9) and not to_numpy(nothing).any()


def labels_seen(task, updates=120):
    """(what the guess at the end of a chunk sees, what that at the next one's begin is) of a
    run, and the loop.
    """
    loop = loop_of(small(task, "cdni", look_ahead=L))
    rule, seen, ends = loop.rule, [], []
    step = rule.step

    def watch(x, y, mask, first, last):
        metrics = step(x, y, mask, first, last)
        contexts = [context["labels_to_come"] for context in (rule.context, rule.context_after)]
        seen.append(tuple(map(to_numpy, (*contexts, y[: len(x)], mask[: len(x)]))))
        ends.append(last)
        return metrics

    rule.step = watch
    for _ in range(updates):
        loop._one_step()
    return seen, ends


@pytest.mark.parametrize("task", ["copy", "repeat-copy", "characters"])
def test_the_guess_sees_the_labels_of_the_same_steps_twice(task):
    seen, ends = labels_seen(task)
    assert any(ends) and not all(ends)
    for (begin, end, y, mask), (next_begin, *_), last in zip(seen, seen[1:], ends):
        classes = begin.shape[1] // L
        first_step = begin[:, :classes]  # the label of the chunk's own first step
        scored = mask[0] == 1
        assert np.array_equal(first_step[scored].argmax(axis=1), y[0][scored])
        assert np.array_equal(first_step.sum(axis=1), mask[0])
        if last:
            assert not end.any()  # nothing is left to be said
        else:
            assert np.array_equal(end, next_begin)


def test_guesses_on_characters_see_the_next_ones():
    seen, _ = labels_seen("characters", updates=1)
    begin, end, y, _ = seen[0]
    spoken = begin.reshape(len(begin), L, -1).argmax(axis=2)  # (streams, L)
    assert np.array_equal(spoken[0], TEXT.train[1 : 1 + L])
    assert np.array_equal(
        end.reshape(len(end), L, -1).argmax(axis=2)[0], TEXT.train[3 : 3 + L]
    )  # chunks of 2 steps


def test_it_copies_further_than_its_chunk_sees():
    """N = 3 and T = 2:

    a symbol is written 4 steps after it was read, in the third chunk from there.
    """
    size = {
        "unroll": 2,
        "units": 16,
        "batch_size": 16,
        "hidden": (32,),
        "samples": 20_000,
        "learning_rate": 3e-3,
    }
    levels = {}
    for rule in ("bptt", "cdni"):
        loop = loop_of(small("copy", rule, **size, scale=1.0, scaled_target=False, seed=3))
        while loop.task.curriculum.level < 3 and not loop.finished:
            loop._one_step()
        levels[rule] = loop.task.curriculum.level
    assert levels["cdni"] == 3 > levels["bptt"]

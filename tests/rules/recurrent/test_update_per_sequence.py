"""One update a sequence, of summed gradients, stopped and resumed anywhere; and the guesses."""

import copy

import numpy as np
import pytest

from dni_np.backend import FLOAT, asarray, to_numpy
from dni_np.data.curriculum import Curriculum
from dni_np.errors import UserError
from dni_np.rules.recurrent.boundary_guesses import BoundaryGuesses
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT
from dni_np.training.loop import Loop
from dni_np.training.tasks.copying import Copying
from tests.rules.networks import assert_stopping_changes_nothing
from tests.rules.recurrent.test_dni import chunks, sequence
from tests.rules.recurrent.traces import (
    LEARNING,
    H,
    N,
    adam,
    at_rest,
    parts,
    rls,
    truncated,
)
from tests.strict_array import strict
from tests.test_strict_parts import assert_same_on_both


@pytest.mark.parametrize("T", [1, 3, 8])
def test_the_update_is_by_the_sum_over_the_chunks(T):
    network, other = truncated(), TruncatedBPTT(*parts())
    total = {"core_optimizer": 0, "readout_optimizer": 0}
    for chunk in chunks(sequence(), T):
        network.step(*chunk)
        other.step(*chunk)
        for name in total:
            total[name] = total[name] + to_numpy(getattr(other, name).grads)
    for name, wanted in total.items():
        np.testing.assert_allclose(
            to_numpy(getattr(network, name).grads), wanted, rtol=1e-12, atol=1e-15
        )


def parameters(network):
    return {
        name: value for name, value in network.state().items() if not name.startswith("carried")
    }


@pytest.mark.parametrize("name", LEARNING)
def test_while_a_sequence_lasts_nothing_is_updated(name):
    network = LEARNING[name]()
    for chunk in chunks(sequence(seed=3), 3):  # the guesses of as many boundaries as there are
        network.step(*chunk)
    before = parameters(network)
    *most, final = chunks(sequence(), 3)
    for chunk in most:
        network.step(*chunk)
    for key, value in parameters(network).items():
        np.testing.assert_array_equal(value, before[key])
    network.step(*final)
    changed = {
        key.split("/")[0]
        for key, value in parameters(network).items()
        if (value != before[key]).any()
    }
    assert {"core", "readout"} <= changed and ("guess" in "".join(changed)) == (name != "truncated")


@pytest.mark.parametrize("name", LEARNING)
def test_a_sequence_that_is_cut_short_changes_nothing(name):
    one, other = LEARNING[name](), LEARNING[name]()
    for network in (one, other):
        for chunk in chunks(sequence(seed=3), 3):
            network.step(*chunk)
    for chunk in list(chunks(sequence(seed=4), 3))[:-1]:
        one.step(*chunk)
    for network in (one, other):
        for chunk in chunks(sequence(seed=5), 3):
            network.step(*chunk)
    for key, value in other.state().items():
        np.testing.assert_array_equal(one.state()[key], value)


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", LEARNING)
def test_it_goes_on_from_its_saved_state_also_within_a_sequence(name, stop):
    whole, stopped, resumed = (LEARNING[name](seed=seed) for seed in (0, 0, 9))
    work = [chunk for seed in range(2) for chunk in chunks(sequence(seed=seed), 3)]
    assert_stopping_changes_nothing(whole, stopped, resumed, work, stop)


@pytest.mark.parametrize("fails", range(6))
@pytest.mark.parametrize("name", LEARNING)
def test_a_chunk_that_failed_can_be_given_again(name, fails, monkeypatch):
    one, other = LEARNING[name](), LEARNING[name]()
    work = [chunk for seed in range(2) for chunk in chunks(sequence(seed=seed), 3)]
    for i, chunk in enumerate(work):
        one.step(*chunk)
        if i == fails:
            with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
                late = "cell_path" if hasattr(other, "guesses") else "backward"
                patch.setattr(other.core, late, fail)  # after gradients were collected
                other.step(*chunk)
        other.step(*chunk)
    for key, value in one.state().items():
        np.testing.assert_array_equal(other.state()[key], value)


def fail(*arguments, **options):
    raise ZeroDivisionError


@pytest.mark.parametrize("name", LEARNING)
def test_a_copy_in_the_middle_of_a_sequence_goes_on_by_itself(name):
    network = LEARNING[name]()
    work = [chunk for seed in range(3) for chunk in chunks(sequence(seed=seed), 3)]
    for chunk in work[:4]:
        network.step(*chunk)
    twin = copy.deepcopy(network)
    for one in (twin, network):
        for chunk in work[4:]:
            one.step(*chunk)
    for key, value in network.state().items():
        np.testing.assert_array_equal(twin.state()[key], value)


@pytest.mark.parametrize("name", LEARNING)
def test_through_a_checkpoint_in_the_middle_of_an_episode(name, tmp_path):
    def loop(steps, seed=0):
        rng = np.random.default_rng(0)
        task = Copying(Curriculum("copy", n_symbols=4), N, 3, rng)
        rule = LEARNING[name](seed=seed, dtype=FLOAT)
        return Loop(rule, task, rng, steps, 100, folder=tmp_path, progress=False)

    whole = loop(11)
    whole.run()
    wanted = whole.rule.state()
    loop(6).run()
    resumed = loop(11, seed=9)
    resumed.resume()
    resumed.run()
    found = resumed.rule.state()
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        np.testing.assert_array_equal(found[key], value)


def train(rng, name):
    """What a rule becomes on two sequences and a half; no step waits for the device."""
    network = LEARNING[name](dtype=FLOAT)
    work = [chunk for seed in range(3) for chunk in chunks(sequence(seed=seed), 3)][:-1]
    work = [(asarray(x, FLOAT), y, asarray(mask, FLOAT), *ends) for x, y, mask, *ends in work]
    waits, results = strict.record.synchronizations, []
    for chunk in work:
        results += network.step(*chunk).values()
    assert strict.record.synchronizations == waits
    state = network.state()
    counts = {name for name in state if name.rsplit("/")[-1] in ("steps", "chunks")}
    assert {value.dtype for name, value in state.items() if name not in counts} == {np.dtype(FLOAT)}
    network.load_state(state)
    return [*results, *state.values()]


@pytest.mark.parametrize("name", LEARNING)
def test_on_a_device(name):
    assert_same_on_both(lambda rng: train(rng, name))


def test_guesses_are_zero_at_first_and_a_new_one_begins_as_its_left_neighbor(backend):
    guesses = BoundaryGuesses(H, rls, dtype=np.float64)
    state = tuple(asarray(np.random.default_rng(k).standard_normal((N, H))) for k in range(2))
    assert not any(to_numpy(part).any() for part in guesses(1, state))
    guesses.model(1).params["W"][...] = 2
    guesses.model(1).params["b"][...] = 3
    for ours, left in zip(guesses(2, state), guesses(1, state)):
        np.testing.assert_array_equal(to_numpy(ours), to_numpy(left))
    guesses.model(1).params["W"][...] = 0
    assert to_numpy(guesses.model(2).params["W"]).all()  # it is a copy
    for k in (1, 2):
        assert not to_numpy(guesses.models[k][1].A).any()


@pytest.mark.parametrize("sees, inputs", [("h", H), ("hc", 2 * H)])
def test_one_guess_for_all_and_what_it_sees(sees, inputs):
    guesses = BoundaryGuesses(H, adam, each=False, sees=sees, dtype=np.float64)
    assert guesses.model(1) is guesses.model(5)
    assert guesses.model(1).params["W"].shape == (inputs, 2 * H)
    with pytest.raises(UserError, match='sees the output, "h", or .*, "hc", not'):
        BoundaryGuesses(H, adam, sees="c")


def test_a_restored_set_of_guesses_has_as_many_as_were_saved():
    saved, other = (BoundaryGuesses(H, at_rest) for _ in range(2))
    for k in (1, 2, 10):
        saved.model(k)
    other.model(7)
    other.load_state(saved.state())
    assert list(other.models) == [1, 2, 10]


def test_ten_guesses_and_more_are_restored_in_their_places():
    network, again = (LEARNING["a guess for each boundary"](seed=seed) for seed in (0, 4))
    for chunk in chunks(sequence(steps=36), 3):
        network.step(*chunk)
    again.load_state(network.state())
    assert list(again.guesses.models) == list(range(1, 12))
    for key, value in network.state().items():
        np.testing.assert_array_equal(again.state()[key], value)

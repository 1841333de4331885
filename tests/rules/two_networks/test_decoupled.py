"""Two networks on two clocks:

against central differences; locked and decoupled differ in the messages' gradients only.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.data.odd_and_threes import OddAndThrees
from dni_np.errors import UserError
from dni_np.nn.gradcheck import check_gradient
from dni_np.nn.initializers import he_normal
from dni_np.nn.optimizers import SGD, Adam
from dni_np.rules.recurrent.dni import state_guess
from dni_np.rules.two_networks.decoupled import Decoupled, Locked
from dni_np.rules.two_networks.decoupled_label import DecoupledLabel
from dni_np.rules.two_networks.decoupled_pixels import DecoupledPixels
from dni_np.rules.two_networks.networks import NetworkA, NetworkB

N, PIXELS, UNITS = 6, 5, 4
CLOCKS = [(1, 1), (2, 1), (1, 3), (3, 2)]  # T, ticks


def build(
    rule, steps, ticks, rate=0.0, optimizer=SGD, seed=0, units=UNITS, last_init=he_normal, **options
):
    """In float64; with rates of zero nothing moves, and gradients can be compared."""
    rng = np.random.default_rng(seed)
    networks = (
        NetworkA(PIXELS, units, steps, ticks, rng, dtype=np.float64),
        NetworkB(units, steps, ticks, rng, dtype=np.float64),
    )
    parts = (*networks, *(optimizer(network, lambda step: rate) for network in networks))
    if rule is Locked:
        return rule(*parts)
    guess = state_guess(units, rng, 1, last_init=last_init, dtype=np.float64)
    return rule(*parts, guess, optimizer(guess, lambda step: rate), **options)


def stream(steps, ticks, seed=1, n=N):
    """Ten patterns and their counts, as chunks on the device."""
    images = np.random.default_rng(0).standard_normal((10, PIXELS))
    source = OddAndThrees(images, np.arange(10), n, steps, np.random.default_rng(seed), ticks)
    return [
        SimpleNamespace(
            **{
                name: value if isinstance(value, bool) else asarray(value)
                for name, value in chunk._asdict().items()
            }
        )
        for chunk in (source.next() for _ in range(ticks))
    ]


def states_before(rule, chunks):
    """A's state where each chunk begins."""
    state, states = rule.a.core.initial_state(N), []
    for i, chunk in enumerate(chunks):
        states.append(state)
        _, state, _ = rule.a.forward(chunk.x, state, start=i * len(chunk.x))
    return states


def record(owner, name):
    """A list of whatever owner.name returns from now on."""
    function, returned = getattr(owner, name), []

    def call(*args, **kwargs):
        result = function(*args, **kwargs)
        returned.append(result)
        return result

    setattr(owner, name, call)
    return returned


def gradients_by_tick(rule):
    """A list that the flat gradients of A's backward passes are added to."""
    backward, seen = rule.a.backward, []

    def call(*args):
        backward(*args)
        seen.append(to_numpy(rule.optimizer_a.grads).copy())

    rule.a.backward = call
    return seen


@pytest.mark.parametrize("steps, ticks", CLOCKS)
def test_locked_is_the_gradient_of_all_losses(steps, ticks):
    rule, chunks = build(Locked, steps, ticks), stream(steps, ticks)
    states = states_before(rule, chunks)  # constants: A is backpropagated through T steps
    metrics = rule.step(chunks)

    def loss():
        messages, total = [], 0.0
        for i, (chunk, state) in enumerate(zip(chunks, states)):
            (logits, message), _, _ = rule.a.forward(chunk.x, state, start=i * steps)
            total += float(rule.loss(logits, chunk.odd)[0])
            messages.append(to_numpy(message))
        logits, _ = rule.b.forward(asarray(np.stack(messages)))
        return total + float(rule.loss(logits, chunks[-1].threes)[0])

    assert loss() == pytest.approx(
        float(metrics["odd_loss"]) * ticks + float(metrics["threes_loss"])
    )
    rng = np.random.default_rng(0)
    for optimizer in (rule.optimizer_a, rule.optimizer_b):
        gradient = to_numpy(optimizer.grads).copy()
        assert check_gradient(loss, optimizer.params, gradient, rng, directions=10) < 1e-5


@pytest.mark.parametrize("steps, ticks", CLOCKS)
def test_decoupled_is_the_gradient_of_its_own_loss_and_ten_guesses(steps, ticks):
    rule, chunks = build(Decoupled, steps, ticks), stream(steps, ticks)
    states, gradients = states_before(rule, chunks), gradients_by_tick(rule)
    rule.step(chunks)
    assert len(gradients) == ticks
    for i, (chunk, state) in enumerate(zip(chunks, states)):
        guess = rule.guess.forward(rule.a.forward(chunk.x, state, start=i * steps)[0][1])[0].copy()

        def loss():
            (logits, message), _, _ = rule.a.forward(chunk.x, state, start=i * steps)
            return float(rule.loss(logits, chunk.odd)[0]) + 10 * float((guess * message).sum()) / N

        assert (
            check_gradient(
                loss, rule.optimizer_a.params, gradients[i], np.random.default_rng(0), directions=10
            )
            < 1e-5
        )


class TrueGuess:
    """Returns the true gradient of each message."""

    def __init__(self, dmessages):
        self.dmessages, self.calls = dmessages, 0

    def forward(self, message, context):
        self.calls += 1
        return self.dmessages[self.calls - 1], None


# With more than one tick A moves at each in the one rule and once in the other: compared where
# nothing moves.
@pytest.mark.parametrize(
    "steps, ticks, rate", [*((*clock, 0.0) for clock in CLOCKS), (1, 1, 0.1), (2, 1, 0.1)]
)
def test_with_the_true_gradients_and_factor_1_decoupled_is_locked(steps, ticks, rate):
    locked, decoupled = (
        build(Locked, steps, ticks, rate),
        build(Decoupled, steps, ticks, rate, factor=1.0),
    )
    chunks = stream(steps, ticks)
    true = record(locked.b, "backward")
    locked.step(chunks)
    dmessages, gradients = true[0], gradients_by_tick(decoupled)
    assert np.abs(to_numpy(dmessages)).max() > 1e-3
    decoupled.guess, learns_from = TrueGuess(dmessages), []
    decoupled.train_guess = lambda messages, chunks, target: learns_from.append(to_numpy(target))
    decoupled.step(chunks)
    np.testing.assert_array_equal(learns_from[0], to_numpy(dmessages))
    np.testing.assert_array_equal(sum(gradients), to_numpy(locked.optimizer_a.grads))
    for part in ("a", "b"):
        for name, value in getattr(decoupled, part).state().items():
            np.testing.assert_array_equal(value, getattr(locked, part).state()[name])


def test_a_is_updated_before_or_after_b_receives_its_message():
    for rule, moved in ((Locked, False), (Decoupled, True)):
        network, chunks = build(rule, 2, 3, rate=0.1), stream(2, 3)
        before, at_b = to_numpy(network.optimizer_a.params).copy(), []
        forward = network.b.forward
        network.b.forward = lambda *args: (
            at_b.append(to_numpy(network.optimizer_a.params).copy()) or forward(*args)
        )
        network.step(chunks)
        assert np.array_equal(at_b[0], before) != moved
        assert network.optimizer_a.steps == (3 if moved else 1) and network.optimizer_b.steps == 1


def test_the_guess_descends_towards_the_true_gradients():
    rule, chunks = build(Decoupled, 2, 3, optimizer=Adam, units=16), stream(2, 3)
    rule.guess_optimizer.schedule = lambda step: 0.01
    rule.guess.load_state(
        {k: v * (k[0] != "2") for k, v in rule.guess.state().items()}
    )  # it says zero
    true = record(rule.b, "backward")
    losses = [float(rule.step(chunks)["gradient_loss"]) for _ in range(200)]
    assert losses[0] == pytest.approx(0.5 * (to_numpy(true[0]) ** 2).sum() / (3 * N))
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("stop", [1, 2])
@pytest.mark.parametrize("rule", [Locked, Decoupled])
def test_it_goes_on_from_its_saved_state(rule, stop):
    whole, stopped, resumed = (build(rule, 2, 2, 0.01, Adam, seed) for seed in (0, 0, 9))
    work = [stream(2, 2, seed) for seed in range(3)]
    for chunks in work:
        whole.step(chunks)
    for chunks in work[:stop]:
        stopped.step(chunks)
    resumed.load_state(stopped.state())
    for chunks in work[stop:]:
        resumed.step(chunks)
    wanted = whole.state()
    assert wanted.keys() == resumed.state().keys()
    for name, value in resumed.state().items():
        np.testing.assert_array_equal(value, wanted[name])


@pytest.mark.parametrize("rule", [Locked, Decoupled])
def test_both_learn_to_count(rule):
    network = build(
        rule, 2, 2, rate=0.003, optimizer=Adam, units=32, last_init=lambda *a: np.zeros(a[:2])
    )
    losses = [network.step(stream(2, 2, seed, n=64)) for seed in range(400)]
    first, last = (
        {key: np.mean([float(m[key]) for m in part]) for key in losses[0]}
        for part in (losses[:20], losses[-20:])
    )
    assert (
        last["odd_loss"] < 0.1 * first["odd_loss"]
        and last["threes_loss"] < 0.3 * first["threes_loss"]
    )
    before, chunks = network.state(), stream(2, 2, seed=1000, n=200)
    odd, threes = network.predict(chunks)
    for name, value in network.state().items():
        np.testing.assert_array_equal(value, before[name])
    assert (
        np.mean(
            [
                (to_numpy(a).argmax(1) == to_numpy(c.odd)).mean()
                for a, c in zip(odd, chunks, strict=True)
            ]
        )
        > 0.95
    )
    assert (to_numpy(threes).argmax(1) == to_numpy(chunks[-1].threes)).mean() > 0.85


@pytest.mark.parametrize("part", [slice(1, None), slice(None, -1), slice(0, 0)])
def test_half_a_stream_is_refused(part):
    with pytest.raises(UserError, match="one whole stream of digits"):
        build(Decoupled, 2, 3).step(stream(2, 3)[part])


def test_with_the_label_the_guess_sees_the_count_so_far():
    rule, chunks = seeing(DecoupledLabel, {"count_so_far": 5}, classes=5), stream(2, 2)
    seen = rule.context(chunks[1:], np.float64)["count_so_far"]
    assert np.array_equal(to_numpy(seen), np.eye(5)[to_numpy(chunks[1].threes)])
    check_that_it_learns_from_what_it_saw(
        rule, chunks, lambda given, chunk: np.array_equal(given.argmax(1), to_numpy(chunk.threes))
    )


def test_with_pixels_the_guess_sees_the_digits_before_the_message():
    rule = seeing(DecoupledPixels, {"pixels": 2 * PIXELS})

    def are_its_digits(given, chunk):
        return np.array_equal(given, np.hstack(list(to_numpy(chunk.x))))

    check_that_it_learns_from_what_it_saw(rule, stream(2, 2), are_its_digits)


def check_that_it_learns_from_what_it_saw(rule, chunks, right):
    """right(what the guess sees beside its message, chunk), when it guesses and when it learns."""
    received, join = [], rule.guess.conditioning.join

    def watch(h, context):
        received.append(to_numpy(join(h, context)).copy())
        return join(h, context)

    rule.guess.conditioning.join = watch
    rule.step(chunks)
    for given, chunk in zip(received[:2], chunks, strict=True):  # as sent, before B answers
        assert right(given[:, UNITS:], chunk)
    learned = received[2].reshape(2, N, -1)
    assert np.array_equal(learned[0], received[0]) and np.array_equal(learned[1], received[1])


def seeing(rule, beside, **options):
    """The rule, whose guess sees this beside its message."""
    rng = np.random.default_rng(0)
    networks = (
        NetworkA(PIXELS, UNITS, 2, 2, rng, dtype=np.float64),
        NetworkB(UNITS, 2, 2, rng, dtype=np.float64),
    )
    guess = state_guess(UNITS, rng, 1, (), dtype=np.float64, **beside)
    optimizers = [SGD(network, 0.01) for network in (*networks, guess)]
    return rule(*networks, *optimizers[:2], guess, optimizers[2], **options)

"""Small rules that are updated once a sequence, in float64, and sequences for them."""

import functools

import numpy as np

from dni_np.backend import asarray, to_numpy
from dni_np.nn.initializers import he_normal
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.accumulate_bp_lambda import AccumulateBPLambda
from dni_np.rules.recurrent.boundary_guesses import BoundaryGuesses
from dni_np.rules.recurrent.dni_trace import DNITrace
from dni_np.rules.recurrent.shared_trace import SharedTrace
from dni_np.rules.recurrent.update_per_sequence import UpdatePerSequence

N, D, H, C = 4, 3, 5, 3


def at_rest(layer):
    return SGD(layer, lambda step: 0.0)


def adam(layer):
    return Adam(layer, 0.01)


rls = functools.partial(RecursiveLeastSquares, beta=0.9, ridge=1e-3)


def parts(optimizer=at_rest, silent=False, seed=0, dtype=np.float64):
    """What every such rule is made of; a `silent` core has no recurrent weights."""
    rng = np.random.default_rng(seed)
    core, readout = LSTM(D, H, rng, dtype=dtype), TimeDistributed(Linear(H, C, rng, dtype=dtype))
    if silent:
        core.params["W"][D:] = 0
    return core, readout, MaskedSoftmaxCrossEntropy(), optimizer(core), optimizer(readout)


def trace(
    rule=DNITrace,
    optimizer=at_rest,
    guess_optimizer=at_rest,
    each=True,
    sees="hc",
    noise=1.0,
    silent=False,
    seed=0,
    dtype=np.float64,
    **options,
):
    """DNITrace or SharedTrace; with `noise` its guesses for boundaries 1 to 9 are any."""
    guesses = BoundaryGuesses(H, guess_optimizer, each, sees, dtype)
    rng = np.random.default_rng(7 + seed)
    for k in range(1, 10) if noise else ():
        model = guesses.model(k)
        for value in model.params.values():
            value[...] = asarray(noise * rng.standard_normal(value.shape), dtype)
    return rule(*parts(optimizer, silent, seed, dtype), guesses=guesses, **options)


def shared(optimizer=at_rest, guess_optimizer=at_rest, **options):
    return trace(SharedTrace, optimizer, guess_optimizer, each=False, **options)


def exact(
    optimizer=at_rest, guess_optimizer=at_rest, silent=False, seed=0, dtype=np.float64, **options
):
    """AccumulateBPLambda; its guess is any."""
    guess = Linear(2 * H, 2 * H, np.random.default_rng(7 + seed), init=he_normal, dtype=dtype)
    arguments = parts(optimizer, silent, seed, dtype)
    return AccumulateBPLambda(
        *arguments, guess=guess, guess_optimizer=guess_optimizer(guess), **options
    )


def truncated(optimizer=at_rest, seed=0, dtype=np.float64):
    return UpdatePerSequence(*parts(optimizer, False, seed, dtype))


LEARNING = {  # every rule that is updated once a sequence, and learns
    "truncated": lambda **o: truncated(adam, **o),
    "a guess for each boundary": lambda **o: trace(DNITrace, adam, rls, noise=0, **o),
    "a window": lambda **o: trace(DNITrace, adam, rls, noise=0, window=1, **o),
    "one for all": lambda **o: trace(DNITrace, adam, rls, False, noise=0, lam=0.5, **o),
    "one for all, Adam": lambda **o: trace(DNITrace, adam, adam, False, "h", noise=0, **o),
    "constant memory": lambda **o: shared(adam, rls, noise=0, lam=0.5, **o),
    "exact": lambda **o: exact(adam, rls, lam=0.5, gamma=0.9, **o),
}


def split(state):
    """(N, 2 H) -> (dh, dc)."""
    return state[:, :H], state[:, H:]


def true_gradients(network, data, T):
    """dL/ds at each boundary 1, 2, ..., (N, 2 H), and the gradient of the core: the whole truth."""
    x, y, mask = data
    state, caches = network.core.initial_state(N), []
    for start in range(0, len(x), T):
        chunk = slice(start, start + T)
        outputs, state, cache = network.core.forward(x[chunk], state)
        prediction, readout_cache = network.readout.forward(outputs)
        _, dprediction = network.loss(prediction, (y[chunk], mask[chunk]))
        caches.append((cache, network.readout.backward(dprediction, readout_cache)))
    dstate, answers, total = None, [], 0
    for cache, doutputs in reversed(caches):
        _, dstate = network.core.backward(doutputs, dstate, cache)
        answers.insert(0, np.concatenate([to_numpy(part) for part in dstate], axis=1))
        total = total + to_numpy(network.core_optimizer.grads)
    return answers[1:], total


def states(network, data, T):
    """s_k at each boundary k = 1, 2, ..., (N, 2 H)."""
    state, found = network.core.initial_state(N), []
    for start in range(0, len(data[0]) - T, T):
        _, state, _ = network.core.forward(data[0][start : start + T], state)
        found.append(np.concatenate([to_numpy(part) for part in state], axis=1))
    return found


def with_one(s):
    """phi = [s, 1]."""
    return np.concatenate([s, np.ones((len(s), 1))], axis=1)


def theta(model, kind="params"):
    """W over b, or their gradients, (2 H + 1, 2 H)."""
    arrays = getattr(model, kind)
    return np.concatenate([to_numpy(arrays["W"]), to_numpy(arrays["b"])[None]])

"""Recursive least squares: its closed forms, inputs without a unique fit, its place in a unit."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.backend import FLOAT, asarray, to_numpy, using, xp
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.synthetic_gradients import PLAIN, SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.errors import Diverged, UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.conv import Conv2D
from dni_np.nn.initializers import zeros
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from dni_np.nn.sequential import Sequential
from dni_np.nn.time_distributed import TimeDistributed
from tests.rules.networks import adam, dni_network, minibatch, on_device
from tests.strict_array import strict

N, IN, OUT = 20, 6, 3


def rows(seed, n=N, n_in=IN):
    """x (n, n_in) and targets (n, OUT)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, n_in)), rng.standard_normal((n, OUT))


def make(beta=0.9, ridge=0.0, bias=True, init=zeros, dtype=np.float64, n_in=IN):
    layer = Linear(n_in, OUT, np.random.default_rng(3), bias, init, dtype)
    return layer, RecursiveLeastSquares(layer, beta, ridge)


def fit(layer, optimizer, *batches):
    for x, target in batches:
        y, cache = layer.forward(asarray(x, optimizer.params.dtype))
        layer.backward(y - asarray(target, y.dtype), cache)
        optimizer.step()


def weights(layer):
    """W over b, (D, OUT)."""
    return np.concatenate([to_numpy(value).reshape(-1, OUT) for value in layer.params.values()])


def phi(x, bias=True):
    return np.concatenate([x, np.ones((len(x), 1))], axis=1) if bias else x


@pytest.mark.parametrize("bias", [True, False])
def test_the_first_step_from_zero_is_ridge_regression(backend, bias):
    layer, optimizer = make(ridge=0.1, bias=bias)
    x, target = rows(0)
    fit(layer, optimizer, (x, target))
    A = phi(x, bias).T @ phi(x, bias) / N
    wanted = np.linalg.solve(
        A + 0.1 * np.trace(A) / len(A) * np.eye(len(A)), phi(x, bias).T @ target / N
    )
    np.testing.assert_allclose(weights(layer), wanted, rtol=1e-10, atol=1e-13)


def test_ridge_regression_beside_scikit_learn():
    ridge_regression = pytest.importorskip("sklearn.linear_model").Ridge
    layer, optimizer = make(ridge=0.1, bias=False)
    x, target = rows(0)
    fit(layer, optimizer, (x, target))
    penalty = 0.1 * np.trace(x.T @ x) / IN
    wanted = ridge_regression(alpha=penalty, fit_intercept=False).fit(x, target).coef_.T
    np.testing.assert_allclose(weights(layer), wanted, rtol=1e-9, atol=1e-12)


def test_without_forgetting_it_is_the_fit_of_all_rows_so_far(backend):
    torch = pytest.importorskip("torch")
    layer, optimizer = make(
        beta=1, init=lambda *sizes: 5 * np.ones(sizes[:2])
    )  # whatever it was at first
    batches = [rows(seed) for seed in range(5)]
    for n in range(1, 6):
        fit(layer, optimizer, batches[n - 1])
        x, target = (np.concatenate(parts) for parts in zip(*batches[:n]))
        wanted = torch.linalg.lstsq(torch.tensor(phi(x)), torch.tensor(target)).solution
        np.testing.assert_allclose(weights(layer), wanted.numpy(), rtol=1e-9, atol=1e-11)


@given(beta=st.floats(0.3, 1), steps=st.integers(1, 6))
def test_older_rows_count_less(beta, steps):
    linalg = pytest.importorskip("scipy.linalg")
    layer, optimizer = make(beta)
    batches = [rows(seed) for seed in range(steps)]
    fit(layer, optimizer, *batches)
    weight = np.repeat(beta ** (0.5 * np.arange(steps)[::-1]), N)[:, None]
    x, target = (np.concatenate(parts) for parts in zip(*batches))
    np.testing.assert_allclose(
        weights(layer), linalg.lstsq(weight * phi(x), weight * target)[0], rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("dtype, away", [(np.float64, 1e-6), (np.float32, 1e-3)])
def test_on_data_at_rest_the_ridge_costs_nothing_in_the_end(dtype, away):
    layer, optimizer = make(beta=0.9, ridge=1e-2, dtype=dtype)
    x, target = rows(0)
    fit(layer, optimizer, *[(x, target)] * 300)
    np.testing.assert_allclose(
        weights(layer), np.linalg.lstsq(phi(x), target, rcond=None)[0], atol=away
    )


def test_it_follows_what_changes():
    layer, optimizer = make(beta=0.8, ridge=1e-4)
    moved = np.random.default_rng(5).standard_normal((IN + 1, OUT))
    for old in (0 * moved, moved):
        batches = [(x, phi(x) @ old) for x, _ in map(rows, range(40))]
        fit(layer, optimizer, *batches)
        np.testing.assert_allclose(weights(layer), old, atol=1e-3)


SINGULAR = {  # inputs that leave some directions of W open
    "one sample": rows(0, n=1)[0],
    "a constant column beside the bias": np.concatenate(
        [rows(0, n_in=IN - 1)[0], 2 * np.ones((N, 1))], axis=1
    ),
    "a column twice": np.repeat(rows(0, n_in=IN // 2)[0], 2, axis=1),
    "a column of zeros": rows(0)[0] * (np.arange(IN) > 0),
    "zeros": np.zeros((N, IN)),
    "large": 1e8 * rows(0, n=2)[0],
    "small": 1e-8 * rows(0, n=2)[0],
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SINGULAR)
def test_the_ridge_makes_any_input_solvable(backend, name, dtype):
    layer, optimizer = make(ridge=1e-3, dtype=dtype)
    x = SINGULAR[name]
    target = rows(1, n=len(x))[1]
    best = phi(x) @ np.linalg.lstsq(phi(x), target, rcond=None)[0]
    fit(layer, optimizer, *[(x, target)] * 200)
    if name != "small":  # beside a bias of 1 such inputs are too small to fit anything with
        np.testing.assert_allclose(phi(x) @ weights(layer), best, atol=0.02)
    assert np.isfinite(weights(layer)).all()


@pytest.mark.parametrize("bias", [True, False])
def test_an_input_that_was_never_anything_but_zero_changes_no_weight(backend, bias):
    layer, optimizer = make(
        ridge=1e-3, bias=bias, init=lambda *sizes: np.ones(sizes[:2]), dtype=FLOAT
    )
    fit(layer, optimizer, *[(np.zeros((N, IN)), np.zeros((N, OUT)))] * 5)
    np.testing.assert_array_equal(weights(layer)[:IN], 1)


@pytest.mark.parametrize(
    "name", ["one sample", "a constant column beside the bias", "a column twice", "zeros"]
)
def test_without_a_ridge_such_inputs_are_refused_and_nothing_changes(name):
    with using("numpy"):
        layer, optimizer = make(init=lambda *sizes: np.ones(sizes[:2]))
        before = {**layer.state(), **optimizer.state()}
        with pytest.raises(
            UserError, match="7 inputs with a ridge of 0 cannot be solved .* take a larger ridge"
        ):
            fit(layer, optimizer, (SINGULAR[name], rows(1, n=len(SINGULAR[name]))[1]))
        for key, value in {**layer.state(), **optimizer.state()}.items():
            np.testing.assert_array_equal(value, before[key])


def test_a_ridge_too_small_for_single_precision_is_refused():
    for dtype in (np.float64, np.float32):
        with using("numpy"):
            layer, optimizer = make(ridge=1e-9, dtype=dtype)
            batch = SINGULAR["a column twice"], rows(1)[1]
            if dtype == np.float64:
                fit(layer, optimizer, batch)
                continue
            with pytest.raises(UserError, match="ridge of 1e-09 cannot be solved in float32"):
                fit(layer, optimizer, batch)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_divergence(bad):
    x, target = rows(0)
    x[3, 2] = bad
    with (
        using("numpy"),
        np.errstate(invalid="ignore"),
        pytest.raises(Diverged, match="no longer finite"),
    ):
        fit(*make(ridge=1e-3), (x, target))
    with using(strict), np.errstate(invalid="ignore"):
        layer, optimizer = make(ridge=1e-3)
        y, cache = layer.forward(asarray(x))
        layer.backward(y - asarray(target), cache)
        waits = strict.record.synchronizations
        try:
            optimizer.step()
            assert strict.record.synchronizations == waits and np.isnan(weights(layer)).all()
        except Diverged:  # the stand-in's Cholesky is NumPy's, which refuses nan itself
            pass


def test_at_every_step_of_a_sequence_it_fits_all_rows_at_once(backend):
    T = 4
    x, target = rows(0, n=T * N)
    layer, optimizer = make(ridge=0.1)
    sequence = TimeDistributed(layer)
    y, cache = sequence.forward(asarray(x.reshape(T, N, IN)))
    sequence.backward(y - asarray(target.reshape(T, N, OUT)), cache)
    optimizer.step()
    flat, flat_optimizer = make(ridge=0.1)
    fit(flat, flat_optimizer, (x, target))
    np.testing.assert_allclose(weights(layer), weights(flat), rtol=1e-10, atol=1e-13)


def test_several_batches_may_be_in_flight(backend):
    """The second derivative is that of the batch whose target comes, not of the newest."""
    core = Linear(2, OUT, np.random.default_rng(0), dtype=np.float64)
    model = SyntheticGradient(
        OUT, Conditioning(("output",), OUT), np.random.default_rng(1), dtype=np.float64
    )
    unit = DNI(core, model, SGD(core, lambda step: 0.0), RecursiveLeastSquares(model, 0.9, 0.1))
    batches = [(asarray(rows(seed, n_in=2)[0]), asarray(rows(seed)[1])) for seed in range(3)]
    hs = [to_numpy(unit.forward_and_synthetic_update(x)[1]) for x, _ in batches]
    unit.update_synthetic_weights(batches[0][1])
    alone, optimizer = make(0.9, 0.1, n_in=OUT)
    fit(alone, optimizer, (hs[0], to_numpy(batches[0][1])))
    np.testing.assert_allclose(weights(model), weights(alone), rtol=1e-10, atol=1e-13)


def test_in_the_place_of_adam_in_a_whole_network(backend):
    losses = {}
    for name, optimizer in {
        "adam": adam,
        "rls": lambda layer: RecursiveLeastSquares(layer, 0.98, 1e-3),
    }.items():
        network = dni_network(("output", "label"), last_init=zeros, dtype=FLOAT)
        for unit in network.units:
            unit.sg_optimizer = optimizer(unit.synthetic_gradient)
        metrics = [network.step(*on_device(minibatch(1, dtype=FLOAT))) for _ in range(20)]
        losses[name] = sum(float(one["gradient_loss_3"]) for one in metrics[5:])
    assert losses["rls"] < losses["adam"]


def test_saved_and_restored_continues_bit_for_bit(backend):
    batches = [rows(seed) for seed in range(10)]
    whole, stopped, resumed = (make(ridge=1e-3, dtype=FLOAT) for _ in range(3))
    fit(*whole, *batches)
    fit(*stopped, *batches[:6])
    for one, other in zip(resumed, stopped):
        one.load_state(other.state())
    fit(*resumed, *batches[6:])
    np.testing.assert_array_equal(weights(resumed[0]), weights(whole[0]))


def test_a_copy_is_a_fit_of_its_own(backend):
    pair = make(ridge=1e-3, dtype=FLOAT)
    fit(*pair, *map(rows, range(3)))
    before = weights(pair[0])
    twin = copy.deepcopy(pair)
    fit(*twin, rows(3))
    np.testing.assert_array_equal(weights(pair[0]), before)
    fit(*pair, rows(3))
    np.testing.assert_array_equal(weights(twin[0]), weights(pair[0]))
    assert (weights(pair[0]) != before).all()


def test_on_a_device_no_step_waits():
    results = []
    for module in ("numpy", strict):
        with using(module):
            layer, optimizer = make(ridge=1e-3, dtype=FLOAT)
            waits = strict.record.synchronizations
            fit(layer, optimizer, *map(rows, range(4)))
            assert strict.record.synchronizations == waits
            assert optimizer.A.dtype == FLOAT
            results.append(weights(layer))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)


def test_other_layers_pay_nothing():
    layer = Linear(IN, OUT, np.random.default_rng(0))
    x = xp.zeros((N, IN), FLOAT)
    layer.backward(*layer.forward(x))
    assert set(layer.grads) == {"W", "b"}


@pytest.mark.parametrize(
    "model, kinds",
    [
        (
            lambda rng: SyntheticGradient(
                OUT, Conditioning(("output",), IN), rng, (4,), layers=PLAIN
            ),
            "Linear, Linear",
        ),
        (lambda rng: Sequential([Conv2D(2, 3, rng), ReLU()]), "Conv2D"),
        (lambda rng: ReLU(), "none"),
    ],
)
def test_only_linear_models(model, kinds):
    with pytest.raises(UserError, match=f"one Linear layer, not of {kinds}: take a linear model"):
        RecursiveLeastSquares(model(np.random.default_rng(0)))


@pytest.mark.parametrize(
    "options",
    [{"beta": 0}, {"beta": 1.1}, {"beta": float("nan")}, {"ridge": -1}, {"ridge": float("inf")}],
)
def test_options_out_of_range(options):
    ((name, value),) = options.items()
    with pytest.raises(UserError, match=f"{name} must be .* {value}"):
        make(**options)

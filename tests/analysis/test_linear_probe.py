"""The probe is ridge regression: its equation, scikit-learn's answer, and the limits."""

import numpy as np
import pytest

from dni_np.analysis.linear_probe import LinearProbe, probe_errors
from dni_np.backend import to_numpy
from dni_np.rules.rule import Rule
from tests.rules.networks import main_layers

pytestmark = pytest.mark.usefixtures("on_the_host")

RNG = np.random.default_rng(0)
H, LABELS = RNG.standard_normal((40, 6)) * [1, 2, 3, 4, 5, 6] + 7, RNG.integers(0, 3, 40)


def test_the_gradient_of_what_it_minimizes_is_zero():
    V = LinearProbe(H, LABELS, 3, ridge=0.1).weights
    h, Y = H - H.mean(0), np.eye(3)[LABELS] - np.eye(3)[LABELS].mean(0)
    gradient = h.T @ (h @ V - Y) / 40 + 0.1 * h.var(axis=0).mean() * V
    assert abs(gradient).max() < 1e-12 < abs(V).max()


@pytest.mark.parametrize("ridge", [1e-3, 1.0])
def test_against_scikit_learn(backend, ridge):
    linear_model = pytest.importorskip("sklearn.linear_model")
    alpha = ridge * 40 * H.var(axis=0).mean() + 40e-12
    wanted = linear_model.Ridge(alpha=alpha).fit(H, np.eye(3)[LABELS])
    probe = LinearProbe(backend.asarray(H), backend.asarray(LABELS), 3, ridge)
    np.testing.assert_allclose(
        to_numpy(probe.predict(backend.asarray(H))), wanted.predict(H), atol=1e-10
    )
    mistakes = (wanted.predict(H).argmax(axis=1) != LABELS).mean()
    assert (
        0
        < mistakes
        == pytest.approx(float(probe.error(backend.asarray(H), backend.asarray(LABELS))))
    )


def test_the_scale_of_a_layer_does_not_matter():
    one, other = LinearProbe(H, LABELS, 3), LinearProbe(1000 * H - 5, LABELS, 3)
    np.testing.assert_allclose(one.predict(H), other.predict(1000 * H - 5), atol=1e-9)


def test_units_that_never_change():
    """A layer of dead units can be probed; it says nothing but the most frequent class."""
    probe = LinearProbe(np.zeros((6, 4), np.float32), np.array([0, 0, 0, 1, 1, 2]), 3)
    assert float(probe.error(np.zeros((4, 4)), np.array([0, 0, 1, 2]))) == 0.5


def test_each_layer_of_a_network():
    """Labels that are a linear function of the input:

    the probes of a random network, worse than that of the input.
    """
    rng = np.random.default_rng(1)
    x = rng.standard_normal((600, 6))
    labels = (x @ rng.standard_normal((6, 4))).argmax(axis=1)
    rule = Rule()
    rule.cores = main_layers()
    train, test = (x[:500], labels[:500]), (x[500:], labels[500:])
    found = [float(error) for error in probe_errors(rule, train, test, 4)]
    of_the_input = float(LinearProbe(*train, 4).error(*test))
    assert len(found) == 4 and of_the_input < 0.25 and of_the_input < min(found)
    h = rule.predict(x)
    assert found[-1] == pytest.approx(
        float(LinearProbe(h[:500], labels[:500], 4).error(h[500:], labels[500:]))
    )

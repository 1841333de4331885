"""Learning rates fall at shares of the run, for all parts of every rule, however seldom updated."""

import numpy as np
import pytest

from dni_np.data.dataset import Dataset
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.feedforward.settings import Settings

RNG = np.random.default_rng(0)
X, Y = RNG.random((40, 64), np.float32), RNG.integers(0, 10, 40)
DATA = Dataset("noise", X, Y, X, Y, 10)
RATES = {"learning_rate": 1e-2, "sg_learning_rate": 2e-2, "head_learning_rate": 3e-2}


def loop_of(rule, folder=None):
    size = {"layers": 3, "width": 6, "batch_size": 10, "steps": 20, "decay_at": (0.6, 0.8)}
    own = {"sees": RULES[rule].sees or ("output",), "hidden": (4,) if rule == "critic" else ()}
    settings = Settings(rule=rule, update_probability=0.1, **size, **own, **RATES)
    return build_loop(settings, DATA, folder, progress=False)


def rates(loop):
    """Of all optimizers. Not of the averages of stale gradients: these are no descent."""
    parts = loop.rule.parts()
    parts = {name: part for name, part in parts.items() if hasattr(part, "learning_rate")}
    if loop.config["rule"] == "stale":
        parts = {name: part for name, part in parts.items() if not name.endswith("model_optimizer")}
    return np.array([part.learning_rate for part in parts.values()])


@pytest.mark.parametrize("rule", RULES)
def test_all_parts_of_a_network_slow_down_at_the_same_steps(rule):
    loop = loop_of(rule)
    first = rates(loop)
    assert set(first) <= set(RATES.values())
    for step in range(20):
        wanted = first / (1 if step < 12 else 10 if step < 16 else 100)
        np.testing.assert_allclose(rates(loop), wanted, rtol=1e-12)
        loop._one_step()


def test_a_resumed_run_has_the_rates_of_its_step(tmp_path):
    stopped = loop_of("sparse", tmp_path)
    for _ in range(13):
        stopped._one_step()
    stopped.save()
    resumed = loop_of("sparse", tmp_path)
    resumed.resume()
    np.testing.assert_allclose(rates(resumed), rates(loop_of("sparse")) / 10, rtol=1e-12)

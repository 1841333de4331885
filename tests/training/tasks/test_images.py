"""The task of classifying images: its place in the data, and that the data are still the same."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.training.tasks.images import Images
from dni_np.training.tasks.two_networks import TwoNetworks

X = np.arange(80, dtype=np.uint8).reshape(20, 4)
DATA = Dataset("mine", X, np.arange(20) % 10, X[:10], np.arange(10), 10, image=(2, 2, 1))
TASKS = {
    "images": lambda data: Images(data, 5, np.random.default_rng(0)),
    "two networks": lambda data: TwoNetworks(
        data, 5, 2, 2, np.random.default_rng(0), test_streams=4
    ),
}


def changed(array):
    array = array.copy()
    array.flat[-1] -= 1
    return array


@pytest.mark.parametrize("part", ["x_train", "y_train", "x_test", "y_test"])
@pytest.mark.parametrize("task", TASKS)
def test_changed_data_are_refused(task, part):
    arrays, place = TASKS[task](DATA).state()
    place = json.loads(json.dumps(place))
    TASKS[task](replace(DATA, name="the same elsewhere")).load_state(arrays, place)
    other = replace(DATA, **{part: changed(getattr(DATA, part))})
    with pytest.raises(UserError, match="mine is not the data that this run began with: restore"):
        TASKS[task](other).load_state(arrays, place)

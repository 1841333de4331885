"""A layer and its optimizer share their arrays, copies too; where they no longer do, it is said."""

import copy
import pickle

import numpy as np
import pytest

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.composite import Composite
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.schedules import StepDecay
from dni_np.nn.sequential import Sequential
from dni_np.nn.time_distributed import TimeDistributed

MAKERS = {
    "sgd": lambda layer: SGD(layer, 0.1),
    "momentum": lambda layer: SGD(layer, 0.1, momentum=0.9),
    "adam": lambda layer: Adam(layer, StepDecay(0.1, at=(3,))),
}


def pickled(whole):
    return pickle.loads(pickle.dumps(whole))


def network():
    rng = np.random.default_rng(0)
    return Sequential([Linear(4, 5, rng, bias=False), BatchNorm(5), ReLU(), Linear(5, 2, rng)])


def draw(*shape):
    return asarray(np.random.default_rng(1).standard_normal(shape), np.float32)


def learn(layer, optimizer, steps=4):
    for _ in range(steps):
        y, cache = layer.forward(draw(6, 4))
        layer.backward(y, cache)
        optimizer.step()


def assert_equal(one, other):
    one, other = one.state(), other.state()
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def assert_learns(layer, optimizer):
    before = layer.state()
    learn(layer, optimizer, 1)
    assert all((value != before[name]).any() for name, value in layer.state().items())


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
@pytest.mark.parametrize("name", MAKERS)
def test_a_copied_layer_and_its_optimizer_learn_on(name, copied):
    layer = network()
    optimizer = MAKERS[name](layer)
    learn(layer, optimizer)
    twin, twins_optimizer, same = copied([layer, optimizer, layer])
    assert same is twin and twins_optimizer.layer is twin
    learn(layer, optimizer)
    learn(twin, twins_optimizer)
    assert_equal(layer, twin)
    assert_equal(optimizer, twins_optimizer)


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_order_and_number_of_references_do_not_matter(copied):
    layer = network()
    optimizer = Adam(layer, 0.1)
    for others in ([layer], [layer.layers, optimizer], [layer.layers[3], [layer]]):
        twin, *_ = copied([optimizer, *others])
        assert_learns(twin.layer, twin)
        *_, twin = copied([*others, optimizer])
        assert_learns(twin.layer, twin)
    assert_learns(layer, optimizer)  # the original as well


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_layer_copied_alone_is_free(copied):
    layer = network()
    optimizer = SGD(layer, 0.1)
    alone = copied(layer)
    before = alone.state()
    learn(layer, optimizer)
    assert all((alone.state()[name] == value).all() for name, value in before.items())
    assert_learns(alone, SGD(alone, 0.1))
    assert_learns(layer, optimizer)


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_between_the_backward_pass_and_the_step_keeps_the_gradient(copied):
    layer = network()
    optimizer = SGD(layer, 0.1)
    y, cache = layer.forward(draw(6, 4))
    layer.backward(y, cache)
    twin, twins_optimizer = copied((layer, optimizer))
    optimizer.step()
    twins_optimizer.step()
    assert_equal(layer, twin)
    assert float(np.abs(to_numpy(layer.grads["0.W"])).max()) > 0


def test_a_pickle_holds_every_parameter_once():
    layer = Linear(200, 200, np.random.default_rng(0), bias=False)
    one = len(pickle.dumps(layer))
    assert len(pickle.dumps((layer, SGD(layer, 0.1)))) < one + 2000


def test_a_layer_that_holds_its_optimizer_cannot_be_copied():
    layer = Linear(3, 2, np.random.default_rng(0))
    layer.optimizer = SGD(layer, 0.1)
    for copied in (copy.deepcopy, pickled):
        with pytest.raises(UserError, match="cannot be copied: keep the two side by side"):
            copied(layer)
    copy.deepcopy(layer.optimizer)  # this way round it works


def replaced(layer):
    layer.layers[0].params["W"] = layer.params["0.W"] + 1


def cast(layer):
    for leaf in layer.leaves():
        leaf.params.update({name: value.astype(np.float64) for name, value in leaf.params.items()})


def whole_dict(layer):
    layer.layers[3].params = dict(layer.layers[3].params, b=draw(2))


def gradient(layer):
    layer.layers[1].grads["gamma"] = draw(5)


def removed(layer):
    del layer.layers[3].params["b"]


@pytest.mark.parametrize("change", [replaced, cast, whole_dict, gradient, removed])
def test_an_array_that_was_replaced_is_noticed(change):
    layer = network()
    optimizer = Adam(layer, 0.1)
    learn(layer, optimizer)
    change(layer)
    with pytest.raises(UserError, match="no longer updates (W|b|gamma) of a (Linear|BatchNorm)"):
        optimizer.step()
    if change is not removed:
        assert_learns(layer, Adam(layer, 0.1))  # a new one takes things as they are
    assert optimizer.steps == 4


def test_writing_into_an_array_is_no_replacement():
    layer = network()
    optimizer = SGD(layer, 0.1)
    first = layer.layers[0]
    first.params["W"][...] = draw(4, 5)
    first.params["W"] *= 2
    layer.load_state(network().state())
    assert_learns(layer, optimizer)


def test_the_newest_of_two_optimizers_counts_and_the_other_is_refused():
    layer = network()
    older, newer = SGD(layer, 0.1), SGD(layer, 0.1)
    assert_learns(layer, newer)
    with pytest.raises(UserError, match="another optimizer was made for that layer"):
        older.step()
    for copied in (copy.deepcopy, pickled):  # so it is in a copy, in whatever order
        for order in (("older", "newer"), ("newer", "older")):
            twins = copied({name: {"older": older, "newer": newer}[name] for name in order})
            assert_learns(twins["newer"].layer, twins["newer"])
            with pytest.raises(UserError, match="no longer updates"):
                twins["older"].step()
    assert_learns(layer, newer)


def linear():
    return Linear(3, 3, np.random.default_rng(0))


def tied():
    """Two layers that share an array."""
    one, other = linear(), linear()
    one.params["W"] = other.params["W"]
    return one, other


TWICE = {
    "a linear layer": lambda: Sequential([linear()] * 2),
    "a batchnorm": lambda: Sequential([BatchNorm(3)] * 2),
    "a network": lambda: Sequential([Sequential([ReLU(), BatchNorm(3)])] * 2),
    "in a wrapper": lambda: Sequential([layer := BatchNorm(3), TimeDistributed(layer)]),
    "an array": lambda: Sequential(tied()),
    "in another composite": lambda: SGD(Composite(dict(zip("ab", tied()))), 0.1),
}


@pytest.mark.parametrize("what", TWICE)
def test_a_parameter_in_two_places_of_a_network_is_refused(what):
    with pytest.raises(UserError, match="is used in two places of one network"):
        TWICE[what]()


def test_layers_without_parameters_may_be_used_again():
    relu, rng = ReLU(), np.random.default_rng(0)
    layer = Sequential([Linear(4, 4, rng), relu, Linear(4, 4, rng), relu])
    assert len(layer.params) == 4


def test_one_optimizer_has_one_dtype():
    layer = Sequential([Linear(4, 4, np.random.default_rng(0), dtype=np.float64), BatchNorm(4)])
    with pytest.raises(UserError, match="float32 and float64: give all one dtype"):
        SGD(layer, 0.1)


def test_a_layer_of_ones_own_need_not_make_gradients():
    class Scale(Layer):
        def __init__(self):
            self.params, self.grads, self.buffers = {"s": draw(4)}, {}, {}

    layer = Scale()
    SGD(layer, 0.1)
    assert layer.grads["s"].shape == (4,) and not to_numpy(layer.grads["s"]).any()

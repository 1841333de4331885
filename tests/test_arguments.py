"""Sizes, numbers, generators and types of constructors: what is wrong is refused in a sentence."""

import numpy as np
import pytest

from dni_np.analysis.theory.logistic_theory import three_groups
from dni_np.arguments import described, generator, number, precision, several, size, sizes
from dni_np.data.batches import Batches
from dni_np.data.binary_addition import binary_addition
from dni_np.data.copy_tasks import copy, repeat_copy
from dni_np.data.curriculum import Curriculum
from dni_np.data.odd_and_threes import OddAndThrees
from dni_np.data.streams import Streams
from dni_np.dni.class_maps import ClassPictures
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.dense_guess import DenseGuess
from dni_np.dni.stale_gradients import StaleGradient, averaging
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.errors import UserError
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.clip import Clipped
from dni_np.nn.conv import Conv2D
from dni_np.nn.embedding import Embedding, OneHot
from dni_np.nn.fast.choice import conv2d
from dni_np.nn.initializers import glorot_uniform, he_normal, trask_normal
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.pooling import MaxPool2D
from dni_np.nn.recursive_least_squares import RecursiveLeastSquares
from dni_np.nn.reshape import ToImages
from dni_np.nn.schedules import StepDecay, as_schedule
from dni_np.rules.recurrent.dni import state_guess
from tests.wrong_arguments import (
    check_generator,
    check_number,
    check_precision,
    check_size,
    refused,
)

RNG = np.random.default_rng(0)
LAYER = Linear(3, 2, RNG)
LOOKS = Conditioning(("output", "label"), 3, label=2)
IMAGES, DIGITS = np.zeros((2, 3)), np.array([1, 2])

SIZES = {
    "Linear n_in": lambda n: Linear(n, 2, RNG),
    "Linear n_out": lambda n: Linear(3, n, RNG),
    "BatchNorm": lambda n: BatchNorm(n),
    "Conv2D n_in": lambda n: Conv2D(n, 2, RNG),
    "Conv2D n_out": lambda n: Conv2D(3, n, RNG),
    "Conv2D kernel": lambda n: Conv2D(3, 2, RNG, kernel=n),
    "Conv2D stride": lambda n: Conv2D(3, 2, RNG, stride=n),
    "conv2d n_in": lambda n: conv2d(n, 2, RNG),
    "conv2d kernel": lambda n: conv2d(3, 2, RNG, kernel=n),
    "conv2d stride": lambda n: conv2d(3, 2, RNG, stride=n),
    "pooling size": lambda n: MaxPool2D(n),
    "pooling stride": lambda n: MaxPool2D(2, n),
    "ToImages": lambda n: ToImages(n, 2, 1),
    "LSTM n_in": lambda n: LSTM(n, 2, RNG),
    "LSTM n_units": lambda n: LSTM(3, n, RNG),
    "LSTM initial_state": lambda n: LSTM(3, 2, RNG).initial_state(n),
    "BatchNormLSTM max_steps": lambda n: BatchNormLSTM(3, 2, RNG, n),
    "OneHot": lambda n: OneHot(n),
    "Embedding n_symbols": lambda n: Embedding(n, 2, RNG),
    "Embedding width": lambda n: Embedding(3, n, RNG),
    "Conditioning width": lambda n: Conditioning(("output",), n),
    "Conditioning label": lambda n: Conditioning(("output",), 3, label=n),
    "SyntheticGradient width": lambda n: SyntheticGradient(n, LOOKS, RNG),
    "SyntheticGradient hidden": lambda n: SyntheticGradient(3, LOOKS, RNG, (n,)),
    "state_guess hidden": lambda n: state_guess(3, RNG, hidden=(n,)),
    "StaleGradient": lambda n: StaleGradient((n, 3)),
    "ClassPictures image": lambda n: ClassPictures(SyntheticGradient(3, LOOKS, RNG), (5, n, 3), 2),
    "DenseGuess image": lambda n: DenseGuess(SyntheticGradient(3, LOOKS, RNG), (1, n, 3)),
    "Batches n": lambda n: Batches(n, 1, RNG),
    "Batches batch_size": lambda n: Batches(9, n, RNG),
    "binary_addition examples": lambda n: binary_addition(n, 4, rng=RNG),
    "copy symbols": lambda n: copy(n, 1, RNG),
    "copy batch": lambda n: copy(2, n, RNG),
    "repeat_copy repeats": lambda n: repeat_copy(2, n, 1, RNG),
    "Curriculum episodes": lambda n: Curriculum("copy", min_episodes=n),
    "Curriculum symbols": lambda n: Curriculum("copy", n_symbols=n),
    "OddAndThrees batch": lambda n: OddAndThrees(IMAGES, DIGITS, n, 2, RNG),
    "OddAndThrees steps": lambda n: OddAndThrees(IMAGES, DIGITS, 2, n, RNG),
    "Streams batch": lambda n: Streams([0, 1, 2], n, 1),
    "Streams steps": lambda n: Streams([0, 1, 2], 1, n),
}
NUMBERS = {
    "StepDecay rate": ("(0, inf)", lambda v: StepDecay(v)),
    "StepDecay factor": ("(0, inf)", lambda v: StepDecay(0.1, (5,), v)),
    "a schedule's rate": ("[0, inf)", lambda v: as_schedule(lambda step: v)),
    "SGD rate": ("(0, inf)", lambda v: SGD(LAYER, v)),
    "SGD momentum": ("[0, 1)", lambda v: SGD(LAYER, 0.1, momentum=v)),
    "Adam rate": ("(0, inf)", lambda v: Adam(LAYER, v)),
    "Adam first beta": ("[0, 1)", lambda v: Adam(LAYER, 0.1, betas=(v, 0.9))),
    "Adam second beta": ("[0, 1)", lambda v: Adam(LAYER, 0.1, betas=(0.9, v))),
    "RecursiveLeastSquares beta": ("(0, 1]", lambda v: RecursiveLeastSquares(LAYER, beta=v)),
    "RecursiveLeastSquares ridge": ("[0, inf)", lambda v: RecursiveLeastSquares(LAYER, ridge=v)),
    "Clipped limit": ("(0, inf)", lambda v: Clipped(SGD(LAYER, 0.1), v)),
    "Adam eps": ("(0, inf)", lambda v: Adam(LAYER, 0.1, eps=v)),
    "BatchNorm momentum": ("(0, 1]", lambda v: BatchNorm(3, momentum=v)),
    "BatchNorm eps": ("(0, inf)", lambda v: BatchNorm(3, eps=v)),
    "BatchNormLSTM momentum": ("(0, 1]", lambda v: BatchNormLSTM(3, 2, RNG, 2, momentum=v)),
    "BatchNormLSTM eps": ("(0, inf)", lambda v: BatchNormLSTM(3, 2, RNG, 2, eps=v)),
    "LSTM forget_bias": ("(-inf, inf)", lambda v: LSTM(3, 2, RNG, forget_bias=v)),
    "averaging": ("[0, 1)", lambda v: averaging(StaleGradient((4, 3)), v)),
    "Curriculum threshold": ("(0, inf)", lambda v: Curriculum("copy", threshold=v)),
    "Curriculum decay": ("[0, 1)", lambda v: Curriculum("copy", decay=v)),
}
GENERATORS = {
    "Linear": lambda rng: Linear(3, 2, rng),
    "Conv2D": lambda rng: Conv2D(3, 2, rng),
    "LSTM": lambda rng: LSTM(3, 2, rng),
    "Embedding": lambda rng: Embedding(3, 2, rng),
    "he_normal": lambda rng: he_normal(3, 2, rng),
    "glorot_uniform": lambda rng: glorot_uniform(3, 2, rng),
    "trask_normal": lambda rng: trask_normal(3, 2, rng),
    "SyntheticGradient": lambda rng: SyntheticGradient(3, LOOKS, rng, (4,)),
    "three_groups": lambda rng: three_groups(rng, 4),
    "Batches": lambda rng: Batches(9, 2, rng),
    "binary_addition": lambda rng: binary_addition(9, 4, rng=rng),
    "copy": lambda rng: copy(2, 2, rng),
    "OddAndThrees": lambda rng: OddAndThrees(IMAGES, DIGITS, 2, 2, rng),
}
PRECISIONS = {
    "Linear": lambda dtype: Linear(3, 2, RNG, dtype=dtype),
    "BatchNorm": lambda dtype: BatchNorm(3, dtype=dtype),
    "Conv2D": lambda dtype: Conv2D(3, 2, RNG, dtype=dtype),
    "LSTM": lambda dtype: LSTM(3, 2, RNG, dtype=dtype),
    "OneHot": lambda dtype: OneHot(3, dtype=dtype),
    "Embedding": lambda dtype: Embedding(3, 2, RNG, dtype=dtype),
    "StaleGradient": lambda dtype: StaleGradient((4, 3), dtype=dtype),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name):
    check_size(SIZES[name])


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    check_number(*NUMBERS[name])


@pytest.mark.parametrize("name", GENERATORS)
def test_generators(name):
    check_generator(GENERATORS[name])


@pytest.mark.parametrize("name", PRECISIONS)
def test_precisions(name):
    check_precision(PRECISIONS[name])


WRONG_SCHEDULES = [
    (0.6, 0.8),
    (20, 10),
    (5, -1),
    5,
    None,
    "10",
    (None,),
    ("10",),
    (True,),
    np.array([10, 20]),
]


@pytest.mark.parametrize("at", WRONG_SCHEDULES)
def test_milestones_are_rising_counts_of_steps(at):
    StepDecay(0.1, at=(0.6 * 5, 0.8 * 5))  # some count the steps in floats
    StepDecay(0.1, at=(0, 10, 10, np.int64(20)))  # in a short run two may fall on one step
    refused(lambda at: StepDecay(0.1, at=at), [at])


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999), None, "ab"])
def test_adam_has_two_betas(betas):
    refused(lambda betas: Adam(LAYER, 0.1, betas=betas), [betas])


def test_what_was_given_is_named_shortly():
    assert described(np.ones((1000, 1000))) == "an array of float64 of shape (1000, 1000)"
    assert len(described(list(range(10**6)))) < 100 and "\n" not in described("a\nb\n" * 100)
    for wrong in (
        lambda: size("n", 0),
        lambda: sizes("n", [0]),
        lambda: several("n", 3),
        lambda: number("n", 2, "[0, 1]"),
    ):
        with pytest.raises(UserError, match="n must be"):
            wrong()
    for wrong in (lambda: generator(0), lambda: precision(int)):
        with pytest.raises(UserError, match="must be"):
            wrong()

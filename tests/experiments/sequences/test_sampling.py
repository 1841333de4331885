"""Text from a network: each character drawn from what the network predicts after all before it."""

import numpy as np
import pytest

from dni_np.data.text import UNKNOWN
from dni_np.errors import UserError
from dni_np.experiments.sequences.sampling import draw, load_network, sample
from dni_np.nn.linear import Linear
from dni_np.nn.lstm import LSTM
from dni_np.nn.time_distributed import TimeDistributed
from tests.experiments.sequences.small_runs import TEXT, finish, loop_of, small

ALPHABET = "\nabcd"


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    core, readout = LSTM(5, 6, rng), TimeDistributed(Linear(6, 5, rng))
    readout.params["W"] *= 3  # predictions that differ
    return core, readout, ALPHABET


def logits_after(network, text):
    """What the network predicts to follow `text`, read at once."""
    core, readout, characters = network
    x = np.eye(5, dtype=np.float32)[[characters.index(c) for c in text]][:, None]
    outputs, _, _ = core.forward(x, core.initial_state(1))
    return readout.forward(outputs)[0][-1, 0].astype(np.float64)


def test_the_likeliest_character_follows_all_before_it(network):
    text = "".join(sample(*network, 12, temperature=0, start="ab"))
    assert len(text) == 12
    for i in range(12):
        assert text[i] == ALPHABET[logits_after(network, "ab" + text[:i]).argmax()]


def test_one_seed_one_text(network):
    texts = ["".join(sample(*network, 40, seed=seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_no_start_is_a_new_line(network):
    assert (
        list(sample(*network, 20))
        == list(sample(*network, 20, start="\n"))
        != list(sample(*network, 20, start="b"))
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_drawn_as_often_as_predicted(temperature):
    logits, rng = np.array([1.0, 0.0, -1.0, 2.0]), np.random.default_rng(0)
    drawn = [draw(logits.copy(), "abcd", temperature, rng) for _ in range(4000)]
    p = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
    assert np.bincount(drawn, minlength=4) / 4000 == pytest.approx(p, abs=0.03)


def test_unknown_is_never_written():
    rng = np.random.default_rng(0)
    drawn = {
        draw(np.array([0.0, 9.0, 0.0]), "a" + UNKNOWN + "b", t, rng)
        for t in (0, 1, 1, 1, 1, 1, 1, 1)
    }
    assert drawn == {0, 2}


def test_the_best_network_is_loaded(tmp_path):
    loop = loop_of(small("characters", "dni", steps=40, error_into_core=True), tmp_path / "run")
    finish(loop)
    for folder in (tmp_path / "run", tmp_path):
        core, readout, characters = load_network(folder)
        assert characters == TEXT.characters
        assert np.array_equal(core.params["W"], loop.task.best_parameters["core/W"])
        assert np.array_equal(readout.params["b"], loop.task.best_parameters["readout/b"])


BAD = {
    "none": ({"characters": 0}, "--characters is 0"),
    "cold": (
        {"characters": 1, "temperature": -1},
        "--temperature is -1: it must be positive, or 0",
    ),
    "nan": ({"characters": 1, "temperature": float("nan")}, "--temperature is nan"),
    "strange": (
        {"characters": 1, "start": "x"},
        "the network's text has no character 'x': it has",
    ),
    "seed": ({"characters": 1, "seed": -1}, "--seed is -1"),
}


@pytest.mark.parametrize("case", BAD)
def test_mistakes(case, network):
    options, message = BAD[case]
    with pytest.raises(UserError, match=message):
        list(sample(*network, **options))


def test_folders_without_a_network(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        load_network(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no run with a checkpoint"):
        load_network(tmp_path)
    finish(loop_of(small("copy", "bptt"), tmp_path / "copy"))
    with pytest.raises(UserError, match="is of copy, which writes no text"):
        load_network(tmp_path)
    loop_of(small("characters", "bptt"), tmp_path / "characters").save()
    with pytest.raises(UserError, match="2 runs: choose one of .*characters, .*copy"):
        load_network(tmp_path)
    with pytest.raises(UserError, match="saved before the first validation"):
        load_network(tmp_path / "characters")

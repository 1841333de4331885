"""Numbers beyond memory or reason, and empty words, end in a sentence that names the option."""

import re

import pytest

from dni_np.errors import UserError
from dni_np.experiments import memory
from dni_np.experiments.run import build
from dni_np.experiments.feedforward.settings import Settings
from dni_np.experiments.registry import find_recipe, kind_of
from dni_np.training.memory import free_memory, peak_memory
from tests.experiments.arguments import main

HUGE = "1000000000"
BEYOND_REASON = "9" * 25
IMAGES = ["mnist", "--data", "digits", "--batch-size", "20"]
COPY = ["copy", "--recipe", "copy-quick"]
CHARACTERS = ["characters", "--recipe", "characters-quick"]
CLOCKS = ["two-clocks", "--recipe", "two-clocks-quick", "--data", "digits"]
TOO_MUCH = [
    (
        [*IMAGES, "--width", "200000"],
        "--width 200000 do not fit into memory: the run needs about .* GB",
    ),
    ([*IMAGES, "--widths", "200000", "200000"], "--widths 200000 200000 does not fit into memory"),
    ([*IMAGES, "--hidden", HUGE], f"--hidden {HUGE} does not fit into memory"),
    ([*IMAGES, "--batch-size", HUGE], f"--batch-size {HUGE} .* do not fit into memory"),
    ([*IMAGES, "--recipe", "mnist-cnn", "--width", HUGE], f"--width {HUGE} do not fit into memory"),
    (
        [*IMAGES, "--recipe", "mnist-cnn", "--guess", "dense", "--hidden", HUGE],
        f"--hidden {HUGE} does not fit into memory",
    ),
    ([*IMAGES, "--layers", "100000"], "--layers is 100000: it must be from 2 to 1000"),
    ([*IMAGES, "--layers", HUGE], f"--layers is {HUGE}: it must be from 2 to 1000"),
    ([*IMAGES, "--seed", BEYOND_REASON], "--seed is 9{25}: it must be at most 1000000000000"),
    ([*IMAGES, "--steps", BEYOND_REASON], "--steps is 9{25}: it must be at most 1000000000000"),
    ([*IMAGES, "--evaluate-every", BEYOND_REASON], "--evaluate-every is 9{25}: it must be at most"),
    ([*IMAGES, "--learning-rate", "1e999"], "--learning-rate is inf: it must be a finite number"),
    (["addition", "--examples", HUGE], f"--examples is {HUGE}: it must be from 1 to 10000000"),
    (["addition", "--bits", "1000000"], "--bits is 1000000: it must be from 2 to 62"),
    ([*COPY, "--units", "1000000"], "--units 1000000 does not fit into memory"),
    ([*COPY, "--hidden", HUGE], f"--hidden {HUGE} does not fit into memory"),
    ([*COPY, "--batch-size", HUGE], f"--batch-size {HUGE} and --unroll 3 do not fit into memory"),
    ([*COPY, "--samples", BEYOND_REASON], "--samples is 9{25}: it must be at most"),
    (
        [*COPY, "--rule", "cdni", "--look-ahead", HUGE],
        "--look-ahead is .*: it must be from 1 to 10000",
    ),
    ([*CHARACTERS, "--unroll", "100000"], "--unroll is 100000: it must be from 1 to 10000"),
    (
        [*CHARACTERS, "--unroll", "10000", "--batch-size", "10000"],
        "--unroll 10000 do not fit into memory",
    ),
    ([*CLOCKS, "--unroll", "100000"], "--unroll is 100000: it must be from 1 to 1000"),
    ([*CLOCKS, "--ticks", "100000"], "--ticks is 100000: it must be from 1 to 1000"),
    ([*CLOCKS, "--unroll", "1000"], "--unroll 1000 do not fit into memory"),
    ([*CLOCKS, "--units", "1000000"], "--units 1000000 does not fit into memory"),
    (["mnist", "--recipe", ""], "--recipe is empty: give it a value, or leave it out"),
    (["mnist", "--out", ""], "--out is empty"),
    (["mnist", "--resume", ""], "--resume is empty"),
    (["mnist", "--data", ""], "--data is empty"),
    (["sample", ""], "RUN_FOLDER is empty"),
    (["sample", "run", "--start", ""], "--start is empty"),
    (
        ["mnist", "--width", "wide"],
        "--width is wide: it must be a whole number",
    ),
    (["mnist", "--wide", "3"], "unrecognized arguments: --wide 3"),
    (["mnist", "--rule", "magic"], "for mnist there is no rule magic"),
]


@pytest.mark.parametrize(
    "arguments, message",
    TOO_MUCH,
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_too_much_is_one_sentence(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, *(["--quiet"] if arguments[0] != "sample" else [])]) == 2
    err = capsys.readouterr().err
    assert err.startswith("dni_np: ") and err.count("\n") == 1
    assert re.search(message, err)
    assert list(tmp_path.iterdir()) == []


CASES = {
    "wide": ("mnist-fcn-quick", "backprop", {"data": "digits", "width": 1500, "batch_size": 20}),
    "large guesses": (
        "mnist-fcn-quick",
        "dni",
        {"data": "digits", "hidden": (4000,), "batch_size": 20},
    ),
    "large batch": (
        "mnist-fcn-quick",
        "cdni",
        {"data": "digits", "batch_size": 1400, "width": 500},
    ),
    "images": ("mnist-cnn-quick", "cdni", {"data": "digits", "width": 64, "batch_size": 1000}),
    "dense guesses": (
        "mnist-cnn-quick",
        "dni",
        {"data": "digits", "width": 64, "batch_size": 20, "guess": "dense", "hidden": (2000,)},
    ),
    "dense guesses by least squares": (
        "mnist-cnn-quick",
        "cdni",
        {"data": "digits", "width": 48, "batch_size": 20, "guess": "dense", "sg_optimizer": "rls"},
    ),
    "addition": ("addition-quick", "backprop", {"examples": 100_000, "bits": 20}),
    "LSTM": ("characters-quick", "bptt", {"units": 700, "batch_size": 10}),
    "long chunks": ("characters-quick", "dni", {"unroll": 100, "batch_size": 64}),
    "least squares": (
        "mnist-fcn-quick",
        "cdni",
        {"data": "digits", "width": 700, "batch_size": 20, "sg_optimizer": "rls"},
    ),
    "trace": ("copy-rls-quick", "dni-trace", {"units": 600}),
    "labels": ("copy-quick", "cdni", {"look_ahead": 1000, "hidden": (1000,)}),
    "two networks": (
        "two-clocks-quick",
        "decoupled",
        {"data": "digits", "units": 600, "batch_size": 10},
    ),
    "two networks, least squares": (
        "two-clocks-quick",
        "decoupled",
        {"data": "digits", "units": 600, "batch_size": 10, "sg_optimizer": "rls", "hidden": ()},
    ),
    "long streams": (
        "two-clocks-quick",
        "decoupled",
        {"data": "digits", "unroll": 12, "units": 32},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_estimate_is_of_the_right_size(name):
    recipe, rule, changes = CASES[name]
    settings = find_recipe(recipe).settings(rule, **changes)
    kind = kind_of(settings)
    data = kind.build.load_data(settings)

    def work():
        loop = build(settings, data)
        loop._one_step()

    estimate, peak = sum(kind.build.memory(settings, data).values()), peak_memory(work)
    assert 0.3 < estimate / peak < 3, (estimate / 1e6, peak / 1e6)


def test_what_asks_for_most_is_named(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 30e9)
    settings = Settings(width=7, hidden=(8, 9))
    memory.check_memory(settings, {("width",): 1e9, ("hidden",): 29e9})
    with pytest.raises(
        UserError,
        match="--hidden 8 9 does not fit into memory: the run needs about 31 GB, 30 GB are free",
    ):
        memory.check_memory(settings, {("width",): 1e9, ("hidden",): 30e9})
    monkeypatch.setattr(memory, "free_memory", lambda: None)  # the system does not tell
    memory.check_memory(settings, {("width",): 1e30})


def test_the_memory_of_the_machine_is_known():
    assert free_memory() is None or free_memory() > 1e7

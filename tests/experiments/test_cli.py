"""The command line, end to end, on folders of small images."""

import csv
import gzip
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dni_np.experiments.cli import main
from dni_np.experiments.feedforward.rules import RULES

QUICK = ["--steps", "40", "--width", "16", "--batch-size", "20", "--quiet"]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """An idx folder like MNIST's: 300 training and 60 test images of 5 x 5."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (10, 25))
    for part, n in (("train", 300), ("t10k", 60)):
        labels = rng.integers(0, 10, n).astype(np.uint8)
        pixels = np.clip(patterns[labels] + rng.normal(0, 50, (n, 25)), 0, 255).astype(np.uint8)
        with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(struct.pack(">4B3I", 0, 0, 8, 3, n, 5, 5) + pixels.tobytes())
        with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(struct.pack(">4BI", 0, 0, 8, 1, n) + labels.tobytes())
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder in CIFAR-10's form: 60 training and 20 test images, each class of its own color."""
    folder = tmp_path_factory.mktemp("CIFAR-10 (made up)")
    rng = np.random.default_rng(0)
    colors = rng.integers(50, 200, (10, 3, 1))
    for name, n in (("data_batch_1.bin", 60), ("test_batch.bin", 20)):
        labels = rng.integers(0, 10, n)
        planes = colors[labels] + rng.integers(-50, 50, (n, 3, 1024))
        records = np.concatenate([labels[:, None], planes.reshape(n, -1)], axis=1)
        (folder / name).write_bytes(records.astype(np.uint8).tobytes())
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Runs go to a fresh folder."""
    monkeypatch.chdir(tmp_path)


def test_alone_it_shows_what_there_is(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(
        word in out
        for word in ("demo", "addition", "mnist", "cifar", "compare", "list", "examples")
    )


def test_list_names_rules_and_recipes(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(
        word in out
        for word in ("backprop", "cdni", "mnist-fcn-paper", "500000", "addition", "cifar-cnn")
    )


@pytest.mark.parametrize("command", ["addition", "mnist", "cifar", "compare"])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"example: python -m dni_np {command}" in " ".join(capsys.readouterr().out.split())


def test_mnist_run_leaves_everything(images, tmp_path, capsys):
    assert main(["mnist", "--data", str(images), "--rule", "cdni", "--out", "run", *QUICK]) == 0
    out = capsys.readouterr().out
    assert re.search(r"cdni-3 .* 40 ", out) and "Everything is in run/" in out
    run = tmp_path / "run" / "cdni-3-seed0"
    names = {path.name for path in run.iterdir()}
    assert names == {
        "checkpoint.npz",
        "history.csv",
        "history.jsonl",
        "curves.png",
        "gradients.png",
    }
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((run / "history.csv").open()))
    assert rows[-1]["step"] == "40" and "cosine_2" in rows[-1]
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())["plan"]
    assert plan[0]["sees"] == ["output", "label"] and plan[0]["width"] == 16


TINY = ["--steps", "6", "--width", "4", "--batch-size", "10", "--quiet"]


@pytest.mark.parametrize("recipe", ["cifar-fcn", "cifar-cnn-quick"])
def test_cifar_run_leaves_everything(recipe, photos, tmp_path, capsys):
    assert main(["cifar", "--recipe", recipe, "--data", str(photos), "--out", "run", *TINY]) == 0
    out = capsys.readouterr().out
    assert f"{recipe}: {photos.name}" in out and re.search(r"cdni-3 .* 6 ", out)
    rows = list(csv.DictReader((tmp_path / "run" / "cdni-3-seed0" / "history.csv").open()))
    assert rows[-1]["step"] == "6" and "cosine_2" in rows[-1]
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())["plan"]
    assert plan[0]["task"] == "cifar" and plan[0]["network"] == recipe[6:9]


def test_true_gradients_as_targets(photos, tmp_path):
    arguments = [
        "compare",
        "--recipe",
        "cifar-cnn-liao",
        "--rules",
        "backprop",
        "dni",
        "--hidden",
        "5",
        "--widths",
        "4",
        "3",
    ]
    size = ["--steps", "4", "--batch-size", "10", "--quiet", "--data", str(photos), "--out", "run"]
    assert main([*arguments, *size]) == 0
    assert (tmp_path / "run" / "dni-3-truetargets-head-seed0" / "gradients.png").exists()
    assert (tmp_path / "run" / "backprop-3-seed0" / "curves.png").exists()


def test_cifar_runs_compare(photos, tmp_path):
    arguments = [
        "compare",
        "--recipe",
        "cifar-cnn",
        "--rules",
        "none",
        "cdni",
        "--data",
        str(photos),
        "--out",
        "run",
    ]
    assert main([*arguments, *TINY]) == 0
    rows = list(csv.DictReader((tmp_path / "run" / "summary.csv").open()))
    assert [(row["run"], row["data"]) for row in rows] == [
        ("none-3", photos.name),
        ("cdni-3", photos.name),
    ]


def test_cifar_says_how_to_go_on(photos, tmp_path, capsys, monkeypatch):
    from dni_np.training.loop import Loop

    def interrupted(loop):
        for _ in range(2):
            loop._one_step()
        loop._write_row()
        loop.save()
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "run", interrupted)
        assert main(["cifar", "--data", str(photos), "--out", "mine", *TINY]) == 130
    assert (
        "stopped at step 2; continue with: python -m dni_np cifar --resume mine"
        in capsys.readouterr().out
    )
    assert main(["cifar", "--resume", "mine", "--quiet"]) == 0
    rows = list(csv.DictReader((tmp_path / "mine" / "cdni-3-seed0" / "history.csv").open()))
    assert [row["step"] for row in rows] == ["2", "3", "4", "5", "6"]


def test_compare_covers_rules_depths_and_seeds(images, tmp_path, capsys):
    arguments = [
        "compare",
        "--data",
        str(images),
        "--rules",
        "none",
        "dni",
        "backprop",
        "--layers",
        "3",
        "4",
        "--seed",
        "0",
        "1",
    ]
    assert main([*arguments, "--hidden", "8", "--out", "run", *QUICK]) == 0
    rows = list(csv.DictReader((tmp_path / "run" / "summary.csv").open()))
    assert [row["run"] for row in rows] == [
        "none-3",
        "none-4",
        "dni-3",
        "dni-4",
        "backprop-3",
        "backprop-4",
    ]
    assert all(row["seeds"] == "2" and "±" in row["test error %"] for row in rows)
    assert (tmp_path / "run" / "comparison.png").exists()


def test_single_dni_runs_each_depth(images, tmp_path):
    arguments = [
        "mnist",
        "--data",
        str(images),
        "--rule",
        "dni",
        "--hidden",
        "0",
        "--layers",
        "4",
        "--single-dni",
    ]
    assert main([*arguments, "--out", "run", *QUICK]) == 0
    rows = list(csv.DictReader((tmp_path / "run" / "summary.csv").open()))
    assert [row["run"] for row in rows] == ["dni-4-after1", "dni-4-after2", "dni-4-after3"]


def test_addition_with_mixtures_and_a_synthetic_head(tmp_path):
    arguments = [
        "addition",
        "--rule",
        "dni",
        "--sees",
        "normalized",
        "label",
        "input",
        "--head",
        "synthetic",
        "--bits",
        "6",
    ]
    assert main([*arguments, "--examples", "50", "--steps", "20", "--out", "run", "--quiet"]) == 0
    assert (tmp_path / "run" / "dni-normalized+label+input-3-head-seed0" / "history.csv").exists()


def test_the_numbers_of_a_rule_are_a_run_each(images, tmp_path):
    arguments = [
        "compare",
        "--data",
        str(images),
        "--rules",
        "none",
        "bp-lambda",
        "sparse",
        "stale",
        "--lambdas",
        "0.5",
    ]
    arguments += [
        "--lambdas",
        "0",
        "1",
        "--update-probability",
        "0.2",
        "1",
        "--stale-decay",
        "0",
        "0.9",
        "--out",
        "run",
    ]
    assert main([*arguments, *TINY]) == 0
    rows = list(csv.DictReader((tmp_path / "run" / "summary.csv").open()))
    wanted = [
        "none-3",
        "bp-lambda-0.5-3",
        "bp-lambda-0+1-3",
        "sparse-0.2-3",
        "sparse-1-3",
        "stale-0-3",
        "stale-0.9-3",
    ]
    assert [row["run"] for row in rows] == wanted
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())["plan"]
    assert [plan[i]["lambdas"] for i in (1, 2)] == [[0.5], [0.0, 1.0]]
    assert [plan[i]["update_probability"] for i in (3, 4)] == [0.2, 1.0]


def test_a_rule_of_the_family_runs_and_resumes(images, tmp_path, capsys):
    arguments = [
        "mnist",
        "--rule",
        "bp-lambda",
        "--lambdas",
        "0.5",
        "--data",
        str(images),
        "--out",
        "run",
    ]
    assert main([*arguments, *TINY]) == 0
    assert re.search(r"bp-lambda-0.5-3 .* 6 ", capsys.readouterr().out)
    assert (tmp_path / "run" / "bp-lambda-0.5-3-seed0" / "gradients.png").exists()
    assert main(["mnist", "--resume", "run", "--quiet"]) == 0


def test_compare_takes_the_usual_rules_unless_asked_for_all(images, tmp_path):
    for name, more in (("usual", []), ("all", ["--rules", "all"])):
        arguments = [
            "compare",
            "--recipe",
            "mnist-fcn-quick",
            "--data",
            str(images),
            "--hidden",
            "5",
            "--out",
            name,
        ]
        assert main([*arguments, *more, *TINY]) == 0
    names = {
        n: [row["run"] for row in csv.DictReader((tmp_path / n / "summary.csv").open())]
        for n in ("usual", "all")
    }
    assert names["usual"] == ["backprop-3", "dni-3", "cdni-3", "none-3"] == names["all"][:4]
    assert len(names["all"]) == len(RULES)
    rows = {row["run"]: row for row in csv.DictReader((tmp_path / "all" / "summary.csv").open())}
    assert rows["dfa-3"]["locked"] == "forward, update" and rows["unlock-3"]["locked"] == "no"
    assert float(rows["dni-3"]["MB"]) > float(rows["none-3"]["MB"]) > 0
    assert (tmp_path / "all" / "overview.png").exists()
    measured = {
        run: "cosine_2" in (tmp_path / "all" / f"{run}-seed0" / "history.csv").read_text()
        for run in names["all"]
    }
    assert [run for run, it_was in measured.items() if not it_was] == ["backprop-3", "none-3"]


SUMS = ["compare", "--recipe", "addition-quick", "--rules", "backprop", "dni"]


def test_each_mixture_of_sources_is_a_run_and_backprop_only_one(tmp_path):
    arguments = [*SUMS, "--sees", "output", "--sees", "normalized", "label"]
    assert main([*arguments, "--examples", "50", "--steps", "20", "--out", "run", "--quiet"]) == 0
    rows = list(csv.DictReader((tmp_path / "run" / "summary.csv").open()))
    assert [row["run"] for row in rows] == ["backprop-3", "dni-3", "dni-normalized+label-3"]


def test_a_run_that_diverges_does_not_take_the_others_along(tmp_path, capsys):
    arguments = [*SUMS, "--sg-learning-rate", "1e38", "--seed", "0", "1"]
    assert main([*arguments, "--examples", "50", "--steps", "60", "--out", "run", "--quiet"]) == 0
    rows = {row["run"]: row for row in csv.DictReader((tmp_path / "run" / "summary.csv").open())}
    assert rows["dni-3"]["seeds"] == "0 (2 diverged)" and rows["dni-3"]["test error %"] == ""
    assert rows["backprop-3"]["seeds"] == "2" and float(rows["backprop-3"]["train error %"]) > 0
    assert "dni-3-seed1: training diverged" in capsys.readouterr().out


def test_default_folders_are_numbered(tmp_path):
    for _ in range(2):
        assert (
            main(["addition", "--rule", "backprop", "--examples", "50", "--steps", "5", "--quiet"])
            == 0
        )
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "addition-addition",
        "addition-addition-2",
    ]


def test_interrupted_run_resumes_and_equals_an_uninterrupted_one(images, tmp_path):
    arguments = [
        "mnist",
        "--data",
        str(images),
        "--rule",
        "cdni",
        "--width",
        "16",
        "--batch-size",
        "20",
        "--quiet",
    ]
    arguments += ["--steps", "3000", "--evaluate-every", "100"]
    root = os.getcwd()
    repository = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": repository}
    command = [sys.executable, "-m", "dni_np", *arguments, "--out", "parts"]
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    history = tmp_path / "parts" / "cdni-3-seed0" / "history.csv"
    while not history.exists():  # training has begun
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped at step" in out and "--resume parts" in out
    assert main(["mnist", "--resume", "parts", "--quiet"]) == 0
    assert main([*arguments, "--out", "whole"]) == 0

    def rows(name):
        path = tmp_path / name / "cdni-3-seed0" / "history.jsonl"
        return [
            {k: v for k, v in json.loads(line).items() if k != "seconds"}
            for line in path.read_text().splitlines()
        ]

    assert rows("parts") == rows("whole")


MISTAKES = {
    "unknown recipe": (["mnist", "--recipe", "nope"], "unknown recipe 'nope'.*mnist-fcn-paper"),
    "recipe of another task": (["mnist", "--recipe", "addition"], "for addition, not for mnist"),
    "recipe of another set": (["cifar", "--recipe", "mnist-cnn"], "for mnist, not for cifar"),
    "unknown data": (
        ["cifar", "--data", "cifar"],
        "cifar is neither mnist, cifar10, digits, auto nor a folder",
    ),
    "missing folder": (["mnist", "--data", "no/such/folder"], "no/such/folder"),
    "nothing to resume": (["mnist", "--resume", "nowhere"], "nowhere holds no run"),
    "resume with changes": (["mnist", "--resume", "x", "--steps", "3"], "leave out --steps"),
    "resume with sources": (["mnist", "--resume", "x", "--sees", "label"], "leave out --sees"),
    "cut too high": (
        ["mnist", "--data", "digits", "--cut-after", "3", "--layers", "3"],
        "--cut-after is 3: it must be layers from 1 to 2",
    ),
    "negative rate": (
        ["addition", "--learning-rate", "-1"],
        "--learning-rate is -1.0: it must be positive",
    ),
    "unknown source": (
        ["addition", "--sees", "stars", "--rule", "dni"],
        "--sees is stars: it must be one or more of output",
    ),
    "pictures without maps": (
        ["mnist", "--data", "digits", "--sees", "output", "label", "picture"],
        "--sees is output label picture: it must be one or more of output, normalized",
    ),
    "too few steps": (["addition", "--steps", "0"], "--steps is 0"),
    "nothing left to hold out": (
        ["addition", "--bits", "3"],
        "every sum of 3 bits is among the 1000 examples",
    ),
    "too many bits": (["addition", "--bits", "99"], "99"),
    "no such width": (["mnist", "--data", "digits", "--widths", "-5"], "--widths is -5"),
    "not a number": (
        ["mnist", "--data", "digits", "--learning-rate", "nan"],
        "--learning-rate is nan",
    ),
    "unknown targets": (
        ["mnist", "--targets", "best"],
        "--targets is best: it must be bootstrapped or true",
    ),
    "unknown pooling": (
        ["mnist", "--pooling", "min"],
        "--pooling is min: it must be max-average or max",
    ),
    "too small for so many layers": (
        ["mnist", "--data", "digits", "--recipe", "mnist-cnn", "--layers", "6", "--width", "2"],
        "images of 8 x 8 have shrunk to one pixel after 3 poolings: take fewer layers",
    ),
    "lambda too large": (
        ["mnist", "--data", "digits", "--rule", "bp-lambda", "--lambdas", "1.5"],
        r"--lambdas is 1.5: it must be numbers from 0 \(the guess alone\) "
        r"to 1 \(backpropagation alone\), one or 2",
    ),
    "too many lambdas": (
        ["mnist", "--data", "digits", "--rule", "bp-lambda", "--lambdas", "0.5", "0.5", "0.5"],
        "--lambdas is 0.5 0.5 0.5: it must be numbers from 0 .* one or 2",
    ),
    "lambdas for another rule": (
        ["mnist", "--lambdas", "0.5"],
        "--lambdas is for the rule bp-lambda: leave it out",
    ),
    "never an update": (
        ["mnist", "--data", "digits", "--rule", "sparse", "--update-probability", "0"],
        "--update-probability is 0.0: it must be above 0 and at most 1",
    ),
    "nothing forgotten": (
        ["mnist", "--rule", "stale", "--stale-decay", "1"],
        "--stale-decay is 1.0: it must be at least 0",
    ),
    "a linear critic": (
        ["mnist", "--data", "digits", "--rule", "critic", "--hidden", "0"],
        "has one slope everywhere",
    ),
    "a critic that does not see the output": (
        ["mnist", "--data", "digits", "--rule", "critic", "--sees", "label"],
        "a critic sees output first",
    ),
    "sparse with true targets": (
        ["mnist", "--data", "digits", "--rule", "sparse", "--targets", "true"],
        "--targets is for the rules dni, cdni, critic, stale: leave it out",
    ),
    "a rule of other tasks": (
        ["compare", "--recipe", "copy", "--rules", "fa"],
        "for copy there is no rule fa",
    ),
    "widths twice": (
        ["mnist", "--data", "digits", "--widths", "9", "--layers", "3"],
        "--layers is for hidden layers of one width",
    ),
    "the same twice": (["addition", "--seed", "1", "1"], "asked for twice: cdni-3-seed1"),
    "resume with a seed": (["mnist", "--resume", "x", "--seed", "3"], "leave out --seed"),
    "too large": (
        ["mnist", "--data", "digits", "--width", "2000000000"],
        "--width 2000000000 do not fit into memory",
    ),
    "a long name": (["mnist", "--data", "x" * 300], "cannot be used: File name too long"),
    "batch too large": (
        ["mnist", "--data", "digits", "--batch-size", "5000"],
        "5000 cannot be drawn from 1437",
    ),
    "diverging": (
        ["addition", "--sg-learning-rate", "1e38", "--rule", "dni", "--steps", "50"],
        "diverged|lower the learning rate",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_sentence(mistake, capsys):
    arguments, message = MISTAKES[mistake]
    assert main([*arguments, *(["--quiet"] if "--resume" not in arguments else [])]) == 2
    err = capsys.readouterr().err
    assert err.startswith("dni_np: ") and err.count("\n") == 1 and "Traceback" not in err
    assert re.search(message, err)


def test_existing_runs_are_not_overwritten(capsys):
    run = [
        "addition",
        "--rule",
        "backprop",
        "--examples",
        "50",
        "--steps",
        "5",
        "--quiet",
        "--out",
        "mine",
    ]
    assert main(run) == 0
    assert main(run) == 2
    assert "mine already holds a run" in capsys.readouterr().err


def test_a_backend_without_gpu_is_one_sentence(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # as if not installed
    assert main(["addition", "--backend", "cupy"]) == 2
    assert re.fullmatch(r"dni_np: the backend cupy .*\n", capsys.readouterr().err)


def test_a_mistake_leaves_no_run_behind(capsys):
    """The corrected command may use the same folder."""
    run = ["addition", "--examples", "50", "--steps", "5", "--quiet", "--out", "mine"]
    assert main([*run, "--sees", "stars"]) == 2
    assert main(run) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"title": "x", "plan": []}',
        '{"title": "x", "plan": [null]}',
        '{"title": "x", "plan": [{"layers": 3.5}]}',
    ],
)
def test_a_broken_plan(text, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "plan.json").write_text(text)
    assert main(["addition", "--resume", "mine", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and re.search(
        "plan.json is damaged.*start a new run|plan.json: --layers is 3.5", err
    )


def test_a_checkpoint_of_other_settings_is_not_resumed(tmp_path, capsys):
    run = ["addition", "--examples", "50", "--steps", "5", "--quiet", "--out", "mine"]
    assert main(run) == 0
    (tmp_path / "mine" / "plan.json").unlink()
    assert main([*run, "--learning-rate", "0.5"]) == 2
    assert "other settings (learning_rate)" in capsys.readouterr().err


def test_figures_by_depth_with_a_seed_missing_and_a_line_for_each_mixture(tmp_path):
    from dni_np.experiments import plotting
    from dni_np.experiments.feedforward.report import final_errors
    from dni_np.experiments.feedforward.settings import Settings
    from dni_np.experiments.report import Group
    from dni_np.training.history import History

    def group(layers, sees, errors):
        histories = [History([{"step": 1, "test_error": error}]) for error in errors]
        return Group(Settings(rule="dni", layers=layers, sees=sees), histories, 0)

    groups = [
        group(3, ("output",), [1.0, 3.0]),
        group(4, ("output",), [2.0]),
        group(3, ("label",), [4.0, 5.0]),
    ]
    lines = final_errors(groups, lambda settings: settings.layers)
    assert lines == [("dni", [3, 4], [[1.0, 3.0], [2.0]]), ("dni-label", [3], [[4.0, 5.0]])]
    axes = plotting.by_depth(lines, r"a folder named $\frac$", "layers").axes[0]
    assert [list(line.get_ydata()) for line in axes.get_lines() if len(line.get_xdata()) == 2][
        0
    ] == [2.0, 2.0]

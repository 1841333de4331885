"""Runs that an earlier version of the program began, and stopped after 5 steps, go on as they would
have then.

In old_runs/ there is of each its plan, a checkpoint, and the history of the same run without a
stop.
"""

import json
import shutil
from pathlib import Path

import pytest

from dni_np.experiments.cli import main

OLD = Path(__file__).parent / "old_runs"
COMMANDS = {
    "images": "mnist",
    "sums": "addition",
    "sequences": "copy",
    "two_networks": "two-clocks",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_old_run_is_continued(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(OLD / name, folder)
    assert main([COMMANDS[name], "--resume", str(folder), "--quiet"]) == 0
    whole = json.loads((OLD / name / "whole.json").read_text())
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(whole)
    for run, rows in whole.items():
        lines = (folder / run / "history.jsonl").read_text().splitlines()
        assert len(lines) == len(rows)
        if not (OLD / name / run / "checkpoint.npz").exists():
            continue  # it had not begun: it draws as runs do now
        for line, wanted in zip(lines, rows):
            found = json.loads(line)
            found = {name: found[name] for name in wanted}  # there may be new columns
            assert {**found, "seconds": 0} == pytest.approx(
                {**wanted, "seconds": 0}, rel=2e-4, abs=1e-6
            )


def test_a_run_is_continued_by_its_own_command(capsys):
    folder = OLD / "sums"
    assert main(["mnist", "--resume", str(folder)]) == 2
    err = capsys.readouterr().err
    assert (
        f"is a run of addition: continue it with python -m dni_np addition --resume {folder}" in err
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_saved_is_not_changed(name):
    """The settings of an old run are saved again as they were."""
    from dataclasses import asdict

    from dni_np.experiments.registry import settings_from

    for saved in json.loads((OLD / name / "plan.json").read_text())["plan"]:
        found = json.loads(json.dumps(asdict(settings_from(saved))))
        assert {name: found[name] for name in saved} == saved  # there may be new settings

"""A rule is one row: whoever wants to know something of a rule reads it there."""

import ast
import csv
from pathlib import Path

import pytest

from dni_np.experiments.cli import main
from dni_np.experiments.experiment import Row
from dni_np.experiments.feedforward.rules import RULES
from dni_np.experiments.registry import KINDS
from dni_np.rules.backprop import Backprop

FOLDER = Path(__file__).resolve().parents[2] / "dni_np" / "experiments"
TABLES = {
    "rules.py",
    "recipes.py",
    "recipe_changes.py",
}  # the rows, and the recipes' own special cases
# Columns of a table, a square without color.
OTHER_THINGS = {("costs.py", "locked"), ("overview.py", "none"), ("simulate.py", "decoupled")}


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER))
)
def test_no_other_page_names_a_rule(path):
    names = {name for kind in KINDS for name in kind.rules}
    texts = {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    }
    found = {
        (path.name, text) for text in names & {text for text in texts if isinstance(text, str)}
    }
    assert path.name in TABLES or found <= OTHER_THINGS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_rows_name_options_that_there_are(kind):
    options = set(kind.settings.options())
    for name, row in kind.rules.items():
        assert row.name == name and row.about
        assert set(row.uses) <= options and set(row.changes) <= options
        assert row.like in {"", *kind.rules} and row.measured in {"", "guess", "arriving"}
        assert "sees" not in options or bool(row.sees) == ("sees" in row.uses)


def test_a_new_rule_is_one_row(tmp_path, monkeypatch, capsys):
    row = Row(
        "twice",
        "the true gradient, twice",
        lambda parts: Backprop(*parts.of_layers()),
        measured="arriving",
    )
    monkeypatch.setitem(RULES, "twice", row)
    monkeypatch.chdir(tmp_path)
    assert main(["list"]) == 0 and "the true gradient, twice" in capsys.readouterr().out
    size = [
        "--recipe",
        "addition-quick",
        "--steps",
        "4",
        "--examples",
        "50",
        "--quiet",
        "--out",
        "run",
    ]
    assert main(["compare", "--rules", "twice", "backprop", *size]) == 0
    rows = list(csv.DictReader((tmp_path / "run" / "summary.csv").open()))
    assert [row["run"] for row in rows] == ["twice-3", "backprop-3"]
    assert rows[0]["test error %"] == rows[1]["test error %"]
    assert "cosine_2" in (tmp_path / "run" / "twice-3-seed0" / "history.csv").read_text()
    assert main(["addition", "--rule", "twice", "--hidden", "4"]) == 2
    assert "--hidden is for the rules dni" in capsys.readouterr().err

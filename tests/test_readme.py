"""The README is short, quotes the real code, and what it points at is there."""

import re
import shlex
from pathlib import Path

import pytest

from dni_np import backend
from dni_np.experiments import commands
from dni_np.experiments.cli import main

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text()
PAGES = ["README.md", "notebooks/RESULTS.md", "tests/benchmarks/README.md"]
COMMANDS = [
    line.split("#")[0].strip()
    for page in PAGES
    for line in (ROOT / page).read_text().replace("\\\n", " ").splitlines()
    if line.startswith("python -m dni_np ")
]


def test_it_is_two_screens():
    assert len(TEXT.encode()) <= 9000


def test_it_quotes_the_unit_as_it_is():
    quoted = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL).group(1)
    assert quoted.startswith("class DNI:") and "def update_synthetic_weights" in quoted
    assert quoted in (ROOT / "dni_np/dni/unit.py").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_what_it_points_at_is_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text())
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert links or page != "README.md"
    assert missing == []


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_understood(command, monkeypatch, capsys):
    """Each becomes a plan, or another command's call; only the work itself is left out."""
    for work in ("start", "resume"):
        monkeypatch.setattr(commands, work, lambda *args, **options: 0)
    monkeypatch.setattr(commands, "load_network", lambda folder: (None, None, "ab"))
    monkeypatch.setattr(commands, "sample", lambda *args: "text")
    monkeypatch.setattr(backend, "use", lambda name: None)
    assert main(shlex.split(command)[3:]) == 0, capsys.readouterr().err

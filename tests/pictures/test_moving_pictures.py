"""The pictures that `make pictures` draws."""

import subprocess
import sys
from pathlib import Path

import pytest

FIGURES = Path(__file__).resolve().parent.parent.parent / "notebooks" / "figures"
NAMES = ("figure_9", "locked_and_decoupled")


@pytest.mark.parametrize("name", NAMES)
def test_moving_pictures_are_there_and_small(name):
    gif, png = (FIGURES / f"{name}{end}" for end in (".gif", ".png"))
    assert gif.read_bytes().startswith(b"GIF89a") and gif.stat().st_size < 300_000
    assert png.read_bytes().startswith(b"\x89PNG") and png.stat().st_size < 100_000


@pytest.mark.slow
def test_they_can_be_made_anew(tmp_path):
    command = [sys.executable, "-m", "dni_np.pictures", str(tmp_path / "new")]
    subprocess.run(command, check=True, cwd=FIGURES.parent.parent)
    made = {path.name: path.stat().st_size for path in (tmp_path / "new").iterdir()}
    assert sorted(made) == sorted(f"{name}{end}" for name in NAMES for end in (".gif", ".png"))
    assert max(made.values()) < 300_000


def test_without_a_folder_it_says_what_it_wants():
    command = [sys.executable, "-m", "dni_np.pictures"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=FIGURES.parent.parent)
    assert answer.returncode == 1 and "FOLDER" in answer.stderr

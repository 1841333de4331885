"""Moving pictures: those that `make pictures` draws, and those that notebooks draw."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from dni_np.pictures.moving import save_moving

from dni_np.pictures.__main__ import MEASURED
from dni_np.pictures.events import Event, joined

FIGURES = Path(__file__).resolve().parent.parent.parent / "notebooks" / "figures"
NAMES = ("figure_9", "locked_and_decoupled")
ALL = sorted(path.stem for path in FIGURES.glob("*.gif"))


def test_a_moving_picture_has_its_frames_and_a_still_one_beside_it(tmp_path):
    frames = [Figure(figsize=(2, 1)) for _ in range(3)]
    for k, figure in enumerate(frames):
        figure.text(0.5, 0.5, str(k))
    path = tmp_path / "new" / "counts.gif"
    assert save_moving(path, frames, seconds=0.5) == path.stat().st_size
    Image = pytest.importorskip("PIL.Image")
    with Image.open(path) as moving, Image.open(path.with_suffix(".png")) as still:
        assert (moving.n_frames, moving.info["duration"]) == (3, 500)
        assert moving.size == still.size == (200, 100)
    assert sorted(path.name for path in path.parent.iterdir()) == ["counts.gif", "counts.png"]


@pytest.mark.parametrize("name", ALL)
def test_moving_pictures_are_there_and_small(name):
    gif, png = (FIGURES / f"{name}{end}" for end in (".gif", ".png"))
    assert gif.read_bytes().startswith(b"GIF89a") and gif.stat().st_size < 300_000
    assert png.read_bytes().startswith(b"\x89PNG") and png.stat().st_size < 100_000


def test_what_was_measured_is_work_of_two_workers_one_thing_at_a_time():
    measured = json.loads(MEASURED.read_text())
    assert measured["machine"]["processor"] and len(measured["ways"]) == 3
    for way in measured["ways"].values():
        assert way["batches_a_second"] > 0
        for worker, layers in ((1, {1, 2, 3}), (2, {4, 5, 6, 7})):
            own = [event for event in way["events"] if event[0] == worker]
            assert {event[3] for event in own} - {0} == layers
            assert all(a[5] <= b[4] for a, b in zip(own, own[1:]))


def test_joined_events_are_as_long_as_their_parts():
    parts = [
        *(Event(1, 1, "forward", 0, 1, 1), Event(1, 1, "forward", 1.05, 2, 2)),
        *(Event(2, 1, "forward", 1, 2, 3), Event(1, 1, "wait", 2, 2.5)),
        *(Event(1, 1, "forward", 2.5, 3, 3), Event(1, 2, "forward", 3, 4, 1)),
    ]
    wanted = [(1, 0, 2), (1, 2.5, 3), (1, 3, 4), (2, 1, 2)]
    assert [(e.worker, e.start, e.stop) for e in joined(parts)] == wanted


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

"""The README's moving pictures, and a still one of each: python -m dni_np.pictures FOLDER"""

import os
import sys
from pathlib import Path

from matplotlib.animation import PillowWriter

from dni_np.pictures.network import STEPS, feedforward
from dni_np.pictures.schedule import schedule
from dni_np.pictures.timeline import timeline

LAYERS, BATCHES = 4, 6
DPI = 100
STILL = {"format": "png", "dpi": DPI, "metadata": {"Software": None}}  # the same bytes each time


def figure_9(folder):
    """One step of DNI, module by module."""
    frames = [feedforward(step) for step in range(1, STEPS[feedforward] + 1)]
    _animate(folder / "figure_9.gif", frames, seconds=3)
    _save(folder / "figure_9.png", lambda path: feedforward().savefig(path, **STILL))


def locked_and_decoupled(folder):
    """Backpropagation beside DNI, one worker for each layer, as the dependencies allow it."""
    plans = {
        "backpropagation": schedule("locked", LAYERS, BATCHES),
        "DNI": schedule("dni", LAYERS, BATCHES),
    }
    end = max(event.stop for events in plans.values() for event in events)
    frames = [timeline(plans, until) for until in range(2, int(end) + 1, 2)]
    _animate(folder / "locked_and_decoupled.gif", [*frames, *frames[-1:] * 9], seconds=0.5)
    _save(folder / "locked_and_decoupled.png", lambda path: frames[-1].savefig(path, **STILL))


def _animate(path, frames, seconds):
    writer = PillowWriter(fps=1 / seconds)

    def write(part):
        writer.setup(frames[0], part, dpi=DPI)
        for writer.fig in frames:
            writer.grab_frame()
        writer.finish()

    _save(path, write)


def _save(path, write):
    """A file that is there is whole: it is written beside its place, and then put there."""
    part = path.with_name(f".{path.name}")
    write(part)
    os.replace(part, path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m dni_np.pictures FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure_9(folder)
    locked_and_decoupled(folder)

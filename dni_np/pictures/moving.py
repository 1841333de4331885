"""A moving picture (GIF) of several figures of one size, and a still one beside it (PNG)."""

import os

from matplotlib.animation import PillowWriter

DPI = 100
STILL = {"format": "png", "dpi": DPI, "metadata": {"Software": None}}  # the same bytes each time


def save_moving(path, frames, seconds, still=None):
    """Write `frames`, each shown for so many seconds, to `path` (.gif), and a .png beside it.

    The still picture is the figure `still`, by default the last frame. Returns the GIF's bytes.
    """
    writer = PillowWriter(fps=1 / seconds)

    def write(part):
        writer.setup(frames[0], part, dpi=DPI)
        for writer.fig in frames:
            writer.grab_frame()
        writer.finish()

    path.parent.mkdir(parents=True, exist_ok=True)
    _save(path, write)
    one = frames[-1] if still is None else still
    _save(path.with_suffix(".png"), lambda part: one.savefig(part, **STILL))
    return path.stat().st_size


def _save(path, write):
    """A file that is there is whole: it is written beside its place, and then put there."""
    part = path.with_name(f".{path.name}")
    write(part)
    os.replace(part, path)

"""Command lines that the reports' tests share, and what the runs leave."""

import contextlib
import csv
import signal
from pathlib import Path
from unittest import mock

import numpy as np

from dni_np.training.loop import Loop

SMALL = "--width 16 --hidden 8 --quiet".split()
FCN = ["--recipe", "mnist-fcn-quick", "--steps", "20", "--batch-size", "32", *SMALL]
CNN = ["--recipe", "mnist-cnn-quick", "--steps", "5", "--batch-size", "8", *SMALL]


def changed(arguments, option, value):
    """The same command line with another value of an option that it has."""
    place = arguments.index(option) + 1
    return [*arguments[:place], value, *arguments[place + 1 :]]


def arrays_of(folder):
    """{name: array} of all that is trained, from the only checkpoint in a folder."""
    (path,) = Path(folder).rglob("checkpoint.npz")
    with np.load(path) as file:
        return {name: file[name] for name in file.files if name not in ("meta", "digest")}


def same(one, other):
    """Are two such dictionaries equal, bit for bit?"""
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def table(folder):
    """The rows of a CSV file as dictionaries: of a plan's summary, or of a run's history."""
    (path,) = [
        p for p in (Path(folder) / "summary.csv", Path(folder) / "history.csv") if p.exists()
    ]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@contextlib.contextmanager
def stop_at(*steps):
    """Within the block Ctrl-C arrives in these steps of a run."""
    one_step = Loop._one_step

    def then_interrupt(loop):
        one_step(loop)
        if loop.step in steps:
            signal.raise_signal(signal.SIGINT)

    with mock.patch.object(Loop, "_one_step", then_interrupt):
        yield

"""A command line that is called in this process, in an empty folder."""

import warnings
from typing import NamedTuple

import pytest
from matplotlib.figure import Figure

from dni_np.experiments.cli import main


class Ran(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    def refused(self, *parts):
        """Is this one sentence for the user that holds all `parts`?"""
        assert self.status == 2, self
        assert self.err.startswith("dni_np: ") and self.err.count("\n") == 1, self.err
        assert all(part in self.err for part in parts), self.err
        return True


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """run("mnist", "--data", folder, ...) as python -W error -m dni_np would.

    Figures are drawn in tests of their own: here they are not, which is quick.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **options: None)

    def call(*arguments):
        capsys.readouterr()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            status = main([str(argument) for argument in arguments])
        return Ran(status, *capsys.readouterr())

    return call

"""Where the fuzz calls the program: small data in a folder, no network, runs that end at once.

Only for processes of the fuzz's own (see worker.py): what is changed in the program stays so.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import threading
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from dni_np import backend
from dni_np.data import cifar10, mnist, text_sources
from dni_np.data.download import fetch
from dni_np.data.idx_folder import load_idx_folder
from dni_np.experiments.cli import main
from dni_np.training.loop import Loop
from tests.data.made_up import write_archive, write_cifar10, write_idx

RHYME = "one two three four five, once I caught a fish alive;\n" * 20
STEPS = 10  # runs end after so many, whatever they are asked for
BARE = re.compile(r"(?<![\w-])(nan|inf|infinity)(?![\w-])", re.IGNORECASE)


class Outcome(NamedTuple):
    """What a call of the command line did."""

    status: int
    out: str
    err: str
    warnings: list
    traceback: str

    def faults(self):
        """[(kind, detail)] of what no call may do, whatever it was asked."""
        found = [("warning", text) for text in self.warnings]
        one_line = self.err.startswith("dni_np: ") and self.err.count("\n") == 1
        if self.traceback or self.status not in (0, 2) or (self.status == 2 and not one_line):
            found.append(("traceback", self.traceback or f"{self.status}: {self.err}"))
        lines = [line for line in self.out.splitlines() if "diverged" not in line]  # those say it
        if any(map(BARE.search, lines)):
            found.append(("nan", self.out))
        return found


def call(words):
    """`python -m dni_np WORDS` in this process and folder."""
    out, err, status, trace = io.StringIO(), io.StringIO(), None, ""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(list(words))
            except SystemExit as end:  # after --help
                status = end.code or 0
            except BaseException:
                trace = traceback.format_exc()
    backend.use("numpy")
    warned = [f"{one.category.__name__}: {one.message} ({one.filename})" for one in seen]
    return Outcome(status, out.getvalue(), err.getvalue(), warned, trace)


def results(folder):
    """{run: (its arrays, its rows without times)} of all runs in `folder`: what must be equal."""
    found = {}
    for path in sorted(Path(folder).rglob("checkpoint.npz")):
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files if name not in ("meta", "digest")}
            meta = json.loads(file["meta"].tobytes())
        for row in meta["history"]:
            del row["seconds"]
        place = {key: meta[key] for key in ("step", "counted", "task", "rng", "history")}
        content = {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}
        found[str(path.parent)] = content, json.dumps(place, sort_keys=True)
    return found


def tables(folder):
    """[(kind, detail)] of the numbers that are none in what a run wrote."""
    paths = [p for end in ("csv", "jsonl", "txt") for p in Path(folder).rglob(f"*.{end}")]
    return [("nan", f"{p}: {p.read_text()}") for p in paths if BARE.search(p.read_text())]


def contents(folder):
    """{path: bytes} of all files."""
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@contextlib.contextmanager
def fresh_folder():
    """A copy of the folder that was entered, to work in."""
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(shutil.copytree(home, Path(folder) / "here"))
        try:
            yield
        finally:
            os.chdir(home)


def stopped(loop):
    """In place of Loop.run: as Ctrl-C in the middle leaves it."""
    while loop.step < 5 and not loop.finished:
        loop._one_step()
        if loop._due(loop.evaluate_every):
            loop._write_row()
    loop.save()
    return False


@contextlib.contextmanager
def stopping():
    """Runs that are begun within are stopped in the middle."""
    run, Loop.run = Loop.run, stopped
    try:
        yield
    finally:
        Loop.run = run


def enter(folder):
    """Make the data in `folder`, change the program, go there."""
    os.chdir(folder)
    write_idx(Path("idx"), n=40, m=12, size=(8, 8))
    write_cifar10(Path("cifar"), n=12)
    Path("archive").mkdir()
    write_archive(Path("archive/cifar-10-binary.tar.gz"))
    Path("text.txt").write_text(RHYME)
    Path("empty").mkdir()
    home = Path(folder) / "home"
    write_idx(home / "mnist", n=300, m=12, size=(8, 8))
    shutil.copytree("cifar", home / "cifar10")
    (home / "tinyshakespeare").mkdir()
    (home / "tinyshakespeare/input.txt").write_text(RHYME)
    os.environ["DNI_NP_DATA"] = str(home)
    mnist.FINGERPRINT = load_idx_folder(home / "mnist").fingerprint
    cifar10.COUNTS = (24, 12)
    text_sources.SHAKESPEARE_SHA256 = hashlib.sha256(RHYME.encode()).hexdigest()
    for page in (mnist, cifar10, text_sources):
        page.fetch = lambda *arguments, **options: fetch(*arguments[:2], (), *arguments[3:])
    change_program()
    rhymes = "characters --data text.txt --steps 8 --units 3 --batch-size 4 --quiet --out trained"
    sums = "addition --bits 5 --examples 30 --batch-size 4 --widths 3 3 --steps 8 --quiet"
    assert call(rhymes.split()).status == 0
    with stopping():
        assert call(f"{sums} --out stopped".split()).status == 130


def change_program():
    """Every run ends soon; figures are not drawn, the disk is not waited for: both take long."""
    ended = Loop.finished.fget
    Loop.finished = property(lambda loop: ended(loop) or loop.step >= STEPS)
    Figure.savefig = lambda figure, file, **options: file.write(b"a picture")
    os.fsync = lambda file: None
    tqdm.set_lock(threading.RLock())  # its own is a system's, and would outlive a killed process

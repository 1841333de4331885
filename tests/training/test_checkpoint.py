"""Checkpoints survive anything: they are whole, or they are the previous one."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dni_np.errors import Diverged, UserError
from dni_np.training import checkpoint
from dni_np.training.checkpoint import load_checkpoint, save_checkpoint
from dni_np.training.files import write_atomically, write_text

WRITER = """
import sys
import numpy as np
from pathlib import Path
from dni_np.training.checkpoint import save_checkpoint
path, n = Path(sys.argv[1]), 0
while True:
    n += 1
    save_checkpoint(path, {"a": np.full(200_000, n), "b": np.full(50_000, n)}, {"step": n})
    print(n, flush=True)
"""


def test_round_trip(tmp_path):
    arrays = {"rule/core/0.W": np.arange(6.0).reshape(2, 3), "steps": np.asarray(7)}
    meta = {
        "rng": np.random.default_rng(5).bit_generator.state,
        "history": [{"step": 1, "loss": 0.1}],
    }
    save_checkpoint(tmp_path / "c.npz", arrays, meta)
    loaded, loaded_meta = load_checkpoint(tmp_path / "c.npz")
    assert all(np.array_equal(loaded[name], arrays[name]) for name in arrays)
    assert {name: loaded_meta[name] for name in meta} == meta  # 128-bit integers survive JSON too


def test_a_writer_killed_at_random_moments_leaves_a_readable_checkpoint(tmp_path):
    path = tmp_path / "checkpoint.npz"
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        writer.stdout.readline()  # it is writing now
        time.sleep(rng.uniform(0, 0.05))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        arrays, meta = load_checkpoint(path)
        assert np.all(arrays["a"] == meta["step"]) and np.all(arrays["b"] == meta["step"])
        seen = max(seen, meta["step"])
    assert seen > 1


def test_a_failed_write_keeps_the_previous_file(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "first")

    def fail(file):
        file.write(b"half of the sec")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left.*previous version is untouched"):
        write_atomically(path, fail)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("keep", [0, 10, 300, -1])
def test_truncated_checkpoints_are_named(tmp_path, keep):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, {"a": np.arange(100)}, {"step": 1})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"checkpoint\.npz is damaged .*restore it from a copy"):
        load_checkpoint(path)


def test_foreign_and_missing_files_are_named(tmp_path):
    with pytest.raises(UserError, match=r"no checkpoint .*nothing\.npz"):
        load_checkpoint(tmp_path / "nothing.npz")
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(UserError, match=r"other\.npz is damaged \('meta' is missing\)"):
        load_checkpoint(tmp_path / "other.npz")
    np.savez(tmp_path / "pickle.npz", meta=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match=r"pickle\.npz is damaged"):
        load_checkpoint(tmp_path / "pickle.npz")


def test_a_changed_number_is_noticed(tmp_path):
    save_checkpoint(tmp_path / "c.npz", {"a": np.arange(100.0)}, {"step": 1})
    entries = dict(np.load(tmp_path / "c.npz"))
    entries["a"][50] += 1e-12
    np.savez(tmp_path / "c.npz", **entries)
    with pytest.raises(
        UserError,
        match=r"c\.npz is damaged .*checksum is wrong.*restore it from a copy, or delete it",
    ):
        load_checkpoint(tmp_path / "c.npz")


def test_another_version_is_named(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "VERSION", 2)
        save_checkpoint(tmp_path / "c.npz", {"a": np.arange(3)}, {"step": 1})
    with pytest.raises(
        UserError, match="of checkpoint version 2, this program reads version 4: start a new run"
    ):
        load_checkpoint(tmp_path / "c.npz")


def test_a_run_that_had_diverged_when_it_was_saved_is_reported_as_diverged(tmp_path):
    save_checkpoint(tmp_path / "c.npz", {"rule/W": np.array([1.0, np.nan])}, {"step": 1})
    with pytest.raises(
        Diverged, match=r"c\.npz holds nan in place of numbers \(rule/W\): training had diverged"
    ):
        load_checkpoint(tmp_path / "c.npz")


def test_a_file_that_claims_to_be_larger_than_it_is_is_not_read(tmp_path):
    """Zeros compress a thousandfold: such a file would fill the memory."""
    np.savez_compressed(tmp_path / "c.npz", a=np.zeros(1_000_000), meta=np.zeros(1, np.uint8))
    with pytest.raises(UserError, match="it claims to hold more than there is"):
        load_checkpoint(tmp_path / "c.npz")

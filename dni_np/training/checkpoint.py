"""Checkpoint: a whole run in one file.

It holds parameters, optimizers, random numbers, the place in the data and the history.

The file is a plain .npz without pickle (loading one runs no code), written atomically.
What is not an array travels as JSON in the entry "meta", and the entry "digest" is a checksum of
all the others: a file that was changed in any way, by a bad disk or by hand, is refused.
"""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np

from dni_np.errors import Diverged, UserError
from dni_np.training.files import reading, write_atomically

VERSION = 4
OLD = 3  # without a checksum, and without the fingerprint of the data
ADVICE = "restore it from a copy, or delete it to start this run anew"


def save_checkpoint(path, arrays, meta):
    """Write host `arrays` by name and the JSON-able `meta` to `path`."""
    text = json.dumps({"version": VERSION, **meta})
    entries = {**arrays, "meta": np.frombuffer(text.encode(), np.uint8)}
    entries["digest"] = np.frombuffer(digest(entries), np.uint8)
    write_atomically(path, lambda file: np.savez(file, **entries))


def load_checkpoint(path):
    """Return (arrays, meta) as saved; in meta is the version, too."""
    path = Path(path)
    if not path.exists():
        raise UserError(
            f"there is no checkpoint {path}: give the folder of a run that was interrupted"
        )
    with reading(path, ADVICE):
        entries = _entries(path)
        meta = json.loads(entries["meta"].tobytes())
        if meta["version"] not in (OLD, VERSION):
            raise UserError(
                f"{path} is of checkpoint version {meta['version']}, "
                f"this program reads version {VERSION}: "
                "start a new run, or continue it with the program that wrote it"
            )
        old = meta["version"] == OLD and "digest" not in entries
        if not old and entries.pop("digest").tobytes() != digest(entries):
            raise ValueError("its checksum is wrong")
        del entries["meta"]
        kinds = {name: array.dtype.kind for name, array in entries.items()}
        counts = [array for name, array in entries.items() if kinds[name] == "i"]
        expect(set(kinds.values()) <= set("iuf"), "the type of an array")
        expect(not any((array < 0).any() for array in counts), "a negative count")
        strange = [name for name in entries if kinds[name] == "f" and np.isnan(entries[name]).any()]
        if strange:
            raise Diverged(
                f"{path} holds nan in place of numbers ({strange[0]}): "
                "training had diverged when it was saved"
            )
    return entries, meta


def _entries(path):
    """All arrays of the file, each no larger than the file itself."""
    with zipfile.ZipFile(path) as archive:
        if any(member.file_size > path.stat().st_size for member in archive.infolist()):
            raise ValueError("it claims to hold more than there is")
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def digest(entries):
    """32 bytes that other names, types, shapes or numbers hardly have."""
    sha = hashlib.sha256()
    for name in sorted(entries):
        array = np.asarray(entries[name])
        sha.update(f"{name} {array.dtype.str} {array.shape};".encode())
        sha.update(array.tobytes())
    return sha.digest()


def expect(good, what):
    """Refuse a saved state that is not `good`: `reading` turns the ValueError into a UserError."""
    if not good:
        raise ValueError(f"{what} is wrong")


def same_types(a, b):
    """Have arrays that are in both, by name, the same dtypes?"""
    return all(a[name].dtype == b[name].dtype for name in a.keys() & b.keys())


def same_content(a, b):
    """Are two pairs (arrays, meta) equal, to the last bit?"""
    return digest(a[0]) == digest(b[0]) and json.dumps(a[1], sort_keys=True) == json.dumps(
        b[1], sort_keys=True
    )

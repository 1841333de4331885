"""A whole run in one file: parameters, optimizers, random numbers, place in the data, history.

The file is a plain .npz without pickle (loading one runs no code), written atomically.
What is not an array travels as JSON in the entry "meta".
"""

import json
import zipfile
import zlib
from pathlib import Path

import numpy as np

from dni_np.errors import UserError
from dni_np.training.files import write_atomically

VERSION = 3


def save_checkpoint(path, arrays, meta):
    """Write host `arrays` by name and the JSON-able `meta` to `path`."""
    text = json.dumps({"version": VERSION, **meta})
    entries = {**arrays, "meta": np.frombuffer(text.encode(), np.uint8)}
    write_atomically(path, lambda file: np.savez(file, **entries))


def load_checkpoint(path):
    """Return (arrays, meta) as saved."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"there is no checkpoint {path}: give the folder of a run that was interrupted")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(arrays.pop("meta").tobytes())
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, KeyError, EOFError, OSError):
        raise UserError(f"{path} is not a readable checkpoint of dni_np: restore it from a copy or start anew") from None
    if not isinstance(meta, dict):
        raise UserError(f"{path} is not a checkpoint of dni_np: restore it from a copy or start anew")
    if meta.get("version") != VERSION:
        raise UserError(f"{path} is of checkpoint version {meta.get('version')}, this program reads version {VERSION}")
    return arrays, meta

"""Write beside, then rename: a reader, or a crash, never meets half a file.

The new content goes to a temporary file in the same folder and is forced to the disk;
renaming it over the old one is a single step that either happens or does not.
"""

import os
import tempfile
from pathlib import Path

from dni_np.errors import UserError


def write_atomically(path, write):
    """Call `write(file)` with a binary file beside `path`; then put it in `path`'s place."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o666 & ~_umask())  # a temporary file is for its owner only
        os.replace(beside, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; the previous version is untouched") from None
    finally:
        Path(beside).unlink(missing_ok=True)


def _umask():
    mask = os.umask(0)  # it can only be read by setting it
    os.umask(mask)
    return mask


def write_text(path, text):
    """Write a string atomically, as UTF-8."""
    write_atomically(path, lambda file: file.write(text.encode()))

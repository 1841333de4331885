"""Files: atomic writes, and errors that name the file that cannot be read.

The new content goes to a temporary file in the same folder and is forced to the disk; renaming it
over the old one is a single step that either happens or does not. So a crash leaves no half-written
file, and a reader sees none. A program that is killed while it writes leaves the temporary file
behind.
"""

import contextlib
import os
import re
import tempfile
from pathlib import Path

from dni_np.errors import UserError

LEFT_BEHIND = re.compile(r".+\.(json|jsonl|npz|csv|txt|png)-?[a-z0-9_]{8}\.part")


def write_atomically(path, write):
    """Call `write(file)` with a binary file beside `path`; then put it in `path`'s place."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(
            dir=path.parent, prefix=f"{path.name}-", suffix=".part"
        )
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}; choose another folder with --out"
        ) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o666 & ~_umask())  # a temporary file is for its owner only
        os.replace(beside, path)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}; the previous version is untouched"
        ) from None
    finally:
        Path(beside).unlink(missing_ok=True)


def _umask():
    mask = os.umask(0)  # it can only be read by setting it
    os.umask(mask)
    return mask


def write_text(path, text):
    """Write a string atomically, as UTF-8."""
    write_atomically(path, lambda file: file.write(text.encode()))


def remove_left_behind(folder):
    """Delete the temporary files of programs that were killed; none may be at work there now."""
    for path in Path(folder).rglob("*.part"):
        if LEFT_BEHIND.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


@contextlib.contextmanager
def reading(path, advice):
    """Whatever goes wrong within, with what `path` holds, becomes a UserError that names it.

    A file can be damaged in more ways than anyone could list: so every kind of exception counts.
    """
    try:
        yield
    except UserError as error:
        raise type(error)(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}): {advice}") from None
    except MemoryError:
        raise UserError(f"{path} needs more memory than there is: {advice}") from None
    except KeyError as error:
        raise UserError(f"{path} is damaged ({error} is missing): {advice}") from None
    except Exception as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())  # some are of several lines
        raise UserError(f"{path} is damaged ({why[:200]}): {advice}") from None

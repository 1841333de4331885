"""Text sources: Python's own library (offline) and tiny Shakespeare (1.1 MB)."""

import os.path
import platform
import sysconfig
from dataclasses import replace
from pathlib import Path

from dni_np.data.download import data_home, fetch
from dni_np.data.text import SHARES, load_text, read, split_text
from dni_np.errors import UserError

# Long-lived modules of one file each, mostly prose and code rather than tables.
LIBRARY = (
    *("argparse", "bdb", "calendar", "configparser", "contextlib", "copy", "csv", "difflib"),
    *("doctest", "enum", "fractions", "ftplib", "functools", "gettext", "heapq", "imaplib"),
    *("inspect", "mailbox", "optparse", "pdb", "pickle", "pprint", "pydoc", "queue", "random"),
    *("shelve", "shutil", "smtplib", "socket", "statistics", "subprocess", "tempfile", "textwrap"),
    *("threading", "tokenize", "trace", "traceback", "uuid", "weakref"),
)

SHAKESPEARE = "input.txt"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SHAKESPEARE_MIRRORS = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
)


def library_text(shares=SHARES):
    """The source of the modules above, one after another: about 1.8 million characters.

    It needs no download. Each version of Python has its own, so bits per character compare only
    under the same one.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    missing = [name for name in LIBRARY if not (folder / f"{name}.py").exists()]
    if missing:
        raise UserError(
            f"this Python comes without the source of {', '.join(missing)}: "
            "give a text file with --data"
        )
    sources = "\n\n".join(read(folder / f"{name}.py") for name in LIBRARY)
    text = split_text("Python library", sources, shares)
    note = f"the source of {len(LIBRARY)} modules of Python {platform.python_version()}"
    return replace(text, note=f"{note}; {text.note}" if text.note else note)


def tiny_shakespeare(shares=SHARES, progress=True):
    """Karpathy's 1,115,394 characters of Shakespeare's plays, downloaded once."""
    folder = data_home() / "tinyshakespeare"
    advice = (
        f"tiny Shakespeare could not be downloaded: put {SHAKESPEARE} into {folder}, "
        "or take --data library, Python's own source code"
    )
    path = fetch(SHAKESPEARE, SHAKESPEARE_SHA256, SHAKESPEARE_MIRRORS, folder, progress, advice)
    return replace(load_text(path, shares), name="tiny Shakespeare")


def choose_text(choice, shares=SHARES):
    """The text called "library" or "shakespeare", or that in a file or folder."""
    if choice == "library":
        return library_text(shares)
    if choice == "shakespeare":
        return tiny_shakespeare(shares)
    if choice == "":
        raise UserError("--data is empty: give library, shakespeare, or a text file or folder")
    path = Path(os.path.expanduser(choice))
    if not (path.is_file() or path.is_dir()):
        raise UserError(
            f"--data {choice} is neither library, shakespeare nor a file or folder that exists"
        )
    return load_text(path, shares)

"""Download: a file fetched once, with mirrors, a checksum and a cache folder."""

import contextlib
import errno
import hashlib
import logging
import os
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pooch imports tqdm.auto, which warns in notebooks
    import pooch

from dni_np.errors import UserError

TIMEOUT = 20  # seconds without an answer before the next mirror is tried
OFFLINE = "--data digits, small images that need no download"
FULL = (errno.ENOSPC, errno.EDQUOT)


def data_home():
    """The folder for data sets: DNI_NP_DATA if set, else the platform's cache folder."""
    named = os.environ.get("DNI_NP_DATA")
    if named == "":
        raise UserError("DNI_NP_DATA is empty: let it name a folder, or unset it")
    return Path(os.path.expanduser(named or pooch.os_cache("dni_np")))


def fetch(filename, sha256, mirrors, folder, progress=True, advice=None):
    """The path of `filename` in `folder`, downloaded from the first mirror that delivers it whole.

    `advice` is the sentence for where none does. Then nothing is left behind, no folder either.
    """
    path = Path(folder) / filename
    if path.exists():
        if _sha256(path) != sha256:
            raise UserError(f"{path} is damaged (its checksum is wrong): delete it and run again")
        return path
    pooch.get_logger().setLevel(logging.ERROR)
    with _room_for(path):
        for mirror in mirrors:
            try:
                # pooch downloads to a temporary file, checks the sum, then moves it into place.
                download = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT)
                pooch.retrieve(
                    mirror + filename,
                    f"sha256:{sha256}",
                    fname=filename,
                    path=folder,
                    downloader=download,
                )
                return path
            except Exception as error:  # of many kinds, or a wrong checksum: to the next mirror
                if getattr(error, "errno", None) in FULL:
                    raise _no_place(path, "the disk is full") from None
        raise UserError(advice or f"{filename} could not be downloaded: put it into {folder}")


@contextlib.contextmanager
def _room_for(path):
    """Make the folder of `path`; if it stays empty, remove what was made of it afterwards."""
    folder = path.parent
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_place(path, error.strerror) from None
    try:
        if not os.access(folder, os.W_OK):
            raise _no_place(path, "it is read-only")
        yield
    finally:
        with contextlib.suppress(OSError):  # it is not empty
            for one in made:
                one.rmdir()


def _no_place(path, why):
    return UserError(
        f"{path.name} cannot be written to {path.parent} ({why}): set DNI_NP_DATA to another folder"
    )


def _sha256(path):
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None

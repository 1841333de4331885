"""Getting a file once: mirrors, a checksum, a cache folder."""

import hashlib
import logging
import os
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pooch imports tqdm.auto, which warns in a notebook without ipywidgets
    import pooch

from dni_np.errors import UserError

TIMEOUT = 20  # seconds without an answer before the next mirror is tried
OFFLINE = "--data digits, small images that need no download"


def data_home():
    """The folder for data sets: DNI_NP_DATA if set, else the platform's cache folder."""
    return Path(os.environ.get("DNI_NP_DATA") or pooch.os_cache("dni_np"))


def fetch(filename, sha256, mirrors, folder, progress=True, instead=OFFLINE):
    """The path of `filename` in `folder`, downloaded from the first mirror that delivers it whole.

    `instead` is what to recommend where none does.
    """
    path = Path(folder) / filename
    if path.exists():
        if _sha256(path) != sha256:
            raise UserError(f"{path} is damaged (its checksum is wrong): delete it and run again")
        return path
    pooch.get_logger().setLevel(logging.ERROR)
    reason = ""
    for mirror in mirrors:
        try:
            # pooch downloads to a temporary file, checks the sum, then moves it into place.
            download = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT)
            pooch.retrieve(mirror + filename, f"sha256:{sha256}", fname=filename, path=folder, downloader=download)
            return path
        except Exception as error:  # requests' many errors, a wrong checksum, a full disk: the next mirror may do
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
    raise UserError(
        f"{filename} could not be downloaded from {' or '.join(mirrors)} ({reason}): "
        f"put it into {folder} by hand, set DNI_NP_DATA to the folder above it, or take {instead}"
    )


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

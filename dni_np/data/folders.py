"""Folders: the files in a folder and in the folders within it."""

import os

from dni_np.errors import UserError

LEVELS = 3
SHOWN = 4  # names in a message


def files_below(folder, levels=LEVELS):
    """The files in `folder`, then those in its folders, and so on: one list for each of the levels.

    Hidden files are left out, among them the ._ twins that macOS puts into archives.
    """
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise UserError(f"cannot read the folder {folder}: {error.strerror}") from None
    folders = [folder]
    for _ in range(levels):
        paths = [path for one in folders for path in _entries(one)]
        yield [path for path in paths if path.is_file()]
        folders = [path for path in paths if path.is_dir()]


def _entries(folder):
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except PermissionError:
        return []  # of a folder further down, that may have nothing to do with the data


def names(paths, folder):
    """The first of `paths`, as they are called from `folder`, for a message."""
    return listed([path.relative_to(folder) for path in paths])


def listed(items):
    """The first of `items`, for a message."""
    shown = ", ".join(map(str, items[:SHOWN]))
    return f"{shown} and {len(items) - SHOWN} more" if len(items) > SHOWN else shown

"""Choose: the set of images that a name on the command line stands for."""

import os.path
from dataclasses import replace
from pathlib import Path

from dni_np.data.cifar10 import load_cifar10
from dni_np.data.cifar10_folder import find_cifar10, load_cifar10_folder, python_version
from dni_np.data.cifar10_records import TEST, TRAIN
from dni_np.data.digits import load_digits
from dni_np.data.folders import files_below, names
from dni_np.data.idx_folder import FILES, find_idx, load_idx_folder
from dni_np.data.mnist import load_mnist
from dni_np.errors import UserError


def load_images(choice):
    """The images called "mnist", "cifar10", "digits" or "auto", or those in a folder.

    "auto" is MNIST, or the digits where it is not available.
    """
    if choice == "mnist":
        return load_mnist()
    if choice == "cifar10":
        return load_cifar10()
    if choice == "digits":
        return load_digits()
    if choice == "auto":
        try:
            return load_mnist(instead="")
        except UserError as error:
            note = f"{error}; scikit-learn's digits stand in"
            return replace(load_digits(), name="digits in place of MNIST", note=note)
    if choice == "":
        raise UserError("--data is empty: give mnist, cifar10, digits, auto or a folder")
    folder = Path(os.path.expanduser(choice))
    if folder.is_file():
        raise UserError(f"--data {choice} is a file: give the folder that holds the unpacked files")
    if not folder.is_dir():
        raise UserError(
            f"--data {choice} is neither mnist, cifar10, digits, auto nor a folder that exists"
        )
    return load_folder(folder)


def load_folder(folder):
    """The images in `folder`, in MNIST's or CIFAR-10's form, whichever its files have."""
    idx, cifar10 = find_idx(folder), find_cifar10(folder) or python_version(folder)
    if idx and cifar10:
        raise UserError(
            f"{folder} holds both idx files and CIFAR-10's: keep them in folders of their own, "
            "and give one of these"
        )
    if cifar10:
        return load_cifar10_folder(folder)
    if idx:
        return load_idx_folder(folder)
    found = [path for paths in files_below(folder) for path in paths]
    packed = [path for path in found if path.suffix.lower() in (".zip", ".7z", ".rar")]
    if packed:
        raise UserError(f"{folder} holds no images, but {names(packed, folder)}: unpack that first")
    has = f"has {names(found, folder)}, and" if found else "is empty, and"
    raise UserError(
        f"{folder} {has} holds no images that are known here: neither idx files ({FILES[0]} and "
        f"three more) nor CIFAR-10's binary files ({TRAIN[0]}, ..., {TEST})"
    )

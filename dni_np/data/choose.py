"""From a name on the command line to a set of images."""

from dataclasses import replace
from pathlib import Path

from dni_np.data import idx
from dni_np.data.cifar10 import TEST, TRAIN, holds_cifar10, load_cifar10, load_cifar10_folder
from dni_np.data.digits import load_digits
from dni_np.data.idx import load_idx_folder
from dni_np.data.mnist import load_mnist
from dni_np.errors import UserError


def load_images(choice):
    """The images called "mnist", "cifar10", "digits", "auto" (MNIST, or digits where it is not available), or a folder."""
    if choice == "mnist":
        return load_mnist()
    if choice == "cifar10":
        return load_cifar10()
    if choice == "digits":
        return load_digits()
    if choice == "auto":
        try:
            return load_mnist()
        except UserError as error:
            digits = load_digits()
            return replace(digits, note=f"{digits.note}. MNIST is not available: {error}")
    if not Path(choice).is_dir():
        raise UserError(f"--data {choice} is neither mnist, cifar10, digits, auto nor a folder that exists")
    return load_folder(Path(choice))


def load_folder(folder):
    """The images in `folder`, in MNIST's or CIFAR-10's form, whichever its files have."""
    has_idx = any((folder / (name + end)).exists() for name in idx.FILES for end in ("", ".gz"))
    has_cifar10 = holds_cifar10(folder)
    if has_idx and has_cifar10:
        raise UserError(f"{folder} holds both idx files and CIFAR-10's: keep them in folders of their own")
    if has_cifar10:
        return load_cifar10_folder(folder)
    if has_idx:
        return load_idx_folder(folder)
    raise UserError(
        f"{folder} holds no images that are known here: neither idx files ({idx.FILES[0]} and three more) "
        f"nor CIFAR-10's binary files ({TRAIN[0]}, ..., {TEST})"
    )

"""From a name on the command line to a set of images."""

from dataclasses import replace
from pathlib import Path

from dni_np.data.digits import load_digits
from dni_np.data.idx import load_idx_folder
from dni_np.data.mnist import load_mnist
from dni_np.errors import UserError


def load_images(choice):
    """The images called "mnist", "digits", "auto" (MNIST, or the digits where it is not available), or a folder of idx files."""
    if choice == "mnist":
        return load_mnist()
    if choice == "digits":
        return load_digits()
    if choice == "auto":
        try:
            return load_mnist()
        except UserError as error:
            digits = load_digits()
            return replace(digits, note=f"{digits.note}. MNIST is not available: {error}")
    if not Path(choice).is_dir():
        raise UserError(f"--data {choice} is neither mnist, digits, auto nor a folder that exists")
    return load_idx_folder(choice)

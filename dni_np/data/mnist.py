"""MNIST: 60,000 and 10,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges)."""

from dni_np.data.download import OFFLINE, data_home, fetch
from dni_np.data.idx import read_idx
from dni_np.data.idx_folder import find_idx, load_idx_folder
from dni_np.errors import UserError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}  # of the files with .gz
FINGERPRINT = 1637891611  # of the samples they hold (see Dataset)


def load_mnist(progress=True, instead=f", or take {OFFLINE}"):
    """Find or download the four files, read them, and see that they are MNIST.

    Files that are there may be unpacked or have the names that browsers give them. `instead`
    ends the sentence for where nothing can be downloaded.
    """
    folder = data_home() / "mnist"
    found = find_idx(folder) if folder.is_dir() else {}
    missing = [file for file in SHA256 if file not in found]
    for file, path in found.items() if missing else ():  # no download beside what is broken
        read_idx(path, 3 if "images" in file else 1)
    for file in missing:
        wanted = ", ".join(f"{file}.gz" for file in missing) if found else "its four .gz files"
        advice = f"MNIST could not be downloaded: put {wanted} into {folder}{instead}"
        fetch(f"{file}.gz", SHA256[file], MIRRORS, folder, progress, advice)
    dataset = load_idx_folder(folder, "MNIST")
    if dataset.fingerprint != FINGERPRINT:
        raise UserError(
            f"{folder} holds images in MNIST's form that are not MNIST: "
            f"take them with --data {folder}, or move them away and run again"
        )
    return dataset

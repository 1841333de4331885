"""MNIST: 60,000 and 10,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges)."""

from dni_np.data.download import data_home, fetch
from dni_np.data.idx import load_idx_folder

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


def load_mnist(progress=True):
    """Find or download the four files, and read them."""
    folder = data_home() / "mnist"
    for filename, sha256 in SHA256.items():
        fetch(filename, sha256, MIRRORS, folder, progress)
    return load_idx_folder(folder, "MNIST")

"""Reports of image files as people have them: other labels, other sizes, broken, not there."""

from pathlib import Path

import numpy as np
import pytest

from dni_np.data.choose import load_images
from dni_np.data.download import data_home
from tests.reports.commands import CNN, FCN, arrays_of, table
from tests.reports.files import NAMES, four, raw

HTML = b"<!DOCTYPE html><html><body>404: there is no such file</body></html>"


def test_letters_are_numbered_from_one(run, tmp_path):
    """EMNIST's letters are labeled 1 to 26; code for 0 to 9 failed on them.

    ryanjcooper/EMNIST#10
    """
    four(tmp_path / "letters", labels=range(1, 27))
    assert load_images(str(tmp_path / "letters")).classes in (26, 27)
    ran = run("mnist", "--rule", "cdni", *FCN, "--data", "letters", "--out", "o")
    assert ran.status == 0 and float(table(tmp_path / "o")[0]["test error %"]) <= 100
    assert any(array.shape[-1:] in ((26,), (27,)) for array in arrays_of("o").values())


def test_labels_that_are_no_count(run, tmp_path):
    """Two classes labeled 3 and 200 are not 201 classes. johnkorn/distillation#1"""
    four(tmp_path / "gaps", labels=(3, 200))
    assert run("mnist", *FCN, "--data", "gaps").refused("label", NAMES[1])


def test_a_class_that_only_the_test_images_have(run, tmp_path):
    """Sorted into folders by hand, a class may be missing from the training files.

    myleott/mnist_png#3
    """
    four(tmp_path / "images", labels=range(3))
    (tmp_path / "images" / NAMES[3]).write_bytes(raw(np.full(100, 7)))
    ran = run("mnist", *FCN, "--data", "images", "--out", "o")
    assert ran.status == 0 and "NOTE: no training image has the label 3" in ran.out


def test_a_single_class(run, tmp_path):
    """All images of one class: nothing to tell apart, and no error. johnkorn/distillation#1"""
    four(tmp_path / "images", labels=(4,))
    assert run("mnist", *FCN, "--data", "images", "--out", "o").status == 0
    assert run("mnist", *FCN, "--data", "images", "--rule", "dni", "--out", "p").status == 0


SIZES = [(27, 29), (1, 28), (28, 1), (3, 2), (64, 17)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "network", [FCN, CNN, [*CNN, "--pooling", "max"]], ids=["fcn", "cnn", "max"]
)
def test_images_of_any_size(network, size, run, tmp_path):
    """Portrait images became nan, odd ones did not fit.

    BVLC/caffe#284, mkocabas/CoordConv-pytorch#2
    """
    four(tmp_path / "images", 80, size)
    assert run("mnist", "--data", "images", *network, "--rule", "dni", "--out", "o").status == 0
    (row,) = table(tmp_path / "o")
    assert 0 <= float(row["test error %"]) <= 100
    assert all(np.isfinite(array).all() for array in arrays_of("o").values())


def test_images_of_one_pixel(run, tmp_path):
    """A fully connected network takes even these (the convolutional one: see test_learning).

    BVLC/caffe#284
    """
    four(tmp_path / "images", 80, (1, 1))
    assert run("mnist", "--data", "images", *FCN, "--rule", "dni").status == 0


BROKEN = {
    "a byte short": lambda file: file[:-1],
    "cut in the header": lambda file: file[:6],
    "empty": lambda file: b"",
    "a count of zero": lambda file: file[:4] + bytes(4) + file[8:],
    "twice the contents": lambda file: file + file[4 + 4 * file[3] :],
    "a page of HTML": lambda file: HTML,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", BROKEN)
def test_broken_files_are_named(fault, name, run, tmp_path):
    """Files cut short by a full disk or a lost connection, a page saved as data, a wrong count.

    datapythonista/mnist#19, gskielian/JPG-PNG-to-MNIST-NN-Format#12, pytorch/vision#8572
    """
    path = four(tmp_path / "images", 60, (5, 5)) / name
    path.write_bytes(BROKEN[fault](path.read_bytes()))
    assert run("mnist", *FCN, "--data", "images").refused(f"images/{name}")


def test_images_and_labels_swapped(run, tmp_path):
    """Files saved under each other's name. gskielian/JPG-PNG-to-MNIST-NN-Format#12"""
    images, labels = (four(tmp_path / "images", 60, (5, 5)) / name for name in NAMES[:2])
    images.rename("swap"), labels.rename(images), Path("swap").rename(labels)
    assert run("mnist", *FCN, "--data", "images").refused(NAMES[0])


def test_other_images_labels(run, tmp_path):
    """Labels of another set, fewer than the images. datapythonista/mnist#19"""
    four(tmp_path / "images", 60, (5, 5)), four(tmp_path / "other", 20, (5, 5))
    (tmp_path / "other" / NAMES[1]).rename(tmp_path / "images" / NAMES[1])
    assert run("mnist", *FCN, "--data", "images").refused("60", "20", NAMES[1])


def test_more_images_than_two_bytes_count(tmp_path):
    """Converters wrote counts above 65,535 into two bytes.

    gskielian/JPG-PNG-to-MNIST-NN-Format#25
    """
    dataset = load_images(str(four(tmp_path / "many", 70_000, (2, 2))))
    assert dataset.x_train.shape == (70_000, 4) and len(dataset.y_train) == 70_000


def test_a_page_of_html_in_place_of_mnist(run, tmp_path, monkeypatch):
    """A mirror answered with an error page, which was saved as data. pytorch/vision#8572"""
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path))
    path = tmp_path / "mnist" / f"{NAMES[0]}.gz"
    path.parent.mkdir()
    path.write_bytes(HTML)
    assert run("mnist", *FCN).refused(str(path), "web page", "delete it")
    assert path.read_bytes() == HTML


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Every mirror is dead, and nothing is in the folder for data."""
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path / "data"))


def test_dead_mirrors(run, tmp_path, offline):
    """Both mirrors gone: what to do, not a page of errors.

    cvdfoundation/mnist#4, datapythonista/mnist#20
    """
    ran = run("mnist", *FCN)
    assert ran.refused("MNIST", "data/mnist", "--data digits")
    assert "HTTPSConnection" not in ran.err and len(ran.err) < 300 + len(str(tmp_path))
    assert not (tmp_path / "data").exists()


def test_without_a_connection_auto_takes_the_digits(run, tmp_path, offline):
    """The same threads: `--data auto` goes on with other digits, and says so."""
    ran = run("mnist", *FCN, "--data", "auto", "--out", "o")
    assert ran.status == 0 and "NOTE" in ran.out and "digits" in ran.out


def test_a_tilde_is_the_home_folder(run, tmp_path, monkeypatch):
    """As in DNI_NP_DATA="~/x" and --data=~/x, which no shell replaces. cvdfoundation/mnist#4"""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DNI_NP_DATA", "~/x")
    assert data_home() == tmp_path / "x"
    four(tmp_path / "x" / "y", 60, (5, 5))
    assert run("mnist", *FCN, "--data=~/x/y", "--out", "o").status == 0


@pytest.mark.parametrize("name", ["a b", "Übung ä", "x" * 200, "dollars $5$", "./images//"])
def test_folders_as_people_name_them(name, run, tmp_path):
    """Blanks, umlauts and long names in a path on Colab and Windows.

    makeyourownneuralnetwork/makeyourownneuralnetwork#66
    """
    four(tmp_path / name, 60, (5, 5))
    assert run("mnist", *FCN, "--data", name, "--out", f"of {name}").status == 0
    assert run("mnist", "--resume", f"of {name}", "--quiet").status == 0

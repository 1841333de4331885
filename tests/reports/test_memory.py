"""Reports of programs that took more memory than there was."""

import tracemalloc

from tests.reports.commands import FCN, changed
from tests.reports.files import four


def test_images_stay_bytes(run, tmp_path):
    """All images at once as floats filled the memory.

    shubhammor0403/EMNIST#3, czq142857/IM-NET#4, wbhu/DnCNN-tensorflow#11,
    tensorflow/tensorflow#657
    """
    four(tmp_path / "images", 10_000)
    size = sum(path.stat().st_size for path in (tmp_path / "images").iterdir())
    tracemalloc.start()
    try:
        assert (
            run("mnist", "--rule", "cdni", *FCN, "--data", "images", "--evaluate-every", 20).status
            == 0
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < peak < 2.2 * size + 5e6  # the network, and what takes no part in this


def test_a_network_beyond_the_memory(run):
    """A layer of 200,000 x 200,000 weights is 160 GB. czq142857/IM-NET#4"""
    wide = changed(FCN, "--width", 200_000)
    assert run("mnist", *wide, "--data", "digits").refused("memory", "--width")

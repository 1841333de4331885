"""Reports of text: terminals and vocabularies that lack a character, temperatures near 0."""

import io
import sys

import pytest

TEXT = "naïve – 字 and more.\n" * 40
NETWORK = (
    "--recipe characters-quick --steps 20 --units 8 --hidden 8 --batch-size 2 --unroll 4 --quiet"
)


@pytest.fixture
def writer(run, tmp_path):
    """run("sample", "o", ...) writes what a network has learned of `TEXT` in 20 steps."""
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    assert run("characters", "--data", "text.txt", *NETWORK.split(), "--out", "o").status == 0
    return run


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_the_character(encoding, writer, monkeypatch):
    """Output to a pipe on Windows is cp1252.

    martin-gorner/tensorflow-rnn-shakespeare#15, code42/code42cli#338
    """
    for arguments in (["list"], ["sample", "o", "--start", "naïve – 字"]):
        terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", terminal)
        assert writer(*arguments).status == 0
        terminal.flush()
        text = terminal.buffer.getvalue().decode(encoding)
        assert arguments == ["list"] or text.startswith(
            "naïve – ?" if encoding == "cp1252" else "na?ve ? ?"
        )


@pytest.mark.parametrize("start", ["龍", "\udcff", "naïvé"])  # the second is a byte that is no text
def test_a_start_that_the_vocabulary_lacks(start, writer):
    """A KeyError. sherjilozair/char-rnn-tensorflow#97, sherjilozair/char-rnn-tensorflow#127"""
    assert writer("sample", "o", "--start", start).refused(f"has no character {start[-1]!r}")


def test_no_start(writer, tmp_path):
    """Code that began with a blank failed where the vocabulary has none. karpathy/char-rnn#44"""
    (tmp_path / "blankless.txt").write_text("abcabd" * 60)
    writer("characters", "--data", "blankless.txt", *NETWORK.split(), "--out", "p")
    ran = writer("sample", "p", "--characters", 10)
    assert ran.status == 0 and len(ran.out) == 11 and set(ran.out) <= set("abcd\n")


@pytest.mark.parametrize("temperature", ["0", "1e-9", "1e-320", "1e9", "1e300"])
def test_temperatures(temperature, writer):
    """Near 0 the exponentials overflow. karpathy/char-rnn#44"""
    ran = writer("sample", "o", "--temperature", temperature, "--characters", 12)
    assert ran.status == 0 and len(ran.out) == 13
    coldest = writer("sample", "o", "--temperature", 0, "--characters", 12).out
    assert (ran.out == coldest) == (float(temperature) < 1)


def test_a_text_that_holds_the_replacement_character(run, tmp_path):
    """It stands for what training never showed; a text may hold it itself.

    sherjilozair/char-rnn-tensorflow#127
    """
    (tmp_path / "text.txt").write_text(
        "ab\N{REPLACEMENT CHARACTER}c" * 90 + "xyz" * 12, encoding="utf-8"
    )
    assert run("characters", "--data", "text.txt", *NETWORK.split(), "--out", "o").status == 0
    ran = run("sample", "o", "--start", "\N{REPLACEMENT CHARACTER}", "--characters", 20)
    assert ran.status == 0 and len(ran.out) == 22

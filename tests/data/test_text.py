"""Text:

every character is kept, what training never shows is unknown, and what is wrong is named.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dni_np.data import text_sources
from dni_np.data.download import data_home
from dni_np.data.text import UNKNOWN, load_text, make_text, split_text
from dni_np.data.text_sources import (
    LIBRARY,
    choose_text,
    library_text,
    tiny_shakespeare,
)
from dni_np.errors import UserError

STRINGS = st.text(min_size=2, max_size=40)


@given(STRINGS, st.data())
def test_ids_and_text_are_the_same(train, data):
    known = st.text(st.sampled_from(sorted(set(train))), min_size=2, max_size=20)
    valid, test = data.draw(known), data.draw(known)
    text = make_text("mine", train, valid, test)
    assert [text.text_of(ids) for ids in (text.train, text.valid, text.test)] == [
        train,
        valid,
        test,
    ]
    assert text.characters == "".join(sorted(set(train))) and text.classes == len(set(train))
    assert np.array_equal(text.ids_of(train), text.train) and text.note == ""


@given(STRINGS, STRINGS, STRINGS)
def test_what_training_never_shows_is_unknown(train, valid, test):
    text = make_text("mine", train, valid, test)
    assert text.text_of(text.train) == train
    for ids, string in ((text.valid, valid), (text.test, test)):
        assert text.text_of(ids) == "".join(c if c in train else UNKNOWN for c in string)
    strange = sum(c not in train for c in valid + test)
    assert text.note.endswith(f"never seen in training: {strange}") if strange else text.note == ""
    assert text.classes == len(set(train + (UNKNOWN if strange else "")))


def test_a_drawing():
    text = make_text("mine", "abba", "ba", "b?")
    assert text.characters == "ab" + UNKNOWN
    assert (
        text.train.tolist() == [0, 1, 1, 0]
        and text.valid.tolist() == [1, 0]
        and text.test.tolist() == [1, 2]
    )
    assert (
        text.note == "unknown characters in the validation and test text, never seen in training: 1"
    )


@pytest.mark.parametrize("count, dtype", [(256, np.uint8), (257, np.uint16)])
def test_ids_are_small(count, dtype):
    characters = "".join(map(chr, range(500, 500 + count)))
    text = make_text("mine", characters, characters[-2:], "".join(reversed(characters)))
    assert text.train.dtype == text.test.dtype == dtype
    assert text.train.tolist() == list(range(count)) == text.test.tolist()[::-1]


def test_a_beginning_with_a_strange_character():
    with pytest.raises(UserError, match="mine has no character '%' 'z'"):
        make_text("mine", "abc", "ab", "ab").ids_of("az%")


@given(st.text(min_size=60, max_size=200))
def test_a_split_is_contiguous_and_whole(string):
    text = split_text("mine", string)
    characters = len(string)
    assert len(text.train) + len(text.valid) + len(text.test) == characters
    assert text.text_of(text.train) == string[: round(characters * 0.9)]
    assert (
        abs(len(text.valid) - characters * 0.05) <= 1
        and abs(len(text.test) - characters * 0.05) <= 1
    )


def test_the_shares_are_arguments(tmp_path):
    (tmp_path / "story.txt").write_text("0123456789" * 2)
    text = load_text(tmp_path / "story.txt", shares=(0.5, 0.3, 0.2))
    assert text.name == "story.txt"
    parts = [text.text_of(ids) for ids in (text.train, text.valid, text.test)]
    assert parts == ["0123456789", "012345", "6789"]


@pytest.mark.parametrize(
    "shares", [(0.9, 0.1), (0.9, 0.1, 0.0), (0.9, 0.2, -0.1), (0.5, 0.3, 0.3), 0.9, None]
)
def test_impossible_shares(shares):
    with pytest.raises(UserError, match="a tuple of 3|a number in |must sum to 1"):
        split_text("mine", "abc" * 100, shares)


@pytest.mark.parametrize("text", [b"abc" * 100, None, ["a", "b"], 3])
def test_a_text_is_a_string(text):
    for use in (lambda: split_text("mine", text), lambda: make_text("mine", "ab", text, "ab")):
        with pytest.raises(UserError, match="a text must be a string"):
            use()


@pytest.mark.parametrize("size, part, has", [(0, "train", 0), (10, "valid", 1), (20, "valid", 1)])
def test_a_short_text(tmp_path, size, part, has):
    (tmp_path / "short.txt").write_text("x" * size)
    with pytest.raises(
        UserError, match=f"short.txt: the {part} text has {has} characters, at least 2"
    ):
        load_text(tmp_path / "short.txt")


def test_signs_at_the_beginning_and_line_ends_of_other_systems(tmp_path):
    (tmp_path / "windows.txt").write_bytes(b"\xef\xbb\xbf" + b"one\r\ntwo\r\n" * 20)
    text = load_text(tmp_path / "windows.txt")
    assert text.characters == "\nenotw" and text.text_of(text.train[:8]) == "one\ntwo\n"


def test_what_is_no_text(tmp_path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(UserError, match=r"image.png is not a text file in UTF-8 \(at byte 0\)"):
        load_text(tmp_path / "image.png")
    with pytest.raises(UserError, match="there is no text file or folder .*nowhere"):
        load_text(tmp_path / "nowhere")


# ---- folders


def write_parts(folder, prefix="", parts=("train", "valid", "test")):
    for part in parts:
        (folder / f"{prefix}{part}.txt").write_text(f" one <unk> {part} \n  a  b \n\n")


def test_a_folder_of_three_files_is_taken_as_it_is(tmp_path):
    write_parts(tmp_path)
    text = load_text(tmp_path)
    assert (
        text.name == tmp_path.name and text.text_of(text.train) == " one <unk> train \n  a  b \n\n"
    )
    assert text.text_of(text.valid[-4:]) == "b \n\n" and len(text.test) == len(text.train) - 1


def test_penn_treebank_loses_the_blanks_around_its_lines(tmp_path):
    write_parts(tmp_path, "ptb.")
    text = load_text(tmp_path)
    assert text.name == "Penn Treebank" and text.text_of(text.train) == "one <unk> train\na  b\n\n"


def test_folders_that_hold_no_set_of_three(tmp_path):
    with pytest.raises(
        UserError, match="holds none of train.txt, valid.txt, test.txt or ptb.train.txt"
    ):
        load_text(tmp_path)
    write_parts(tmp_path, parts=("train", "test"))
    with pytest.raises(UserError, match="lacks valid.txt: training, validation and test"):
        load_text(tmp_path)
    write_parts(tmp_path, "ptb.")
    with pytest.raises(UserError, match="holds both of train.txt"):
        load_text(tmp_path)


@pytest.mark.data
def test_the_real_penn_treebank():
    if not (data_home() / "ptb" / "ptb.train.txt").exists():
        pytest.skip("the Penn Treebank is not on this machine (it is licensed; set DNI_NP_DATA)")
    text = load_text(data_home() / "ptb")
    assert [len(part) for part in (text.train, text.valid, text.test)] == [
        5_017_482,
        393_042,
        442_423,
    ]
    assert text.classes == 50 and text.train.dtype == np.uint8 and text.note == ""
    assert text.text_of(text.test[:30]) == "no it was n't black monday\nbut"


# ---- texts at hand


def test_the_library_is_there_without_a_download():
    text = library_text()
    size = len(text.train) + len(text.valid) + len(text.test)
    assert 1_000_000 < size < 3_000_000 and text.train.dtype == np.uint8
    assert text.name == "Python library" and f"{len(LIBRARY)} modules of Python 3." in text.note
    assert text.text_of(text.train[:200]).startswith(
        "# Author: Steven J. Bethard"
    ) and "def " in text.text_of(text.test)
    again = library_text()
    assert again.characters == text.characters and np.array_equal(again.train, text.train)


def test_a_python_without_sources(monkeypatch, tmp_path):
    monkeypatch.setattr(text_sources.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(
        UserError,
        match="comes without the source of argparse, .*weakref: give a text file with --data",
    ):
        library_text()


@pytest.mark.data
def test_the_real_shakespeare():
    if not (data_home() / "tinyshakespeare" / "input.txt").exists():
        pytest.skip("tiny Shakespeare is not on this machine (set DNI_NP_DATA)")
    text = tiny_shakespeare()
    assert text.name == "tiny Shakespeare" and text.classes == 65 and text.note == ""
    assert [len(part) for part in (text.train, text.valid, text.test)] == [
        1_003_855,
        55_769,
        55_770,
    ]
    assert text.text_of(text.train[:14]) == "First Citizen:"


def test_shakespeare_offline(monkeypatch, tmp_path):
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path))
    monkeypatch.setattr(text_sources, "SHAKESPEARE_MIRRORS", ("http://127.0.0.1:9/",))
    with pytest.raises(UserError) as error:
        tiny_shakespeare(progress=False)
    assert str(error.value) == (
        f"tiny Shakespeare could not be downloaded: put input.txt into {tmp_path}/tinyshakespeare, "
        "or take --data library, Python's own source code"
    )
    assert list(tmp_path.iterdir()) == []


def test_texts_by_name(monkeypatch, tmp_path):
    monkeypatch.setattr(text_sources, "library_text", lambda shares: ("library", shares))
    monkeypatch.setattr(text_sources, "tiny_shakespeare", lambda shares: ("shakespeare", shares))
    shares = (0.8, 0.1, 0.1)
    assert choose_text("library", shares) == ("library", shares)
    assert choose_text("shakespeare", shares) == ("shakespeare", shares)
    (tmp_path / "mine.txt").write_text("ab" * 20)
    assert len(choose_text(str(tmp_path / "mine.txt"), shares).train) == 32
    with pytest.raises(
        UserError, match="--data nothing is neither library, shakespeare nor a file or folder"
    ):
        choose_text("nothing")
    with pytest.raises(UserError, match="--data /dev/null is neither library, shakespeare nor"):
        choose_text("/dev/null")
    with pytest.raises(
        UserError, match="--data is empty: give library, shakespeare, or a text file"
    ):
        choose_text("")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert choose_text("~/mine.txt").name == "mine.txt"

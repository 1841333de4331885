"""Text: the characters of a text as integers.

The vocabulary is the characters of the training text, in the order of their codes:

    "abba" -> characters "ab", ids 0 1 1 0

A character of the validation or test text that is not in the training text counts as one more
symbol, "unknown". It is neither dropped nor an error: dropped, the text would be another one
and its bits per character too low; an error would refuse most texts for one rare sign. As
the network never learns to predict it, each costs many bits, and `note` gives their number.

A file is cut into training, validation and test text. A folder holds three files: train.txt,
valid.txt, test.txt, or the Penn Treebank's ptb.train.txt, ..., which become the usual
character PTB (Jaderberg et al. 2017, section D.2): the blank at the beginning and the end of
each line is removed. PTB is licensed and never downloaded.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dni_np.arguments import described, number, several
from dni_np.errors import UserError

PARTS = ("train", "valid", "test")
SHARES = (0.90, 0.05, 0.05)
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Text:
    """Three host arrays of ids (L,), uint8 up to 256 characters.

    `characters[id]` is the character of an id.
    """

    name: str
    characters: str
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    note: str = ""

    @property
    def classes(self):
        """The size of the vocabulary, "unknown" included where it occurs."""
        return len(self.characters)

    def text_of(self, ids):
        """ids (L,) -> string."""
        return "".join(self.characters[i] for i in ids)

    def ids_of(self, string):
        """String -> ids (L,)."""
        return ids_of(string, self.characters, self.name)


def check_string(text):
    """Refuse what is no string, such as the bytes of a file."""
    if not isinstance(text, str):
        raise UserError(f"a text must be a string, not {described(text)}")


def ids_of(string, characters, name):
    """String -> ids (L,). For beginnings given by hand: what the vocabulary lacks is named."""
    check_string(string)
    missing = sorted(set(string) - set(characters))
    if missing:
        shown = " ".join(map(repr, missing))
        raise UserError(f"{name} has no character {shown}: it has {characters!r}")
    return _encode(string, characters)


def load_text(path, shares=SHARES):
    """The Text in a file (`shares`: its training, validation, test part) or a folder of three."""
    path = Path(path)
    if path.is_dir():
        return _load_folder(path)
    return split_text(path.name, read(path), shares)


def split_text(name, text, shares=SHARES):
    """Cut one string into three contiguous parts."""
    check_string(text)
    shares = [
        number("each share of a text", share, "(0, 1)")
        for share in several("the shares", shares, 3)
    ]
    if abs(sum(shares) - 1) > 1e-6:
        raise UserError(
            f"the shares of training, validation and test text must sum to 1, not {shares}"
        )
    ends = [round(len(text) * share) for share in (shares[0], shares[0] + shares[1])]
    return make_text(name, text[: ends[0]], text[ends[0] : ends[1]], text[ends[1] :])


def make_text(name, train, valid, test):
    """Three strings -> Text."""
    for part, string in zip(PARTS, (train, valid, test)):
        check_string(string)
        if len(string) < 2:
            raise UserError(
                f"{name}: the {part} text has {len(string)} characters, "
                "at least 2 are needed to predict one"
            )
    characters = "".join(sorted(set(train)))
    strange = set(valid + test) - set(train)
    note = ""
    if strange:
        count = sum(character in strange for character in valid + test)
        note = (
            f"unknown characters in the validation and test text, never seen in training: {count}"
        )
        characters += UNKNOWN if UNKNOWN not in characters else ""
    parts = (_encode(string, characters) for string in (train, valid, test))
    return Text(name, characters, *parts, note)


def read(path):
    """A text file in UTF-8, line ends as \\n."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not a text file in UTF-8 (at byte {error.start:,}): "
            "convert it, or choose another"
        ) from None
    except FileNotFoundError:
        raise UserError(f"there is no text file or folder {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def _load_folder(folder):
    prefixes = ("", "ptb.")
    plain, treebank = ([folder / f"{prefix}{part}.txt" for part in PARTS] for prefix in prefixes)
    found = [files for files in (plain, treebank) if any(file.exists() for file in files)]
    if len(found) != 1:
        names = " or ".join(", ".join(file.name for file in files) for files in (plain, treebank))
        how_many = "both" if found else "none"
        raise UserError(f"{folder} holds {how_many} of {names}: one set of three is needed")
    missing = [file.name for file in found[0] if not file.exists()]
    if missing:
        raise UserError(
            f"{folder} lacks {', '.join(missing)}: training, validation and test text are needed"
        )
    parts = [read(file) for file in found[0]]
    if found[0] is plain:
        return make_text(folder.resolve().name, *parts)
    stripped = ("\n".join(line.strip(" ") for line in part.split("\n")) for part in parts)
    return make_text("Penn Treebank", *stripped)


def _encode(string, characters):
    """String -> ids (L,) in the smallest type that holds them.

    What is not among `characters` becomes unknown.
    """
    codes = np.frombuffer(string.encode("utf-32-le"), np.uint32)
    dtype = np.min_scalar_type(len(characters) - 1)
    largest = max(map(ord, set(string + characters)))
    id_of = np.full(largest + 1, max(characters.find(UNKNOWN), 0), dtype)
    id_of[[ord(character) for character in characters]] = np.arange(len(characters), dtype=dtype)
    return id_of[codes]

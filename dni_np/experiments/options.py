"""An option is one line of a settings class: type, default, help, and what its values must be.

    layers: int = option(3, "hidden layers and classifier", at_least(2), runs=True)

The command line, its help, the checks and the saved settings all come from that line. A wrong value
is refused in one sentence: the option's name on the command line, the value, what it must be.

The parser is argparse, fed from here. tyro and jsonargparse read the same dataclass, but neither
makes a run of each of several values, and both answer a mistake with a page, not with a sentence.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from dni_np.errors import UserError

WORDS = {int: "whole number", float: "finite number", str: "name", bool: "true or false"}
LARGEST = 10**12  # of whole numbers: a run of more steps would outlast its machine


class Only(NamedTuple):
    """Which runs use an option."""

    whom: str  # ends the sentence "... is for"
    holds: Callable  # (settings) -> bool
    asked: bool = False  # another option decides it: to be shown beside that one


class Sweep(NamedTuple):
    """A flag that gives an option one value after another, a run for each."""

    name: str
    help: str
    values: Callable  # (settings) -> the values


@dataclass(frozen=True)
class Option:
    """One setting. Without a help text it is not on the command line."""

    help: str = ""
    check: object = None  # a Check, or a function of the settings that makes one
    runs: bool = False  # several values make several runs
    only: Only | None = None  # the runs that use it, if not all whose rule does
    sweep: Sweep | None = None
    why: str = ""  # what the rules have in common that use it, beginning with a comma
    free: bool = False  # not part of what a run is: a resumed one may have another value
    replaces: str = ""  # the option that goes back to its default where this one is given
    name: str = ""
    type: object = None  # int, float, str or bool; of each value, where there are several
    several: bool = False  # the value is a tuple
    default: object = None

    def add_to(self, parser, shown, users=()):
        """An argument of the parser; one that is not shown is known there, to be refused later."""
        runs = self.runs
        about = self.help + (f" (of {users[0]})" if len(users) == 1 else "")
        about += f"; {'repeat' if self.several else 'several'}: a run each" if runs else ""
        more = {"help": about if shown else argparse.SUPPRESS}
        if self.type is bool:
            parser.add_argument(flag(self.name), action=Switch, **more)
        else:
            more["action"] = "append" if runs and self.several else Once
            more["nargs"] = "+" if runs or self.several else None
            more["metavar"] = {int: "N", float: "X", str: "NAME"}[self.type]
            parser.add_argument(flag(self.name), **more)
        if self.sweep:
            more = {"help": self.sweep.help if shown else argparse.SUPPRESS}
            name = flag(self.sweep.name)
            parser.add_argument(name, action="store_const", const=True, **more)

    def read(self, found):
        """What the parser found, as the list of values: one, or one for each run."""
        found = found if self.runs else [found]
        return [self._tuple(one) if self.several else self._value(one) for one in found]

    def _tuple(self, texts):
        values = tuple(map(self._value, texts))
        return values if self.runs or values != (0,) else ()  # 0 for none

    def _value(self, text):
        try:
            return self.type(text)
        except ValueError:
            raise self._refusal(text, self._words()) from None

    def check_type(self, value):
        """Also of a value that was saved, and perhaps changed by hand."""
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(value, tuple) != self.several or not all(map(self._fits, values)):
            raise self._refusal(value, self._words())
        if any(isinstance(one, int) and abs(one) > LARGEST for one in values):
            raise self._refusal(value, f"at most {LARGEST}")

    def _fits(self, value):
        if isinstance(value, bool) != (self.type is bool) or value == "":
            return False
        if self.type is float:
            return isinstance(value, (int, float)) and math.isfinite(value)
        return isinstance(value, self.type)

    def check_value(self, value, settings):
        """The check may depend on other settings, whose types have been checked."""
        check = self.check if isinstance(self.check, tuple | None) else self.check(settings)
        if check and not check.good(value):
            raise self._refusal(value, check.wanted)

    def _words(self):
        word = WORDS[self.type]
        return f"{word}s" if self.several else word if self.type is bool else f"a {word}"

    def _refusal(self, value, wanted):
        shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
        shown = shown if shown != "" else "empty"
        return UserError(f"{flag(self.name)} is {shown}: it must be {wanted}")


def option(default, help="", check=None, **more):
    """A field of a settings class (see Option)."""
    return field(default=default, metadata={"option": Option(help, check, **more)})


def flag(name):
    """sg_learning_rate -> --sg-learning-rate."""
    return "--" + name.replace("_", "-")


class Once(argparse.Action):
    """Refuse an option that is given twice (which value should count?), and an empty word.

    An empty word, perhaps of a shell variable that is not set, is no option left out.
    """

    def __call__(self, parser, namespace, values, option_string=None):
        name = flag(self.dest) if self.option_strings else self.metavar
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{name} is given twice")
        if values == "":
            parser.error(f"{name} is empty: give it a value, or leave it out")
        setattr(namespace, self.dest, values)


class Switch(Once, argparse.BooleanOptionalAction):
    """--name or --no-name."""

    def __call__(self, parser, namespace, values, option_string=None):
        super().__call__(parser, namespace, not option_string.startswith("--no-"))

"""The parser's own options, and words for them: fitting, on the edge, and wrong."""

import argparse
import re
from typing import NamedTuple

from dni_np.experiments.parser import parser

FITTING = {  # what makes a small run; other names come from an option's help
    "--steps": "6 7 8 9",
    "--batch-size": "2 3 4 5",
    "--bits": "5 6 7",
    "--examples": "20 30 40",
    "--layers": "2 3 4 5",
    "--seed": "0 1 2 3",
    "--samples": "50 60 70",  # more than the steps see, as are these
    "--patience": "20 30",
    "--cut-after": "1 2",
    "--backend": "numpy",
    "--head": "true synthetic",
    "--optimizer": "adam sgd",
    "--sg-optimizer": "adam rls",
    "--pooling": "max-average max",
    "--guess": "conv dense",
    "--sees": "output normalized label input picture",
    "--targets": "bootstrapped true",
    "whole": "1 2 3 4",
    "real": "0.5 0.25 0.75",
    "RUN_FOLDER": "trained trained trained stopped empty nothing-there",
    "folder": "idx text.txt empty nothing-there trained stopped new new/below",
}
EDGE = {
    "whole": "0 007 +2 1_0 100 1000000000 9999999999999".split(),
    "real": "0 -0.0 5e-324 1e300 1 .5 5".split(),
}
WRONG = {
    "whole": ["", "-1", "x", "2.5", "nan", "1e3", "0x3", "9" * 31],
    "real": ["", "x", "nan", "-inf", "inf", "-1", "1e999", "0,5"],
    "name": ["", "x", "CDNI"],
    "folder": [""],
}
LONG = ("--steps", "--samples", "--epochs")  # of a large number a long run is no surprise


class Option(NamedTuple):
    """An action of the parser, as far as the fuzz knows it."""

    flag: str  # or the name of a place without one
    flags: list
    kind: str  # whole, real, name, folder, or none: it takes no value
    several: bool  # values
    again: bool  # it may be there twice
    names: list  # that its help lists
    shown: bool  # in the command's help

    def draw(self, rng, mishap=0.0):
        """A Group. With a probability of `mishap` one word is wrong, or on the edge."""
        names = FITTING.get(self.flag) or FITTING.get(self.kind)
        words = [str(one) for one in rng.permutation(names.split() if names else self.names)]
        words = words[: rng.integers(1, 4) if self.several else 1]
        if self.kind == "none":
            words = []
        elif rng.random() < mishap:
            edge = EDGE.get(self.kind, []) if self.flag not in LONG else ["0"]
            pool = edge if edge and rng.random() < 0.5 else WRONG[self.kind]
            words[rng.integers(len(words))] = pool[rng.integers(len(pool))]
        return Group(self, str(rng.choice(self.flags)) if self.flags else "", words)


class Group(NamedTuple):
    """An option with its values, as a line has them."""

    option: Option
    flag: str
    values: list

    @property
    def words(self):
        return [self.flag, *self.values] if self.flag else self.values

    @property
    def wrong(self):
        """Must it be refused, wherever it is?"""
        return any(value in WRONG.get(self.option.kind, ()) for value in self.values)


def options():
    """{command: {flag: Option}}: the only place that knows how the parser is made."""
    top = parser()._actions
    commands = next(one for one in top if isinstance(one, argparse._SubParsersAction)).choices
    actions = {name: command._actions[1:] for name, command in commands.items()}  # --help is first
    helps = {a.dest: a.help for one in actions.values() for a in one if a.help != argparse.SUPPRESS}
    found = {name: [_option(action, helps) for action in one] for name, one in actions.items()}
    return {name: {option.flag: option for option in one} for name, one in found.items()}


def _option(action, helps):
    kinds = {"N": "whole", "X": "real", "NAME": "name", int: "whole", float: "real", str: "name"}
    kind = kinds.get(action.metavar or action.type, "folder")
    return Option(
        flag=action.option_strings[0] if action.option_strings else action.metavar,
        flags=action.option_strings,
        kind="none" if action.nargs == 0 else kind,
        several=action.nargs == "+",
        again=isinstance(action, (argparse._AppendAction, argparse._StoreConstAction)),
        names=re.findall(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", helps[action.dest]),
        shown=action.help != argparse.SUPPRESS,
    )

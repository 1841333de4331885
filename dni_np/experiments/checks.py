"""What a value must be: small objects that an option takes, each a test and the words for it."""

from collections.abc import Callable
from typing import NamedTuple


class Check(NamedTuple):
    good: Callable  # (value) -> bool
    wanted: str  # ends the sentence "it must be ..."


POSITIVE = Check(lambda value: value > 0, "positive")


def at_least(low):
    return Check(lambda value: value >= low, f"at least {low}")


def or_zero(meaning, check=POSITIVE):
    """Zero has a meaning of its own."""
    return Check(lambda value: value == 0 or check.good(value), f"{check.wanted}, or 0 {meaning}")


def between(low, high):
    return Check(lambda value: low <= value <= high, f"from {low} to {high}")


def share(excluded):
    """From 0 to 1, where one end makes no sense."""
    words = {0: "above 0 and at most 1", 1: "at least 0 and below 1"}[excluded]
    return Check(lambda value: 0 <= value <= 1 and value != excluded, words)


def one_of(*names):
    listed = " or ".join(names) if len(names) < 3 else f"one of {', '.join(names)}"
    return Check(lambda value: value in names, listed)


def each(check, wanted, count=None, differ=False):
    """Of several values; `count`: how many there may be, `differ`: none may be there twice."""

    def good(values):
        allowed = count is None or len(values) in count
        allowed = allowed and not (differ and len(set(values)) < len(values))
        return allowed and all(map(check.good, values))

    return Check(good, wanted)


SIZES = each(at_least(1), "sizes of at least 1")
SHARES = each(share(0), "shares of the run between 0 and 1, none twice", differ=True)
SAME = or_zero("for the same as --learning-rate")
FIFTY, TEN = or_zero("for fifty in a run"), or_zero("for ten in a run")
NO_LIMIT = or_zero("for no limit")


def of_several(check, default):
    """The check of an option that one worker alone has no use for."""
    left_out = Check(lambda value: value == default, "left out with one worker (see --workers)")
    return lambda s: check(s) if s.workers > 1 else left_out

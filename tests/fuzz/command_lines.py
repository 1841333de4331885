"""Command lines of the parser's own options: right, edge and wrong values, useless combinations.

A wrong value, an empty word, a second value for an option and a word that is no option must be
refused. Whatever is accepted runs a second time with another value of one of its options: results
that are equal mean that the option was ignored.
"""

import shlex
from collections import Counter

import numpy as np

from tests.fuzz.lines import OPTIONS, draw_line
from tests.fuzz.scene import call, fresh_folder, results, tables

# Another value of these need not change what a run of a few steps comes to.
LIKE_ANY = {"--recipe", "--data", "--out", "--resume", "--quiet", "--backend"}
LIKE_ANY |= {"--checkpoint-every", "--epochs", "--samples", "--patience"}
# How a run is computed: it comes to the same.
LIKE_ANY |= {"--workers", "--engine", "--split", "--schedule"}
LIKE_ANY |= {"--scaled-target"}  # it takes effect from the third chunk of a sequence on


def case(seed, number):
    """(what was tried, [(kind, detail)], was it accepted)."""
    rng = np.random.default_rng([seed, number])
    line = draw_line(rng)
    with fresh_folder():
        outcome = call(line.words)
        found = outcome.faults() + tables(".")
        accepted = outcome.status == 0
        done = results(".")
    if accepted and "--help" not in line.words:
        why = must_be_refused(line)
        trained = "--steps" in OPTIONS[line.command] and "--resume" not in line.words
        if trained and not why and "diverged" not in outcome.out:
            why = ignored_one(line, rng, done)
        if why:
            found.append(("silent acceptance", why))
    return "python -m dni_np " + shlex.join(line.words), found, accepted


def must_be_refused(line):
    """Why, or "" if it may be accepted."""
    if line.strange:
        return f"{line.strange} is nothing"
    wrong = [shlex.join(group.words) for group in line.groups if group.wrong]
    if wrong:
        return f"{wrong[0]} is wrong"
    counts = Counter(group.option.flag for group in line.groups if not group.option.again)
    twice = [flag for flag, count in counts.items() if count > 1]
    return f"{twice[0]} is there twice" if twice else ""


def ignored_one(line, rng, done):
    """What to say if one of the options, drawn here, is ignored, or ""."""
    tried = [i for i, group in enumerate(line.groups) if group.option.flag not in LIKE_ANY]
    return ignored(line, tried[rng.integers(len(tried))], rng, done) if tried else ""


def ignored(line, i, rng, done):
    """What to say if other values of the i-th option, too, come to the results `done`, or ""."""
    group, equal = line.groups[i], False
    for _ in range(4):
        if group.option.kind == "none":
            changed = [group._replace(flag=one) for one in group.option.flags if one != group.flag]
        else:
            changed = [group.option.draw(rng)]
        other = line._replace(groups=[*line.groups[:i], *changed, *line.groups[i + 1 :]])
        with fresh_folder():
            if other != line and call(other.words).status == 0:
                if results(".") != done:
                    return ""
                equal = True
    return f"{shlex.join(group.words)} changes nothing" if equal else ""

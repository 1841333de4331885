"""A part of `make fuzz`; and would it find what it looks for?"""

import os
import sys
import time
from unittest import mock

import numpy as np
import pytest

from tests.fuzz import command_lines, scene
from tests.fuzz.lines import OPTIONS, Line
from tests.fuzz.words import Group

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="it forks processes and kills them"),
]


@pytest.fixture(scope="module")
def worker():
    from tests.fuzz.worker import Worker

    with Worker() as one:
        yield one


CASES = {"command-lines": 60, "files": 60, "kills": 5, "workers": 3}


@pytest.mark.parametrize("part, cases", CASES.items())
def test_nothing_is_found(part, cases, worker):
    from tests.fuzz.run import fuzz

    found, accepted = fuzz(worker, part, 0, range(cases))
    assert not found, "\n".join(map(str, found))
    assert 0 < accepted


def test_a_hang_and_a_dead_process_are_found(worker):
    assert worker(time.sleep, 10, limit=0.1)[0] == "hang"
    assert worker(os._exit, 3) == ("traceback", "the process died with status 3")
    assert worker(max, 1, 2) == ("returned", 2)


@pytest.mark.parametrize(
    "outcome, kind",
    [
        (scene.Outcome(None, "", "", [], "Traceback"), "traceback"),
        (scene.Outcome(2, "", "dni_np: one\ntwo\n", [], ""), "traceback"),
        (scene.Outcome(0, "loss  nan\n", "", [], ""), "nan"),
        (scene.Outcome(0, "", "", ["RuntimeWarning: overflow"], ""), "warning"),
    ],
)
def test_faults_of_a_call_are_found(outcome, kind):
    assert [found for found, _ in outcome.faults()] == [kind]


def test_an_ignored_option_is_found(worker):
    assert worker(one_option, False) == ("returned", "")
    assert worker(one_option, True) == ("returned", "--bits 7 changes nothing")


def one_option(ignored):
    """Run addition with a value for an option, and then another; perhaps it is thrown away."""

    def main(words):
        i = words.index("--bits")
        return run(words[:i] + words[i + 2 :] if ignored else words)

    run, given = scene.main, {"--bits": "7", "--steps": "8"}
    groups = [Group(OPTIONS["addition"][flag], flag, [value]) for flag, value in given.items()]
    line = Line("addition", groups, [])
    with mock.patch.object(scene, "main", main):
        with scene.fresh_folder():
            assert scene.call(line.words).status == 0
            done = scene.results(".")
        return command_lines.ignored(line, 0, np.random.default_rng(0), done)

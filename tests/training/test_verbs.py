"""The loop and its tasks use nothing but a rule's verbs: any object with these is a rule."""

import pytest

from tests.experiments.sequences import small_runs as sequences
from tests.experiments.two_networks import small_runs as two_networks
from tests.test_golden import build_loop, find, patterns


def on_images(folder):
    settings = find("mnist-fcn-quick").settings(
        "cdni", steps=12, batch_size=64, width=16, evaluate_every=5
    )
    return build_loop(settings, patterns(), folder, progress=False)


LOOPS = {
    "images": on_images,
    "copy": lambda folder: sequences.loop_of(sequences.small("copy", "cdni"), folder),
    "characters": lambda folder: sequences.loop_of(sequences.small("characters", "dni"), folder),
    "two networks": lambda folder: two_networks.loop_of(two_networks.small(), folder),
}


class Verbs:
    """A rule of which nothing else is to be seen; it notes what it is called for, in turn."""

    def __init__(self, rule):
        self.called = []
        for verb in ("step", "predict", "errors", "drain", "state", "load_state"):
            setattr(self, verb, self.noting(verb, getattr(rule, verb)))

    def noting(self, verb, method):
        def noted(*arguments):
            self.called.append(verb)
            return method(*arguments)

        return noted


def without_time(loop):
    return [{**row, "seconds": 0} for row in loop.history.rows]


@pytest.mark.parametrize("name", LOOPS)
def test_a_rule_is_its_verbs(name, tmp_path):
    plain, loop = LOOPS[name](tmp_path / "plain"), LOOPS[name](tmp_path / "verbs")
    loop.rule = Verbs(loop.rule)
    loop.measure = plain.measure = None
    assert plain.run() and loop.run()
    assert without_time(loop) == without_time(plain) and loop.history.rows
    assert set(loop.task.measures) <= loop.history.rows[0].keys()
    called = loop.rule.called
    before = {called[k - 1] for k, verb in enumerate(called) if verb in ("state", "errors")}
    assert before <= {
        "drain",
        "errors",
        "predict",
        "state",
    }  # nothing waits where a run is measured or saved

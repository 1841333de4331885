"""Tiny runs on sequences, for the tests."""

import numpy as np

from dni_np.data.text import split_text
from dni_np.experiments.sequences.build import build_loop
from dni_np.experiments.sequences.settings import COPYING, TASKS, SequenceSettings

ENDLESS = ("bptt", "dni", "dni-aux", "cdni")  # rules for texts, too
RULES = (*ENDLESS, "full", "dni-trace")
FLAGS = {"whole target": {"scaled_target": False}, "error into core": {"error_into_core": True}}
LEAST_SQUARES = {"sg_optimizer": "rls", "sees_cell": True, "hidden": ()}
VARIANTS = {
    **{rule: (rule, {}) for rule in RULES},
    **{name: ("dni", flags) for name, flags in FLAGS.items()},
    "dni by least squares": ("dni", LEAST_SQUARES),
    "once a sequence": ("bptt", {"update": "sequence"}),
    "clipped": ("bptt", {"clip": 0.5, "betas": (0.8, 0.9)}),
    "trace by least squares": ("dni-trace", LEAST_SQUARES),
    "trace with a window": ("dni-trace", {"window": 2, "trace_lambda": 0.5}),
    "shared trace": ("dni-trace", {"each_boundary": False, "shared_trace": True}),
}
RUNNABLE = [  # (task, name of a variant)
    (task, name)
    for task in TASKS
    for name, (rule, flags) in VARIANTS.items()
    if task in COPYING or (rule in ENDLESS and "update" not in flags)
]
TEXT = split_text("rhyme", "one two three four five, once I caught a fish alive;\n" * 20)


def small(task, rule, **changes):
    length = {"samples": 60} if task in COPYING else {"steps": 30}
    size = {
        "unroll": 2,
        "units": 6,
        "batch_size": 5,
        "evaluate_every": 7,
        "checkpoint_every": 0,
        "learning_rate": 1e-2,
    }
    linear = {"hidden": ()} if rule == "dni-trace" else {}
    return SequenceSettings(task=task, rule=rule, **{**length, **size, **linear, **changes})


def variant(task, name, **changes):
    rule, flags = VARIANTS[name]
    return small(task, rule, **flags, **changes)


def loop_of(settings, folder=None):
    return build_loop(settings, None if settings.task in COPYING else TEXT, folder, progress=False)


def finish(loop):
    """Run to the end: the history without times, and the final state of rule and task."""
    assert loop.run()
    rows = [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in loop.history.rows
    ]
    arrays, place = loop.task.state()
    return rows, {**loop.rule.state(), **arrays}, place


def assert_same_run(one, other):
    assert one[0] == other[0] and len(one[0]) > 0
    assert one[1].keys() == other[1].keys()
    assert all(np.array_equal(one[1][name], other[1][name]) for name in one[1])
    assert one[2] == other[2]

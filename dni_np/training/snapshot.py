"""Snapshot: all that a run depends on at one moment, to be saved and restored."""

import json

import numpy as np

from dni_np.backend import to_numpy, xp
from dni_np.errors import UserError
from dni_np.training.history import History


def take(loop):
    """(host arrays by name, what JSON can hold)."""
    task_arrays, task_meta = loop.task.state()
    arrays = {
        **{f"rule/{name}": value for name, value in loop.rule.state().items()},
        **{f"sums/{name}": to_numpy(value) for name, value in loop.sums.items()},
        **{f"task/{name}": value for name, value in task_arrays.items()},
    }
    meta = {
        "step": loop.step,
        "seconds": loop.seconds,
        "counted": loop.counted,
        "task": task_meta,
        "rng": loop.rng.bit_generator.state,
        "history": loop.history.rows,
    }
    return arrays, meta


def restore(loop, arrays, meta):
    """Restore what `take` returned. After an error the loop may be partly restored."""
    # The task comes first: it can name the error if its data changed.
    loop.task.load_state(under(arrays, "task/"), meta["task"])
    loop.rule.load_state(under(arrays, "rule/"))
    sums = under(arrays, "sums/")
    loop.sums = {name: xp.asarray(value).reshape(()) for name, value in sums.items()}
    loop.counted = {name: int(meta["counted"][name]) for name in sums}
    loop.rng.bit_generator.state = meta["rng"]
    loop.clock.step, loop.seconds = int(meta["step"]), float(meta["seconds"])
    loop.history = History.from_saved(meta["history"], loop.task.measures)


def first_not_finite(arrays):
    """The name of a host array that holds an infinity or nan; None if all numbers are finite."""
    strange = (name for name, array in arrays.items() if not np.isfinite(array).all())
    return next(strange, None)


def under(arrays, prefix):
    """Those whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}


def check_settings(path, saved, config, defaults):
    """Another network's parameters may fit this one's shapes, and then pass unnoticed."""
    now, then = json.loads(json.dumps([config, defaults]))  # as the checkpoint holds them
    then.update(saved)
    different = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if different:
        raise UserError(
            f"{path} is of a run with other settings ({', '.join(different)}): "
            "resume that one, or choose another --out"
        )

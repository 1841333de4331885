"""Late state: what waits for late targets as host arrays, so that a run can be stopped and resumed.

    arrays = state_of_late(units, coming)        of `late_targets`, {name: array}
    coming = load_late(units, arrays)            the guesses wait again, with their caches

A guess of then is corrected through its cache, whatever the model keeps there: nested tuples, lists
and dicts of arrays. Their shape is that of a new guess's cache, so only the arrays are saved.
"""

import itertools
from collections import deque

from dni_np.backend import asarray, to_numpy

PREFIX = "late/"
PLAIN = (type(None), bool, int, float, str, slice)


def state_of_late(units, coming):
    """`coming`: for each batch that waits, oldest first, its targets [(unit, z)]."""
    found = {}
    for i, unit in enumerate(units):
        for n, guess in enumerate(unit.waiting.values()):
            own = {"h": guess.h, "updates": asarray(guess.updates)}
            own |= {f"context {name}": array for name, array in guess.context.items()}
            own |= {f"kept {k}": leaf for k, leaf in enumerate(leaves((guess.guess, guess.cache)))}
            found |= {f"{PREFIX}{n}/{i}/{name}": to_numpy(array) for name, array in own.items()}
    for n, targets in enumerate(coming):
        found |= {f"{PREFIX}{n}/{i}/target": to_numpy(z) for i, z in targets}
    return found


def load_late(units, arrays):
    """Let the guesses wait again; return `coming`. The units have their state already."""
    found = {}
    for name, array in arrays.items():
        if name.startswith(PREFIX):
            n, i, kind = name.removeprefix(PREFIX).split("/")
            found.setdefault(int(n), {}).setdefault(int(i), {})[kind] = asarray(array)
    coming = deque()
    for _, batch in sorted(found.items()):
        coming.append([])
        for i in sorted(batch, reverse=True):  # as targets come: the highest first
            coming[-1].append((i, batch[i]["target"]))
            wait_again(units[i], batch[i])
    return coming


def wait_again(unit, saved):
    """The guess with these arrays waits for its target, under a new ticket."""
    model, h = unit.synthetic_gradient, saved["h"]
    known = "context "
    context = {name.removeprefix(known): saved[name] for name in saved if name.startswith(known)}
    before = model.state()  # a guess moves the running statistics of a batchnorm
    made = model.forward(h, context)
    model.load_state(before)
    kept = (saved[f"kept {k}"] for k in itertools.count())
    unit.waiting.add(None, h, context, *filled(made, kept), int(saved["updates"]))


def leaves(tree):
    """Its arrays, in order."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [array for one in tree for array in leaves(one)]
    return [] if isinstance(tree, PLAIN) else [tree]


def filled(tree, arrays):
    """The same with the next of `arrays` in place of each array."""
    if isinstance(tree, dict):
        return {name: filled(one, arrays) for name, one in tree.items()}
    if isinstance(tree, (list, tuple)):
        own = [filled(one, arrays) for one in tree]
        return type(tree)(*own) if hasattr(tree, "_fields") else type(tree)(own)
    return tree if isinstance(tree, PLAIN) else next(arrays)

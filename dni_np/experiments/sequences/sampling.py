"""Text from a trained network: predict the next character, draw one, read it, go on.

p = softmax(logits / temperature)        below 1 the likely becomes likelier, at 0 certain
"""

from pathlib import Path

import numpy as np

from dni_np.backend import asarray, to_numpy
from dni_np.data.text import UNKNOWN, ids_of
from dni_np.errors import UserError
from dni_np.experiments.sequences.build import build_rule
from dni_np.experiments.sequences.settings import SequenceSettings
from dni_np.nn.embedding import OneHot
from dni_np.training.checkpoint import ADVICE, load_checkpoint
from dni_np.training.files import reading
from dni_np.training.snapshot import under

MOST = 10_000_000  # characters: an hour of writing


def load_network(folder):
    """(core, read-out, characters) of the best network in the folder of a run, or its plan."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: give that of a characters run")
    paths = sorted(folder.glob("checkpoint.npz")) or sorted(folder.glob("*/checkpoint.npz"))
    if len(paths) != 1:
        choices = ", ".join(str(path.parent) for path in paths)
        several = f"{len(paths)} runs: choose one of {choices}"
        raise UserError(f"{folder} holds {several if paths else 'no run with a checkpoint'}")
    (path,) = paths
    arrays, meta = load_checkpoint(path)
    with reading(path, ADVICE):
        task = meta["config"]["task"]
        if task != "characters":
            raise UserError(
                f"{path} is of {task}, which writes no text: give the folder of a characters run"
            )
        core, readout = (under(arrays, f"task/best/{part}/") for part in ("core", "readout"))
        if not core:
            raise UserError(
                f"{path} was saved before the first validation: continue the run with --resume"
            )
        characters = str(meta["task"]["characters"])
        n = len(characters)
        settings = SequenceSettings.from_saved(meta["config"])
        rule = build_rule(settings, n, n, np.random.default_rng(0))
        rule.core.load_state(core)
        rule.readout.load_state(readout)
    return rule.core, rule.readout, characters


def sample(core, readout, alphabet, characters=500, temperature=1.0, start="", seed=0):
    """Yield so many `characters` of the `alphabet` that continue `start`, one by one.

    Without a start: as after the end of a line, if the alphabet has one.
    """
    if not 1 <= characters <= MOST:
        raise UserError(f"--characters is {characters}: it must be from 1 to {MOST}")
    if not 0 <= temperature < float("inf"):
        wanted = "positive, or 0 for the likeliest character each time"
        raise UserError(f"--temperature is {temperature:g}: it must be {wanted}")
    if seed < 0:
        raise UserError(f"--seed is {seed}: it must be 0 or more")
    start = start or ("\n" if "\n" in alphabet else alphabet[0])
    read = ids_of(start, alphabet, "the network's text").astype(np.int64)[:, None]  # (L, 1)
    rng = np.random.default_rng(seed)
    return _continue(core, readout, alphabet, characters, temperature, read, rng)


def _continue(core, readout, characters, n, temperature, read, rng):
    one_hot, state, steps = OneHot(len(characters)), core.initial_state(1), 0
    for _ in range(n):
        x, _ = one_hot.forward(asarray(read))
        outputs, state, _ = core.forward(x, state, training=False, start=steps)
        logits, _ = readout.forward(outputs[-1:], training=False)
        steps += len(read)
        logits = to_numpy(logits)[0, 0].astype(np.float64)
        read = np.full((1, 1), draw(logits, characters, temperature, rng))
        yield characters[read[0, 0]]


def draw(logits, characters, temperature, rng):
    """The id of a character drawn from softmax(logits / temperature); "unknown" is none."""
    if UNKNOWN in characters:
        logits[characters.index(UNKNOWN)] = -np.inf
    logits -= logits.max()
    if temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):  # near 0 an unlikely one is infinitely unlikely
        p = np.exp(logits / temperature)
    return int(rng.choice(len(p), p=p / p.sum()))

"""What is measured of a rule on Copy and Repeat Copy, beside the level that it has come to."""

import numpy as np

from dni_np.analysis.whole_sequences import bits_by_place, gradient_cosine
from dni_np.backend import asarray, to_numpy
from dni_np.training.memory import peak_memory

SAMPLES = 256  # sequences of which bits are measured: a place's bits vary by a few hundredths


def copying_measure(task, seed):
    """A function of the rule, for a Loop: numbers of the level that is being learned.

    (Levels solved before are forgotten in part: where the stop belongs changes with the length.)
    `place_1` and so on: the bits of each symbol; `place_stop`; `core_cosine` with the gradient of
    full backpropagation. The sequences are drawn by a Generator of their own, which depends on the
    seed and the level: measuring disturbs nothing.
    """

    def measure(rule):
        curriculum, level = task.curriculum, task.curriculum.level
        rng, (n_symbols, repeats) = np.random.default_rng([seed, level]), curriculum.size(level)
        episode = [asarray(part) for part in curriculum.draw(level, SAMPLES, rng)]
        bits = to_numpy(bits_by_place(rule, episode, n_symbols, repeats))
        found = {f"place_{i}": value for i, value in enumerate(bits[:-1], 1)}
        found["place_stop"] = bits[-1]
        few = [part[:, : task.batch_size] for part in episode]
        if not rule.whole_sequences:
            found["core_cosine"] = gradient_cosine(rule, task.chunks(few), few)
        return found

    return measure


def sequence_memory(loop, level):
    """The megabytes that a run (a Loop, not begun) holds at most during a sequence of a level.

    Beside its network: caches, gradients on their way, guesses and traces. It is the run's first
    sequence: what a rule makes with it counts, too (`dni_trace`: a model for each boundary, with
    all that their optimizers keep).
    """
    task = loop.task
    drawn = task.curriculum.draw(level, task.batch_size, np.random.default_rng(0))
    episode = [asarray(part) for part in drawn]

    def learn():
        for chunk in task.chunks(episode):
            loop.rule.step(*chunk)

    return peak_memory(learn) / 1e6

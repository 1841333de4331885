"""Curriculum: levels of Copy or Repeat Copy of growing length, one after another.

    Copy           N = 1, 2, 3, 4, ...
    Repeat Copy    (N, R) = (1, 1), (2, 1), (2, 2), (3, 2), (3, 3), ...

A level is solved when the bits per scored symbol (mean cross-entropy over log 2), averaged
over the last episodes, fall below 0.15. Jaderberg et al. 2017 (section D.2) give that
threshold and those steps; they do not give what is averaged, nor where to begin. Here it is

    average of episode k of a level = sum_j decay^(k-j) bits_j / sum_j decay^(k-j),    j = 1..k

and each level begins it anew: the low error of an easier level does not count for this one.
"""

import math

from dni_np.arguments import number, size
from dni_np.data.copy_tasks import CLASSES, copy, repeat_copy, time_span
from dni_np.errors import Diverged, UserError

COPY, REPEAT_COPY = TASKS = ("copy", "repeat copy")
THRESHOLD = 0.15  # bits per scored symbol (the paper's)
DECAY = 0.9  # our choice: about the last ten episodes count
MIN_EPISODES = 10  # our choice: one lucky episode solves nothing


class Curriculum:
    """Draws episodes of the current level, receives their bits, and goes on to the next level.

    episode = curriculum.next(batch, rng); ...; curriculum.update(bits)
    """

    def __init__(
        self,
        task,
        threshold=THRESHOLD,
        decay=DECAY,
        min_episodes=MIN_EPISODES,
        n_symbols=1,
        repeats=1,
    ):
        if task not in TASKS:
            raise UserError(f"there is no task {task!r}: choose {' or '.join(TASKS)}")
        if task == COPY and repeats != 1:
            raise UserError(f"copy writes 1 copy, not {repeats}: for more choose {REPEAT_COPY}")
        self.task = task
        self.threshold = number("the bits below which a level is solved", threshold, "(0, inf)")
        self.decay = number("the decay of the moving average", decay, "[0, 1)")
        self.min_episodes = size("min_episodes", min_episodes)
        self.start = (size("n_symbols", n_symbols), size("repeats", repeats))
        self.level = 0  # levels solved so far
        self.samples = 0  # sequences seen so far
        # (samples seen, span) of each level when it was solved: figure 17's steps.
        self.history = []
        self._begin_level()

    def size(self, level):
        """(N, R) of a level.

        In Repeat Copy N grows at every other level, before R does; in Copy R is always 1.
        """
        n_symbols, repeats = self.start
        if self.task == COPY:
            return n_symbols + level, 1
        return n_symbols + (level + 1) // 2, repeats + level // 2

    @property
    def n_symbols(self):
        """N of the level that is being learned."""
        return self.size(self.level)[0]

    @property
    def repeats(self):
        """R of the level that is being learned."""
        return self.size(self.level)[1]

    @property
    def span(self):
        """The level's time dependency (see `copy_tasks.time_span`)."""
        return time_span(self.n_symbols, self.repeats)

    @property
    def solved(self):
        """The longest span solved so far, 0 before the first."""
        return self.history[-1][1] if self.history else 0

    @property
    def solved_size(self):
        """(N, R) of the longest level solved so far, zeros before the first."""
        return self.size(self.level - 1) if self.level else (0, 0)

    @property
    def channels(self):
        """Inputs a step, the same at every level."""
        return CLASSES + (self.task == REPEAT_COPY)

    @property
    def average(self):
        """The moving average of this level's bits, None before its first episode."""
        return self._sum / self._weight if self._weight else None

    def next(self, batch, rng):
        """An Episode of the current level; the generator's own state is its owner's to save."""
        episode = self.draw(self.level, batch, rng)
        self.samples += batch
        return episode

    def draw(self, level, batch, rng):
        """An Episode of any level, which does not count."""
        n_symbols, repeats = self.size(level)
        if self.task == COPY:
            return copy(n_symbols, batch, rng)
        return repeat_copy(n_symbols, repeats, batch, rng)

    def update(self, bits):
        """Add the mean bits per scored symbol of the last episode; True if the level is solved."""
        bits = float(bits)
        if not math.isfinite(bits):
            raise Diverged(
                f"training diverged at level {self._name()} (bits per symbol: {bits}): "
                "lower the learning rate"
            )
        if bits < 0:
            raise UserError(f"bits per symbol are never negative: {bits}")
        self._sum = self.decay * self._sum + bits
        self._weight = self.decay * self._weight + 1
        self.episodes += 1
        if self.episodes < self.min_episodes or self.average >= self.threshold:
            return False
        self.history.append((self.samples, self.span))
        self.level += 1
        self._begin_level()
        return True

    def _begin_level(self):
        self.episodes, self._sum, self._weight = 0, 0.0, 0.0

    def _name(self):
        repeats = f", R = {self.repeats}" if self.task == REPEAT_COPY else ""
        return f"N = {self.n_symbols}{repeats}"

    def state(self):
        """Everything that changes, JSON-able."""
        return {
            "task": self.task,
            "start": list(self.start),
            "level": self.level,
            "samples": self.samples,
            "episodes": self.episodes,
            "sum": self._sum,
            "weight": self._weight,
            "history": [list(step) for step in self.history],
        }

    def load_state(self, state):
        """Continue from what `state` returned."""
        saved, here = (state["task"], tuple(state["start"])), (self.task, self.start)
        if saved != here:
            described = [f"{task} from N = {n}, R = {r}" for task, (n, r) in (saved, here)]
            raise UserError(
                f"the saved run learned {described[0]}, not {described[1]}: "
                "resume it with its own settings"
            )
        counts = (int(state[name]) for name in ("level", "samples", "episodes"))
        self.level, self.samples, self.episodes = counts
        self._sum, self._weight = float(state["sum"]), float(state["weight"])
        self.history = [(int(samples), int(span)) for samples, span in state["history"]]

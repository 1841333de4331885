"""The training loop, for any rule, any task, any backend.

    batch = task.next()            again and again; now and then: measure, save
    metrics = rule.step(*batch)
    metrics = task.observe(metrics)

A task draws what a step learns from, and measures progress (see tasks/task.py). Metrics stay on
the device as running sums and are fetched only when a row is written. Everything the loop
depends on is in the checkpoint, so that a run that was stopped and resumed equals one that was
not, bit for bit.
"""

import contextlib
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dni_np.backend import synchronize
from dni_np.errors import Diverged, UserError
from dni_np.nn.schedules import RunClock
from dni_np.training.allocator import keep_freed_memory
from dni_np.training.checkpoint import (
    ADVICE,
    OLD,
    expect,
    load_checkpoint,
    same_content,
    same_types,
    save_checkpoint,
)
from dni_np.training.files import reading
from dni_np.training.history import History
from dni_np.training.interrupt import stop_on_signal
from dni_np.training.snapshot import check_settings, first_not_finite, restore, take, under


@dataclass
class Loop:
    """Train `rule` on `task` for `steps` updates (None: until the task has seen enough).

    `measure(rule)` may add metrics to each row (a dict of device scalars). With `folder`, the
    history and a checkpoint are kept there, the checkpoint every `checkpoint_every` steps and
    when interrupted. `config` is saved along, for whoever resumes.
    """

    rule: object
    task: object
    rng: np.random.Generator  # the task's too: its state is saved here
    steps: int | None
    evaluate_every: int
    checkpoint_every: int = 0
    measure: object = None
    folder: Path | None = None
    config: dict = field(default_factory=dict)
    # Of the config, for checkpoints older than one of its names.
    defaults: dict = field(default_factory=dict)
    clock: RunClock = field(default_factory=RunClock)  # counts the steps, for all that follows them
    title: str = ""
    progress: bool | None = None  # None: only in a terminal

    def __post_init__(self):
        for name in ("steps", "evaluate_every"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                option, value = name.replace("_", "-"), getattr(self, name)
                raise UserError(f"--{option} must be at least 1, not {value}")
        self.history = History()
        self.seconds = 0.0  # of training, without measurements
        self.sums, self.counted = {}, {}  # of each metric; not every step has all of them

    @property
    def step(self):
        """How many steps are done."""
        return self.clock.step

    def run(self):
        """Train to the end, or to the next interrupt; return True if the end was reached."""
        from tqdm import tqdm  # only where something runs: help and lists are there at once

        keep_freed_memory()
        bar = tqdm(
            total=self.steps,
            initial=self.step,
            desc=self.title,
            unit="step",
            disable=self._quiet(),
            dynamic_ncols=True,
        )
        # Overflow on the way to divergence is reported once, by _check, not by warnings.
        with bar, stop_on_signal() as stop, np.errstate(over="ignore", invalid="ignore"):
            while not self.finished and not stop:
                self._one_step()
                bar.update()
                if self._due(self.evaluate_every):
                    bar.set_postfix(self.task.shown(self._write_row()))
                if self._due(self.checkpoint_every):
                    self.save()
        self.save()
        return self.finished

    @property
    def finished(self):
        """All steps are done, or the task has seen enough."""
        return self.task.finished or (self.steps is not None and self.step >= self.steps)

    def _one_step(self):
        start = time.perf_counter()
        batch = self.task.next()
        self._add(self.rule.step(*batch))
        self.clock.step += 1
        self.seconds += time.perf_counter() - start

    def _add(self, metrics):
        for name, value in self.task.observe(metrics).items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counted[name] = self.counted.get(name, 0) + 1

    def _drain(self):
        """Until all is done that the steps began: a device or workers may still be at it."""
        start = time.perf_counter()
        for metrics in self.rule.drain() or ():
            self._add(metrics)
        synchronize()
        self.seconds += time.perf_counter() - start

    def _write_row(self):
        self._drain()
        means = {name: float(value) / self.counted[name] for name, value in self.sums.items()}
        self.sums, self.counted = {}, {}
        self._check(means)
        with contextlib.suppress(NotImplementedError):  # a user's rule that cannot be saved
            self._check_state(self.rule.state())
        row = {"step": self.step, "seconds": round(self.seconds, 3)}
        row.update(train_loss=means.pop("loss"), **means)
        row.update(self.task.measure(self.rule))
        if self.measure is not None:
            row.update({name: float(value) for name, value in self.measure(self.rule).items()})
        self.history.add(row)
        if self.folder is not None:
            self.history.save(self.folder)
        return row

    def _check(self, means):
        for name, value in means.items():
            if not math.isfinite(value):
                raise self._diverged(f"the mean {name} is {value}")

    def _check_state(self, arrays):
        """The means tell of the parameters before the last step only."""
        name = first_not_finite(arrays)
        if name:
            raise self._diverged(f"{name} is no longer finite")

    def _diverged(self, why):
        return Diverged(
            f"training diverged before step {self.step} ({why}): "
            "lower the learning rate (--learning-rate), "
            "that of synthetic gradients, where there are any, first (--sg-learning-rate; "
            "where they learn by rls, raise --ridge)"
        )

    def _due(self, every):
        return every > 0 and (self.step % every == 0 or self.finished)

    def _quiet(self):
        return None if self.progress is None else not self.progress

    def save(self):
        """Write the checkpoint and the history (nothing without a folder)."""
        if self.folder is None:
            return
        self._drain()
        arrays, meta = take(self)
        self._check_state(under(arrays, "rule/"))  # the checkpoint of before stays
        save_checkpoint(self.folder / "checkpoint.npz", arrays, {"config": self.config, **meta})
        self.history.save(self.folder)

    def resume(self):
        """Continue from the folder's checkpoint, as if there had been no interruption.

        A checkpoint that cannot be used is a UserError, and leaves the loop unchanged.
        """
        path = self.folder / "checkpoint.npz"
        arrays, meta = load_checkpoint(path)
        before = take(self)
        try:
            with reading(path, ADVICE):
                if meta.pop("version") == OLD:
                    meta["task"] = {**before[1]["task"], **meta["task"]}
                check_settings(path, meta.pop("config"), self.config, self.defaults)
                expect(same_types(before[0], arrays), "the type of an array")
                restore(self, arrays, meta)
                expect(same_content(take(self), (arrays, meta)), "what it holds for this run")
                expect(self.history.rows or not self.finished, "the end without a row of history")
        except BaseException:
            restore(self, *before)
            raise

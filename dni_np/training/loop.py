"""The only training loop: any rule, any task, any backend.

    task.step(rule) -> metrics        again and again; now and then: measure, save

A task knows what one step learns from and how progress is measured (see `images`). Metrics stay on
the device as running sums and are fetched only when a row is written. Everything the loop
depends on is in the checkpoint, so that a run that was stopped and resumed equals one that was
not, bit for bit.
"""

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dni_np.backend import synchronize, to_numpy, xp
from dni_np.errors import Diverged, UserError
from dni_np.nn.schedules import RunClock
from dni_np.training.allocator import keep_freed_memory
from dni_np.training.checkpoint import load_checkpoint, save_checkpoint
from dni_np.training.history import History
from dni_np.training.interrupt import stop_on_signal


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
    defaults: dict = field(default_factory=dict)  # of the config, for checkpoints older than one of its names
    clock: RunClock = field(default_factory=RunClock)  # counts the steps, for all that follows them
    title: str = ""
    progress: bool | None = None  # None: only where somebody watches

    def __post_init__(self):
        for name in ("steps", "evaluate_every"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise UserError(f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}")
        self.history = History()
        self.seconds = 0.0  # of training, without measurements
        self.sums, self.counted = {}, {}  # of each metric; not every step has all of them

    @property
    def step(self):
        """How many steps are done."""
        return self.clock.step

    def run(self):
        """Train to the end, or to the next interrupt; return True if the end was reached."""
        keep_freed_memory()
        bar = tqdm(
            total=self.steps, initial=self.step, desc=self.title, unit="step", disable=self._quiet(), dynamic_ncols=True
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
        metrics = self.task.step(self.rule)
        for name, value in metrics.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counted[name] = self.counted.get(name, 0) + 1
        self.clock.step += 1
        self.seconds += time.perf_counter() - start

    def _write_row(self):
        start = time.perf_counter()
        synchronize()  # the device may still be at work on the steps
        self.seconds += time.perf_counter() - start
        means = {name: float(value) / self.counted[name] for name, value in self.sums.items()}
        self.sums, self.counted = {}, {}
        self._check(means["loss"])
        row = {"step": self.step, "seconds": round(self.seconds, 3), "train_loss": means.pop("loss"), **means}
        row.update(self.task.measure(self.rule))
        if self.measure is not None:
            row.update({name: float(value) for name, value in self.measure(self.rule).items()})
        self.history.add(row)
        if self.folder is not None:
            self.history.save(self.folder)
        return row

    def _check(self, loss):
        if math.isfinite(loss):
            return
        raise Diverged(
            f"training diverged before step {self.step} (the mean loss is {loss}): "
            "lower the learning rate (--learning-rate), first of all that of the synthetic gradients (--sg-learning-rate)"
        )

    def _due(self, every):
        return every > 0 and (self.step % every == 0 or self.finished)

    def _quiet(self):
        return None if self.progress is None else not self.progress

    def save(self):
        """Write the checkpoint and the history (nothing without a folder)."""
        if self.folder is None:
            return
        arrays = {f"rule/{name}": value for name, value in self.rule.state().items()}
        arrays.update({f"sums/{name}": to_numpy(value) for name, value in self.sums.items()})
        task_arrays, task_meta = self.task.state()
        arrays.update({f"task/{name}": value for name, value in task_arrays.items()})
        meta = {
            "config": self.config,
            "step": self.step,
            "seconds": self.seconds,
            "counted": self.counted,
            "task": task_meta,
            "rng": self.rng.bit_generator.state,
            "history": self.history.rows,
        }
        save_checkpoint(self.folder / "checkpoint.npz", arrays, meta)
        self.history.save(self.folder)

    def resume(self):
        """Continue from the folder's checkpoint, as if there had been no interruption."""
        path = self.folder / "checkpoint.npz"
        arrays, meta = load_checkpoint(path)
        self._check_settings(path, meta["config"])
        self.task.load_state(_under(arrays, "task/"), meta["task"])  # first: if its data changed, it can say so
        self.rule.load_state(_under(arrays, "rule/"))
        self.sums = {name: xp.asarray(value) for name, value in _under(arrays, "sums/").items()}
        self.rng.bit_generator.state = meta["rng"]
        self.clock.step, self.seconds, self.counted = meta["step"], meta["seconds"], meta["counted"]
        self.history = History(meta["history"])

    def _check_settings(self, path, saved):
        """Another network's parameters may fit this one's shapes, and then pass unnoticed."""
        now, then = json.loads(json.dumps([self.config, self.defaults]))  # as the checkpoint holds them
        then.update(saved)
        different = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
        if different:
            raise UserError(
                f"{path} is of a run with other settings ({', '.join(different)}): resume that one, or choose another --out"
            )


def _under(arrays, prefix):
    return {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}

"""Run a plan: several settings, one after another, each in its own folder, then a table and a figure.

    runs/NAME/plan.json            what was asked for
    runs/NAME/cdni-3-seed0/        checkpoint.npz, history.csv, history.jsonl, curves.png (and others)
    runs/NAME/summary.csv, .txt    one line for each group of seeds
    runs/NAME/comparison.png       learning curves; of several rules on images overview.png, too

Resuming a plan is running it again: finished runs load, the interrupted one continues,
the others start.
"""

import itertools
import json
import zlib
from dataclasses import asdict, replace
from pathlib import Path

from dni_np.errors import Diverged, UserError
from dni_np.experiments.kinds import kind_of, settings_from
from dni_np.experiments.memory import check_memory
from dni_np.experiments.reporting import report
from dni_np.training.files import reading, remove_left_behind, write_text
from dni_np.training.one_at_a_time import alone_with


def check_folder(out):
    """The folder that --out names must hold no run yet."""
    if (Path(out) / "plan.json").exists():
        raise UserError(
            f"{out} already holds a run: continue it with --resume {out}, or choose another --out"
        )


def new_folder(name):
    """The first free one of runs/name, runs/name-2, ...; made at once, before others do."""
    for n in itertools.count(1):
        folder = Path("runs") / (name if n == 1 else f"{name}-{n}")
        try:
            folder.mkdir(parents=True)
            return folder
        except OSError as error:
            if not (isinstance(error, FileExistsError) and folder.parent.is_dir()):
                raise UserError(
                    f"cannot write to {folder}: {error.strerror}; choose another folder with --out"
                ) from None


def save_plan(folder, title, plan):
    """Write what was asked for, so that `--resume` needs only the folder."""
    content = {"title": title, "plan": [asdict(settings) for settings in plan]}
    text = json.dumps({**content, "checksum": checksum(content)}, indent=1)
    write_text(folder / "plan.json", text + "\n")


def load_plan(folder):
    """(title, list of Settings) of an earlier run."""
    path = Path(folder) / "plan.json"
    if not path.exists():
        raise UserError(f"{folder} holds no run to resume: it has no plan.json")
    with reading(path, "restore it from a copy, or start a new run"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("checksum") != checksum(content):
            raise ValueError("it is not as it was written")
        plan = [settings_from(one) for one in content["plan"]]
        if len({settings.task for settings in plan}) != 1 or not isinstance(content["title"], str):
            raise ValueError("it asks for no run")
        return content["title"], plan


def checksum(content):
    """A plan that is changed by hand would not be the run that was begun."""
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def load_data_of(plan):
    """What the runs of `plan` share: images, or a text. None where every run draws its own."""
    return kind_of(plan[0]).load_data(plan[0])


def check_plan(plan, data):
    """Build every kind of run once: a mistake in the last one should not show after hours."""
    check_size(plan, data)
    for settings in dict.fromkeys(replace(settings, seed=0) for settings in plan):
        build(settings, data)


def check_size(plan, data):
    """Each run fits into memory. Asked before the first: its memory is not at once free again."""
    for settings in plan:
        check_memory(settings, kind_of(settings).memory(settings, data))


def build(settings, data, *arguments, **options):
    """The Loop of a run; an array too large for NumPy to count is too large for the memory."""
    try:
        return kind_of(settings).build_loop(settings, data, *arguments, **options)
    except ValueError as error:
        if "array is too big" in str(error) or "Maximum allowed dimension" in str(error):
            raise MemoryError from None
        raise


def run_plan(folder, title, plan, data, progress=None):
    """Run all settings in `plan`; return True if none was interrupted. Prints a table at the end.

    A run that diverges among others is left behind, and counted in the table.
    """
    with alone_with(folder / "plan.json") as alone:
        if alone:
            remove_left_behind(folder)
        check_size(plan, data)
        try:
            return _run_plan(folder, title, plan, data, progress)
        finally:
            _put_back(folder, title, plan)


def _run_plan(folder, title, plan, data, progress):
    if data and data.note:
        print(f"NOTE: {data.note}", flush=True)
    kind = kind_of(plan[0])
    results = []
    for settings in plan:
        name = kind.label(settings, seed=True)
        run_folder = folder / name
        loop = None  # the last one's memory may be wanted
        loop = build(settings, data, run_folder, title=name, progress=progress)
        try:
            if (run_folder / "checkpoint.npz").exists():
                loop.resume()
            finished = loop.run()
        except Diverged as error:
            if len(plan) == 1:
                raise
            print(f"{name}: {error}", flush=True)
            results.append((settings, None))
            continue
        kind.save_run_figures(loop, run_folder, settings)
        if not finished:
            print(f"stopped at step {loop.step}; continue with: python -m dni_np {settings.task} --resume {folder}")
            return False
        results.append((settings, loop.history))
    name = loop.task.name
    del loop  # its network's memory may be wanted for the report
    report(kind, folder, title, results, data, name)
    return True


def _put_back(folder, title, plan):
    """If the folder was deleted during the run, the run wrote into a new one: make it complete."""
    if not (folder / "plan.json").exists():
        save_plan(folder, title, plan)
        print(
            f"NOTE: {folder} was deleted during the run, "
            "and is there again with what was not finished then",
            flush=True,
        )

"""Run a plan: several settings, one after another, each in its own folder, then a table and a figure.

    runs/NAME/plan.json            what was asked for
    runs/NAME/cdni-3-seed0/        checkpoint.npz, history.csv, history.jsonl, curves.png, gradients.png
    runs/NAME/summary.csv, .txt    one line for each group of seeds
    runs/NAME/comparison.png

Resuming a plan is running it again: finished runs load, the interrupted one continues,
the others start.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

from dni_np.building import build_loop, load_dataset
from dni_np.errors import Diverged, UserError
from dni_np.recipes import Settings
from dni_np.reporting import label, report, save_run_figures
from dni_np.training.files import write_text


def new_folder(out, name):
    """`out` if given (it must hold no run yet), else the first free runs/name, runs/name-2, ..."""
    if out is not None:
        if (Path(out) / "plan.json").exists():
            raise UserError(f"{out} already holds a run: continue it with --resume {out}, or choose another --out")
        return Path(out)
    folder, n = Path("runs") / name, 2
    while folder.exists():
        folder, n = Path("runs") / f"{name}-{n}", n + 1
    return folder


def save_plan(folder, title, plan):
    """Write what was asked for, so that `--resume` needs only the folder."""
    text = json.dumps({"title": title, "plan": [asdict(settings) for settings in plan]}, indent=1)
    write_text(folder / "plan.json", text + "\n")


def load_plan(folder):
    """(title, list of Settings) of an earlier run."""
    path = Path(folder) / "plan.json"
    if not path.exists():
        raise UserError(f"{folder} holds no run to resume: it has no plan.json")
    try:
        saved = json.loads(path.read_text())
        plan = [Settings(**{k: tuple(v) if isinstance(v, list) else v for k, v in one.items()}) for one in saved["plan"]]
        if not plan:
            raise ValueError("it asks for no run")
        return saved["title"], plan
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UserError(f"{path} cannot be read ({error}): restore it or start a new run") from None


def load_images_of(plan):
    """The images that the runs of `plan` share; None for addition, where every run draws its own sums."""
    return None if plan[0].task == "addition" else load_dataset(plan[0], None)


def check_plan(plan, dataset):
    """Build every kind of run once: a mistake in the last one should not show after hours."""
    for settings in dict.fromkeys(replace(settings, seed=0) for settings in plan):
        build_loop(settings, dataset)


def run_plan(folder, title, plan, dataset, progress=None):
    """Run all settings in `plan`; return True if none was interrupted. Prints a table at the end.

    A run that diverges among others is left behind, and counted in the table.
    """
    if dataset and dataset.note:
        print(f"NOTE: {dataset.note}", flush=True)
    results = []
    for settings in plan:
        run_folder = folder / label(settings, seed=True)
        loop = build_loop(settings, dataset, run_folder, title=label(settings, seed=True), progress=progress)
        if (run_folder / "checkpoint.npz").exists():
            loop.resume()
        try:
            finished = loop.run()
        except Diverged as error:
            if len(plan) == 1:
                raise
            print(f"{label(settings, seed=True)}: {error}", flush=True)
            results.append((settings, None))
            continue
        save_run_figures(loop, run_folder, settings)
        if not finished:
            print(f"stopped at step {loop.step}; continue with: python -m dni_np {settings.task} --resume {folder}")
            return False
        results.append((settings, loop.history))
    report(folder, title, results, dataset.name if dataset else "binary addition", dataset.note if dataset else "")
    return True

"""Run a plan: several settings, one after another, each in its own folder, then a table and a figure.

    runs/NAME/plan.json            what was asked for
    runs/NAME/cdni-3-seed0/        checkpoint.npz, history.csv, history.jsonl, curves.png, gradients.png
    runs/NAME/summary.csv, .txt    one line for each group of seeds
    runs/NAME/comparison.png

Resuming a plan is running it again: finished runs load, the interrupted one continues,
the others start.
"""

import csv
import io
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from dni_np import plotting
from dni_np.building import build_loop, load_dataset
from dni_np.errors import UserError
from dni_np.recipes import Settings
from dni_np.training.files import write_atomically, write_text


USUAL_SOURCES = {"dni": ("output",), "cdni": ("output", "label")}  # not worth naming in a label


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
        return saved["title"], plan
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): restore it or start a new run") from None


def run_plan(folder, title, plan, progress=None):
    """Run all settings in `plan`; return True if none was interrupted. Prints a table at the end."""
    dataset = None
    results = []
    for settings in plan:
        if dataset is None and settings.task != "addition":
            dataset = load_dataset(settings, None)
            if dataset.note:
                print(f"NOTE: {dataset.note}", flush=True)
        run_folder = folder / label(settings, seed=True)
        loop = build_loop(settings, dataset, run_folder, title=label(settings, seed=True), progress=progress)
        if (run_folder / "checkpoint.npz").exists():
            loop.resume()
        finished = loop.run()
        _save_figures(loop, run_folder, title, settings)
        if not finished:
            print(f"stopped at step {loop.step}; continue with: python -m dni_np {settings.task} --resume {folder}")
            return False
        results.append((settings, loop.history))
    report(folder, title, results, dataset.name if dataset else "binary addition", dataset.note if dataset else "")
    return True


def label(settings, seed=False):
    """A short name: rule, depth, where it is cut, seed."""
    parts = [settings.rule]
    if settings.sees != USUAL_SOURCES.get(settings.rule, settings.sees):
        parts.append("+".join(settings.sees))
    parts.append(str(len(settings.hidden_widths) + 1))
    if settings.cut_after:
        parts.append("after" + "+".join(map(str, settings.cut_after)))
    if settings.head != "true":
        parts.append("head")
    if seed:
        parts.append(f"seed{settings.seed}")
    return "-".join(parts)


def group_by_seed(results):
    """[(settings of the first seed, [history of each seed])], in order."""
    groups = {}
    for settings, history in results:
        groups.setdefault(replace(settings, seed=0), []).append((settings, history))
    return [(members[0][0], [history for _, history in members]) for members in groups.values()]


def report(folder, title, results, data_name, note):
    """The summary as a printed table, a CSV and a figure."""
    groups = group_by_seed(results)
    rows = [summary_row(settings, histories, data_name) for settings, histories in groups]
    table = format_table(rows)
    heading = f"{title}: {data_name}" + (f"\nNOTE: {note}" if note else "")
    print(f"\n{heading}\n\n{table}\n\nEverything is in {folder}/", flush=True)
    write_text(folder / "summary.txt", f"{heading}\n\n{table}\n")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", buffer.getvalue())
    _save_comparison(groups, f"{title} ({note or data_name})", folder)


def _save_comparison(groups, heading, folder):
    """Learning curves side by side; and errors against depth where the plan varied one."""
    if len(groups) > 1:
        labeled = [(label(settings), histories) for settings, histories in groups]
        save_figure(plotting.comparison(labeled, heading), folder / "comparison.png")
    cuts = _final_errors(groups, lambda settings: settings.cut_after[0] if len(settings.cut_after) == 1 else None)
    if cuts:
        save_figure(plotting.by_depth(cuts, heading, "single DNI after layer"), folder / "depth.png")
    layers = _final_errors(groups, lambda settings: None if settings.cut_after else len(settings.hidden_widths) + 1)
    if layers and max(len(depths) for _, depths, _ in layers) > 1:
        save_figure(plotting.by_depth(layers, heading, "layers"), folder / "layers.png")


def _final_errors(groups, depth_of):
    """[(rule, depths, test errors (depths, seeds))] of the groups that have a depth."""
    lines = {}
    for settings, histories in groups:
        depth = depth_of(settings)
        if depth is not None:
            depths, errors = lines.setdefault(settings.rule, ([], []))
            depths.append(depth)
            errors.append([history.rows[-1]["test_error"] for history in histories])
    return [(rule, depths, errors) for rule, (depths, errors) in lines.items()]


def summary_row(settings, histories, data_name):
    """What the table says of one group: means and standard deviations over the seeds' last rows."""
    last = [history.rows[-1] for history in histories]
    test = np.array([row["test_error"] for row in last])
    spread = f" ± {test.std(ddof=1):.2f}" if len(test) > 1 else ""
    return {
        "run": label(settings),
        "data": data_name,
        "seeds": len(last),
        "steps": last[0]["step"],
        "test error %": f"{test.mean():.2f}{spread}",
        "train error %": f"{np.mean([row['train_error'] for row in last]):.2f}",
        "s a run": f"{np.mean([row['seconds'] for row in last]):.0f}",
    }


def format_table(rows):
    """Rows of one set of columns as aligned text."""
    lines = [list(rows[0]), *(list(map(str, row.values())) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def save_figure(figure, path):
    """Save a figure as PNG, atomically."""
    write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=110))


def _save_figures(loop, folder, title, settings):
    if not loop.history.rows:
        return
    name = f"{label(settings, seed=True)}: {loop.dataset.note or loop.dataset.name}"
    save_figure(plotting.learning_curves(loop.history, name), folder / "curves.png")
    if loop.history.columns("cosine"):
        save_figure(plotting.gradient_curves(loop.history, name), folder / "gradients.png")

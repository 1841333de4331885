"""What a plan leaves to look at: a name for each run, one table, figures."""

import csv
import io
from dataclasses import replace

import numpy as np

from dni_np import plotting
from dni_np.training.files import write_atomically, write_text

USUAL_SOURCES = {"dni": ("output",), "cdni": ("output", "label")}  # not worth naming in a label


def label(settings, seed=False):
    """A short name: rule, sources, depth, where it is cut, seed."""
    parts = [curve_name(settings), str(len(settings.hidden_widths) + 1)]
    if settings.cut_after and settings.rule != "backprop":
        parts.append("after" + "+".join(map(str, settings.cut_after)))
    if settings.targets != "bootstrapped" and settings.rule in USUAL_SOURCES:
        parts.append("truetargets")
    if settings.head != "true" and settings.rule in USUAL_SOURCES:
        parts.append("head")
    if seed:
        parts.append(f"seed{settings.seed}")
    return "-".join(parts)


def curve_name(settings):
    """What runs of different depths have in common: the rule, and its sources unless they are the usual ones."""
    usual = settings.sees == USUAL_SOURCES.get(settings.rule, settings.sees)
    return settings.rule if usual else f"{settings.rule}-{'+'.join(settings.sees)}"


def group_by_seed(results):
    """[(settings of the first seed, [history of each seed, None where it diverged])], in order."""
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
    write_text(folder / "summary.txt", f"{heading}\n\n{table}\n")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", buffer.getvalue())
    sound = [(settings, [history for history in histories if history]) for settings, histories in groups]
    _save_comparison([group for group in sound if group[1]], f"{title} ({note or data_name})", folder)
    print(f"\n{heading}\n\n{table}\n\nEverything is in {folder}/", flush=True)


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
    """[(name, depths, [test errors of the seeds] for each depth)] of the groups that have a depth."""
    lines = {}
    for settings, histories in groups:
        depth = depth_of(settings)
        if depth is not None:
            depths, errors = lines.setdefault(curve_name(settings), ([], []))
            depths.append(depth)
            errors.append([history.rows[-1]["test_error"] for history in histories])
    return [(name, depths, errors) for name, (depths, errors) in lines.items()]


def summary_row(settings, histories, data_name):
    """What the table says of one group: means and standard deviations over the seeds' last rows."""
    last = [history.rows[-1] for history in histories if history]
    lost = len(histories) - len(last)
    test = np.array([row["test_error"] for row in last])
    spread = f" ± {test.std(ddof=1):.2f}" if len(test) > 1 else ""

    def mean(name, digits):
        return f"{np.mean([row[name] for row in last]):.{digits}f}" if last else ""

    return {
        "run": label(settings),
        "data": data_name,
        "seeds": f"{len(last)} ({lost} diverged)" if lost else len(last),
        "steps": settings.steps,
        "test error %": mean("test_error", 2) + spread,
        "train error %": mean("train_error", 2),
        "s a run": mean("seconds", 0),
    }


def format_table(rows):
    """Rows of one set of columns as aligned text."""
    lines = [list(rows[0]), *(list(map(str, row.values())) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def save_figure(figure, path):
    """Save a figure as PNG, atomically."""
    write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=110))


def save_run_figures(loop, folder, settings):
    """One run's learning curves, and the errors of its guesses."""
    if not loop.history.rows:
        return
    name = f"{label(settings, seed=True)}: {loop.task.name}"
    save_figure(plotting.learning_curves(loop.history, name), folder / "curves.png")
    if loop.history.columns("cosine"):
        save_figure(plotting.gradient_curves(loop.history, name), folder / "gradients.png")

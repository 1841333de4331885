"""What a plan leaves: one table, figures. What they show is for each kind of experiment to say."""

import csv
import io
import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dni_np.experiments.costs import costs
from dni_np.training.files import write_atomically, write_text


class Group(NamedTuple):
    """The runs that differ in their seeds only."""

    settings: object  # of the first seed
    histories: list  # of the seeds that came to their end
    lost: int  # those that diverged
    costs: object = None  # a Costs, where the kind of experiment has them


def report(kind, folder, title, results, data, name):
    """The summary as a printed table, a CSV and figures.

    `results`: [(settings, history, or None where it diverged)]; `data` is what the runs shared, if
    anything; `name` is the task's.
    """
    groups = group_by_seed(kind, results, data)
    rows = [_row(kind, group, data.name if data else name) for group in groups]
    table = format_table(rows)
    note = f"\nNOTE: {data.note}" if data and data.note else ""
    heading = f"{title}: {data.name if data else name}{note}"
    write_text(folder / "summary.txt", f"{heading}\n\n{table}\n")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", buffer.getvalue())
    ended = [group for group in groups if group.histories]
    save_figures(kind.report.comparison_figures(ended, f"{title} ({name})"), folder)
    print(f"\n{heading}\n\n{table}\n\nEverything is in {folder}/", flush=True)
    for workers in sorted(folder.glob("*/workers.txt")):
        print(f"Who worked and who waited: {workers}, {workers.with_name('timeline.png')}")


def group_by_seed(kind, results, data=None):
    """A Group for each setting but the seed, in order."""
    found = {}
    for settings, history in results:
        found.setdefault(replace(settings, seed=0), []).append((settings, history))
    groups = []
    for members in found.values():
        settings, ended = members[0][0], [history for _, history in members if history]
        cost = costs(kind.build.build_loop, settings, data) if kind.costs else None
        groups.append(Group(settings, ended, len(members) - len(ended), cost))
    return groups


def _row(kind, group, data_name):
    last, n = [history.rows[-1] for history in group.histories], len(group.histories)
    return {
        "run": kind.report.label(group.settings),
        "data": data_name,
        "seeds": f"{n} ({group.lost} diverged)" if group.lost else n,
        **kind.report.columns(group.settings, last),
        "s a run": f"{np.mean([row['seconds'] for row in last]):.0f}" if last else "",
        **(group.costs.cells() if group.costs else {}),
    }


def save_run_figures(kind, loop, folder, settings):
    """The figures of one run, if it has come to a measurement."""
    if loop.history.rows:
        title = f"{kind.report.label(settings, seed=True)}: {loop.task.name}"
        save_figures(kind.report.run_figures(settings, loop.history, title), folder)


def save_figures(figures, folder):
    """{name: Figure} into the folder."""
    for name, figure in figures.items():
        save_figure(figure, folder / name)


def save_figure(figure, path):
    """Save a figure as PNG, atomically."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # in a folder's name
        write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=110))


def spread(values, digits=2):
    """Mean of the seeds, and their standard deviation where there are several."""
    if not values:
        return ""  # all diverged
    deviation = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"


def format_table(rows):
    """Rows of one set of columns as aligned text."""
    lines = [list(rows[0]), *(list(map(str, row.values())) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths)] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)

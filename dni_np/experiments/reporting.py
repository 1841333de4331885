"""What a plan leaves to look at: one table, figures. What they show is for each kind of experiment to say (see kinds)."""

import csv
import io
import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dni_np.training.files import write_atomically, write_text


class Group(NamedTuple):
    """The runs that differ in their seeds only."""

    settings: object  # of the first seed
    histories: list  # of the seeds that came to their end
    lost: int  # those that diverged
    costs: object = None  # a Costs, where the kind of experiment has them


def group_by_seed(results):
    """[(settings of the first seed, [history of each seed, None where it diverged])], in order."""
    groups = {}
    for settings, history in results:
        groups.setdefault(replace(settings, seed=0), []).append((settings, history))
    return [(members[0][0], [history for _, history in members]) for members in groups.values()]


def report(kind, folder, title, results, data, name):
    """The summary as a printed table, a CSV and figures; `data` is what the runs shared, if anything, `name` the task's."""
    groups = []
    for settings, histories in group_by_seed(results):
        ended = [history for history in histories if history]
        costs = kind.costs(settings, data) if kind.costs else None
        groups.append(Group(settings, ended, len(histories) - len(ended), costs))
    rows = []
    for group in groups:
        row = kind.summary_row(group.settings, group.histories, data.name if data else name, _seeds(group))
        rows.append({**row, **(group.costs.cells() if group.costs else {})})
    table = format_table(rows)
    heading = f"{title}: {data.name if data else name}" + (f"\nNOTE: {data.note}" if data and data.note else "")
    write_text(folder / "summary.txt", f"{heading}\n\n{table}\n")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", buffer.getvalue())
    kind.save_comparison([group for group in groups if group.histories], f"{title} ({name})", folder)
    print(f"\n{heading}\n\n{table}\n\nEverything is in {folder}/", flush=True)


def _seeds(group):
    ended = len(group.histories)
    return f"{ended} ({group.lost} diverged)" if group.lost else ended


def spread(values, digits=2):
    """Mean of the seeds, and their standard deviation where there are several; nothing where all diverged."""
    if not values:
        return ""
    deviation = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"


def format_table(rows):
    """Rows of one set of columns as aligned text."""
    lines = [list(rows[0]), *(list(map(str, row.values())) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def save_figure(figure, path):
    """Save a figure as PNG, atomically."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # in a folder's name
        write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=110))

"""History: the measurements of a run, one row each, as CSV for tables and JSON lines."""

import csv
import io
import json
import math

from dni_np.training.checkpoint import expect
from dni_np.training.files import write_text

ALWAYS = ("step", "seconds", "train_loss")  # in each row, and finite; a measure may be undefined
LARGEST = 10**15  # of whole numbers: no count comes near it, and NumPy's integers hold it


class History:
    """A list of {"step": ..., "train_loss": ..., ...} rows, in order."""

    def __init__(self, rows=()):
        self.rows = list(rows)

    @classmethod
    def from_saved(cls, rows, measures=()):
        """The history whose rows JSON has held: numbers by name, `measures` too, steps in order."""
        steps = [row["step"] for row in rows]
        values = [value for row in rows for value in row.values()]
        expect(all(type(value) in (int, float) for value in values), "the history")
        whole = [value for value in values if type(value) is int]
        expect(all(abs(value) <= LARGEST for value in whole), "a number of the history")
        expect(all({*ALWAYS, *measures} <= row.keys() for row in rows), "a row of the history")
        always = [row[name] for row in rows for name in ALWAYS]
        expect(all(map(math.isfinite, always)), "a number of the history")
        expect(steps == sorted(set(steps)), "the order of the history")
        return cls(rows)

    def add(self, row):
        self.rows.append(row)

    def column(self, name):
        """(steps, values) of the rows that have `name`."""
        rows = [row for row in self.rows if name in row]
        return [row["step"] for row in rows], [row[name] for row in rows]

    def columns(self, prefix):
        """The names that begin with `prefix`, in order of appearance."""
        return [name for name in self.names() if name.startswith(prefix)]

    def names(self):
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def save(self, folder):
        """Write history.csv and history.jsonl, atomically."""
        rows = [  # what is not a number (the cosine of a zero vector) is left out: JSON has no nan
            {name: value if math.isfinite(value) else None for name, value in row.items()}
            for row in self.rows
        ]
        table = io.StringIO()
        writer = csv.DictWriter(table, self.names(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(folder / "history.csv", table.getvalue())
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        write_text(folder / "history.jsonl", lines)

"""What runs on sequences leave to look at: a name for each, a line for the table, figures."""

import numpy as np

from dni_np.experiments.reporting import save_figure, spread
from dni_np.experiments.sequences import plotting
from dni_np.experiments.sequences.settings import COPYING


def label(settings, seed=False):
    """A short name: rule, T, seed."""
    name = f"{settings.rule}-T{settings.unroll}"
    return f"{name}-seed{settings.seed}" if seed else name


def summary_row(settings, histories, data_name, seeds):
    """What the table says of one group: means and standard deviations over the seeds' last rows."""
    last = [history.rows[-1] for history in histories]
    if settings.task in COPYING:
        sizes = [f"{row['solved_N']}" + (f" x {row['solved_R']}" if settings.task == "repeat-copy" else "") for row in last]
        found = {
            "samples": each(row["samples"] for row in last),
            "longest solved, N" + (" x R" if settings.task == "repeat-copy" else ""): ", ".join(sizes),
            "span": spread([row["solved_span"] for row in last], 1),
        }
    else:
        found = {
            "steps": each(row["step"] for row in last),
            "valid bits/char": spread([row["best_valid_bits"] for row in last], 3),
            "test bits/char": spread([row["test_bits"] for row in last], 3),
        }
    seconds = f"{np.mean([row['seconds'] for row in last]):.0f}" if last else ""
    return {"run": label(settings), "data": data_name, "seeds": seeds, **found, "s a run": seconds}


def each(numbers):
    """The numbers with thousands apart; one, where they are all the same."""
    return ", ".join(f"{number:,}" for number in dict.fromkeys(numbers))


def save_run_figures(loop, folder, settings):
    """One run's learning curves."""
    if loop.history.rows:
        curves = plotting.copy_curves if settings.task in COPYING else plotting.character_curves
        save_figure(curves(loop.history, f"{label(settings, seed=True)}: {loop.task.name}"), folder / "curves.png")


def save_comparison(groups, heading, folder):
    """Curves for each rule and T, and how they end: figure 17 for Copy and Repeat Copy, figure 16 for characters."""
    if len(groups) < 2:
        return
    curves = [(group.settings.rule, group.settings.unroll, group.histories) for group in groups]
    figure = plotting.figure_17 if groups[0].settings.task in COPYING else plotting.figure_16
    save_figure(figure(curves, heading), folder / "comparison.png")

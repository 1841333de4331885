"""What runs with two networks leave to look at: a name for each, a line for the table, figures."""

import numpy as np

from dni_np.experiments.reporting import save_figure, spread
from dni_np.experiments.two_networks import plotting


def label(settings, seed=False):
    """A short name: rule, T, how often B runs if not T times, seed."""
    name = f"{settings.rule}-T{settings.unroll}"
    if settings.messages != settings.unroll:
        name += f"-ticks{settings.messages}"
    return f"{name}-seed{settings.seed}" if seed else name


def summary_row(settings, histories, data_name, seeds):
    """What the table says of one group: means and standard deviations over the seeds' last rows."""
    last = [history.rows[-1] for history in histories]
    return {
        "run": label(settings),
        "data": data_name,
        "seeds": seeds,
        "streams": f"{settings.steps * settings.batch_size:,}",
        "A: odd, error %": spread([row["test_odd_error"] for row in last]),
        "B: threes, error %": spread([row["test_threes_error"] for row in last]),
        "s a run": f"{np.mean([row['seconds'] for row in last]):.0f}" if last else "",
    }


def save_run_figures(loop, folder, settings):
    """One run's learning curves; and, where there is a guess, how good it is."""
    if loop.history.rows:
        name = f"{label(settings, seed=True)}: {loop.task.name}"
        save_figure(plotting.curves(loop.history, name), folder / "curves.png")


def save_comparison(groups, heading, folder):
    """The errors of A and of B under each rule and T, against the streams seen; and at the end against T."""
    if len(groups) > 1:
        curves = [(group.settings.rule, group.settings.unroll, group.histories) for group in groups]
        save_figure(plotting.comparison(curves, heading), folder / "comparison.png")

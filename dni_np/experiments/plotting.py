"""Figures of runs on images or sums: matplotlib on host numbers; nothing here knows of training.

Each function returns a Figure; whoever called it saves it. A history is anything with
`column(name) -> (steps, values)` and `columns(prefix) -> names`.
"""

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure

from dni_np.pictures.scales import GivenTicks, axis_from_zero, log_axis, percent_axis
from dni_np.pictures.style import STYLE, colors_of, curve, finish, legend_above, legend_beside


def learning_curves(history, title):
    """Training loss (log scale), test and training error of one run."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        curve(left, *history.column("train_loss"), color="C0")
        left.set(xlabel="step", ylabel="training loss")
        log_axis(left)
        for name, color in (("test_error", "C3"), ("train_error", "C7")):
            curve(right, *history.column(name), color=color, label=name.replace("_", " "))
        right.set(xlabel="step", ylabel="error (%)")
        axis_from_zero(right)
        legend_above(right)
        finish(figure, title)
        return figure


def gradient_curves(history, title):
    """Of each synthetic gradient: its loss, its distance from the true gradient (figure 12)."""
    panels = (
        ("gradient_loss", "loss of the guess", None),
        ("l2", "L2 distance from true", None),
        ("cosine", "cosine with true", 0),
        ("sign", "share of wrong signs", 0.5),
    )
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 6), layout="constrained")
        grid = figure.subplots(2, 2)
        for axes, (prefix, label, chance) in zip(grid.flat, panels):
            names = history.columns(prefix + "_")
            if prefix == "gradient_loss":
                names = names or history.columns("value_loss_")  # a critic guesses losses
            if not names:  # nobody guesses
                axes.set_axis_off()
                continue
            names = sorted(names, key=core_of)
            shades = colormaps["viridis"](
                np.linspace(0, 0.9, max(len(names), 2))
            )  # the lowest core is dark
            for name, color in zip(names, shades):
                line = {"color": color, "linewidth": 1.2, "label": f"core {core_of(name)}"}
                curve(axes, *history.column(name), **line)
            axes.set(xlabel="step", ylabel=label)
            if chance is None:
                log_axis(axes)
            else:
                axes.axhline(chance, color="0.5", linestyle=":", linewidth=1)
        legend_beside(figure, grid[1, 0])
        finish(figure, title)
        return figure


def core_of(name):
    """The number at the end of a column's name."""
    return int(name.rsplit("_", 1)[1])


def comparison(groups, title):
    """Test error of several settings; each of `groups` is (label, histories of its seeds)."""
    colors = colors_of([label for label, _ in groups])
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 4), layout="constrained")
        by_step, by_time = figure.subplots(1, 2, sharey=True)
        for label, histories in groups:
            steps, errors = _stack(histories, "test_error")
            seconds = _stack(histories, "seconds")[1].mean(axis=0)
            band = (errors.min(axis=0), errors.max(axis=0)) if len(errors) > 1 else None
            for axes, x in ((by_step, steps), (by_time, seconds)):
                curve(axes, x, errors.mean(axis=0), band, color=colors[label], label=label)
        by_step.set(xlabel="step")
        by_time.set(xlabel="seconds of training")
        percent_axis(by_step)
        legend_beside(figure, by_step)
        finish(figure, title)
        return figure


def by_depth(groups, title, xlabel):
    """Final test error by a depth (figure 11); `groups`: [(label, depths, errors per seed)]."""
    colors = colors_of([label for label, _, _ in groups])
    with rc_context(STYLE):
        figure = Figure(figsize=(6, 3.8), layout="constrained")
        axes = figure.subplots()
        for label, depths, errors in groups:
            means_and_ranges(axes, depths, errors, color=colors[label], label=label)
        axes.set(xlabel=xlabel)
        axes.xaxis.set_major_locator(
            GivenTicks(depth for _, depths, _ in groups for depth in depths)
        )
        percent_axis(axes)
        legend_beside(figure, axes)
        finish(figure, title)
        return figure


def means_and_ranges(axes, x, values, **style):
    """For each x the mean of its `values` and their range; some may be fewer (a seed diverged)."""
    middle = np.array([np.mean(seeds) for seeds in values])
    spread = [middle - [min(seeds) for seeds in values], [max(seeds) for seeds in values] - middle]
    axes.errorbar(x, middle, yerr=np.maximum(spread, 0), capsize=3, **{"marker": "o", **style})


def _stack(histories, name):
    """(steps, values (seeds, rows)), cut to the shortest history."""
    columns = [history.column(name) for history in histories]
    n = min(len(values) for _, values in columns)
    return columns[0][0][:n], np.array([values[:n] for _, values in columns])

"""Figures from histories. Plain matplotlib on host numbers; nothing here knows about training.

Each function returns a Figure; whoever called it saves it. A history is anything with
`column(name) -> (steps, values)` and `columns(prefix) -> names`.
"""

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "font.size": 10,
}


def learning_curves(history, title):
    """Training loss (log scale), test and training error of one run."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(*history.column("train_loss"), color="C0")
        left.set(xlabel="step", ylabel="training loss", yscale="log")
        for name, color in (("test_error", "C3"), ("train_error", "C7")):
            right.plot(*history.column(name), color=color, label=name.replace("_", " "))
        right.set(xlabel="step", ylabel="error (%)", ylim=(0, None))
        right.legend()
        figure.suptitle(plain(title))
        return figure


def gradient_curves(history, title):
    """For each synthetic gradient, or what stands in for it: its loss, how far it is from the true gradient (figure 12)."""
    panels = (
        ("gradient_loss", "loss of the guess", "log"),
        ("l2", "L2 distance from true", "log"),
        ("cosine", "cosine with true", "linear"),
        ("sign", "share of wrong signs", "linear"),
    )
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 6), layout="constrained")
        for axes, (prefix, label, scale) in zip(figure.subplots(2, 2).flat, panels):
            names = history.columns(prefix + "_")
            if prefix == "gradient_loss":
                names = names or history.columns("value_loss_")  # a critic guesses losses
            if not names:  # nobody guesses
                axes.set_axis_off()
                continue
            if not any(value > 0 for name in names for value in history.column(name)[1]):
                scale = "linear"  # nothing learned yet, or nothing to show
            for i, name in enumerate(sorted(names)):
                color = f"C{i}" if len(names) <= 10 else None
                axes.plot(*history.column(name), color=color, linewidth=1, label=f"core {name.rsplit('_', 1)[1]}")
            axes.set(xlabel="step", ylabel=label, yscale=scale)
            for chance in {"cosine": (0,), "sign": (0.5,)}.get(prefix, ()):
                axes.axhline(chance, color="0.5", linestyle=":", linewidth=1)
        axes.legend(fontsize=8, ncols=2)
        figure.suptitle(plain(title))
        return figure


def comparison(groups, title):
    """Test error of several settings side by side; each of `groups` is (label, histories of its seeds)."""
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 4), layout="constrained")
        by_step, by_time = figure.subplots(1, 2, sharey=True)
        colors = colormaps["tab10"].colors if len(groups) <= 10 else colormaps["turbo"](np.linspace(0, 1, len(groups)))
        for color, (label, histories) in zip(colors, groups):
            steps, errors = _stack(histories, "test_error")
            seconds = _stack(histories, "seconds")[1].mean(axis=0)
            for axes, x in ((by_step, steps), (by_time, seconds)):
                axes.plot(x, errors.mean(axis=0), color=color, label=label)
                axes.fill_between(x, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.2, linewidth=0)
        by_step.set(xlabel="step")
        by_time.set(xlabel="seconds of training")
        percent_axis(by_step)
        figure.legend(*by_step.get_legend_handles_labels(), loc="outside right center", fontsize=8)
        figure.suptitle(plain(title))
        return figure


def by_depth(groups, title, xlabel):
    """Final test error against a depth (figure 11); each of `groups` is (label, depths, errors per seed)."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6, 3.8), layout="constrained")
        axes = figure.subplots()
        for i, (label, depths, errors) in enumerate(groups):
            # One list of errors for each depth; some are shorter, where a seed diverged.
            middle = np.array([np.mean(seeds) for seeds in errors])
            spread = [middle - [min(seeds) for seeds in errors], [max(seeds) for seeds in errors] - middle]
            axes.errorbar(depths, middle, yerr=spread, marker="o", color=f"C{i}", capsize=3, label=label)
        axes.set(xlabel=xlabel, title=plain(title))
        axes.set_xticks(sorted({depth for _, depths, _ in groups for depth in depths}))
        percent_axis(axes)
        axes.legend()
        return figure


def plain(text):
    """A folder's name may hold a dollar sign, which would begin a formula."""
    return text.replace("$", r"\$")


def percent_axis(axes, label="test error (%)", which="y"):
    """Percent on a log scale, along y or x; 2 and 5 between the powers of ten written small."""
    axes.set(**{f"{which}label": label, f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_minor_locator(LogLocator(subs=(2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("{x:g}")
    axes.tick_params(axis=which, which="minor", labelsize=7)


def _stack(histories, name):
    """(steps, values (seeds, rows)), cut to the shortest history."""
    columns = [history.column(name) for history in histories]
    n = min(len(values) for _, values in columns)
    return columns[0][0][:n], np.array([values[:n] for _, values in columns])

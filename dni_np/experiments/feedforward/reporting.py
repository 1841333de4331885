"""What runs on images or sums leave to look at: a name for each, a line for the table, figures."""

import numpy as np

from dni_np.experiments import plotting
from dni_np.experiments.feedforward.overview import Line, overview
from dni_np.experiments.feedforward.settings import OWN, USUAL_SOURCES
from dni_np.experiments.reporting import save_figure, spread


def label(settings, seed=False):
    """A short name: rule, sources, depth, where it is cut, seed."""
    parts = [curve_name(settings), str(len(settings.hidden_widths) + 1)]
    if settings.cut_after and settings.rule != "backprop":
        parts.append("after" + "+".join(map(str, settings.cut_after)))
    if settings.targets != "bootstrapped" and settings.rule in {*USUAL_SOURCES, "stale"}:
        parts.append("truetargets")
    if settings.head != "true" and settings.rule in USUAL_SOURCES:
        parts.append("head")
    if seed:
        parts.append(f"seed{settings.seed}")
    return "-".join(parts)


def curve_name(settings):
    """What runs of different depths have in common: the rule, what only it asks for, sources unless they are the usual."""
    parts = [settings.rule]
    if settings.rule in OWN:
        own = getattr(settings, OWN[settings.rule])
        parts.append("+".join(f"{value:g}" for value in (own if isinstance(own, tuple) else (own,))))
    if settings.sees != USUAL_SOURCES.get(settings.rule, settings.sees):
        parts.append("+".join(settings.sees))
    return "-".join(parts)


def summary_row(settings, histories, data_name, seeds):
    """What the table says of one group: means and standard deviations over the seeds' last rows."""
    last = [history.rows[-1] for history in histories]

    def mean(name, digits):
        return f"{np.mean([row[name] for row in last]):.{digits}f}" if last else ""

    return {
        "run": label(settings),
        "data": data_name,
        "seeds": seeds,
        "steps": settings.steps,
        "test error %": spread([row["test_error"] for row in last]),
        "train error %": mean("train_error", 2),
        "s a run": mean("seconds", 0),
    }


def save_run_figures(loop, folder, settings):
    """One run's learning curves, and the errors of its guesses."""
    if not loop.history.rows:
        return
    name = f"{label(settings, seed=True)}: {loop.task.name}"
    save_figure(plotting.learning_curves(loop.history, name), folder / "curves.png")
    if loop.history.columns("cosine"):
        save_figure(plotting.gradient_curves(loop.history, name), folder / "gradients.png")


def save_comparison(groups, heading, folder):
    """Learning curves side by side; errors against depth where the plan varied one; of several rules an overview."""
    if len(groups) > 1:
        labeled = [(label(group.settings), group.histories) for group in groups]
        save_figure(plotting.comparison(labeled, heading), folder / "comparison.png")
    cuts = _final_errors(groups, lambda settings: settings.cut_after[0] if len(settings.cut_after) == 1 else None)
    if cuts:
        save_figure(plotting.by_depth(cuts, heading, "single DNI after layer"), folder / "depth.png")
    layers = _final_errors(groups, lambda settings: None if settings.cut_after else len(settings.hidden_widths) + 1)
    if layers and max(len(depths) for _, depths, _ in layers) > 1:
        save_figure(plotting.by_depth(layers, heading, "layers"), folder / "layers.png")
    if len({group.settings.rule for group in groups}) > 1:
        save_figure(overview([_line(group) for group in groups], heading), folder / "overview.png")


def _line(group):
    """What the overview shows of a group: means over the seeds, but each one's test error."""
    last = [history.rows[-1] for history in group.histories]

    def mean(name):
        return float(np.mean([row[name] for row in last]))

    return Line(
        name=label(group.settings),
        test_errors=[row["test_error"] for row in last],
        train_error=mean("train_error"),
        cosines=[mean(name) for name in group.histories[0].columns("cosine_")],
        seconds=mean("seconds"),
        megabytes=group.costs.megabytes,
        locks=group.costs.locks,
    )


def _final_errors(groups, depth_of):
    """[(name, depths, [test errors of the seeds] for each depth)] of the groups that have a depth."""
    lines = {}
    for group in groups:
        depth = depth_of(group.settings)
        if depth is not None:
            depths, errors = lines.setdefault(curve_name(group.settings), ([], []))
            depths.append(depth)
            errors.append([history.rows[-1]["test_error"] for history in group.histories])
    return [(name, depths, errors) for name, (depths, errors) in lines.items()]

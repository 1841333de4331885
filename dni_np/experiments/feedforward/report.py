"""What runs on images or sums leave: a name for each, a line for the table, figures."""

import numpy as np

from dni_np.experiments.feedforward.checks import CONV
from dni_np.experiments.report import spread


def label(settings, seed=False):
    """A short name: rule, sources, depth, where it is cut, seed."""
    uses, parts = settings.row.uses, [curve_name(settings), str(settings.depth)]
    if settings.cut_after and "cut_after" in uses:
        parts.append("after" + "+".join(map(str, settings.cut_after)))
    if settings.targets == "true" and "targets" in uses:
        parts.append("truetargets")
    if any(settings.target_lambda) and "target_lambda" in uses:
        parts.append("lambda" + "+".join(f"{one:g}" for one in settings.target_lambda))
    if settings.late and "late" in uses:
        parts.append(f"late{settings.late}")
        parts += ["kept"] if settings.late_guess == "kept" else []
    if settings.staleness:
        parts.append(f"staleness{settings.staleness}")
    if settings.micro_batches > 1:
        parts.append(f"micro{settings.micro_batches}")
    if settings.head == "synthetic" and "head" in uses:
        parts.append("head")
    if seed:
        parts.append(f"seed{settings.seed}")
    return "-".join(parts)


def curve_name(settings):
    """The rule, its own options, what guesses see unless it is the usual: at any depth the same."""
    parts, row = [settings.rule], settings.row
    for name in row.own:
        value = getattr(settings, name)
        values = value if isinstance(value, tuple) else (value,)
        parts.append("+".join(f"{one:g}" for one in values))
    if row.sees and settings.sees != row.sees:
        parts.append("+".join(settings.sees))
    if settings.guess != CONV and "guess" in row.uses:
        parts.append(settings.guess)
    return "-".join(parts)


def columns(settings, last):
    """The cells of one group in the table, from the last row of each seed's run."""
    return {
        "steps": settings.steps,
        "test error %": spread([row["test_error"] for row in last]),
        "train error %": f"{np.mean([row['train_error'] for row in last]):.2f}" if last else "",
    }


def run_figures(settings, history, title):
    """One run's learning curves, and the errors of its guesses."""
    from dni_np.experiments import plotting

    figures = {"curves.png": plotting.learning_curves(history, title)}
    if history.columns("cosine"):
        figures["gradients.png"] = plotting.gradient_curves(history, title)
    return figures


def comparison_figures(groups, title):
    """Learning curves; errors against depth, if there are several; an overview of several rules."""
    from dni_np.experiments import plotting
    from dni_np.experiments.feedforward.overview import overview

    figures = {}
    if len(groups) > 1:
        labeled = [(label(group.settings), group.histories) for group in groups]
        figures["comparison.png"] = plotting.comparison(labeled, title)
    cuts = final_errors(groups, lambda s: s.cut_after[0] if len(s.cut_after) == 1 else None)
    if cuts:
        figures["depth.png"] = plotting.by_depth(cuts, title, "single DNI after layer")
    layers = final_errors(groups, lambda s: None if s.cut_after else s.depth)
    if layers and max(len(depths) for _, depths, _ in layers) > 1:
        figures["layers.png"] = plotting.by_depth(layers, title, "layers")
    if len({group.settings.rule for group in groups}) > 1:
        figures["overview.png"] = overview([_line(group) for group in groups], title)
    return figures


def _line(group):
    """What the overview shows of a group: means over the seeds, but each one's test error."""
    from dni_np.experiments.feedforward.overview import Line

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
        guess_locks=group.costs.guess_locks,
    )


def final_errors(groups, depth_of):
    """[(name, depths, [test errors of the seeds] for each)] of the groups that have a depth."""
    lines = {}
    for group in groups:
        depth = depth_of(group.settings)
        if depth is not None:
            depths, errors = lines.setdefault(curve_name(group.settings), ([], []))
            depths.append(depth)
            errors.append([history.rows[-1]["test_error"] for history in group.histories])
    return [(name, depths, errors) for name, (depths, errors) in lines.items()]

"""Throughput against the number of workers, as it was simulated."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from dni_np.errors import UserError
from dni_np.pictures.scales import log_axis
from dni_np.pictures.style import BACKPROP, CDNI, STYLE, curve, finish, legend_beside

LINES = {  # by what they show; further ones get Matplotlib's own colors
    "ideal": {"color": "0.6", "linestyle": "--"},
    "decoupled": {"color": CDNI, "marker": "o"},
    "1F1B": {"color": "#009e73", "marker": "s"},
    "fill and drain": {"color": "#cc79a7", "marker": "^", "linestyle": ":"},
    "backpropagation": {"color": BACKPROP, "marker": "x"},
}


def throughput(workers, results, about=""):
    """`results`: {name: batches in a second for each number of `workers`}; `about`: what of."""
    if not len(workers) or any(len(row) != len(workers) for row in results.values()):
        raise UserError("each line of the figure needs a result for each number of workers")
    with rc_context(STYLE):
        figure = Figure(figsize=(6.5, 4), layout="constrained")
        axes = figure.subplots()
        for name, row in results.items():
            curve(axes, workers, row, label=name, markersize=5, **LINES.get(name, {}))
        axes.set(xlabel="workers", ylabel="batches in a second")
        log_axis(axes, "x")
        log_axis(axes, "y")
        legend_beside(figure, axes)
        finish(figure, f"Simulated: {finding(workers, results)}{about and f' ({about})'}")
        return figure


def finding(workers, results):
    """From how many workers on decoupled ones are faster than every other schedule."""
    others = [row for name, row in results.items() if name not in ("decoupled", "ideal")]
    if not others or "decoupled" not in results:
        return "batches in a second"
    ahead = np.asarray(results["decoupled"]) > np.max(others, axis=0)
    order = np.argsort(workers)
    behind = [i for i in order if not ahead[i]]
    if len(behind) == len(workers):
        return f"decoupled workers are not faster with up to {max(workers)}"
    if not behind:
        return f"decoupled workers are faster from {min(workers)} on"
    later = [workers[i] for i in order if workers[i] > workers[behind[-1]]]
    if not later:
        return f"with {max(workers)} workers decoupled ones are not faster"
    return f"decoupled workers are faster from {later[0]} on"

"""What runs with two networks leave: a name for each, a line for the table, figures."""

from dni_np.experiments.report import spread


def label(settings, seed=False):
    """A short name: rule, T, how often B runs if not T times, seed."""
    name = f"{settings.rule}-T{settings.unroll}"
    if settings.messages != settings.unroll:
        name += f"-ticks{settings.messages}"
    if settings.staleness:
        name += f"-staleness{settings.staleness}"
    return f"{name}-seed{settings.seed}" if seed else name


def columns(settings, last):
    """The cells of one group in the table, from the last row of each seed's run."""
    return {
        "streams": f"{settings.steps * settings.batch_size:,}",
        "A: odd, error %": spread([row["test_odd_error"] for row in last]),
        "B: threes, error %": spread([row["test_threes_error"] for row in last]),
    }


def run_figures(settings, history, title):
    """One run's learning curves; and, where there is a guess, how good it is."""
    from dni_np.experiments.two_networks import plotting

    return {"curves.png": plotting.curves(history, title)}


def comparison_figures(groups, title):
    """The errors of A and of B under each rule and T, against the streams; at the end against T."""
    from dni_np.experiments.two_networks import plotting

    if len(groups) < 2:
        return {}
    curves = [(group.settings.rule, group.settings.unroll, group.histories) for group in groups]
    return {"comparison.png": plotting.comparison(curves, title)}

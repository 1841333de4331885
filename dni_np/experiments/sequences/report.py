"""What runs on sequences leave: a name for each, a line for the table, figures."""

from dni_np.experiments.report import spread
from dni_np.experiments.sequences.probe import sequence_memory
from dni_np.experiments.sequences.settings import COPYING


def label(settings, seed=False):
    """A short name: rule, T, seed."""
    name = f"{settings.rule}-T{settings.unroll}"
    return f"{name}-seed{settings.seed}" if seed else name


def columns(settings, last):
    """The cells of one group in the table, from the last row of each seed's run."""
    if settings.task not in COPYING:
        return {
            "steps": each(row["step"] for row in last),
            "valid bits/char": spread([row["best_valid_bits"] for row in last], 3),
            "test bits/char": spread([row["test_bits"] for row in last], 3),
        }
    sizes = ("N", "R") if settings.task == "repeat-copy" else ("N",)
    longest = [" x ".join(str(row[f"solved_{size}"]) for size in sizes) for row in last]
    return {
        "samples": each(row["samples"] for row in last),
        f"longest solved, {' x '.join(sizes)}": ", ".join(longest),
        "span": spread([row["solved_span"] for row in last], 1),
        "next level's worst place, bits": ", ".join(map(worst_place, last)),
        "cosine of gradients": spread([row["core_cosine"] for row in last if "core_cosine" in row]),
        "MB a sequence": spread([memory(settings, row) for row in last], 1),
    }


def memory(settings, row):
    """Megabytes of a sequence as long as those that the run ended with."""
    from dni_np.experiments.sequences.build import build_loop

    return sequence_memory(build_loop(settings), level=row["N"] + row["R"] - 2)


def worst_place(row):
    """The symbol that is written worst at the level being learned: its bits, and which it is."""
    places = {name.removeprefix("place_"): row[name] for name in row if name.startswith("place_")}
    if not places:
        return "-"  # the run ended before they were measured
    worst = max(places, key=places.get)
    return f"{places[worst]:.2f} ({worst})"


def each(numbers):
    """The numbers with thousands apart; one, where they are all the same."""
    return ", ".join(f"{number:,}" for number in dict.fromkeys(numbers))


def run_figures(settings, history, title):
    """One run's learning curves."""
    from dni_np.experiments.sequences import plotting

    copying = settings.task in COPYING
    curves = plotting.copy_curves if copying else plotting.character_curves
    return {"curves.png": curves(history, title)}


def comparison_figures(groups, title):
    """Curves for each rule and T, and how they end: figure 17, or figure 16 for characters.

    Of Copy and Repeat Copy also which symbols are missing at the end.
    """
    from dni_np.experiments.sequences import plotting

    if len(groups) < 2:
        return {}
    curves = [(group.settings.rule, group.settings.unroll, group.histories) for group in groups]
    copying = groups[0].settings.task in COPYING
    if not copying:
        return {"comparison.png": plotting.figure_16(curves, title)}
    places = plotting.bits_by_place(curves, title)
    return {"comparison.png": plotting.figure_17(curves, title), "places.png": places}

"""Every figure of every command, of histories that are hard to draw: nothing is lost or cut off."""

import ast
import inspect
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dni_np.experiments import plotting
from dni_np.experiments.feedforward import overview
from dni_np.experiments.report import save_figure
from dni_np.experiments.sequences import plotting as sequences
from dni_np.experiments.sequences.rules import RULES as ALL_RULES
from dni_np.experiments.two_networks import plotting as two_networks
from dni_np.rules.rule import LOCKS
from dni_np.training.history import History
from tests.figures import check_figure

NAN, INF = float("nan"), float("inf")
LONG = "mnist-fcn-quick (" + "a_folder_with_a_very_long_name/" * 6 + r"and $\frac$ $)"

# Values of a column, a row each. Errors are in percent; a loss may be anything from 0 on.
HARD = {
    "usual": [90.0, 12.0, 4.0, 3.1],
    "zeros": [0.0, 0.0, 0.0],
    "down to 0": [50.0, 1.0, 0.0, 0.0],
    "one point": [9.1],
    "one 0": [0.0],
    "all the same": [50.0, 50.0, 50.0],
    "nearly the same": [1e-12, 1.0000000000000002e-12],
    "narrow": [91.2, 91.3, 91.25],
    "wide": [100.0, 1e-2, 1e-9, 1e-12],
    "tiny": [1e-30, 1e-31],
    "denormal": [5e-324],
    "denormal beside 0": [5e-324, 0.0, 1.0],
    "with nan": [90.0, NAN, 12.0, NAN, NAN, 5.0, 4.0],
    "one finite": [NAN, 3.0, NAN],
    "nan alone": [NAN, NAN],
    "diverging": [1.0, 1e3, 1e30, INF, NAN],
}
NUMBERS = st.one_of(st.just(0.0), st.just(NAN), st.floats(1e-12, 1e12), st.floats(0, 100))
COLUMNS = st.lists(NUMBERS, min_size=1, max_size=12)
TITLES = st.one_of(
    st.just("short"),
    st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=300),
)


class Pace:
    """How far apart rows are; tests change it."""

    steps, seconds = 10, 0.5


def history(values, names, **more):
    """Rows that hold `values` under each name."""
    rows = []
    for n, value in enumerate(values, 1):
        step, seconds = n * Pace.steps, n * Pace.seconds
        row = {"step": step, "seconds": seconds, "samples": 32 * step, "streams": 32 * step, **more}
        rows.append({**row, **dict.fromkeys(names, value)})
    return History(rows)


def run(values):
    return history(values, ("train_loss", "test_error", "train_error"))


def guesses(values, cores=3):
    names = [
        f"{what}_{i}"
        for what in ("gradient_loss", "l2", "cosine", "sign")
        for i in range(1, cores + 1)
    ]
    return history(values, names)


def copying(values):
    rows = history(values, ("bits", "gradient_loss", "foresight_loss"), span=4, solved_span=0)
    rows.rows[0].pop("bits")  # no sequence has ended yet
    return rows if len(rows.rows) > 1 else history(values, ("bits",), span=4, solved_span=0)


def places(values):
    row = {f"place_{i}": value for i, value in enumerate(values, 1)}
    return History([{"step": 10, "seconds": 0.5, "N": len(values), **row}])


def reading(values):
    return history(values, ("train_bits", "valid_bits", "test_bits", "gradient_loss"))


def counting(values):
    names = ("odd_loss", "threes_loss", "test_odd_error", "test_threes_error", "cosine")
    return history(values, names)


RULES = {
    "sequences": ("bptt", "dni", "dni-aux", "cdni"),
    "two": ("locked", "decoupled", "decoupled-label", "decoupled-pixels"),
}


def grid(make, rules, unrolls=(2, 3, 5)):
    def groups(values):
        return [(rule, T, [make(values), make(values[:1])]) for rule in rules for T in unrolls]

    return groups


def lines(values, n=3, name="rule", memory=2.0):
    return [
        overview.Line(
            f"{name}-{i}",
            list(values),
            values[0],
            [NAN, -0.9, 1.0][:i],
            0.01 * i,
            memory,
            LOCKS[:i],
            None if i == 0 else LOCKS[:i],
        )
        for i in range(n)
    ]


def final(values):
    """Errors at the end for by_depth: of several seeds, of one; a rule that lacks a depth."""
    return [
        ("none", [3, 4], [values, values[:1]]),
        ("dni-label+input", [1, 20], [values[:1], values]),
    ]


# name of the figure function -> a figure of it from a column of values and a title
FIGURES = {
    "learning_curves": lambda values, title: plotting.learning_curves(run(values), title),
    "gradient_curves": lambda values, title: plotting.gradient_curves(guesses(values), title),
    "comparison": lambda values, title: plotting.comparison(
        [("backprop-3", [run(values), run(values[::-1])]), ("cdni-3", [run(values)])], title
    ),
    "by_depth": lambda values, title: plotting.by_depth(final(values), title, "layers"),
    "overview": lambda values, title: overview.overview(lines(values), title),
    "copy_curves": lambda values, title: sequences.copy_curves(copying(values), title),
    "character_curves": lambda values, title: sequences.character_curves(reading(values), title),
    "figure_16": lambda values, title: sequences.figure_16(
        grid(reading, RULES["sequences"])(values), title
    ),
    "figure_17": lambda values, title: sequences.figure_17(
        grid(copying, RULES["sequences"])(values), title
    ),
    "bits_by_place": lambda values, title: sequences.bits_by_place(
        grid(places, ALL_RULES)(values), title
    ),
    "curves": lambda values, title: two_networks.curves(counting(values), title),
    "two_networks.comparison": lambda values, title: two_networks.comparison(
        grid(counting, RULES["two"])(values), title
    ),
}


def test_no_figure_is_forgotten():
    pages = {"": plotting, ".": overview, "sequences": sequences, "two_networks": two_networks}
    made = [
        node.name
        for page in pages.values()
        for node in ast.parse(inspect.getsource(page)).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and "return figure" in ast.unparse(node)
    ]
    made += ["figure_16", "figure_17"]  # by way of _comparison
    assert sorted(made) == sorted(name.removeprefix("two_networks.") for name in FIGURES)


@pytest.mark.parametrize("kind", HARD)
@pytest.mark.parametrize("name", FIGURES)
def test_hard_histories_can_be_read(name, kind):
    check_figure(FIGURES[name](HARD[kind], "mnist-fcn-quick (MNIST)"))


@pytest.mark.parametrize("name", FIGURES)
def test_long_titles_are_broken_into_lines(name):
    check_figure(FIGURES[name](HARD["usual"], LONG))


def test_many_groups_with_long_names():
    names = [
        f"bp-lambda-0.{i}-label+input+output-{i}-after1+2+3-truetargets-head" for i in range(70)
    ]
    for n in (20, 70):
        check_figure(
            plotting.comparison([(name, [run([50.0, 3.0, 1.0])]) for name in names[:n]], "many")
        )
    check_figure(
        plotting.by_depth(
            [(name, [3, 5], [[3.0], [2.0, 2.5]]) for name in names[:20]], "many", "layers"
        )
    )
    check_figure(overview.overview(lines([3.0, 4.0], 20, names[0], None), LONG))


def test_many_depths():
    check_figure(
        plotting.by_depth([("dni", list(range(1, 21)), [[3.0, 2.0]] * 20)], "deep", "layers")
    )
    check_figure(plotting.gradient_curves(guesses([3.0, 2.0, 0.0], 20), "deep"))


def test_two_networks_of_one_length_and_without_a_guess():
    check_figure(two_networks.comparison(grid(counting, RULES["two"], (3,))([9.0, 3.0]), "one T"))
    check_figure(sequences.figure_17(grid(copying, ("bptt",), range(1, 21))([9.0, 3.0]), "many T"))


@pytest.mark.parametrize("steps, seconds", [(1, 0.0061), (1, 1e-6), (250_000, 86_400.5)])
@pytest.mark.parametrize("name", FIGURES)
def test_short_and_long_runs_can_be_read(name, steps, seconds):
    with patch.multiple(Pace, steps=steps, seconds=seconds):
        check_figure(FIGURES[name](HARD["usual"], "mnist-cnn-quick"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(values=COLUMNS, title=TITLES, steps=st.integers(1, 10**6), seconds=st.floats(1e-6, 1e6))
def test_any_history_can_be_read(name, values, title, steps, seconds):
    with patch.multiple(Pace, steps=steps, seconds=seconds):
        check_figure(FIGURES[name](values, title))


def test_a_name_in_letters_that_the_font_lacks_is_no_reason_to_warn(tmp_path, recwarn):
    save_figure(
        plotting.learning_curves(run([3.0, 2.0]), "/home/用户/数据"), tmp_path / "curves.png"
    )
    assert not list(recwarn) and (tmp_path / "curves.png").exists()

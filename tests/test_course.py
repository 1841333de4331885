"""The notebooks as a course.

Something to write in each, in plain words, of a size to be read, every number shown.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.course import answers, cells_to_write, solutions
from tests.quoted_numbers import not_shown

nbformat = pytest.importorskip(
    "nbformat", reason="nbformat is not installed: pip install -r tests/requirements.txt"
)
FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
# On the last page, which sums up, nothing is to be written.
chapter = pytest.mark.parametrize("name", [name for name in NOTEBOOKS if not name.startswith("15")])

WORDS, CODE, FIGURES, CELL, WIDTH = 2000, 500, 10, 25, 100  # at most

# Numbers in the text that no cell shows: a paper's, or those of runs that are not in the notebook.
# A test fails, too, when one of them is no longer needed here.
QUOTED_ONLY = {
    "02_mnist": (
        "1,797 1.42 1.45 1.49 1.50 1.57 1.63 1.64 12.61 17.02 2.18 2.32 2.75 22.48 "
        "3.41 7,000 9.16"
    ).split(),
    "03_how_good_is_the_guess": "1.8 23.7".split(),
    "08_unlock_everything": "11.8 12.6 16.2 19.0 21.4 9.1".split(),
    "10_truncation": "0.15".split(),
    "15_what_we_believe": "10,000 4.84 54 7,000".split(),
}


def read(name):
    return nbformat.read(NOTEBOOKS[name], as_version=4)


def of(kind, notebook):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_numbers_in_the_text_are_shown_by_the_cells(name):
    assert not_shown(read(name)) == QUOTED_ONLY.get(name, [])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_it_points_at_is_there(name):
    text = "\n".join(cell.source for cell in of("markdown", read(name)))
    links = re.findall(r"\]\((?!https?:)([^)#]+)", re.sub(r"\$[^$]*\$|`[^`]*`", "", text))
    assert [link for link in links if not (FOLDER / link).exists()] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_to_write_has_a_solution_and_none_is_left_over(name):
    assert set(solutions(NOTEBOOKS[name])) == set(cells_to_write(read(name)))


def test_every_file_of_solutions_belongs_to_a_notebook():
    assert {path.stem for path in (FOLDER / "solutions").glob("*.py")} <= set(NOTEBOOKS)


@chapter
def test_there_is_something_to_write_and_its_solution_is_not_on_the_page(name):
    notebook = read(name)
    bodies = [
        ast.unparse(ast.parse(code).body[0].body) for code in solutions(NOTEBOOKS[name]).values()
    ]
    assert bodies and not [
        body
        for body in bodies
        for cell in of("code", notebook)
        if body in ast.unparse(ast.parse(cell.source))
    ]
    assert sum(len(answers(cell)) for cell in of("markdown", notebook)) >= 1


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_can_be_read_in_one_sitting(name):
    notebook = read(name)
    code = [cell.source.splitlines() for cell in of("code", notebook)]
    figures = sum(
        "image/png" in output.get("data", {})
        for cell in of("code", notebook)
        for output in cell.outputs
    )
    assert sum(len(cell.source.split()) for cell in of("markdown", notebook)) <= WORDS
    assert sum(map(len, code)) <= CODE and max(map(len, code)) <= CELL and figures <= FIGURES
    lines = NOTEBOOKS[name].with_suffix(".py").read_text().splitlines()
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_says_what_it_asks_what_it_needs_what_came_out_and_what_is_next(name):
    first, text = (
        read(name).cells[0].source,
        "\n".join(cell.source for cell in of("markdown", read(name))),
    )
    for row in ("Question", "Time", "Level", "Needs"):
        assert f"| **{row}** |" in first
    assert (
        text.index("## Your prediction") < text.index("## As predicted?") < text.index("\nNext: ")
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_its_colors_are_those_of_the_pictures(name):
    code = "\n".join(cell.source for cell in of("code", read(name)))
    assert "style." in code and not re.findall(
        r"""["'](?:C\d|tab:\w+|red|blue|green|orange)["']""", code
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_is_written_in_plain_words(name):
    text = "\n".join(cell.source for cell in of("markdown", read(name)))
    assert not re.findall(
        r"\b(?:hears?|heard|(?:is|are) told|mends?|moves?)\b", text, re.IGNORECASE
    )


# The glossary has one word for one thing; these would be others for the same things.
OTHER_WORDS = re.compile(
    r"\b(?:guessers?|predictors?|estimat(?:es?|ors?)|pseudo-?gradients?|"  # guess, its model
    r"synthetic gradient (?:models?|networks?)|ground truth|lessons?|"  # its target
    r"neurons?|side information|iterations?|epochs?|mini-batch(?:es)?|"  # unit, context, step
    r"(?:top|bottom|final|lowest|highest) layers?|(?:top|upper|bottom)most)\b",  # first, last
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_uses_the_words_of_the_glossary_and_points_to_it(name):
    notebook = read(name)
    text = "\n".join(cell.source for cell in of("markdown", notebook))
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
    assert OTHER_WORDS.findall(" ".join(prose.split())) == []
    assert "(glossary.md)" in notebook.cells[0].source


def test_the_glossary_defines_twelve_words():
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", (FOLDER / "glossary.md").read_text(), re.M)
    words = {word for names, _ in rows for word in names.split(", ")}
    assert len(rows) == 12 and all(meaning.endswith((".", ".)")) for _, meaning in rows)
    assert {"guess", "synthetic gradient", "unit", "width", "step", "target", "context"} <= words

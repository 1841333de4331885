"""What a reader adds to a notebook: the cells to write, and the code of the solutions to exercises.

A cell to write defines a function that has a docstring and nothing else; the next code cell that
names it checks what the reader wrote. Its solution is a function of the same name in
notebooks/solutions/. Exercises are answered in a markdown cell, inside <details>, where code stands
in ```python fences.
"""

import ast
import re
import textwrap
from copy import deepcopy

EMPTY = "Nothing is written yet"  # a check's answer to a cell as the course hands it out


def cells_to_write(notebook):
    """{name of the function: place of its cell}."""
    places = {}
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef) and _is_only_a_docstring(node.body):
                    places[node.name] = place
    return places


def check_of(notebook, name, place):
    """The place of the first code cell after `place` that names the function."""
    later = range(place + 1, len(notebook.cells))
    return next(
        i
        for i in later
        if notebook.cells[i].cell_type == "code" and name in notebook.cells[i].source
    )


def _is_only_a_docstring(body):
    return (
        len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    )


def solutions(path):
    """{name: source} of the functions in the solutions of the notebook at `path`, {} if none."""
    file = path.parent / "solutions" / f"{path.stem}.py"
    if not file.exists():
        return {}
    text = file.read_text()
    tree = ast.parse(text)
    return {
        node.name: ast.get_source_segment(text, node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def answers(cell):
    """The code in a markdown cell's <details>."""
    inside = re.findall(r"<details>(.*?)</details>", cell.source, re.DOTALL)
    fences = [
        code for part in inside for code in re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    ]
    return [textwrap.dedent(code) for code in fences]


def as_a_reader_leaves_it(notebook, path):
    """A copy in which each check runs twice, before and after the solution, and all answers run."""
    from nbformat.v4 import new_code_cell

    solved, copy = solutions(path), deepcopy(notebook)
    places = cells_to_write(notebook)
    written = {check_of(notebook, name, place): name for name, place in places.items()}
    copy.cells = []
    for place, cell in enumerate(notebook.cells):
        copy.cells.append(deepcopy(cell))
        if place in written:
            before = {"check": len(copy.cells) - 1}  # where the check is that found nothing written
            copy.cells += [
                new_code_cell(solved[written[place]]),
                new_code_cell(cell.source, metadata=before),
            ]
        if cell.cell_type == "markdown":
            copy.cells += [new_code_cell(code) for code in answers(cell)]
    return copy

"""Every notebook runs from top to bottom, is the same in both forms, and shows what it computed."""

import os
import re
from pathlib import Path

import pytest

from tests.course import EMPTY, as_a_reader_leaves_it

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
nbformat = pytest.importorskip(
    "nbformat", reason="nbformat is not installed: pip install -r tests/requirements.txt"
)
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def run(path):
    """To be run, and again where the data are that it reads."""
    reads = "load_images" in path.with_suffix(".py").read_text()
    return pytest.param(path, id=path.stem, marks=[pytest.mark.data] if reads else [])


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 4


@pytest.mark.parametrize("path", [run(path) for path in NOTEBOOKS])
@pytest.mark.notebook
def test_it_runs_in_its_fast_mode_and_so_do_its_solutions(path, tmp_path, monkeypatch):
    nbclient = pytest.importorskip(
        "nbclient", reason="nbclient is not installed: pip install -r tests/requirements.txt"
    )
    root = str(path.parents[1])
    monkeypatch.setenv("DNI_NP_FAST", "1")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    )
    notebook = as_a_reader_leaves_it(nbformat.read(path, as_version=4), path)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    for check in (cell for cell in notebook.cells if "check" in cell.metadata):
        assert EMPTY not in printed(check) and EMPTY in printed(
            notebook.cells[check.metadata["check"]]
        )


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


@each
def test_both_forms_have_the_same_cells(path):
    jupytext = pytest.importorskip(
        "jupytext", reason="jupytext is not installed: pip install -r tests/requirements.txt"
    )
    saved, text = nbformat.read(path, as_version=4), jupytext.read(path.with_suffix(".py"))
    assert [(cell.cell_type, cell.source) for cell in saved.cells] == [
        (cell.cell_type, cell.source) for cell in text.cells
    ]


@each
def test_it_was_saved_with_its_outputs(path):
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(
        range(1, len(code) + 1)
    )  # in order, in one go
    outputs = [output for cell in code for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    assert not [
        output
        for output in outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


@each
def test_it_names_no_folder_of_the_machine_it_ran_on(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "".join(
        str(cell.source)
        + "".join(str(output.get("text", "")) for output in cell.get("outputs", []))
        for cell in cells
    )
    assert not re.search(r"/(home|Users|tmp|root|work)/", text)

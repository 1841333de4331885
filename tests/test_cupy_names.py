"""Does CuPy have every name and keyword that the package uses, and are the lists that stand in for
it right?
"""

import ast
from pathlib import Path

import numpy as np
import pytest

from tests import cupy_names
from tests.strict_array import strict

PACKAGE = Path(__file__).resolve().parent.parent / "dni_np"


def test_unlisted_names_are_refused_without_cupy(monkeypatch):
    x = strict.asarray(np.ones(2, np.float32))
    monkeypatch.setattr(cupy_names, "cupy", None)
    with pytest.raises(AttributeError, match="busday_count"):
        strict.busday_count  # noqa: B018
    with pytest.raises(TypeError, match="where"):
        strict.exp(x, where=True)
    with pytest.raises(TypeError, match="initial"):
        x.sum(initial=1)
    with pytest.raises(AttributeError, match="resize"):
        x.resize  # noqa: B018


def test_the_lists_agree_with_cupy():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    functions = cupy_names.FUNCTIONS | cupy_names.CONSTANTS
    assert [name for name in sorted(functions) if not cupy_names.has_function(name)] == []
    assert [name for name in sorted(cupy_names.METHODS) if not cupy_names.has_method(name)] == []


def test_cupy_s_signatures_can_be_read():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    for name in sorted(cupy_names.FUNCTIONS):
        assert cupy_names.signature_of(cupy_names.find(name)) is not None, name
    assert "keepdims" in cupy_names.signature_of(cupy_names.find("sum")).parameters
    assert not {"where", "initial"} & set(
        cupy_names.signature_of(cupy_names.find("exp")).parameters
    )


def xp_names(tree):
    """(node, name) of every use of `xp.name`; xp.linalg.norm counts whole."""
    inner = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            names, below = [node.attr], node.value
            while isinstance(below, ast.Attribute):
                inner.add(id(below))
                names, below = [below.attr, *names], below.value
            if isinstance(below, ast.Name) and below.id == "xp":
                yield node, ".".join(names)


def test_cupy_has_every_name_and_keyword_that_is_written():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    found = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        keywords = {
            id(node.func): {k.arg for k in node.keywords}
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        for node, function in xp_names(tree):
            if function.startswith("__"):
                continue  # backend.py: of the handle itself
            found.add(function)
            assert cupy_names.has_function(function), f"{path.name}: CuPy has no {function}"
            if keywords.get(id(node)):
                signature = cupy_names.signature_of(cupy_names.find(function))
                assert keywords[id(node)] <= set(signature.parameters), (
                    f"{path.name}: {function} with {keywords[id(node)]}"
                )
    assert {"matmul", "vdot", "maximum", "asarray"} <= found

"""The package reads as a book: each part imports only what comes before it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = {str(path.relative_to(ROOT / "dni_np")): path for path in sorted((ROOT / "dni_np").rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in FILES.items()}

PARTS = {
    "nn",
    "dni",
    "baselines",
    "analysis",
    "data",
    "training",
    "sequences",
    "two_clocks",
}  # folders; each may also import itself
EXPERIMENTS = {"sequences", "two_clocks"}

MAY_IMPORT = {
    "errors": set(),
    "backend": {"errors"},
    "nn": {"backend", "errors"},
    "dni": {"backend", "errors", "nn"},
    "baselines": {"backend", "errors", "nn"},  # never dni: each page reads alone
    "analysis": {"backend", "dni.true_targets", "errors"},
    "data": {"errors"},  # on the host, no backend
    # What it trains is anything with a step; of sequences it knows how they are written and what their errors are.
    "training": {
        "backend",
        "errors",
        "data.batches",
        "data.odd_and_threes",
        "data.streams",
        "nn.embedding",
        "nn.sequence_losses",
    },
    "checked": {"errors"},
    "settings": {"checked"},
    "recipe_models": set(),  # numbers
    "recipes": {"errors", "recipe_models", "settings"},
    "plotting": {"errors"},  # numbers in, figures out
    "architectures": {"errors", "nn"},
    "rule_parts": {"backend", "dni", "errors", "nn"},
    "rules": {"baselines", "dni", "errors", "nn"},
    "building": {"architectures", "backend", "errors", "rule_parts", "rules", *PARTS - EXPERIMENTS - {"baselines"}},
    "costs": {"building", "errors", "training"},
    "overview": {"nn", "plotting"},
    "reporting": {"training"},
    "image_reporting": {"overview", "plotting", "reporting", "settings"},
    "plans": {"errors"},
    "planning": {"errors", "image_reporting", "plans", "settings"},
    "sequences": {"backend", "checked", "errors", "plans", "plotting", "recipes", "reporting", *PARTS - {"two_clocks"}},
    "two_clocks": {"backend", "checked", "errors", "plans", "plotting", "recipes", "reporting", *PARTS - {"sequences"}},
    "kinds": {"building", "costs", "errors", "image_reporting", "planning", "recipes", "settings", *EXPERIMENTS},
    "experiment": {"errors", "kinds", "reporting", "training"},
    "parsing": {"kinds", "planning", "plans", *EXPERIMENTS},
    "cli": {"backend", "errors", "experiment", "kinds", "parsing", "plans", "reporting", "sequences"},
    "__main__": {"cli"},
    "__init__": set(),
}
LIBRARIES = {  # beside Python's own; of a part, or of one file in it
    "nn": {"numpy", "threadpoolctl"},
    "data": {"numpy"},
    "data/download.py": {"numpy", "pooch"},
    "data/digits.py": {"numpy", "sklearn"},
    "training": {"numpy", "tqdm"},
    "plotting": {"numpy", "matplotlib"},
    "backend": {"numpy"},
    "building": {"numpy"},
    "costs": {"numpy"},
    "overview": {"numpy", "matplotlib"},
    "reporting": {"numpy"},
    "image_reporting": {"numpy"},
    "sequences": {"numpy"},
    "sequences/plotting.py": {"numpy", "matplotlib"},
    "two_clocks": {"numpy"},
    "two_clocks/plotting.py": {"numpy", "matplotlib"},
}


def part_of(name):
    """data/idx.py -> data, cli.py -> cli."""
    return name.split("/")[0].removesuffix(".py")


def imports(tree):
    """Dotted names of all modules that are imported, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that they name the page to open"
            whole = node.module == "dni_np"  # from dni_np import backend
            yield from (f"dni_np.{alias.name}" for alias in node.names) if whole else [node.module]


def test_every_file_has_a_place():
    assert {part_of(name) for name in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("name", FILES)
def test_imports_go_one_way(name):
    part = part_of(name)
    allowed = MAY_IMPORT[part] | ({part} if part in PARTS else set())
    for module in imports(TREES[name]):
        if module.startswith("dni_np."):
            inner = module.removeprefix("dni_np.")
            assert inner in allowed or inner.split(".")[0] in allowed, f"{name} imports {module}"


@pytest.mark.parametrize("name", FILES)
def test_only_the_named_libraries_are_used(name):
    libraries = LIBRARIES.get(name, LIBRARIES.get(part_of(name), set()))
    for module in imports(TREES[name]):
        top = module.split(".")[0]
        known = top in sys.stdlib_module_names or top == "dni_np" or top in libraries
        assert known, f"{name} imports {module}"


def test_cupy_is_imported_only_when_it_is_asked_for():
    """Only backend.py names it, and in no import statement; PyTorch is named nowhere."""
    mentions = {name for name, tree in TREES.items() for node in ast.walk(tree) if is_text(node, "cupy")}
    assert mentions == {"backend.py", "parsing.py"}  # parsing: the choices of --backend
    imported = {module.split(".")[0] for tree in TREES.values() for module in imports(tree)}
    assert "numpy" in imported and not imported & {"cupy", "torch"}
    assert not [name for name, tree in TREES.items() for node in ast.walk(tree) if is_text(node, "torch")]


def is_text(node, text):
    return isinstance(node, ast.Constant) and node.value == text


def test_no_file_is_long():
    assert {name: n for name, path in FILES.items() if (n := len(path.read_text().splitlines())) > 200} == {}


def test_every_file_says_what_it_is():
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


def run_at_import(tree):
    """The nodes that run when the module is imported: all but the bodies of functions."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]
            waiting += [*defaults, *getattr(node, "decorator_list", [])]
        else:
            waiting += ast.iter_child_nodes(node)


def frozen(tree):
    attributes = [node for node in run_at_import(tree) if isinstance(node, ast.Attribute)]
    return [node.attr for node in attributes if getattr(node.value, "id", None) == "xp"]


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_xp_is_stored_at_import(name):
    """It would freeze the backend that happened to be in use."""
    assert frozen(TREES[name]) == []


STORED = ["exp = xp.exp", "class A:\n  f = xp.exp", "def f(g=xp.exp): pass", "f = lambda x, *, g=xp.exp: x"]


@pytest.mark.parametrize("code", STORED)
def test_what_counts_as_stored(code):
    assert frozen(ast.parse(code)) == ["exp"]
    assert frozen(ast.parse("def f(x):\n  return xp.exp(x)")) == []

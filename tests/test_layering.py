"""The package reads as a book: each part imports only what comes before it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    str(path.relative_to(ROOT / "dni_np")): path for path in sorted((ROOT / "dni_np").rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in FILES.items()}

# What each place may import beside itself: the longest name that fits a file decides. "nn" allows
# nn and all below it.
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"experiments.cli"},
    "errors": set(),
    "arguments": {"errors"},
    "backend": {"errors"},
    "tutorial": {"backend", "data.binary_addition", "nn.initializers"},  # page one reads alone
    "nn": {"arguments", "backend", "errors"},
    "dni": {"arguments", "backend", "errors", "nn"},
    "rules": {"arguments", "backend", "dni", "errors", "nn"},
    "analysis": {"arguments", "backend", "errors", "nn", "rules"},
    "parallel": {
        *("arguments", "backend", "errors", "nn", "rules"),
        "pictures.events",  # what an event is
        "training.allocator",  # memory kept for the next step
        "training.files",  # a trace is whole, or not there
    },
    "data": {"arguments", "errors"},  # on the host, no backend
    # What it trains is anything with a step; of sequences it knows how they are written and what
    # their errors are.
    "training": {
        "backend",
        "errors",
        "data.batches",
        "data.odd_and_threes",
        "data.streams",
        "nn.embedding",
        "nn.schedules",
        "nn.sequence_losses",
    },
    "pictures": {"errors"},  # of host arrays and lists of events
    "examples": {
        "backend",
        "data",
        "dni",
        "nn",
        "parallel",
        "rules",
    },  # whole programs: no settings
    # Nothing above imports experiments. Each kind of experiment knows what all share, and no other
    # kind.
    "experiments": {
        *(
            "analysis",
            "backend",
            "data",
            "dni",
            "errors",
            "nn",
            "parallel",
            "pictures",
            "rules",
            "training",
        ),
    },
}
KINDS = ("feedforward", "sequences", "two_networks")
OF_ALL_KINDS = {"registry", "commands"}  # the pages of experiments/ that open the folders of kinds
LIBRARIES = {  # beside Python's own
    "arguments": {"numpy"},
    "tutorial": {"numpy"},
    "backend": {"numpy"},
    "nn": {"numpy"},
    "nn/fast": {"numpy", "threadpoolctl"},
    "data": {"numpy"},
    "data/download": {"numpy", "pooch"},
    "data/digits": {"numpy", "sklearn"},
    "examples": {"numpy"},
    "parallel": {"numpy"},
    "parallel/blas": {"threadpoolctl"},
    "parallel/mpi_world": {"numpy", "mpi4py"},
    "training": {"numpy", "tqdm"},
    "pictures": {"numpy", "matplotlib"},
    "pictures/slider": {"ipywidgets"},
    "experiments": {"numpy"},
    **{
        f"experiments/{page}": {"numpy", "matplotlib"}
        for page in ("plotting", "feedforward/overview")
    },
    **{f"experiments/{kind}/plotting": {"numpy", "matplotlib"} for kind in KINDS},
}


def place_of(name, table):
    """The longest key of `table` that `name` lies in:

    nn/fast/dft.py -> nn/fast, or nn where that is no key.
    """
    parts = name.removesuffix(".py").split("/")
    places = ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((place for place in places if place in table), None)


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
    assert {place_of(name, MAY_IMPORT) for name in FILES} == set(MAY_IMPORT)


def test_the_root_is_short():
    assert len({name.split("/")[0] for name in FILES}) <= 16


@pytest.mark.parametrize("name", FILES)
def test_imports_go_one_way(name):
    place = place_of(name, MAY_IMPORT)
    for module in imports(TREES[name]):
        if module.startswith("dni_np."):
            inner = module.removeprefix("dni_np.")
            allowed = any(
                inner == one or inner.startswith(one + ".") for one in {*MAY_IMPORT[place], place}
            )
            assert allowed, f"{name} imports {module}"


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("experiments/")])
def test_a_kind_of_experiment_knows_no_other(name):
    page = name.removeprefix("experiments/").removesuffix(".py")
    if page in OF_ALL_KINDS:
        return
    own = page.split("/")[0]
    for module in imports(TREES[name]):
        for kind in set(KINDS) - {own}:
            assert not module.startswith(f"dni_np.experiments.{kind}"), f"{name} imports {module}"


@pytest.mark.parametrize("name", FILES)
def test_only_the_named_libraries_are_used(name):
    libraries = LIBRARIES.get(place_of(name, LIBRARIES), set())
    for module in imports(TREES[name]):
        top = module.split(".")[0]
        known = top in sys.stdlib_module_names or top == "dni_np" or top in libraries
        assert known, f"{name} imports {module}"


def test_cupy_is_imported_only_when_it_is_asked_for():
    """Only backend.py names it, and in no import statement; PyTorch is named nowhere."""
    mentions = {
        name for name, tree in TREES.items() for node in ast.walk(tree) if is_text(node, "cupy")
    }
    assert mentions == {"backend.py"}
    imported = {module.split(".")[0] for tree in TREES.values() for module in imports(tree)}
    assert "numpy" in imported and not imported & {"cupy", "torch"}
    assert not [
        name for name, tree in TREES.items() for node in ast.walk(tree) if is_text(node, "torch")
    ]


def is_text(node, text):
    return isinstance(node, ast.Constant) and node.value == text


def test_no_file_is_long():
    assert {
        name: n for name, path in FILES.items() if (n := len(path.read_text().splitlines())) > 200
    } == {}


def test_mpi4py_is_imported_only_when_it_is_asked_for():
    """Within a function of one page: who has no MPI trains without it."""
    pages = {name for name, tree in TREES.items() if "mpi4py" in set(imports(tree))}
    assert pages == {"parallel/mpi_world.py"}
    for node in run_at_import(TREES["parallel/mpi_world.py"]):
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert "mpi4py" not in ast.unparse(node)


@pytest.mark.parametrize("folder", ["dni_np", "tests"])
def test_no_line_is_long(folder):
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 100
    ]
    assert long == []


def test_every_file_says_what_it_is():
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


def run_at_import(tree):
    """The nodes that run when the module is imported: all but the bodies of functions."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            defaults = [
                *node.args.defaults,
                *(default for default in node.args.kw_defaults if default),
            ]
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


STORED = [
    "exp = xp.exp",
    "class A:\n  f = xp.exp",
    "def f(g=xp.exp): pass",
    "f = lambda x, *, g=xp.exp: x",
]


@pytest.mark.parametrize("code", STORED)
def test_what_counts_as_stored(code):
    assert frozen(ast.parse(code)) == ["exp"]
    assert frozen(ast.parse("def f(x):\n  return xp.exp(x)")) == []


@pytest.mark.parametrize("name", FILES)
def test_who_builds_a_network_chooses_the_fast_layers(name):
    """No page to read imports one of nn/fast; who gives a worker one core must tell its threads."""
    choosing = name.startswith(("experiments/", "examples/")) or name == "parallel/blas.py"
    if place_of(name, LIBRARIES) != "nn/fast" and not choosing:
        assert not [
            module for module in imports(TREES[name]) if module.startswith("dni_np.nn.fast")
        ]

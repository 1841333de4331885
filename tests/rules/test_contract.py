"""Whoever runs a rule calls its methods without knowing which rule it is."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import dni_np.rules
from dni_np.rules.rule import Rule

FOLDER = Path(dni_np.rules.__file__).parent
for path in FOLDER.rglob("*.py"):
    import_module(".".join(("dni_np.rules", *path.relative_to(FOLDER).with_suffix("").parts)))
THEIR_OWN = {"step", "predict", "errors"}  # what a batch is differs between tasks
SHARED = [name for name in vars(Rule) if not name.startswith("_") and callable(getattr(Rule, name))]


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


@pytest.mark.parametrize("kind", sorted(set(subclasses(Rule)), key=lambda kind: kind.__qualname__))
def test_no_rule_gives_a_shared_method_other_arguments(kind):
    for name in set(SHARED) - THEIR_OWN:
        found, wanted = (inspect.signature(getattr(one, name)) for one in (kind, Rule))
        assert list(found.parameters) == list(wanted.parameters), name

"""What a command asks for: which runs, with which settings."""

import re
from pathlib import Path

import pytest

from dni_np.experiments.options import flag
from dni_np.experiments.parser import OVERVIEW, parser
from dni_np.experiments.plan import make_plan
from dni_np.experiments.registry import KINDS, RECIPES, find_recipe

ROOT = Path(__file__).resolve().parents[2]


def plan_of(command):
    found = {
        name: value
        for name, value in vars(parser().parse_args(command.split())).items()
        if value is not None
    }
    return make_plan(find_recipe(found.get("recipe", found["usual_recipe"])), found)


def written():
    """The commands that train, as the texts for readers have them."""
    texts = [
        OVERVIEW,
        *(path.read_text() for path in (ROOT / "README.md", ROOT / "notebooks" / "RESULTS.md")),
    ]
    for text in texts:
        for line in text.replace("\\\n", " ").splitlines():
            command = re.match(r"\s*python -m dni_np (\w[\w-]* .*--.*)", line)
            if command and not command[1].startswith(("sample", "characters-")):
                yield re.sub(r'\s{2,}#.*|"', "", command[1])


@pytest.mark.parametrize(
    "command", [c for c in written() if "--resume" not in c and "--help" not in c]
)
def test_commands_in_the_texts_are_understood(command):
    assert plan_of(command.replace("CIFAR-10 (JPEG q75)", "folder"))


def test_each_rule_takes_the_options_that_it_uses():
    plan = plan_of(
        "compare --rules backprop cdni bp-lambda --hidden 8 --lambdas 0 --lambdas 1 --targets true"
    )
    found = [(run.rule, run.hidden, run.lambdas, run.targets) for run in plan]
    assert found == [
        ("backprop", (), (0.5,), "bootstrapped"),
        ("cdni", (8,), (0.5,), "true"),
        ("bp-lambda", (8,), (0.0,), "bootstrapped"),
        ("bp-lambda", (8,), (1.0,), "bootstrapped"),
    ]


def test_values_that_make_runs():
    plan = plan_of(
        "compare --rules none dni --layers 3 4 --sees output --sees label input --seed 5 6"
    )
    found = [(run.seed, run.rule, run.layers, run.sees) for run in plan]
    sees = {"none": [("output",)], "dni": [("output",), ("label", "input")]}
    assert sorted(found) == sorted(
        (n, r, k, s) for n in (5, 6) for r in sees for k in (3, 4) for s in sees[r]
    )
    assert [run.seed for run in plan] == [5] * 6 + [6] * 6


def test_a_single_dni_at_every_depth():
    found = [
        (run.rule, run.layers, run.cut_after)
        for run in plan_of("compare --rules dni fa --layers 2 3 --single-dni")
    ]
    assert found == [
        ("dni", 2, (1,)),
        ("dni", 3, (1,)),
        ("dni", 3, (2,)),
        ("fa", 2, ()),
        ("fa", 3, ()),
    ]


def test_zero_stands_for_none():
    assert plan_of("mnist --rule dni --hidden 0 --decay-at 0")[0].hidden == ()
    assert plan_of("copy --rule cdni --hidden 0")[0].hidden == ()
    assert plan_of("mnist --rule bp-lambda --lambdas 0")[0].lambdas == (0.0,)


def test_samples_and_epochs_take_the_place_of_the_recipes_steps():
    (run,) = plan_of("copy --recipe copy-paper --samples 10")
    assert (run.steps, run.samples) == (0, 10)
    (run,) = plan_of("copy --recipe copy-paper --samples 10 --steps 7")
    assert (run.steps, run.samples) == (7, 10)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_option_is_used_by_some_run(kind):
    runs = [recipe.settings(rule) for recipe in kind.recipes.values() for rule in recipe.possible]
    for name in kind.settings.options():
        assert any(run.may_use(name) for run in runs), flag(name)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_survive_saving(name):
    for rule in RECIPES[name].possible:
        settings = RECIPES[name].settings(rule)
        from dataclasses import asdict

        assert type(settings).from_saved(asdict(settings)) == settings


def test_options_of_one_name_are_of_one_type():
    """The command compare has all of them, once."""
    kinds = {}
    for kind in KINDS:
        for option in kind.settings.options().values():
            kinds.setdefault(option.name, set()).add(
                (option.type, option.several, option.runs, bool(option.help))
            )
    assert [name for name, found in kinds.items() if len(found) > 1] == []

"""Three kinds of experiments, on images (or sums), on sequences, with two networks: where they differ, side by side.

Whoever runs, reports or resumes experiments asks `kind_of(settings)` and knows no more.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dni_np.errors import UserError
from dni_np.experiments.feedforward import building, costs, planning, recipes, settings
from dni_np.experiments.feedforward import reporting as image_reporting
from dni_np.experiments.feedforward.recipes import find
from dni_np.experiments.sequences import building as sequence_building
from dni_np.experiments.sequences import planning as sequence_planning
from dni_np.experiments.sequences import recipes as sequence_recipes
from dni_np.experiments.sequences import reporting as sequence_reporting
from dni_np.experiments.sequences import settings as sequence_settings
from dni_np.experiments.two_networks import building as clock_building
from dni_np.experiments.two_networks import planning as clock_planning
from dni_np.experiments.two_networks import recipes as clock_recipes
from dni_np.experiments.two_networks import reporting as clock_reporting
from dni_np.experiments.two_networks import settings as clock_settings


@dataclass(frozen=True)
class Kind:
    """What every kind of experiment has."""

    name: str
    settings: type
    rules: dict  # {name: what it is}
    recipes: dict
    options: tuple  # on the command line, beside those that all kinds have
    make_plan: Callable  # (recipe, options) -> [settings]
    load_data: Callable  # (settings) -> what the runs of a plan share, with a name and a note; or None
    memory: Callable  # (settings, data) -> {names of settings: the bytes they ask for}
    build_loop: Callable  # (settings, data, folder, ...) -> Loop
    label: Callable  # (settings, seed=False) -> a short name
    summary_row: Callable  # (settings, histories, data's name, seeds) -> {column: cell}
    save_run_figures: Callable  # (loop, folder, settings)
    save_comparison: Callable  # ([Group], heading, folder)
    costs: Callable | None = None  # (settings, data) -> Costs
    usual_rules: tuple = ()  # of many rules, those to compare unless others are asked for


def _images(settings):
    """None for addition, where every run draws its own sums."""
    return None if settings.task == "addition" else building.load_dataset(settings, None)


IMAGES = Kind(
    name="images",
    settings=settings.Settings,
    rules=settings.RULES,
    recipes=recipes.RECIPES,
    options=planning.OPTIONS,
    make_plan=planning.make_plan,
    load_data=_images,
    memory=building.memory,
    build_loop=building.build_loop,
    label=image_reporting.label,
    summary_row=image_reporting.summary_row,
    save_run_figures=image_reporting.save_run_figures,
    save_comparison=image_reporting.save_comparison,
    costs=costs.costs,
    usual_rules=settings.USUAL_RULES,
)
SEQUENCES = Kind(
    name="sequences",
    settings=sequence_settings.SequenceSettings,
    rules=sequence_settings.RULES,
    recipes=sequence_recipes.RECIPES,
    options=sequence_planning.OPTIONS,
    make_plan=sequence_planning.make_plan,
    load_data=sequence_building.load_data,
    memory=sequence_building.memory,
    build_loop=sequence_building.build_loop,
    label=sequence_reporting.label,
    summary_row=sequence_reporting.summary_row,
    save_run_figures=sequence_reporting.save_run_figures,
    save_comparison=sequence_reporting.save_comparison,
)
CLOCKS = Kind(
    name="two clocks",
    settings=clock_settings.ClockSettings,
    rules=clock_settings.RULES,
    recipes=clock_recipes.RECIPES,
    options=clock_planning.OPTIONS,
    make_plan=clock_planning.make_plan,
    load_data=clock_building.load_data,
    memory=clock_building.memory,
    build_loop=clock_building.build_loop,
    label=clock_reporting.label,
    summary_row=clock_reporting.summary_row,
    save_run_figures=clock_reporting.save_run_figures,
    save_comparison=clock_reporting.save_comparison,
)
KINDS = (IMAGES, SEQUENCES, CLOCKS)
RECIPES = {name: recipe for kind in KINDS for name, recipe in kind.recipes.items()}


def kind_of(settings):
    """IMAGES, SEQUENCES or CLOCKS."""
    return next(kind for kind in KINDS if isinstance(settings, kind.settings))


def settings_from(saved):
    """The settings that `asdict` made `saved` of (see Checked)."""
    of_task = {**dict.fromkeys(sequence_settings.TASKS, SEQUENCES), clock_settings.TASK: CLOCKS}
    return of_task.get(saved.get("task"), IMAGES).settings.from_saved(saved)


def find_recipe(name, task=None):
    """The recipe of that name, which must be for that task if one is given."""
    recipe = find(name, RECIPES)
    if task not in (None, recipe.common.task):
        raise UserError(f"the recipe is for {recipe.common.task}, not for {task}: see python -m dni_np list")
    return recipe

"""The kinds of experiments, a line each: whoever runs, reports or resumes them asks here."""

from dni_np.errors import UserError
from dni_np.experiments.feedforward.kind import IMAGES
from dni_np.experiments.feedforward.recipes import find
from dni_np.experiments.sequences.kind import SEQUENCES
from dni_np.experiments.two_networks.kind import TWO_NETWORKS

KINDS = (
    IMAGES,
    SEQUENCES,
    TWO_NETWORKS,
)
TASKS = {name: kind for kind in KINDS for name in kind.tasks}
RECIPES = {name: recipe for kind in KINDS for name, recipe in kind.recipes.items()}


def kind_of(settings):
    """The Kind that these settings are of."""
    return TASKS[settings.task]


def settings_from(saved):
    """The settings that `asdict` made `saved` of; the oldest runs name no task: it is mnist."""
    return TASKS.get(saved.get("task"), IMAGES).settings.from_saved(saved)


def find_recipe(name, task=None):
    """The recipe of that name, which must be for that task if one is given."""
    recipe = find(name, RECIPES)
    own = recipe.common.task
    if task not in (None, own):
        raise UserError(f"the recipe is for {own}, not for {task}: see python -m dni_np list")
    return recipe

"""Every step of every picture of a network can be read, and shows what the rule does."""

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from dni_np.errors import UserError
from dni_np.pictures.network import STEPS, complete_unlock, feedforward, through_time
from dni_np.pictures.scene import Route, draw_route
from dni_np.pictures.scenes.complete_unlock import COMPLETE_UNLOCK
from dni_np.pictures.scenes.feedforward import FEEDFORWARD
from dni_np.pictures.scenes.through_time import THROUGH_TIME
from dni_np.pictures.schedule import dependencies
from dni_np.pictures.style import KINDS
from tests.figures import check_figure

SCENES = {feedforward: FEEDFORWARD, through_time: THROUGH_TIME, complete_unlock: COMPLETE_UNLOCK}
FRAMES = [(draw, step) for draw, count in STEPS.items() for step in (None, *range(1, count + 1))]


@pytest.mark.parametrize("draw, step", FRAMES)
def test_every_frame_can_be_read(draw, step):
    check_figure(draw(step))


@pytest.mark.parametrize("draw", SCENES)
def test_all_steps_have_one_canvas_and_all_boxes(draw):
    figures = [draw(step) for step in range(1, STEPS[draw] + 1)]
    assert len({tuple(figure.get_size_inches()) for figure in figures}) == 1
    for figure in figures:
        boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
        assert len(boxes) == len(SCENES[draw].boxes)


@pytest.mark.parametrize("scene", SCENES.values())
def test_steps_name_what_is_there_and_everything_has_its_step(scene):
    for step in scene.steps:
        assert set(step.boxes) <= set(scene.boxes) and set(step.routes) <= set(scene.routes)
        assert set(step.boxes.values()) <= set(KINDS)
    assert {name for step in scene.steps for name in step.routes} == set(scene.routes)


def test_what_was_there_stays_and_what_comes_is_not_there_yet():
    arrows = [
        sum(isinstance(patch, FancyArrowPatch) for patch in feedforward(step).axes[0].patches)
        for step in range(1, STEPS[feedforward] + 1)
    ]
    assert arrows == sorted(arrows) and arrows[-1] == len(FEEDFORWARD.routes)


def test_the_steps_of_figure_9_keep_the_dependencies():
    """Nothing comes before what it needs; backward, and forward of layer 3, are in the update."""
    when = {}
    for n, step in enumerate(FEEDFORWARD.steps):
        for name, kind in step.boxes.items():
            if name != "loss":
                when[kind, int(name.split()[1])] = n
    when |= {("backward", i): when["update", i] for i in (1, 2, 3)} | {
        ("forward", 3): when["update", 3]
    }
    needs = dependencies("dni", 3, 1)
    assert set(when) == {(task.kind, task.layer) for task in needs}
    for task, before in needs.items():
        assert all(when[need.kind, need.layer] <= when[task.kind, task.layer] for need in before)


def test_guess_2_goes_through_layer_2_into_the_target_of_guess_1():
    through, target = FEEDFORWARD.routes["through2"], FEEDFORWARD.routes["d1"]
    box, guess = FEEDFORWARD.boxes["layer 2"], FEEDFORWARD.boxes["guess 1"]
    edges = [through.points[0][0], through.points[-1][0]]
    assert edges == pytest.approx([box.x + box.width / 2, box.x - box.width / 2])
    assert through.points[0] == pytest.approx(FEEDFORWARD.routes["g2"].points[-1])
    assert target.points[0] == pytest.approx(through.points[-1])
    assert abs(target.points[-1][0] - guess.x) < guess.width / 2


def test_a_step_that_is_not_there_is_refused():
    for step in (0, 9, -1):
        with pytest.raises(UserError, match="1 to 8"):
            feedforward(step)


def test_an_arrow_ends_where_its_route_ends():
    axes = Figure(figsize=(5, 2)).subplots()
    axes.set(xlim=(0, 5), ylim=(0, 2))
    draw_route(axes, Route(((1, 1), (3, 1)), ("black",)))
    assert axes.patches[0].get_path().vertices[:, 0].max() == pytest.approx(3, abs=0.02)

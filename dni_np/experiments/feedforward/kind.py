"""Experiments on images and sums, as one object."""

from dni_np.experiments.experiment import Kind
from dni_np.experiments.feedforward import build, report
from dni_np.experiments.feedforward.recipes import RECIPES
from dni_np.experiments.feedforward.settings import Settings

IMAGES = Kind("images", Settings, RECIPES, build, report, costs=True)

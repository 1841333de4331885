"""Experiments on sequences, as one object."""

from dni_np.experiments.experiment import Kind
from dni_np.experiments.sequences import build, report
from dni_np.experiments.sequences.recipes import RECIPES
from dni_np.experiments.sequences.settings import SequenceSettings

SEQUENCES = Kind("sequences", SequenceSettings, RECIPES, build, report)

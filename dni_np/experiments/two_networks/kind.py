"""Experiments with two networks, as one object."""

from dni_np.experiments.experiment import Kind
from dni_np.experiments.two_networks import build, report
from dni_np.experiments.two_networks.recipes import RECIPES
from dni_np.experiments.two_networks.settings import TwoNetworksSettings

TWO_NETWORKS = Kind("two networks", TwoNetworksSettings, RECIPES, build, report)

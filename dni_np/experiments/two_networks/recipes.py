"""Settings by name, for two networks: a quick one, what a CPU can do, the paper's own.

Paper's own means Jaderberg et al. 2017, section D.3: 256 units, Adam at 1e-5, a guess with one
hidden layer, times 10. It leaves open the batch, the length of a run, how often B is asked, and
which T the rate is for: batches of 256 as elsewhere in the paper, 500,000 steps as for images,
T messages to a question, and T = 3, are our choice.
"""

from dni_np.experiments.experiment import Recipe
from dni_np.experiments.two_networks.rules import RULES
from dni_np.experiments.two_networks.settings import TwoNetworksSettings

# The true gradients change as fast as B does: a guess must learn faster than B to keep up. With 256
# units, rates of 1e-3 and 3e-3 make the first guesses so large that A is long in finding its own
# counts: there all goes three times slower.
GUESSED = [row.name for row in RULES.values() if row.measured]
FAST_GUESSES = {rule: {"sg_learning_rate": 3e-3} for rule in GUESSED}
FAST_GUESSES["decoupled-pixels"]["hidden"] = (256,)  # of pixels: a three must be recognized
SLOWER = {rule: {"learning_rate": 3e-4, "sg_learning_rate": 1e-3} for rule in GUESSED}

RECIPES = {
    "two-clocks-quick": Recipe(
        "two networks of 64 units, T = 3, a minute a run",
        TwoNetworksSettings(units=64, hidden=(64,), batch_size=64, steps=3000),
        FAST_GUESSES,
    ),
    "two-clocks": Recipe(
        "two networks of 256 units, batch 256, T = 4: a quarter of an hour a run",
        TwoNetworksSettings(unroll=4, steps=5000),
        SLOWER,
    ),
    "two-clocks-paper": Recipe(
        "two networks with the paper's own 256 units and Adam at 1e-5",
        TwoNetworksSettings(steps=500_000, learning_rate=1e-5),
        {},
    ),
}

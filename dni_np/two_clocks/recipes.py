"""Settings by name, for two networks: a quick one, what a CPU can do, the paper's own."""

from dni_np.recipes import Recipe
from dni_np.two_clocks.settings import ClockSettings

RECIPES = {
    "two-clocks-quick": Recipe(
        "two networks of 64 units, T = 3, a minute a run",
        ClockSettings(units=64, batch_size=64, steps=3000),
        {},
    ),
    "two-clocks": Recipe(
        "two networks of 256 units, T = 4: what a CPU can do",
        ClockSettings(unroll=4, steps=3000),
        {},
    ),
    "two-clocks-paper": Recipe(
        "two networks with the paper's own sizes and rates: 256 units, Adam at 1e-5 (its length and batch are not given)",
        ClockSettings(unroll=3, steps=500_000, learning_rate=1e-5),
        {},
    ),
}

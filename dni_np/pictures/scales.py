"""Log axes for values that may be 0, with ticks that fit.

A log scale has no place for 0: a curve of errors that reaches 0 would leave the axes, and one that
is 0 all along would leave them empty. Here the axis is linear below the smallest positive value, so
that 0 has its place and its label.
"""

import warnings

import numpy as np
from matplotlib.ticker import AutoLocator, Locator, MaxNLocator, NullLocator

TINY = 1e-300  # what is smaller counts as 0
STEPS = (1, 2, 5, 10)  # from one tick to the next, times a power of ten
RANGE = 1e5  # an axis with a 0 is linear below its largest value divided by this, in any case


def percent_axis(axes, label="test error (%)", which="y"):
    """`log_axis` with a label."""
    axes.set(**{f"{which}label": label})
    log_axis(axes, which)


def log_axis(axes, which="y"):
    """Give what is drawn already a log scale, along y or x; linear where no value is positive.

    Call it after plotting: it goes by the values shown, also by axes that share this axis.
    """
    sharing = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
    limits = [one.dataLim for one in sharing]
    lowest = min(getattr(box, f"{which}0") for box in limits)
    highest = max(getattr(box, f"{which}1") for box in limits)
    least = min(getattr(box, f"minpos{which}") for box in limits)  # the smallest positive value
    if not TINY < highest < np.inf:
        axes.set(**{f"{which}lim": (-0.05, 1.05)})
        return
    scale, options = "log", {}
    if lowest <= TINY:
        least = max(least, highest / RANGE)
        scale, options = "symlog", {"linthresh": least, "linscale": 0.5}
    axis = getattr(axes, f"{which}axis")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Attempting to set identical")  # until LogTicks is there
        getattr(axes, f"set_{which}scale")(scale, **options)
    axis.set_major_locator(LogTicks(least))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:.10g}")
    axes.autoscale_view(scalex=which == "x", scaley=which == "y")


def axis_from_zero(axes):
    """Let y begin just below 0: a curve at 0 is not on the frame. Call it after plotting."""
    top = 1.05 * axes.dataLim.y1 if axes.dataLim.y1 > 0 else 1.0
    axes.set_ylim(-0.03 * top, top)


def round_ticks(axes):
    """Ticks that fit along x and y, where the axis is linear and nobody has chosen others."""
    for axis in (axes.xaxis, axes.yaxis):
        if type(axis.get_major_locator()) is AutoLocator:
            axis.set_major_locator(RoundTicks())
            axis.set_major_formatter("{x:.10g}")


class LogTicks(Locator):
    """0 and 1, 2, 5 times powers of ten, fewer where labels would touch.

    In a narrow range, where none or one of them lies, other round numbers take their place.
    `least` is the smallest positive value that may have a tick where the view begins at 0 or below.
    """

    def __init__(self, least):
        self.least = least

    def __call__(self):
        return self.tick_values(*sorted(self.axis.get_view_interval()))

    def tick_values(self, low, high):
        place = self.axis.get_transform().transform
        best = np.array([])
        for values in self.candidates(low, high):
            ticks = np.unique(values[(values >= low) & (values <= high)])
            gap = (place(high) - place(low)) / room_for(ticks, self.axis)
            if low <= 0:
                ticks = ticks[(ticks == 0) | (place(ticks) - place(0.0) >= gap)]
            if len(ticks) > len(best) and (len(ticks) < 2 or np.diff(place(ticks)).min() >= gap):
                best = ticks
            if len(best) >= 3:
                break
        return best

    def candidates(self, low, high):
        """Ticks from the most wanted to the least."""
        start = low if low > 0 else self.least
        zero = [0.0] if low <= 0 else []
        powers = 10.0 ** np.arange(np.floor(np.log10(start)), np.ceil(np.log10(high)) + 1)
        yield np.array([*zero, *np.outer(powers, (1, 2, 5)).ravel()])
        for each in range(1, len(powers)):
            yield np.array([*zero, *powers[::each]])
        numbers = np.asarray(MaxNLocator(6, steps=STEPS).tick_values(low, high))
        yield numbers
        for each in range(2, len(numbers)):
            yield numbers[1::each]

    def nonsingular(self, low, high):
        """Wider limits where all values are about the same."""
        return (0.95 * low, 1.05 * high) if high - low < 1e-3 * high else (low, high)


class RoundTicks(AutoLocator):
    """Matplotlib's own ticks on a linear axis, fewer where their labels would touch."""

    def tick_values(self, low, high):
        for n in range(9, 0, -1):
            ticks = np.asarray(MaxNLocator(n, steps=STEPS).tick_values(low, high))
            seen = ticks[(ticks >= low) & (ticks <= high)]
            if (ticks[1] - ticks[0]) * room_for(seen, self.axis) >= high - low:
                break
        return ticks


class GivenTicks(Locator):
    """Ticks at the given numbers only, without those whose labels would touch the one before."""

    def __init__(self, values):
        self.values = np.array(sorted(set(values)))

    def __call__(self):
        low, high = sorted(self.axis.get_view_interval())
        gap = (high - low) / room_for(self.values, self.axis)
        kept = []
        for value in self.values:
            if not kept or value - kept[-1] >= gap:
                kept.append(value)
        return np.array(kept)


def room_for(ticks, axis):
    """How many labels such as those of `ticks` fit beside each other along `axis`."""
    room = (
        axis.get_tick_space()
    )  # Matplotlib's own answer: along x, for labels of about three characters
    longest = max((len(f"{tick:.10g}") for tick in ticks), default=0)
    return max(room / max(1.0, (longest + 2) / 5 if axis.axis_name == "x" else 1.0), 1.0)

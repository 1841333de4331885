"""Does a run fit into memory? Estimated before it is built, so that the answer can name the option.

Only the largest things are counted: the parameters, each with its gradient and Adam's two moments
(and drawn in double precision), and what the layers keep of a batch for the way back.
"""

from dni_np.errors import UserError
from dni_np.experiments.options import flag
from dni_np.training.memory import free_memory

NUMBER = 4  # bytes, of a float32
PARAMETER = 5 * NUMBER  # while it is built and trained


def linear(sizes):
    """Bytes of linear layers of `sizes` (inputs, hidden layers, outputs)."""
    return PARAMETER * sum(m * n for m, n in zip(sizes, sizes[1:]))


def check_memory(settings, asked):
    """`asked`: {names of settings: bytes they ask for}. Refuse what is more than there is."""
    free, total = free_memory(), sum(asked.values())
    if free is not None and total > free:
        names = max(asked, key=asked.get)
        values = [getattr(settings, name) for name in names]
        shown = [" ".join(map(str, v)) if isinstance(v, tuple) else v for v in values]
        options = " and ".join(f"{flag(name)} {value}" for name, value in zip(names, shown))
        raise UserError(
            f"{options} {'does' if len(names) == 1 else 'do'} not fit into memory: "
            f"the run needs about {gigabytes(total)}, {gigabytes(free)} are free; "
            "take a smaller number"
        )


def gigabytes(n):
    return f"{n / 1e9:,.3g} GB" if n < 1e12 else f"{n / 1e9:,.0f} GB"

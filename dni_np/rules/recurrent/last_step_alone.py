"""A recurrent core whose last step can be run again."""

from dni_np.backend import xp
from dni_np.nn.composite import Composite


class LastStepAlone(Composite):
    """The same core (see `lstm`), run for T - 1 steps and then for one.

    What it computes does not change. But the state before the last step, which a core does not hand out
    otherwise, can be read from the cache, and with it that step can be run again later.
    """

    def __init__(self, core):
        super().__init__({"": core})
        self.core = core

    def initial_state(self, n):
        return self.core.initial_state(n)

    def forward(self, x, state, training=True, start=0):
        last = len(x) - 1
        parts = [slice(0, last), slice(last, last + 1)] if last else [slice(0, 1)]
        outputs, cache = [], []
        for steps in parts:
            before = state
            y, state, part_cache = self.core.forward(x[steps], before, training, start + steps.start)
            outputs.append(y)
            cache.append((steps, before, part_cache))
        return xp.concatenate(outputs), state, cache

    def backward(self, dy, dstate, cache, input_gradient=True):
        dx, later = [], {}
        for steps, _, part_cache in reversed(cache):
            part, dstate = self.core.backward(dy[steps], dstate, part_cache, input_gradient)
            for name, gradient in later.items():
                sum_so_far = self.grads[name]
                sum_so_far += gradient
            later = {name: gradient.copy() for name, gradient in self.grads.items()}
            dx.insert(0, part)
        return (xp.concatenate(dx) if input_gradient else None), dstate


def state_before_last(cache):
    """The state from which the last step of a chunk set out."""
    return cache[-1][1]

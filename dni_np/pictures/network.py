"""One step of learning, drawn module by module: DNI, DNI through time, complete unlock.

Each function returns a Figure of one step (from 1), or without a number of all in one; STEPS says
how many there are. The tables behind them are in scenes/.
"""

from dni_np.pictures.scene import draw
from dni_np.pictures.scenes.complete_unlock import COMPLETE_UNLOCK
from dni_np.pictures.scenes.feedforward import FEEDFORWARD
from dni_np.pictures.scenes.through_time import THROUGH_TIME


def feedforward(step=None):
    """Three layers, two synthetic gradients, one batch (Jaderberg et al. 2017, figure 9)."""
    return draw(FEEDFORWARD, step)


def through_time(step=None):
    """A chunk of three time steps, with a synthetic gradient where it ends (figure 10)."""
    return draw(THROUGH_TIME, step)


def complete_unlock(step=None):
    """Three layers with synthetic inputs and gradients: none waits for another (figure 6)."""
    return draw(COMPLETE_UNLOCK, step)


STEPS = {
    feedforward: len(FEEDFORWARD.steps),
    through_time: len(THROUGH_TIME.steps),
    complete_unlock: len(COMPLETE_UNLOCK.steps),
}

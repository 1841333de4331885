"""A guess that also sees the digits before its message.

A guess that sees the message alone stops teaching once B reads the messages as well as they can be
read (see `decoupled_label`): what is not in the message does not reach the guess. The T digits x
that A has just seen are at hand when the message m leaves, and the threes can be found in them:

    M(m, x)  ->  E[dL/dm | m, x]

No label is needed, as the count so far is. The price is a larger model: a linear layer from pixels
is not enough, since a three must be recognized first. (Our addition to Jaderberg et al. 2017,
section D.3.)
"""

from dni_np.backend import xp
from dni_np.rules.two_networks.decoupled import Decoupled


class DecoupledPixels(Decoupled):
    """Decoupled whose `guess` sees "pixels", the T digits before the message: (N, T pixels)."""

    def context(self, chunks, dtype):
        digits = [chunk.x.transpose(1, 0, 2).reshape(chunk.x.shape[1], -1) for chunk in chunks]
        return {"pixels": xp.concatenate(digits)}

"""A guess that also sees how many threes there have been so far.

A guess that sees the message m alone learns the mean of the true gradients over all streams with
that message,

    M(m)  ->  E[dL/dm | m]        dL/dlogits = softmax(logits) - onehot(threes)

and as soon as B reads the messages as well as they can be read, softmax(logits) is how often each
count comes with them: the mean is zero. A receives no gradient then, and threes that are not in the
message stay out of it. With the count c beside it, M(m, c) can return a gradient that makes A put
the missing threes into the message, as a guess that sees the label does in cDNI. At a tick only
the count so far is available; that at the stream's end is still to come. (Our addition to
Jaderberg et al. 2017, section D.3.)
"""

from dni_np.arguments import size
from dni_np.backend import xp
from dni_np.dni.conditioning import label_context
from dni_np.rules.two_networks.decoupled import Decoupled


class DecoupledLabel(Decoupled):
    """Decoupled whose `guess` sees "count_so_far", one of so many `classes`."""

    def __init__(self, *arguments, classes, **options):
        super().__init__(*arguments, **options)
        self.classes = size("classes", classes)

    def context(self, chunks, dtype):
        threes = [label_context(chunk.threes, self.classes, dtype) for chunk in chunks]
        return {"count_so_far": xp.concatenate(threes)}

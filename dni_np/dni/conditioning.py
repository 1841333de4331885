"""What may a synthetic gradient look at?

Anything the layer has at hand without waiting. Its own output, always (Jaderberg et al.
2017). The label: then the model knows which loss it is guessing the gradient of ("cDNI").
The network's input. Or mixtures: "perhaps some combination between input data, output
data, and batch normalized layer output would be optimal" (trask 2017, last paragraph).

The sources are concatenated, so a linear model of them is a sum of linear models. Beside images
(N, H, W, C), a label becomes channels: one mask for each class, all ones for the sample's own and
zeros for the others (section D.1).
"""

from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.batchnorm import batch_mean


class Conditioning:
    """Join the named sources into one array (N, ..., sum of widths).

    "output" is the layer's output h (N, D) or (N, H, W, D) and "normalized" the same with mean 0
    and variance 1 over the batch; every other name ("label", "input", ...) is looked up in the
    context, a dict of (N, width) arrays, and its width must be given.
    """

    def __init__(self, sources, width, **context_widths):
        self.sources = tuple(sources)
        widths = {"output": width, "normalized": width, **context_widths}
        unknown = [source for source in self.sources if source not in widths]
        if unknown or not self.sources:
            raise UserError(f"a synthetic gradient cannot look at {unknown or 'nothing'}: choose among {sorted(widths)}")
        self.width = sum(widths[source] for source in self.sources)

    def join(self, h, context=None):
        """h (N, ..., D), context {name: (N, width)} -> (N, ..., self.width)."""
        views = [self._view(source, h, context or {}) for source in self.sources]
        return views[0] if len(views) == 1 else xp.concatenate(views, axis=-1)

    def _view(self, source, h, context):
        if source == "output":
            return h
        if source == "normalized":
            return normalize(h)
        if source not in context:
            raise UserError(f"the synthetic gradient looks at {source!r}, but the context holds only {sorted(context)}")
        return context[source] if h.ndim == 2 else as_channels(context[source], h)


def as_channels(rows, h):
    """rows (N, D) at every pixel of the images h (N, H, W, C): (N, H, W, D)."""
    n, height, width, _ = h.shape
    return xp.broadcast_to(rows[:, None, None, :], (n, height, width, rows.shape[1]))


def normalize(h, eps=1e-5):
    """Each column (or channel) of h with mean 0 and variance 1 over the batch.

    No running statistics: a synthetic gradient is never needed at test time.
    """
    rows = h.reshape(-1, h.shape[-1])
    centered = rows - batch_mean(rows)
    return (centered / xp.sqrt(batch_mean(centered * centered) + eps)).reshape(h.shape)


def label_context(y, classes, dtype):
    """Integer labels (N,) become one-hot rows (N, classes); label vectors (N, D) stay."""
    return xp.eye(classes, dtype=dtype)[y] if y.ndim == 1 else y

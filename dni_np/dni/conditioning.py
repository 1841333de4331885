"""Conditioning: the arrays that a synthetic gradient sees, joined into its input.

It may see anything the layer has at hand without waiting. Its own output, always (Jaderberg et al.
2017). The label, on which the gradient depends, too ("cDNI"). The network's input. Or mixtures:
"perhaps some combination between input data, output data, and batch normalized layer output would
be optimal" (trask 2017, last paragraph).

    "output"            the layer's output h (N, D), images (N, H, W, D), or of a recurrent one
    "normalized"        the same with mean 0 and variance 1 over the batch
    "label", "input"    in a chain of layers
    "cell"              an LSTM's c, beside its output
    "labels_to_come"    through time: those of the next steps (see `rules.recurrent.cdni`)
    "count_so_far"      of two networks (see `rules.two_networks.decoupled_label`)
    "pixels"            of two networks (see `rules.two_networks.decoupled_pixels`)

The first two are made of h. All others come in the context, a dict of arrays (N, width) by name.
The sources are concatenated, so a linear model of them is a sum of linear models. Beside images
(N, H, W, C), a label becomes channels: one mask for each class, all ones for the sample's own and
zeros for the others (section D.1).
"""

from dni_np.arguments import several, size
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.batchnorm import batch_mean
from dni_np.nn.checks import check_batch, check_ids, is_floats, refuse
from dni_np.nn.embedding import one_hot


class Conditioning:
    """Join the named sources into one array (N, ..., sum of widths).

    `width` is D; of every source that comes in the context the width must be given by its name.
    """

    def __init__(self, sources, width, **context_widths):
        self.sources = several("the sources", sources)
        widths = {"output": width, "normalized": width, **context_widths}
        self.widths = {source: size(f"the width of {source}", n) for source, n in widths.items()}
        unknown = [source for source in self.sources if source not in self.widths]
        if unknown or not self.sources:
            raise UserError(
                f"a synthetic gradient cannot see {unknown or 'nothing'}: "
                f"choose among {sorted(self.widths)}"
            )
        self.width = sum(self.widths[source] for source in self.sources)

    @property
    def context_names(self):
        """The sources that must come in the context."""
        return tuple(source for source in self.sources if source not in ("output", "normalized"))

    def join(self, h, context=None):
        """h (N, ..., D), context {name: (N, width)} -> (N, ..., self.width)."""
        check_batch("a synthetic gradient", h, width=self.widths["output"])
        views = [self._view(source, h, context) for source in self.sources]
        return views[0] if len(views) == 1 else xp.concatenate(views, axis=-1)

    def output_gradient(self, dz):
        """The part of a joined array's gradient that is the output's: (N, ..., D)."""
        start = 0
        for source in self.sources:
            if source == "output":
                return dz[..., start : start + self.widths[source]]
            start += self.widths[source]
        raise UserError('a guess that does not see "output" has no gradient by the output')

    def _view(self, source, h, context):
        if source == "output":
            return h
        if source == "normalized":
            return normalize(h)
        if not isinstance(context, dict) or source not in context:
            raise UserError(
                f"a synthetic gradient that sees {source!r} needs it in the context: "
                f"{{{source!r}: an array (N, {self.widths[source]})}}"
            )
        rows, shape = context[source], (len(h), self.widths[source])
        if not (is_floats(rows) and rows.shape == shape):
            refuse("a synthetic gradient", rows, "floats", shape, f" as {source}")
        return rows if h.ndim == 2 else as_channels(rows, h)


def as_channels(rows, h):
    """rows (N, D) at every pixel of the images h (N, H, W, C): (N, H, W, D)."""
    n, height, width, _ = h.shape
    return xp.broadcast_to(rows[:, None, None, :], (n, height, width, rows.shape[1]))


def normalize(h, eps=1e-5):
    """Each column (or channel) of h with mean 0 and variance 1 over the batch.

    No running statistics: a synthetic gradient is never needed at test time.
    """
    check_batch("a normalization", h, (2, 4))
    rows = h.reshape(-1, h.shape[-1])
    centered = rows - batch_mean(rows)
    return (centered / xp.sqrt(batch_mean(centered * centered) + eps)).reshape(h.shape)


def label_context(y, classes, dtype):
    """Integer labels (N,) become one-hot rows (N, classes); label vectors (N, classes) stay."""
    if is_floats(y):
        check_batch("a synthetic gradient that sees the label", y, (2,), classes)
        return y
    check_ids("a synthetic gradient that sees the label", y, classes, axes=1)
    return one_hot(y, classes, dtype)

"""cDNI through time: a guess that also sees the labels still to come.

    ghat_t = M(h_t, y_{t+1}, ..., y_{t+L})     one-hot labels of the next L steps, 0 if not scored

The gradient of the loss of a symbol that is to be written later depends on that symbol: it is
p - y, backpropagated. M(h_t) must find y in the state, while the core changes. What the state holds
only weakly M does not find in time, and the target d_t, made of ghat_{t+T}, lacks it as well: no
gradient makes the core store it better. Where the labels are given M need not find them, and a
chain of guesses carries the gradient of any loss back, through states that hold little information
about the label (notebook 12).

Labels further than L steps ahead come in through the targets, as all that is further than T.

The labels must be known L steps ahead: they are in Copy, which is given what to write before it
writes, and in a stored text. Where they come with time itself, an update has to wait for them.
(Our form; Jaderberg et al. 2017 do this for images.)
"""

from dni_np.arguments import size
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch, check_ids
from dni_np.nn.embedding import one_hot
from dni_np.nn.sequence_losses import check_mask
from dni_np.rules.recurrent.dni import RecurrentDNI


class LabeledRecurrentDNI(RecurrentDNI):
    """RecurrentDNI whose `guess` sees "labels_to_come", `look_ahead` times `classes` numbers."""

    def __init__(self, *arguments, look_ahead, classes, **options):
        super().__init__(*arguments, **options)
        self.look_ahead, self.classes = size("look_ahead", look_ahead), size("classes", classes)

    def step(self, x, y, mask, first, last):
        """As in `dni`, but y and mask (up to T + L, N) go on for `look_ahead` steps more than x."""
        check_batch(self.core, x, (3,))
        check_ids("cDNI through time", y, self.classes, axes=2)
        check_mask(mask, y.shape)
        T, N = x.shape[:2]
        if len(y) < T or y.shape[1] != N:
            raise UserError(
                f"labels {y.shape} do not reach the end of a chunk {x.shape}, "
                "or are of other sequences"
            )
        self.context, self.context_after = (
            {"labels_to_come": labels_to_come(y[t:], mask[t:], self.look_ahead, self.classes)}
            for t in (0, T)
        )
        return super().step(x, y[:T], mask[:T], first, last)


def labels_to_come(labels, scored, steps, classes):
    """The first `steps` of labels and mask -> (N, steps classes), one-hot side by side.

    Zeros for steps that are not scored, or are not there.
    """
    labels, scored = labels[:steps], scored[:steps]
    joined = xp.zeros((labels.shape[1], steps, classes), scored.dtype)
    rows = one_hot(labels, classes, scored.dtype) * scored[..., None]  # (steps, N, classes)
    joined[:, : len(labels)] = rows.transpose(1, 0, 2)
    return joined.reshape(len(joined), -1)

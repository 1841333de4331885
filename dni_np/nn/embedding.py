"""Symbols as rows of numbers: one-hot, or an embedding that is learned.

A sequence of symbols is ids (T, N), integers from 0 to n_symbols - 1, time first as in `lstm`.
Others are refused; on a device they become rows of nan (see `checks`).
"""

from dni_np.arguments import precision, size
from dni_np.backend import FLOAT, asarray, xp
from dni_np.nn.checks import check_gradient, check_ids, indices, marked
from dni_np.nn.initializers import he_normal
from dni_np.nn.layer import Layer


class OneHot(Layer):
    """ids (T, N) -> (T, N, n_symbols): 1 for the symbol, 0 for the others. Nothing to learn."""

    def __init__(self, n_symbols, dtype=FLOAT):
        super().__init__()
        self.n_symbols, self.dtype = size("n_symbols", n_symbols), precision(dtype)

    def forward(self, ids, training=True):
        check_ids(self, ids, self.n_symbols, axes=2)
        return one_hot(ids, self.n_symbols, self.dtype), None

    def backward(self, dy, cache, input_gradient=True):
        """dx is None: symbols have no gradient."""
        return None


class Embedding(Layer):
    """y_tn = W[id_tn], ids (T, N) -> (T, N, width), with W (n_symbols, width).

    It is a linear layer on one-hot rows. Its gradient is written that way: a sum into the rows of
    the ids would have an order that a GPU leaves open.

        dW = onehot(ids)^T dy / N        summed over steps and samples
    """

    def __init__(self, n_symbols, width, rng, init=he_normal, dtype=FLOAT):
        self.n_symbols = size("n_symbols", n_symbols)
        W = init(self.n_symbols, size("width", width), rng)
        super().__init__(W=asarray(W, precision(dtype)))

    def forward(self, ids, training=True):
        check_ids(self, ids, self.n_symbols, axes=2)
        rows = self.params["W"][indices(ids, self.n_symbols)]
        return marked(rows, ids, self.n_symbols), ids

    def backward(self, dy, cache, input_gradient=True):
        """dx is None: symbols have no gradient."""
        ids = cache
        check_gradient(self, dy, (*ids.shape, self.params["W"].shape[1]))
        rows = one_hot(ids.reshape(-1), self.n_symbols, dy.dtype)  # (T N, n_symbols)
        xp.matmul(rows.T, dy.reshape(len(rows), -1), out=self.grads["W"])
        self.grads["W"] *= 1 / ids.shape[1]
        return None


def one_hot(ids, n_symbols, dtype):
    """(...) -> (..., n_symbols); on a device nan where there is no such symbol (see `checks`)."""
    rows = (ids[..., None] == xp.arange(n_symbols)).astype(dtype)
    return marked(rows, ids, n_symbols)

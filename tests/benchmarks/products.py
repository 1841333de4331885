"""A step's matrix products alone: what no code can go below.

For fully connected and recurrent networks only. Convolutions have no such floor: in the frequency
domain they need a tenth of the multiplications that their columns need, and how many depends on the
version.
"""

import numpy as np

from dni_np.nn.linear import Linear
from tests.benchmarks.cases import Recurrent


def products(case):
    """A function that does the step's matrix products and nothing else:

    the time no code can go below.
    """
    jobs = [(a, b, np.empty((a.shape[0], b.shape[1]), np.float32)) for a, b in pairs_of(case)]

    def step():
        for a, b, out in jobs:
            np.matmul(a, b, out=out)

    return step


def pairs_of(case):
    """The pairs of matrices that a step multiplies."""
    return recurrent(case) if isinstance(case, Recurrent) else feed_forward(case)


def feed_forward(case):
    """The pairs of matrices that a rule's step multiplies."""
    pairs = []
    for n_in, n_out, input_gradient in matrices(case.build()):
        x, W, dy = draw((case.batch, n_in), (n_in, n_out), (case.batch, n_out))
        pairs += [(x, W), (x.T, dy)] + ([(dy, W.T)] if input_gradient else [])
    return pairs


def recurrent(case):
    """The same of an LSTM:

    [x, h] W step by step, dz W_h^T step by step back, and dW of all steps at once.
    """
    n_in, H, rows = case.n_in, case.units, case.steps * case.batch
    seen, W, dz = draw((rows, n_in + H), (n_in + H, 4 * H), (rows, 4 * H))
    steps = [slice(start, start + case.batch) for start in range(0, rows, case.batch)]
    return [(seen[t], W) for t in steps] + [(dz[t], W[n_in:].T) for t in steps] + [(seen.T, dz)]


def draw(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def matrices(rule):
    """(n_in, n_out, is its input's gradient wanted) of every matrix that takes part in a step."""
    stacks = [(list(linears(rule.cores)), False)]  # nobody wants the gradient of the data
    stacks += [
        (list(linears([unit.synthetic_gradient])), False) for unit in getattr(rule, "units", [])
    ]
    for stack, first in stacks:
        for i, layer in enumerate(stack):
            yield *layer.params["W"].shape, first or i > 0


def linears(layers):
    return (leaf for layer in layers for leaf in layer.leaves() if isinstance(leaf, Linear))

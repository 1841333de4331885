"""A step's matrix products alone: what no code can go below.

For fully connected networks only. Convolutions have no such floor: in the frequency domain they
need a tenth of the multiplications that their columns need, and how many depends on the version.
"""

import numpy as np

from dni_np.nn.linear import Linear


def products(case):
    """A function that does the step's matrix products and nothing else: the time no code can go below."""
    rng = np.random.default_rng(0)
    jobs = []
    for n_in, n_out, input_gradient in matrices(case.build()):
        x, W, dy = (
            rng.standard_normal(shape).astype(np.float32)
            for shape in ((case.batch, n_in), (n_in, n_out), (case.batch, n_out))
        )
        pairs = [(x, W), (x.T, dy)] + ([(dy, W.T)] if input_gradient else [])
        jobs += [(a, b, np.empty((a.shape[0], b.shape[1]), np.float32)) for a, b in pairs]

    def step():
        for a, b, out in jobs:
            np.matmul(a, b, out=out)

    return step


def matrices(rule):
    """(n_in, n_out, is its input's gradient wanted) of every matrix that takes part in a step."""
    stacks = [(list(linears(rule.cores)), False)]  # nobody wants the gradient of the data
    stacks += [(list(linears([unit.synthetic_gradient])), False) for unit in getattr(rule, "units", [])]
    for stack, first in stacks:
        for i, layer in enumerate(stack):
            yield *layer.params["W"].shape, first or i > 0


def linears(layers):
    return (leaf for layer in layers for leaf in layer.leaves() if isinstance(leaf, Linear))

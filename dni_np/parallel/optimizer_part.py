"""One core's part of the optimizer of a whole network: it updates that core alone.

An optimizer treats every number of its long vectors by itself, and a core's parameters lie in them
next to each other. So the parts, each on a worker, together are the whole optimizer, bit for bit.
"""

from dni_np.backend import asarray, to_numpy
from dni_np.nn.flat import parameters_of


class OptimizerPart:
    """The numbers in `place` (a slice) of the vectors of `whole`, which also counts the steps."""

    def __init__(self, whole, place):
        self.whole, self.params, self.grads = whole, whole.params[place], whole.grads[place]
        self.vectors = {name: vector[place] for name, vector in whole.vectors.items()}
        # A copy would have vectors of its own.
        self.own = object.__new__(type(whole))
        vars(self.own).update(vars(whole))
        self.own.params, self.own.grads, self.own.vectors = self.params, self.grads, self.vectors
        self.own.make_blocks()

    def update(self):
        """Part of the step that is whole.steps + 1; when all parts are done, count it there."""
        if self.params.size:
            self.own.steps = self.whole.steps
            self.own.update(self.whole.learning_rate)

    def state(self):
        vectors = {name: to_numpy(vector).copy() for name, vector in self.vectors.items()}
        return {"steps": to_numpy(self.whole.steps), **vectors}

    def load_state(self, state):
        self.whole.steps = int(state["steps"])
        for name, vector in self.vectors.items():
            vector[...] = asarray(state[name], vector.dtype)


def parts_of(optimizer, cores):
    """[OptimizerPart] for each of `cores`, lowest first: all that the optimizer's network has."""
    parts, stop = [], 0
    for core in cores:
        start = stop
        stop += sum(leaf.params[name].size for leaf, name in parameters_of(core))
        parts.append(OptimizerPart(optimizer, slice(start, stop)))
    return parts

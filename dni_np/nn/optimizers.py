"""Optimizers: how a gradient moves the parameters.

Each owns one layer (or network): it flattens the layer's parameters into one vector
and updates that in place. `step()` uses the gradients the last backward pass wrote.
"""

from dni_np import backend
from dni_np.backend import asarray, to_numpy, xp
from dni_np.nn.flat import flatten
from dni_np.nn.schedules import as_schedule

BLOCK = 1 << 14  # numbers at a time: few enough that all of Adam's vectors stay in a core's cache


class Optimizer:
    """What SGD and Adam share: the flat vectors, the step count, the schedule, the saved state."""

    def __init__(self, layer, learning_rate):
        self.params, self.grads = flatten(layer)  # (P,), (P,)
        self.schedule = as_schedule(learning_rate)
        self.steps = 0
        self.vectors = {}  # the optimizer's memory, each (P,)
        # A block at a time is faster in a processor's cache; a GPU wants all at once.
        self.block = BLOCK if backend.on_host() else self.params.size
        self.scratch = xp.empty(min(self.block, self.params.size), self.params.dtype)

    @property
    def learning_rate(self):
        """The rate of the next step."""
        return self.schedule(self.steps)

    def blocks(self):
        """Slices that together cover the vectors."""
        for start in range(0, self.params.size, self.block):
            yield slice(start, min(start + self.block, self.params.size))

    def state(self):
        """Everything a resumed run needs, as host arrays."""
        return {"steps": to_numpy(self.steps), **{name: to_numpy(vector).copy() for name, vector in self.vectors.items()}}

    def load_state(self, state):
        """Restore what `state` returned."""
        self.steps = int(state["steps"])
        for name, vector in self.vectors.items():
            vector[...] = asarray(state[name], vector.dtype)


class SGD(Optimizer):
    """Stochastic gradient descent with (heavy-ball) momentum mu, where 0 is plain descent.

    v <- mu v + g        theta <- theta - rate v
    """

    def __init__(self, layer, learning_rate, momentum=0.0):
        super().__init__(layer, learning_rate)
        self.momentum = momentum
        if momentum:
            self.vectors = {"v": xp.zeros_like(self.params)}

    def step(self):
        rate = self.learning_rate
        direction = self.grads
        if self.momentum:
            direction = self.vectors["v"]
            direction *= self.momentum
            direction += self.grads
        for block in self.blocks():
            change = self.scratch[: block.stop - block.start]
            xp.multiply(direction[block], rate, out=change)
            self.params[block] -= change
        self.steps += 1


class Adam(Optimizer):
    """Adam (Kingma & Ba 2014), with their defaults.

        m <- b1 m + (1 - b1) g         v <- b2 v + (1 - b2) g^2
        theta <- theta - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

    Every pass over the vectors counts, so the four constant factors are taken out: the
    vectors kept are M = m / (1 - b1) and V = v / (1 - b2), and what is left of the
    factors multiplies the rate and eps, two numbers.
    """

    def __init__(self, layer, learning_rate, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(layer, learning_rate)
        self.betas, self.eps = betas, eps
        self.vectors = {"M": xp.zeros_like(self.params), "V": xp.zeros_like(self.params)}

    def step(self):
        b1, b2 = self.betas
        t = self.steps + 1
        first = (1 - b1) / (1 - b1**t)  # m-hat = first * M
        second = (1 - b2) / (1 - b2**t)  # v-hat = second * V
        rate = self.learning_rate * first / second**0.5
        eps = self.eps / second**0.5
        for block in self.blocks():
            g, theta = self.grads[block], self.params[block]
            M, V = self.vectors["M"][block], self.vectors["V"][block]
            temporary = self.scratch[: g.size]
            M *= b1
            M += g
            V *= b2
            V += xp.multiply(g, g, out=temporary)
            xp.sqrt(V, out=temporary)
            temporary += eps
            xp.divide(M, temporary, out=temporary)
            temporary *= rate
            theta -= temporary
        self.steps = t

"""Optimizers: how the parameters are updated from their gradients.

Each owns one layer (or network): it flattens the layer's parameters into one vector
and updates that in place. `step()` uses the gradients the last backward pass wrote.
"""

from dni_np import backend
from dni_np.arguments import number, several
from dni_np.backend import asarray, to_numpy, xp
from dni_np.errors import UserError
from dni_np.nn.flat import flatten, replaced
from dni_np.nn.schedules import as_schedule

# Numbers at a time: few enough that Adam's vectors stay in the processor's cache, and so many that
# NumPy's calls, and two threads that wait for each other to make them, cost little. Three times
# 1.57 million numbers take two cores of an AMD EPYC 6.4 ms in blocks of 2^15, 5.1 of 2^16 and 4.6
# of 2^18; one core 8.2, 8.1 and 7.3. Half of 200,000 numbers takes as long as a second core needs
# to begin.
BLOCK = 200_000
# Attributes that belong to one layer's arrays.
FLAT = ("params", "grads", "views", "blocks", "temporary")


class Optimizer:
    """What SGD and Adam share: the flat vectors, the step count, the schedule, the saved state.

    Subclasses name their `vectors`, each (P,) and zero at first, and write `update(rate)`.

    A layer has one optimizer, the newest: an older one refuses to step, as any does after a
    parameter array was replaced. A copy (copy.deepcopy, pickle) has a copy of the layer.
    """

    def __init__(self, layer, learning_rate, vectors=()):
        self.layer = layer
        self.schedule = as_schedule(learning_rate)
        self.steps = 0
        self.vectors = dict.fromkeys(vectors)  # the optimizer's memory
        self.attach()

    def attach(self):
        """Make the layer's arrays views of two vectors, `params` and `grads` (P,)."""
        self.params, self.grads, self.views = flatten(self.layer)
        for name, vector in self.vectors.items():
            if vector is None:
                self.vectors[name] = xp.zeros_like(self.params)
        self.make_blocks()

    def make_blocks(self):
        """Cut all vectors into blocks, which are updated one after another."""
        # A block at a time is faster in a processor's cache; a GPU wants all at once. Several are
        # even in number and of one size, for two cores.
        size = self.params.size
        count = -(-size // BLOCK) if backend.on_host() else 1
        block = -(-size // (count if count == 1 else count + count % 2))
        whole = [self.params, self.grads, *self.vectors.values()]
        self.blocks = [  # of each its params, grads and vectors
            [vector[start : start + block] for vector in whole] for start in range(0, size, block)
        ]
        self.temporary = xp.empty(block, self.params.dtype)

    def step(self):
        """One update."""
        lost = replaced(self.views)
        if lost is not None:
            raise UserError(
                f"this optimizer no longer updates {lost.name} of a {type(lost.leaf).__name__}: "
                "after it was made, the parameter or its gradient was replaced (write into the "
                "array instead, as in params['W'][...] = new), or another optimizer was made for "
                "that layer (use that one)"
            )
        self.update(self.learning_rate)
        self.steps += 1

    def update(self, rate):
        """Change `params` by `grads`."""
        raise NotImplementedError

    def each_block(self, change):
        """change(params, grads, *vectors, temporary) of each block, one after another."""
        for block in self.blocks:
            change(*block, self.temporary[: block[0].size])

    @property
    def learning_rate(self):
        """The rate of the next step."""
        return self.schedule(self.steps)

    def __getstate__(self):
        """For a copy: all but the vectors whose views the layer's arrays are, and are copied as."""
        left_out = FLAT if replaced(self.views) is None else ()
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def __setstate__(self, state):
        vars(self).update(state)
        if not vars(self.layer):  # Python makes the optimizer first and fills in the layer later
            raise UserError(
                "a layer that holds its own optimizer cannot be copied: "
                "keep the two side by side, as in a unit"
            )
        if "views" not in state:
            self.attach()

    def state(self):
        """Everything a resumed run needs, as host arrays."""
        vectors = {name: to_numpy(vector).copy() for name, vector in self.vectors.items()}
        return {"steps": to_numpy(self.steps), **vectors}

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
        self.momentum = number("momentum", momentum, "[0, 1)")
        super().__init__(layer, learning_rate, ("v",) if momentum else ())

    def update(self, rate):
        def change(theta, g, *memory):
            *v, temporary = memory
            direction = g
            if self.momentum:
                (direction,) = v
                direction *= self.momentum
                direction += g
            theta -= xp.multiply(direction, rate, out=temporary)

        self.each_block(change)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2014), with their defaults.

        m <- b1 m + (1 - b1) g         v <- b2 v + (1 - b2) g^2
        theta <- theta - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

    Every pass over the vectors counts, so the four constant factors are taken out: the
    vectors kept are M = m / (1 - b1) and V = v / (1 - b2), and what is left of the
    factors multiplies the rate and eps, two numbers.
    """

    def __init__(self, layer, learning_rate, betas=(0.9, 0.999), eps=1e-8):
        self.betas = tuple(
            number("each of betas", beta, "[0, 1)") for beta in several("betas", betas, 2)
        )
        self.eps = number("eps", eps, "(0, inf)")
        super().__init__(layer, learning_rate, ("M", "V"))

    def update(self, rate):
        b1, b2 = self.betas
        t = self.steps + 1
        first = (1 - b1) / (1 - b1**t)  # m-hat = first * M
        second = (1 - b2) / (1 - b2**t)  # v-hat = second * V
        rate = rate * first / second**0.5
        eps = self.eps / second**0.5

        def change(theta, g, M, V, temporary):
            M *= b1
            M += g
            V *= b2
            V += xp.multiply(g, g, out=temporary)
            xp.sqrt(V, out=temporary)
            temporary += eps
            xp.divide(M, temporary, out=temporary)
            temporary *= rate
            theta -= temporary

        self.each_block(change)

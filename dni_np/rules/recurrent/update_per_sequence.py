"""Truncated BPTT with one update a sequence: within a sequence all weights are constant.

    dtheta  = sum over the chunks of their gradients
    theta  <- theta - rate dtheta                      where the sequence ends

Truncated BPTT alone learns faster with an update after each chunk. But where a guess learns from
later chunks of the same sequence (`dni_trace`, `accumulate_bp_lambda`), all of them must use the
weights of the core that the guess was made for. This page is what those rules share.
"""

from dni_np.backend import asarray, to_numpy
from dni_np.rules.recurrent.truncated_bptt import TruncatedBPTT


class UpdatePerSequence(TruncatedBPTT):
    """TruncatedBPTT whose gradients are summed until the chunk that is `last`.

    A sequence that is cut short, by another that is `first`, causes no update.
    """

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.carried = CarriedSums()

    def step(self, x, y, mask, first, last):
        if first:
            self.carried.begin()
        metrics = self.learn(x, y, mask, first, last)
        self.carried.chunks += 1
        if last:
            self.update()
        self.end(last)
        return metrics

    def learn(self, x, y, mask, first, last):
        """The gradients of a chunk, collected."""
        outputs, cache = self.unroll(x, self.start(x, first))
        metrics, doutputs = self.train_readout(outputs, y, mask)
        self.core.backward(doutputs, None, cache, input_gradient=False)
        self.collect("core")
        return metrics

    def train_readout(self, outputs, y, mask):
        """Outputs (T, N, H) -> metrics and the outputs' gradients; the read-out's are collected."""
        prediction, cache = self.readout.forward(outputs)
        loss, dprediction = self.loss(prediction, (y, mask))
        doutputs = self.readout.backward(dprediction, cache)
        self.collect("readout")
        return {"loss": loss}, doutputs

    def learners(self):
        """What is updated where a sequence ends, by name: (layer, optimizer)."""
        return {
            "core": (self.core, self.core_optimizer),
            "readout": (self.readout, self.readout_optimizer),
        }

    def collect(self, name):
        """Add the gradients that the last backward pass of a learner wrote to their sums."""
        sums = dict(self.carried.sums)
        for i, gradient in enumerate(gradients(self.learners()[name][0])):
            key = f"{name}/{i}"
            sums[key] = sums[key] + gradient if key in sums else gradient.copy()
        self.carried.sums = sums

    def update(self):
        """One step of every learner that has gradients, along their sums."""
        for name, (layer, optimizer) in self.learners().items():
            if f"{name}/0" in self.carried.sums:
                for i, gradient in enumerate(gradients(layer)):
                    gradient[...] = self.carried.sums[f"{name}/{i}"]
                optimizer.step()
        self.carried.sums = {}


def gradients(layer):
    """The arrays that its backward pass writes."""
    return [gradient for leaf in layer.leaves() for gradient in leaf.grads.values()]


class CarriedSums:
    """What goes from chunk to chunk. A step replaces these arrays; it writes into none of them.

    `arrays`: the state, empty between two sequences; `steps`, `chunks`: of the sequence so far;
    `sums`: of gradients; `trace`: what later chunks need to correct earlier guesses. Both by name.
    """

    def __init__(self):
        self.arrays, self.steps = (), 0
        self.begin()

    def begin(self):
        """Where a sequence begins."""
        self.chunks, self.sums, self.trace = 0, {}, {}

    def state(self):
        """Host copies by name, for a checkpoint."""
        arrays = {
            f"{kind}/{name}": to_numpy(array).copy()
            for kind, named in self.named().items()
            for name, array in named.items()
        }
        return {"steps": to_numpy(self.steps), "chunks": to_numpy(self.chunks), **arrays}

    def load_state(self, state):
        """Restore what `state` returned."""
        self.arrays = ()
        self.begin()
        self.steps, self.chunks = int(state["steps"]), int(state["chunks"])
        named = self.named()
        for key, array in state.items():
            kind, _, name = key.partition("/")
            if name:
                named[kind][name] = asarray(array)
        self.arrays = tuple(named["arrays"].values())

    def named(self):
        """The arrays of each kind, by name."""
        return {"arrays": dict(enumerate(self.arrays)), "sums": self.sums, "trace": self.trace}

"""Truncated backpropagation through time: a long sequence, learned a few steps at a time.

    s_t, ..., s_{t+T}     T steps from the carried state s_t
    the losses of these steps are backpropagated to s_t and no further;  s_{t+T} is carried on

Memory is that of T steps. But no loss after t+T reaches a step before it: an event and its
consequence must lie in the same chunk. What can stand in for the rest is in `dni`.
"""

from dni_np.backend import asarray, to_numpy
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.rules.rule import Rule


class TruncatedBPTT(Rule):
    """Train a recurrent `core` (see `lstm`) and a `readout` of its outputs, an optimizer each."""

    look_ahead = 0  # for so many steps y and mask go on after the chunk (see `cdni`)
    whole_sequences = False  # a chunk is a whole sequence

    def __init__(self, core, readout, loss, core_optimizer, readout_optimizer):
        self.core, self.readout, self.loss = core, readout, loss
        self.core_optimizer, self.readout_optimizer = core_optimizer, readout_optimizer
        self.carried = Carried()

    def step(self, x, y, mask, first, last):
        """One update from a chunk: x (T, N, D), targets y and mask (T, N).

        `first`: the sequences begin here, the state is reset. `last`: they end here. The
        caller must give both.
        """
        outputs, cache = self.unroll(x, self.start(x, first))
        metrics, doutputs = self.train_readout(outputs, y, mask)
        self.core.backward(doutputs, None, cache, input_gradient=False)
        self.core_optimizer.step()
        self.end(last)
        return metrics

    def start(self, x, first):
        """The state in which the chunk x begins."""
        check_batch(self.core, x, (3,))
        if first:
            self.carried.steps = 0
            return self.core.initial_state(x.shape[1])
        if not self.carried.arrays:
            raise UserError(
                "the first chunk of a sequence needs first=True: "
                "no sequence has begun, or the last has ended"
            )
        if len(self.carried.arrays[0]) != x.shape[1]:
            begun = len(self.carried.arrays[0])
            raise UserError(f"{begun} sequences were begun, this chunk continues {x.shape[1]}")
        return self.carried.arrays

    def end(self, last):
        """Forget the state of a sequence that has ended: none goes on from there."""
        if last:
            self.carried = type(self.carried)()

    def unroll(self, x, start):
        """The core's outputs (T, N, H) and cache; updates the carried state and count."""
        outputs, self.carried.arrays, cache = self.core.forward(x, start, start=self.carried.steps)
        self.carried.steps += len(x)
        return outputs, cache

    def train_readout(self, outputs, y, mask):
        """Update the read-out from the core's outputs (T, N, H).

        Return the metrics and dL/d outputs (T, N, H), per sample.
        """
        prediction, cache = self.readout.forward(outputs)
        loss, dprediction = self.loss(prediction, (y, mask))
        doutputs = self.readout.backward(dprediction, cache)
        self.readout_optimizer.step()
        return {"loss": loss}, doutputs

    def add_backward(self, dy, dstate, cache):
        """core.backward, added to the gradients so far; return the start state's (dh, dc)."""
        grads = self.core_optimizer.grads
        there = grads.copy()
        _, dstate = self.core.backward(dy, dstate, cache, input_gradient=False)
        grads += there
        return dstate

    def predict(self, x, state=None, steps=0):
        """At test time: (the prediction of a chunk x (T, N, D), the state after it).

        `state`: that before it, after so many `steps`; None where a sequence begins.
        """
        state = self.core.initial_state(x.shape[1]) if state is None else state
        outputs, state, _ = self.core.forward(x, state, training=False, start=steps)
        return self.readout.forward(outputs, training=False)[0], state

    def errors(self, chunks):
        """At test time: the loss of sequences in chunks (x, y, mask), a device scalar."""
        total, state, steps = 0.0, None, 0
        for x, y, mask in chunks:
            prediction, state = self.predict(x, state, steps)
            total = total + self.loss(prediction, (y, mask))[0]
            steps += len(x)
        return total

    def parts(self):
        return {
            "core": self.core,
            "core_optimizer": self.core_optimizer,
            "readout": self.readout,
            "readout_optimizer": self.readout_optimizer,
            "carried": self.carried,
        }

    def load_state(self, state):
        super().load_state(state)
        self.check_saved(self.carried.arrays)

    def check_saved(self, state):
        """Refuse a saved state of the core that does not fit; an empty one does."""
        fitting = self.core.initial_state(len(state[0])) if state else ()
        if [part.shape for part in state] != [part.shape for part in fitting]:
            raise UserError("the saved state is not one of this core: was it another network?")


class FullBPTT(TruncatedBPTT):
    """Nothing is truncated: each chunk is a whole sequence. The ceiling of what guesses can reach.

    Memory grows with the sequence, and the first update waits for its end.
    """

    whole_sequences = True


class Carried:
    """What goes from chunk to chunk.

    `arrays`: the state, a tuple of arrays, empty between two sequences; `steps`: steps so far.
    """

    def __init__(self):
        self.arrays, self.steps = (), 0

    def state(self):
        """Host copies by name, for a checkpoint."""
        return {"steps": to_numpy(self.steps), **numbered_arrays("", self.arrays)}

    def load_state(self, state):
        """Restore what `state` returned."""
        self.steps = int(state["steps"])
        self.arrays = saved_arrays("", state)


def numbered_arrays(name, arrays):
    """Host copies: name0, name1, and so on."""
    return {f"{name}{i}": to_numpy(array).copy() for i, array in enumerate(arrays)}


def saved_arrays(name, state):
    """The arrays name0, name1, ... of what `numbered_arrays` made, on the device again."""
    count = sum(key.removeprefix(name).isdigit() for key in state if key.startswith(name))
    return tuple(asarray(state[f"{name}{i}"]) for i in range(count))

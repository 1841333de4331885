"""Two recurrent networks that work on one stream of digits (Jaderberg et al. 2017, section D.3).

    A, at every step     digit x_t -> twice (linear, batchnorm, ReLU)
                                   -> batch-normalized LSTM -> h_t
    A, every T steps     h_T -> a linear classifier: how many of the T digits were odd
                         h_T -> linear, batchnorm: the message to B
    B, every T steps     message -> batch-normalized LSTM
    B, after its last    -> a linear classifier: how many threes there were in all

T steps of A are one tick of B. How the two learn is in `decoupled`.
"""

from dni_np.arguments import size
from dni_np.backend import FLOAT, xp
from dni_np.nn.activations import ReLU
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.batchnorm_lstm import BatchNormLSTM
from dni_np.nn.checks import check_batch
from dni_np.nn.composite import Composite
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential
from dni_np.nn.time_distributed import TimeDistributed


class NetworkA(Composite):
    """Sees `ticks` times T = `steps` digits of `pixels` each; all its layers have `units`."""

    def __init__(self, pixels, units, steps, ticks, rng, dtype=FLOAT):
        steps, ticks = size("steps", steps), size("ticks", ticks)
        self.pixels, hidden = pixels, []
        for n in (pixels, units):
            linear = Linear(n, units, rng, bias=False, dtype=dtype)
            hidden += [linear, BatchNorm(units, dtype=dtype), ReLU()]
        self.digits = TimeDistributed(Sequential(hidden))
        self.core = BatchNormLSTM(units, units, rng, max_steps=steps * ticks, dtype=dtype)
        self.count = Linear(units, steps + 1, rng, dtype=dtype)
        linear = Linear(units, units, rng, bias=False, dtype=dtype)
        self.message = Sequential([linear, BatchNorm(units, dtype=dtype)])
        super().__init__([self.digits, self.core, self.count, self.message])

    def forward(self, x, state, training=True, start=0):
        """T digits x (T, N, pixels) -> ((logits (N, T + 1), message (N, units)), state, cache)."""
        features, digits_cache = self.digits.forward(x, training)
        outputs, state, core_cache = self.core.forward(features, state, training, start)
        logits, count_cache = self.count.forward(outputs[-1], training)
        message, message_cache = self.message.forward(outputs[-1], training)
        cache = digits_cache, outputs.shape, core_cache, count_cache, message_cache
        return (logits, message), state, cache

    def backward(self, dlogits, dmessage, cache):
        """dlogits (N, T + 1) and dmessage (N, units), per sample; writes `grads`.

        What came before these T steps is a constant.
        """
        digits_cache, shape, core_cache, count_cache, message_cache = cache
        dlast = self.count.backward(dlogits, count_cache) + self.message.backward(
            dmessage, message_cache
        )
        doutputs = xp.zeros(shape, dlast.dtype)  # (T, N, units): only the last has a loss
        doutputs[-1] = dlast
        dfeatures, _ = self.core.backward(doutputs, None, core_cache)
        self.digits.backward(dfeatures, digits_cache, input_gradient=False)


class NetworkB(Composite):
    """From `ticks` messages of `units`, how many threes A saw: 0 to `ticks` T."""

    def __init__(self, units, steps, ticks, rng, dtype=FLOAT):
        steps, ticks = size("steps", steps), size("ticks", ticks)
        self.core = BatchNormLSTM(units, units, rng, max_steps=ticks, dtype=dtype)
        self.count = Linear(units, steps * ticks + 1, rng, dtype=dtype)
        super().__init__([self.core, self.count])

    def forward(self, messages, training=True):
        """messages (ticks, N, units) -> (logits (N, ticks T + 1), cache)."""
        check_batch(self, messages, (3,))
        state = self.core.initial_state(messages.shape[1])
        outputs, _, core_cache = self.core.forward(messages, state, training)
        logits, count_cache = self.count.forward(outputs[-1], training)
        return logits, (outputs.shape, core_cache, count_cache)

    def backward(self, dlogits, cache):
        """dlogits (N, ticks T + 1) -> dmessages (ticks, N, units)."""
        shape, core_cache, count_cache = cache
        dlast = self.count.backward(dlogits, count_cache)
        doutputs = xp.zeros(shape, dlast.dtype)
        doutputs[-1] = dlast
        dmessages, _ = self.core.backward(doutputs, None, core_cache)
        return dmessages

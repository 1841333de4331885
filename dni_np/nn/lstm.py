"""LSTM: long short-term memory, and the contract of recurrent layers.

(Hochreiter & Schmidhuber 1997; Gers et al. 2000.)

Sequences have time first: x (T, N, D) is T steps of N samples. This order is defined here, and all
layers for sequences use it. A state is a tuple of arrays (N, H); an LSTM's is (h, c), output and
cell.

    y, state, cache = lstm.forward(x, state)                # x (T, N, n_in) -> y (T, N, H)
    dx, dstate = lstm.backward(dy, dstate, cache)           # dy (T, N, H) -> dx (T, N, n_in)

**The state is handed in and out, not kept.** A long sequence is a chain of chunks of any length
T >= 1: each `forward` takes the state that the last one returned, or `initial_state(n)` where a
sequence starts. The state has arrays of its own; y may share the cache's: read it, do not write
into it. On the way back `dstate` goes in as the gradient at the state after the last step, from
whatever comes later (None: nothing does), and comes out as the gradient at the state before the
first. Passed from chunk to chunk it makes their gradients those of the whole sequence; not passed,
it truncates them.

**Gradients are per sample**, as in `layer`, and a sample's loss is the sum over its steps:
grads["W"] is (1/N) sum_n dL_n/dW, never divided by T.
"""

import numpy as np

from dni_np.arguments import number, precision, size
from dni_np.backend import FLOAT, asarray, xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch, check_gradient, found, is_floats, named
from dni_np.nn.initializers import glorot_uniform
from dni_np.nn.layer import Layer


class LSTM(Layer):
    """Long short-term memory: a cell c, and gates that control what it forgets and adds.

        z = [x_t, h_{t-1}] W + b                                            (N, 4H)
        i = sigmoid(z_i)   f = sigmoid(z_f)   o = sigmoid(z_o)   g = tanh(z_g)
        c_t = f c_{t-1} + i g                 h_t = o tanh(c_t)             (N, H)

    W (n_in + H, 4H) and b (4H,) hold the four gates side by side, in the order i, f, o, g. Each
    gate's weights start as a layer's of their own would; b starts at zero, `forget_bias` for f: at
    1 a new LSTM remembers (Gers et al. 2000, Jozefowicz et al. 2015).

    `start` is how many steps of the sequence came before this chunk. It makes no difference to an
    LSTM; `BatchNormLSTM` needs it. (`fast.lstm` computes the same faster.)
    """

    def __init__(self, n_in, n_units, rng, forget_bias=1.0, init=glorot_uniform, dtype=FLOAT):
        n_in, n_units, dtype = size("n_in", n_in), size("n_units", n_units), precision(dtype)
        W = np.concatenate([init(n_in + n_units, n_units, rng) for _ in range(4)], axis=1)
        super().__init__(W=asarray(W, dtype), b=xp.zeros(4 * n_units, dtype))
        forget_bias = number("forget_bias", forget_bias, "(-inf, inf)")
        self.params["b"][n_units : 2 * n_units] = forget_bias
        self.n_in, self.n_units = n_in, n_units

    def initial_state(self, n):
        """Zeros for n sequences that start now."""
        shape, dtype = (size("n", n), self.n_units), self.params["W"].dtype
        return xp.zeros(shape, dtype), xp.zeros(shape, dtype)

    def forward(self, x, state, training=True, start=0):
        """x (T, N, n_in), state (h, c) -> (y (T, N, H), state after the last step, cache)."""
        self.check(x, state)
        h, c = state
        outputs, steps = [], []
        for x_t in x:
            h, c, step = self.step(x_t, h, c)
            outputs.append(h)
            steps.append(step)
        return xp.stack(outputs), (h, c), steps

    def step(self, x, h, c):
        """One step: x (N, n_in), h and c (N, H) before it -> h and c after it, and a cache."""
        seen = xp.concatenate([x, h], axis=1)  # (N, n_in + H)
        z_i, z_f, z_o, z_g = gates_of(seen @ self.params["W"] + self.params["b"])
        i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), xp.tanh(z_g)  # (N, H) each
        c_after = f * c + i * g
        squashed = xp.tanh(c_after)
        return o * squashed, c_after, (seen, i, f, o, g, c, squashed)

    def backward(self, dy, dstate, cache, input_gradient=True):
        """dy (T, N, H), dstate (dh, dc) or None -> (dx (T, N, n_in), dstate before step one)."""
        T, (seen, *_, c, _) = len(cache), cache[0]
        check_gradient(self, dy, (T, *c.shape))
        for gradient in self.grads.values():
            gradient[...] = 0
        dh, dc = self.state_gradient(dstate, len(c))
        dx = xp.empty((T, len(c), self.n_in), seen.dtype)
        for t in reversed(range(T)):
            dx[t], dh, dc = self.step_backward(dh + dy[t], dc, cache[t])
        return dx if input_gradient else None, (dh, dc)

    def step_backward(self, dh, dc, step):
        """dh and dc (N, H) after one step -> dx (N, n_in), dh and dc before it; adds to `grads`."""
        seen, i, f, o, g, c, squashed = step
        dc = dc + dh * o * slope_tanh(squashed)  # c_t reaches the loss by h_t and by c_{t+1}
        dz_i = dc * g * slope_sigmoid(i)
        dz_f = dc * c * slope_sigmoid(f)
        dz_o = dh * squashed * slope_sigmoid(o)
        dz_g = dc * i * slope_tanh(g)
        dz = xp.concatenate([dz_i, dz_f, dz_o, dz_g], axis=1)  # (N, 4H)
        self.grads["W"] += seen.T @ dz / len(dz)
        self.grads["b"] += dz.sum(axis=0) / len(dz)
        dseen = dz @ self.params["W"].T  # (N, n_in + H)
        return dseen[:, : self.n_in], dseen[:, self.n_in :], dc * f

    def cell_path(self, cache):
        """How a chunk with this cache passes a change of the cell on, along the cell alone.

        The product of its f_t, which is dc_T/dc_0; and dh_T/dc_T = o (1 - tanh(c)^2) where it ends;
        both (N, H).
        """
        path = 1
        for _, _, f, _, _, _, _ in cache:
            path = path * f
        _, _, _, o, _, _, squashed = cache[-1]
        return path, o * slope_tanh(squashed)

    def check(self, x, state):
        """Refuse an input or a state that does not fit."""
        check_batch(self, x, (3,), self.n_in)
        self.check_state(state, x.shape[1])

    def state_gradient(self, dstate, n):
        """The gradient at the state after the last step: a copy to go on with, zeros for None."""
        if dstate is None:
            return self.initial_state(n)
        self.check_state(dstate, n)
        return [part.copy() for part in dstate]

    def check_state(self, state, n):
        """Refuse what is not the state of n sequences, or its gradient."""
        shape = (n, self.n_units)
        fits = isinstance(state, (tuple, list)) and len(state) == 2
        if not fits or not all(is_floats(part) and part.shape == shape for part in state):
            parts = " and ".join(map(found, state)) if fits else found(state)
            raise UserError(
                f"{named(self)} cannot take the state {parts}: "
                f"it needs two arrays of floats {shape}"
            )


def gates_of(z):
    """The columns of the four gates in z (N, 4H), in the order i, f, o, g: views (N, H)."""
    H = z.shape[1] // 4
    return [z[:, k * H : (k + 1) * H] for k in range(4)]


def sigmoid(z):
    """1 / (1 + exp(-z)), by tanh: so it does not overflow."""
    return 0.5 * (1 + xp.tanh(0.5 * z))


def slope_sigmoid(y):
    """The derivative of y = sigmoid(z), y (1 - y)."""
    return y - y * y


def slope_tanh(y):
    """The derivative of y = tanh(z), 1 - y^2."""
    return 1 - y * y

"""The recurrent contract, and the LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

Sequences have time first: x (T, N, D) is T steps of N samples. This is the one place that says so, and
all layers for sequences follow. A state is a tuple of arrays (N, H); an LSTM's is (h, c), output and cell.

    y, state, cache = lstm.forward(x, state)                # x (T, N, n_in) -> y (T, N, H)
    dx, dstate = lstm.backward(dy, dstate, cache)           # dy (T, N, H) -> dx (T, N, n_in)

**The state is handed in and out, not kept.** A long sequence is a chain of chunks of any length T >= 1:
each `forward` takes the state that the last one returned, or `initial_state(n)` where a sequence starts.
The state has arrays of its own; y may share the cache's: read it, do not write into it.
On the way back `dstate` goes in as the gradient at the state after the last step, from whatever comes
later (None: nothing does), and comes out as the gradient at the state before the first. Passed from
chunk to chunk it makes their gradients those of the whole sequence; not passed, it truncates them.

**Gradients are per sample**, as in `layer`, and a sample's loss is the sum over its steps: grads["W"] is
(1/N) sum_n dL_n/dW, never divided by T.
"""

import numpy as np

from dni_np.arguments import number, precision, size
from dni_np.backend import FLOAT, asarray, xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch, check_gradient, found, is_floats, named
from dni_np.nn.initializers import glorot_uniform
from dni_np.nn.layer import Layer


class LSTM(Layer):
    """Long short-term memory: a cell c that forgets and adds, and gates that say how much.

        i = sigmoid(z_i)   f = sigmoid(z_f)   o = sigmoid(z_o)   g = tanh(z_g)      z = [x_t, h_{t-1}] W + b
        c_t = f c_{t-1} + i g                 h_t = o tanh(c_t)

    W (n_in + H, 4H) and b (4H,) hold the four gates side by side, in the order i, f, o, g. Each gate's
    weights start as a layer's of their own would; b starts at zero, `forget_bias` for f: at 1 a new LSTM
    remembers (Gers et al. 2000, Jozefowicz et al. 2015).

    `start` is how many steps of the sequence came before this chunk. It is all the same to an LSTM;
    `BatchNormLSTM` looks at it.
    """

    def __init__(self, n_in, n_units, rng, forget_bias=1.0, init=glorot_uniform, dtype=FLOAT):
        n_in, n_units, dtype = size("n_in", n_in), size("n_units", n_units), precision(dtype)
        W = np.concatenate([init(n_in + n_units, n_units, rng) for _ in range(4)], axis=1)
        super().__init__(W=asarray(W, dtype), b=xp.zeros(4 * n_units, dtype))
        self.params["b"][n_units : 2 * n_units] = number("forget_bias", forget_bias, "(-inf, inf)")
        self.n_in, self.n_units = n_in, n_units

    def initial_state(self, n):
        """Zeros for n sequences that start now."""
        shape, dtype = (size("n", n), self.n_units), self.params["W"].dtype
        return xp.zeros(shape, dtype), xp.zeros(shape, dtype)

    def forward(self, x, state, training=True, start=0):
        """x (T, N, n_in), state (h, c) -> (y (T, N, H), state after the last step, cache)."""
        self.check(x, state)
        (T, N, _), H, dtype = x.shape, self.n_units, self.params["W"].dtype
        W = self.stacked()  # (n_in + H + 1, 4H)
        seen = xp.empty((T + 1, N, len(W)), dtype)  # [x_t, h_{t-1}, 1]: what the gates see
        seen[:T, :, : self.n_in], seen[:, :, -1] = x, 1
        h = seen[:, :, self.n_in : -1]  # (T + 1, N, H): written where the next step reads it
        c = xp.empty((T + 1, N, H), dtype)
        h[0], c[0] = state
        gates = xp.empty((T, 4, N, H), dtype)  # each gate in one piece: NumPy goes through it twice as fast
        z = xp.empty((N, 4 * H), dtype)
        for t in range(T):
            xp.matmul(seen[t], W, out=z)
            for gate, column in zip(gates[t], columns(z)):
                xp.tanh(column, out=gate)
            sigmoids = gates[t, :3]
            sigmoids += 1
            sigmoids *= 0.5
            i, f, o, g = gates[t]
            xp.multiply(f, c[t], out=c[t + 1])
            c[t + 1] += i * g
            xp.multiply(o, xp.tanh(c[t + 1]), out=h[t + 1])
        return h[1:], (h[T].copy(), c[T].copy()), (seen, c, gates)

    def backward(self, dy, dstate, cache, input_gradient=True):
        """dy (T, N, H), dstate (dh, dc) or None -> (dx (T, N, n_in), dstate before the first step)."""
        seen, c, gates = cache
        T, _, N, H = gates.shape
        check_gradient(self, dy, (T, N, H))
        recurrent = self.params["W"][self.n_in :].T  # (4H, H)
        dh, dc = self.state_gradient(dstate, N)
        dz = xp.empty((T, N, 4 * H), gates.dtype)
        for t in reversed(range(T)):
            i, f, o, g = gates[t]
            slope_i, slope_f, slope_o, slope_g = slopes(gates[t])
            dz_i, dz_f, dz_o, dz_g = columns(dz[t])
            squashed = xp.tanh(c[t + 1])  # once more: no slower than fetching it from memory
            dh += dy[t]
            dc += dh * o * slope_tanh(squashed)  # c_t reaches the loss through h_t and through c_{t+1}
            xp.multiply(dc * g, slope_i, out=dz_i)
            xp.multiply(dc * c[t], slope_f, out=dz_f)
            xp.multiply(dh * squashed, slope_o, out=dz_o)
            xp.multiply(dc * i, slope_g, out=dz_g)
            dc *= f
            xp.matmul(dz[t], recurrent, out=dh)
        rows = dz.reshape(T * N, 4 * H)
        dW = seen[:T].reshape(T * N, -1).T @ rows  # (n_in + H + 1, 4H), all steps in one product
        xp.multiply(dW[:-1], 1 / N, out=self.grads["W"])
        xp.multiply(dW[-1], 1 / N, out=self.grads["b"])
        dx = (rows @ self.params["W"][: self.n_in].T).reshape(T, N, self.n_in) if input_gradient else None
        return dx, (dh, dc)

    def cell_path(self, cache):
        """How the chunk of that cache passes a change of the cell on, along the cell alone, (N, H) twice.

        The product of its f_t, for dc_T/dc_0; and where it ends dh_T/dc_T = o (1 - tanh(c)^2).
        """
        _, c, gates = cache
        return gates[:, 1].prod(axis=0), gates[-1, 2] * slope_tanh(xp.tanh(c[-1]))

    def stacked(self):
        """W over b, the sigmoids' columns halved: sigmoid(z) = (1 + tanh(z / 2)) / 2, so all gates are tanh."""
        W, b = self.params["W"], self.params["b"]
        stacked = xp.concatenate([W, b[None]])
        stacked[:, : 3 * self.n_units] *= 0.5
        return stacked

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


def columns(z):
    """The four gates' columns of z (N, 4H), as views (N, H)."""
    H = z.shape[1] // 4
    return [z[:, k * H : (k + 1) * H] for k in range(4)]


def slopes(gates):
    """The derivatives of gates (4, N, H), by their outputs: s (1 - s) for the sigmoids i, f, o, 1 - g^2 for g."""
    slopes = gates * gates
    xp.subtract(gates[:3], slopes[:3], out=slopes[:3])
    xp.subtract(1, slopes[3], out=slopes[3])
    return slopes


def slope_tanh(y):
    """The derivative of y = tanh(x), 1 - y^2."""
    slope = y * y
    return xp.subtract(1, slope, out=slope)

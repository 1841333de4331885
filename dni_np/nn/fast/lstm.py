"""Fast LSTM: the function and gradient of `nn.lstm`, in few large pieces.

All gates are one function, as sigmoid(z) = (1 + tanh(z / 2)) / 2: the halves are put into W. What
the gates see, [x_t, h_{t-1}, 1], lies side by side for all steps, so that a step is one product
that includes the bias, and the weights' gradient is one product for the whole chunk. What a step
computes is written where the next step reads it.
"""

from dni_np.backend import xp
from dni_np.nn.checks import check_gradient
from dni_np.nn.lstm import LSTM, gates_of


class FastLSTM(LSTM):
    """LSTM with a cache of three arrays: what the gates saw, the cells, the gates."""

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
        # Each gate in one piece: NumPy goes through it twice as fast.
        gates = xp.empty((T, 4, N, H), dtype)
        z = xp.empty((N, 4 * H), dtype)
        for t in range(T):
            xp.matmul(seen[t], W, out=z)
            for gate, column in zip(gates[t], gates_of(z)):
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
        """dy (T, N, H), dstate (dh, dc) or None -> (dx (T, N, n_in), dstate before step one)."""
        seen, c, gates = cache
        T, _, N, H = gates.shape
        check_gradient(self, dy, (T, N, H))
        recurrent = self.params["W"][self.n_in :].T  # (4H, H)
        dh, dc = self.state_gradient(dstate, N)
        dz = xp.empty((T, N, 4 * H), gates.dtype)
        for t in reversed(range(T)):
            i, f, o, g = gates[t]
            slope_i, slope_f, slope_o, slope_g = slopes(gates[t])
            dz_i, dz_f, dz_o, dz_g = gates_of(dz[t])
            squashed = xp.tanh(c[t + 1])  # once more: no slower than fetching it from memory
            dh += dy[t]
            dc += dh * o * slope_tanh(squashed)
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
        if not input_gradient:
            return None, (dh, dc)
        dx = rows @ self.params["W"][: self.n_in].T
        return dx.reshape(T, N, self.n_in), (dh, dc)

    def cell_path(self, cache):
        _, c, gates = cache
        return gates[:, 1].prod(axis=0), gates[-1, 2] * slope_tanh(xp.tanh(c[-1]))

    def stacked(self):
        """W over b, the sigmoids' columns halved, so that all gates are a tanh."""
        W, b = self.params["W"], self.params["b"]
        stacked = xp.concatenate([W, b[None]])
        stacked[:, : 3 * self.n_units] *= 0.5
        return stacked


def slopes(gates):
    """The derivatives of gates (4, N, H) by their outputs: s (1 - s) for i, f, o; 1 - g^2 for g."""
    slopes = gates * gates
    xp.subtract(gates[:3], slopes[:3], out=slopes[:3])
    xp.subtract(1, slopes[3], out=slopes[3])
    return slopes


def slope_tanh(y):
    """The derivative of y = tanh(z), 1 - y^2, in one new array."""
    slope = y * y
    return xp.subtract(1, slope, out=slope)

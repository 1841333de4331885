"""The batch-normalized LSTM (Cooijmans et al. 2016, "Recurrent Batch Normalization").

    z   = BN(x_t W_x; gamma_x) + BN(h_{t-1} W_h; gamma_h) + b        gates i, f, o, g as in `lstm`
    c_t = f c_{t-1} + i g            h_t = o tanh(BN(c_t; gamma_c, beta_c))

The sums from the input and from the past are normalized separately, and so is the cell on
its way to h; the cell itself is not, so that it can remember. The two sums share the LSTM's bias b
in place of a beta each. Every gamma starts at 0.1: at 1 the tanhs and sigmoids saturate and
gradients vanish.
"""

from dni_np.arguments import number, size
from dni_np.backend import FLOAT, xp
from dni_np.errors import UserError
from dni_np.nn.batchnorm import batch_mean
from dni_np.nn.checks import check_gradient
from dni_np.nn.initializers import glorot_uniform
from dni_np.nn.lstm import LSTM, gates_of, sigmoid, slope_sigmoid, slope_tanh


class BatchNormLSTM(LSTM):
    """The recurrent contract of `lstm`, with statistics of its own for each step of a sequence.

    At the start of a sequence activations differ from those later on, so that running statistics
    are kept step by step: row t of `buffers` is for step t, the last row for all from
    `max_steps` - 1 on. The caller gives the step at which a chunk begins: step k of a chunk is step
    `start` + k.

    A state of zeros has no variance: BN then returns zeros, and the gradient at that state is
    gamma / sqrt(eps) times the gradient that arrives, about 30 times. Where the gradient at the
    start is needed, begin from small noise.
    """

    def __init__(
        self,
        n_in,
        n_units,
        rng,
        max_steps,
        forget_bias=1.0,
        init=glorot_uniform,
        gamma=0.1,
        momentum=0.1,
        eps=1e-5,
        dtype=FLOAT,
    ):
        super().__init__(n_in, n_units, rng, forget_bias, init, dtype)
        n_units, dtype = self.n_units, self.params["W"].dtype
        self.max_steps = size("max_steps", max_steps)
        self.momentum, self.eps = (
            number("momentum", momentum, "(0, 1]"),
            number("eps", eps, "(0, inf)"),
        )
        gamma = number("gamma", gamma, "(-inf, inf)")
        widths = {"x": 4 * n_units, "h": 4 * n_units, "c": n_units}
        for name, width in widths.items():
            self.params[f"gamma_{name}"] = xp.full(width, gamma, dtype)
            self.buffers[f"mean_{name}"] = xp.zeros((self.max_steps, width), dtype)
            self.buffers[f"var_{name}"] = xp.ones((self.max_steps, width), dtype)
        self.params["beta_c"] = xp.zeros(n_units, dtype)
        self.grads = {name: xp.zeros_like(value) for name, value in self.params.items()}

    cell_path = None  # a normalized cell depends on the whole batch, not on its own past alone

    def forward(self, x, state, training=True, start=0):
        """x (T, N, n_in), state (h, c) -> (y (T, N, H), state after the last step, cache)."""
        self.check(x, state)
        start = size("start", start, least=0)
        W_x, W_h = self.params["W"][: self.n_in], self.params["W"][self.n_in :]
        from_x = x @ W_x  # (T, N, 4H)
        h, c = state
        y = xp.empty((*x.shape[:2], self.n_units), from_x.dtype)
        steps = []
        for t in range(len(x)):
            row = min(start + t, self.max_steps - 1)
            z, norm_x = self.normalize("x", from_x[t], row, training)
            z_h, norm_h = self.normalize("h", h @ W_h, row, training)
            z += z_h
            z += self.params["b"]
            z_i, z_f, z_o, z_g = gates_of(z)
            i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), xp.tanh(z_g)
            h_before, c_before = h, c
            c = f * c + i * g
            out, norm_c = self.normalize("c", c, row, training)
            out += self.params["beta_c"]
            squashed = xp.tanh(out)
            h = o * squashed
            y[t] = h
            norms = norm_x, norm_h, norm_c
            steps.append((i, f, o, g, squashed, h_before, c_before, norms))
        return y, (h, c), (x, steps)

    def backward(self, dy, dstate, cache, input_gradient=True):
        """dy (T, N, H), dstate (dh, dc) or None -> (dx (T, N, n_in), dstate before step one)."""
        x, steps = cache
        n = x.shape[1]
        check_gradient(self, dy, (*x.shape[:2], self.n_units))
        W_x, W_h = self.params["W"][: self.n_in], self.params["W"][self.n_in :]
        for gradient in self.grads.values():
            gradient[...] = 0
        dW_x, dW_h = self.grads["W"][: self.n_in], self.grads["W"][self.n_in :]
        dx = xp.empty_like(x) if input_gradient else None
        dh, dc = self.state_gradient(dstate, n)
        for t in reversed(range(len(x))):
            i, f, o, g, squashed, h_before, c_before, (norm_x, norm_h, norm_c) = steps[t]
            dh = dh + dy[t]
            dout = dh * o * slope_tanh(squashed)  # (N, H), at BN(c_t)
            self.grads["beta_c"] += batch_mean(dout)
            dc = dc + self.normalize_backward("c", dout, norm_c)
            dz_i = dc * g * slope_sigmoid(i)
            dz_f = dc * c_before * slope_sigmoid(f)
            dz_o = dh * squashed * slope_sigmoid(o)
            dz_g = dc * i * slope_tanh(g)
            dz = xp.concatenate([dz_i, dz_f, dz_o, dz_g], axis=1)  # (N, 4H)
            self.grads["b"] += batch_mean(dz)
            dfrom_x = self.normalize_backward("x", dz, norm_x)
            dfrom_h = self.normalize_backward("h", dz, norm_h)
            dW_x += x[t].T @ dfrom_x / n
            dW_h += h_before.T @ dfrom_h / n
            if input_gradient:
                dx[t] = dfrom_x @ W_x.T
            dh, dc = dfrom_h @ W_h.T, dc * f
        return dx, (dh, dc)

    def normalize(self, name, a, row, training):
        """gamma (a - mean) / sqrt(var + eps) for a (N, D), as in `batchnorm`; and its cache."""
        mean, var = (self.buffers[f"{kind}_{name}"][row] for kind in ("mean", "var"))
        if training:
            if len(a) < 2:
                raise UserError(
                    "BatchNormLSTM needs at least 2 sequences in a training batch: "
                    "the variance of one is zero"
                )
            new_mean = batch_mean(a)  # (D,)
            centered = a - new_mean
            new_var = batch_mean(centered * centered)
            for running, new in ((mean, new_mean), (var, new_var * (len(a) / (len(a) - 1)))):
                running *= 1 - self.momentum
                running += self.momentum * new
            var = new_var
        else:
            centered = a - mean
        scale = 1 / xp.sqrt(var + self.eps)  # (D,)
        centered *= scale
        return centered * self.params[f"gamma_{name}"], (centered, scale, training)

    def normalize_backward(self, name, dy, cache):
        """dy (N, D) -> da; adds this step's share to the gradient of gamma."""
        normalized, scale, training = cache
        product = batch_mean(dy * normalized)  # (D,)
        self.grads[f"gamma_{name}"] += product
        da = dy.copy()
        if training:
            da -= batch_mean(dy)
            da -= normalized * product
        da *= self.params[f"gamma_{name}"] * scale
        return da

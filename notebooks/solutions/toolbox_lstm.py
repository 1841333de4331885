"""Solutions of the cells to write in the toolbox of the LSTM; the tests run them in their place."""


def lstm_step_backward(dh, dc, W, cache):
    x, h, c, i, f, o, g, c_new = cache
    squashed = np.tanh(c_new)
    dc = dc + dh * o * (1 - squashed**2)  # the two ways
    dz_i, dz_f = dc * g * i * (1 - i), dc * c * f * (1 - f)
    dz_o, dz_g = dh * squashed * o * (1 - o), dc * i * (1 - g**2)
    dz = np.concatenate([dz_i, dz_f, dz_o, dz_g], axis=1)  # (N, 4H)
    dx, dh_before = np.split(dz @ W.T, [x.shape[1]], axis=1)
    return dx, dh_before, dc * f, np.concatenate([x, h], axis=1).T @ dz, dz.sum(axis=0)

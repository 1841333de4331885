"""Solutions of the cells to write in notebook 09; the tests run them in their place."""


def join_label(h, label):
    n, height, width, _ = h.shape
    everywhere = np.broadcast_to(label[:, None, None, :], (n, height, width, label.shape[1]))
    return np.concatenate([h, everywhere], axis=3)

"""Solutions of the cells to write in notebook 04; the tests run them in their place."""


def share_explained(sees, true):
    sees = np.hstack([sees, np.ones((len(sees), 1))])  # the last row of the matrix is the bias
    half = len(sees) // 2
    M = np.linalg.lstsq(sees[:half], true[:half], rcond=1e-3)[0]
    missed = true[half:] - sees[half:] @ M
    return float(1 - (missed**2).sum() / (true[half:] ** 2).sum())

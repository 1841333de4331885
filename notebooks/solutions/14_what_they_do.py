"""Solutions of the cells to write in notebook 14; the tests run them in their place."""


def dissimilarity(h):
    centered = h - h.mean(axis=1, keepdims=True)
    rows = centered / np.linalg.norm(centered, axis=1, keepdims=True)
    return 1 - rows @ rows.T

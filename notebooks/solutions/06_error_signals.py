"""Solutions of the cells to write in notebook 06; the tests run them in their place."""


def direct_signals(e, h2, W, B):
    d2 = e @ B[1]
    d1 = e @ B[0]
    return d1, d2

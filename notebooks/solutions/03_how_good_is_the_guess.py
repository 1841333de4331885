"""Solutions of the cells to write in notebook 03; the tests run them in their place."""


def pooled_cosine(guess, true):
    lengths = np.linalg.norm(guess) * np.linalg.norm(true)  # of all entries: Frobenius norms
    return float((guess * true).sum() / lengths) if lengths > 0 else 0.0

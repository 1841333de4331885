"""Solutions of the cells to write in notebook 12; the tests run them in their place."""


def corrections(deltas, slopes, paths, lam):
    R, reach = [], []  # of each boundary so far, and how much of news at this one reaches it
    for k, (delta_h, delta_c) in enumerate(deltas):
        news = delta_c + delta_h * slopes[k]
        for (_, R_c), share in zip(R, reach):
            R_c += share * news
        R.append((delta_h, delta_c.copy()))
        reach.append(np.ones_like(delta_c))
        if k < len(paths):
            reach = [lam * share * paths[k] for share in reach]
    return [np.concatenate(pair, axis=1) for pair in R]

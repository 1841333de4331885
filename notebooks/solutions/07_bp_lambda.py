"""Solutions of the cells to write in notebook 07; the tests run them in their place."""


def mixed_gradients(true, guesses, lambdas, back):
    z, mixed = [true], []
    for k in reversed(range(len(guesses))):
        mixed.insert(0, lambdas[k] * z[0] + (1 - lambdas[k]) * guesses[k])
        z.insert(0, back(mixed[0], k + 1))
    return z[1:], mixed

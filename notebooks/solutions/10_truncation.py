"""Solutions of the cells to write in notebook 10; the tests run them in their place."""


def in_order_of_time(network, episode, T, boundaries):
    core, dy = network[0], loss_gradient(network, episode)
    state, total = core.initial_state(episode.inputs.shape[1]), 0
    for t, dstate in zip(range(0, len(dy), T), boundaries):
        _, state, cache = core.forward(episode.inputs[t : t + T], state)
        core.backward(dy[t : t + T], dstate, cache)
        total = total + np.concatenate([core.grads["W"].ravel(), core.grads["b"]])
    return total

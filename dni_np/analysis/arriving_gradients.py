"""What is each layer told, and what is true? For every rule, also where nobody guesses.

    rule.step(x, y)      core k learns from some delta_k (N, ...) in place of dL/dh_k, whichever way the rule made it

So let the rule do a step, listen at each core's `backward`, and put everything back as it was. A core's forward pass may be
sent backward more than once (Kickback sends a made-up gradient through a core before that core learns); the last time
counts, whose `grads` the optimizer takes. A second forward pass does not (true targets make one, for the guesses).

The truth is dL/dh_k of the same samples, backpropagated through the cores as they were before the step, in training mode.

Nothing arrives (None) at a core that does not learn: below the top in No Bprop, and in sparse updates at a core asleep. The
coins are those that the next step will toss again; with `rule.probability = 1` all are awake. In complete unlock a core goes
forward from a synthetic input, and its guess belongs to what it made of that. The truth here is nevertheless that of the
real activations: the network that predicts has no others. The two then belong to the same sample, but to two places.
"""

from contextlib import contextmanager

from dni_np.errors import UserError
from dni_np.rules.true_targets import true_gradients


def arriving_gradients(rule, x, y):
    """For each core but the top one (what arrives or None, dL/dh), both (N, ...) on the device.

    `x`, `y` are a batch that the rule can learn from: stale gradients want as many samples as they have rows. The rule is as
    before afterwards: parameters, buffers, optimizers, coins (`grads` are overwritten, as by every backward pass).
    """
    if not rule.cores:
        raise UserError(f"{type(rule).__name__} is no stack of cores: arriving gradients are for rules on images and sums")
    before = rule.state()
    try:
        feed_back_weights(rule.cores)
        _, truths = true_gradients(rule.cores, rule.loss_unit.loss, x, y)
        rule.load_state(before)  # fixed feedback is fixed feedback again
        with listening(rule.cores[:-1]) as arrived:
            rule.step(x, y)
    finally:
        rule.load_state(before)
    return list(zip(arrived, truths))


def feed_back_weights(cores):
    """In feedback alignment the way down leads through B, a buffer beside each W. With B = W it is the true one."""
    for core in cores:
        for name, B in core.buffers.items():
            if name.split(".")[-1] == "B":
                B[...] = core.params[name[:-1] + "W"]


@contextmanager
def listening(cores):
    """A list, filled while the block runs with the gradient that each core's first forward pass got back, or None."""
    arrived = [None] * len(cores)
    for k, core in enumerate(cores):
        listen(core, arrived, k)
    try:
        yield arrived
    finally:
        for core in cores:
            del core.forward, core.backward  # the object's own; the class's come to light again


def listen(core, arrived, k):
    """Give this one object its own `forward` and `backward`, which do the same and write `arrived[k]`."""
    forward, backward, caches = core.forward, core.backward, []

    def forward_heard(x, training=True):
        h, cache = forward(x, training)
        caches.append(cache)
        return h, cache

    def backward_heard(dh, cache, input_gradient=True):
        if cache is caches[0]:
            arrived[k] = dh.copy()
        return backward(dh, cache, input_gradient)

    core.forward, core.backward = forward_heard, backward_heard

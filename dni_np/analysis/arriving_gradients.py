"""Arriving gradients: what each layer receives in place of the true gradient, for every rule.

    rule.step(x, y)      core k learns from some delta_k (N, ...) in place of dL/dh_k, whichever
                         way the rule made it

So the rule makes one step, each core's `backward` is recorded, and everything is restored. A core's
forward pass may be sent backward more than once (Kickback sends a made-up gradient through a core
before that core learns); the last time counts, whose `grads` the optimizer uses. A second forward
pass does not count (true targets make one, for the guesses).

The true gradient is dL/dh_k of the same samples, backpropagated through the cores as they were
before the step, in training mode.

Nothing arrives (None) at a core that is not updated: below the top in No Bprop, and at a core that
sparse updates leave out. The random draws are those that the next step will make again; with
`rule.probability = 1` all cores are updated. In complete unlock a core runs forward from a
synthetic input, and its guess belongs to the output of that. The true gradient here is nevertheless
that of the real activations: the network that predicts has no others. The two then belong to the
same sample, but to two different activations.
"""

from contextlib import contextmanager

from dni_np.errors import UserError
from dni_np.rules.true_targets import true_gradients


def arriving_gradients(rule, x, y):
    """For each core but the top one (what arrives or None, dL/dh), both (N, ...) on the device.

    `x`, `y` are a batch that the rule can learn from: stale gradients need as many samples as they
    have rows. The rule is unchanged afterwards: parameters, buffers, optimizers, random Generators
    (`grads` are overwritten, as by every backward pass).
    """
    if not rule.cores:
        raise UserError(
            f"{type(rule).__name__} is no stack of cores: "
            "arriving gradients are for rules on images and sums"
        )
    before = rule.state()
    try:
        feed_back_weights(rule.cores)
        _, truths = true_gradients(rule.cores, rule.loss_unit.loss, x, y)
        rule.load_state(before)  # restores the fixed feedback B
        with recorded_gradients(rule.cores[:-1]) as arrived:
            rule.step(x, y)
    finally:
        rule.load_state(before)
    return list(zip(arrived, truths))


def feed_back_weights(cores):
    """Set each feedback B (a buffer beside its W, in feedback alignment) to W: true gradients."""
    for core in cores:
        for name, B in core.buffers.items():
            if name.split(".")[-1] == "B":
                B[...] = core.params[name[:-1] + "W"]


@contextmanager
def recorded_gradients(cores):
    """Yield a list of the gradients, or None, that each core's first forward pass receives back.

    It is filled while the block runs.
    """
    arrived, before = [None] * len(cores), [dict(vars(core)) for core in cores]
    for k, core in enumerate(cores):
        record(core, arrived, k)
    try:
        yield arrived
    finally:
        for core, own in zip(cores, before):
            del core.forward, core.backward  # the object's own: those of its class remain
            vars(core).update(own)  # or those of whoever else records


def record(core, arrived, k):
    """Replace `forward` and `backward` of this object by ones that also write `arrived[k]`."""
    forward, backward, caches = core.forward, core.backward, []

    def recorded_forward(x, training=True):
        h, cache = forward(x, training)
        caches.append(cache)
        return h, cache

    def recorded_backward(dh, cache, input_gradient=True):
        if cache is caches[0]:
            arrived[k] = dh.copy()
        return backward(dh, cache, input_gradient)

    core.forward, core.backward = recorded_forward, recorded_backward

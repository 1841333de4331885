"""Synthetic beside true gradients of the messages from A to B, without disturbing training (see `probe`)."""

from dni_np.analysis.gradient_probe import undisturbed
from dni_np.backend import xp


def message_gradients(rule, chunks):
    """For a `Decoupled` rule and one whole stream: M(message), dL/dmessage, both (ticks, N, units) on the device.

    The true gradient is backpropagated through B as it is now.
    """
    with undisturbed([rule.a, rule.b, rule.guess]):
        messages = xp.stack([message for message, *_ in rule.ticks_of_a(chunks)])
        logits, cache = rule.b.forward(messages)
        _, dlogits = rule.loss(logits, chunks[-1].threes)
        true = rule.b.backward(dlogits, cache)
        seen = xp.stack([rule.look(message, chunk) for message, chunk in zip(messages, chunks)])
        return rule.guess_each.forward(seen)[0], true

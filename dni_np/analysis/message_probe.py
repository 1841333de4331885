"""Message probe: synthetic and true gradients of the messages from A to B.

Training is not disturbed (see `gradient_probe`).
"""

from dni_np.analysis.gradient_probe import undisturbed
from dni_np.backend import xp


def message_gradients(rule, chunks):
    """For a `Decoupled` rule and one whole stream, (M(message), dL/dmessage).

    Both are (ticks, N, units) on the device. The true gradient is backpropagated through B with its
    present weights.
    """
    with undisturbed([rule.a, rule.b, rule.guess]):
        messages = [message for message, *_ in rule.ticks_of_a(chunks)]
        logits, cache = rule.b.forward(xp.stack(messages))
        _, dlogits = rule.loss(logits, chunks[-1].threes)
        true = rule.b.backward(dlogits, cache)
        seen = rule.context(chunks, messages[0].dtype)
        guesses, _ = rule.guesses(messages, [seen])
        return guesses.reshape(true.shape), true

"""Two networks on two clocks: does A wait for B? (Jaderberg et al. 2017, section D.3)

B runs once while A runs T times, and has a loss only at the end of a stream, after `ticks` of its
own runs. Only then are the gradients of A's messages known:

    Locked       A keeps all its steps in memory until B's loss and the gradient of every message
                 have been computed; then both are updated, once.
    Decoupled    M guesses the gradient of a message when it is sent. A is updated every T steps,
                 on its own loss and on 10 M(message). At the end of the stream M learns from the
                 true gradients of the messages.

A counts over T steps, and in both rules it is backpropagated through these T steps; its state goes
on from tick to tick as a constant. So the rules differ in one thing: when the messages' gradients
come, and from where. (That A is updated at every tick with DNI and once for all of them without is
from memory, not checked; section D.3 gives the networks and the factor of 10.)

A step is one stream, from its first digit to B's loss: a list of chunks, one a tick, each with

    x (T, N, pixels), odd (N,), threes (N,), and the flags fresh and last

as in `data.odd_and_threes`. Nothing needs B before the end: its ticks are run together there.
"""

from dni_np.arguments import number
from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.time_distributed import as_rows
from dni_np.rules.rule import Rule


class Locked(Rule):
    """Backpropagation through the messages: A's update waits for B's."""

    def __init__(self, a, b, optimizer_a, optimizer_b):
        self.a, self.b, self.optimizer_a, self.optimizer_b = a, b, optimizer_a, optimizer_b
        self.loss = SoftmaxCrossEntropy()

    def step(self, chunks):
        messages, waiting, odd_loss = [], [], 0
        for message, loss, dlogits, cache in self.ticks_of_a(chunks):
            odd_loss = odd_loss + loss
            messages.append(message)
            waiting.append((dlogits, cache))
        threes_loss, dmessages = self.train_b(messages, chunks[-1].threes)
        total = xp.zeros_like(self.optimizer_a.grads)
        for (dlogits, cache), dmessage in zip(waiting, dmessages):
            self.a.backward(dlogits, dmessage, cache)
            total += self.optimizer_a.grads
        self.optimizer_a.grads[...] = total
        self.optimizer_a.step()
        return losses(odd_loss / len(chunks), threes_loss)

    def ticks_of_a(self, chunks):
        """Run A: for each tick its message, its own loss, that loss's gradient, and the cache."""
        flags = [(chunk.fresh, chunk.last) for chunk in chunks]
        if not flags or flags != [(i == 0, i == len(flags) - 1) for i in range(len(flags))]:
            raise UserError(
                "one step needs one whole stream of digits: "
                "a chunk that is fresh first, and one that is last at the end"
            )
        check_batch(self.a.digits, chunks[0].x, (3,))
        state, start = self.a.core.initial_state(chunks[0].x.shape[1]), 0
        for chunk in chunks:
            (logits, message), state, cache = self.a.forward(chunk.x, state, start=start)
            start += len(chunk.x)
            yield message, *self.loss(logits, chunk.odd), cache

    def train_b(self, messages, threes):
        """Update B from the messages of a stream, `ticks` arrays (N, units).

        Return its loss and the messages' true gradients (ticks, N, units).
        """
        logits, cache = self.b.forward(xp.stack(messages))
        loss, dlogits = self.loss(logits, threes)
        dmessages = self.b.backward(dlogits, cache)
        self.optimizer_b.step()
        return loss, dmessages

    def predict(self, chunks):
        """At test time: the logits for the odd digits at each tick, and those for the threes."""
        state, start, odd, messages = self.a.core.initial_state(chunks[0].x.shape[1]), 0, [], []
        for chunk in chunks:
            (logits, message), state, _ = self.a.forward(
                chunk.x, state, training=False, start=start
            )
            start += len(chunk.x)
            odd.append(logits)
            messages.append(message)
        return odd, self.b.forward(xp.stack(messages), training=False)[0]

    def errors(self, chunks):
        """At test time, for each answer: (how many are wrong, the mean loss), device scalars.

        {"odd": one for each tick, "threes": one in all}.
        """
        odd, threes = self.predict(chunks)
        asked = {
            "odd": [(logits, chunk.odd) for logits, chunk in zip(odd, chunks)],
            "threes": [(threes, chunks[-1].threes)],
        }
        return {
            name: [(self.loss.errors(*answer), self.loss(*answer)[0]) for answer in answers]
            for name, answers in asked.items()
        }

    def parts(self):
        optimizers = {"optimizer_a": self.optimizer_a, "optimizer_b": self.optimizer_b}
        return {"a": self.a, "b": self.b, **optimizers}


class Decoupled(Locked):
    """DNI on the messages: A does not wait. `guess` is M, a SyntheticGradient of a message.

    `factor` multiplies its guess before that enters A.
    """

    def __init__(self, a, b, optimizer_a, optimizer_b, guess, guess_optimizer, factor=10.0):
        super().__init__(a, b, optimizer_a, optimizer_b)
        self.guess, self.guess_optimizer = guess, guess_optimizer
        self.factor = number("factor", factor, "[0, inf)")

    def step(self, chunks):
        messages, seen, odd_loss = self.train_a(chunks)
        threes_loss, dmessages = self.train_b(messages, chunks[-1].threes)
        gradient_loss = self.train_guess(messages, seen, dmessages)
        return {**losses(odd_loss, threes_loss), "gradient_loss": gradient_loss}

    def train_a(self, chunks, send=None):
        """A's part in a stream: (its messages, what the guess saw beside each, its mean loss).

        Each message may be sent at once.
        """
        messages, seen, odd_loss = [], [], 0
        for (message, loss, dlogits, cache), chunk in zip(self.ticks_of_a(chunks), chunks):
            odd_loss = odd_loss + loss
            context = self.context([chunk], message.dtype)
            guess, _ = self.guess.forward(message, context)
            self.a.backward(dlogits, self.factor * guess, cache)
            self.optimizer_a.step()  # before B has received the message
            messages.append(message)
            seen.append(context)
            if send is not None:
                send(message)
        return messages, seen, odd_loss / len(chunks)

    def context(self, chunks, dtype):
        """What M sees beside the messages of these ticks, {name: (ticks N, width)}."""
        return {}

    def guesses(self, messages, seen):
        """The guesses for messages (N, units) of all ticks, (ticks N, units), and M's cache."""
        context = {name: xp.concatenate([one[name] for one in seen]) for name in seen[0]}
        return self.guess.forward(xp.concatenate(messages), context)

    def train_guess(self, messages, seen, dmessages):
        """M descends 1/2 ||M(message) - its true gradient||^2, summed over the ticks.

        Returns the mean before.
        """
        guesses, cache = self.guesses(messages, seen)
        error = guesses - as_rows(dmessages)
        self.guess.backward(error, cache)
        for gradient in self.guess.grads.values():
            gradient *= len(messages)  # the sum over the ticks, the mean over the streams
        self.guess_optimizer.step()
        return xp.vdot(error, error) * (0.5 / len(error))

    def parts(self):
        return {**super().parts(), "guess": self.guess, "guess_optimizer": self.guess_optimizer}

    def parts_of(self, networks):
        """The `parts` of A with the guess (0), of B (1), or of both."""
        of_b = ("b", "optimizer_b")
        return {name: one for name, one in self.parts().items() if (name in of_b) in networks}


def losses(odd, threes):
    """The metrics by name; "loss" is the sum of both."""
    return {"loss": odd + threes, "odd_loss": odd, "threes_loss": threes}

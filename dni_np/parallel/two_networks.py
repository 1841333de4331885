"""Two networks on two workers: A, in the caller, never waits for B (see rules.two_networks).

    A        at every tick: forward, guess, update, and the message is sent
    B        at the end of a stream: forward, backward, update; the messages' gradients are sent
    guess    learns from them when they come, from what it saw then

A message goes up when it is made, a tick at a time; its gradient comes down a stream later, or as
much later as B takes. With `staleness` D, A goes on for D streams at most without an answer. B runs
once while A runs T times, so an answer is there long before. With D = 0 A waits for it between two
streams, and both are one worker bit for bit.
"""

from collections import deque

from dni_np.backend import asarray
from dni_np.errors import UserError
from dni_np.parallel.mailbox import Message
from dni_np.parallel.pipeline import Pipeline
from dni_np.parallel.serve import Job
from dni_np.rules.two_networks.decoupled import Decoupled, losses


class TwoNetworksPipeline(Pipeline):
    """`build(clock)` makes a Decoupled; otherwise as a Pipeline of two workers."""

    def __init__(self, build, engine="processes", staleness=4, clock=None):
        super().__init__(build, 2, engine, (1, 1), staleness, clock)

    def check(self, split):
        if not isinstance(self.rule, Decoupled):
            raise UserError(
                f"{type(self.rule).__name__} cannot run on two workers, as A waits for B in it; "
                "Decoupled, DecoupledLabel and DecoupledPixels can"
            )
        self.split = split
        watch(self.log, self.rule)

    def job(self, shares):
        return JobOfB(self.build, shares, self.staleness, self.room, self.room)

    def own_worker(self, share, report, above):
        return WorkerA(self.rule, self.own, self.staleness, report, self.log, above)

    def needs_input(self, share):
        return False

    def step(self, chunks):
        return self.hand_in(chunks, chunks[-1].threes)

    def errors(self, chunks):
        self._bring_home()
        return self.rule.errors(chunks)

    def message_bytes(self, batch_size):
        """{worker: bytes of a message}: A sends one a tick, B sends back all gradients at once."""
        one = batch_size * self.rule.a.message.parts[-1].params["beta"].nbytes
        return {1: one, 2: self.rule.b.core.max_steps * one}

    def _metrics(self, batch):
        found = super()._metrics(batch)
        return {**losses(found["odd_loss"], found["threes_loss"]), **found}


class JobOfB(Job):
    """B's worker, beside the caller."""

    def worker(self, number, lines, clock, report, log):
        rule = self.build(clock)
        watch(log, rule)
        return WorkerB(rule, clock, report, log, lines.below)


class WorkerA:
    """A and the guess. `above` is the Line to B."""

    def __init__(self, rule, clock, staleness, report, log, above):
        self.rule, self.clock, self.staleness = rule, clock, staleness
        self.report, self.log, self.above = report, log, above
        self.waiting = deque()  # (batch, messages, what the guess saw beside them, loss)

    def train(self, batch, chunks, y):
        """One stream: `chunks`, one a tick."""
        self.log.batch, self.clock.step, count = batch, batch - 1, 0
        self.learn(batch - self.staleness)

        def send(message):
            nonlocal count
            count += 1
            last = "last" if count == len(chunks) else ""
            with self.log.noting("send"):
                self.above.send.put(Message("output", batch, {"output": message}, last))

        messages, seen, loss = self.rule.train_a(chunks, send)
        self.waiting.append((batch, messages, seen, loss))
        self.log.batch = None

    def finish(self):
        """Wait for all gradients, and learn from them."""
        self.learn(float("inf"))

    def learn(self, before):
        """Learn from the gradients that came; wait for those of streams earlier than `before`."""
        while self.waiting:
            batch, messages, seen, loss = self.waiting[0]
            message = self.above.receive.get(timeout=0)
            if message is None and batch >= before:
                return
            if message is None:
                with self.log.noting("wait", batch=batch):
                    message = self.above.receive.get()
            self.waiting.popleft()
            with self.log.noting("correct", 1, batch):
                dmessages = asarray(message.arrays["target"])
                gradient_loss = self.rule.train_guess(messages, seen, dmessages)
            self.report(batch, {"odd_loss": loss, "gradient_loss": gradient_loss})


class WorkerB:
    """B. `below` is the Line to A."""

    def __init__(self, rule, clock, report, log, below):
        self.rule, self.clock, self.report, self.log, self.below = rule, clock, report, log, below

    def train(self, batch, x, y):
        """One stream, at whose end y (N,) threes were seen."""
        self.log.batch, self.clock.step, messages, last = batch, batch - 1, [], ""
        while last != "last":
            with self.log.noting("wait"):
                message = self.below.receive.get()
            messages.append(asarray(message.arrays["output"]))
            last = message.text
        loss, dmessages = self.rule.train_b(messages, y)
        with self.log.noting("send"):
            self.below.send.put(Message("target", batch, {"target": dmessages}))
        self.report(batch, {"threes_loss": loss})
        self.log.batch = None

    def finish(self):
        """Nothing waits here."""


def watch(log, rule):
    """Note the work of A (layer 1) and B (layer 2)."""
    for layer, network, optimizer in ((1, rule.a, rule.optimizer_a), (2, rule.b, rule.optimizer_b)):
        log.watch(network, "forward", "forward", layer)
        log.watch(network, "backward", "backward", layer)
        log.watch(optimizer, "step", "update", layer)
    log.watch(rule.guess, "forward", "guess", 1)

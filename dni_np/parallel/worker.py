"""Worker: a group of neighboring units, their only owner, with mailboxes to the groups beside it.

For every batch

    h          comes from the group below (of complete unlock: when it comes, as a target)
    units      each trains and teaches the one below it, as the rule says
    target     what the lowest one sends back goes to the group below
    h          what the highest one makes goes to the group above

The highest guess learns when its target comes from above. Or it learns there, from the h that went
up, as soon as its target is made; then its new weights come down in place of the target. (Which of
the two is a matter of time alone, see `split`.)

With `staleness` D a target may come up to D batches late: before the guess of batch n is made, the
targets of all batches before n - D have been learned. With D = 0 these are all: each guess is made
with the very weights that one worker would have, and so is everything else, bit for bit. With a
later target the model guesses anew from what it saw then (see `dni.waiting_guesses`). A guess that
learns above has no late targets: what is late are the weights with which the lower worker guesses.

**Why this cannot stand still.** A worker waits for four things: the next batch; h of the same batch
from below; a target, or the real input of a guessed one, of an earlier batch; room in a mailbox.
The first comes from the caller, who begins batch n when batch n - L is done everywhere. The next
two are what some worker does with an earlier batch, or one further down with the same batch. Of
all that is not done yet, take the earliest batch and its lowest worker: all that these wait for is
done, so they go on. Room is there for all messages that can be on the way (see `on_the_way`); only
where nothing comes back from above can a worker run ahead of its upper neighbor until their mailbox
is full, and then it is the upper one that goes on. (Where targets are made of targets from above,
as in `rules.lambda_targets`, a worker that waits for h learns those that come meanwhile, and passes
on theirs.)
"""

import contextlib
from collections import deque

from dni_np.backend import asarray
from dni_np.errors import UserError
from dni_np.parallel.mailbox import Message
from dni_np.rules.rule import FORWARD

PAUSE = 5e-4  # seconds of waiting for an input before looking for targets


class Worker:
    """The `share` of one worker of `rule`, whose learning rates follow `clock`.

    `below` and `above` are the Lines to the neighbors, None at the ends; `report(batch, metrics)`
    is called when all is learned that a batch teaches here.
    """

    def __init__(self, rule, share, clock, staleness, report, log, below=None, above=None):
        self.rule, self.share, self.clock, self.log = rule, share, clock, log
        self.group = group = share.units
        self.staleness, self.report = staleness, report
        self.below, self.above = below, above
        self.waits_below = below is not None and FORWARD in rule.locks
        self.targets = deque()  # batches whose target has not come from above
        self.inputs = deque()  # batches whose real input has not come from below
        self.metrics = {}  # of the batches that are not done here
        self.gets_targets = above is not None and rule.guess_locks is not None
        self.gets_inputs = below is not None and FORWARD not in rule.locks
        self.teaches_below = share.guesses.start < group.start
        self.learns_above = above is not None and share.guesses.stop < group.stop
        # Where targets are made of targets, all guesses of the group wait for that from above.
        self.passes_targets = bool(set(rule.guess_locks or ()) - {FORWARD})
        self.first_to_wait = group[0] if self.passes_targets else group[-1]

    def train(self, batch, x, y):
        """One batch: x (N, ...) or None where nothing here needs it, and its targets y."""
        rule, group = self.rule, self.group
        metrics = self.metrics[batch] = {}
        self.log.batch, self.clock.step = batch, batch - 1
        h = self._receive(self.below, "output", batch) if self.waits_below else x
        context = rule.context(h if x is None else x, y)
        if x is None and context is not None:
            del context["input"]  # nobody here sees it
        self._learn(batch - self.staleness, self.inputs, self._fit_input_guess)
        if self.teaches_below:
            rule.show_guess(group[0] - 1, h, context, batch)
        inputs = rule.guess_inputs(group, x, context, batch)
        if self.gets_inputs:
            self.inputs.append(batch)
        for i in group:
            if i == self.first_to_wait and self.passes_targets:
                self._learn(batch - self.staleness, self.targets, self._fit_guess)
            with self._learning_before_its_guess(i, batch):
                back, h = rule.train_unit(i, inputs.get(i, h), y, context, metrics, batch)
            self._fit_down(i - 1, back, batch, metrics)
            if i + 1 in inputs:
                rule.fit_input_guess(i + 1, h, metrics, batch)
        if self.above is not None:
            self._send(self.above, "output", batch, h)
        if self.gets_targets:
            self.targets.append(batch)
        self._done(batch)
        self.log.batch = None

    def finish(self):
        """Wait for all that is to be learned yet, and learn it."""
        for waiting, fit in ((self.inputs, self._fit_input_guess), (self.targets, self._fit_guess)):
            self._learn(float("inf"), waiting, fit)

    def _learn(self, before, waiting, fit):
        """Learn what has come, and wait for what belongs to a batch earlier than `before`."""
        line, kind = self.above, "guess" if self.learns_above else "target"
        if waiting is self.inputs:
            line, kind = self.below, "output"
        step = self.clock.step
        while waiting:
            array = self._receive(line, kind, waiting[0], wait=waiting[0] < before)
            if array is None:
                return
            batch = waiting.popleft()
            self.clock.step = batch - 1  # the learning rate is that of its own batch
            fit(batch, array, self.metrics[batch])
            if self.staleness and waiting is self.targets:  # how many guesses were made in between
                late = asarray(float(len(waiting)))
                self.metrics[batch][f"staleness_{self.group[-1] + 1}"] = late
            self.clock.step = step
            self._done(batch)

    @contextlib.contextmanager
    def _learning_before_its_guess(self, i, batch):
        """Within, the highest unit learns its targets after its core went forward: only its guess
        uses the weights that targets change.
        """
        if i != self.group[-1] or self.passes_targets or not self.gets_targets:
            yield
            return
        unit = self.rule.units[i]
        guess = unit.guess

        def learn_and_guess(*arguments):
            self._learn(batch - self.staleness, self.targets, self._fit_guess)
            return guess(*arguments)

        unit.guess = learn_and_guess
        try:
            yield
        finally:
            del unit.guess

    def _fit_guess(self, batch, array, metrics):
        if self.learns_above:
            self.rule.renew_guess(self.group[-1], array, batch)
        else:
            self._fit_down(self.group[-1], array, batch, metrics)

    def _fit_down(self, i, target, batch, metrics):
        """Fit the guess of unit i, and those below it whose targets had to wait for this one."""
        while target is not None and i >= self.share.guesses.start:
            with self.log.noting("correct", i + 1, batch):
                self.rule.fit_guess(i, target, metrics, batch)
            if i < self.group[0]:
                return self._send(self.below, "guess", batch, self.rule.guess_weights(i))
            i, target = i - 1, self.rule.target_below(i, target, batch)
        if target is not None and self.below is not None:
            self._send(self.below, "target", batch, target)

    def _fit_input_guess(self, batch, h, metrics):
        with self.log.noting("correct input", self.group[0] + 1, batch):
            self.rule.fit_input_guess(self.group[0], h, metrics, batch)

    def _done(self, batch):
        """Report a batch of which nothing more comes."""
        if batch not in self.targets and batch not in self.inputs:
            self.report(batch, self.metrics.pop(batch))

    def _send(self, line, kind, batch, array):
        line.put(Message(kind, batch, {kind: array}), self.log)

    def _receive(self, line, kind, batch, wait=True):
        """The array of the message, which must be of that batch; None if it need not be there."""
        message = line.receive.get(timeout=0)
        if message is None and wait:
            pause = PAUSE if kind == "output" and self.passes_targets else None
            while message is None:
                with self.log.noting("wait", batch=batch):
                    message = line.receive.get(pause)
                if message is None:
                    self._learn(0, self.targets, self._fit_guess)
        if message is None:
            return None
        if (message.kind, message.batch) != (kind, batch):
            raise UserError(
                f"the {kind} of batch {batch} should have come, not the {message.kind} of batch "
                f"{message.batch}: a message was lost"
            )
        return asarray(message.arrays[kind])


def on_the_way(workers, staleness):
    """How many batches there can be that are begun and not done everywhere, nobody held up by it.

    A worker has its target of batch n - D - 1 before it makes a guess for n, and that target is
    made when its upper neighbor has begun that batch. So neighbors are D + 1 batches apart at most,
    W workers W (D + 1) with the highest one's own. One more is being begun, one done but not
    reported, and one is reported but not taken.
    """
    return workers * (staleness + 1) + 3

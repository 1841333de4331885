"""Crew: the workers of a pipeline while they run, as the caller sees them, who is the first one.

    crew.train(batch, x, y)      hand a batch to all, and train the lowest group
    crew.bring_home()            wait until all is learned, and load it into the caller's rule
    crew.end()                   end the workers; all they had not brought home is gone

What every worker reports of a batch goes to `report(worker, batch, metrics)`.
"""

import functools
import json
from multiprocessing.util import Finalize

from dni_np.errors import UserError
from dni_np.parallel.blas import one_thread
from dni_np.parallel.events import from_array
from dni_np.parallel.mailbox import Closed, Message
from dni_np.parallel.split import balanced, placed
from dni_np.rules.rule import load_parts, state_of


class Crew:
    """The workers of a Pipeline, which begin with the state of its rule."""

    def __init__(self, pipeline, report):
        self.pipeline, self.rule, self.report = pipeline, pipeline.rule, report
        self.engine, self.shares = None, ()
        self.end = one_thread()

    def start(self, engine, x, y):
        """Start them; `x`, `y` are a batch to measure costs on, where no split is given."""
        pipeline = self.pipeline
        if pipeline.split:
            above = self.rule if pipeline.guesses_above else None
            self.shares = placed(pipeline.split, above)
        else:
            self.shares = balanced(pipeline.costs(x, y), pipeline.workers)
        self.job = pipeline.job(self.shares)
        self.need_input = [pipeline.needs_input(share) for share in self.shares[1:]]
        self.engine = engine(self.job)
        # Also when the program ends, before the processes are waited for.
        self.end = Finalize(self, end, (self.engine, self.end), exitpriority=10)
        for (_, line), share in zip(self.others(), self.shares[1:]):
            line.send.put(Message("load", arrays=state_of(self.job.known(self.rule, share))))
        report = functools.partial(self.report, 1)
        self.worker = pipeline.own_worker(self.shares[0], report, self.engine.above)

    def others(self):
        """(number, Line) of each worker but the caller."""
        return enumerate(self.engine.lines, 2)

    def train(self, batch, x, y):
        """One batch x (N, ...) with its targets y."""
        for (_, line), needs_x in zip(self.others(), self.need_input):
            line.send.put(Message("batch", batch, {"x": x, "y": y} if needs_x else {"y": y}))
        self.worker.train(batch, x, y)

    def collect(self, wait=()):
        """Take the reports that have come; of the workers in `wait`, at least one each."""
        for number, line in self.others():
            timeout = None if number in wait else 0
            while (message := line.receive.get(timeout)) is not None:
                self._take(number, message)
                timeout = 0

    def bring_home(self):
        """When this returns, the caller's rule holds all that was learned, and no batch waits."""
        for _, line in self.others():
            line.send.put(Message("finish"))
        self.worker.finish()
        states = [self._await(number, line, "state") for number, line in self.others()]
        for share, state in zip(self.shares[1:], states):
            load_parts(self.job.owned(self.rule, share), state)

    def events(self):
        """What the others noted."""
        found = []
        for number, line in self.others():
            line.send.put(Message("events"))
            found += from_array(self._await(number, line, "events")["events"])
        return found

    def reason(self):
        """The error for which a worker has gone."""
        for number, line in self.others():
            try:  # what a worker says of its own error has come before its end is seen
                while (message := line.receive.get(timeout=0)) is not None:
                    self._take(number, message)
            except Closed:
                pass
            except Exception as error:
                return error
        number, how = self.engine.killed() or (2, "has gone")
        return UserError(
            f"{self._name(number)} {how}, and the others were stopped: "
            "continue from the last checkpoint (--resume, or load_state)"
        )

    def _await(self, number, line, kind):
        while (message := line.receive.get()).kind != kind:
            self._take(number, message)
        return message.arrays

    def _take(self, number, message):
        if message.kind == "error":
            raise error_of(message.text, self._name(number))
        if message.kind == "metrics":
            self.report(number, message.batch, message.arrays)

    def _name(self, number):
        group = self.shares[number - 1].units
        return f"worker {number} (layers {group[0] + 1} to {group[-1] + 1})"


def end(engine, restore_threads):
    """End all workers."""
    try:
        engine.stop()
    finally:
        restore_threads()


def error_of(text, worker):
    """The exception that a worker sent."""
    kind, sentence, where = json.loads(text)
    if kind == UserError.__name__:
        return UserError(sentence)
    error = RuntimeError(f"{worker} failed: {kind}: {sentence}")
    error.add_note(where)
    return error

"""Pipeline: a rule whose units are spread over several workers, used as any other rule.

    rule = Pipeline(build, workers=2)        build(clock) makes the rule, on every worker anew
    metrics = rule.step(x, y)                hand a batch in; the metrics of one that is done, or {}
    rule.drain()                             wait for all; the metrics that had not come yet
    rule.close()                             end the workers

The caller is the first worker: within `step` it trains the lowest units itself. The others start
with the first step, from the state that the rule has then, and `drain` brings all they learned back
into `rule.rule`, which predicts, is measured and is saved. What is not there yet is in no state.

Which rules can: a Chain, whose layers need nothing from the layers above to be updated. A rule that
is locked above (see `rules.rule`) would have its workers wait for each other all the time.
"""

import contextlib
import functools
import json
from multiprocessing.util import Finalize

from dni_np.arguments import size, sizes
from dni_np.backend import asarray
from dni_np.errors import UserError
from dni_np.nn.schedules import RunClock
from dni_np.parallel.blas import one_thread
from dni_np.parallel.events import EventLog, from_array
from dni_np.parallel.mailbox import Closed, Message
from dni_np.parallel.processes import Processes
from dni_np.parallel.serve import Job, load, state_of
from dni_np.parallel.split import balanced, groups_of, measured
from dni_np.parallel.threads import Threads
from dni_np.parallel.worker import Worker
from dni_np.rules.chain import Chain
from dni_np.rules.rule import FORWARD, Rule

ENGINES = {"processes": Processes, "threads": Threads}


class Pipeline(Rule):
    """`workers` with a group of units each: `split` units, lowest first, or by what they cost.

    `staleness`: how many batches late a target may come (see `worker`); 0 gives the very results of
    one worker. `clock` counts the steps of the run (None: those of this rule). With engine
    "processes", `build` is a function of a module, or a functools.partial of one.
    """

    def __init__(self, build, workers=2, engine="processes", split=(), staleness=0, clock=None):
        self.build, self.workers = build, size("workers", workers, least=2)
        self.staleness = size("staleness", staleness, least=0)
        if engine not in ENGINES:
            raise UserError(f"unknown engine {engine!r}: choose among {', '.join(ENGINES)}")
        self.own_clock, self.clock, own = clock is None, clock or RunClock(), RunClock()
        self.rule, self.own, self.log = build(own), own, EventLog(1)
        check_apart(self.rule)
        self.split = check_split(split, self.workers, len(self.rule.cores))
        self.log.watch_units(self.rule, range(len(self.rule.cores)))
        self.cores, self.loss_unit = self.rule.cores, self.rule.loss_unit
        self.locks, self.guess_locks = self.rule.locks, self.rule.guess_locks
        self.engine_class, self.engine, self.groups = ENGINES[engine], None, ()
        self.room = self.staleness + self.workers + 3  # batches on the way
        self.batches = {}  # whose metrics were not returned: {batch: {worker: metrics}}
        self.at_home = True  # is all that was learned in self.rule?
        self.lost = ""  # why it is not, and never will be

    def step(self, x, y):
        self._check()
        self.rule.context(x, y)  # refuses what is no batch before anything is begun
        with self._stopping():
            if self.engine is None:
                self._start(x, y)
            batch, self.at_home = self.clock.step + 1, False
            while len(self.batches) >= self.room and not self._oldest_is_done():
                self._collect(wait=True)
            self.batches[batch] = {}
            for line, needs_input in zip(self.engine.lines, self.need_input):
                arrays = {"x": x, "y": y} if needs_input else {"y": y}
                line.send.put(Message("batch", batch, arrays))
            self.worker.train(batch, x, y)
            self._collect()
        self.clock.step += self.own_clock
        return self._oldest() if self._oldest_is_done() else {}

    def drain(self):
        """Wait until all that was handed in is learned; return the metrics that had not come."""
        self._bring_home()
        found = []
        while self.batches:
            found.append(self._oldest())
        return found

    def predict(self, x):
        self._bring_home()
        return self.rule.predict(x)

    def parts(self):
        self._bring_home()
        return self.rule.parts()

    def load_state(self, state):
        """As for any rule. Workers begin anew with the next step."""
        self._end()
        self.batches, self.at_home, self.lost = {}, True, ""
        self.rule.load_state(state)

    def events(self):
        """What all workers noted of their last batches (see `events`)."""
        self._bring_home()
        found = list(self.log.events)
        for number, line in enumerate(self.engine.lines if self.engine else (), 2):
            line.send.put(Message("events"))
            found += from_array(self._await(number, line, "events")["events"])
        return sorted(found, key=lambda event: event.start)

    def close(self):
        """End the workers, after they have learned all; a later step starts new ones."""
        if not self.lost:
            self._bring_home()
        self._end()

    def _start(self, x, y):
        self.blas = one_thread()
        if self.split:
            self.groups = groups_of(self.split)
        else:
            self.groups = balanced(measured(self.build(RunClock()), x, y), self.workers)
        self.need_input = [needs_input(self.rule, group) for group in self.groups[1:]]
        job = Job(self.build, self.groups, self.staleness, self.room)
        self.engine = self.engine_class(job)
        self.ending = Finalize(self, self.engine.stop, exitpriority=10)  # also at the program's end
        for line, group in zip(self.engine.lines, self.groups[1:]):
            line.send.put(Message("load", 0, state_of(self.rule, group)))
        report, above = functools.partial(self._report, 1), self.engine.above
        of_worker = self.rule, self.groups[0], self.own, self.staleness, report, self.log
        self.worker = Worker(*of_worker, above=above)

    def _end(self):
        if self.engine is not None:
            self.engine, self.worker = None, None
            self.ending()
            self.blas.restore_original_limits()

    def _check(self):
        if self.lost:
            raise UserError(f"what the workers learned is lost ({self.lost}): load a saved state")

    def _bring_home(self):
        self._check()
        if self.at_home:
            return
        with self._stopping():
            for line in self.engine.lines:
                line.send.put(Message("finish"))
            self.worker.finish()
            states = [
                self._await(number, line, "state")
                for number, line in enumerate(self.engine.lines, 2)
            ]
            for group, state in zip(self.groups[1:], states):
                load(self.rule, group, state)
            self.at_home = True

    def _report(self, number, batch, metrics):
        self.batches[batch][number] = {name: asarray(one)[()] for name, one in metrics.items()}

    def _collect(self, wait=False):
        """Take what has come; with `wait`, until something of the oldest batch has."""
        oldest = next(iter(self.batches.values()), {})
        for number, line in enumerate(self.engine.lines, 2):
            timeout = None if wait and number not in oldest else 0
            while (message := line.receive.get(timeout)) is not None:
                self._take(number, message)
                timeout = 0

    def _await(self, number, line, kind):
        while (message := line.receive.get()).kind != kind:
            self._take(number, message)
        return message.arrays

    def _take(self, number, message):
        if message.kind == "error":
            raise error_of(message.text, self._name(number))
        self._report(number, message.batch, message.arrays)

    def _oldest_is_done(self):
        return len(next(iter(self.batches.values()), ())) == self.workers

    def _oldest(self):
        """The metrics of the oldest batch, the lowest worker's first."""
        reports = self.batches.pop(next(iter(self.batches)))
        return {name: one for number in sorted(reports) for name, one in reports[number].items()}

    def _name(self, number):
        group = self.groups[number - 1]
        return f"worker {number} (layers {group[0] + 1} to {group[-1] + 1})"

    @contextlib.contextmanager
    def _stopping(self):
        """An error, here or in a worker, ends all workers, and what they had learned is lost."""
        try:
            yield
        except Closed:
            error = self._reason()
        except BaseException as found:
            error = found
        else:
            return
        self.lost = " ".join(f"{type(error).__name__}: {error}".split())
        self.batches = {}
        self._end()
        raise error

    def _reason(self):
        """Why a worker has gone."""
        for number, line in enumerate(self.engine.lines, 2):
            try:
                while True:
                    self._take(number, line.receive.get())
            except Closed:
                pass
            except Exception as error:
                return error
        number, how = self.engine.killed() or (2, "has gone")
        return UserError(
            f"{self._name(number)} {how}; the others were stopped: "
            "continue from the last checkpoint (--resume, or load_state)"
        )


def check_apart(rule):
    """Refuse a rule whose layers wait for those above them."""
    if not isinstance(rule, Chain) or type(rule).step is not Chain.step:
        locks = rule.locks if rule.locks and set(rule.locks) - {FORWARD} else rule.guess_locks
        why = f"is locked ({', '.join(locks or ())})" if locks else "does not train unit by unit"
        raise UserError(
            f"{type(rule).__name__} cannot run on several workers: it {why}, so that they would "
            "wait for each other all the time; take a DNIChain, CompleteUnlock, LocalLosses or "
            "NoBackprop"
        )


def check_split(split, workers, units):
    """Sizes of groups, one for each worker, or none."""
    split = sizes("split", split)
    if workers > units:
        raise UserError(f"{units} units keep 1 to {units} workers busy, not {workers}")
    if split and (len(split) != workers or sum(split) != units):
        raise UserError(
            f"split must give each of {workers} workers some of the {units} units, not {split}"
        )
    return split


def needs_input(rule, group):
    """Does a unit of the group use the network's input: for its own input, or for its guess?"""
    units = [*getattr(rule, "units", ()), getattr(rule.loss_unit, "unit", None)]
    models = [units[i].synthetic_gradient for i in group if i < len(units) and units[i]]
    plain = [getattr(model, "model", model) for model in models]  # without pictures of classes
    seen = [getattr(getattr(one, "conditioning", None), "sources", ("input",)) for one in plain]
    return FORWARD not in rule.locks or any("input" in sources for sources in seen)


def error_of(text, worker):
    """The exception that a worker sent."""
    kind, sentence, where = json.loads(text)
    if kind == UserError.__name__:
        return UserError(sentence)
    error = RuntimeError(f"{worker} failed: {kind}: {sentence}")
    error.add_note(where)
    return error

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

from dni_np.arguments import size
from dni_np.backend import asarray
from dni_np.errors import UserError
from dni_np.nn.schedules import RunClock
from dni_np.parallel.apart import check_apart, check_split, needs_input
from dni_np.parallel.crew import Crew
from dni_np.parallel.events import EventLog
from dni_np.parallel.mailbox import Closed
from dni_np.parallel.mpi import Ranks
from dni_np.parallel.mpi import check as check_ranks
from dni_np.parallel.processes import Processes
from dni_np.parallel.serve import Job
from dni_np.parallel.split import measured
from dni_np.parallel.streams import Streams
from dni_np.parallel.streams import check as check_gpu
from dni_np.parallel.threads import Threads
from dni_np.parallel.worker import Worker, on_the_way
from dni_np.rules.rule import Rule

ENGINES = {"processes": Processes, "threads": Threads, "streams": Streams, "mpi": Ranks}


class Pipeline(Rule):
    """`workers` with a group of units each: `split` units, lowest first, or by what they cost.
    `guesses_above`: with a `split`, does the guess at a border learn where its target is made, if
    it can, and not where it is made itself? (Without one that depends on what they cost, too.)

    `staleness`: how many batches late a target may come (see `worker`); 0 gives the very results of
    one worker. `clock` counts the steps of the run (None: those of this rule). With the engine
    "processes" or "mpi", `build` is a function of a module, or a functools.partial of one.
    """

    def __init__(
        self, build, workers=2, engine="processes", split=(), staleness=0, clock=None,
        guesses_above=False,
    ):  # fmt: skip
        self.guesses_above = guesses_above
        self.build, self.workers = build, size("workers", workers, least=2)
        self.staleness = size("staleness", staleness, least=0)
        if engine not in ENGINES:
            raise UserError(f"unknown engine {engine!r}: choose among {', '.join(ENGINES)}")
        if engine == "mpi":
            check_ranks(self.workers)
        if engine == "streams":
            check_gpu()
        self.engine, self.crew = ENGINES[engine], None
        self.own_clock, self.clock, self.own = clock is None, clock or RunClock(), RunClock()
        self.rule, self.log = build(self.own), EventLog(1)
        self.room = on_the_way(self.workers, self.staleness)
        self.border = on_the_way(1, self.staleness)
        self.reports = {}  # of batches whose metrics were not returned: {batch: {worker: metrics}}
        self.at_home = True  # is all that was learned in self.rule?
        self.lost = ""  # why it is not, and never will be
        self.check(split)

    def check(self, split):
        """Refuse a rule that cannot be spread so; note the work of this worker."""
        check_apart(self.rule)
        self.cores, self.loss_unit = self.rule.cores, self.rule.loss_unit
        self.locks, self.guess_locks = self.rule.locks, self.rule.guess_locks
        self.split = check_split(split, self.workers, len(self.cores))
        self.log.watch_units(self.rule, range(len(self.cores)))

    def costs(self, x, y):
        """The Costs of this batch, as a rule that is thrown away takes them."""
        return measured(self.build(RunClock()), x, y)

    def job(self, shares):
        """What the other workers begin with."""
        return Job(self.build, shares, self.staleness, self.room, self.border)

    def own_worker(self, share, report, above):
        """The first worker, in the caller."""
        return Worker(self.rule, share, self.own, self.staleness, report, self.log, above=above)

    def needs_input(self, share):
        """Must the worker see the input of a batch?"""
        return needs_input(self.rule, share)

    def step(self, x, y):
        self.rule.context(x, y)  # refuses what is no batch before anything is begun
        if len(x) != len(y):
            raise UserError(f"{len(x)} samples cannot have {len(y)} targets")
        return self.hand_in(x, y)

    def hand_in(self, x, y):
        """A batch for all workers; the metrics of one that is done, or {}."""
        self._check()
        batch = self.clock.step + 1
        if batch in self.reports:
            raise UserError("two batches at one step of the clock: let it count each step")
        with self._ending_at_errors():
            if self.crew is None:
                self.crew = Crew(self, self._report)
                self.crew.start(self.engine, x, y)
            while len(self.reports) >= self.room and not self._is_done(self._oldest()):
                missing = set(range(2, self.workers + 1)) - set(self.reports[self._oldest()])
                with self.log.noting("wait", batch=batch):
                    self.crew.collect(wait=missing)
            self.reports[batch], self.at_home = {}, False
            self.crew.train(batch, x, y)
            self.crew.collect()
        self.clock.step += self.own_clock
        return self._metrics(self._oldest()) if self._is_done(self._oldest()) else {}

    def drain(self):
        """Wait until all that was handed in is learned; return metrics not returned before."""
        self._bring_home()
        return [self._metrics(batch) for batch in list(self.reports)]

    def forget(self):
        """Nothing: what waits is with the workers, and its targets come."""

    def predict(self, x):
        self._bring_home()
        return self.rule.predict(x)

    def parts(self):
        self._bring_home()
        return self.rule.parts()

    def load_state(self, state):
        """As for any rule. New workers begin with the next step."""
        self._end()
        self.reports, self.at_home, self.lost = {}, True, ""
        self.rule.load_state(state)

    def events(self):
        """What the workers that run now noted of their last batches (see `events`)."""
        self._bring_home()
        with self._ending_at_errors():
            found = [*self.log.events, *(self.crew.events() if self.crew else ())]
        return sorted(found, key=lambda event: event.start)

    def close(self):
        """End the workers, after they have learned all; a later step starts new ones."""
        if not self.lost:
            self._bring_home()
        self._end()

    def _check(self):
        if self.lost:
            raise UserError(f"what the workers learned is lost ({self.lost}): load a saved state")

    def _bring_home(self):
        self._check()
        if not self.at_home:
            with self._ending_at_errors():
                self.crew.bring_home()
                self.at_home = True

    def _end(self):
        crew, self.crew = self.crew, None
        if crew is not None:
            crew.end()

    @contextlib.contextmanager
    def _ending_at_errors(self):
        """An error, here or in a worker, ends all workers, and what they had learned is lost."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, Closed):
                error = self.crew.reason()
            self.lost = " ".join(f"{type(error).__name__}: {error}".split())
            self.reports = {}
            self._end()
            raise error from None

    def _report(self, worker, batch, metrics):
        self.reports[batch][worker] = {name: asarray(one)[()] for name, one in metrics.items()}

    def _oldest(self):
        return next(iter(self.reports))

    def _is_done(self, batch):
        return len(self.reports[batch]) == self.workers

    def _metrics(self, batch):
        """The metrics of a batch, the lowest worker's first; they are returned once."""
        reports = self.reports.pop(batch)
        return {name: one for worker in sorted(reports) for name, one in reports[worker].items()}

"""What a worker beside the caller does, in its thread, process or rank: build, serve, report.

    Job                  what it receives before it begins: all that can be sent
    serve(number, job, lines)

The messages from the caller: `load` a state, train on a `batch`, `finish` what is on the way and
send the `state`, send the `events`. When the caller has gone, or a neighbor, it ends.
"""

import contextlib
import json
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dni_np.backend import asarray
from dni_np.errors import UserError
from dni_np.nn.schedules import RunClock
from dni_np.parallel.apart import owned
from dni_np.parallel.events import EventLog, to_array
from dni_np.parallel.mailbox import Closed, Line, Message
from dni_np.parallel.worker import Worker
from dni_np.rules.rule import load_parts, state_of


class Job(NamedTuple):
    """`build(clock)` makes the whole rule, of which each worker uses its Share."""

    build: Callable
    shares: tuple
    staleness: int
    room: int  # messages in a mailbox from or to the caller
    border: int  # and between neighbors

    def worker(self, number, lines, clock, report, log):
        """Worker `number`, with a rule of its own."""
        rule, share = self.build(clock), self.shares[number - 1]
        log.watch_units(rule, share.units)
        apart = rule, share, clock, self.staleness, report, log
        return Worker(*apart, below=lines.below, above=lines.above)

    def owned(self, rule, share):
        """What has a state that the worker of this Share changes, by name."""
        return owned(rule, share)

    def known(self, rule, share):
        """And that it needs: the guess at its upper border, too, which may learn above that."""
        return rule.parts_of({*share.units, *share.guesses})


class Lines(NamedTuple):
    """A worker's Lines: to the caller, and to the workers below and above it, if any."""

    caller: Line
    below: Line
    above: Line | None


def wiring(job, line):
    """(the caller's Lines to the others, its Line above, [Lines of each other worker]).

    `line(room)` makes the two ends of a new Line.
    """
    others = range(len(job.shares) - 1)
    calls = [line(job.room) for _ in others]
    borders = [line(job.border) for _ in others]  # (the lower one's end, the upper one's)
    above = [*(lower for lower, _ in borders[1:]), None]
    ends = zip(calls, borders, above)
    others = [Lines(caller[1], border[1], own_above) for caller, border, own_above in ends]
    return [mine for mine, _ in calls], borders[0][0], others


def serve(number, job, lines):
    """Be worker `number` (the caller is 1), until the caller has gone."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the caller sees it by the loss
            _serve(number, job, lines)
    except Closed:
        pass  # whoever has gone, the caller says so
    except BaseException as error:
        kind = UserError if isinstance(error, UserError) else type(error)
        text = json.dumps([kind.__name__, str(error), traceback.format_exc()])
        with contextlib.suppress(Closed):
            lines.caller.send.put(Message("error", text=text))
    finally:
        for line in lines:
            if line is not None:
                line.send.close()
                line.receive.close()


def _serve(number, job, lines):
    log, send = EventLog(number), lines.caller.send

    def report(batch, metrics):
        send.put(Message("metrics", batch, metrics))

    worker = job.worker(number, lines, RunClock(), report, log)
    share = job.shares[number - 1]
    owned, known = (parts(worker.rule, share) for parts in (job.owned, job.known))
    while True:
        message, start = lines.caller.receive.get(timeout=0), time.perf_counter()
        waits = message is None
        kind, batch, arrays, _ = lines.caller.receive.get() if waits else message
        if kind == "batch":
            if waits:
                log.add("wait", 0, batch, start)
            x = arrays.get("x")
            worker.train(batch, x if x is None else asarray(x), asarray(arrays["y"]))
        elif kind == "finish":
            worker.finish()
            send.put(Message("state", 0, state_of(owned)))
        elif kind == "load":
            load_parts(known, arrays)
        elif kind == "events":
            send.put(Message("events", 0, {"events": to_array(log.events)}))

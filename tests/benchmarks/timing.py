"""Fair timing: each contender in a process of its own, taking turns; what counts is the median of
ratios.

A machine's speed drifts by tens of percent within a minute. Contenders that take turns
drift together, so the ratio of two neighbors says more than the ratio of two averages.
A process each, because idle BLAS and OpenMP threads spin for a while, on cores that the
next contender needs; and because a process has a peak memory of its own.
"""

import multiprocessing
import resource
import sys
import time
from math import ceil, floor, sqrt
from pathlib import Path
from statistics import median

from dni_np.training.allocator import keep_freed_memory

TURN = 0.025  # seconds, at least
LONG_TURN = 0.25  # of workers: in the first batches of a turn they have not yet met each other
ANSWER = 120  # seconds until a contender counts as dead
LONGER = 5  # times as long as asked for, at most, until ratios are known well enough
PAUSE = 0.05  # seconds between turns: until idle threads have gone to sleep


class Contender:
    """A process that builds a step, `prepare(*arguments)`, and runs it on request."""

    def __init__(self, prepare, *arguments, has_workers=False, least=TURN):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, prepare, arguments))
        self.process.daemon = not has_workers  # a daemon may have no processes of its own
        self.process.start()
        other.close()
        self.steps = 1
        while self.turn() * self.steps < least:  # how many steps make a turn
            self.steps *= 2

    def turn(self):
        """Seconds a step, over one turn."""
        time.sleep(PAUSE)
        return self._ask(self.steps)

    def stop(self):
        """End the process; return the MB that building and running added to its peak memory."""
        megabytes = self._ask(0)
        self.process.join()
        return megabytes

    def _ask(self, steps):
        self.pipe.send(steps)
        if not self.pipe.poll(ANSWER):
            raise TimeoutError(
                f"a contender has not answered for {ANSWER} seconds; "
                "is the machine busy with something else?"
            )
        return self.pipe.recv()


def serve(pipe, prepare, arguments):
    """The process's side."""
    keep_freed_memory()  # as the training loop does; PyTorch gains from it as well
    before = peak_memory()
    step = prepare(*arguments)
    while steps := receive(pipe):
        seconds = step.timed(steps) if hasattr(step, "timed") else timed(step, steps)
        if hasattr(step, "finish"):
            step.finish()
        pipe.send(seconds)
    pipe.send(peak_memory() - before)
    if hasattr(step, "close"):
        step.close()


def timed(step, steps):
    """Seconds a step, over so many."""
    for _ in range(1 + steps // 4):  # wakes threads, fills caches
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps


def receive(pipe):
    """How many steps are asked for: none, where nobody asks any more."""
    try:
        return pipe.recv()
    except EOFError:
        return 0


def peak_memory():
    """The largest resident memory of this process so far, in MB."""
    try:  # getrusage would count the parent's memory too, which a new process has for a moment
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            1 << 20 if sys.platform == "darwin" else 1 << 10
        )


def interleave(contenders, seconds, wanted=None):
    """{name: [seconds a step, one for each round]} of {name: Contender}; at least five rounds.

    With `wanted` it goes on, up to five times as long, until every ratio to the first contender is
    known to that share of itself.
    """
    times = {name: [] for name in contenders}
    first, *others = contenders
    started = time.perf_counter()
    while True:
        for name, contender in contenders.items():
            times[name].append(contender.turn())
        passed = time.perf_counter() - started
        if len(times[first]) < 5 or passed < seconds:
            continue
        known = not wanted or all(spread(times, name, first) <= wanted for name in others)
        if known or passed >= LONGER * seconds:
            return times


def ratios(times, numerator, denominator):
    """One contender's time by another's, in each round."""
    return [a / b for a, b in zip(times[numerator], times[denominator])]


def ratio(times, numerator, denominator):
    """Median over the rounds of one contender's time by another's."""
    return median(ratios(times, numerator, denominator))


def spread(times, numerator, denominator):
    """How well `ratio` is known, as a share of it: half of the 95 % interval of the median.

    Of n rounds in order, the median of all that there could be lies with 95 % between the rounds
    n/2 - 0.98 sqrt(n) and n/2 + 0.98 sqrt(n) (binomial; nothing is assumed of their distribution).
    Of five rounds these are the smallest and the largest.
    """
    found = sorted(ratios(times, numerator, denominator))
    n = len(found)
    reach = 0.98 * sqrt(n)
    low, high = max(0, floor(n / 2 - reach)), min(n - 1, ceil(n / 2 + reach) - 1)
    return (found[high] - found[low]) / 2 / median(found)

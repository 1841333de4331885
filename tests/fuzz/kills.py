"""Runs that are killed at random moments, then resumed: they must end as if nothing had happened.

A moment is the n-th call of a function, Python's or C's, since the run began; or, as often, one
while a file is written; or a time. A run is killed up to three times, also while it resumes.
"""

import functools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from dni_np.training.checkpoint import load_checkpoint
from dni_np.training.files import write_atomically
from tests.fuzz.scene import call, fresh_folder, results, tables

SMALL = "--quiet --steps 10 --batch-size 4 --out run"
RUNS = (
    "compare --recipe addition --bits 5 --examples 30 --widths 3 3 --rules cdni sparse"
    " --checkpoint-every 2 --evaluate-every 3",
    "mnist --data idx --widths 3 3 --rule stale --checkpoint-every 1 --evaluate-every 2",
    "copy --units 3 --checkpoint-every 3 --evaluate-every 5",
    "characters --data text.txt --units 3 --patience 3 --checkpoint-every 1 --evaluate-every 1",
    "two-clocks --data idx --units 3 --unroll 2 --checkpoint-every 2 --evaluate-every 4",
)


def case(seed, number):
    """(what was tried, [(kind, detail)], was it killed at all)."""
    rng = np.random.default_rng([seed, number])
    run = RUNS[rng.integers(len(RUNS))]
    begin, again = f"{run} {SMALL}".split(), [run.split()[0], *"--resume run --quiet".split()]
    whole = uninterrupted(run)
    attempt, found, killed = [], [], 0
    with fresh_folder():
        for _ in range(rng.integers(1, 4)):
            words = again if Path("run/plan.json").exists() else begin
            moment = draw(whole, rng)
            attempt.append("{} {}".format(*moment))
            killed += run_until(moment, words)
            found += half_written()
        outcome = call(again if Path("run/plan.json").exists() else begin)
        found += outcome.faults() + tables("run")
        if outcome.status:
            found.append(("different", f"it cannot be resumed: {outcome.err}"))
        elif results("run") != whole["results"]:
            found.append(("different", "it came to another end than the uninterrupted run"))
        elif files() != whole["files"]:
            odd = sorted(files() ^ whole["files"])
            found.append(("different", f"files that one has and the other has not: {odd}"))
    return f"{run}, killed at {', '.join(attempt)}", found, killed > 0


@functools.cache
def uninterrupted(run):
    """What the run comes to, how many calls of functions that takes, which while it writes."""
    with fresh_folder():
        assert call(f"{run} {SMALL}".split()).status == 0
        ended = {"results": results("run"), "files": files()}
    with fresh_folder():
        start = time.perf_counter()
        calls, writing = count_calls(lambda: call(f"{run} {SMALL}".split()))
        return {**ended, "calls": calls, "writing": writing, "s": time.perf_counter() - start}


def files():
    return {str(path) for path in Path("run").rglob("*")}


def draw(whole, rng):
    """(unit, number): a moment."""
    way = rng.random()
    if way < 0.25:
        return "second", round(float(rng.uniform(0, whole["s"])), 3)
    if way < 0.5:
        return "call", int(rng.integers(whole["calls"]))
    return "call", int(whole["writing"][rng.integers(len(whole["writing"]))])


def run_until(moment, words):
    """Run in a process of its own, which is killed at the moment; return whether it was."""
    unit, number = moment
    child = os.fork()
    if child == 0:
        try:
            if unit == "call":
                count_calls(lambda: call(words), last=number)
            else:
                call(words)
        finally:
            os._exit(0)
    if unit == "second":
        time.sleep(number)
        os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def count_calls(work, last=None):
    """(calls, which of them while a file is written) of all functions in `work`.

    With `last` this process is killed at that call.
    """
    calls, writing, inside = 0, [], 0

    def note(frame, event, argument):
        nonlocal calls, inside
        if event in ("call", "c_call"):
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)
        if frame.f_code is write_atomically.__code__ and event in ("call", "return"):
            inside += 1 if event == "call" else -1
        if inside:
            writing.append(calls)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls, writing


def half_written():
    """[(kind, detail)] of the files that a killed run has left, and that cannot be read."""
    found = []
    for path in Path("run").rglob("checkpoint.npz"):
        try:
            load_checkpoint(path)
        except Exception as error:
            found.append(("different", f"half-written: {error}"))
    return found

"""Runs on several workers, one of which is killed; resumed, they end as one worker would have.

A moment is a step of the run and some milliseconds from there; the victim is any worker, the caller
too. A run that ended before is begun anew, with an earlier moment, until one was killed. What a
killed worker leaves must be one sentence (of MPI: mpiexec's own words), no process and no shared
memory. The run goes on with other workers, as many as there were or not.
"""

import functools
import os
import time
from pathlib import Path

import numpy as np

from tests.fuzz.kills import half_written
from tests.fuzz.scene import call, fresh_folder, results, tables
from tests.fuzz.victims import has_mpi, killed_at, killed_rank
from tests.parallel.shared_memory import assert_none_stays, names

BEGIN = (
    "mnist --data idx --widths 4 3 4 --batch-size 4 --checkpoint-every 2 --evaluate-every 3"
    " --steps 10 --quiet --out run"
)
RULES = (
    *("cdni --sees output input", "dni --hidden 3", "unlock", "local", "none", "backprop"),
    "backprop --micro-batches 2",
)
ENGINES = ("processes", "processes", "processes", "threads", "mpi")
PATIENCE = 15.0  # seconds for processes to end
TRIES = 5  # to kill a run before it ends


def case(seed, number):
    """(what was tried, [(kind, detail)], was somebody killed)."""
    rng = np.random.default_rng([seed, number])
    rule, many = RULES[rng.integers(len(RULES))], int(rng.integers(2, 5))
    engine = str(rng.choice(ENGINES))
    engine = "processes" if engine == "mpi" and not has_mpi() else engine
    victim = 1 if engine == "threads" else int(rng.integers(1, many + 1))  # threads die together
    step = int(rng.integers(10))
    later = float(rng.choice([0.0, rng.uniform(0, 0.01), rng.uniform(0, 1.0)]))
    fewest = 2 if "micro" in rule else 1
    again, other = int(rng.integers(fewest, 5)), str(rng.choice(["threads", "processes"]))
    begin = f"{BEGIN} --rule {rule} --workers {many} --engine {engine}".split()
    resume = f"mnist --resume run --quiet --workers {again}".split()
    resume += ["--engine", other] if again > 1 else []
    found, shared, wanted, killed = [], names(), undisturbed(rule), False
    for _ in range(TRIES):
        moment = f"worker {victim} at step {step} + {1e3 * later:.1f} ms"
        attempt = f"{rule} on {many} {engine}, {moment}, resumed by {again} {other}"
        with fresh_folder():
            if engine == "mpi":
                killed, outcome = killed_rank(begin, victim, step, later), None
            else:
                killed, outcome = killed_at(begin, victim, step, later)
            found += left_behind(shared) + half_written() + (outcome.faults() if outcome else [])
            if outcome and outcome.status == 2 and f"worker {victim} " not in outcome.err:
                found.append(("different", f"it does not say who was killed: {outcome.err}"))
            if killed or found:
                found += resumed(resume if Path("run/plan.json").exists() else begin, wanted)
                found += left_behind(shared)
                break
        step, later = step // 2, later / 4
    return attempt, found, killed


def resumed(words, wanted):
    """[(kind, detail)] of a run that goes on, and must come to what was `wanted`."""
    if "mpi" in words:  # nothing was written yet, and here are no ranks
        words = ["processes" if word == "mpi" else word for word in words]
    outcome = call(words)
    found = outcome.faults() + tables("run")
    if outcome.status:
        found.append(("different", f"it cannot be resumed: {outcome.err}"))
    elif results("run") != wanted:
        found.append(("different", "it came to another end than the undisturbed run"))
    return found


@functools.cache
def undisturbed(rule):
    """What the run comes to on one worker; on two threads where one cannot have its options."""
    workers = " --workers 2 --engine threads" if "micro" in rule else ""
    with fresh_folder():
        assert call(f"{BEGIN} --rule {rule}{workers}".split()).status == 0
        return results("run")


def left_behind(shared):
    """[(kind, detail)] of processes and shared memory that stay."""
    until = time.monotonic() + PATIENCE
    while own := processes_here():
        if time.monotonic() > until:
            return [("hang", f"a process is left: {own}")]
        time.sleep(0.02)
    try:
        assert_none_stays(shared)
    except AssertionError as error:
        return [("different", f"shared memory is left: {error}")]
    return []


def processes_here():
    """The other processes that live in this folder, but for Python's tracker of shared memory."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if path.name != str(os.getpid()) and os.readlink(path / "cwd") == os.getcwd():
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found += [] if "resource_tracker" in words else [f"{path.name} {words}"]
        except OSError:
            continue
    return found

"""Runs on several processes, one of which is killed; resumed, they end as one worker would have.

A moment is a step of the run and some milliseconds from there; the victim is any worker, the caller
too. What a killed worker leaves must be one sentence, no process and no shared memory. The run goes
on with other workers, as many as there were or not.
"""

import functools
import multiprocessing
import os
import pickle
import signal
import threading
import time
from pathlib import Path

import numpy as np

from dni_np.training.loop import Loop
from tests.fuzz.kills import half_written
from tests.fuzz.scene import call, fresh_folder, results, tables
from tests.parallel.shared_memory import assert_none_stays, names

BEGIN = (
    "mnist --data idx --widths 4 3 4 --batch-size 4 --checkpoint-every 2 --evaluate-every 3"
    " --steps 10 --quiet --out run"
)
RULES = (
    *("cdni --sees output input", "dni --hidden 3", "unlock", "local", "none", "backprop"),
    "backprop --micro-batches 2",
)
PATIENCE = 15.0  # seconds for processes to end


def case(seed, number):
    """(what was tried, [(kind, detail)], was somebody killed)."""
    rng = np.random.default_rng([seed, number])
    rule, many = RULES[rng.integers(len(RULES))], int(rng.integers(2, 5))
    victim, step = int(rng.integers(1, many + 1)), int(rng.integers(10))
    later = float(rng.choice([0.0, rng.uniform(0, 0.01), rng.uniform(0, 1.0)]))
    fewest = 2 if "micro" in rule else 1
    again, engine = int(rng.integers(fewest, 5)), str(rng.choice(["threads", "processes"]))
    begin = f"{BEGIN} --rule {rule} --workers {many}".split()
    resume = f"mnist --resume run --quiet --workers {again}".split()
    resume += ["--engine", engine] if again > 1 else []
    moment = f"worker {victim} at step {step} + {1e3 * later:.1f} ms"
    attempt = f"{rule} on {many} workers, {moment}, resumed by {again} {engine}"
    found, shared, wanted = [], names(), undisturbed(rule)
    with fresh_folder():
        killed, outcome = killed_at(begin, victim, step, later)
        found += left_behind(shared) + half_written() + (outcome.faults() if outcome else [])
        if outcome and outcome.status == 2 and f"worker {victim} " not in outcome.err:
            found.append(("different", f"it does not say who was killed: {outcome.err}"))
        outcome = call(resume if Path("run/plan.json").exists() else begin)
        found += outcome.faults() + tables("run") + left_behind(shared)
        if outcome.status:
            found.append(("different", f"it cannot be resumed: {outcome.err}"))
        elif results("run") != wanted:
            found.append(("different", "it came to another end than the undisturbed run"))
    return attempt, found, killed


@functools.cache
def undisturbed(rule):
    """What the run comes to on one worker; on two threads where one cannot have its options."""
    workers = " --workers 2 --engine threads" if "micro" in rule else ""
    with fresh_folder():
        assert call(f"{BEGIN} --rule {rule}{workers}".split()).status == 0
        return results("run")


def killed_at(words, victim, step, later):
    """(was the victim killed, the Outcome of the command; None of a killed caller)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            done = []
            kill_then(victim, step, later, done)
            answer = pickle.dumps((call(words), bool(done)))
            with os.fdopen(write, "wb") as pipe:
                pipe.write(answer)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        return True, None
    outcome, done = pickle.loads(answer)
    return done, outcome


def kill_then(victim, step, later, done):
    """When a run begins that step, kill the victim a little later."""
    one_step = Loop._one_step

    def kill():
        time.sleep(later)
        if victim == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        processes = sorted(multiprocessing.active_children(), key=lambda one: one.pid)
        if len(processes) >= victim - 1:
            os.kill(processes[victim - 2].pid, signal.SIGKILL)
            done.append(victim)

    def noticed(loop):
        if loop.step == step and not noticed.started:
            noticed.started = True
            threading.Thread(target=kill, daemon=True).start()
        one_step(loop)

    noticed.started = False
    Loop._one_step = noticed


def left_behind(shared):
    """[(kind, detail)] of processes and shared memory that stay."""
    until = time.monotonic() + PATIENCE
    while own := workers_of_group():
        if time.monotonic() > until:
            return [("hang", f"a worker is left: {own}")]
        time.sleep(0.02)
    try:
        assert_none_stays(shared)
    except AssertionError as error:
        return [("different", f"shared memory is left: {error}")]
    return []


def workers_of_group():
    """The processes of this one's group that are workers and live."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == os.getpgid(0) and fields[0] != "Z":
                found += [path.name] if "spawn_main" in (path / "cmdline").read_text() else []
        except (OSError, ValueError):
            continue
    return found

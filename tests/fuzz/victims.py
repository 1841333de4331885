"""How one worker of a run is killed: a process, a rank of MPI, or the caller with all its threads.

    killed, outcome = killed_at(words, victim, step, later)      in a process of its own
    killed = killed_rank(words, victim, step, later)             by mpiexec

A kill counts if the run did not come to its own end: what had ended before cannot be killed.
"""

import functools
import importlib.util
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from dni_np.training.loop import Loop
from tests.fuzz.scene import call

ROOT = Path(__file__).resolve().parents[2]
LOOK = 1e-3  # seconds between two looks for the victim
STEP_TIME = 0.02  # seconds that a rank takes for a step, about: nobody sees how far it is


def killed_at(words, victim, step, later):
    """(was the run killed, the Outcome of the command; None of a killed caller)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            over = threading.Event()
            kill_then(victim, step, later, over)
            outcome = call(words)
            over.set()
            with os.fdopen(write, "wb") as pipe:
                pipe.write(pickle.dumps(outcome))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        return True, None
    outcome = pickle.loads(answer)
    return outcome.status != 0, outcome


def kill_then(victim, step, later, over):
    """When a run begins that step, kill the victim a little later, or as soon as it lives."""
    one_step = Loop._one_step

    def kill():
        time.sleep(later)
        while not over.is_set():
            if victim == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            processes = sorted(multiprocessing.active_children(), key=lambda one: one.pid)
            if len(processes) >= victim - 1:
                os.kill(processes[victim - 2].pid, signal.SIGKILL)
                return
            time.sleep(LOOK)

    def noticed(loop):
        if loop.step == step and not noticed.started:
            noticed.started = True
            threading.Thread(target=kill, daemon=True).start()
        one_step(loop)

    noticed.started = False
    Loop._one_step = noticed


def killed_rank(words, victim, step, later):
    """Was the run killed? Its ranks are real programs: a step is so much time after the first file
    was written.
    """
    path = {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    program = subprocess.Popen(
        [mpiexec(), "-n", words[words.index("--workers") + 1]]
        + [sys.executable, "-m", "dni_np", *words],
        env={**os.environ, **path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while program.poll() is None and not Path("run/plan.json").exists():
        time.sleep(LOOK)
    time.sleep(step * STEP_TIME + later)
    found = ranks(victim - 1)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    status = program.wait()
    assert found or status == 0, f"nobody was killed, and the status is {status}"
    return status != 0


def ranks(number):
    """[the process of the rank `number` that runs in this folder], if it lives."""
    found, wanted = [], f"PMI_RANK={number}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(path / "cwd") == os.getcwd():
                alike = wanted in (path / "environ").read_bytes().split(b"\0")
                found += [int(path.name)] if alike else []
        except OSError:
            continue
    return found


def has_mpi():
    return bool(mpiexec() and importlib.util.find_spec("mpi4py"))


@functools.cache
def mpiexec():
    return shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")

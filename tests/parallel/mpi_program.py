"""Programs on ranks of MPI: mpiexec -n 3 python -m tests.parallel.mpi_program WHAT [LAYER].

Something happens in a layer (see networks.FAULTS), and rank 0 says what it learned of that. Or two
ranks try the mailboxes between them.
"""

import sys
import time
from functools import partial

import numpy as np

from dni_np.parallel.events import Event, from_array, to_array
from dni_np.parallel.mailbox import Closed, Message
from dni_np.parallel.mpi import on_ranks
from dni_np.parallel.mpi_mailbox import line
from dni_np.parallel.mpi_world import join
from dni_np.parallel.pipeline import Pipeline
from tests.parallel.networks import build, build_faulty
from tests.parallel.test_pipeline import train

ROOM, TAG = 2, 30


def faults(what, layer):
    """The same fault twice: after the first, all ranks are there for the next job."""
    for at in (4, 6):
        pipeline = Pipeline(partial(build_faulty, what, layer, at), 3, "mpi", (2, 2, 1))
        try:
            train(pipeline, range(100))
        except Exception as error:
            print(f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()))
    return 3


def unknown():
    """A function that no other rank can know."""
    pipeline = Pipeline(lambda clock: build("cdni", clock), 3, "mpi")
    try:
        train(pipeline, range(2))
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    return 3


def message(n):
    arrays = {
        "a": np.full((300, 400), n, np.float32),  # too large for MPI to send at once
        "number": np.float32(2.5),
        "none": np.zeros((0, 4), np.int64),
        "turned": np.arange(12, dtype=np.int32).reshape(3, 4).T,
    }
    return Message("batch", n, arrays, "ü\n")


def mailboxes():
    """Both put as many as there is room for, at once; then what is read makes room."""
    world = join()
    assert abs(world.measured_ahead()) < 0.1  # of one machine
    mine = line(world, 1 - world.rank, TAG, ROOM)
    for n in range(ROOM):
        mine.send.put(message(n))
    if world.rank == 0:
        start = time.monotonic()
        mine.send.put(message(ROOM))  # waits for the other one's first get
        print("waited", time.monotonic() - start > 0.2)
    else:
        time.sleep(0.3)
    for n in range(ROOM + world.rank):
        found, wanted = mine.receive.get(), message(n)
        assert found[:2] == wanted[:2] and found.text == wanted.text
        for name, array in wanted.arrays.items():
            np.testing.assert_array_equal(found.arrays[name], array)
            assert found.arrays[name].dtype == array.dtype
    if world.rank == 1:
        world.ahead = 5.0  # as on another machine
        events = [Event(2, 1, "send", 105.5, 106.5, 0)]
        mine.send.put(Message("events", arrays={"events": to_array(events)}))
        world.wait(mine.receive._arrived)  # and is not read
    else:
        (event,) = from_array(mine.receive.get().arrays["events"])
        print("on one clock", (event.start, event.stop) == (100.5, 101.5))
        print("nothing", mine.receive.get(timeout=0.01))
        mine.send.put(message(7))
    for end in mine:
        try:
            end.close()
            end.put(message(0)) if end is mine.send else end.get()
        except Closed:
            print("closed", flush=True)
    assert world.finish([mine], 20)
    world.MPI.Finalize()
    return 0


if __name__ == "__main__":
    what, *layer = sys.argv[1:]
    if what == "mailboxes":
        raise SystemExit(mailboxes())
    main = partial(faults, what, int(layer[0])) if layer else unknown
    raise SystemExit(on_ranks(main))

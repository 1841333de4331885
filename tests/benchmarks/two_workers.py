"""Measure what the README's picture shows: one network of seven layers on two processes.

    python tests/benchmarks/two_workers.py

writes dni_np/pictures/two_workers.json: 100 milliseconds of each way to train it, one thread for
matrix products in each process, and batches in a second over the whole measurement. Then `make
pictures` draws them.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from dni_np.backend import asarray
from dni_np.parallel.locked import LockedPipeline
from dni_np.parallel.pipeline import Pipeline
from dni_np.parallel.summary import throughput
from dni_np.pictures.events import work
from tests.benchmarks.parallel import STALENESS, WIDE, Apart
from tests.benchmarks.run import describe

FILE = Path(__file__).parents[2] / "dni_np/pictures/two_workers.json"
WARM_UP, BATCHES, SECONDS = 30, 150, 0.1
LOCKED = Apart("locked", "", "mnist-fcn", "backprop", "", changes=WIDE)
DECOUPLED = Apart("decoupled", "", "mnist-fcn", "cdni", "", changes=WIDE)
WAYS = {
    "backpropagation": lambda: LockedPipeline(LOCKED.again, 2, micro_batches=1),
    "in 4 micro-batches": lambda: LockedPipeline(LOCKED.again, 2, micro_batches=4),
    "cDNI": lambda: Pipeline(DECOUPLED.again, 2, staleness=STALENESS),
}


def main():
    """Write the file."""
    content = {"machine": describe(1), "ways": {}}
    for name, make in WAYS.items():
        rule, batch = make(), tuple(map(asarray, DECOUPLED.data()))
        for _ in range(WARM_UP + BATCHES):
            rule.step(*batch)
        events = [event for event in work(rule.events()) if event.batch > WARM_UP]
        rule.close()
        speed = throughput(events)
        content["ways"][name] = {"batches_a_second": round(speed, 1), "events": shown(events)}
        print(f"{name}: {speed:.1f} batches a second")
    FILE.write_text(json.dumps(content).replace("]], ", "]],\n").replace("}, ", "},\n") + "\n")


def shown(events):
    """[[worker, batch, kind, layer, start, stop]] of the middle, in microseconds from 0 on."""
    middle = sorted(event.start for event in events)[len(events) // 2]
    rows = [event for event in events if middle <= event.start < middle + SECONDS]
    first = min(event.batch for event in rows) - 1
    return [
        [e.worker, e.batch - first, e.kind, e.layer]
        + [round(1e6 * (time - middle)) for time in (e.start, e.stop)]
        for e in rows
    ]


if __name__ == "__main__":
    sys.exit(main())

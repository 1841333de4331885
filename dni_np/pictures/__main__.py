"""The README's moving pictures, and a still one of each: python -m dni_np.pictures FOLDER"""

import json
import sys
from pathlib import Path

from dni_np.pictures.events import Event, idle_share, joined, layers_of
from dni_np.pictures.moving import save_moving
from dni_np.pictures.network import STEPS, feedforward
from dni_np.pictures.timeline import timeline

MEASURED = Path(__file__).with_name("two_workers.json")  # by tests/benchmarks/two_workers.py
TIME, FRAME = 50.0, 2.5  # milliseconds


def figure_9(folder):
    """One step of DNI, module by module."""
    frames = [feedforward(step) for step in range(1, STEPS[feedforward] + 1)]
    save_moving(folder / "figure_9.gif", frames, seconds=3, still=feedforward())


def locked_and_decoupled(folder):
    """Backpropagation beside cDNI, each on two workers, as it was measured."""
    measured = json.loads(MEASURED.read_text())["ways"]
    plans, done = {}, {}
    for name, way in measured.items():
        events = [
            Event(worker, batch, kind, start / 1e3, stop / 1e3, layer)
            for worker, batch, kind, layer, start, stop in way["events"]
        ]
        layer = max(event.layer for event in events)
        tops = (event for event in events if (event.kind, event.layer) == ("update", layer))
        done[name] = [event.stop for event in tops]
        rows = {w: f"layers {own[0]} to {own[-1]}" for w, own in layers_of(events).items()}
        events = [
            event._replace(worker=rows[event.worker], layer=0, stop=min(event.stop, TIME))
            for event in joined(events)
            if event.start < TIME
        ]
        # A little more than the time: nothing is done when it is over.
        events += [Event(row, 0, "wait", 0.0, 1.001 * TIME) for row in rows.values()]
        waited = 100 * idle_share(events)
        pace = f"{way['batches_a_second']:.0f} batches a second, the workers waited {waited:.0f} %"
        plans[f"{name}: {pace}"] = events
    frames = []
    for frame in range(1, round(TIME / FRAME) + 1):
        now = frame * FRAME
        counts = [f"{name} {sum(stop <= now for stop in done[name])}" for name in done]
        title = f"Batches learned after {now:.0f} ms: {', '.join(counts)}"
        frames.append(timeline(plans, now, "ms", title))
    frames += frames[-1:] * 9
    save_moving(folder / "locked_and_decoupled.gif", frames, seconds=0.4)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m dni_np.pictures FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure_9(folder)
    locked_and_decoupled(folder)

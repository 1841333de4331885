"""What a run with several workers leaves beside its history: a trace, a timeline, a table.

trace.json     its newest batches, for Perfetto and for `python -m dni_np simulate`
timeline.png   a few of them as a picture: who worked, who waited
workers.txt    what each worker did with its time, how much it waited and sent
"""

from functools import partial

from dni_np.backend import asarray
from dni_np.experiments.report import save_figure
from dni_np.parallel import trace
from dni_np.parallel.durations import learn_above
from dni_np.parallel.summary import summary, table, throughput, without_pauses
from dni_np.pictures.events import layers_of
from dni_np.training.files import write_text
from dni_np.training.tasks.images import scaled

NEWEST = 200  # batches
SHOWN = 3  # in the picture
LEAST = 10  # batches, without which the run says nothing


def save_events(events, loop, folder, settings, name):
    """`events` of the workers that train `loop.rule`; without enough of them nothing is written."""
    batches = sorted({event.batch for event in events})[-NEWEST:]
    events = [event for event in events if event.batch in set(batches)]
    if len(batches) < LEAST or len({event.worker for event in events}) < settings.workers:
        return
    from dni_np.pictures.measured import measured  # Matplotlib: help does not wait for it

    own = getattr(loop.rule, "message_bytes", partial(message_bytes, events, loop))
    micro_batches = getattr(loop.rule, "micro_batches", 0)  # 0: workers do not wait for each other
    sizes = own(settings.batch_size / max(1, micro_batches))
    about = {"run": name, "staleness": settings.staleness, "message_bytes": sizes}
    about["micro_batches"] = micro_batches
    trace.save(events, folder / "trace.json", about)
    save_figure(measured({name: events}, SHOWN), folder / "timeline.png")
    training = without_pauses(events)
    text = table(summary(training, sizes))
    pace = f"last {len(batches)} batches, {throughput(training):.4g} a second (without measuring)"
    write_text(folder / "workers.txt", f"{name}: {pace}\n\n{text}\n")


def message_bytes(events, loop, batch_size):
    """{worker: bytes of a message to a neighbor, on the average}: as large as a border's output,
    or as the weights of the guess that learns above it.
    """
    layers = layers_of(events)
    above = [*learn_above(events, layers), False]
    h, borders = scaled(loop.task.x_train[:1], loop.task.dataset.scale), {}
    for layer, core in enumerate(loop.rule.cores, 1):
        h, _ = core.forward(asarray(h), training=False)
        borders[layer] = h.nbytes * batch_size
    found, down = {}, []
    for (worker, own), learns_above in zip(layers.items(), above):
        up = [borders[own[-1]]] if worker < max(layers) else []
        found[worker] = sum(down + up) / len(down + up)
        down = [loop.rule.rule.guess_weights(own[-1] - 1).nbytes] if learns_above else up
    return found

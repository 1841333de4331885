"""The command that simulates more workers than there are, from the times of a run.

    python -m dni_np simulate runs/FOLDER/RUN/trace.json --staleness 4

First the run's own workers, measured and simulated: so one sees how far to trust the rest. Then a
deeper network with layers like those of the run, on any number of workers, beside a locked pipeline
and plain backpropagation with the same times.
"""

from argparse import Namespace
from pathlib import Path

import numpy as np

from dni_np.errors import UserError
from dni_np.experiments.report import format_table, save_figure
from dni_np.parallel import trace
from dni_np.parallel.durations import measured
from dni_np.parallel.machine import Machine, even_groups
from dni_np.parallel.simulated_pipeline import locked
from dni_np.parallel.simulator import decoupled
from dni_np.parallel.split import groups_of
from dni_np.parallel.summary import throughput, without_pauses

MOST = 1000  # layers, and micro-batches
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, MOST)
USUAL = {"layers": MOST, "micro_batches": 32, "seed": 0, "slow": 1.0, "slowdowns": (0.0, 1.0)}


def simulate(options):
    """Print two tables, and save a figure beside the trace or in `--out`; return 0."""
    from dni_np.pictures import throughput as picture  # Matplotlib: help does not wait for it

    given = {name: value for name, value in vars(options).items() if value is not None}
    options = Namespace(**{**vars(options), **USUAL, **given})
    for flag, value, least in (
        ("--layers", options.layers, 2),
        ("--micro-batches", options.micro_batches, 1),
    ):
        if not least <= value <= MOST:
            raise UserError(f"{flag} must be {least} to {MOST}, not {value}")
    events, about = trace.load(options.trace)
    if about.get("micro_batches"):
        raise UserError(
            f"{options.trace} is of workers that wait for each other: give the trace.json of "
            "decoupled ones, such as --rule cdni"
        )
    durations, staleness = measured(events), options.staleness
    if staleness is None:
        staleness = about.get("staleness", 1)
    machine = machine_of(options, durations, about)
    print(again(events, durations, about.get("staleness", 1), options.seed))
    workers = sorted(set(options.workers or [n for n in WORKERS if n <= options.layers]))
    deep = durations.deeper(options.layers)
    rows = [results(deep, n, staleness, machine, options) for n in workers]
    what = f"{options.layers} layers, staleness {staleness}, {options.micro_batches} micro-batches"
    print(f"\nSIMULATED, batches in a second: {what}{stragglers(options)}")
    print(format_table([{name: f"{value:.4g}" for name, value in row.items()} for row in rows]))
    lines = {name: [row[name] for row in rows] for name in rows[0] if name[-1] not in "s%"}
    path = Path(options.out or options.trace.with_name("simulated.png"))
    save_figure(picture.throughput(workers, lines, what + stragglers(options)), path)
    print(f"\nThe figure is {path}")
    return 0


def machine_of(options, durations, about):
    """The Machine that the options describe; what they leave open is as the run measured it."""
    latency, bandwidth, size = durations.latency, np.inf, 0
    if options.latency is not None:
        latency = options.latency / 1e6
    if options.bandwidth is not None:
        sizes = about.get("message_bytes")
        if not (sizes and isinstance(sizes, dict)):
            raise UserError(f"{options.trace} does not say how large a message is: no --bandwidth")
        bandwidth, size = 1e6 * options.bandwidth, max(sizes.values())
    slow, slowdowns = {1: options.slow}, tuple(options.slowdowns)
    own = (latency, bandwidth, size, durations.send, options.jitter, slow, slowdowns)
    return Machine(*own).checked()


def stragglers(options):
    """What is said of them, "" without any."""
    always, (share, factor) = options.slow, options.slowdowns
    found = f", worker 1 {always:g} times slower" if always != 1 else ""
    return found + (f", {100 * share:g} % of all work {factor:g} times slower" if share else "")


def again(events, durations, staleness, seed):
    """The run's own workers, measured and simulated, as a table.

    A worker waits here whenever it does not do what the simulation has times for: what lies between
    two events, too, where that is longer than usual.
    """
    machine = Machine(durations.latency, send=durations.send)
    found = decoupled(durations, groups_of(durations.split), staleness, machine, 1000, seed)
    speed = {"measured": throughput(without_pauses(events)), "simulated": found.throughput()}
    waiting = {"measured": 1 - speed["measured"] * durations.busy(), "simulated": found.waiting()}
    lines = [
        {
            "this run": name,
            "batches/s": f"{speed[name]:.4g}",
            **{f"worker {i} waits %": f"{100 * w:.1f}" for i, w in enumerate(waiting[name], 1)},
        }
        for name in speed
    ]
    return format_table(lines)


def results(durations, workers, staleness, machine, options):
    """One row of the table: batches in a second on so many workers."""
    groups, seed = even_groups(len(durations.sources), workers), options.seed
    batches = max(200, 2 * workers)  # the second half, which counts, begins with all at work
    own = decoupled(durations, groups, staleness, machine, batches, seed, options.room)
    pipelines = {
        "1F1B": (options.micro_batches, "1f1b"),
        "fill and drain": (options.micro_batches, "fill-drain"),
        "backpropagation": (1, "fill-drain"),
    }
    found = {
        name: locked(durations, groups, m, schedule, machine, seed=seed)
        for name, (m, schedule) in pipelines.items()
    }
    alone = Machine(jitter=machine.jitter)
    one = locked(durations, even_groups(len(durations.sources), 1), 1, machine=alone, seed=seed)
    return {
        "workers": workers,
        "decoupled": own.throughput(),
        **{name: result.throughput() for name, result in found.items()},
        "ideal": workers * one.throughput(),
        "decoupled waits %": 100 * own.waiting().mean(),
        "1F1B waits %": 100 * found["1F1B"].waiting().mean(),
    }

"""Time training steps, convolutions and an LSTM against PyTorch, and where there are such against
their matrix products.

    python tests/benchmarks/run.py [--seconds 8] [--threads 2] [--only cdni tiny "conv 28 1-64
    x256"] [--json FILE]

Contenders take turns, each in its own process with the same number of threads (see `timing`).
"""

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from tqdm import tqdm

from dni_np.experiments.report import format_table
from tests.benchmarks import parallel
from tests.benchmarks.bytes_moved import bytes_moved, bytes_of
from tests.benchmarks.cases import CASES as ALONE
from tests.benchmarks.products import pairs_of, products
from tests.benchmarks.timing import (
    LONG_TURN,
    TURN,
    Contender,
    interleave,
    ratio,
    spread,
)

CASES = [*ALONE, *parallel.CASES]
HAS_TORCH = find_spec("torch") is not None


def main(arguments=None):
    options = parser().parse_args(arguments)
    machine = describe(options.threads)
    print("\n".join(f"{name}: {value}" for name, value in machine.items()), flush=True)
    chosen = [
        case for case in CASES if not options.only or {case.name, group(case)} & set(options.only)
    ]
    rows = []
    for case in tqdm(chosen, unit="case", disable=None):
        rows.append(measure(case, options.seconds, options.threads, options.spread / 100))
    for table in dict.fromkeys(
        case.table for case in chosen
    ):  # different contenders, so different columns
        print(
            "\n"
            + format_table([shown(row) for row, case in zip(rows, chosen) if case.table == table])
        )
    if options.json:
        Path(options.json).write_text(
            json.dumps({"machine": machine, "cases": rows}, indent=1) + "\n"
        )
    return 0


def parser():
    about, _, rest = __doc__.partition("\n\n")
    top = argparse.ArgumentParser(
        description=about, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument(
        "--seconds", type=float, default=8, help="for each case, or five turns if they take longer"
    )
    about = "go on, up to five times as long, until every ratio is known to so many percent"
    top.add_argument("--spread", type=float, default=2, metavar="PERCENT", help=about)
    top.add_argument("--threads", type=int, default=2, help="of both contenders")
    known = dict.fromkeys(name for case in CASES for name in (group(case), case.name))
    about = "some of the cases, by name or by its first word: " + ", ".join(
        case.name for case in CASES
    )
    top.add_argument("--only", nargs="+", choices=known, metavar="CASE", help=about)
    top.add_argument("--json", metavar="FILE", help="write all numbers there")
    return top


def group(case):
    """All convolutions are "conv"."""
    return case.name.split()[0]


def describe(threads):
    """What the numbers depend on."""
    blas = next((lib for lib in threadpool_info() if lib["user_api"] == "blas"), {})
    kernel = blas.get("architecture", "unknown")
    if kernel in ("Haswell", "Zen") and has_avx512():
        kernel += " (this processor has AVX-512: try OPENBLAS_CORETYPE=SkylakeX)"
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "threads": threads,
        "others' load at the start": f"{load} of a core (0 is quiet)",
        "NumPy": f"{np.__version__}, {blas.get('internal_api', 'BLAS')} kernel {kernel}",
        "PyTorch": version("torch") if HAS_TORCH else "not installed: no comparison",
    }


def processor():
    """Its name, which is not what `platform` has on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def has_avx512():
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def measure(case, seconds, threads, wanted=None):
    """One row: median milliseconds of each contender, medians of ratios, memory."""
    split, bound = parallel.split_of(case, threads) if case.table == "parallel" else ((), None)
    contenders = contenders_for(case, threads, split)
    times, ours = interleave(contenders, seconds, wanted), next(iter(contenders))
    megabytes = {name: contender.stop() for name, contender in contenders.items()}
    return {
        "case": case.name,
        "about": case.about,
        "target": case.target,
        "ms": {name: 1e3 * median(series) for name, series in times.items()},
        "by products": ratio(times, "dni_np", "products") if "products" in times else None,
        "by ours": {
            name: ratio(times, name, ours)
            for name in contenders
            if case.table == "parallel" or name.startswith("PyTorch")
        },
        "spread": {name: spread(times, name, ours) for name in contenders if name != ours},
        "parts": bound and parallel.parts(times, threads, bound),
        "MB": megabytes,
        "MB moved": moved(case),
    }


def moved(case):
    """Megabytes that a step's operations read and write, and those of its products among them."""
    if case.table in ("images", "parallel"):
        return None
    return {"all": bytes_moved(case) / 1e6, "products": bytes_of(pairs_of(case)) / 1e6}


def contenders_for(case, threads, split=()):
    """Processes that are ready to step; the first one's times are what others are divided by."""
    least = TURN
    if case.table == "parallel":
        least = LONG_TURN
        contenders = {
            name: Contender(prepare, *arguments, has_workers=True, least=least)
            for name, (prepare, *arguments) in parallel.contenders(case, threads, split).items()
        }
    else:
        contenders = {"dni_np": Contender(step_of, case, threads)}
    if case.table not in ("images", "parallel"):
        contenders["products"] = Contender(products_of, case, threads)
    if HAS_TORCH:
        from tests.benchmarks import peers

        # NumPy asks for huge pages by itself, PyTorch only if set to. Without them its large
        # arrays are slow to come by, and a first layer at batch 256 takes it twice as long: that
        # would say nothing about convolutions.
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
        contenders.update(
            {
                f"PyTorch {kind}": Contender(peers.step, case, kind, threads, least=least)
                for kind in peers.kinds(case)
            }
        )
    return contenders


def step_of(case, threads):
    threadpool_limits(threads)
    return case.step()


def products_of(case, threads):
    threadpool_limits(threads)
    return products(case)


def shown(row):
    """A row of numbers as a line of the printed table."""
    known = {"known to": f"{100 * max(row['spread'].values(), default=0):.0f} %"}
    if "processes" in row["ms"]:
        line = {"step": row["case"], "ms, processes": three_digits(row["ms"]["processes"])}
        others = {k: v for k, v in row["by ours"].items() if k != "processes"}
        line |= {name: f"{value:.2f}x" for name, value in others.items()}
        line |= {name: f"{value:.2f}" for name, value in row["parts"].items()}
        return {**line, **known, "to reach": row["target"]}
    line = {"step": row["case"], "ms": three_digits(row["ms"]["dni_np"])}
    if row["by products"]:
        line |= {
            "products ms": three_digits(row["ms"]["products"]),
            "by products": f"{row['by products']:.2f}",
            "MB moved": three_digits(row["MB moved"]["all"]),
            "by products ": f"{row['MB moved']['all'] / row['MB moved']['products']:.1f}",
        }
    line |= {name: f"{value:.2f}x" for name, value in row["by ours"].items()}
    for name in (
        "dni_np",
        "PyTorch default",
        "PyTorch NCHW",
        "PyTorch channels_last",
        "PyTorch nn.LSTM",
    ):
        if name in row["MB"]:
            line[f"MB {name.removesuffix(' default')}"] = f"{row['MB'][name]:.0f}"
    return {**line, **known, "to reach": row["target"]}


def three_digits(value):
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"  # not 1.02e+03


if __name__ == "__main__":
    sys.exit(main())

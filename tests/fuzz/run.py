"""make fuzz: thousands of wrong command lines and damaged files, killed runs and killed workers.

    make fuzz                                           all of it: 1,000, 1,000, 100 and 100 cases
    make fuzz ARGS="--seed 7 --only kills"              other cases, of one part
    make fuzz ARGS="--seed 7 --only kills --case 12"    one of them again

It counts tracebacks, hangs, what is accepted in silence (a damaged file, an option that changes
nothing), tables with nan, warnings, and runs that end otherwise than they would have without being
killed. Exit status: 0 nothing was found, 1 something was. What is found lies in fuzz-findings/.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from dni_np.experiments.report import format_table
from tests.fuzz import command_lines, files, kills, workers
from tests.fuzz.worker import LIMIT, Worker

PARTS = {  # one case, and how many there are
    "command-lines": (command_lines.case, 1000),
    "files": (files.case, 1000),
    "kills": (kills.case, 100),
    "workers": (workers.case, 100),
}
LIMITS = {"workers": 120}  # seconds, of the others LIMIT: processes take long to begin
KINDS = ("traceback", "hang", "silent acceptance", "nan", "warning", "different")
FOUND = Path("fuzz-findings")


class Finding(NamedTuple):
    part: str
    seed: int
    case: int
    attempt: str  # what was tried
    kind: str
    detail: str

    def __str__(self):
        again = f'make fuzz ARGS="--seed {self.seed} --only {self.part} --case {self.case}"'
        return f"{self.kind}: {self.attempt}\n{self.detail}\nagain: {again}\n"


def fuzz(worker, part, seed, cases):
    """([Finding], how many of the cases were accepted, or killed) of some cases of a part."""
    found, accepted = [], 0
    for case in cases:
        for _ in range(2):  # the machine may have been busy with something else
            kind, answer = worker(PARTS[part][0], seed, case, limit=LIMITS.get(part, LIMIT))
            if kind != "hang":
                break
        attempt, faults, good = answer if kind == "returned" else ("", [(kind, answer)], False)
        found += [Finding(part, seed, case, attempt, *fault) for fault in faults]
        accepted += good
    return found, accepted


def main(arguments=None):
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="another one makes other cases")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--cases", type=int, help="how many of each part")
    parser.add_argument("--case", type=int, help="this one only, and what it is")
    options = parser.parse_args(arguments)
    rows, everything = [], []
    with Worker() as worker:
        for part in options.only:
            one = options.case is not None
            numbers = [options.case] if one else range(options.cases or PARTS[part][1])
            bar = tqdm(numbers, desc=part, unit="case", mininterval=1, smoothing=0)
            found, accepted = fuzz(worker, part, options.seed, bar)
            everything += found
            counts = Counter(finding.kind for finding in found)
            rows.append({"part": part, "cases": len(numbers), "accepted or killed": accepted})
            rows[-1].update({kind: counts[kind] for kind in KINDS})
            if one:
                print(worker(PARTS[part][0], options.seed, options.case)[1])
    print(f"\n{format_table(rows)}\n")
    save(everything)
    return 1 if everything else 0


def save(found):
    """A file for each finding; the first ones are printed, too."""
    for finding in found:
        FOUND.mkdir(exist_ok=True)
        name = f"{finding.part}-{finding.seed}-{finding.case}-{finding.kind.replace(' ', '-')}"
        (FOUND / f"{name}.txt").write_text(str(finding))
    for finding in found[:5]:
        print(finding)
    print(f"all {len(found)} are in {FOUND}/" if found else "nothing was found")


if __name__ == "__main__":
    sys.exit(main())

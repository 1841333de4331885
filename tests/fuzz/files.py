"""Damaged files: data, plans and checkpoints, in the middle of a run.

A run is stopped, one file is damaged, and the run is resumed. It must be refused, with all files
left as they are; or else end exactly as it would have without the damage. Damaged data is also
given to a new run, which must refuse what is broken in itself. A plan or a checkpoint with a new
checksum that fits, as another version might have written it, may be refused or used.
"""

import functools
import gzip
from pathlib import Path

import numpy as np

from tests.data.made_up import write_archive, write_cifar10, write_idx
from tests.fuzz import meanings
from tests.fuzz.damage import of_bytes
from tests.fuzz.mutations import Mutation, checkpoints, plans
from tests.fuzz.scene import RHYME, call, contents, fresh_folder, results, stopping, tables

SMALL = "--quiet --steps 9 --batch-size 4 --evaluate-every 3"
RUNS = {  # one for each kind of data, and some that draw their own
    "idx": "mnist --data data --widths 3 3",
    "idx, packed": "mnist --data data --widths 3 --rule backprop",
    "cifar": "cifar --data data --widths 3",
    "archive": "cifar --data data --widths 3 --rule bp-lambda",
    "text": "characters --data data/a.txt --units 3 --unroll 3",
    "texts": "characters --data data --units 3 --unroll 3 --rule bptt",
    "two networks": "two-clocks --data data --units 3 --unroll 2",
    "sums": "addition --bits 5 --examples 30 --widths 3 3 --rule stale",
    "compared": "compare --recipe addition --bits 5 --examples 30 --widths 3 3 --rules dni sparse",
    "copy": "copy --units 3",
}
IDX = {"n": 30, "m": 8, "size": (6, 6)}
DATA = {  # what writes it into a folder, and what it means
    "idx": (lambda folder: write_idx(folder, packed=False, **IDX), meanings.idx_set),
    "idx, packed": (lambda folder: write_idx(folder, **IDX), meanings.idx_set),
    "cifar": (lambda folder: write_cifar10(folder, n=6), meanings.cifar_set),
    "archive": (lambda folder: write_archive(folder / "cifar-10-binary.tar.gz"), meanings.archive),
    "text": (lambda folder: write_texts(folder, "a"), meanings.text_set),
    "texts": (lambda folder: write_texts(folder, "train", "valid", "test"), meanings.text_set),
    "two networks": (lambda folder: write_idx(folder, **IDX), meanings.idx_set),
}
FOLDER = Path("data")


def case(seed, number):
    """(what was tried, [(kind, detail)], was it accepted)."""
    rng = np.random.default_rng([seed, number])
    kind = list(RUNS)[rng.integers(len(RUNS))]
    files, ended = prepared(kind)
    with fresh_folder():
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if kind in DATA and rng.random() < 0.7:
            attempt, found, accepted = damaged_data(kind, rng, ended)
        else:
            attempt, found, accepted = damaged_run(kind, rng, ended)
    return f"{kind}: {attempt}", found, accepted


@functools.cache
def prepared(kind):
    """({path: content} of a run that was stopped and its data, the results it would end with)."""
    with fresh_folder():
        FOLDER.mkdir()
        if kind in DATA:
            DATA[kind][0](FOLDER)
        with stopping():
            assert call(f"{RUNS[kind]} {SMALL} --out run".split()).status == 130
        files = {**contents("run"), **contents(FOLDER)}
        assert resume(kind).status == 0
        return files, results("run")


def resume(kind):
    return call([RUNS[kind].split()[0], *"--resume run --quiet".split()])


def damaged_run(kind, rng, ended):
    """Of plan.json, or of a checkpoint."""
    names = ("plan.json", plans), ("checkpoint.npz", checkpoints)
    name, mutations = names[rng.integers(2)]
    path, sealed = next(Path("run").rglob(name)), bool(rng.random() < 0.3)
    seed = int(rng.integers(2**32))
    mutation = next(mutations(path.read_bytes(), seed, sealed))
    mutation.put(path)
    attempt = f"{path}{' with a new checksum' if sealed else ''}: {mutation.what}"
    return attempt, *goes_on(kind, None if sealed else ended)


def goes_on(kind, ended):
    """([(kind, detail)], was it accepted) of the run, resumed; it must come to the same end."""
    before = contents("run")
    outcome = resume(kind)
    found = outcome.faults() + tables("run")
    accepted = outcome.status == 0
    if accepted and ended is not None and results("run") != ended:
        found.append(("silent acceptance", "the run went on, and came to another end"))
    if not accepted and contents("run") != before:
        found.append(("silent acceptance", f"refused, but files have changed: {outcome.err}"))
    return found, accepted


def damaged_data(kind, rng, ended):
    """Of one file: for the run, and for a new one."""
    meaning = DATA[kind][1]
    path = sorted(FOLDER.iterdir())[rng.integers(len(list(FOLDER.iterdir())))]
    attempt = damage(path, rng)
    says = meaning(FOLDER)
    found, accepted = goes_on(kind, ended)
    outcome = call(f"{RUNS[kind]} {SMALL} --out new".split())
    found += outcome.faults() + tables("new")
    if outcome.status == 0 and says is None:
        found.append(("silent acceptance", "a new run takes broken data"))
    return f"{path}: {attempt}", found, accepted or outcome.status == 0


def damage(path, rng):
    """Do something to the file `path`; return what."""
    original, way = path.read_bytes(), rng.random()
    if way < 0.05:
        path.unlink()
        return "missing"
    others = [other for other in path.parent.iterdir() if other != path]
    if way < 0.15 and others:
        other = others[rng.integers(len(others))]
        path.write_bytes(other.read_bytes())
        other.write_bytes(original)
        return f"exchanged with {other.name}"
    if way < 0.5 and original[:2] == b"\x1f\x8b":
        what, content = of_bytes(gzip.decompress(original), rng)
        if content is not None:
            path.write_bytes(gzip.compress(content))
            return f"unpacked, {what}, packed again"
    if way < 0.7:  # where headers and labels are
        place, value = int(rng.integers(min(16, len(original)))), int(rng.integers(256))
        path.write_bytes(original[:place] + bytes([value]) + original[place + 1 :])
        return f"byte {place} is {value}"
    mutation = Mutation(*of_bytes(original, rng))
    mutation.put(path)
    return mutation.what


def write_texts(folder, *names):
    for name in names:
        (folder / f"{name}.txt").write_text(f"{name[0]}\n{RHYME}")

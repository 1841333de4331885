"""Damaged copies of the files that a run leaves behind: plan.json, checkpoint.npz, the histories.

    for mutation in itertools.islice(checkpoints(path.read_bytes(), seed=0), 1000):
        mutation.put(path)
        ...                            # what does the program say?

Each generator is endless and follows from its seed. As a disk or an editor would damage them, the
files keep their old checksum: every one must be refused. With `sealed` they get one that fits, as
if another version of the program had written them: what they say may make sense then, and be used.
"""

import io
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dni_np.experiments.folder import checksum
from dni_np.training.checkpoint import digest
from tests.fuzz.damage import DEEP, content_of, of_arrays, of_bytes, of_json


class Mutation(NamedTuple):
    """`content` takes the file's place; None: a folder does."""

    what: str
    content: bytes | None

    def put(self, path):
        """Write it to `path`, whatever is there."""
        path = Path(path)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.mkdir() if self.content is None else path.write_bytes(self.content)


def plans(original, seed=0, sealed=False):
    """Of plan.json."""
    rng = np.random.default_rng(seed)
    while True:
        if rng.random() < 0.3:
            yield Mutation(*of_bytes(original, rng))
            continue
        content = json.loads(original)
        what, content = of_json(content, rng)
        if sealed and isinstance(content, dict):
            content.pop("checksum", None)
            content["checksum"] = checksum(content)
        elif content == json.loads(original):
            continue
        yield Mutation(what, json.dumps(content).encode())


def checkpoints(original, seed=0, sealed=False):
    """Of checkpoint.npz."""
    rng = np.random.default_rng(seed)
    entries = dict(np.load(io.BytesIO(original)))
    while True:
        if rng.random() < 0.2:
            yield Mutation(*of_bytes(original, rng))
            continue
        changed = dict(entries)
        if rng.random() < 0.5:
            meta = json.loads(entries["meta"].tobytes())
            what, new = of_json(meta, rng, likely=("rng", "task", "history"))
            text = json.dumps(new).encode()
            if rng.random() < 0.05:
                what, text = "deep JSON", DEEP
            changed["meta"] = np.frombuffer(text, np.uint8)
        else:
            what = of_arrays(changed, rng)
        if sealed:
            changed.pop("digest", None)
            changed["digest"] = np.frombuffer(digest(changed), np.uint8)
        file = io.BytesIO()
        np.savez(file, **changed)
        if sealed or content_of(file.getvalue()) != content_of(original):
            yield Mutation(what, file.getvalue())


def histories(original, seed=0):
    """Of history.csv or history.jsonl."""
    rng = np.random.default_rng(seed)
    while True:
        yield Mutation(*of_bytes(original, rng))

"""What a plan leaves on the disk, in its own folder.

    runs/NAME/plan.json            what was asked for, so that --resume needs only the folder
    runs/NAME/cdni-3-seed0/        checkpoint.npz, history.csv, history.jsonl, curves.png and others
    runs/NAME/summary.csv, .txt    one line for each group of seeds
    runs/NAME/comparison.png       learning curves; of several rules on images overview.png, too
"""

import itertools
import json
import zlib
from dataclasses import asdict
from pathlib import Path

from dni_np.errors import UserError
from dni_np.experiments.registry import settings_from
from dni_np.training.checkpoint import expect
from dni_np.training.files import reading, write_text

VERSION = 2


def check_folder(out):
    """The folder that --out names must hold no run yet."""
    if (Path(out) / "plan.json").exists():
        raise UserError(
            f"{out} already holds a run: continue it with --resume {out}, or choose another --out"
        )


def new_folder(name):
    """The first free one of runs/name, runs/name-2, ...; made at once, before others do."""
    for n in itertools.count(1):
        folder = Path("runs") / (name if n == 1 else f"{name}-{n}")
        try:
            folder.mkdir(parents=True)
            return folder
        except OSError as error:
            if not (isinstance(error, FileExistsError) and folder.parent.is_dir()):
                raise UserError(
                    f"cannot write to {folder}: {error.strerror}; choose another folder with --out"
                ) from None


def save_plan(folder, title, plan):
    """Write what was asked for."""
    content = {"version": VERSION, "title": title, "plan": [asdict(settings) for settings in plan]}
    text = json.dumps({**content, "checksum": checksum(content)}, indent=1)
    write_text(folder / "plan.json", text + "\n")


def load_plan(folder):
    """(title, [settings]) of an earlier run."""
    path = Path(folder) / "plan.json"
    if not path.exists():
        raise UserError(f"{folder} holds no run to resume: it has no plan.json")
    with reading(path, "restore it from a copy, or start a new run"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if set(content) != {"title", "plan"}:  # as the oldest have it
            expect(content.pop("checksum") == checksum(content), "its checksum")
            expect(content["version"] == VERSION, "its version")
        plan = [settings_from(one) for one in content["plan"]]
        expect(len({settings.task for settings in plan}) == 1, "what it asks for")
        expect(isinstance(content["title"], str), "its title")
        return content["title"], plan


def checksum(content):
    """A plan that is changed by hand would not be the run that was begun."""
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())

"""What can happen to bytes, to JSON and to arrays; each function draws one kind of damage."""

import copy
import io
import json
import zipfile

import numpy as np

NUMBERS = (-1, 0, 0.5, 7, 10**30, float("nan"), float("inf"))
WRONG = (*NUMBERS, None, True, "", "x", "0", [], [[]], ["x"], {}, {"a": 1})
DEEP = b"[" * 100_000 + b"]" * 100_000


def of_bytes(original, rng):
    """(what, the new bytes; None: a folder): what happens to any file."""
    n = len(original)
    place = int(rng.integers(n))
    flipped = bytearray(original)
    flipped[place] ^= 1 << int(rng.integers(8))
    choices = {
        "empty": b"",
        f"cut after {place} bytes": original[:place],
        f"begun after {place + 1} bytes": original[place + 1 :],
        f"bit of byte {place} flipped": bytes(flipped),
        "twice": original * 2,
        "zeros": bytes(n),
        "noise": rng.bytes(min(n, 1000)),
        "a web page": b"<!DOCTYPE html><html><body>404</body></html>",
        "deep brackets": DEEP,
        "another zip": _zip({"readme.txt": b"hello"}),
        "an array without a zip": _npy(np.arange(5)),
        "a folder": None,
    }
    what = str(rng.choice(list(choices)))
    if choices[what] is not None and content_of(choices[what]) == content_of(original):
        what = "empty"  # a date in a zip file, a blank in JSON: nothing that counts
    return what, choices[what]


def content_of(data):
    """What the file says, whatever it is."""
    try:
        if data[:2] == b"PK":
            return {
                name: (a.dtype, a.shape, a.tobytes())
                for name, a in np.load(io.BytesIO(data)).items()
            }
        return json.loads(data)
    except Exception:  # nothing readable
        return data


def of_json(value, rng, likely=()):
    """(what, a changed copy): one place in the nested `value`, often below a key in `likely`."""
    value = copy.deepcopy(value)
    parent, path = value, []
    keys = [key for key in likely if isinstance(value, dict) and key in value]
    if keys and rng.random() < 0.6:
        path.append(keys[rng.integers(len(keys))])
        if isinstance(value[path[0]], (dict, list)) and value[path[0]]:
            parent = value[path[0]]
        else:
            path = []
    while True:
        options = list(parent) if isinstance(parent, dict) else range(len(parent))
        key = options[int(rng.integers(len(options)))]
        path.append(key)
        deeper = isinstance(parent[key], (dict, list)) and len(parent[key]) > 0
        if not deeper or rng.random() < 0.2:
            break
        parent = parent[key]
    where = "/".join(map(str, path))
    kind = rng.random()
    if kind < 0.25:
        del parent[key]
        return f"{where} missing", value
    if kind < 0.3 and isinstance(parent, dict):
        parent["strange"] = 1
        return f"{where}: a strange key beside it", value
    if kind < 0.4 and key == "bit_generator":
        parent[key] = "MT19937"
        return f"{where}: another generator", value
    if kind < 0.55 and isinstance(parent[key], (int, float)):
        parent[key] = parent[key] + int(rng.choice([-1000, -1, 1, 10**6, 10**15]))
        return f"{where} is another number", value
    parent[key] = copy.deepcopy(WRONG[int(rng.integers(len(WRONG)))])
    return f"{where} is {parent[key]!r}", value


def of_arrays(entries, rng):
    """Change one array of `entries` in place; return what was done."""
    names = [name for name in entries if name != "digest"]
    name = names[int(rng.integers(len(names)))]
    array = entries[name]
    changes = {
        "missing": None,
        "of one axis more": array[None],
        "a single number": np.zeros((), array.dtype),
        "empty": np.zeros(0, array.dtype),
        "flat": array.ravel(),
        "turned": array.T,
        "shorter": array[:-1] if array.ndim else array[None],
        "of integers": array.astype(np.int32),
        "in double precision": array.astype(np.float64),
        "of other byte order": array.astype(array.dtype.newbyteorder()),
        "complex": array.astype(np.complex64),
        "text": np.full(array.shape, "x"),
        "nan": np.full(array.shape, np.nan, np.float32),
        "infinite": np.full(array.shape, np.inf, np.float32),
        "negative": np.full_like(array, -1) if array.dtype.kind in "if" else array[:0],
        "of another value": _one_bit(array, rng),
        "objects": np.full(array.shape, None, object),
    }
    what = str(rng.choice(list(changes)))
    if what == "missing":
        del entries[name]
    else:
        entries[name] = changes[what]
    if rng.random() < 0.1:
        entries["rule/strange"] = np.zeros(3, np.float32)
        what += ", and a strange one beside it"
    return f"{name} {what}"


def _one_bit(array, rng):
    data = bytearray(array.tobytes())
    if data:
        data[int(rng.integers(len(data)))] ^= 1
    return np.frombuffer(bytes(data), array.dtype).reshape(array.shape)


def _zip(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def _npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()

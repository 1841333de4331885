"""Composite: a layer made of several, whose parameters are those of its parts."""

from collections.abc import Mapping

from dni_np.nn.flat import parameters_of
from dni_np.nn.layer import Layer


class Composite(Layer):
    """Joins `parts`, a list of layers or {name: layer}; subclasses write forward and backward.

    Parameter `name` of a part appears as params["part.name"], with the part's number (from 0) in a
    list. So do gradients and buffers. The arrays stay in the parts' own dicts. A layer made of one
    other, given as `parts`, has the other's dicts. A parameter may be there only once.
    """

    def __init__(self, parts):
        if isinstance(parts, Layer):
            self.parts = [parts]
            self.params, self.grads, self.buffers = parts.params, parts.grads, parts.buffers
            return
        parts = parts if isinstance(parts, Mapping) else {str(i): p for i, p in enumerate(parts)}
        self.parts = list(parts.values())
        self.params, self.grads, self.buffers = (
            Joined(parts, kind) for kind in ("params", "grads", "buffers")
        )
        parameters_of(self)  # refuses a parameter that is there twice

    def leaves(self):
        for part in self.parts:
            yield from part.leaves()


class Joined(Mapping):
    """The dicts of several layers read as one."""

    def __init__(self, parts, kind):
        self.parts, self.kind = parts, kind

    def __getitem__(self, key):
        part, _, name = key.partition(".")
        if part not in self.parts:
            raise KeyError(key)
        return getattr(self.parts[part], self.kind)[name]

    def __iter__(self):
        for part, layer in self.parts.items():
            yield from (f"{part}.{name}" for name in getattr(layer, self.kind))

    def __len__(self):
        return sum(len(getattr(layer, self.kind)) for layer in self.parts.values())

"""Settings are checked when they are made, so that a mistake shows before anything is loaded."""

import math
from dataclasses import fields
from typing import get_args

from dni_np.errors import UserError
from dni_np.experiments.plans import flag

LARGEST = 10**12  # of any whole number: a run of more steps would outlive its machine


class Checked:
    """A dataclass that refuses a wrong value in one sentence, under the value's name on the command line."""

    def checks(self):
        """{name: (whether its value is good, what it must be)}."""
        raise NotImplementedError

    @classmethod
    def from_saved(cls, saved):
        """The settings that `asdict` made `saved` of, perhaps by way of JSON, which has no tuples."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()})

    @classmethod
    def defaults(cls):
        """What a run has that was saved before a setting was there."""
        return {one.name: one.default for one in fields(cls)}

    def __post_init__(self):
        for one in fields(self):
            value = getattr(self, one.name)
            members = get_args(one.type)  # of tuple[int, ...]: (int, ...)
            if members and isinstance(value, tuple):
                for member in value:
                    _check_type(one.name, member, members[0])
            else:
                _check_type(one.name, value, tuple if members else one.type)
        for name, (good, wanted) in self.checks().items():
            if not good:
                value = getattr(self, name)
                shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
                raise UserError(f"{flag(name)} is {shown}: it must be {wanted}")


def _check_type(name, value, kind):
    """`value` is of that type, and no number beyond all reason."""
    kinds = (int, float) if kind is float else kind
    if not isinstance(value, kinds) or isinstance(value, bool) != (kind is bool):
        raise UserError(f"{flag(name)} is {value!r}: it must be of type {kind.__name__}")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise UserError(f"{flag(name)} must be at most {LARGEST}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{flag(name)} is {value}: it must be a finite number")

"""Settings are checked when they are made, so that a mistake shows before anything is loaded."""

from dataclasses import fields

from dni_np.errors import UserError


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
            if not isinstance(value, (int, float) if one.type is float else one.type):
                raise UserError(f"--{one.name.replace('_', '-')} is {value!r}: it must be of type {one.type.__name__}")
        for name, (good, wanted) in self.checks().items():
            if not good:
                value = getattr(self, name)
                shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
                raise UserError(f"--{name.replace('_', '-')} is {shown}: it must be {wanted}")

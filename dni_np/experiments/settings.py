"""What the settings of all kinds of experiments have in common: they are made of options."""

from dataclasses import asdict, fields, replace
from functools import cache
from typing import get_args, get_origin

from dni_np.errors import UserError
from dni_np.experiments.options import flag


class BaseSettings:
    """A dataclass of options. Its values are checked when it is made, before anything is loaded."""

    rules, tasks = {}, {}  # the tables of its kind of experiment (see experiment.py)

    def __post_init__(self):
        options = self.options().values()
        for one in options:
            one.check_type(getattr(self, one.name))
        for one in options:
            one.check_value(getattr(self, one.name), self)
        only = self.row.only
        if only and not only.holds(self):
            raise UserError(f"the rule {self.rule} is for {only.whom}, not for {self.task}")
        for name, value in self.row.changes.items():
            found = getattr(self, name)
            if found != value and not self.uses(self.rule, name):
                raise UserError(f"the rule {self.rule} has no form with {flag(name)} {found}")

    @classmethod
    @cache
    def options(cls):
        """{name: Option}."""
        found = {}
        for one in fields(cls):
            several = get_origin(one.type) is tuple
            kind = get_args(one.type)[0] if several else one.type
            more = {"name": one.name, "type": kind, "several": several, "default": one.default}
            found[one.name] = replace(one.metadata["option"], **more)
        return found

    @classmethod
    def names(cls):
        """What the command line has for these options."""
        shown = [one for one in cls.options().values() if one.help]
        return [*(one.name for one in shown), *(one.sweep.name for one in shown if one.sweep)]

    @classmethod
    def defaults(cls):
        """What a run has that was saved before a setting was there."""
        return {name: one.default for name, one in cls.options().items()}

    @classmethod
    def from_saved(cls, saved):
        """The settings that `asdict` made `saved` of, perhaps by way of JSON, without tuples."""
        values = {n: tuple(v) if isinstance(v, list) else v for n, v in saved.items()}
        return cls(**values)

    def of_loop(self):
        """What the training loop takes of them; where 0 steps are given, fifty rows, ten saves."""
        return {
            "steps": self.steps or None,
            "evaluate_every": self.evaluate_every or max(1, self.steps // 50),
            "checkpoint_every": self.checkpoint_every or self.steps // 10,
            "config": self._without_free(asdict(self)),
            "defaults": self._without_free(self.defaults()),
        }

    def of_one_worker(self):
        """The same run where nothing runs side by side."""
        return self

    @classmethod
    def _without_free(cls, values):
        return {name: value for name, value in values.items() if not cls.options()[name].free}

    @property
    def row(self):
        """The rule's row in the table."""
        return self.rules[self.rule]

    @classmethod
    def row_of(cls, rule):
        """The row of a rule that may not be there."""
        cls.options()["rule"].check_value(rule, None)
        return cls.rules[rule]

    @classmethod
    def uses(cls, rule, name):
        """Does a rule use an option? All do that no row lists."""
        users = cls.users(name)
        return not users or rule in users

    def whose(self, name):
        """Whom an option is for, if not for this run; else None."""
        if not self.uses(self.rule, name):
            users = self.users(name)
            why = self.options()[name].why
            return f"the rule{'s' if len(users) > 1 else ''} {', '.join(users)}{why}"
        only = self.options()[name].only
        return only.whom if only and not only.holds(self) else None

    def may_use(self, name):
        """Does this run use an option, or would it if another option were given?"""
        only = self.options()[name].only
        return self.uses(self.rule, name) and (not only or only.asked or only.holds(self))

    @classmethod
    def users(cls, name):
        """The rules that list an option."""
        return [row.name for row in cls.rules.values() if name in row.uses]

"""What an experiment is made of: a kind of experiment, its tasks, a rule's row, a recipe.

How to add one of each: see this folder's __init__.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from dni_np.nn.schedules import AtRunStep, StepDecay


@dataclass(frozen=True)
class Row:
    """A rule. The command line, checks, recipes, labels and probes all read it here.

    A setting among its `changes` that it does not use has no other value under this rule.
    """

    name: str
    about: str  # what the network learns from
    build: Callable
    options: tuple = ()  # of the settings that only some rules use, those that it uses
    own: tuple = ()  # and those that it alone uses: they are part of a run's name
    sees: tuple = ()  # what its guesses see unless asked for something else; (): no choice
    like: str = ""  # it takes what a recipe has for this rule
    changes: dict = field(default_factory=dict)  # and these settings
    measured: str = ""  # compared with the true gradient: its "guess", or the gradient "arriving"
    usual: bool = False  # compared unless others are asked for
    only: object = None  # the runs that can have it, an Only (see options.py); None: all
    line: str = "-"  # in figures, where colors stand for something else
    marker: str = "o"

    @property
    def uses(self):
        return (*self.options, *self.own)


class Task(NamedTuple):
    """A command that trains."""

    name: str
    about: str
    example: str
    recipe: str  # the usual one


def table(*rows):
    """{name: row}."""
    return {row.name: row for row in rows}


@dataclass(frozen=True)
class Recipe:
    """Settings for each rule: `common` to all, and what each of `rules` changes."""

    about: str
    common: object  # the settings of its kind of experiment
    rules: dict

    @property
    def possible(self):
        """The names of the rules that its task can have."""
        rows = self.common.rules.values()
        return [row.name for row in rows if not row.only or row.only.holds(self.common)]

    def settings(self, rule, **overrides):
        """The settings for one rule, with the caller's own on top."""
        row = self.common.row_of(rule)
        sees = {"sees": row.sees} if row.sees else {}
        like, own = self.rules.get(row.like, {}), self.rules.get(rule, {})
        changes = {**sees, **like, **row.changes, **own, **overrides}
        return replace(self.common, rule=rule, **changes)


@dataclass(frozen=True)
class Kind:
    """A kind of experiment: whoever plans, runs or reports knows no more of it than this."""

    name: str
    settings: type  # a BaseSettings with its `rules` and `tasks`
    recipes: dict
    # A page with load_data(settings) -> what the runs of a plan share, with a name and a note, or
    # None; memory(settings, data) -> {names of settings: the bytes they ask for}; and
    # build_loop(settings, data, folder, ...) -> Loop.
    build: object
    # A page with label(settings, seed=False) -> a short name; columns(settings, [each seed's last
    # row]) -> {column of the table: cell}; run_figures(settings, history, title) and
    # comparison_figures([Group], title) -> {name of a file: Figure}.
    report: object
    costs: bool = False  # are memory and locks columns, too?

    @property
    def rules(self):
        return self.settings.rules

    @property
    def tasks(self):
        return self.settings.tasks

    @property
    def usual_rules(self):
        """What is compared unless others are asked for: all, where none is marked."""
        return [row.name for row in self.rules.values() if row.usual] or list(self.rules)


def schedule(settings, rate, clock=None):
    """`rate`, a tenth of it after each share `decay_at` of the run's steps.

    Steps are those of the run's `clock` (a RunClock); without one, each optimizer's own updates.
    """
    falling = StepDecay(rate, tuple(round(share * settings.steps) for share in settings.decay_at))
    return falling if clock is None else AtRunStep(falling, clock)

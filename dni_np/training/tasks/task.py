"""Task: the base class of every task, which draws batches and measures progress.

It uses only the methods of a rule (see rules/rule.py):

    batch = task.next()                  the arguments of the rule's next step
    metrics = task.observe(metrics)      from what that step returned, the metrics for the history
    task.measure(rule) -> numbers        the other numbers of a row of the history
    task.shown(row) -> numbers           of these, the ones for the progress bar
    task.state(), task.load_state(...)   (arrays, what else JSON can hold): its place in the data
    task.measures                        the names of those numbers that every row has
    task.finished                        True when training may end
    task.name                            for titles
"""


class Task:
    """Subclasses write all of these; `observe`, `measures` and `finished` have defaults."""

    finished = False
    measures = ()  # the names that `measure` always returns

    def observe(self, metrics):
        """The metrics of a step, device scalars by name, "loss" among them, as they are."""
        return metrics

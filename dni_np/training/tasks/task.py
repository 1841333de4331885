"""What every task has in common.

A task draws batches, and measures. It meets a rule through the rule's verbs alone:

    batch = task.next()                  the arguments of the rule's next step
    metrics = task.observe(metrics)      what that step returned; what the history says of it
    task.measure(rule) -> numbers        what a row of the history says beside those
    task.shown(row) -> numbers           of these, the ones for the progress bar
    task.state(), task.load_state(...)   (arrays, what else JSON can hold): its place in the data
    task.finished                        True when it has seen enough
    task.name                            for titles
"""


class Task:
    """Subclasses write all of these but `observe` and `finished`, which they may."""

    finished = False

    def observe(self, metrics):
        """The metrics of a step, device scalars by name, "loss" among them, as they are."""
        return metrics

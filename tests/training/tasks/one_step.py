"""A step of a task by a rule, as the loop does it."""


def one_step(task, rule):
    """The metrics, as they go into the history."""
    return task.observe(rule.step(*task.next()))

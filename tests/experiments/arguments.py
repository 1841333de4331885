"""Lists of arguments that tests change by adding to them:

of an option that is there twice, the last counts.
"""

from dni_np.experiments import cli


def latest(arguments):
    """Without the earlier of two options of one name, and its values."""
    groups = []
    for word in arguments:
        if word.startswith("--") or not groups:
            groups.append([])
        groups[-1].append(word)
    flags = [group[0] for group in groups]
    kept = [group for i, group in enumerate(groups) if i == 0 or group[0] not in flags[i + 1 :]]
    return [word for group in kept for word in group]


def main(arguments):
    """The command line's, which refuses an option that is given twice."""
    return cli.main(latest(arguments))

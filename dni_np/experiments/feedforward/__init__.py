"""Experiments on images and sums.

    kind             all of it as one object
    settings         what defines such a run, an option a line; checks.py: what options must be
    rules            a row for each rule; parts.py: what they are built of
    recipes          settings by name; recipe_changes.py: what their rules change
    architectures    the main networks
    build            from settings to a run: the data, the layers, the rule, the loop
    report           a name for each run, columns, figures; overview.py: one figure over all rules
"""

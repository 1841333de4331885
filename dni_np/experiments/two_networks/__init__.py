"""Experiments with two networks that run at different speeds (Jaderberg et al. 2017, section D.3).

    kind         all of it as one object
    settings     what defines such a run, an option a line
    rules        a row for each rule
    recipes      settings by name
    build        from settings to a run: the digits, both networks, the rule, the loop
    report       a name for each run, columns, figures
    plotting     the errors of both networks against the streams seen

The networks and the rules themselves are in dni_np/rules/two_networks.
"""

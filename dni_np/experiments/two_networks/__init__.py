"""Experiments with two networks on two clocks (Jaderberg et al. 2017, section D.3).

    settings     all that defines such a run
    recipes      its settings by name
    planning     from options on the command line to a plan
    building     from settings to a run: the digits, both networks, the rule, the loop
    reporting    a name for each run, a line for the table
    plotting     figures: the errors of both networks against the streams seen

The networks and the rules are in rules/two_networks. What these experiments share with those on
images and on sequences is one folder up: see kinds.py.
"""

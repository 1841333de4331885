"""Experiments on images and sums.

    settings         all that defines such a run
    recipes          settings by name; recipe_models.py: what their rules change
    planning         from options on the command line to a plan
    architectures    the main networks
    rules            a builder for each rule, of rule_parts.py: cores, guesses, units, heads
    building         from settings to a run: the data, the layers, the rule, the loop
    costs            memory, and what a layer waits for
    reporting        a name for each run, a line for the table; overview.py: one figure over all rules
"""

"""Experiments on sequences: Copy, Repeat Copy, the next character of a text.

    settings     all that defines such a run
    recipes      their settings by name
    planning     from options on the command line to a plan
    building     from settings to a run: the data, the LSTM, the rule, the loop
    reporting    a name for each run, a line for the table
    plotting     figures, after figures 16 and 17 of Jaderberg et al. 2017
    sampling     text from a trained network

What they share with experiments on images is one folder up: see kinds.py.
"""

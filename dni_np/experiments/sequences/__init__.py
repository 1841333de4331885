"""Experiments on sequences: Copy, Repeat Copy, the next character of a text.

    kind         all of it as one object
    settings     what defines such a run, an option a line
    rules        a row for each rule
    recipes      settings by name
    build        from settings to a run: the data, the LSTM, the rule, the loop
    report       a name for each run, columns, figures
    plotting     figures, after figures 16 and 17 of Jaderberg et al. 2017
    sampling     text from a trained network
"""

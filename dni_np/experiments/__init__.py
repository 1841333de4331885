"""The command line, `python -m dni_np`, and all that it needs: no page of the idea is here.

    cli           the command line; parser.py its grammar, commands.py what the commands do
    experiment    what an experiment is made of: Kind, Task, Row (a rule), Recipe
    registry      the kinds of experiments, a line each
    options       an option is one line of a settings class; checks.py: what values must be
    settings      what all settings classes have in common
    least_squares the options of guesses by recursive least squares
    plan          from the command line to the settings of all runs
    folder        where they are kept
    run           runs them, where they fit (memory.py); load.py: are all cores busy already?
    costs         what a rule costs beside time
    grown_guesses says of a run that its guesses have grown without bound
    report        the table and the figures; plotting.py draws them

    feedforward/     images and sums
    sequences/       Copy, Repeat Copy, characters
    two_networks/    odd digits and threes

To add a rule: its page in dni_np/rules, and a row in the rules.py of its kind of experiment.
A task: what trains it in training/tasks, a row in settings.py, what differs in build.py.
A kind of experiment: a folder as these three, and a line in registry.py.
"""

"""Pictures of networks and of measurements, for notebooks, the README and measured runs alike.

    network        one step of learning, module by module (scene draws it from a table in scenes/)
    error_signals  eight rules beside each other: what comes down to the hidden layers
    timeline       who works and who waits, from events
    schedule       events as the dependencies of a rule allow them; events: what an event is
    measured       a few batches of a run, or of several, as a timeline
    throughput     batches in a second against the number of workers, as it was simulated
    moving         several figures as a GIF, with a still picture beside it
    slider         something to play with in a notebook, where ipywidgets is installed
    scales         log axes that keep a zero, with ticks that fit
    style          one look: colors that keep their meaning, titles and legends that fit

Matplotlib on host arrays and lists of events; nothing here knows of layers or of training.
`python -m dni_np.pictures FOLDER` draws the moving pictures of the README.
"""

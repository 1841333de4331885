"""Pictures of networks and of measurements, for notebooks, the README and measured runs alike.

    style       one look: colors that keep their meaning, titles and legends that fit
    scales      log axes that keep a zero, with ticks that fit

Matplotlib on host arrays and lists of events; nothing here knows of layers or of training.
"""

"""The heart: a layer that does not wait for its gradient.

    unit                    any core, its synthetic gradient, an optimizer each
    waiting_guesses         guesses whose targets have not come yet
    conditioning            what a synthetic gradient may see, and needs for that
    synthetic_gradients     the models that guess: linear, with hidden layers, convolutional
    class_maps              telling a convolutional guess where
    stale_gradients         what was right for other samples
"""

"""Decoupled neural interfaces: a layer is updated without waiting for its gradient.

    unit                    any core, its synthetic gradient, an optimizer each
    waiting_guesses         guesses whose targets have not come yet
    conditioning            what a synthetic gradient may see, and needs for that
    synthetic_gradients     the models that guess: linear, with hidden layers, convolutional
    class_maps              an addition to a convolutional guess that depends on the place
    dense_guess             a guess for feature maps in which every pixel has its own weights
    stale_gradients         an average of past gradients as a guess
"""

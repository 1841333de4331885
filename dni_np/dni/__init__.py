"""The heart: a layer that does not wait for its gradient.

    unit                        any core, its synthetic gradient, an optimizer each
    waiting_guesses             guesses whose targets have not come yet
    conditioning                what a synthetic gradient may see: the output, the label, the input
    synthetic_gradients         the models that guess: linear, or with hidden layers
    conv_synthetic_gradients    the same for images: a small convolutional network
    class_maps                  telling a convolutional guess where
    plain_guess                 the models that guess through time
    stale_gradients             what was right for other samples
"""

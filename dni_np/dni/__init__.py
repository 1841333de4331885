"""Part II: decoupling. A layer that does not wait for its gradient.

In reading order:

    tutorial                    trask's Layer and DNI, the idea in two small classes
    unit                        the same around any core: a core, a guess, two optimizers
    conditioning                what the guess may look at: the output, the label, the input
    synthetic_gradients         the models that guess: linear, or with hidden layers
    conv_synthetic_gradients    the same for images: a small convolutional network
    class_pictures              telling a convolutional guess where
    network                     a chain of units: each one's target is the next one's guess
    true_targets                the same with true gradients as targets: what waiting would give
    probe                       synthetic beside true gradients, without disturbing training

Everything here is built of the layers of Part I.
"""

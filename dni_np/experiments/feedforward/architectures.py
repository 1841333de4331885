"""The main networks of the experiments, each a list of layers as the papers count them.

addition    sigmoids without biases (trask 2017)
fcn         linear, batchnorm, ReLU; a linear classifier (Jaderberg et al. 2017, section D.1)
cnn         5 x 5 convolution, batchnorm, ReLU, pooling; a linear classifier (section D.1)

Each layer is drawn by a child of `rng` of its own: one alone is the same as in the network.
"""

from dni_np.errors import UserError
from dni_np.nn.activations import ReLU, Sigmoid
from dni_np.nn.batchnorm import BatchNorm
from dni_np.nn.fast.choice import average_pool2d, batchnorm2d, conv2d, max_pool2d, relu2d
from dni_np.nn.initializers import trask_normal
from dni_np.nn.linear import Linear
from dni_np.nn.reshape import Flatten, ToImages
from dni_np.nn.sequential import Sequential


def addition(sizes, rng):
    """One sigmoid layer for each pair of `sizes` (inputs, hidden layers, outputs)."""
    options = {"bias": False, "init": trask_normal}
    layers = zip(sizes, sizes[1:], rng.spawn(len(sizes) - 1))
    return [Sequential([Linear(*layer, **options), Sigmoid()]) for layer in layers]


def fcn(sizes, rng):
    """Fully connected, for `sizes` (inputs, hidden layers, classes)."""
    *hidden, top = zip(sizes, sizes[1:], rng.spawn(len(sizes) - 1))
    below = [
        Sequential([Linear(m, n, child, bias=False), BatchNorm(n), ReLU()])
        for m, n, child in hidden
    ]
    return [*below, Linear(*top)]


def cnn(image, channels, classes, rng, pooling="max-average", kernel=5):
    """Convolutional, for images (height, width, channels) and `channels` of the hidden layers.

    `pooling` halves height and width: "max-average" is 3 x 3, the maximum after the first layer and
    the average after the others (section D.1), "max" the maximum of 2 x 2 (Liao 2017).
    """
    height, width, n_in = image
    hidden, children = [], rng.spawn(len(channels) + 1)
    for i, n in enumerate(channels):
        if height == width == 1:
            have = f"have shrunk to one pixel after {i} poolings" if i else "have one pixel only"
            raise UserError(
                f"images of {image[0]} x {image[1]} {have}: "
                f"take {'fewer layers' if i else 'a fully connected network'}"
            )
        layers = [conv2d(n_in, n, children[i], kernel, bias=False), batchnorm2d(n)]
        # The largest of rectified numbers is the largest, rectified: in this order ReLU has a
        # quarter of the pixels.
        if pooling == "max":
            layers += [max_pool2d(2), relu2d()]
        else:
            layers += [max_pool2d(3), relu2d()] if i == 0 else [relu2d(), average_pool2d(3)]
        hidden.append(Sequential(([ToImages(*image)] if i == 0 else []) + layers))
        height, width, n_in = -(-height // 2), -(-width // 2), n
    classifier = Linear(height * width * n_in, classes, children[-1])
    return [*hidden, Sequential([Flatten(), classifier])]

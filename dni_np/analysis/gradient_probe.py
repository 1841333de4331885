"""Gradient probe: pairs of synthetic and true gradients at the same activations.

A measurement must not change what it measures: the forward passes here restore the running
statistics that they update, change no parameter and draw no random numbers (`grads` are
overwritten, as by every backward pass). So a run with probes equals a run without, bit for bit.
"""

import contextlib

from dni_np.rules.true_targets import true_gradients


@contextlib.contextmanager
def undisturbed(layers):
    """Restore the buffers (batchnorm's running statistics) of `layers` afterwards."""
    buffers = [array for layer in layers for array in layer.buffers.values()]
    saved = [array.copy() for array in buffers]
    try:
        yield
    finally:
        for array, value in zip(buffers, saved):
            array[...] = value


def gradient_pairs(network, x, y):
    """For each unit of a DNIChain, (ghat_i, dL/dh_i), both (N, width) on the device.

    The true gradient is backpropagated through all the cores above as they are now.
    """
    models = [unit.synthetic_gradient for unit in network.units]
    with undisturbed([*network.cores, *models]):
        context = network.context(x, y)
        hs, truths = true_gradients(network.cores, network.loss_unit.loss, x, y)
        units = zip(models, hs, truths)
        return [(model.forward(h, context)[0], truth) for model, h, truth in units]

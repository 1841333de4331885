"""What the rules of a recipe change: how large their guesses are, how fast all learns."""

# Jaderberg et al. 2017, section D.1: two hidden layers for DNI, linear for cDNI, one for complete
# unlock (in both models).
ONE_HIDDEN = {"hidden": (1024,)}
PAPER_MODELS = {"dni": {"hidden": (1024, 1024)}, "unlock": ONE_HIDDEN}

# A critic learns from one number a sample and must learn fast, or the core finds out where it errs:
# with 3 layers and 1e-3 for both the test error is 38 %, three times that of layers that stand
# still. Of stale gradients only noise is left.
SLOW_CORES = {
    "critic": {"learning_rate": 3e-4, "sg_learning_rate": 1e-2, "head_learning_rate": 1e-3},
    "stale": {"learning_rate": 3e-5, "head_learning_rate": 1e-3},
}

# What suffices on a CPU in a minute: the paper's second hidden layer takes three times as long.
QUICK_MODELS = {
    "dni": {"hidden": (1024,), "learning_rate": 3e-4, "sg_learning_rate": 1e-3},
    "unlock": ONE_HIDDEN,
    **SLOW_CORES,
}

# trask 2017: plain SGD at 0.1 with gradients summed over a batch of 10, which is 1.0 for our means.
ADDITION = {
    "task": "addition",
    "data": "addition",
    "batch_size": 10,
    "optimizer": "sgd",
    "learning_rate": 1.0,
    "decay_at": (),
}
# Its guesses diverge at that rate, and at a tenth of it with some seeds.
ADDITION_MODELS = {"dni": {"sg_learning_rate": 0.03}, "cdni": {"sg_learning_rate": 0.03}}

# Jaderberg et al. 2017, section D.1: for images the models are convolutional too.
PAPER_CONV_MODELS = {"dni": {"hidden": (64, 64)}, "cdni": {"hidden": (64, 64)}}

# What a CPU has time for: with batches of 64 the models learn four times as often as with the
# paper's 256, which is what they need. The head has the true gradient and may learn fast; the cores
# below must not run ahead of their guesses.
GUESSED_AT = {"learning_rate": 3e-4, "sg_learning_rate": 3e-4, "head_learning_rate": 1e-3}
SLOWLY = {"learning_rate": 1e-4, "sg_learning_rate": 1e-4, "head_learning_rate": 1e-3}
QUICK_CONV_MODELS = {
    "dni": {"hidden": (16,), **GUESSED_AT},
    "cdni": {"sg_learning_rate": 3e-4},
    **SLOW_CORES,
}


def conv_models(channels):
    """DNI with the paper's two hidden layers, cDNI with one, of so many channels."""
    return {
        "dni": {"hidden": (channels, channels), **SLOWLY},
        "cdni": {"hidden": (channels,), **GUESSED_AT},
        **SLOW_CORES,
    }


# Section D.1 again: on CIFAR-10 all is wider, and a fully connected model has one hidden layer.
CIFAR = {"task": "cifar", "data": "cifar10"}
CIFAR_MODELS = {"dni": {"hidden": (4000,)}, "unlock": {"hidden": (4000,)}}
CIFAR_CONV_MODELS = {"dni": {"hidden": (128, 128)}, "cdni": {"hidden": (128, 128)}}

# Liao 2017, "Image classification with synthetic gradient in PyTorch": 16 and 32 channels, batches
# of 100, Adam at 1e-3 for 300 epochs, targets all true, a guess also at the logits. (His guesses do
# not start at zero; ours do.)
LIAO = {
    "network": "cnn",
    "widths": (16, 32),
    "pooling": "max",
    "targets": "true",
    "head": "synthetic",
    "hidden": (64, 64),
    "batch_size": 100,
    "decay_at": (),
}

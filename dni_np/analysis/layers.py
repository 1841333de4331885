"""Every layer of a network, and its activations on a batch.

    h_0 = x        h_k = f_k(h_{k-1})        k = 1..N, the last the classifier

A rule trains `cores`, and a core may be one layer or several (the experiment decides where a
network is cut). Here the cores are opened, so that networks that were cut in different places, or
not at all, can be compared layer by layer.
"""


def layers(rule):
    """The layers as the papers count them, lowest first. `rule` is anything that has `cores`.

    A stack (anything with `layers`) that holds stacks is opened; one that does not, such as
    linear-batchnorm-ReLU, is one layer.
    """
    return [layer for core in rule.cores for layer in opened(core)]


def opened(core):
    parts = getattr(core, "layers", ())
    if any(hasattr(part, "layers") for part in parts):
        return [layer for part in parts for layer in opened(part)]
    return [core]


def activations(rule, x):
    """x (N, ...) -> the output (N, width) of every layer, at test time: nothing is updated.

    Feature maps become rows.
    """
    found = []
    for layer in layers(rule):
        x, _ = layer.forward(x, training=False)
        found.append(x.reshape(len(x), -1))
    return found

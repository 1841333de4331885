"""Analysis: how good a synthetic gradient is, and what it does to a network.

    gradient_probe        synthetic beside true gradients, without disturbing training
    message_probe         the same for the messages of two networks
    arriving_gradients    what each layer receives in place of the true gradient, for every rule
    gradient_error        cosine, L2 and sign error between synthetic and true gradients
    layers                every layer of a network, and its activations
    representations       which images are similar in a layer, and how far layers agree
    linear_probe          what a linear classifier can predict from a layer
    weight_norms          how far the weights have grown
    implied_loss          the loss whose gradient a guess would be
    theory/               small networks whose every point can be computed
"""

"""Is the gradient any good, and what does it do to a network?

    gradient_probe        synthetic beside true gradients, without disturbing training
    message_probe         the same for the messages of two networks
    arriving_gradients    what each layer receives in place of the true gradient, for every rule
    gradient_error        cosine, L2 and sign error between synthetic and true gradients
    layers                every layer of a network, and what it says about a batch
    representations       which images a layer holds for alike, and how far layers agree
    linear_probe          what can be read off a layer
    weight_norms          how far the weights have grown
    implied_loss          the loss that a guess believes in
    theory/               small networks whose every point can be computed
"""

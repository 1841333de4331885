"""Part IV: is the gradient any good, and what does it do to a network?

The chapters:

    gradient_error      cosine, L2 and sign error between synthetic and true gradients
    arriving_gradients  what each layer is told in place of the true gradient, for every rule
    layers              every layer of a network, and what it says about a batch
    representations     which images a layer holds for alike, and how far layers agree
    linear_probe        what can be read off a layer
    weight_norms        how far the weights have grown
    implied_loss        the loss that a guess believes in

and in theory, where everything is linear:

    linear_theory       deep linear networks: where they end, and what their guesses become
    critical_points     where learning stops: points that a limited guess keeps, loses and makes
    logistic_theory     a loss that is not quadratic: a linear guess stalls
"""

"""Solutions of the cells to write in notebook 02; the tests run them in their place."""


def step_by_hand(layers, models, optimizers, model_optimizers, x, y):
    context = {"label": np.eye(dataset.classes, dtype=x.dtype)[y]}
    h, waiting = x, None
    for layer, model, optimizer, model_optimizer in zip(
        layers, models, optimizers, model_optimizers
    ):
        h, cache = layer.forward(h)
        guess, model_cache = model.forward(h, context)
        back = layer.backward(guess, cache)  # its parameters' gradients, and what goes back
        optimizer.step()  # it learns now: nothing above has even begun
        if waiting:
            fit(*waiting, back)  # a guess corrects the guess below
        waiting = (model, model_optimizer, guess, model_cache)
    logits, cache = layers[-1].forward(h)
    loss, dlogits = loss_function(logits, y)
    true_gradient = layers[-1].backward(dlogits, cache)
    optimizers[-1].step()
    fit(*waiting, true_gradient)  # only the last guess ever meets the truth
    return loss

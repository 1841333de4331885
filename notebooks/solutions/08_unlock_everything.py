"""Solutions of the cells to write in notebook 08; the tests run them in their place."""


def unlocked_step(network, x, y):
    units, models, context = network.units, network.inputs, network.context(x, y)
    inputs = [x, *(model.guess(x, context) for model in models)]
    for i, unit in enumerate(units):  # in any order: nobody waits
        back, h = unit.forward_and_synthetic_update(inputs[i], context)
        models[i].learn(h)
        if i > 0:
            units[i - 1].update_synthetic_weights(back)
    back, loss = network.loss_unit.train(inputs[-1], y, context)
    units[-1].update_synthetic_weights(back)
    return loss

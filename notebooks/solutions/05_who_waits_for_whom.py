"""Solutions of the cells to write in notebook 05; the tests run them in their place."""


def decoupled_step(unit, n, context, below, above):
    h = below.up.get()
    if n > 0:
        unit.update_synthetic_weights(above.down.get())
    back, h = unit.forward_and_synthetic_update(h, context)
    above.up.put(h)
    below.down.put(back)

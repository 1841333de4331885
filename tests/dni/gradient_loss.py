"""The gradient loss of a model, 1/2 ||M(h, c) - d||^2, and its gradients by central differences."""

from dni_np.backend import asarray, to_numpy
from dni_np.nn.gradcheck import check_gradient


def check_gradients(model, h, context, rng, **how):
    """Those that `backward` writes for a random target d; `how`: see `check_gradient`."""
    target = asarray(rng.standard_normal(h.shape))

    def loss():
        error = model.forward(h, context)[0] - target
        return 0.5 * float((error * error).sum()) / len(h)

    guess, cache = model.forward(h, context)
    assert guess.shape == h.shape
    assert model.backward(guess - target, cache) is None
    gradients = {name: to_numpy(gradient).copy() for name, gradient in model.grads.items()}
    for name, values in model.params.items():
        assert check_gradient(loss, values, gradients[name], rng, **how) < 1e-6, name

"""Direct feedback alignment: the output's error goes straight to every layer (Nøkland 2016).

    e = dL/dp  at the output, (N, classes)
    layer k learns from  e B_k  in place of dL/dh_k        B_k (classes, n_k) random and fixed

No error passes from layer to layer. Once the output is known all layers may learn at the same time:
none is backward locked, all still wait for e. On one hidden layer this is feedback alignment.
("Direct feedback alignment provides learning in deep neural networks"; for feature maps B_k has a
weight for each pixel and channel.)
"""

from dni_np.arguments import generator, several
from dni_np.errors import UserError
from dni_np.nn.linear import Linear
from dni_np.rules.loss_unit import LossUnit
from dni_np.rules.rule import FORWARD, UPDATE, Rule, numbered


class DirectFeedbackAlignment(Rule):
    """Train cores on the output's error; `feedback` has a B_k for each but the last."""

    locks = (FORWARD, UPDATE)

    def __init__(self, cores, loss, make_optimizer, feedback):
        self.cores = list(cores)
        if len(feedback) != len(self.cores) - 1:
            raise UserError(
                f"a network of {len(self.cores)} cores needs {len(self.cores) - 1} feedbacks, "
                f"not {len(feedback)}"
            )
        self.feedback = feedback
        self.optimizers = [make_optimizer(core) for core in self.cores[:-1]]
        self.loss_unit = LossUnit(self.cores[-1], loss, make_optimizer(self.cores[-1]))

    def step(self, x, y):
        h, passes = x, []
        for core in self.cores[:-1]:
            h, cache = core.forward(h)
            passes.append((h.shape, cache))
        prediction, cache = self.loss_unit.core.forward(h)
        loss, e = self.loss_unit.loss(prediction, y)
        self.loss_unit.update(e, cache, input_gradient=False)
        for i, (shape, cache) in enumerate(passes):
            gradient, _ = self.feedback[i].forward(e)  # (N, n_k)
            self.cores[i].backward(gradient.reshape(shape), cache, input_gradient=False)
            self.optimizers[i].step()
        return {"loss": loss}

    def parts(self):
        below = {**numbered("core", self.cores[:-1]), **numbered("optimizer", self.optimizers)}
        return {**below, **numbered("feedback", self.feedback), **self.loss_unit.parts()}


def random_feedback(classes, sizes, rng, **options):
    """B_k for hidden layers of so many numbers each, as linear layers that are never trained."""
    sizes = several("sizes", sizes)
    children = generator(rng).spawn(len(sizes))
    return [Linear(classes, n, child, bias=False, **options) for n, child in zip(sizes, children)]

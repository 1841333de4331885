"""Complete unlock: no layer waits for the one above, and none for the one below.

    hhat_i  = I_i(x [, y])        a synthetic input: a guess of h_i, made of the network's input
    h_{i+1} = f_{i+1}(hhat_i)     the layer goes forward from it, and learns from its own guess
    I_i learns  1/2 ||hhat_i - h_i||^2        when h_i has come from below
    M_i learns  1/2 ||ghat_i - d_i||^2        when d_i has come from above

(Jaderberg et al. 2017, figure 6.) All layers could do this at the same time, each on another
machine: given one batch, what a layer does depends on its own weights alone. Predictions use the
real forward pass, h_N(...h_1(x)); synthetic inputs are for training only (section D.1: both models
have one hidden layer, and I_i sees the label too in the form called cDNI).

The h_i that I_i learns is what layer i made of its own synthetic input: available at once, as the
target of a guess is made of the next guess. (The figure does not settle it; this is our reading.)
"""

from dni_np.arguments import sizes
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.rules.dni_chain import DNIChain


class SyntheticInput(DNI):
    """A unit without a core: a model of what a core will receive, fitted to what it then receives.

    `model` is a SyntheticGradient of x. `shape` is that of one sample of the core's input: (n_h,),
    or of feature maps, which the model gives as rows.
    """

    def __init__(self, model, optimizer, shape):
        super().__init__(None, model, None, optimizer)
        self.shape = sizes("shape", shape)

    def guess(self, x, context=None, ticket=None):
        """x (N, n_in) -> hhat (N, *shape); it waits for the real h."""
        return super().guess(x, context, ticket).reshape(len(x), *self.shape)

    def learn(self, h, ticket=None):
        """Fit a waiting guess to the real h (N, *shape); return the loss before (device scalar)."""
        check_batch("a synthetic input", h)
        return self.update_synthetic_weights(h.reshape(len(h), -1), ticket)

    def parts(self):
        """What has a state, by name."""
        return {
            "input_model": self.synthetic_gradient,
            "input_optimizer": self.sg_optimizer,
            "input_waiting": self.waiting,
        }


class CompleteUnlock(DNIChain):
    """A DNIChain with a SyntheticInput in front of every core but the lowest, which sees x."""

    locks = ()
    guess_locks = ()

    def __init__(self, units, loss_unit, classes, inputs):
        super().__init__(units, loss_unit, classes)
        self.inputs = list(inputs)
        if len(self.inputs) != len(self.units):
            raise UserError(
                f"a network of {len(self.cores)} cores needs {len(self.units)} synthetic inputs, "
                f"not {len(inputs)}"
            )

    def guess_inputs(self, units, x, context, ticket=None):
        models = {i: self.inputs[i - 1] for i in units if i > 0}
        return {i: model.guess(x, context, ticket) for i, model in models.items()}

    def fit_input_guess(self, i, h, metrics, ticket=None):
        metrics[f"input_loss_{i}"] = self.inputs[i - 1].learn(h, ticket)

    def parts(self):
        inputs = {
            f"unit{i}/{name}": part
            for i, model in enumerate(self.inputs, 1)
            for name, part in model.parts().items()
        }
        return {**super().parts(), **inputs}

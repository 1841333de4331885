"""Complete unlock: no layer waits for the one above, and none for the one below (Jaderberg et al. 2017, figure 6).

    hhat_i = I_i(x [, y])                 a synthetic input: what layer i + 1 would be given, told from the network's input
    h_{i+1} = f_{i+1}(hhat_i)             the layer goes forward from it, and learns from its synthetic gradient
    I_i    learns  1/2 ||hhat_i - h_i||^2            when h_i has come from below
    M_i    learns  1/2 ||ghat_i - d_i||^2            when d_i has come from above

All layers could do this at the same time, each on another machine: given one batch, what a layer does depends on its own
weights alone. Predictions use the real forward pass, h_N(...h_1(x)); synthetic inputs are for training only (section D.1:
both models have one hidden layer, and I_i sees the label too in the form called cDNI).

The h_i that I_i learns is what layer i made of its own synthetic input: made at once, as the target of a guess is made of
the next guess. (The figure does not settle it; this is our reading.)
"""

from dni_np.arguments import sizes
from dni_np.backend import xp
from dni_np.dni.waiting_guesses import Guess, WaitingGuesses, difference
from dni_np.errors import UserError
from dni_np.nn.checks import check_batch
from dni_np.rules.dni_chain import DNINetwork


class SyntheticInput:
    """A model from the network's input to a layer's, as a SyntheticGradient that reads x, and its optimizer.

    `shape` is that of one sample of the layer's input: (n_h,), or of feature maps, which the model gives as rows.
    """

    def __init__(self, model, optimizer, shape):
        self.model, self.optimizer, self.shape = model, optimizer, sizes("shape", shape)
        self.waiting = WaitingGuesses()

    def guess(self, x, context=None, ticket=None):
        """x (N, n_in) -> hhat (N, *shape); it waits for the real h."""
        ticket = self.waiting.new_ticket(ticket)
        guess, cache = self.model.forward(x, context)
        self.waiting[ticket] = Guess(x, context, guess, cache, self.optimizer.steps)
        return guess.reshape(len(x), *self.shape)

    def learn(self, h, ticket=None):
        """Fit a waiting guess to the real h (N, *shape); return the loss before (device scalar)."""
        ticket, guess, cache = self.waiting.find(ticket, self.model, self.optimizer)
        check_batch("a synthetic input", h)
        error = difference(guess, h.reshape(len(h), -1))  # (N, D)
        self.model.backward(error, cache)
        self.optimizer.step()
        del self.waiting[ticket]
        return xp.vdot(error, error) * (0.5 / len(error))

    def parts(self):
        return {
            "input_model": self.model,
            "input_optimizer": self.optimizer,
            "input_waiting": self.waiting,
        }


class UnlockedNetwork(DNINetwork):
    """A DNINetwork with a SyntheticInput in front of every core but the lowest, which has the real one."""

    locks = ()
    guess_locks = ()

    def __init__(self, units, head, classes, inputs):
        super().__init__(units, head, classes)
        self.inputs = list(inputs)
        if len(self.inputs) != len(self.units):
            raise UserError(
                f"a network of {len(self.cores)} cores needs {len(self.units)} synthetic inputs, not {len(inputs)}"
            )

    def step(self, x, y):
        context = self.context(x, y)
        given = [x, *(model.guess(x, context) for model in self.inputs)]
        metrics = {}
        for i, unit in enumerate(self.units):
            back, h = unit.forward_and_synthetic_update(given[i], context, input_gradient=i > 0)
            if i > 0:
                metrics[f"gradient_loss_{i}"] = self.units[i - 1].update_synthetic_weights(back)
            metrics[f"input_loss_{i + 1}"] = self.inputs[i].learn(h)
        dh, metrics["loss"] = self.head.train(given[-1], y, context)
        metrics[f"gradient_loss_{len(self.units)}"] = self.units[-1].update_synthetic_weights(dh)
        return metrics

    def parts(self):
        named = {f"unit{i}/{name}": part for i, model in enumerate(self.inputs, 1) for name, part in model.parts().items()}
        return {**super().parts(), **named}

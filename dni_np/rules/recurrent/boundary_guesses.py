"""The guesses of DNI-trace: linear, one for each boundary of a sequence or one for all.

    z_k = [h_k, c_k]   (N, 2 H)             ghat_k = z_k W_k + b_k   (N, 2 H), for h and for c

Boundary k lies before chunk k. What a state is worth depends on what is still to come, and that on
k: a guess for each boundary need not find out from the state how far the sequence has come. A model
is zero at first; one added later, for longer sequences, starts as a copy of its left neighbor.

(Pemberton & Costa 2024: one linear guess that sees h and c. One for each boundary is ours.)
"""

from dni_np.arguments import size
from dni_np.backend import FLOAT, xp
from dni_np.errors import UserError
from dni_np.nn.initializers import zeros
from dni_np.nn.linear import Linear


class BoundaryGuesses:
    """Linear models and their optimizers, made when they are first used.

    `make_optimizer(model)`, such as functools.partial(RecursiveLeastSquares, ridge=1e-4). `each`:
    one for each boundary, otherwise one for all. `sees`: "hc", or "h" for the output alone.
    """

    def __init__(self, units, make_optimizer, each=True, sees="hc", dtype=FLOAT):
        if sees not in ("h", "hc"):
            raise UserError(f'a guess sees the output, "h", or output and cell, "hc", not {sees!r}')
        self.units, self.make_optimizer = size("units", units), make_optimizer
        self.each, self.sees, self.dtype = each, sees, dtype
        self.models = {}  # {k: (model, optimizer)}; {0: ...} where one is for all

    def __call__(self, k, state):
        """The state (h, c) at boundary k -> ghat_k, (dh, dc)."""
        guess, _ = self.model(k).forward(self.seen(state))
        return guess[:, : self.units], guess[:, self.units :]

    def seen(self, state):
        """What a guess sees of (h, c): z (N, 2 H), or (N, H)."""
        return xp.concatenate(state, axis=1) if self.sees == "hc" else state[0]

    def model(self, k):
        """The model of boundary k."""
        number = k if self.each else 0
        if number not in self.models:
            n_in = len(self.sees) * self.units
            model = Linear(n_in, 2 * self.units, None, init=zeros, dtype=self.dtype)
            if number - 1 in self.models:
                left, _ = self.models[number - 1]
                for name, value in left.params.items():
                    model.params[name][...] = value
            self.models[number] = model, self.make_optimizer(model)
        return self.models[number][0]

    def name(self, k):
        """The model of boundary k among the `learners`."""
        return f"guess{k if self.each else 0}"

    def learners(self):
        """(model, optimizer) by name."""
        return {f"guess{number}": pair for number, pair in self.models.items()}

    def state(self):
        """Host arrays by name, for a checkpoint."""
        arrays = {}
        for number, (model, optimizer) in self.models.items():
            arrays |= {f"{number}/model/{name}": value for name, value in model.state().items()}
            arrays |= {f"{number}/optimizer/{name}": v for name, v in optimizer.state().items()}
        return arrays

    def load_state(self, state):
        """Restore what `state` returned: as many models as there were."""
        saved = {}
        for key, value in state.items():
            number, kind, name = key.split("/")
            saved.setdefault(int(number), {"model": {}, "optimizer": {}})[kind][name] = value
        self.models = {}
        for number, parts in sorted(saved.items()):
            self.model(number)
            model, optimizer = self.models[number]
            model.load_state(parts["model"])
            optimizer.load_state(parts["optimizer"])

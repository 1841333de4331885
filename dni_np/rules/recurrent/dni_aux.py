"""DNI+Aux: recurrent DNI with an auxiliary task, to predict the guess of T steps later.

    ghat_t, a_t = M(h_t)                        four outputs: for h and c, now and T steps later
    ghat_{t+T}                                  M's guess where the chunk ends, a constant here
    M descends 1/2 ||ghat_t - d_t||^2 + 1/2 ||a_t - ghat_{t+T}||^2
    the core descends the gradient of the second term by h_t as well

That gradient is the task's purpose. To predict ghat_{t+T} M needs what matters more than T steps
from now, so the core learns to keep it in h_t, even where its own losses do not require it.
(Jaderberg et al. 2017 name the task in section 2.2 and weigh both terms by 1 in D.2. Its form here,
four outputs on one hidden layer, the squared error and its way into the core, is from memory, not
checked.)

The error enters h_t, which the last chunk made: it goes into the core of that chunk's last step,
and no further. That is the core kept in memory in figure 10, T + 1 in all. Here its input x_t and
the state s_{t-1} before it are carried, and the step is run again with today's weights, so that M
sees what the core would compute now (and a batch-normalized core sees that step's statistics
twice). Both gradients are added before the core is updated.

Where a sequence ends nothing is guessed: the gradient there is known to be zero. Zero is then the
target of a_t, too: so the auxiliary task also has a true target, and learns to predict the end.
"""

from dni_np.backend import xp
from dni_np.nn.composite import Composite
from dni_np.rules.recurrent.cdni import LabeledRecurrentDNI
from dni_np.rules.recurrent.dni import RecurrentDNI, half_squares
from dni_np.rules.recurrent.truncated_bptt import Carried, numbered_arrays, saved_arrays


class ErrorIntoCore(RecurrentDNI):
    """RecurrentDNI whose core also descends the error of the guess, by the h_t that it made.

    (The paper searched over it: it matters little, and is at times less stable, section D.2.)
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.core = LastStepAlone(self.core)
        self.carried = CarriedWithStep()
        self.again = None  # the last step of the last chunk, run again: its state and cache

    def unroll(self, x, start):
        self.again = self.run_kept_step() if self.carried.steps else None
        outputs, cache = super().unroll(x, start)
        self.carried.kept = (x[-1:].copy(), *state_before_last(cache))
        return outputs, cache

    def run_kept_step(self):
        """The last chunk's last step again: (h_t, c_t), (N, H) each, and the cache of that step."""
        x, *state = self.carried.kept
        _, end, cache = self.core.forward(x, tuple(state), start=self.carried.steps - 1)
        return end, cache

    def train_guess(self, start, target, future):
        """As in `dni`, at the state run again; adds to the core's gradients."""
        (state, core_cache), self.again = self.again, None
        guess, cache = self.guess_at(state, self.context)
        error, into_core, metrics = self.guess_errors(guess, target, future)
        dh = self.guess.backward(into_core, cache, input_gradient=True)
        if into_core is not error:
            self.guess.backward(error, cache)  # M itself learns from all of it
        self.guess_optimizer.step()
        self.add_backward(dh[None], None, core_cache)
        return metrics

    def guess_errors(self, guess, target, future):
        """The error of the guess, what of it goes into the core, and the metrics."""
        error = guess - target
        return error, error, {"gradient_loss": half_squares(error)}

    def load_state(self, state):
        super().load_state(state)
        self.check_saved(self.carried.kept[1:])  # without the input


class LabeledErrorIntoCore(LabeledRecurrentDNI, ErrorIntoCore):
    """The same where the guess sees the labels to come."""


class RecurrentDNIAux(ErrorIntoCore):
    """DNI+Aux; `guess` is state_guess(parts=4).

    The error of a_t always goes into the core; `error_into_core` sends that of ghat_t along.
    """

    def __init__(self, *arguments, error_into_core=False, **options):
        super().__init__(*arguments, **options)
        self.error_into_core = error_into_core

    def guess_errors(self, guess, target, future):
        now = target.shape[1]  # the columns of ghat_t
        foreseen = xp.zeros_like(target) if future is None else future[:, :now]
        error = into_core = guess - xp.concatenate([target, foreseen], axis=1)  # (N, 4 H)
        if not self.error_into_core:
            into_core = error.copy()
            into_core[:, :now] = 0
        return error, into_core, {
            "gradient_loss": half_squares(error[:, :now]),
            "foresight_loss": half_squares(error[:, now:]),
        }


class LastStepAlone(Composite):
    """The same core (see `lstm`), run for T - 1 steps and then for one.

    What it computes does not change. But the state before the last step, which a core does not hand
    out otherwise, can be read from the cache, and with it that step can be run again later.
    """

    def __init__(self, core):
        super().__init__(core)
        self.core = core

    def initial_state(self, n):
        return self.core.initial_state(n)

    def forward(self, x, state, training=True, start=0):
        last = len(x) - 1
        parts = [slice(0, last), slice(last, last + 1)] if last else [slice(0, 1)]
        outputs, cache = [], []
        for steps in parts:
            before, begin = state, start + steps.start
            y, state, part_cache = self.core.forward(x[steps], before, training, begin)
            outputs.append(y)
            cache.append((steps, before, part_cache))
        return xp.concatenate(outputs), state, cache

    def backward(self, dy, dstate, cache, input_gradient=True):
        dx, later = [], {}
        for steps, _, part_cache in reversed(cache):
            part, dstate = self.core.backward(dy[steps], dstate, part_cache, input_gradient)
            for name, gradient in later.items():
                sum_so_far = self.grads[name]
                sum_so_far += gradient
            later = {name: gradient.copy() for name, gradient in self.grads.items()}
            dx.insert(0, part)
        return (xp.concatenate(dx) if input_gradient else None), dstate


def state_before_last(cache):
    """The state before the last step of a chunk: (h, c), (N, H) each."""
    return cache[-1][1]


class CarriedWithStep(Carried):
    """`kept`: the last input and the state before it, where that step is run again."""

    kept = ()

    def state(self):
        return {**super().state(), **numbered_arrays("kept", self.kept)}

    def load_state(self, state):
        self.kept = saved_arrays("kept", state)
        super().load_state({k: v for k, v in state.items() if not k.startswith("kept")})

"""Copy with DNI through time, every call by name: python -m dni_np.examples.copy

The same run, bit for bit, as python -m dni_np copy --recipe copy-quick --rule dni
"""

import numpy as np

from dni_np.backend import asarray, xp
from dni_np.data.copy_tasks import CLASSES
from dni_np.data.curriculum import COPY, Curriculum
from dni_np.nn.fast.choice import lstm
from dni_np.nn.linear import Linear
from dni_np.nn.optimizers import Adam
from dni_np.nn.sequence_losses import MaskedSoftmaxCrossEntropy, bits_per_symbol
from dni_np.nn.time_distributed import TimeDistributed
from dni_np.rules.recurrent.dni import split, state_guess

UNITS, T, BATCH, SCALE = 64, 3, 64, 0.1  # the guess counts for a tenth where it enters the core


def send_back(core, doutputs, entering, cache):
    """Backpropagate through a chunk; return the gradient of the state before it, (N, 2 H)."""
    _, (dh, dc) = core.backward(doutputs, split(entering, UNITS), cache, input_gradient=False)
    return xp.concatenate([dh, dc], axis=1)


def train(samples=200_000, seed=0):
    """Return the core, the read-out and the synthetic gradient; print each level that is solved."""
    draws, for_network = np.random.default_rng(seed).spawn(2)
    for_core, for_readout, for_guess = for_network.spawn(3)
    levels, loss_of = Curriculum(COPY), MaskedSoftmaxCrossEntropy()
    core = lstm(levels.channels, UNITS, for_core)
    readout = TimeDistributed(Linear(UNITS, CLASSES, for_readout))
    model = state_guess(UNITS, for_guess, hidden=())  # linear, from h to gradients of h and c
    update_core, update_readout = Adam(core, 1e-3), Adam(readout, 1e-3)
    update_model = Adam(model, 1e-2)

    while levels.samples < samples:
        inputs, labels, mask = map(asarray, levels.next(BATCH, draws))
        state, nats = core.initial_state(BATCH), 0
        for t in range(0, len(inputs), T):
            before, y = state, (labels[t : t + T], mask[t : t + T])
            outputs, state, cache = core.forward(inputs[t : t + T], before, start=t)
            prediction, readout_cache = readout.forward(outputs)
            loss, dprediction = loss_of(prediction, y)
            doutputs = readout.backward(dprediction, readout_cache)
            update_readout.step()

            if t + T < len(inputs):  # a guess of all that comes after this chunk
                future, _ = model.forward(state[0])
                rest = send_back(core, xp.zeros_like(doutputs), (1 - SCALE) * future, cache)
                target = send_back(core, doutputs, SCALE * future, cache) + rest
            else:
                target = send_back(core, doutputs, xp.zeros((BATCH, 2 * UNITS), np.float32), cache)
            if t > 0:  # what arrives where the chunk begins is the target of the guess there
                guess, guess_cache = model.forward(before[0])
                model.backward(guess - target, guess_cache)
                update_model.step()
            update_core.step()
            nats = nats + loss
        if levels.update(float(bits_per_symbol(nats, mask))):
            solved = f"N = {levels.n_symbols - 1} solved"
            print(f"{solved} after {levels.samples:,} sequences", flush=True)
    return core, readout, model


if __name__ == "__main__":
    train()

"""Whole programs without settings: the data, the layers, the units, a loop that names every call.

    python -m dni_np.examples.addition       binary addition, three layers of sigmoids
    python -m dni_np.examples.mnist          MNIST, three layers, no layer waits
    python -m dni_np.examples.copy           an LSTM learns to copy, three time steps at once
    python -m dni_np.examples.two_workers    MNIST, seven layers on two processes at the same time

Each is equal, bit for bit, to a run of the command line that its first lines name.
"""

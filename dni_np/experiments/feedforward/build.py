"""From settings to a run: the data, the layers, the rule, the loop.

The Generator of a run, seeded by the settings, draws the data (binary addition). It has a child for
the minibatches and one for the network, and that one for each layer, for the layer's guess, and for
what else a rule adds to it (fixed weights, coins). So weights and minibatches are the same for
every rule, and a layer with its guess can be built without the others.
"""

from collections import Counter
from functools import partial

import numpy as np

from dni_np.analysis.arriving_gradients import arriving_gradients
from dni_np.analysis.gradient_error import gradient_error, norm
from dni_np.analysis.gradient_probe import gradient_pairs
from dni_np.backend import asarray
from dni_np.data.binary_addition import binary_addition
from dni_np.data.dataset import Dataset
from dni_np.errors import UserError
from dni_np.experiments.feedforward import architectures
from dni_np.experiments.feedforward.checks import DENSE
from dni_np.experiments.feedforward.parts import Parts
from dni_np.experiments.feedforward.rules import APART, PIPELINED
from dni_np.experiments.least_squares import RLS, memory_of
from dni_np.experiments.memory import NUMBER, linear
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.schedules import RunClock
from dni_np.training.loop import Loop
from dni_np.training.tasks.images import Images, scaled

PROBE_SAMPLES = 256  # gradients are compared with the true ones on the first so many


def load_data(settings):
    """The images that the runs of a plan share; None for addition: every run draws its own sums."""
    return None if settings.task == "addition" else load_dataset(settings, None)


def memory(settings, dataset):
    """{names of settings: the bytes they ask for}, estimated."""
    widths, network, asked = settings.hidden_widths, ("layers", "width"), Counter()
    if settings.widths:
        network = ("widths",)
    if settings.task == "addition":
        n_in, classes, image = 2 * settings.bits, settings.bits, ()
        asked[("examples",)] = settings.examples * 5 * n_in * NUMBER
    else:
        n_in, classes, image = dataset.x_train.shape[1], dataset.classes, dataset.image
    pixels = n_in
    kernel, areas = 1, [1] * len(widths)
    if settings.network == "cnn" and image:
        height, width, n_in = image
        # Each hidden layer has a map of a quarter of the pixels before.
        kernel, areas = 25, [max(1, height * width >> 2 * i) for i in range(len(widths))]
    asked[network] += kernel * linear([n_in, *widths]) + linear([areas[-1] * widths[-1], classes])
    if settings.row.sees:
        largest = ("hidden",) if max(settings.hidden, default=0) > max(widths) else network
        guessed, beside = widths, {"label": classes, "input": pixels}
        if kernel > 1 and settings.guess == DENSE:
            kernel, guessed = 1, [n * max(1, area >> 2) for n, area in zip(widths, areas)]
        asked[largest] += kernel * sum(linear([n, *settings.hidden, n]) for n in guessed)
        if settings.sg_optimizer == RLS:
            seen = [sum(beside.get(one, n) for one in settings.sees) for n in guessed]
            asked[largest] += sum(map(memory_of, seen))
    kept = n_in + 3 * sum(area * n for area, n in zip(areas, widths))  # of a sample
    asked = Counter({names: settings.workers * n for names, n in asked.items()})
    asked["batch_size", network[-1]] += settings.batch_size * kept * NUMBER
    return asked


def build_loop(settings, dataset=None, folder=None, **loop_options):
    """The training loop for `settings`, ready to run; `dataset` may be given if already loaded."""
    rng = np.random.default_rng(settings.seed)
    if dataset is None or settings.task == "addition":
        dataset = load_dataset(settings, rng)
    clock = RunClock()
    batches, network = rng.spawn(2)
    if settings.workers == 1:
        rule = build_rule(settings, dataset, network, clock)
    else:
        again = partial(build_again, settings, dataset.first(1, 1))
        rule = on_workers(settings, again, clock)
    task = Images(dataset, settings.batch_size, batches)
    measure = gradient_measure(settings, dataset)
    own = {"measure": measure, "folder": folder, "clock": clock, **settings.of_loop()}
    return Loop(rule, task, batches, **own, **loop_options)


def on_workers(settings, again, clock):
    """The rule that `again` builds, on several workers."""
    from dni_np.parallel.locked import LockedPipeline  # and with it multiprocessing
    from dni_np.parallel.pipeline import Pipeline

    pipeline = LockedPipeline if "micro_batches" in settings.row.uses else Pipeline
    used = [name for name in (*APART, *PIPELINED) if name in settings.row.uses]
    return pipeline(again, **{name: getattr(settings, name) for name in used}, clock=clock)


def build_again(settings, dataset, clock):
    """The rule of a run, from nothing but its settings and the shape of its data."""
    _, network = np.random.default_rng(settings.seed).spawn(2)
    return build_rule(settings, dataset, network, clock)


def load_dataset(settings, rng):
    """The images of `settings.data`, or sums, drawn here, and a fifth as many that are held out."""
    if settings.task != "addition":
        from dni_np.data.choose import load_images  # and with it what downloads

        return load_images(settings.data)
    n_test = max(1, settings.examples // 5)
    x, y = binary_addition(settings.examples + n_test, settings.bits, rng=rng)
    x_test, y_test, x_train, y_train = x[:n_test], y[:n_test], x[n_test:], y[n_test:]
    seen = set(map(bytes, x_train))  # of few bits there are few sums, and the same is drawn again
    new = [bytes(row) not in seen for row in x_test]
    if not any(new):
        raise UserError(
            f"every sum of {settings.bits} bits is among the {settings.examples} examples: "
            "take more --bits or fewer --examples"
        )
    return Dataset("binary addition", x_train, y_train, x_test[new], y_test[new], settings.bits)


def build_rule(settings, dataset, rng, clock=None):
    """The network and the way it is trained; `clock` (a RunClock) is what learning rates follow."""
    of_layers, of_guesses, of_rest = rng.spawn(3)
    network = _main_network(settings, dataset, of_layers)
    return settings.row.build(Parts(settings, dataset, of_guesses, of_rest, *network, clock))


def _main_network(settings, dataset, rng):
    """(layers, loss)."""
    widths, classes = settings.hidden_widths, dataset.classes
    if settings.network == "cnn":
        if not dataset.image:
            raise UserError(f"{dataset.name} holds no images: a convolutional network needs some")
        layers = architectures.cnn(dataset.image, widths, classes, rng, settings.pooling)
        return layers, SoftmaxCrossEntropy()
    sizes = [dataset.x_train.shape[1], *widths, classes]
    if settings.task == "addition":
        return architectures.addition(sizes, rng), SquaredError()
    return architectures.fcn(sizes, rng), SoftmaxCrossEntropy()


def gradient_measure(settings, dataset):
    """A function of the rule: cosine, L2 and sign error of what cores below the top learn from.

    And the true gradient's own norm: where it grows, a guess's loss grows too, though the guess
    gets no worse. A guess is compared at the real activations (also in complete unlock, where it is
    made at others). None where a rule has nothing to compare.
    """
    pairs = {"guess": gradient_pairs, "arriving": arriving_gradients}.get(settings.row.measured)
    rows = dataset.x_train[:PROBE_SAMPLES], dataset.y_train[:PROBE_SAMPLES]

    def measure(rule):
        rule = getattr(rule, "rule", rule)  # with workers, what they have brought home
        x, y = map(asarray, rows)
        found = {}
        for i, (used, true) in enumerate(pairs(rule, scaled(x, dataset.scale), y), 1):
            mean_norm = norm(true.reshape(len(true), -1)).mean()
            for name, value in {**gradient_error(used, true), "norm": mean_norm}.items():
                found[f"{name}_{i}"] = value
        return found

    return measure if pairs else None

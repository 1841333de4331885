"""From settings to a run: the data, the layers, the rule, the loop.

One Generator per run, seeded by the settings, draws everything in a fixed order: the data
(binary addition), the main network, the synthetic gradient models, then the minibatches.
The main network's weights are therefore the same for every rule.
"""

from dataclasses import asdict

import numpy as np

from dni_np import architectures
from dni_np.analysis.gradient_error import gradient_error
from dni_np.backend import FLOAT, asarray, xp
from dni_np.baselines.backprop import Backprop
from dni_np.baselines.no_backprop import NoBackprop
from dni_np.data.binary_addition import binary_addition
from dni_np.data.choose import load_images
from dni_np.data.dataset import Dataset
from dni_np.dni.class_pictures import ClassPictures
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.conv_synthetic_gradients import ConvSyntheticGradient
from dni_np.dni.network import DecoupledHead, DNINetwork, cut
from dni_np.dni.probe import gradient_pairs
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.true_targets import TrueTargetNetwork
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.head import Head
from dni_np.nn.losses import SoftmaxCrossEntropy, SquaredError
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.schedules import StepDecay
from dni_np.training.images import Images
from dni_np.training.loop import Loop

PROBE_SAMPLES = 256  # synthetic and true gradients are compared on the first so many training samples


def build_loop(settings, dataset=None, folder=None, **loop_options):
    """The training loop for `settings`, ready to run; `dataset` may be given if already loaded."""
    rng = np.random.default_rng(settings.seed)
    if dataset is None or settings.task == "addition":
        dataset = load_dataset(settings, rng)
    rule = build_rule(settings, dataset, rng)
    return Loop(
        rule,
        Images(dataset, settings.batch_size, rng),
        rng,
        steps=settings.steps,
        evaluate_every=settings.evaluate_every or max(1, settings.steps // 50),
        checkpoint_every=settings.checkpoint_every or max(1, settings.steps // 10),
        measure=gradient_measure(dataset) if isinstance(rule, DNINetwork) else None,
        folder=folder,
        config=asdict(settings),
        **loop_options,
    )


def load_dataset(settings, rng):
    """The images of `settings.data`, or freshly drawn sums and a fifth as many that are held out."""
    if settings.task != "addition":
        return load_images(settings.data)
    n_test = max(1, settings.examples // 5)
    x, y = binary_addition(settings.examples + n_test, settings.bits, rng=rng)
    x_test, y_test, x_train, y_train = x[:n_test], y[:n_test], x[n_test:], y[n_test:]
    seen = set(map(bytes, x_train))  # of few bits there are few sums, and the same is drawn again
    new = [bytes(row) not in seen for row in x_test]
    if not any(new):
        raise UserError(
            f"every sum of {settings.bits} bits is among the {settings.examples} examples: take more bits or fewer examples"
        )
    return Dataset("binary addition", x_train, y_train, x_test[new], y_test[new], settings.bits)


def build_rule(settings, dataset, rng):
    """The network and the way it is trained."""
    layers, loss = _main_network(settings, dataset, rng)
    if settings.rule == "backprop":
        return Backprop(layers, loss, lambda core: _optimizer(core, settings, settings.learning_rate))
    after = settings.cut_after or range(1, len(layers))
    cores = cut(layers, after)
    if settings.rule == "none":
        return NoBackprop(cores, loss, lambda core: _optimizer(core, settings, settings.learning_rate))

    model = ConvSyntheticGradient if settings.network == "cnn" else SyntheticGradient
    widths = [settings.hidden_widths[k - 1] for k in sorted(set(after))]
    images = _shapes_after(cores, dataset) if "picture" in settings.sees else [()] * len(cores)
    units = [_unit(core, model, width, settings, dataset, rng, image) for core, width, image in zip(cores, widths, images)]
    top = cores[-1]
    if settings.head == "synthetic":
        head = DecoupledHead(_unit(top, SyntheticGradient, dataset.classes, settings, dataset, rng), loss)
    else:
        head = Head(top, loss, _optimizer(top, settings, settings.head_learning_rate or settings.learning_rate))
    kind = TrueTargetNetwork if settings.targets == "true" else DNINetwork
    return kind(units, head, dataset.classes)


def _main_network(settings, dataset, rng):
    """(layers, loss)."""
    if settings.network == "cnn":
        if not dataset.image:
            raise UserError(f"{dataset.name} holds no images: a convolutional network needs some")
        layers = architectures.cnn(dataset.image, settings.hidden_widths, dataset.classes, rng, settings.pooling)
        return layers, SoftmaxCrossEntropy()
    sizes = [dataset.x_train.shape[1], *settings.hidden_widths, dataset.classes]
    if settings.task == "addition":
        return architectures.addition(sizes, rng), SquaredError()
    return architectures.fcn(sizes, rng), SoftmaxCrossEntropy()


def _unit(core, model, width, settings, dataset, rng, image=()):
    """A DNI around `core`, whose output has `width` units (or channels), with a guess of the kind `model`.

    `image`, the shape of the output's feature maps, is given where the guess is to have pictures of the classes.
    """
    if settings.network == "cnn" and "input" in settings.sees:
        raise UserError(
            "in a convolutional network a synthetic gradient can see output, normalized, label, picture, not input"
        )
    if settings.network != "cnn" and "picture" in settings.sees:
        raise UserError("pictures of the classes are for the feature maps of a convolutional network: leave picture out")
    sees = [source for source in settings.sees if source != "picture"]
    conditioning = Conditioning(sees, width, label=dataset.classes, input=dataset.x_train.shape[1])
    guess = model(width, conditioning, rng, settings.hidden)
    if image:
        guess = ClassPictures(guess, image, dataset.classes)
    sg_rate = settings.sg_learning_rate or settings.learning_rate
    return DNI(core, guess, _optimizer(core, settings, settings.learning_rate), _optimizer(guess, settings, sg_rate))


def _shapes_after(cores, dataset):
    """The shape of one sample after each of `cores`: of feature maps, (height, width, channels)."""
    h, shapes = xp.zeros((1, dataset.x_train.shape[1]), FLOAT), []
    for core in cores:
        h, _ = core.forward(h, training=False)
        shapes.append(h.shape[1:])
    return shapes


def _optimizer(layer, settings, rate):
    schedule = StepDecay(rate, tuple(round(share * settings.steps) for share in settings.decay_at))
    return {"adam": Adam, "sgd": SGD}[settings.optimizer](layer, schedule)


def gradient_measure(dataset):
    """A function of the rule: cosine, L2 and sign error after each decoupled layer."""
    x = asarray(dataset.x_train[:PROBE_SAMPLES]).astype(FLOAT) * FLOAT(dataset.scale)
    y = asarray(dataset.y_train[:PROBE_SAMPLES])

    def measure(network):
        errors = [gradient_error(guess, true) for guess, true in gradient_pairs(network, x, y)]
        return {f"{name}_{i}": value for i, error in enumerate(errors, 1) for name, value in error.items()}

    return measure

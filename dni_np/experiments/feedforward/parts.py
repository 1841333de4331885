"""What rules for images (or sums) are built of: cores, guesses, units, loss units, optimizers."""

import math
from functools import cached_property

from dni_np.backend import FLOAT, xp
from dni_np.dni.class_maps import ClassPictures
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.dense_guess import DenseGuess
from dni_np.dni.stale_gradients import StaleGradient, averaging
from dni_np.dni.synthetic_gradients import NORMALIZED, Layers, SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.experiments.experiment import schedule
from dni_np.experiments.feedforward.checks import DENSE
from dni_np.experiments.least_squares import RLS, least_squares
from dni_np.nn.fast.choice import adam, batchnorm2d, conv2d, relu2d, sgd
from dni_np.nn.linear import Linear
from dni_np.nn.reshape import Flatten
from dni_np.nn.sequential import Sequential
from dni_np.rules.complete_unlock import SyntheticInput
from dni_np.rules.critic import CriticUnit, ScalarCritic
from dni_np.rules.direct_feedback_alignment import random_feedback
from dni_np.rules.dni_chain import cut
from dni_np.rules.loss_unit import DecoupledLossUnit, LossUnit

IMAGES = Layers(conv2d, batchnorm2d, relu2d)  # of a model that guesses for images
MAPS_HIDDEN = 256  # of a model of a CNN's feature maps, where settings.hidden counts channels


class Parts:
    """`layers` and `loss` of the main network, and all that a rule may want beside them.

    Children of `guesses` draw the guesses, one for each core; `rng` draws what else a rule adds.
    Rates follow the run's `clock`.
    """

    def __init__(self, settings, dataset, guesses, rng, layers, loss, clock=None):
        self.settings, self.rng, self.layers, self.loss = settings, rng, layers, loss
        self.clock = clock
        self.pixels, self.classes = dataset.x_train.shape[1], dataset.classes
        self.after = sorted(settings.cut_after or range(1, len(layers)))
        self.cores = cut(layers, self.after)
        self.of_guesses = guesses.spawn(len(self.cores))
        self.probability, self.is_cnn = settings.update_probability, settings.network == "cnn"

    def optimizer(self, layer, rate=None, kind=None):
        kind = {"adam": adam, "sgd": sgd}[kind or self.settings.optimizer]
        rate = rate or self.settings.learning_rate
        return kind(layer, schedule(self.settings, rate, self.clock))

    def model_optimizer(self, layer):
        kind, rate = self.settings.sg_optimizer, self.settings.sg_learning_rate
        if kind == RLS:
            return least_squares(self.settings)(layer)
        return self.optimizer(layer, rate, None if kind == "same" else kind)

    @cached_property
    def shapes(self):
        """The shape of one sample after each core: (units,), or (height, width, channels)."""
        h, shapes = xp.zeros((1, self.pixels), FLOAT), []
        for core in self.cores:
            h, _ = core.forward(h, training=False)
            shapes.append(h.shape[1:])
        return shapes

    def sizes(self):
        """How many numbers each core but the top one gives."""
        return [math.prod(shape) for shape in self.shapes[:-1]]

    def of_layers(self):
        """What rules that update layer by layer are built of."""
        return self.layers, self.loss, self.optimizer

    def of_cores(self):
        """What rules that update cores are built of."""
        return self.cores, self.loss, self.optimizer

    def chain(self):
        """What a DNIChain is built of."""
        return self.units(), self.loss_unit(), self.classes

    def conditioning(self, width):
        """What a guess of `width` numbers (or channels) sees, beside pictures of the classes."""
        sees = [source for source in self.settings.sees if source != "picture"]
        return Conditioning(sees, width, label=self.classes, input=self.pixels)

    def units(self):
        """A DNI around every core but the top one."""
        widths = [self.settings.hidden_widths[k - 1] for k in self.after]
        return [self.unit(k, self.guess(k, width)) for k, width in enumerate(widths)]

    def unit(self, k, guess):
        core = self.cores[k]
        return DNI(core, guess, self.optimizer(core), self.model_optimizer(guess))

    def guess(self, k, width):
        """Of core k's gradient, of so many numbers, or channels of its feature maps."""
        if not self.is_cnn:
            return self.model(k, width)
        if self.settings.guess == DENSE:
            shape = self.shapes[k]
            return DenseGuess(self.model(k, math.prod(shape)), shape)
        guess = self.model(k, width, IMAGES)
        if "picture" in self.settings.sees:
            return ClassPictures(guess, self.shapes[k], self.classes)
        return guess

    def model(self, k, width, layers=NORMALIZED):
        rng, hidden = self.of_guesses[k], self.settings.hidden
        return SyntheticGradient(width, self.conditioning(width), rng, hidden, layers=layers)

    def loss_unit(self):
        """The top core, with the true gradient or a guess."""
        if self.settings.head == "true":
            return self.true_loss_unit()
        unit = self.unit(-1, self.model(-1, self.classes))
        return DecoupledLossUnit(unit, self.loss)

    def true_loss_unit(self):
        top = self.cores[-1]
        return LossUnit(top, self.loss, self.optimizer(top, self.settings.head_learning_rate))

    def critics(self):
        """A unit with a critic around every core but the top one."""
        hidden, units = self.settings.hidden, []
        if not hidden:
            raise UserError("a critic without --hidden has one slope everywhere: take --hidden 256")
        for core, size, rng in zip(self.cores, self.sizes(), self.of_guesses):
            critic = ScalarCritic(self.conditioning(size), rng, hidden)
            optimizers = self.optimizer(core), self.model_optimizer(critic)
            units.append(CriticUnit(core, critic, *optimizers))
        return units

    def stale_units(self):
        """A unit with an average of past gradients around every core but the top one."""
        batch, decay, units = self.settings.batch_size, self.settings.stale_decay, []
        for core, shape in zip(self.cores[:-1], self.shapes):
            model = StaleGradient((batch, *shape))
            units.append(DNI(core, model, self.optimizer(core), averaging(model, decay)))
        return units

    def inputs(self):
        """A model of the input of each core but the lowest.

        It sees the network's input (its "output" here), and the label where guesses do.
        """
        sees = ["output", "label"] if "label" in self.settings.sees else ["output"]
        hidden = (MAPS_HIDDEN,) if self.is_cnn else self.settings.hidden
        shapes, inputs = self.shapes[:-1], []
        for shape, rng in zip(shapes, self.rng.spawn(len(shapes))):
            seen = Conditioning(sees, self.pixels, label=self.classes)
            model = SyntheticGradient(math.prod(shape), seen, rng, hidden)
            inputs.append(SyntheticInput(model, self.model_optimizer(model), shape))
        return inputs

    def classifiers(self):
        """A linear classifier for the output of every core but the top one."""
        sizes, classes = self.sizes(), self.classes
        layers = zip(sizes, self.rng.spawn(len(sizes)))
        return [Sequential([Flatten(), Linear(n, classes, rng)]) for n, rng in layers]

    def feedback(self):
        """A fixed random matrix from the output's error to every core but the top one."""
        return random_feedback(self.classes, self.sizes(), self.rng)

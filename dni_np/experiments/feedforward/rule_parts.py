"""What rules on images (or sums) are made of: cores, guesses, units, the head, with their optimizers, from the settings."""

import math

from dni_np.backend import FLOAT, xp
from dni_np.dni.class_maps import ClassPictures
from dni_np.dni.conditioning import Conditioning
from dni_np.dni.conv_synthetic_gradients import ConvSyntheticGradient
from dni_np.dni.stale_gradients import StaleGradient, averaging
from dni_np.dni.synthetic_gradients import SyntheticGradient
from dni_np.dni.unit import DNI
from dni_np.errors import UserError
from dni_np.nn.optimizers import SGD, Adam
from dni_np.nn.schedules import AtRunStep, StepDecay
from dni_np.rules.complete_unlock import SyntheticInput
from dni_np.rules.critic import CriticUnit, ScalarCritic
from dni_np.rules.dni_chain import DecoupledHead, cut
from dni_np.rules.loss_unit import Head

MAPS_HIDDEN = 256  # hidden units of a model of a CNN's feature maps, where settings.hidden counts channels


class Parts:
    """`layers` and `loss` of the main network, and all that is drawn after it from `rng`, in order.

    Rates follow the run's `clock`; without one, each optimizer's own updates.
    """

    def __init__(self, settings, dataset, rng, layers, loss, clock=None):
        self.settings, self.dataset, self.rng, self.layers, self.loss = settings, dataset, rng, layers, loss
        self.clock = clock
        self.after = sorted(set(settings.cut_after or range(1, len(layers))))
        self.cores = cut(layers, self.after)
        self.is_cnn = settings.network == "cnn"

    def optimizer(self, layer, rate=None):
        settings = self.settings
        milestones = tuple(round(share * settings.steps) for share in settings.decay_at)
        schedule = StepDecay(rate or settings.learning_rate, milestones)
        if self.clock is not None:
            schedule = AtRunStep(schedule, self.clock)
        return {"adam": Adam, "sgd": SGD}[settings.optimizer](layer, schedule)

    def model_optimizer(self, layer):
        return self.optimizer(layer, self.settings.sg_learning_rate)

    def shapes(self):
        """The shape of one sample after each core: (units,), or of feature maps (height, width, channels)."""
        h, shapes = xp.zeros((1, self.dataset.x_train.shape[1]), FLOAT), []
        for core in self.cores:
            h, _ = core.forward(h, training=False)
            shapes.append(h.shape[1:])
        return shapes

    def looks(self, width):
        """What a guess of `width` numbers (or channels) may see."""
        sees = self.settings.sees
        if self.is_cnn and "input" in sees:
            raise UserError(
                "in a convolutional network a synthetic gradient can see output, normalized, label, picture, not input"
            )
        if not self.is_cnn and "picture" in sees:
            raise UserError("pictures of the classes are for the feature maps of a convolutional network: leave picture out")
        sees = [source for source in sees if source != "picture"]
        return Conditioning(sees, width, label=self.dataset.classes, input=self.dataset.x_train.shape[1])

    def units(self):
        """A DNI around every core but the top one."""
        model = ConvSyntheticGradient if self.is_cnn else SyntheticGradient
        shapes = self.shapes() if "picture" in self.settings.sees else [()] * len(self.cores)
        widths = [self.settings.hidden_widths[k - 1] for k in self.after]
        return [self.unit(core, model, width, image) for core, width, image in zip(self.cores, widths, shapes)]

    def unit(self, core, model, width, image=()):
        """`image`, the shape of the output's feature maps, is given where the guess is to have pictures of the classes."""
        guess = model(width, self.looks(width), self.rng, self.settings.hidden)
        if image:
            guess = ClassPictures(guess, image, self.dataset.classes)
        return DNI(core, guess, self.optimizer(core), self.model_optimizer(guess))

    def head(self):
        """The top core, with the true gradient or a guess."""
        top = self.cores[-1]
        if self.settings.head == "synthetic":
            return DecoupledHead(self.unit(top, SyntheticGradient, self.dataset.classes), self.loss)
        return self.true_head()

    def true_head(self):
        top = self.cores[-1]
        return Head(top, self.loss, self.optimizer(top, self.settings.head_learning_rate))

    def critics(self):
        """A unit with a critic around every core but the top one."""
        if not self.settings.hidden:
            raise UserError("a critic without hidden layers has one slope everywhere: give it some, as --hidden 256")
        units = []
        for core, shape in zip(self.cores[:-1], self.shapes()):
            critic = ScalarCritic(self.looks(math.prod(shape)), self.rng, self.settings.hidden)
            units.append(CriticUnit(core, critic, self.optimizer(core), self.model_optimizer(critic)))
        return units

    def stale_units(self):
        """A unit with an average of past gradients around every core but the top one."""
        units = []
        for core, shape in zip(self.cores[:-1], self.shapes()):
            model = StaleGradient((self.settings.batch_size, *shape))
            units.append(DNI(core, model, self.optimizer(core), averaging(model, self.settings.stale_decay)))
        return units

    def inputs(self):
        """A model of what each core but the lowest is given; it sees the network's input, and the label if guesses do."""
        sees = ["output", "label"] if "label" in self.settings.sees else ["output"]  # its output is here x itself
        pixels = self.dataset.x_train.shape[1]
        inputs = []
        for shape in self.shapes()[:-1]:
            looks = Conditioning(sees, pixels, label=self.dataset.classes)
            model = SyntheticGradient(
                math.prod(shape), looks, self.rng, (MAPS_HIDDEN,) if self.is_cnn else self.settings.hidden
            )
            inputs.append(SyntheticInput(model, self.model_optimizer(model), shape))
        return inputs

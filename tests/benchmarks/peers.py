"""The same steps as one would write them in PyTorch.

One optimizer for the whole network, stepped once at the end: kinder to PyTorch than an
optimizer for each unit, which would be the algorithm to the letter.
"""

import torch
from torch import nn
from torch.nn import functional as F

from tests.benchmarks.cases import Convolution, Recurrent
from tests.pytorch_twin import twin

# Steps on rows are compared for each of its optimizers, on images for each of its layouts, on
# sequences for its LSTMs.
OPTIMIZERS = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}
LAYOUTS = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}
LSTMS = ("nn.LSTM", "LSTMCell")
KINDS = {"rows": OPTIMIZERS, "images": LAYOUTS, "sequences": LSTMS}
KINDS["parallel"] = ("default", "fused")


def kinds(case):
    """The names of PyTorch's contenders."""
    return list(KINDS[case.table])


def step(case, kind, threads=1):
    """A function that does one step of `case` with PyTorch; `kind` is one of `kinds(case)`."""
    torch.set_num_threads(threads)
    layout = LAYOUTS.get(kind, torch.contiguous_format)
    if isinstance(case, Convolution):
        return convolution(case, layout)
    if isinstance(case, Recurrent):
        return recurrent(case, kind)
    rule = case.build()
    cores = nn.ModuleList(twin(core) for core in rule.cores).to(memory_format=layout)
    models = nn.ModuleList(twin(unit.synthetic_gradient.net) for unit in getattr(rule, "units", []))
    models.to(memory_format=layout)
    settings = case.settings()
    optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[settings.optimizer]
    rates = [(cores, settings.learning_rate)]
    if models:
        head = settings.head_learning_rate or settings.learning_rate
        rates = [(cores[:-1], settings.learning_rate), (cores[-1], head)]
        rates.append((models, settings.sg_learning_rate or settings.learning_rate))
    groups = [{"params": list(modules.parameters()), "lr": rate} for modules, rate in rates]
    update = optimizer(groups, **OPTIMIZERS.get(kind, OPTIMIZERS["fused"]))
    x, y = map(torch.from_numpy, case.data())
    loss = cross_entropy if y.ndim == 1 else squared_error
    if not models:
        return lambda: backprop(cores, loss, update, x, y)
    return lambda: dni(cores, models, loss, update, x, y, "label" in settings.sees)


def convolution(case, layout):
    """Forward and backward of one layer; returns (y, dx, dW), dW for the sum of the batch."""
    layer = twin(case.build()).to(memory_format=layout)
    x, dy = (
        torch.from_numpy(images.transpose(0, 3, 1, 2)).clone(memory_format=layout)
        for images in case.data()
    )
    x.requires_grad_(not case.first)

    def step():
        x.grad = layer.weight.grad = None
        y = layer(x)
        y.backward(dy)
        return y.detach(), x.grad, layer.weight.grad

    return step


def recurrent(case, kind):
    """An LSTM forward, backward and fused Adam; returns the outputs."""
    layer, (x, dy) = twin(case.build()), map(torch.from_numpy, case.data())
    dy = dy / case.batch  # of the mean loss
    if kind == "LSTMCell":
        layer = written_out(layer)
    for name, parameter in layer.named_parameters():
        parameter.requires_grad_(
            "bias_hh" not in name
        )  # two biases would learn twice as fast as our one
    update = torch.optim.Adam(layer.parameters(), lr=1e-3, fused=True)

    def step():
        update.zero_grad()
        y = layer(x)[0]
        y.backward(dy)
        update.step()
        return y.detach()

    return step


def written_out(layer):
    """The loop over time as one writes it in Python, to do something of one's own in between."""
    cell = nn.LSTMCell(layer.input_size, layer.hidden_size)
    cell.load_state_dict(
        {name.removesuffix("_l0"): value for name, value in layer.state_dict().items()}
    )

    def forward(x):
        h = c = x.new_zeros(x.shape[1], cell.hidden_size)
        hs = []
        for x_t in x:
            h, c = cell(x_t, (h, c))
            hs.append(h)
        return torch.stack(hs), (h, c)

    module = nn.ModuleList([cell])
    module.forward = forward
    return module


def cross_entropy(prediction, y):
    return F.cross_entropy(prediction, y)


def squared_error(prediction, y):
    return 0.5 * F.mse_loss(prediction, y, reduction="sum") / len(y)


def backprop(cores, loss, update, x, y):
    update.zero_grad()
    h = x
    for core in cores:
        h = core(h)
    value = loss(h, y)
    value.backward()
    update.step()
    return value.detach()


def dni(cores, models, loss, update, x, y, sees_label):
    """Figure 9 of Jaderberg et al. 2017."""
    update.zero_grad()
    label = None
    if sees_label:
        label = F.one_hot(y, 10).float() if y.ndim == 1 else y
    n, h, guess = len(x), x, None
    for i, core in enumerate(cores):
        h_in = h.detach().requires_grad_(i > 0)
        h = core(h_in)
        waiting = guess
        if i < len(models):
            guess = models[i](h.detach() if label is None else join(h.detach(), label))
            h.backward(guess.detach() / n)
        else:
            value = loss(h, y)
            value.backward()
        if i > 0:
            correct(waiting, h_in.grad * n)
    update.step()
    return value.detach()


def join(h, label):
    """h and the label beside it, for images as channels in h's layout:

    without that, `cat` would fall back to NCHW.
    """
    if h.ndim == 4:
        layout = next(
            layout for layout in LAYOUTS.values() if h.is_contiguous(memory_format=layout)
        )
        label = (
            label[:, :, None, None].expand(-1, -1, *h.shape[2:]).contiguous(memory_format=layout)
        )
    return torch.cat([h, label], dim=1)


def correct(guess, target):
    """Send back the gradient of 1/2 ||guess - target||^2:

    by hand for images, where `mse_loss` would fall back to NCHW.
    """
    if guess.ndim == 2:
        (F.mse_loss(guess, target, reduction="sum") * (0.5 / len(guess))).backward()
    else:
        guess.backward((guess.detach() - target) / len(guess))

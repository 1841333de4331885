"""The same steps as one would write them in PyTorch.

One optimizer for the whole network, stepped once at the end: kinder to PyTorch than an
optimizer for each unit, which would be the algorithm to the letter.
"""

import torch
from torch import nn
from torch.nn import functional as F

from tests.pytorch_twin import twin

OPTIMIZERS = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def step(case, optimizer, threads=1):
    """A function that does one step of `case` with PyTorch; `optimizer` is a key of OPTIMIZERS."""
    torch.set_num_threads(threads)
    rule = case.build()
    cores = nn.ModuleList(twin(core) for core in rule.cores)
    models = nn.ModuleList(twin(unit.synthetic_gradient.net) for unit in getattr(rule, "units", []))
    settings = case.settings()
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[settings.optimizer]
    groups = [{"params": list(cores.parameters()), "lr": settings.learning_rate}]
    if models:
        groups.append({"params": list(models.parameters()), "lr": settings.sg_learning_rate or settings.learning_rate})
    update = kind(groups, **OPTIMIZERS[optimizer])
    x, y = map(torch.from_numpy, case.data())
    loss = cross_entropy if y.ndim == 1 else squared_error
    if not models:
        return lambda: backprop(cores, loss, update, x, y)
    return lambda: dni(cores, models, loss, update, x, y, "label" in settings.sees)


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
            seen = h.detach() if label is None else torch.cat([h.detach(), label], dim=1)
            guess = models[i](seen)
            h.backward(guess.detach() / n)
        else:
            value = loss(h, y)
            value.backward()
        if i > 0:
            (F.mse_loss(waiting, h_in.grad * n, reduction="sum") * (0.5 / n)).backward()
    update.step()
    return value.detach()

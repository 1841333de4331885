# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: -all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does a guessed gradient do to a network?
#
# A synthetic gradient does not change what a network *can* compute: it is gone when training is over. But it changes where
# training goes. Does it still end where backpropagation ends? Always? And if two networks make as few mistakes, one trained
# with true gradients and one with guesses, are they the same inside? (The questions of Czarnecki et al. 2017,
# "Understanding synthetic gradients and decoupled neural interfaces".)
#
# **What you'll do**
#
# - train a straight line with a guess, and watch the guess become right;
# - stack ten linear layers, each taught by the next one's guess;
# - blindfold the guess, and map where learning stops then;
# - find a loss that a linear guess cannot follow, and mend it;
# - integrate guesses, to see which loss they believe in;
# - look into networks trained on MNIST: which images does each layer hold for alike?
#
# **What you need:** derivatives, least squares, and a synthetic gradient ([notebook 01](01_backprop_to_dni.ipynb)). MNIST is
# downloaded when first asked for; without a connection the small digits of scikit-learn stand in.

# %% [markdown]
# ### Before you go on: predict
#
# 1. Linear regression with a guess of the gradient: will it end at the least-squares solution, or only near it?
# 2. Suppose $y$ is an exact linear function of $x$. Will the guess get better, or worse, than with noise?
# 3. A guess that sees the output but not the label: can it make learning stop where the true gradient is not zero?
# 4. In which network do the lower layers look more like the last one: with true gradients, or with guesses?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "figure.dpi": 90, "figure.constrained_layout.use": True})
RED, BLUE, GREEN, YELLOW = "#d1495b", "#2e6f95", "#66a182", "#f2a541"

# %% [markdown]
# ## 1. A straight line
#
# The smallest network there is: $p = xW$, with the loss $L = \frac12\|p - y\|^2$. Its gradient is $p - y$. The guess is
# linear in all it sees,
#
# $$\hat g = pA + yB + C ,$$
#
# and would be right with $A = I$, $B = -I$, $C = 0$. It starts at zero, and learns from the true gradient; $W$ learns from
# the guess only.

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((200, 3))
W_true = rng.standard_normal((3, 2))
noise = rng.standard_normal((200, 2))
I = np.eye(2)


def by_hand(x, y, steps, rate=0.1, guess_rate=0.1):
    W, A, B, C = np.zeros((3, 2)), np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2)
    rows = []
    for _ in range(steps):
        p = x @ W
        guess = p @ A + y @ B + C
        W -= rate * x.T @ guess / len(x)
        error = guess - (p - y)  # the true gradient has come
        A -= guess_rate * p.T @ error / len(x)
        B -= guess_rate * y.T @ error / len(x)
        C -= guess_rate * error.mean(axis=0)
        rows.append((0.5 * ((p - y) ** 2).sum() / len(x), np.linalg.norm(A - I), np.linalg.norm(B + I)))
    return W, np.array(rows).T


# %%
from dni_np.analysis.theory.linear_theory import LinearDNI, least_squares


def least_loss(x, y):
    return 0.5 * ((x @ least_squares(x, y) - y) ** 2).sum() / len(x)


figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.3), sharey=True)
for axis, size, title in zip(axes, (0.7, 0.0), ("with noise", "without: $y = xW$ for some $W$")):
    y = x @ W_true + size * noise
    W, (losses, far_A, far_B) = by_hand(x, y, 400)
    axis.semilogy(np.maximum(losses - least_loss(x, y), 1e-16), color="0.3", label="loss, above the least")
    axis.semilogy(far_A, color=RED, label=r"$\|A - I\|$")
    axis.semilogy(far_B, color=BLUE, linestyle="--", label=r"$\|B + I\|$")
    axis.set(xlabel="step", title=title, ylim=(1e-8, 30))
    print(f"noise {size}: W is {abs(W - least_squares(x, y)).max():.0e} from least squares")
axes[1].legend(fontsize=8)
figure.suptitle("A line that learns from a guess ends where it should")
plt.show()

# %% [markdown]
# Not near it: *at* it (prediction 1). And the guess itself becomes right, but only on the left. Without noise it stays as
# wrong as it is after the first steps, and the line is found all the same (prediction 2). How can that be?
#
# At the solution $y = p + r$, where the residual $r$ has nothing to do with $p$. What the guess gets wrong there is
#
# $$\hat g - g = p\,(A + B) + r\,(B + I) + C .$$
#
# Without noise $r = 0$: nobody can tell $A$ from $-B$ any more, and nobody needs to. Guesses learn what is asked of them,
# and no more. The package has the ten lines above for any number of layers. The same numbers?

# %%
y = x @ W_true + 0.7 * noise
net = LinearDNI([np.zeros((3, 2))])
for _ in range(400):
    net.step(x, y, rate=0.1, guess_rate=0.1)
W, (_, far_A, far_B) = by_hand(x, y, 400)
assert np.allclose(net.product(), W, atol=1e-14)
print("distances to A = I, B = -I, C = 0:", *(f"{distance:.1e}" for distance in net.distances()[0]))

# %% [markdown]
# ## 2. Ten lines in a row
#
# Now $h_k = h_{k-1}W_k$, ten times. A guess at every layer, linear in $h_k$ and $y$. The top one learns the true gradient,
# all others learn the next guess, sent back one layer. The true gradient is
#
# $$\frac{\partial L}{\partial h_k} = (h_k P_k - y)P_k^\top, \qquad P_k = W_{k+1}\cdots W_{10},$$
#
# so each guess has something to become: $A_k = P_kP_k^\top$, $B_k = -P_k^\top$. But that moves while the weights do, and at
# first the guesses teach each other nonsense. Beside it, backpropagation: the same network with its guesses *set* to what
# they should be, at every step.

# %%
from dni_np.analysis.theory.linear_theory import exact_guess

DEPTH, WIDTH, STEPS = 10, 4, 100 if FAST else 2000
x10 = rng.standard_normal((200, WIDTH))
y10 = x10 @ (np.eye(WIDTH) + 0.3 * rng.standard_normal((WIDTH, WIDTH))) + 0.5 * rng.standard_normal((200, WIDTH))
start = [np.eye(WIDTH) + 0.01 * rng.standard_normal((WIDTH, WIDTH)) for _ in range(DEPTH)]


def set_right(net):
    for k, guess in enumerate(net.guesses, 1):
        guess.A[...], guess.B[...] = exact_guess(net.weights[k:], WIDTH, float)


guessed, backprop = LinearDNI(start), LinearDNI(start)
losses, distances = [], []
for _ in range(STEPS):
    set_right(backprop)
    losses.append((guessed.step(x10, y10, 0.01, 0.1), backprop.step(x10, y10, 0.01, 0.0)))
    distances.append([np.hypot(*row[:2]) for row in guessed.distances()])

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
above = np.maximum(np.array(losses) - least_loss(x10, y10), 1e-12)
for column, name, color in zip(above.T, ("with guesses", "backpropagation"), (RED, "0.3")):
    left.loglog(np.arange(1, STEPS + 1), column, label=name, color=color)
left.set(xlabel="step", ylabel="loss, above the least", title="ten layers, trained", ylim=(1e-10, 5))
left.legend(fontsize=8)
colors = plt.get_cmap("viridis")(np.linspace(0, 0.95, DEPTH))
for k in reversed(range(DEPTH)):
    right.loglog(np.arange(1, STEPS + 1), np.array(distances)[:, k], color=colors[k], label=f"$h_{{{k + 1}}}$")
right.set(xlabel="step", ylabel="distance", title="each guess, from what it should be")
right.legend(fontsize=7, ncols=2)
plt.show()
until = (above < 1e-4).argmax(axis=0)
print("steps until the loss is 0.0001 above the least:", until[1], "with backpropagation,", until[0], "with guesses")
print(f"W_1 ... W_10 is {abs(guessed.product() - least_squares(x10, y10)).max():.0e} from least squares")

# %% [markdown]
# It holds for ten layers too (Czarnecki et al. 2017 prove it, for rates that are small enough). On the right you see the
# news travel down: the top guess is right first, the lowest last. Until they are, the loss swings: weights that run after
# guesses, guesses that run after weights. The price is time. For a loss of 0.0001 above the least, backpropagation takes 94
# steps, the chain of guesses 499.
#
# ## 3. Blindfolded
#
# So far the guess saw all it needed. Take something away: let it see the output $p$ only, as plain DNI does, or the label
# $y$ only. Give it all the time it wants, so that it always is the best guess there is, the least-squares fit of $p - y$.
# For two weights one can draw where $w$ is pushed, everywhere.

# %%
from dni_np.analysis.theory.critical_points import fields

x2 = rng.standard_normal((100, 2)) @ np.array([[1.0, 0.3], [0.0, 0.7]])
y2 = x2 @ np.array([[1.0], [0.6]]) + 0.8 * rng.standard_normal((100, 1))
SEES = {
    "the output and the label": lambda p, y: np.concatenate([p, y], axis=1),
    "the output": lambda p, y: p,
    "the label": lambda p, y: y,
}
best = least_squares(x2, y2)
grid = np.linspace(-1.2, 2.2, 18)


def follow(see, w, steps=300, rate=0.1):
    places = [w]
    for _ in range(steps):
        places.append(places[-1] - rate * fields(x2, y2, places[-1], see)[1])
    return np.concatenate(places, axis=1)


# %%
figure, axes = plt.subplots(1, 3, figsize=(10, 3.7), sharey=True)
U, V = np.meshgrid(grid, grid)
heights = [[((x2 @ [[u], [v]] - y2) ** 2).mean() for u in grid] for v in grid]
xx, xy, yy = x2.T @ x2, x2.T @ y2, y2.T @ y2
angles = np.linspace(0, 2 * np.pi, 400)
rays = np.stack([np.cos(angles), np.sin(angles)])
for axis, (name, see) in zip(axes, SEES.items()):
    axis.contour(U, V, heights, levels=12, colors="0.85", linewidths=0.8)
    pushes = np.array([[-fields(x2, y2, np.array([[u], [v]]), see)[1].ravel() for u in grid] for v in grid])
    lengths = np.linalg.norm(pushes, axis=2, keepdims=True) ** 0.5 + 1e-12
    axis.quiver(U, V, *np.moveaxis(pushes / lengths, 2, 0), color=BLUE, alpha=0.55, width=0.005)
    for w in ((-1.0, 1.5), (1.8, -0.9), (-0.4, -0.9), (1.9, 1.9)):
        axis.plot(*follow(see, np.array(w)[:, None]), color=YELLOW, linewidth=1.6)
    if name == "the output":
        axis.plot(*(rays * (rays.T @ xy).T / np.einsum("dn,de,en->n", rays, xx, rays)), color=RED, linewidth=1.5)
    if name == "the label":
        axis.plot(grid, (yy[0, 0] - xy[0] * grid) / xy[1], color=RED, linewidth=1.5)
    axis.plot(*best, "k*", markersize=11)
    axis.set(title=f"sees {name}", xlabel="$w_1$", xlim=grid[[0, -1]], ylim=grid[[0, -1]])
    axis.grid(False)
axes[0].set_ylabel("$w_2$")
figure.suptitle("Pushes (blue), ways (yellow) and where learning stops (red; the star is the solution)")
plt.show()

# %% [markdown]
# - **Both.** The guess can be right, and the field is the true one.
# - **The output only** (prediction 3). The star is still a place to stop, but one of very many: a whole ellipse. Why? The
#   guess is a multiple of $p = xw$, so $w$ is pushed along $x^\top p = (x^\top x)\,w$: longer or shorter, and little to the
#   side. It stops as soon as $p^\top(p - y) = 0$, when no scaling of $p$ comes nearer to $y$. At zero, too: there $p$ says
#   nothing.
# - **The label only.** The star is *lost*. The guess is a multiple of $y$, and at the star $y^\top(p - y)$ is not zero:
#   what is left over has something to do with $y$, always. Learning goes on and ends beyond, on the line
#   $y^\top p = y^\top y$.
#
# So a guess that is good enough keeps the critical points as they are; a limited one keeps some, makes others, or loses
# the one you wanted. (A hidden layer below, or a guess that is not linear, sees more than $p$ here. Plain DNI on MNIST does
# learn. But this is the illness that it has a little of.)
#
# ## 4. A loss that is not quadratic
#
# The gradient of a squared error is linear in $p$ and $y$. That of the cross-entropy for bits is not: with
# $\sigma(p) = 1/(1 + e^{-p})$ it is $\sigma(p) - y$. What does a linear guess make of it? Here are bits that a line can tell
# apart, and a third group, far away, that is even easier.

# %%
from dni_np.analysis.theory.logistic_theory import LinearBitGuess, SigmoidBitGuess, loss, three_groups, train

xb, yb = three_groups(np.random.default_rng(1))  # the last of three columns is ones, for the bias
kinds = {"true gradient": (None, 0), "linear guess": (LinearBitGuess(), 0.01), "sigmoid guess": (SigmoidBitGuess(), 0.1)}
COLORS = {"true gradient": "0.3", "linear guess": RED, "sigmoid guess": BLUE}
runs = {}
for name, (guess, guess_rate) in kinds.items():
    runs[name] = train(xb, yb, guess, 300 if FAST else 10_000, 0.05, guess_rate)
    wrong = 100 * ((xb @ runs[name][1] > 0) != (yb > 0.5)).mean()
    print(f"{name:14} loss {runs[name][0][-1]:.3f}   wrong {wrong:.1f} %")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
left.scatter(*xb[:, :2].T, c=yb.ravel(), cmap="coolwarm", s=14, alpha=0.7)
heights = np.array([-4.5, 8.0])
for name, (losses, w) in runs.items():
    style = {"color": COLORS[name], "linestyle": "--" if "sigmoid" in name else "-"}
    left.plot(-(w[1] * heights + w[2]) / w[0], heights, **style)
    right.semilogy(losses, label=name, **style)
left.set(xlim=(-4, 8), ylim=(-4.5, 8), title="blue: 0, red: 1; lines: where $p = 0$")
left.grid(False)
right.set(xlabel="step", ylabel="loss", title="cross-entropy")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# The linear guess stalls at a loss nearly nine times as large. Before its guess has caught up it even was at a better place.
# Where it stalls can be told without running it. Standing still means
# $x^\top\hat g = 0$, and with $\hat g = pa + yb + c$ that is solved by
#
# $$w = -\tfrac{b}{a}\,w_{\text{least squares}} - \tfrac{c}{a}\,e_{\text{bias}} .$$
#
# Up to its scale and bias, the line is that of *linear* regression from $x$ to the bits, which is known to give way to
# points that are far on the right side. The guess makes the loss quadratic, and so that is what is minimized.

# %%
guess = kinds["linear guess"][0]
line = -(guess.b / guess.a) * least_squares(xb, yb) - (guess.c / guess.a) * np.array([[0], [0], [1]])
print("told:   ", line.ravel().round(3))
print("reached:", runs["linear guess"][1].ravel().round(3))
sigmoid_guess = kinds["sigmoid guess"][0]
print("\nthe sigmoid guess: a, b, c =", *(f"{float(v[0]):.3f}" for v in (sigmoid_guess.a, sigmoid_guess.b, sigmoid_guess.c)))

# %% [markdown]
# The cure (Czarnecki et al. 2017): $\hat g = \sigma(pa + c) + yb$. It can be right, at $a = 1$, $b = -1$, $c = 0$; it
# nearly is, and its loss follows that of the true gradient.
#
# ## 5. Which loss does a guess believe in?
#
# If $\hat g$ were the gradient of a loss, one could integrate it and have that loss back. So do it: walk along $p$, and add
# up.

# %%
from dni_np.analysis.implied_loss import detour, implied_loss, straight

q = np.linspace(-10, 22, 400)[:, None, None]  # a path (steps, one sample, one number)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
for axis, bit in zip(axes, (0.0, 1.0)):
    true = np.array([loss(p, bit) for p in q])
    axis.plot(q.ravel(), true, color="0.3", linewidth=3, alpha=0.4, label="cross-entropy")
    for name in ("linear guess", "sigmoid guess"):
        decoded = implied_loss(lambda p, name=name: kinds[name][0](p, np.full_like(p, bit)), q).ravel()
        near = np.argmin(abs(q.ravel()))
        style = {"color": COLORS[name], "linestyle": "--" if "sigmoid" in name else "-"}
        axis.plot(q.ravel(), decoded - decoded[near] + true[near], label=name, **style)
    visited = (xb @ runs["linear guess"][1])[yb == bit]
    axis.plot(visited, np.full_like(visited, -1.4), "|", color=RED, alpha=0.6)
    axis.set(xlabel="output $p$", title=f"for samples with $y = {bit:.0f}$", ylim=(-2, 10))
axes[0].set_ylabel("loss")
axes[0].legend(fontsize=8, loc="upper left")
figure.suptitle("Losses decoded from guesses, equal at $p = 0$ (ticks: where the samples are)")
plt.show()

# %% [markdown]
# The linear guess believes in a parabola. For $y = 1$ its lowest point is at $p = 7$: whoever is beyond is pulled *back*,
# however right. That is what tilted the line. The sigmoid guess believes in the cross-entropy, also where no sample is.
#
# In more dimensions a guess need not be the gradient of anything. $\hat g = hA + \dots$ has a loss only if $A$ is
# symmetric, and nobody tells it to be. If it is not, the way matters: a detour costs, or pays.
#
# ## 6. Into networks
#
# Now six layers on MNIST, 128 units each, trained in four ways: backpropagation; cDNI, whose linear guesses see the label;
# DNI, whose guesses see the output only, and have a hidden layer; and none, where all but the top keeps its random weights.
# `measure` notes the size of the weights on the way.

# %%
from dni_np.analysis.weight_norms import weight_norms
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")
print(dataset.note or dataset.name)
if FAST:
    dataset = dataset.first(1000, 600)
LAYERS, MNIST_STEPS = 6, 20 if FAST else 4000
WAYS = {
    "backpropagation": {"rule": "backprop"},
    "cDNI": {"rule": "cdni", "sees": ("output", "label")},
    "DNI": {"rule": "dni", "hidden": (256,), "learning_rate": 1e-4, "sg_learning_rate": 1e-3, "head_learning_rate": 1e-3},
    "none": {"rule": "none"},
}
WAY_COLORS = dict(zip(WAYS, ("0.3", BLUE, RED, YELLOW)))
loops, starts = {}, {}


def build(changes):
    settings = Settings(data="auto", layers=LAYERS, width=128, batch_size=128, steps=MNIST_STEPS,
                        evaluate_every=max(1, MNIST_STEPS // 20), **changes)  # fmt: skip
    return build_loop(settings, dataset, progress=False)


for name, changes in WAYS.items():
    loops[name] = build(changes)
    loops[name].measure = weight_norms
    starts[name] = weight_norms(loops[name].rule)
    loops[name].run()
    last = loops[name].history.rows[-1]
    print(f"{name:16} test error {last['test_error']:5.2f} %   training error {last['train_error']:5.2f} %")

# %% [markdown]
# Which images does a layer hold for alike? Take 500, sorted by class. For each two of them, correlate what the layer's
# units say: 1 minus that is the **dissimilarity** of the two images, to this layer. All pairs make a matrix. It does not
# ask which unit says what, so that different layers, and different networks, can be compared.

# %%
from dni_np.analysis.layers import activations
from dni_np.analysis.representations import agreement, agreement_with_last, dissimilarity

scale = np.float32(dataset.scale)
order = np.argsort(dataset.y_test[:500], kind="stable")
images, labels = dataset.x_test[:500][order] * scale, dataset.y_test[:500][order]

figure, axes = plt.subplots(len(WAYS), LAYERS, figsize=(9.5, 6.6))
for row, (name, loop) in zip(axes, loops.items()):
    for k, (axis, h) in enumerate(zip(row, activations(loop.rule, images)), 1):
        axis.imshow(dissimilarity(h), cmap="inferno", vmin=0, vmax=1.4)
        axis.set(xticks=[], yticks=[], title=f"layer {k}" if loop is loops["backpropagation"] else "")
        axis.grid(False)
    row[0].set_ylabel(name)
figure.suptitle("Dissimilarity of 500 test images, sorted by class (dark: alike)")
plt.show()

# %% [markdown]
# Ten dark squares are ten classes. Two numbers per layer sum this up: how far its matrix agrees (correlates) with the last
# layer's; and how many mistakes a **linear probe** makes, a classifier fitted to this layer's activations by least squares.

# %%
from dni_np.analysis.linear_probe import probe_errors

train_set = dataset.x_train[:10_000] * scale, dataset.y_train[:10_000]
test_set = dataset.x_test[:5000] * scale, dataset.y_test[:5000]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5))
for name, loop in loops.items():
    agrees = [float(value) for value in agreement_with_last(loop.rule, images)]
    errors = [100 * float(error) for error in probe_errors(loop.rule, train_set, test_set, dataset.classes)]
    for axis, values in ((left, agrees), (right, errors)):
        axis.plot(range(1, LAYERS + 1), values, "o-", color=WAY_COLORS[name], label=name)
    print(f"{name:16} agree", *(f"{value:5.2f}" for value in agrees), "   probes", *(f"{error:5.1f}" for error in errors))
left.set(xlabel="layer", ylabel="agreement with the last layer", ylim=(0, 1.05))
right.set(xlabel="layer", ylabel="error of a linear probe (%)", yscale="log")
right.yaxis.set_major_formatter("{x:g}")
right.yaxis.set_minor_formatter("{x:g}")
left.legend(fontsize=8)
plt.show()

# %% [markdown]
# All four began with the same weights, and see how far apart they are.
#
# - **Backpropagation** builds up: each layer agrees a little more with the last one (0.59 to 0.95), and a little more can
#   be read off it (8.4 % wrong to 2.8 %).
# - **cDNI** has it all by layer 2: agreement 0.86, 3.5 % wrong, and its squares are black at layer 3. Then nothing much
#   happens (prediction 4), and in the end backpropagation is ahead. One reading: a guess that is linear in the activation
#   and the label pushes all images of a class much the same way, at every layer, as a classifier of the layer's own would;
#   so the layers above have little left to do.
# - **DNI** (12.5 % wrong after this short run: it wants many more steps) has the same 16 to 18 % in all its layers. That is
#   no progress, but it is work: through random layers (none) what can be read off gets less and less, 21 % to 45 % wrong.
#
# How much of this is chance? Train another network by backpropagation, from other weights, and compare it layer by layer.

# %%
again = build({"rule": "backprop", "seed": 1})
again.run()


def beside(one, other):
    """Agreement of two networks, layer by layer."""
    pairs = zip(activations(one.rule, images), activations(other.rule, images))
    return [float(agreement(dissimilarity(h1), dissimilarity(h2))) for h1, h2 in pairs]


first = loops["backpropagation"]
for name, loop in (("another seed", again), ("cDNI", loops["cDNI"]), ("DNI", loops["DNI"])):
    print(f"backpropagation and {name:14}", *(f"{value:5.2f}" for value in beside(first, loop)))

# %% [markdown]
# Two networks that share nothing but their rule are at least as alike, layer by layer, as two that share their first
# weights and differ in the rule. It shows in layers 2 and 3: 0.86 and 0.85 for the other seed, 0.77 and 0.78 for cDNI. That
# synthetic gradients lead to "drastically different layer-wise representations" is what the abstract of Czarnecki et al.
# 2017 says.
#
# ### Do the weights grow?

# %%
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.2), sharey=True)
for axis, name in zip(axes, ("backpropagation", "cDNI", "DNI")):
    rows, ends = loops[name].history.rows, []
    for k in range(1, LAYERS + 1):
        start_size = float(starts[name][f"weight_norm_{k}"])
        sizes = np.array([start_size, *(row[f"weight_norm_{k}"] for row in rows)])
        color = colors[2 * k - 3 if k > 1 else 0]
        axis.plot([0, *(row["step"] for row in rows)], sizes / start_size, color=color, label=f"layer {k}")
        ends.append(sizes[-1] / start_size)
    print(f"{name:16} at the end", *(f"{end:5.2f}" for end in ends))
    axis.set(xlabel="step", title=name)
axes[0].set_ylabel("size of the weights, by that at the start")
axes[0].legend(fontsize=7, ncols=2)
plt.show()

# %% [markdown]
# Hardly, but for the lowest layer, which cDNI makes half as large again, and the top of the other two. They stand still when
# the rates drop, at 60 % of the run. Below the top each layer is followed by a batch normalization: the size of its weights
# does not matter to what the layer says, it only makes the same step turn them less. What DNI learned, at a rate ten times
# smaller, hardly shows in their sizes.

#
# ### The loss that a layer of cDNI believes in
#
# Take test images, and walk from an image's activation straight to that of an image of another class, keeping the label. The
# true loss, of all layers above, rises on this way. What does the guess say?

# %%
loop = loops["cDNI"]
count = 200
other = (np.arange(count) + count // 2) % count  # of 200 images sorted by class, half-way round: another class
picked = np.linspace(0, len(images) - 1, count).astype(int)
x_some, y_some = images[picked], labels[picked]
context = {"label": np.eye(dataset.classes, dtype=np.float32)[y_some]}
cross_entropy = loop.rule.loss_unit.loss
hs = activations(loop.rule, x_some)[:-1]


def true_losses(k, path):
    """Of all layers above h_k, at each place of the path."""
    losses = []
    for h in path:
        for core in loop.rule.cores[k:]:
            h, _ = core.forward(h, training=False)
        losses.append(cross_entropy.each(h, y_some))
    return np.array(losses) - losses[0]


figure, axes = plt.subplots(1, LAYERS - 1, figsize=(10, 2.9))
for k, (axis, h, unit) in enumerate(zip(axes, hs, loop.rule.units), 1):

    def model(q, unit=unit):
        return unit.synthetic_gradient.forward(q, context)[0]

    path = straight(h, h[other], 20).astype(np.float32)
    share = np.linspace(0, 1, 21)
    decoded = implied_loss(model, path)
    axis.plot(share, true_losses(k, path).mean(axis=1), color="0.3", label="true")
    axis.plot(share, decoded.mean(axis=1), color=BLUE, label="decoded")
    A = unit.synthetic_gradient.params["0.W"][: h.shape[1]]
    spin = np.linalg.norm(A - A.T) / np.linalg.norm(A + A.T)
    triangle = detour(model, h, np.roll(h, 1, axis=0), h[other], 20)
    print(f"layer {k}: |A - A'| / |A + A'| = {spin:.2f}   a detour changes the loss by {abs(triangle).mean():.2f}")
    axis.set(title=f"layer {k}", xlabel="share of the way")
axes[0].legend(fontsize=8)
axes[0].set_ylabel("mean loss, from the start")
plt.show()

# %% [markdown]
# At layer 5 the guess knows of 5.9 of the 7.0 that an image loses on the way. In between it believes in a parabola, as it
# must, while the true loss is flat as long as the class is safe. Further down the belief is the same but ever weaker: at
# layer 1 it is 2.0 of 7.0. A fitted guess is shorter than what it is fitted to, and below layer 5 it is fitted to guesses.
#
# And it is not quite a loss. $A$ is far from symmetric, so that a detour changes the result, by 0.1: little, beside 2 to 6.
#
# ## Exercises
#
# 1. **Little noise.** How many steps does the guess of section 1 take until $\|B + I\| < 0.01$, with noise of size 0.7,
#    half of it, a quarter?
# 2. **Another blindfold.** Let the guess of section 3 see $x$, and neither the output nor the label. What do you expect to
#    see?
# 3. **No far group.** Take it away in section 4. How badly does the linear guess stall now?
# 4. **How early?** Plot the agreement of each layer with the last one for networks of 20, 100, 500 steps. Does cDNI begin
#    at the bottom or at the top?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. About four times as many for each half: 215, 803, 3,156 with one draw of the noise. What is wrong with $B$ shows in
#    $r\,(B + I)$ only, and the gradient of its square grows with $\|r\|^2$.
#
# 2. The true field, everywhere. The fit leaves a remainder that has nothing to do with $x$, and $w$ would be pushed along
#    $x^\top$ of it, which is zero. A guess need not be right, only right about what the layer below can do.
#
#    ```python
#    np.allclose(*fields(x2, y2, np.random.standard_normal((2, 1)), lambda p, y: x2))
#    ```
#
# 3. Hardly: 0.040, with the true gradient 0.032, and both have 1.7 % wrong. For two groups of one shape the line of linear
#    regression is a good one. A limited guess need not hurt; it depends on the data.
#
#    ```python
#    xb, yb = (array[:120] for array in three_groups(np.random.default_rng(1)))
#    ```
#
# 4. Set `MNIST_STEPS` and run section 6 again. After 100 steps the two are the same: 0.64 at layer 1 to 0.91 at layer 5 for
#    cDNI, 0.66 to 0.89 for backpropagation. In 500 steps cDNI goes on at the bottom, to 0.75, and backpropagation at the top,
#    to 0.94; by 4,000 its lowest layer has gone back to 0.59.
#
# </details>
#
# ## Summary
#
# - With a linear guess that sees output and label, linear networks, deep ones too, end at the least-squares solution. The
#   guess becomes right as far as the noise asks for it.
# - A limited guess keeps some critical points, makes others (output only: an ellipse of them), or loses the right one (label
#   only).
# - A linear guess makes every loss quadratic. Logistic regression then stalls at a line that linear regression would draw; a
#   sigmoid guess mends it.
# - Integrated, a guess shows the loss that it believes in. If it is linear that is a parabola, where it is a loss at all.
# - On MNIST cDNI errs as little as backpropagation, nearly, but sorts the classes in the first two or three layers;
#   backpropagation does it bit by bit.
#
# One seed and short runs: the shapes are what to look at, not the digits. Back to the [README](../README.md).

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
# | | |
# |---|---|
# | **Question** | Does training with guesses end at the same place, and in the same network? |
# | **Time** | about an hour |
# | **Level** | fourteenth notebook ([words](glossary.md)); the first half is theory, drawn |
# | **Needs** | derivatives, least squares, and [notebook 02](02_mnist.ipynb) |
#
# A synthetic gradient changes where training goes. Does it still end where backpropagation ends?
# Are two networks, trained with true gradients and with guesses, the same inside? (The questions of
# Czarnecki et al. 2017.)
#
# ## Your prediction
#
# Write down an answer to each; the last section compares.
#
# 1. Linear regression with a guess of the gradient: will it end at the least-squares solution, or
#    only near it?
# 2. Suppose $y$ is an exact linear function of $x$. Will the guess become better, or worse, than
#    with noise?
# 3. A guess that sees the output but not the label: can it make learning stop where the true
#    gradient is not zero?
# 4. In which network do the lower layers agree more with the last one: with true gradients, or with
#    guesses? How much less alike are two networks trained by different rules than two trained by
#    backpropagation from different seeds?

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats
from matplotlib.figure import Figure

from dni_np.pictures import style
from dni_np.pictures.moving import save_moving

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "figure.dpi": 60, "figure.constrained_layout.use": True})
EXACT = {"color": style.BACKPROP}  # backpropagation, the true gradient
GUESSED = {"color": style.CDNI, "linestyle": "--"}  # a linear guess that sees output and label
BETTER = {"color": style.OTHERS[0], "linestyle": "-."}  # a guess of another form

# %% [markdown]
# ## 1. A straight line
#
# The smallest network there is: $p = xW$, with the loss $L = \frac12\|p - y\|^2$. Its gradient is
# $p - y$. The guess is linear in all it sees,
#
# $$\hat g = pA + yB + C ,$$
#
# and would be right with $A = I$, $B = -I$, $C = 0$. It starts at zero and learns from the true
# gradient; $W$ learns from the guess only.

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
        loss = 0.5 * ((p - y) ** 2).sum() / len(x)
        rows.append((loss, np.linalg.norm(A - I), np.linalg.norm(B + I)))
    return W, np.array(rows).T

# %%
from dni_np.analysis.theory.linear_theory import LinearDNI, least_squares


def least_loss(x, y):
    return 0.5 * ((x @ least_squares(x, y) - y) ** 2).sum() / len(x)


figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.3), sharey=True)
for axis, size, title in zip(axes, (0.7, 0.0), ("with noise", "without: $y = xW$ for some $W$")):
    y = x @ W_true + size * noise
    W, (losses, far_A, far_B) = by_hand(x, y, 400)
    above = np.maximum(losses - least_loss(x, y), 1e-16)
    axis.semilogy(above, color=style.CDNI, label="loss, above the least")
    axis.semilogy(far_A, color=style.OTHERS[3], label=r"$\|A - I\|$")
    axis.semilogy(far_B, "--", color=style.OTHERS[4], label=r"$\|B + I\|$")
    axis.set(xlabel="step", title=title, ylim=(1e-8, 30))
    far = abs(W - least_squares(x, y)).max()
    print(f"noise {size}: W is {far:.0e} from least squares; |B + I| {far_B[-1]:.2g}")
axes[0].legend(fontsize=8, loc="lower left")
axes[0].set_ylabel("distance")
figure.suptitle("A line that learns from a guess ends where it should")
plt.show()

# %% [markdown]
# Not near it: *at* it. And the guess itself becomes right, but only on the left. Without noise it
# stays as wrong as it is after the first steps, and the line is found all the same.
#
# At the solution $y = p + r$, where the residual $r$ is orthogonal to $p$. What the guess gets
# wrong there is
#
# $$\hat g - g = p\,(A + B) + r\,(B + I) + C .$$
#
# Without noise $r = 0$: the data cannot tell $A$ from $-B$ any more, and need not. A guess learns
# what is asked of it, and no more. The package has this for any number of layers.

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
# Now $h_k = h_{k-1}W_k$, ten times. A guess at every layer, linear in $h_k$ and $y$. The top one
# learns the true gradient, all others learn the next guess, sent back one layer. The true gradient
# is
#
# $$\frac{\partial L}{\partial h_k} = (h_k P_k - y)P_k^\top, \qquad P_k = W_{k+1}\cdots W_{10},$$
#
# so each guess has something to become: $A_k = P_kP_k^\top$, $B_k = -P_k^\top$. But that changes
# while the weights do, and at first the guesses teach each other nonsense. Beside it,
# backpropagation: the same network with its guesses *set* to what they should be, at every step.

# %%
from dni_np.analysis.theory.linear_theory import exact_guess

DEPTH, WIDTH, STEPS = 10, 4, 100 if FAST else 2000


def near_identity(size):
    return np.eye(WIDTH) + size * rng.standard_normal((WIDTH, WIDTH))


x10 = rng.standard_normal((200, WIDTH))
y10 = x10 @ near_identity(0.3) + 0.5 * rng.standard_normal((200, WIDTH))
start = [near_identity(0.01) for _ in range(DEPTH)]
guessed, backprop = LinearDNI(start), LinearDNI(start)
losses, distances = [], []
for _ in range(STEPS):
    for k, guess in enumerate(backprop.guesses, 1):
        guess.A[...], guess.B[...] = exact_guess(backprop.weights[k:], WIDTH, float)
    losses.append((guessed.step(x10, y10, 0.01, 0.1), backprop.step(x10, y10, 0.01, 0.0)))
    distances.append([np.hypot(*row[:2]) for row in guessed.distances()])

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
above = np.maximum(np.array(losses) - least_loss(x10, y10), 1e-12)
left.loglog(np.arange(1, STEPS + 1), above[:, 0], label="with guesses", **GUESSED)
left.loglog(np.arange(1, STEPS + 1), above[:, 1], label="backpropagation", **EXACT)
left.set(xlabel="step", ylabel="loss, above the least", title="ten layers", ylim=(1e-10, 5))
left.legend(fontsize=8)
colors = plt.get_cmap("viridis")(np.linspace(0, 0.95, DEPTH))
for k in reversed(range(DEPTH)):
    far = np.array(distances)[:, k]
    right.loglog(np.arange(1, STEPS + 1), far, color=colors[k], label=f"$h_{{{k + 1}}}$")
right.set(xlabel="step", ylabel="distance", title="each guess, from what it should be")
right.legend(fontsize=7, ncols=2)
figure.suptitle("Ten layers end where one does; the guesses become right from the top down")
plt.show()
until = (above < 1e-4).argmax(axis=0)
print(f"steps until the loss is 0.0001 above the least: backpropagation {until[1]},", end=" ")
print(f"guesses {until[0]}")
far = abs(guessed.product() - least_squares(x10, y10)).max()
print(f"W_1 ... W_10 is {far:.0e} from least squares")

# %% [markdown]
# It holds for ten layers, too (Czarnecki et al. 2017 prove it, for rates that are small enough). On
# the right the news travels down: the top guess is right first, the lowest last. The price is
# time.
#
# ## 3. Guesses that see too little
#
# So far the guess saw all it needed. Let it see the output $p$ only, as plain DNI does, or the
# label $y$ only. Let it always be the best guess there is, the least-squares fit of $p - y$. For
# two weights one can draw where the updates go.

# %%
from dni_np.analysis.theory.critical_points import fields

x2 = rng.standard_normal((100, 2)) @ np.array([[1.0, 0.3], [0.0, 0.7]])
y2 = x2 @ np.array([[1.0], [0.6]]) + 0.8 * rng.standard_normal((100, 1))
SEES = {
    "the output and the label": lambda p, y: np.concatenate([p, y], axis=1),
    "the output": lambda p, y: p,
    "the label": lambda p, y: y,
}
best, grid = least_squares(x2, y2), np.linspace(-1.2, 2.2, 18)
xx, xy, yy = x2.T @ x2, x2.T @ y2, y2.T @ y2
angles = np.linspace(0, 2 * np.pi, 400)
rays = np.stack([np.cos(angles), np.sin(angles)])
ellipse = rays * (rays.T @ xy).T / np.einsum("dn,de,en->n", rays, xx, rays)
STOPS = {"the output": ellipse, "the label": (grid, (yy[0, 0] - xy[0] * grid) / xy[1])}

# %%
def follow(see, w, steps=300, rate=0.1):
    places = [w]
    for _ in range(steps):
        places.append(places[-1] - rate * fields(x2, y2, places[-1], see)[1])
    return np.concatenate(places, axis=1)


starts = [np.array(w)[:, None] for w in ((-1.0, 1.5), (1.8, -0.9), (1.9, 1.9))]
starts.append(best - 2 * xy / np.linalg.norm(xy))
ways = {name: [follow(see, w) for w in starts] for name, see in SEES.items()}

# %%
U, V = np.meshgrid(grid, grid)
heights = [[((x2 @ [[u], [v]] - y2) ** 2).mean() for u in grid] for v in grid]


def draw_ways(axis, name, steps=300):
    """The loss (gray), where learning stops, the solution, and so many steps from each start."""
    axis.contour(U, V, heights, levels=12, colors="0.85", linewidths=0.8)
    if name in STOPS:
        axis.plot(*STOPS[name], color=style.TRUE, linewidth=1.5)
    axis.plot(*best, "k*", markersize=11)
    for way in ways[name]:
        axis.plot(*way[:, : steps + 1], color=style.BACKPROP, linewidth=1.3)
    axis.set(xlabel="$w_1$", xlim=grid[[0, -1]], ylim=grid[[0, -1]])
    axis.set_title(f"sees {name}", fontsize=11)
    axis.grid(False)

# %%
figure, axes = plt.subplots(1, 3, figsize=(10, 3.9), sharey=True)
for axis, (name, see) in zip(axes, SEES.items()):
    updates = np.array(
        [[-fields(x2, y2, np.array([[u], [v]]), see)[1].ravel() for u in grid] for v in grid]
    )
    lengths = np.linalg.norm(updates, axis=2, keepdims=True) ** 0.5 + 1e-12
    arrows = np.moveaxis(updates / lengths, 2, 0)
    axis.quiver(U, V, *arrows, color=style.DNI, alpha=0.6, width=0.005)
    draw_ways(axis, name)
axes[0].set_ylabel("$w_2$")
figure.suptitle("Updates (orange), ways (black), where learning stops (red); star: the solution")
plt.show()

# %%
frames, shown = [], [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 25, 30, 40, 60, 100, *[200] * 4]
for steps in shown:
    frames.append(Figure(figsize=(8.2, 3.3)))
    for axis, name in zip(frames[-1].subplots(1, 3, sharey=True), SEES):
        draw_ways(axis, name, steps)
        for way in ways[name]:
            axis.plot(*way[:, steps], "o", color=style.DNI, markersize=8, markeredgecolor="black")
    frames[-1].suptitle(f"after {steps} steps; star: the solution, red: where learning stops")
folder = Path(tempfile.mkdtemp()) if FAST else Path("figures")
size = save_moving(folder / "past_the_star.gif", frames, seconds=0.4)
print(f"the moving picture: {size / 1000:.0f} kB")

# %% [markdown]
# ![A ball rolls past the star, if the guess sees only the label](figures/past_the_star.gif)
#
# - **Both.** The guess can be right, and the field is the true one.
# - **The output only.** The star is still a place to stop, but one of very many: a whole ellipse.
#   Why? The guess is a multiple of $p = xw$, so $w$ is updated along $x^\top p = (x^\top x)\,w$: at
#   each place the labels decide how far to go along this one direction, and nothing else. It stops
#   as soon as $p^\top(p - y) = 0$, when no scaling of $p$ comes nearer to $y$.
# - **The label only.** The star is *lost*. The guess is a multiple of $y$, and at the star
#   $y^\top(p - y)$ is not zero. Learning goes on and ends beyond, on the line
#   $y^\top p = y^\top y$.
#
# So a guess that is good enough keeps the critical points as they are; a limited one keeps some,
# makes others, or loses the one you wanted.
#
# ## 4. A loss that is not quadratic
#
# The gradient of a squared error is linear in $p$ and $y$. That of the cross-entropy for bits is
# not: with $\sigma(p) = 1/(1 + e^{-p})$ it is $\sigma(p) - y$. What does a linear guess make of it?
# Here are bits that a line can tell apart, and a third group, far away, that is even easier.

# %%
from dni_np.analysis.theory.logistic_theory import LinearBitGuess, SigmoidBitGuess
from dni_np.analysis.theory.logistic_theory import loss, three_groups, train

xb, yb = three_groups(np.random.default_rng(1))  # the last of three columns is ones, for the bias
KINDS = {
    "true gradient": (None, 0, EXACT),
    "linear guess": (LinearBitGuess(), 0.01, GUESSED),
    "sigmoid guess": (SigmoidBitGuess(), 0.1, BETTER),
}
BIT_STEPS = 300 if FAST else 10_000


def wrong(x, y, w):
    return 100 * ((x @ w > 0) != (y > 0.5)).mean()


runs = {}
for name, (guess, guess_rate, _) in KINDS.items():
    runs[name] = train(xb, yb, guess, BIT_STEPS, 0.05, guess_rate)
    losses, w = runs[name]
    print(f"{name:14} loss {losses[-1]:.3f}   wrong {wrong(xb, yb, w):.1f} %")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
left.scatter(*xb[:, :2].T, c=yb.ravel(), cmap="PuOr", s=14, alpha=0.7)
heights = np.array([-4.5, 8.0])
for name, (losses, w) in runs.items():
    left.plot(-(w[1] * heights + w[2]) / w[0], heights, **KINDS[name][2])
    right.semilogy(losses, label=name, **KINDS[name][2])
left.set(xlim=(-4, 8), ylim=(-4.5, 8), xlabel="$x_1$", ylabel="$x_2$")
left.set(title="orange: 0, purple: 1; lines: where $p = 0$")
left.grid(False)
right.set(xlabel="step", ylabel="loss", title="cross-entropy")
right.legend(fontsize=8)
figure.suptitle("A linear guess stalls at the line of linear regression")
plt.show()

# %% [markdown]
# Where the linear guess stalls can be said without running it. Standing still means
# $x^\top\hat g = 0$, and with $\hat g = pa + yb + c$ that is solved by
#
# $$w = -\tfrac{b}{a}\,w_{\text{least squares}} - \tfrac{c}{a}\,e_{\text{bias}} .$$
#
# Up to its scale and bias, the line is that of *linear* regression from $x$ to the bits, which is
# known to give way to points that are far on the right side. The guess makes the loss quadratic,
# and so that is what is minimized.

# %%
linear, sigmoid = KINDS["linear guess"][0], KINDS["sigmoid guess"][0]
bias = np.array([[0], [0], [1]])
line = -(linear.b / linear.a) * least_squares(xb, yb) - (linear.c / linear.a) * bias
print("computed:", line.ravel().round(3))
print("reached: ", runs["linear guess"][1].ravel().round(3))
constants = (float(value[0]) for value in (sigmoid.a, sigmoid.b, sigmoid.c))
print("the sigmoid guess: a, b, c =", *(f"{constant:.3f}" for constant in constants))

# %% [markdown]
# The cure (Czarnecki et al. 2017): $\hat g = \sigma(pa + c) + yb$. It can be right, at $a = 1$,
# $b = -1$, $c = 0$; it nearly is, and its loss follows that of the true gradient.
#
# ## 5. Which loss does a guess believe in?
#
# If $\hat g$ were the gradient of a loss, one could integrate it and have that loss back. So walk
# along $p$, and add up.

# %%
from dni_np.analysis.implied_loss import detour, implied_loss, straight

q = np.linspace(-10, 22, 400)[:, None, None]  # a path (steps, one sample, one number)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
for axis, bit in zip(axes, (0.0, 1.0)):
    true = np.array([loss(p, bit) for p in q])
    axis.plot(q.ravel(), true, color="0.3", linewidth=3, alpha=0.4, label="cross-entropy")
    for name, guess in (("linear guess", linear), ("sigmoid guess", sigmoid)):
        decoded = implied_loss(lambda p, guess=guess: guess(p, np.full_like(p, bit)), q).ravel()
        near = np.argmin(abs(q.ravel()))
        axis.plot(q.ravel(), decoded - decoded[near] + true[near], label=name, **KINDS[name][2])
        print(f"y = {bit:.0f}, {name}: lowest at p = {q.ravel()[decoded.argmin()]:.1f}")
    visited = (xb @ runs["linear guess"][1])[yb == bit]
    axis.plot(visited, np.full_like(visited, -1.4), "|", color=style.CDNI, alpha=0.6)
    axis.set(xlabel="output $p$", title=f"for samples with $y = {bit:.0f}$", ylim=(-2, 10))
axes[0].set_ylabel("loss")
axes[0].legend(fontsize=8, loc="upper left")
figure.suptitle("Losses decoded from guesses, equal at $p = 0$ (ticks: where the samples are)")
plt.show()

# %% [markdown]
# The linear guess believes in a parabola. For $y = 1$ it has a lowest point, and a sample beyond it
# is sent *back*, however right it is. That is what tilted the line. The sigmoid guess believes in
# the cross-entropy, also where no sample is.
#
# In more dimensions a guess need not be the gradient of anything. $\hat g = hA + \dots$ has a loss
# only if $A$ is symmetric, and nothing makes it so. If it is not, the way matters: a detour costs,
# or pays.
#
# ## 6. Into networks
#
# Now six layers on MNIST, 128 units each, trained in four ways: backpropagation; cDNI, whose linear
# guesses see the label; DNI, whose guesses see the output only, and have a hidden layer; and none,
# where all but the top keeps its random weights.

# %%
from dni_np.data.choose import load_images
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.settings import Settings

dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
print(dataset.note or dataset.name)
if FAST:
    dataset = dataset.first(1000, 600)
LAYERS, MNIST_STEPS = 6, 20 if FAST else 1000
SLOW = {"learning_rate": 1e-4, "sg_learning_rate": 1e-3, "head_learning_rate": 1e-3}
WAYS = {
    "backprop": {"rule": "backprop"},
    "cdni": {"rule": "cdni", "sees": ("output", "label")},
    "dni": {"rule": "dni", "hidden": (256,), **SLOW},
    "none": {"rule": "none"},
}


def trained(steps=MNIST_STEPS, **changes):
    sizes = {"layers": LAYERS, "width": 128, "batch_size": 128}
    settings = Settings(data="auto", steps=steps, evaluate_every=steps, **sizes, **changes)
    loop = build_loop(settings, dataset, progress=False)
    loop.run()
    return loop

# %%
loops = {name: trained(**changes) for name, changes in WAYS.items()}
for name, loop in loops.items():
    last = loop.history.rows[-1]
    print(f"{name:10} test error {last['test_error']:5.2f} %", end="")
    print(f"   training error {last['train_error']:5.2f} %")

# %% [markdown]
# ## Your turn
#
# Which images look alike to a layer? Take 500, sorted by class. For each two of them, correlate
# what the layer's units say: 1 minus that is the **dissimilarity** of the two images, to this
# layer. It does not ask which unit says what, so that different networks can be compared. Write it.

# %%
def dissimilarity(h):
    """h (N, units) -> (N, N): 1 - the correlation of rows i and j, over the units.

    The correlation of two rows is their cosine after each has had its own mean subtracted.
    """

# %%
from dni_np.analysis import representations
from dni_np.analysis.layers import activations


def check(dissimilarity):
    h = np.random.default_rng(0).random((5, 7))
    written = dissimilarity(h)
    if written is None:
        print("Nothing is written yet. Until then the package's function is used.")
        return representations.dissimilarity
    assert np.shape(written) == (5, 5), f"(5, 5) expected, not {np.shape(written)}"
    assert np.allclose(written, 1 - np.corrcoef(h)), "it is not 1 - the correlation of the rows"
    print("Right: as np.corrcoef has it.")
    return dissimilarity


dissimilarity = check(dissimilarity)

# %%
scale = np.float32(dataset.scale)
order = np.argsort(dataset.y_test[:500], kind="stable")
images, labels = dataset.x_test[:500][order] * scale, dataset.y_test[:500][order]

figure, axes = plt.subplots(len(WAYS), LAYERS, figsize=(9.5, 6.6))
for row, (name, loop) in zip(axes, loops.items()):
    for k, (axis, h) in enumerate(zip(row, activations(loop.rule, images)), 1):
        axis.imshow(dissimilarity(h), cmap="inferno", vmin=0, vmax=1.4)
        axis.set(xticks=[], yticks=[], title=f"layer {k}" if name == "backprop" else "")
        axis.grid(False)
    row[0].set_ylabel(name)
figure.suptitle("Dissimilarity of 500 test images, sorted by class (dark: alike)")
plt.show()

# %% [markdown]
# Ten dark squares are ten classes. Two numbers for each layer sum this up: how far its matrix
# agrees (correlates) with the last layer's; and the errors of a **linear probe**, a classifier
# fitted to this layer's activations.

# %%
from dni_np.analysis.linear_probe import probe_errors

train_set = dataset.x_train[:10_000] * scale, dataset.y_train[:10_000]
test_set = dataset.x_test[:5000] * scale, dataset.y_test[:5000]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5))
for name, loop in loops.items():
    agrees = [float(value) for value in representations.agreement_with_last(loop.rule, images)]
    errors = probe_errors(loop.rule, train_set, test_set, dataset.classes)
    errors = [100 * float(error) for error in errors]
    for axis, values in ((left, agrees), (right, errors)):
        axis.plot(range(1, LAYERS + 1), values, "o-", color=style.RULES[name], label=name)
    print(f"{name:10} agree", *(f"{value:5.2f}" for value in agrees), end="")
    print("   probes", *(f"{error:5.1f}" for error in errors))
left.set(xlabel="layer", ylabel="agreement with the last layer", ylim=(0, 1.05))
right.set(xlabel="layer", ylabel="error of a linear probe (%)", yscale="log")
right.yaxis.set_major_formatter("{x:g}")
right.yaxis.set_minor_formatter("{x:g}")
left.legend(fontsize=8)
figure.suptitle("cDNI sorts the classes early, backpropagation bit by bit")
plt.show()

# %% [markdown]
# All four began with the same weights.
#
# - **Backpropagation** builds up: each layer agrees a little more with the last one (0.65 to 0.95),
#   and more can be read off it (9.3 % wrong to about 4).
# - **cDNI** has more of it in the lower layers: agreement 0.72 in layer 1, 0.87 in layer 3. Then
#   little happens, and in the end backpropagation is ahead.
# - **DNI** (15.98 % wrong after this short run: it wants many more steps) loses a little from layer
#   to layer. Through random layers (none) what can be read off gets less and less: 20.2 % to
#   45.5 % wrong.
#
# [RESULTS](RESULTS.md) has the same table after more steps.
#
# How much of this is chance? Train another network by backpropagation, from other weights, and
# compare it layer by layer.

# %%
again = trained(rule="backprop", seed=1)


def beside(one, other):
    """Agreement of two networks, layer by layer."""
    pairs = zip(activations(one.rule, images), activations(other.rule, images))
    return [
        float(representations.agreement(dissimilarity(h1), dissimilarity(h2))) for h1, h2 in pairs
    ]


others = {"another seed": again, "cdni": loops["cdni"], "dni": loops["dni"]}
for name, loop in others.items():
    agrees = beside(loops["backprop"], loop)
    print(f"backprop and {name:14}", *(f"{value:5.2f}" for value in agrees))

# %% [markdown]
# Two networks that share nothing but their rule are about as alike, layer by layer, as one of
# backpropagation and one of cDNI that began with the same weights: 0.86 and 0.82 in layers 2 and 3
# for the other seed, 0.82 and 0.81 for cDNI. DNI's upper layers are further away (0.70 to 0.76).
# The abstract of Czarnecki et al. 2017 speaks of "drastically different layer-wise
# representations". Here we find them different for DNI, and not drastically for cDNI.
#
# ### The loss that a layer of cDNI believes in
#
# Take test images, and walk from an image's activation straight to that of an image of another
# class, keeping the label. The true loss, of all layers above, rises on this way. What does the
# guess say?

# %%
loop, count = loops["cdni"], 200
other = (np.arange(count) + count // 2) % count  # half-way round the sorted images: another class
picked = np.linspace(0, len(images) - 1, count).astype(int)
x_some, y_some = images[picked], labels[picked]
context = {"label": np.eye(dataset.classes, dtype=np.float32)[y_some]}
cross_entropy = loop.rule.loss_unit.loss


def true_losses(k, path):
    """Of all layers above h_k, at each place of the path, from its start."""
    losses = []
    for h in path:
        for core in loop.rule.cores[k:]:
            h, _ = core.forward(h, training=False)
        losses.append(cross_entropy.each(h, y_some))
    return np.array(losses) - losses[0]

# %%
figure, axes = plt.subplots(1, LAYERS - 1, figsize=(10, 2.9), sharey=True)
hs, share = activations(loop.rule, x_some)[:-1], np.linspace(0, 1, 21)
for k, (axis, h, unit) in enumerate(zip(axes, hs, loop.rule.units), 1):

    def model(q, unit=unit):
        return unit.synthetic_gradient.forward(q, context)[0]

    path = straight(h, h[other], 20).astype(np.float32)
    true, decoded = true_losses(k, path).mean(axis=1), implied_loss(model, path).mean(axis=1)
    axis.plot(share, true, label="true", **EXACT)
    axis.plot(share, decoded, label="decoded", **GUESSED)
    A = unit.synthetic_gradient.params["0.W"][: h.shape[1]]
    spin = np.linalg.norm(A - A.T) / np.linalg.norm(A + A.T)
    around = abs(detour(model, h, np.roll(h, 1, axis=0), h[other], 20)).mean()
    print(f"layer {k}: the loss rises by {true[-1]:.1f}, to the guess {decoded[-1]:.1f};", end=" ")
    print(f"|A - A'| / |A + A'| = {spin:.2f}, a detour changes {around:.2f}")
    axis.set(title=f"layer {k}", xlabel="share of the way")
axes[0].legend(fontsize=8)
axes[0].set_ylabel("mean loss, from the start")
figure.suptitle("The lower the layer, the smaller the loss that its guess believes in")
plt.show()

# %% [markdown]
# At layer 5 the guess knows of 4.7 of the 6.2 by which the true loss rises. In between it believes
# in a parabola, as it must, while the true loss is flat as long as the class is safe. Further down
# the belief is the same but ever weaker: 1.6 at layer 1. A fitted guess is shorter than what it is
# fitted to, and below layer 5 it is fitted to guesses.
#
# ## Exercises
#
# 1. **Little noise.** How many steps does the guess of section 1 take until $\|B + I\| < 0.01$,
#    with noise of size 0.7, half of it, a quarter?
# 2. **Another guess that sees too little.** Let the guess of section 3 see $x$, and neither the
#    output nor the label. What do you expect to see?
# 3. **How early?** Plot the agreement of each layer with the last one for networks of 100 and of
#    many more steps. Does cDNI begin at the bottom or at the top?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. About four times as many for each half. What is wrong with $B$ shows in $r\,(B + I)$ only, and
#    the gradient of its square grows with $\|r\|^2$.
#
#    ```python
#    for size in (0.7, 0.35, 0.175):
#        _, (_, _, far_B) = by_hand(x, x @ W_true + size * noise, 4000)
#        print(size, (far_B < 0.01).argmax(), "steps")
#    ```
#
# 2. The true field, everywhere. The fit leaves a remainder that is orthogonal to $x$, and $w$ would
#    be updated along $x^\top$ of it, which is zero. A guess need not be right, only right about
#    what the layer below can do.
#
#    ```python
#    assert np.allclose(*fields(x2, y2, np.random.standard_normal((2, 1)), lambda p, y: x2))
#    ```
#
# 3. At first the two are alike; then cDNI goes on at the bottom and backpropagation at the top.
#
#    ```python
#    for steps in (20,) if FAST else (100, 4000):
#        for name in ("backprop", "cdni"):
#            rule = trained(steps, **WAYS[name]).rule
#            agrees = representations.agreement_with_last(rule, images)
#            print(steps, name, *(f"{float(value):.2f}" for value in agrees))
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | found |
# |---|---|
# | 1. linear regression | at the least-squares solution, up to 4e-05 |
# | 2. without noise | the guess stays wrong: $\Vert B + I \Vert$ is 1, not 0.00037 |
# | 3. output only | yes, on a whole ellipse |
# | 4. agreement of layer 1 with the last | cDNI 0.72, backpropagation 0.65 |
# | 4. alike, layer 3 | two seeds 0.82, two rules 0.81 |
#
# - With a linear guess that sees output and label, linear networks, deep ones too, end at the
#   least-squares solution. The guess becomes right as far as the noise asks for it.
# - A limited guess keeps some critical points, makes others, or loses the right one.
# - A linear guess makes every loss quadratic; one with a sigmoid of its own does not.
# - On MNIST cDNI sorts the classes more in the lower layers, backpropagation bit by bit.
#
# One seed and short runs: the shapes are what to look at, not the digits.
#
# Next: **[What do we believe now?](15_what_we_believe.ipynb)**

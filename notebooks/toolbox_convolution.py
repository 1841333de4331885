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
# # What does a guessed gradient look like, when the layer is an image?
#
# So far a layer's output was a row of numbers, and so was its gradient. In a convolutional network the output is a stack
# of images, and its gradient is a stack of images of the same size. To guess it, one needs a model that makes images.
#
# **What you'll do**
#
# - write a convolution by hand, forward and backward, and see in pictures where every gradient goes;
# - compute the same in three ways, and time them;
# - see where pooling sends its gradient;
# - train a small convolutional network with backpropagation, with synthetic gradients, and with none;
# - look at kernels, at feature maps, and at guessed beside true gradients;
# - find out what a convolutional guess is good at, and what it cannot say.
#
# **What you need:** NumPy, and notebooks 02 and 03 for the chain of decoupled layers and the pooled cosine.

# %% [markdown]
# ### Before you go on: predict
#
# 1. A layer's output is 16 images of 14 x 14 pixels. A linear model guesses its gradient from it. How many weights
#    does it need if every number may depend on every other? And if it is a convolution with 5 x 5 kernels?
# 2. Which of the two guesses better, told the truth a few hundred times?
# 3. A three-layer convolutional network learns MNIST for 300 steps. What is its test error with backpropagation, with
#    DNI, with cDNI (linear guesses that see the label), and with random, fixed convolutions?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from dni_np.data.choose import load_images
from dni_np.experiments.plotting import STYLE

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
plt.rcParams.update({**STYLE, "axes.grid": False, "figure.dpi": 90, "figure.constrained_layout.use": True})

# %%
dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
if FAST:
    dataset = dataset.first(5000, 1000)
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
side = dataset.image[0]
print(f"{DATA}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images of {side} x {side} pixels")

# %%
image = (dataset.x_train[0] * dataset.scale).reshape(side, side)  # float64, for exact comparisons


def show(axis, picture, title="", cmap="RdBu_r", limit=None):
    """One picture without ticks. In red and blue, white is zero."""
    limit = limit or max(abs(picture).max(), 1e-12)
    drawn = axis.imshow(picture, cmap=cmap, vmin=-limit if cmap == "RdBu_r" else 0, vmax=limit)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)
    axis.spines[:].set_visible(True)
    axis.spines[:].set_color("0.8")
    return drawn


# %% [markdown]
# ## 1. A small linear layer that slides
#
# Cut a window of 5 x 5 pixels out of the image. Multiply it, pixel by pixel, with 25 weights, the **kernel**, and add up:
# that is one output of a linear layer with 25 inputs. Now move the window by one pixel and do it again *with the same
# weights*, until every pixel has been in the middle once. The image is padded with zeros, so that the windows at the
# border have 25 pixels too.
#
# $$y_{ab} = \sum_{i=0}^{4}\sum_{j=0}^{4} \bar x_{a+i,\,b+j}\, W_{ij} \qquad (\bar x\text{: padded with 2 zeros})$$

# %%
def convolve(image, W):
    padded, y = np.pad(image, 2), np.empty_like(image)
    for a, b in np.ndindex(y.shape):
        y[a, b] = (padded[a : a + 5, b : b + 5] * W).sum()
    return y


# %% [markdown]
# This kernel weighs the ink at the lower right against the ink at the upper left.

# %%
rows, columns = np.mgrid[-2:3, -2:3]
W = (rows + 0.5 * columns) * np.exp(-(rows**2 + columns**2) / 4) * (1 + 0.3 * columns)
y = convolve(image, W)
a, b = np.unravel_index(y.argmax(), y.shape)  # where it answers loudest
window = np.pad(image, 2)[a : a + 5, b : b + 5]

# %%
figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.9), width_ratios=(2, 1, 1, 2))
show(axes[0], image, "an image, and one window", "gray_r")
axes[0].add_patch(plt.Rectangle((b - 2.5, a - 2.5), 5, 5, fill=False, edgecolor="C3", linewidth=2))
show(axes[1], window, "the window", "gray_r")
axes[1].spines[:].set_color("C3")
show(axes[2], W, "times the kernel")
show(axes[3], y, f"one number for each window; here {y[a, b]:.2f}")
axes[3].plot(b, a, "s", color="C2", markersize=6, fillstyle="none", markeredgewidth=2)
figure.suptitle(f"A convolution: red where positive, blue where negative ({DATA})")
plt.show()

# %% [markdown]
# ### The package's version
#
# `Conv2D` takes a batch of images with several channels, `(N, H, W, channels)`, and has a kernel for each pair of input
# and output channel: `(5, 5, n_in, n_out)`. With one image and one channel each, it must give the same.

# %%
from dni_np.nn.conv import Conv2D


def packaged(W):
    """A Conv2D from one channel to one, with our kernel."""
    layer = Conv2D(1, 1, np.random.default_rng(0), bias=False, dtype=np.float64)
    layer.params["W"][:, :, 0, 0] = W
    return layer


layer = packaged(W)
packaged_y, cache = layer.forward(image[None, :, :, None])
assert np.allclose(packaged_y[0, :, :, 0], y)
print("by hand and in the package: largest difference", f"{abs(packaged_y[0, :, :, 0] - y).max():.0e}")


# %% [markdown]
# ### As a matrix
#
# The convolution is linear in the image, so there is a matrix $C$ with $y = C x$, if we write images as columns of
# pixels. What does it look like? Feed in the images that have a single bright pixel, and write down what comes out.

# %%
def as_matrix(function, n):
    """The matrix of a linear function of n x n images: one column for each pixel."""
    return np.stack([function(one.reshape(n, n)).ravel() for one in np.eye(n * n)], axis=1)


C = as_matrix(lambda one: convolve(one, W), 8)
dense = np.random.default_rng(0).standard_normal(C.shape)
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.6))
show(axes[0], dense, f"fully connected: {dense.size:,} weights")
show(axes[1], C, f"the convolution $C$: {W.size} weights")
show(axes[2], C.T, "its transpose $C^T$")
for axis in axes:
    axis.set(xlabel="input pixel", ylabel="output pixel")
axes[2].set(xlabel="output pixel", ylabel="input pixel")
figure.suptitle("Three matrices from 8 x 8 pixels to 8 x 8 pixels")
plt.show()

# %% [markdown]
# Nearly all of $C$ is zero (an output sees only its surroundings), and the diagonals repeat the same 25 numbers (it is the
# same everywhere). Those two properties *are* the convolution. Keep the transpose in mind.
#
# ## 2. The same sum in another order
#
# Sliding a window pixel by pixel is slow in Python. But the sum may as well be taken over offsets first: for one offset
# $(i, j)$ of the kernel, *all* windows together see a shifted copy of the image. Call it $x_{ij}$. Then
#
# $$y = \sum_{i,j} W_{ij}\; x_{ij}$$
#
# is 25 images, weighted and added.

# %%
def seen(image, i, j):
    """x_ij, the image as offset (i, j) of the kernel sees it."""
    return np.pad(image, 2)[i : i + image.shape[0], j : j + image.shape[1]]


offsets = list(np.ndindex(5, 5))
by_offsets = sum(W[i, j] * seen(image, i, j) for i, j in offsets)
assert np.allclose(by_offsets, y)

# %%
figure = plt.figure(figsize=(9.5, 4.9))
left, right = figure.subfigures(1, 2, width_ratios=(1.35, 1))
axes = left.subplots(5, 5)
limit = abs(W).max()
for (i, j), axis in zip(offsets, axes.flat):
    show(axis, W[i, j] * seen(image, i, j), limit=limit)
left.suptitle("25 shifted images, each times its weight ...", fontsize=11)
axis = right.subplots()
show(axis, by_offsets)
right.suptitle(f"... add up to the output ({DATA})", fontsize=11)
plt.show()

# %% [markdown]
# With channels, nothing changes but this: at each pixel $x_{ij}$ holds a row of $C_\text{in}$ numbers, and $W_{ij}$ is a
# matrix $(C_\text{in}, C_\text{out})$. So a convolution is 25 matrix products, each like a `Linear` layer whose
# batch is all pixels of all images. This loop is the whole of `Conv2D.correlate`.
#
# ## 3. Backward
#
# Above the layer is a loss $L$, and $dy = \partial L/\partial y$ comes down, one number for each output pixel. We want
# $\partial L/\partial W$ to learn, and $\partial L/\partial x$ to hand on.
#
# ### The kernel
#
# The weight $W_{ij}$ takes part in every output pixel, and multiplies there what its offset sees. So
#
# $$\frac{\partial L}{\partial W_{ij}} = \sum_{a,b} dy_{ab}\, \frac{\partial y_{ab}}{\partial W_{ij}}
# = \sum_{a,b} dy_{ab}\,(x_{ij})_{ab}:$$
#
# lay $dy$ over the shifted image, multiply, add up. A weight has a large gradient if what it sees looks like $dy$.

# %%
def kernel_gradient(image, dy):
    return np.array([(seen(image, i, j) * dy).sum() for i, j in offsets]).reshape(5, 5)


# %% [markdown]
# For a picture we need a loss. Let a *teacher* convolve the image with the kernel from above, and a learner start from
# zeros: $L = \tfrac12 \sum (y - y_\text{teacher})^2$, so $dy = y - y_\text{teacher}$.

# %%
learner = np.zeros((5, 5))
dy = convolve(image, learner) - y
dW = kernel_gradient(image, dy)
figure = plt.figure(figsize=(9.5, 3.9))
left, right = figure.subfigures(1, 2, width_ratios=(1, 2))
show(left.subplots(), dy, "$dy$, what comes down")
axes = right.subplots(2, 4, width_ratios=(1, 1, 1, 1))
for k, (i, j) in enumerate(((0, 2), (2, 2), (4, 2))):
    show(axes[0, k], seen(image, i, j), f"$x_{{{i}{j}}}$", "gray_r")
    show(axes[1, k], seen(image, i, j) * dy, f"times $dy$: sum {dW[i, j]:.1f}", limit=abs(dy).max())
axes[0, 3].axis("off")
show(axes[1, 3], dW, "all 25 sums: $dW$")
figure.suptitle(f"The gradient of the kernel: the input, correlated with $dy$ ({DATA})")
plt.show()

# %% [markdown]
# Follow it downhill, and the learner finds the teacher's kernel. One image is enough: it holds hundreds of windows.

# %%
windows = np.stack([seen(image, i, j).ravel() for i, j in offsets])  # (25, pixels): to be quick
rate, snapshots = 1 / (windows**2).sum(), {}
for step in range(10_001):
    if step in (1, 10, 100, 1000, 10_000):
        snapshots[step] = learner.copy()
    dy = (learner.ravel() @ windows - y.ravel()).reshape(image.shape)
    learner -= rate * (windows @ dy.ravel()).reshape(5, 5)  # the same sums as in kernel_gradient
assert np.allclose(windows @ dy.ravel(), kernel_gradient(image, dy).ravel())

figure, axes = plt.subplots(1, 6, figsize=(9.5, 2.3))
for axis, (step, kernel) in zip(axes, snapshots.items()):
    show(axis, kernel, f"step {step:,}", limit=abs(W).max())
show(axes[5], W, "the teacher's kernel")
figure.suptitle(f"Learning a kernel from one image ({DATA})")
plt.show()

# %% [markdown]
# ### The input
#
# The input pixel at $(r, s)$ was seen by up to 25 windows, by each at another offset. Each window gives back what comes
# down on it, times the weight with which it saw the pixel:
#
# $$dx \;\text{, as offset } (i,j) \text{ saw it, } \mathrel{+}= W_{ij}\; dy
# \qquad\Longleftrightarrow\qquad dx_{rs} = \sum_{i,j} dy_{r-i+2,\,s-j+2}\, W_{ij}.$$
#
# Read it in two ways. From above: *every output pixel paints the kernel, times its $dy$, onto the image*. From
# below: with $i' = 4 - i$ and $j' = 4 - j$ the sum is $\sum \overline{dy}_{r+i',\,s+j'}\, W_{4-i',\,4-j'}$, an ordinary
# convolution of $dy$ with the **flipped** kernel. (And as matrices: $dx = C^T dy$, the picture above.)

# %%
def input_gradient(dy, W):
    painted = np.zeros((dy.shape[0] + 4, dy.shape[1] + 4))  # dx, padded
    for i, j in offsets:
        painted[i : i + dy.shape[0], j : j + dy.shape[1]] += W[i, j] * dy
    return painted[2:-2, 2:-2]


few = np.zeros((12, 12))
few[2, 2], few[8, 3], few[6, 8], few[7, 8] = 1, -1, 1, 1
assert np.allclose(input_gradient(few, W), convolve(few, W[::-1, ::-1]))
small = as_matrix(lambda one: convolve(one, W), 12)
assert np.allclose(input_gradient(few, W).ravel(), small.T @ few.ravel())

# %%
figure, axes = plt.subplots(1, 4, figsize=(9.5, 3), width_ratios=(2, 1, 2, 1))
show(axes[0], few, "$dy$: four pixels")
show(axes[1], W, "the kernel $W$")
show(axes[2], input_gradient(few, W), "$dx$: a kernel for each, added up")
show(axes[3], W[::-1, ::-1], "flipped:\nwhat slides over $dy$")
figure.suptitle("The gradient of the input: every output pixel paints the kernel")
plt.show()


# %% [markdown]
# ### Is it right?
#
# Ask the loss: move one number up and down a little, and divide. Then ask the package.

# %%
def central_differences(loss, array, step=1e-5):
    slopes = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept, values = array[index], []
        for sign in (1, -1):
            array[index] = kept + sign * step
            values.append(loss())
        array[index] = kept
        slopes[index] = (values[0] - values[1]) / (2 * step)
    return slopes


patch = image[side // 2 - 4 : side // 2 + 4, side // 2 - 4 : side // 2 + 4].copy()  # 8 x 8 pixels from the middle
target = np.random.default_rng(1).standard_normal(patch.shape)
dy = convolve(patch, W) - target
numeric = {
    "dW": central_differences(lambda: 0.5 * ((convolve(patch, W) - target) ** 2).sum(), W),
    "dx": central_differences(lambda: 0.5 * ((convolve(patch, W) - target) ** 2).sum(), patch),
}

# %%
layer = packaged(W)
_, cache = layer.forward(patch[None, :, :, None])
dx = layer.backward(dy[None, :, :, None], cache)
grads = layer.grads
by_hand = {"dW": kernel_gradient(patch, dy), "dx": input_gradient(dy, W)}
package = {"dW": grads["W"][:, :, 0, 0], "dx": dx[0, :, :, 0]}
for name in by_hand:
    assert np.allclose(by_hand[name], numeric[name], atol=1e-7)
    assert np.allclose(by_hand[name], package[name])
    print(f"{name}: {by_hand[name].size} numbers, all as the central differences say, and as the package computes")

# %% [markdown]
# ## 4. Three ways to the same numbers
#
# **The textbook page**: 25 small products, one for each offset, as above. It adds to the whole output 25 times.
#
# **Columns.** Write down what each window sees, 25 numbers, as the row of a matrix; then all is *one* large product. The
# matrix holds every pixel 25 times, but a processor multiplies large matrices far faster than many small ones.
# (It is known as *im2col*. The picture shows it lying on its side: a window is a column.)

# %%
few = min(10, side)  # the middle of the image is enough to see it
top = (side - few) // 2
middle = image[top : top + few, top : top + few]
table = np.stack([seen(middle, i, j).ravel() for i, j in offsets])  # (25, pixels)
assert np.allclose(W.ravel() @ table, convolve(middle, W).ravel())

figure, axes = plt.subplots(3, 1, figsize=(9.5, 4.6), height_ratios=(1, 9, 1))
one_row = W.ravel()[None, :] @ table
show(axes[0], W.reshape(1, 25), "the kernel: 25 numbers in a row")
show(axes[1], table, f"times what the windows see: 25 rows, {few * few} windows side by side", "gray_r")
show(axes[2], one_row, f"is the output: {few * few} numbers in a row, to be folded back into {few} x {few} pixels")
axes[0].set(aspect="auto")
axes[1].set(ylabel="offset in the kernel", aspect="auto")
axes[2].set(xlabel="window", aspect="auto")
figure.suptitle(f"The convolution as one matrix product ({DATA})")
plt.show()

# %% [markdown]
# **Frequencies.** The discrete Fourier transform writes an image as a sum of waves. A wave that is convolved stays the
# same wave; only its height and phase change. So for waves a convolution is no sum at all, but *one multiplication each*
# (the convolution theorem):
#
# $$Y_f = X_f\; \overline{W_f} \qquad\text{for each frequency } f$$
#
# The bar, the complex conjugate, is there because our kernel is laid over the image as it is; mathematicians flip it
# first. The image gets a border as before: waves are periodic, and what leaves at one edge enters at the other.

# %%
P = side + 4  # a period with room for the border
X, spectrum = np.fft.fft2(image, (P, P)), np.fft.fft2(W, (P, P))
waves = X * spectrum.conj()
back = np.roll(np.fft.ifft2(waves).real, (2, 2), axis=(0, 1))[:side, :side]  # the kernel's middle is at (2, 2)
assert np.allclose(back, y)

# %%
figure, axes = plt.subplots(2, 3, figsize=(9.5, 5.6), width_ratios=(1, 1, 1))
padded_kernel = np.zeros((P, P))
padded_kernel[P // 2 - 2 : P // 2 + 3, P // 2 - 2 : P // 2 + 3] = W
for axis, picture, title, cmap in zip(
    axes[0], (image, padded_kernel, back), ("image", "kernel", "output"), ("gray_r", "RdBu_r", "RdBu_r")
):
    show(axis, picture, title, cmap)
for axis, values, title in zip(axes[1], (X, spectrum, waves), ("$|X|$", "$|W|$", "$|Y| = |X|\\,|W|$")):
    axis.imshow(np.log(abs(np.fft.fftshift(values)) + 0.03), cmap="magma")
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)
axes[0, 0].set_ylabel("pixels: slide and add")
axes[1, 0].set_ylabel("waves: multiply")
figure.suptitle(f"The convolution theorem (below: long waves in the middle, bright is high) ({DATA})")
plt.show()

# %% [markdown]
# The kernel passes the waves that climb across its edge, the two bright lobes, and dims the others: those so long that
# both sides of the edge look alike, those that run along it, and the very short ones. The output keeps what is left.
#
# All three are in the package. Do they agree, forward and backward, and what do they cost?

# %%
import time

from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D

WAYS = {"textbook": Conv2D, "columns": ColumnsConv2D, "frequencies": FrequencyConv2D}
N = 8 if FAST else 32  # images at a time


def measure(way, n_in, n_out, repeats=3):
    """Forward and backward of N images: (results, milliseconds an image, the best of several times)."""
    rng = np.random.default_rng(0)
    layer = WAYS[way](n_in, n_out, rng, bias=False)
    x = rng.standard_normal((N, side, side, n_in)).astype(np.float32)
    dy = rng.standard_normal((N, side, side, n_out)).astype(np.float32)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        y, cache = layer.forward(x)
        dx = layer.backward(dy, cache)
        grads = layer.grads
        times.append(time.perf_counter() - start)
    return (y, dx, grads["W"]), 1000 * min(times) / N


# %%
SIZES = ((1, 16), (16, 16), (64, 64))
cost = {}
for n_in, n_out in SIZES:
    expected, _ = measure("textbook", n_in, n_out, repeats=1)
    for way in WAYS:
        results, cost[way, n_in] = measure(way, n_in, n_out)
        for ours, theirs in zip(results, expected):
            assert np.allclose(ours, theirs, atol=1e-4 * abs(theirs).max())
print(f"{side} x {side} pixels, 5 x 5 kernels: milliseconds an image, forward and backward; all agree")
print(f"{'channels':12}" + "".join(f"{way:>14}" for way in WAYS))
for n_in, n_out in SIZES:
    print(f"{f'{n_in} to {n_out}':12}" + "".join(f"{cost[way, n_in]:14.2f}" for way in WAYS))

# %%
figure, axis = plt.subplots(figsize=(7.5, 3.2))
for k, (way, color) in enumerate(zip(WAYS, ("0.6", "#f2a541", "#4c78a8"))):
    bars = axis.bar(np.arange(3) + 0.27 * (k - 1), [cost[way, n_in] for n_in, _ in SIZES], 0.25, color=color, label=way)
    axis.bar_label(bars, fmt="%.2g", fontsize=8)
axis.set_xticks(range(3), [f"{n_in} to {n_out}" for n_in, n_out in SIZES])
axis.set(yscale="log", xlabel="channels", ylabel="milliseconds an image")
axis.set_title(f"Forward and backward, {side} x {side} pixels, this machine")
axis.legend(loc="upper left")
plt.show()

# %% [markdown]
# With few channels the columns are narrow and win; with many, the waves do, because the way there and back costs the same
# for each channel while a product costs for each *pair* of channels. `conv2d` in `nn/fast/choice.py` chooses.
#
# ## 5. Pooling: who was the largest?
#
# Between convolutions, pooling makes the images smaller: of each 3 x 3 window, two pixels apart, keep the largest (or
# the mean). It has nothing to learn, but the gradient has to pass. The largest pixel decided alone, so it gets everything;
# the others, had they been a little different, would have changed nothing.

# %%
from dni_np.nn.pooling import AveragePool2D, MaxPool2D

middle = slice(side // 2 - 4, side // 2 + 4)
crop = y[middle, middle]
gradients = {}
for pool in (MaxPool2D(), AveragePool2D()):
    pooled, cache = pool.forward(crop[None, :, :, None])
    dx = pool.backward(np.ones_like(pooled), cache)  # let every output pixel get a gradient of 1
    gradients[type(pool).__name__] = pooled[0, :, :, 0], dx[0, :, :, 0]

# %% [markdown]
# By hand, for one window: find the largest pixel, and send the gradient there. Windows overlap, so a pixel that is
# the largest of several gets several.

# %%
by_hand = np.zeros((10, 10))
padded = np.pad(crop, 1, constant_values=-np.inf)
for a, b in np.ndindex(4, 4):
    window = padded[2 * a : 2 * a + 3, 2 * b : 2 * b + 3]
    i, j = np.unravel_index(window.argmax(), (3, 3))
    by_hand[2 * a + i, 2 * b + j] += 1
assert np.array_equal(by_hand[1:-1, 1:-1], gradients["MaxPool2D"][1])

# %%
figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.9))
largest, to_largest = gradients["MaxPool2D"]
show(axes[0], crop, "8 x 8 pixels of the output")
for a, b in np.argwhere(to_largest > 0):
    axes[0].plot(b, a, "o", color="k", markersize=1 + 2 * to_largest[a, b])
show(axes[1], largest, "the largest of each window", limit=abs(crop).max())
show(axes[2], to_largest, "the gradient of the maximum ...", limit=6)
show(axes[3], gradients["AveragePool2D"][1], "... and of the mean", limit=2)
for axis, values in zip(axes[2:], (to_largest, gradients["AveragePool2D"][1])):
    for (a, b), value in np.ndenumerate(values):
        if value:
            axis.text(b, a, f"{value:.2g}", ha="center", va="center", fontsize=6)
figure.suptitle(f"Where pooling sends its gradient, if 1 comes down on each of the 16 outputs ({DATA})")
plt.show()

# %% [markdown]
# The mean of a window spreads it evenly, whatever the pixels: a smooth gradient. The maximum picks, and its gradient is
# sparse.
#
# ## 6. Four ways to learn
#
# As in section D.1 of the paper, a "layer" is a convolution with batch normalization (by channel), ReLU and 3 x 3 pooling,
# maximum in the first layer and mean in the second. On top is a linear classifier. 16 channels here, 64 in the paper. The
# rules are those of notebook 02; the models that guess are convolutions, which section 8 explains. While the decoupled
# networks learn, we keep guessed and true gradients of 256 training images.

# %%
from dni_np.analysis.gradient_probe import gradient_pairs, undisturbed
from dni_np.experiments.feedforward.build import build_loop
from dni_np.experiments.feedforward.recipes import find

STEPS, EVERY = (20, 10) if FAST else (300, 50)
CHANNELS, GUESS_RATE = 4 if FAST else 16, 3e-4
LIGHT = dataset.first(60_000, 1000)  # learning curves are measured on 1,000 images, the table on all
x = dataset.x_train[:256].astype(np.float32) * np.float32(dataset.scale)
y_labels = dataset.y_train[:256]


def new_loop(rule, steps=STEPS, **settings):
    small = {"hidden": (CHANNELS,)} if rule == "dni" else {}
    sizes = {"width": CHANNELS, "steps": steps, "evaluate_every": min(EVERY, steps)}
    return build_loop(find("mnist-cnn-quick").settings(rule, **sizes, **small, **settings), LIGHT, progress=False)


# %%
def run_and_look(loop):
    """Train; return {step: [(guess, truth) for each decoupled layer]}."""
    looks = {}
    loop.measure = lambda network: looks.update({loop.step: gradient_pairs(network, x, y_labels)}) or {}
    loop.run()
    return looks


runs, looks = {rule: new_loop(rule) for rule in ("none", "backprop")}, {}
for loop in runs.values():
    loop.run()
for rule in ("dni", "cdni"):
    runs[rule] = new_loop(rule, sg_learning_rate=GUESS_RATE)
    looks[rule] = run_and_look(runs[rule])

# %% [markdown]
# (The models learn at 3e-4, the layers at 1e-3. A pixel has little to say, so the true gradient maps hold small numbers,
# and a kernel sums hundreds of inputs: steps that are right for the layers make guesses far too large.)

# %%
def show_table(runs):
    print(f"{DATA}: three layers, {CHANNELS} channels, {STEPS} steps, one seed")
    print(f"{'':16}{'test error %':>14}{'training error %':>18}{'seconds':>10}")
    for name, loop in runs.items():
        test = loop.task.error(loop.rule, dataset.x_test, dataset.y_test)
        train = loop.task.error(loop.rule, dataset.x_train[:10_000], dataset.y_train[:10_000])
        print(f"{name:16}{test:14.2f}{train:18.2f}{loop.seconds:10.0f}")


show_table(runs)

# %%
COLORS = {"none": "0.5", "dni": "#f2a541", "cdni": "#4c78a8", "backprop": "#e45756", "cdni, pictures": "#1f3b5c"}


def learning_curves(runs):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5))
    for name, loop in runs.items():
        left.plot(*loop.history.column("train_loss"), color=COLORS[name], label=name)
        right.plot(*loop.history.column("test_error"), color=COLORS[name], label=name)
    ticks = (0.05, 0.1, 0.2, 0.5, 1, 2), (2, 5, 10, 20, 50)
    left.set(xlabel="step", ylabel="training loss", yscale="log", yticks=ticks[0], yticklabels=ticks[0])
    right.set(xlabel="step", ylabel="test error (%)", yscale="log", yticks=ticks[1], yticklabels=ticks[1])
    for axis in (left, right):
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    right.legend()
    figure.suptitle(f"Learning ({DATA}; errors of the first {len(LIGHT.x_test):,} test images)")
    plt.show()


learning_curves(runs)

# %% [markdown]
# Even random convolutions are a fair start for a linear classifier: that is the line to beat. Both kinds of guesses beat
# it, the label helps, and neither has caught up with backpropagation after so few steps. (The text speaks of the MNIST run
# whose outputs are saved here.)
#
# ## 7. What has been learned
#
# All four began with the same random kernels. Below is what each rule added to eight of them in the first layer.

# %%
def first_kernels(loop):
    """(5, 5, channels)"""
    return next(layer for layer in loop.rule.cores[0].leaves() if layer.params).params["W"][:, :, 0, :]


random_kernels = first_kernels(runs["none"])  # they have not moved
pictures = {"random": random_kernels}
pictures |= {name: first_kernels(runs[name]) - random_kernels for name in ("backprop", "cdni", "dni")}
moved_most = np.argsort(-np.linalg.norm(pictures["backprop"], axis=(0, 1)))[:8]

# %%
figure, axes = plt.subplots(4, len(moved_most), figsize=(9.5, 5.1))
for row, (name, kernels) in zip(axes, pictures.items()):
    for axis, channel in zip(row, moved_most):
        show(axis, kernels[:, :, channel], f"channel {channel}" if name == "random" else "")
    row[0].set_ylabel(name if name == "random" else f"added by\n{name}", fontsize=9)
figure.suptitle(f"First-layer kernels: how they began, and what was added (each with its own scale) ({DATA})")
plt.show()


# %% [markdown]
# Spots, edges and slants, over noise. Did the rules draw the same? (For chance, each kernel beside its neighbor's.)

# %%
def cosine(a, b):
    return float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-30))


for name in ("cdni", "dni"):
    same, other = (cosine(pictures[name], np.roll(pictures["backprop"], k, axis=2)) for k in (0, 1))
    print(f"added by {name} and by backprop to the first layer: cosine {same:.2f}, with another kernel's {other:.2f}")


# %%
def feature_maps(loop, x):
    """For each hidden layer (what its convolution answers, what it hands on) at test time."""
    maps, answer = [], None
    for core in loop.rule.cores[:2]:
        for layer in core.leaves():
            x, _ = layer.forward(x, training=False)
            answer = x if isinstance(layer, Conv2D) else answer
        maps.append((answer, x))
    return maps


def draw_maps(maps, channels, title):
    figure, axes = plt.subplots(4, 9, figsize=(9.5, 4.6))
    for sample, row in enumerate(axes):
        show(row[0], x[four[sample]].reshape(side, side), "image" if sample == 0 else "", "gray_r")
        for axis, channel in zip(row[1:], channels):
            picture, limit = maps[sample, :, :, channel], abs(maps[..., channel]).max()
            show(axis, picture, f"channel {channel}" if sample == 0 else "", limit=limit)
    figure.suptitle(title)
    plt.show()


four = np.array([np.flatnonzero(y_labels == digit)[0] for digit in (2, 4, 5, 8)])
first, second = feature_maps(runs["cdni"], x[four])

# %%
draw_maps(first[0], moved_most, f"Layer 1: what eight of its kernels answer, everywhere in the image (cDNI, {DATA})")

# %% [markdown]
# (So yes: kernels that no true gradient ever reached were pushed much where backpropagation pushes them, DNI's even more
# than cDNI's.) Each kernel asks one thing everywhere: is there an edge here, an end, a stroke of this slant? Layer 2
# asks about the answers, in maps of half the size, and so about 15 x 15 pixels of the image at a time.

# %%
strongest = np.argsort(-second[0].std(axis=(0, 1, 2)))[:8]
draw_maps(second[0], strongest, f"Layer 2: the eight channels that answer most (cDNI, {DATA})")

# %% [markdown]
# ## 8. Why the model that guesses is a small convolutional network
#
# What comes down to layer 1 has passed layer 2 backward: a convolution with flipped kernels, section 3. So what a pixel of
# $h_1$ does to the loss depends on its surroundings, and by the same rule everywhere in the image. A model that is *local*
# and *the same everywhere* is a convolution: it reads the maps $h$, and writes maps of the same size.
#
# And the label, which cDNI's models see? It has no place in the image, so it is put everywhere: ten more channels, one for
# each class, all ones for the sample's own and zeros for the others.

# %%
from dni_np.dni.conditioning import Conditioning

network = runs["cdni"].rule
h_example, _ = network.cores[0].forward(x[four], training=False)
context = network.context(x[four], y_labels[four])
looks_at = Conditioning(("output", "label"), CHANNELS, label=dataset.classes).join(h_example, context)
sample = 2

# %%
figure, axes = plt.subplots(1, 15, figsize=(9.5, 1.3))
brightest = np.argsort(-h_example[sample].std(axis=(0, 1)))[:4]
show(axes[0], x[four[sample]].reshape(side, side), "image", "gray_r")
for axis, channel in zip(axes[1:5], brightest):
    show(axis, looks_at[sample, :, :, channel], f"$h$: {channel}", "magma_r")
for axis, label in zip(axes[5:], range(10)):
    show(axis, looks_at[sample, :, :, CHANNELS + label], f"is it {label}?", "gray_r", limit=1)
    axis.title.set_fontsize(7)
figure.suptitle(f"What cDNI's model sees after layer 1: 4 of {CHANNELS} output channels, the label as channels ({DATA})")
plt.show()

# %% [markdown]
# How many weights does a linear guess need?

# %%
def size(layer):
    return sum(array.size for array in layer.params.values())


for i, (guess, _) in enumerate(looks["cdni"][STEPS], 1):
    n = guess[0].size
    dense = (n + dataset.classes + 1) * n
    local = size(network.units[i - 1].synthetic_gradient)
    print(f"after layer {i}: maps {guess.shape[1:]}, {n:,} numbers;", end=" ")
    print(f"fully connected {dense:,} weights, convolutional {local:,}")

# %% [markdown]
# ## 9. Guess and truth as images
#
# How good are the guesses of section 6? The pooled cosine of notebook 03, all samples' gradients as one long vector:

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.3), sharey=True)
for axis, rule in zip(axes, ("cdni", "dni")):
    for k, color in ((1, "#1f3b5c"), (0, "#f2a541")):
        values = [cosine(*pairs[k]) for pairs in looks[rule].values()]
        axis.plot(list(looks[rule]), values, "o-", markersize=3, color=color, label=f"after layer {k + 1}")
    axis.axhline(0, color="0.5", linestyle=":")
    axis.set(title=rule, xlabel="step")
    axis.grid(alpha=0.3)
axes[0].set(ylabel="pooled cosine with the truth", ylim=(-0.05, 1))
axes[0].legend()
figure.suptitle(f"How good the guesses are while the network learns ({DATA}; dotted: chance)")
plt.show()


# %% [markdown]
# Now the maps themselves, in the middle of learning, when most samples still have a gradient: four samples, and the two
# channels that hold most of it. A truth and its guess have one scale, so that a pale guess is a small one; beside it is
# the same guess, magnified. Red: less here would lower the loss; blue: more would.

# %%
def typical(truth, count=4):
    """Samples of different classes, the eighth with the largest gradients left out."""
    chosen = []
    for sample in np.argsort(-(truth**2).sum(axis=(1, 2, 3)))[len(truth) // 8 :]:
        if y_labels[sample] not in y_labels[chosen]:
            chosen.append(sample)
    return chosen[:count]


def side_by_side(guess, truth, title):
    channels = np.argsort(-(truth**2).sum(axis=(0, 1, 2)))[:2]
    figure, axes = plt.subplots(4, 7, figsize=(9.5, 6.4))
    for row, sample in zip(axes, typical(truth)):
        show(row[0], x[sample].reshape(side, side), f"a {y_labels[sample]}", "gray_r")
        for k, channel in enumerate(channels):
            true_map, guess_map = truth[sample, :, :, channel], guess[sample, :, :, channel]
            largest, ours = abs(true_map).max(), max(abs(guess_map).max(), 1e-12)
            show(row[3 * k + 1], true_map, f"truth, channel {channel}", limit=max(largest, ours))
            show(row[3 * k + 2], guess_map, "guess", limit=max(largest, ours))
            show(row[3 * k + 3], guess_map, f"magnified (cos {cosine(guess_map, true_map):.2f})")
    figure.suptitle(title)
    plt.show()


MIDDLE = list(looks["cdni"])[1]

# %%
side_by_side(*looks["cdni"][MIDDLE][0], f"After layer 1: true gradient and cDNI's guess, step {MIDDLE} ({DATA})")

# %%
side_by_side(*looks["cdni"][MIDDLE][1], f"After layer 2: true gradient and cDNI's guess, step {MIDDLE} ({DATA})")

# %% [markdown]
# The true maps differ from layer to layer. After layer 1 they are blobs: the mean pooling and the kernels above have
# smoothed them. After layer 2 they point at certain *places*, pixel by pixel. The guesses are small (whoever is not sure
# guesses little) and broad, and after layer 2 what shape they have clings to the border. They know what to push; they do
# not seem to know where.
#
# ## 10. The surprise: what a convolution cannot say
#
# Ask it. Tell the model a wrong label, and look at how its guess changes. The truth changes too: above layer 2 is only the
# linear classifier, so the true gradient is $\sum_c (p_c - [c = \text{label}])\, V_c$, where $V_c$, the weights of class
# $c$, form a picture. Calling an image a $b$ instead of an $a$ adds exactly $V_a - V_b$.

# %%
def guesses_for(labels):
    """cDNI's guess after layer 2, if the labels were these."""
    with undisturbed(network.cores):
        h = x[four]
        for core in network.cores[:2]:
            h, _ = core.forward(h)
        return network.units[1].synthetic_gradient.forward(h, network.context(x[four], labels))[0]


V = next(layer for layer in network.cores[2].leaves() if layer.params).params["W"]
V = V.reshape(*guess.shape[1:], dataset.classes)  # (H, W, channels, classes): guess is still that of layer 2
a, b = 4, 9
change = guesses_for(np.full(4, b)) - guesses_for(np.full(4, a))
assert np.allclose(change[0], change[1], atol=1e-5)  # a linear guess: the same for every image
true_change = V[..., a] - V[..., b]

# %%
show_channels = np.argsort(-(true_change**2).sum(axis=(0, 1)))[:6]
figure, axes = plt.subplots(3, len(show_channels), figsize=(9.5, 5.2))
for k, channel in enumerate(show_channels):
    limit, ours = abs(true_change[..., channel]).max(), max(abs(change[0][..., channel]).max(), 1e-12)
    show(axes[0, k], true_change[..., channel], f"channel {channel}", limit=limit)
    show(axes[1, k], change[0][..., channel], limit=limit)
    show(axes[2, k], change[0][..., channel], f"x {limit / ours:.0f}")
for axis, text in zip(axes[:, 0], ("truth", "guess, same scale", "guess, magnified")):
    axis.set_ylabel(text)
figure.suptitle(f"What is added to the gradient after layer 2 by saying {b} instead of {a} ({DATA})")
plt.show()

# %% [markdown]
# There it is. The truth says *where* a 4 differs from a 9. The masks are the same everywhere, so the guess can only answer
# the same everywhere (but for the border, where the kernel sees the padding). The classifier above is not the same
# everywhere: it has its own weights for each pixel. A convolution is the right model of a gradient that
# comes from a convolution. It is not the right model of what a *label* does.
#
# To test this, give the label a place: beside the convolution, one learned **picture** for each class and channel, added
# to the guess. (This is not in the papers.) It is a `Linear` layer from the label to all pixels, and starts at zero, too.

# %%
from dni_np.nn.initializers import zeros
from dni_np.nn.layer import Layer
from dni_np.nn.linear import Linear
from dni_np.nn.sequential import Sequential


class WithPictures(Layer):
    """guess = convolution(h, label) + a picture for each label."""

    def __init__(self, model, shape, classes, rng):
        self.model, self.pictures = model, Linear(classes, int(np.prod(shape)), rng, bias=False, init=zeros)
        both = Sequential([model.net, self.pictures])  # only to have all parameters in one place
        self.params, self.grads, self.buffers, self.leaves = both.params, both.grads, both.buffers, both.leaves

    def forward(self, h, context):
        guess, cache = self.model.forward(h, context)
        picture, picture_cache = self.pictures.forward(context["label"])
        return guess + picture.reshape(h.shape), (cache, picture_cache)

    def backward(self, error, cache):
        self.model.backward(error, cache[0])  # a sum hands its gradient to both
        self.pictures.backward(error.reshape(len(error), -1), cache[1], input_gradient=False)


# %% [markdown]
# First a clean comparison. A network is trained for a moment by backpropagation and then stands still. Four models are told
# its true gradients after layer 2, minibatch after minibatch, and are tried on test images.

# %%
from dni_np.dni.synthetic_gradients import Layers, SyntheticGradient
from dni_np.nn.fast.choice import batchnorm2d, conv2d, relu2d
from dni_np.nn.losses import SoftmaxCrossEntropy
from dni_np.nn.optimizers import Adam

still = new_loop("backprop", steps=STEPS // 5, decay_at=())
still.run()


def output_and_truth(rows, images, labels):
    """(h after layer 2, its true gradient, one-hot labels) in the network that stands still."""
    h, head = images[rows].astype(np.float32) * np.float32(dataset.scale), still.rule.cores[2]
    with undisturbed(still.rule.cores):
        for core in still.rule.cores[:2]:
            h, _ = core.forward(h)
        logits, cache = head.forward(h)
        _, gradient = SoftmaxCrossEntropy()(logits, labels[rows])
        return h, head.backward(gradient, cache), np.eye(dataset.classes, dtype=h.dtype)[labels[rows]]


# %%
h_new, truth_new, label_new = output_and_truth(np.arange(min(1000, len(dataset.x_test))), dataset.x_test, dataset.y_test)
shape, rng = h_new.shape[1:], np.random.default_rng(0)
n = h_new[0].size


def convolution(*sources):
    sees = Conditioning(sources, CHANNELS, label=dataset.classes)
    return SyntheticGradient(CHANNELS, sees, rng, layers=Layers(conv2d, batchnorm2d, relu2d))


models = {
    "fully connected": SyntheticGradient(n, Conditioning(("output", "label"), n, label=dataset.classes), rng),
    "convolution and pictures": WithPictures(convolution("output"), shape, dataset.classes, rng),
    "convolution, label as masks": convolution("output", "label"),
    "convolution, no label": convolution("output"),
}
optimizers = {name: Adam(model, learning_rate=1e-3) for name, model in models.items()}
quality = {name: [] for name in models}

# %%
def guess_with(name, h, label):
    h = h.reshape(len(h), -1) if name == "fully connected" else h
    return models[name].forward(h, {"label": label})


BATCHES = 20 if FAST else 150
for step in range(BATCHES):
    batch = rng.choice(len(dataset.x_train), 256, replace=False)
    h, truth, label = output_and_truth(batch, dataset.x_train, dataset.y_train)
    for name, model in models.items():
        guess, cache = guess_with(name, h, label)
        model.backward(guess - truth.reshape(guess.shape), cache)
        optimizers[name].step()
        if (step + 1) % 5 == 0:
            quality[name].append(cosine(guess_with(name, h_new, label_new)[0].reshape(truth_new.shape), truth_new))

# %%
MODEL_COLORS = ("#e45756", "#1f3b5c", "#4c78a8", "0.6")
figure, axis = plt.subplots(figsize=(8.5, 4))
for (name, values), color in zip(quality.items(), MODEL_COLORS):
    axis.plot(5 * np.arange(1, len(values) + 1), values, color=color, label=f"{name} ({size(models[name]):,} weights)")
axis.set(xlabel="minibatches", ylabel="pooled cosine with the truth", ylim=(-0.05, 1))
axis.set_title(f"Four linear guesses after layer 2, test images ({DATA})")
axis.grid(alpha=0.3)
axis.legend(loc="upper left", fontsize=8)
plt.show()
for name, values in quality.items():
    print(f"{name:30}{size(models[name]):10,} weights   pooled cosine {values[-1]:.2f}")

# %% [markdown]
# A label with a place is worth more than all that the kernels see. With a few thousand weights the convolution comes near
# the fully connected guess, which has more than forty times as many and catches up late. Does it help in training without
# waiting? The same run as in section 6, with pictures beside the masks, for both guesses:

# %%
from dni_np.nn.schedules import StepDecay


def with_pictures():
    loop = new_loop("cdni", sg_learning_rate=GUESS_RATE)
    for unit, (guess, _) in zip(loop.rule.units, looks["cdni"][STEPS]):
        unit.synthetic_gradient = WithPictures(unit.synthetic_gradient, guess.shape[1:], dataset.classes, rng)
        unit.sg_optimizer = Adam(unit.synthetic_gradient, StepDecay(GUESS_RATE, (0.6 * STEPS, 0.8 * STEPS)))
    return loop


NEW = "cdni, pictures"
runs[NEW] = with_pictures()
looks[NEW] = run_and_look(runs[NEW])
show_table({name: runs[name] for name in ("cdni", NEW)})
for name in ("cdni", NEW):
    values = [f"{cosine(*pair):.2f}" for pair in looks[name][STEPS]]
    print(f"{name}: pooled cosine {values[0]} after layer 1, {values[1]} after layer 2")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
for name in ("cdni", NEW):
    for k, line in ((0, "--"), (1, "-")):
        values = [cosine(*pairs[k]) for pairs in looks[name].values()]
        left.plot(list(looks[name]), values, line, color=COLORS[name], label=f"{name}: after layer {k + 1}")
for name in ("none", "dni", "cdni", NEW, "backprop"):
    right.plot(*runs[name].history.column("test_error"), color=COLORS[name], label=name)
left.set(xlabel="step", ylabel="pooled cosine with the truth", ylim=(0, 1))
ticks = (2, 5, 10, 20, 50)
right.set(xlabel="step", ylabel="test error (%)", yscale="log", yticks=ticks, yticklabels=ticks)
right.minorticks_off()
for axis in (left, right):
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
figure.suptitle(f"A label with a place: better guesses, and what they are worth ({DATA})")
plt.show()

# %%
side_by_side(*looks[NEW][MIDDLE][1], f"After layer 2: true gradient, and the guess with pictures, step {MIDDLE} ({DATA})")

# %% [markdown]
# Better guesses after both layers, and now they know where. The test error falls too, but by little, and this is one
# seed and a short run: as in notebook 03, a better cosine is not yet a better network.
#
# ## Exercises
#
# 1. **Stride.** Let the window move by two pixels. What becomes of $y$ and of $dx$?
# 2. **A kernel of ones** (over 25) is a mean. What does its matrix look like, and what does its input gradient?
# 3. **All at once.** What does the guess after layer 1 need to see, to say what the truth says? Count the pixels of $h_1$
#    that a true gradient at one pixel depends on.
# 4. **Masks or pictures?** Train with pictures *in place of* the masks.
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Only every second window is there: `y = convolve(image, W)[::2, ::2]`. The others have no say: fill their places in $dy$
#    with zeros and go on as before. Where no window has its large weights, $dx$ is small: it may show a checkerboard.
#
#    ```python
#    strided_dy = np.ones((side, side))[::2, ::2]
#    dy = np.zeros((side, side))
#    dy[::2, ::2] = strided_dy
#    figure, axis = plt.subplots(figsize=(3, 3))
#    show(axis, input_gradient(dy, W))
#    ```
#
# 2. Five bands of five equal diagonals, and the matrix is symmetric: flipped, the kernel is itself. So the gradient is
#    averaged as the image was.
#
#    ```python
#    ones = as_matrix(lambda one: convolve(one, np.full((5, 5), 1 / 25)), 8)
#    assert np.allclose(ones, ones.T)
#    ```
#
# 3. All of them: the true gradient holds $p$, the softmax, and that depends on every pixel. What is local is the *backward*
#    pass from the gradient above; the gradient above is not. With kernels of 5 x 5 and no hidden layer the guess sees 25
#    pixels. Hidden layers (the paper's DNI has two) widen the view to 13 x 13, nearly the whole map.
#
# 4. In `with_pictures`, give `WithPictures` a model that does not see the label. As the masks' part of the guess is a
#    picture, too (one color, apart from the border), little should be lost.
#
#    ```python
#    loop = with_pictures()
#    for unit in loop.rule.units:
#        shape = unit.synthetic_gradient.pictures.params["W"].shape[1]
#        unit.synthetic_gradient = WithPictures(convolution("output"), shape, dataset.classes, rng)
#        unit.sg_optimizer = Adam(unit.synthetic_gradient, GUESS_RATE)
#    loop.run()
#    show_table({"pictures only": loop})
#    ```
#
# </details>
#
# ## Summary
#
# - A convolution is a small linear layer that slides: 25 shifted images, weighted and added. Its matrix is local and the
#   same everywhere.
# - Backward, the kernel's gradient correlates the input with $dy$; the input's gradient paints the kernel at every output
#   pixel, which is a convolution with the flipped kernel, the transposed matrix.
# - Offsets, columns and frequencies give the same numbers. Columns pay for few channels, frequencies for many.
# - A convolutional guess needs a small part of the weights of a fully connected one (after layer 1, a thousandth). It
#   suits what comes down from a convolution, which is local and the same everywhere.
# - What comes from the classifier is not. The label as masks tells the guess what, not where; one picture for each class
#   tells it both, and the guesses become better.
#
# Back to the [README](../README.md) for full runs (`--recipe mnist-cnn`), or to
# [notebook 03](03_how_good_is_the_guess.ipynb) for what a cosine is worth.

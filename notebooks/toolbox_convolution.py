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
# # Toolbox: convolution by hand
#
# | | |
# |---|---|
# | **Question** | Where does every gradient go in a convolution and in pooling? |
# | **Time** | under an hour |
# | **Level** | optional: if you have not written a convolution yet ([words](glossary.md)) |
# | **Needs** | NumPy and the chain rule; central differences ([01](01_backprop_to_dni.ipynb)) |
#
# Notebook 09 trains networks whose layers are stacks of images. Here is what it uses: a convolution
# forward and backward, three ways to compute it, and pooling. Synthetic gradients come later.
#
# ## Your prediction
#
# Write down an answer to each; the last section compares.
#
# 1. A layer takes 8 x 8 pixels to 8 x 8 pixels. How many weights does it have if it is fully
#    connected? How many if it is a convolution with a 5 x 5 kernel?
# 2. The gradient at the output is an image, $dy$. The gradient at the input is an image, too. By
#    which operation on $dy$ and the kernel is it computed?
# 3. Pooling keeps the largest pixel of each 3 x 3 window, two pixels apart: 16 windows in 8 x 8
#    pixels. If a gradient of 1 arrives at each window, how many of the 64 pixels get a gradient
#    that is not zero? How many if pooling takes the mean?
# 4. A convolution is 25 small matrix products, or one large one, or a product of Fourier
#    transforms. Which is fastest for one input channel, which for 64?

# %%
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from dni_np.data.choose import load_images
from dni_np.pictures import style

FAST = os.environ.get("DNI_NP_FAST") == "1"  # a short run, for the tests; its numbers mean nothing
set_matplotlib_formats("retina")
plt.rcParams.update({**style.STYLE, "axes.grid": False, "figure.dpi": 80})
plt.rcParams["figure.constrained_layout.use"] = True

# %%
dataset = load_images("auto")  # MNIST, or scikit-learn's digits where it cannot be had
DATA = "MNIST" if not dataset.note else "scikit-learn's digits, NOT MNIST"
side = dataset.image[0]
image = (dataset.x_train[0] * dataset.scale).reshape(side, side)  # float64, to compare exactly
print(f"{DATA}: images of {side} x {side} pixels")


def show(axis, picture, title="", cmap="RdBu_r", limit=None):
    """One picture without ticks. In red and blue, white is zero."""
    limit = limit or max(abs(picture).max(), 1e-12)
    axis.imshow(picture, cmap=cmap, vmin=-limit if cmap == "RdBu_r" else 0, vmax=limit)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)
    axis.spines[:].set_visible(True)
    axis.spines[:].set_color("0.8")

# %% [markdown]
# ## 1. A small linear layer that slides
#
# Cut a window of 5 x 5 pixels out of the image. Multiply it, pixel by pixel, with 25 weights, the
# **kernel**, and add up: that is one output of a linear layer with 25 inputs. Now shift the window
# by one pixel and do it again *with the same weights*, until every pixel has been in the middle
# once. The image is padded with zeros, so that windows at the border have 25 pixels, too.
#
# $$y_{ab} = \sum_{i=0}^{4}\sum_{j=0}^{4} \bar x_{a+i,\,b+j}\, W_{ij}
# \qquad (\bar x\text{: padded with 2 zeros})$$

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
a, b = np.unravel_index(y.argmax(), y.shape)  # where its output is largest
window = np.pad(image, 2)[a : a + 5, b : b + 5]

# %%
figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.9), width_ratios=(2, 1, 1, 2))
MARK = style.OTHERS[0]
show(axes[0], image, "an image, and one window", "gray_r")
box = {"fill": False, "edgecolor": MARK, "linewidth": 2}
axes[0].add_patch(plt.Rectangle((b - 2.5, a - 2.5), 5, 5, **box))
show(axes[1], window, "the window", "gray_r")
axes[1].spines[:].set_color(MARK)
show(axes[2], W, "times the kernel")
show(axes[3], y, f"one number for each window; here {y[a, b]:.2f}")
axes[3].plot(b, a, "s", color=MARK, markersize=6, fillstyle="none", markeredgewidth=2)
figure.suptitle(f"A convolution: red where positive, blue where negative ({DATA})")
plt.show()

# %% [markdown]
# `Conv2D` of the package takes a batch of images with several channels, `(N, H, W, channels)`, and
# has a kernel for each pair of an input and an output channel: `(5, 5, n_in, n_out)`. With one
# image and one channel each, it must give the same.

# %%
from dni_np.nn.conv import Conv2D


def packaged(W):
    """A Conv2D from one channel to one, with our kernel."""
    layer = Conv2D(1, 1, np.random.default_rng(0), bias=False, dtype=np.float64)
    layer.params["W"][:, :, 0, 0] = W
    return layer


packaged_y, _ = packaged(W).forward(image[None, :, :, None])
difference = abs(packaged_y[0, :, :, 0] - y).max()
print(f"by hand and in the package: largest difference {difference:.0e}")

# %% [markdown]
# **As a matrix.** The convolution is linear in the image, so there is a matrix $C$ with $y = C x$,
# if images are columns of pixels. To see it, feed in the images that have a single bright pixel,
# and write down what comes out.

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
print(f"{dense.size:,} weights or {W.size}; {(C != 0).mean():.0%} of C is not zero")

# %% [markdown]
# Most of $C$ is zero (an output depends on its surroundings only), and the diagonals repeat the
# same 25 numbers (it is the same everywhere). Those two properties *are* the convolution. Keep the
# transpose in mind.
#
# ## 2. The same sum in another order
#
# Sliding a window pixel by pixel is slow in Python. But the sum may be taken over offsets first:
# for one offset $(i, j)$ of the kernel, *all* windows together see a shifted copy of the image,
# $x_{ij}$. Then $y = \sum_{i,j} W_{ij}\; x_{ij}$ is 25 images, weighted and added.

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
for (i, j), axis in zip(offsets, left.subplots(5, 5).flat):
    show(axis, W[i, j] * seen(image, i, j), limit=abs(W).max())
left.suptitle("25 shifted images, each times its weight ...", fontsize=11)
show(right.subplots(), by_offsets)
right.suptitle(f"... add up to the output ({DATA})", fontsize=11)
plt.show()

# %% [markdown]
# With channels, nothing changes but this: at each pixel $x_{ij}$ holds a row of $C_\text{in}$
# numbers, and $W_{ij}$ is a matrix $(C_\text{in}, C_\text{out})$. So a convolution is 25 matrix
# products, each like a `Linear` layer whose batch is all pixels of all images.
#
# ## 3. Backward
#
# Above the layer is a loss $L$, and $dy = \partial L/\partial y$ arrives, one number for each
# output pixel. We want $\partial L/\partial W$ to update the kernel, and $\partial L/\partial x$ to
# hand on.
#
# **The kernel.** The weight $W_{ij}$ takes part in every output pixel, where it multiplies what its
# offset sees. So
#
# $$\frac{\partial L}{\partial W_{ij}}
# = \sum_{a,b} dy_{ab}\, \frac{\partial y_{ab}}{\partial W_{ij}}
# = \sum_{a,b} dy_{ab}\,(x_{ij})_{ab}:$$
#
# lay $dy$ over the shifted image, multiply, add up. A weight has a large gradient if what it sees
# looks like $dy$.
#
# ## Your turn
#
# Write it, with `seen` and `offsets` from above. A central difference judges.

# %%
def kernel_gradient(image, dy):
    """dL/dW (5, 5) from the image (H, W) and dL/dy (H, W): the sum over all pixels of dy x_ij."""

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


center = slice(side // 2 - 4, side // 2 + 4)
patch = image[center, center].copy()  # 8 x 8 pixels
target = np.random.default_rng(1).standard_normal(patch.shape)


def patch_loss():
    return 0.5 * ((convolve(patch, W) - target) ** 2).sum()


patch_dy = convolve(patch, W) - target  # dL/dy of this loss

# %%
def package_gradients(image, dy, W):
    layer = packaged(W)
    _, cache = layer.forward(image[None, :, :, None])
    dx = layer.backward(dy[None, :, :, None], cache)
    return layer.grads["W"][:, :, 0, 0], dx[0, :, :, 0]


def check(kernel_gradient):
    written = kernel_gradient(patch, patch_dy)
    if written is None:
        print("Nothing is written yet. Until then the package's gradient is used.")
        return lambda image, dy: package_gradients(image, dy, W)[0]  # it does not depend on W
    assert np.shape(written) == (5, 5), f"dW must be (5, 5), not {np.shape(written)}"
    numeric = central_differences(patch_loss, W)
    assert np.allclose(written, numeric, atol=1e-7), "it is not what central differences say"
    assert np.allclose(written, package_gradients(patch, patch_dy, W)[0])
    print("Right: 25 numbers, as central differences and as the package have them.")
    return kernel_gradient


kernel_gradient = check(kernel_gradient)

# %% [markdown]
# For a picture we need a loss. Let a *teacher* convolve the image with the kernel from above, and
# let a learner start from zeros: $L = \tfrac12 \sum (y - y_\text{teacher})^2$, so
# $dy = y - y_\text{teacher}$.

# %%
learner = np.zeros((5, 5))
dy = convolve(image, learner) - y
dW = kernel_gradient(image, dy)
figure = plt.figure(figsize=(9.5, 3.9))
left, right = figure.subfigures(1, 2, width_ratios=(1, 2))
show(left.subplots(), dy, "$dy$, what arrives")
axes = right.subplots(2, 4, width_ratios=(1, 1, 1, 1))
for k, (i, j) in enumerate(((0, 2), (2, 2), (4, 2))):
    show(axes[0, k], seen(image, i, j), f"$x_{{{i}{j}}}$", "gray_r")
    product, text = seen(image, i, j) * dy, f"times $dy$: sum {dW[i, j]:.1f}"
    show(axes[1, k], product, text, limit=abs(dy).max())
axes[0, 3].axis("off")
show(axes[1, 3], dW, "all 25 sums: $dW$")
figure.suptitle(f"The gradient of the kernel: the input, correlated with $dy$ ({DATA})")
plt.show()

# %% [markdown]
# Follow it downhill, and the learner finds the teacher's kernel. One image is enough: it holds
# hundreds of windows.

# %%
windows = np.stack([seen(image, i, j).ravel() for i, j in offsets])  # (25, pixels): to be quick
rate, snapshots = 1 / (windows**2).sum(), {}
for step in range(10_001):
    if step in (1, 10, 100, 1000, 10_000):
        snapshots[step] = learner.copy()
    dy = (learner.ravel() @ windows - y.ravel()).reshape(image.shape)
    learner -= rate * (windows @ dy.ravel()).reshape(5, 5)  # the sums of kernel_gradient
assert np.allclose(windows @ dy.ravel(), kernel_gradient(image, dy).ravel())

figure, axes = plt.subplots(1, 6, figsize=(9.5, 2.3))
for axis, (step, kernel) in zip(axes, snapshots.items()):
    show(axis, kernel, f"step {step:,}", limit=abs(W).max())
show(axes[5], W, "the teacher's kernel")
figure.suptitle(f"Learning a kernel from one image ({DATA})")
plt.show()

# %% [markdown]
# **The input.** The input pixel at $(r, s)$ was seen by up to 25 windows, by each at another
# offset. Each window gives back its $dy$, times the weight with which it saw the pixel:
#
# $$dx_{rs} = \sum_{i,j} dy_{r-i+2,\,s-j+2}\, W_{ij}.$$
#
# Read it in two ways. From above: *every output pixel paints the kernel, times its $dy$, onto the
# image*. From below: with $i' = 4 - i$ and $j' = 4 - j$ the sum is
# $\sum \overline{dy}_{r+i',\,s+j'}\, W_{4-i',\,4-j'}$, an ordinary convolution of $dy$ with the
# **flipped** kernel. (And as matrices: $dx = C^T dy$, the picture above.)

# %%
def input_gradient(dy, W):
    painted = np.zeros((dy.shape[0] + 4, dy.shape[1] + 4))  # dx, padded
    for i, j in offsets:
        painted[i : i + dy.shape[0], j : j + dy.shape[1]] += W[i, j] * dy
    return painted[2:-2, 2:-2]


few = np.zeros((12, 12))
few[2, 2], few[8, 3], few[6, 8], few[7, 8] = 1, -1, 1, 1
assert np.allclose(input_gradient(few, W), convolve(few, W[::-1, ::-1]))
matrix = as_matrix(lambda one: convolve(one, W), 12)
assert np.allclose(input_gradient(few, W).ravel(), matrix.T @ few.ravel())
dx = input_gradient(patch_dy, W)
assert np.allclose(dx, central_differences(patch_loss, patch), atol=1e-7)
assert np.allclose(dx, package_gradients(patch, patch_dy, W)[1])
print(f"dx: {dx.size} numbers, as central differences, C transposed and the package have them")

# %%
figure, axes = plt.subplots(1, 4, figsize=(9.5, 3), width_ratios=(2, 1, 2, 1))
show(axes[0], few, "$dy$: four pixels")
show(axes[1], W, "the kernel $W$")
show(axes[2], input_gradient(few, W), "$dx$: a kernel for each, added up")
show(axes[3], W[::-1, ::-1], "flipped:\nwhat slides over $dy$")
figure.suptitle("The gradient of the input: every output pixel paints the kernel")
plt.show()

# %% [markdown]
# ## 4. Three ways to the same numbers
#
# **Offsets**, as above: 25 products, one for each offset, and 25 sums over the whole output.
#
# **Columns.** Write down what each window sees, 25 numbers, as a column of a matrix; then all is
# *one* product. (It is known as *im2col*.) There is one call instead of 25, but the matrix holds
# every pixel 25 times and has to be written and read.

# %%
few = min(10, side)  # the middle of the image is enough to see it
top = (side - few) // 2
middle = image[top : top + few, top : top + few]
table = np.stack([seen(middle, i, j).ravel() for i, j in offsets])  # (25, pixels)
one_row = W.reshape(1, 25) @ table
assert np.allclose(one_row.ravel(), convolve(middle, W).ravel())

figure, axes = plt.subplots(3, 1, figsize=(9.5, 4.6), height_ratios=(1, 9, 1))
text = f"times what the windows see: 25 rows, {few * few} windows side by side"
show(axes[0], W.reshape(1, 25), "the kernel: 25 numbers in a row")
show(axes[1], table, text, "gray_r")
show(axes[2], one_row, f"is the output: {few * few} numbers, folded back into {few} x {few} pixels")
axes[0].set(aspect="auto")
axes[1].set(ylabel="offset in the kernel", aspect="auto")
axes[2].set(xlabel="window", aspect="auto")
figure.suptitle(f"The convolution as one matrix product ({DATA})")
plt.show()

# %% [markdown]
# **Box: frequencies.** The discrete Fourier transform writes an image as a sum of waves. A wave
# that is convolved stays the same wave; only its height and phase change. So for waves a
# convolution is *one multiplication each*, $Y_f = X_f\, \overline{W_f}$ (the convolution theorem;
# the conjugate, because our kernel is not flipped). Waves are periodic, so the image gets a border.

# %%
P = side + 4  # a period with room for the border
waves = np.fft.fft2(image, (P, P)) * np.fft.fft2(W, (P, P)).conj()
back = np.roll(np.fft.ifft2(waves).real, (2, 2), axis=(0, 1))  # the kernel's middle is at (2, 2)
print(f"by waves: largest difference {abs(back[:side, :side] - y).max():.0e}")

# %% [markdown]
# All three are in the package. What do they cost?

# %%
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D

WAYS = {"offsets": Conv2D, "columns": ColumnsConv2D, "frequencies": FrequencyConv2D}
N = 8 if FAST else 32  # images at a time


def measure(way, n_in, n_out, repeats=5):
    """Forward and backward of N images: (results, milliseconds an image, the best time)."""
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
print(f"{side} x {side} pixels, 5 x 5 kernels: milliseconds an image, forward and backward")
print(f"{'channels':12}" + "".join(f"{way:>14}" for way in WAYS))
for n_in, n_out in ((1, 16), (16, 16), (64, 64)):
    results = {way: measure(way, n_in, n_out) for way in WAYS}
    for arrays, _ in results.values():  # the same numbers, whatever the way
        for ours, theirs in zip(arrays, results["offsets"][0]):
            assert np.allclose(ours, theirs, atol=1e-4 * abs(theirs).max())
    print(f"{f'{n_in} to {n_out}':12}" + "".join(f"{cost:14.2f}" for _, cost in results.values()))

# %% [markdown]
# With one input channel the 25 products are tiny, and what each of them costs beside the
# multiplication counts: columns win. With many channels the products are large enough by
# themselves, and columns gain nothing. There waves win: the way there and back costs the same for
# each channel, while a product costs for each *pair* of channels. `conv2d` in `nn/fast/choice.py`
# chooses.
#
# ## 5. Pooling: which pixel was the largest?
#
# Between convolutions, pooling makes the images smaller: of each 3 x 3 window, two pixels apart,
# keep the largest (or the mean). It has no weights, but the gradient has to pass. The largest pixel
# decided alone, so it gets everything; the others, had they been a little different, would have
# changed nothing. Windows overlap: a pixel that is the largest of several gets several.

# %%
from dni_np.nn.pooling import AveragePool2D, MaxPool2D

crop, gradients = y[center, center], {}
for pool in (MaxPool2D(), AveragePool2D()):
    pooled, cache = pool.forward(crop[None, :, :, None])
    dx = pool.backward(np.ones_like(pooled), cache)  # a gradient of 1 at every output
    gradients[type(pool).__name__] = pooled[0, :, :, 0], dx[0, :, :, 0]

by_hand, padded = np.zeros((10, 10)), np.pad(crop, 1, constant_values=-np.inf)
for a, b in np.ndindex(4, 4):
    window = padded[2 * a : 2 * a + 3, 2 * b : 2 * b + 3]
    i, j = np.unravel_index(window.argmax(), (3, 3))
    by_hand[2 * a + i, 2 * b + j] += 1
assert np.array_equal(by_hand[1:-1, 1:-1], gradients["MaxPool2D"][1])
for name, (_, dx) in gradients.items():
    print(f"{name}: {np.count_nonzero(dx)} of {dx.size} pixels have a gradient")

# %%
figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.9))
largest, to_largest = gradients["MaxPool2D"]
_, to_all = gradients["AveragePool2D"]
show(axes[0], crop, "8 x 8 pixels of the output")
for a, b in np.argwhere(to_largest > 0):
    axes[0].plot(b, a, "o", color=style.BACKPROP, markersize=1 + 2 * to_largest[a, b])
show(axes[1], largest, "the largest of each window", limit=abs(crop).max())
show(axes[2], to_largest, "the gradient of the maximum ...", limit=6)
show(axes[3], to_all, "... and of the mean", limit=2)
for axis, values in zip(axes[2:], (to_largest, to_all)):
    for (a, b), value in np.ndenumerate(values):
        if value:
            axis.text(b, a, f"{value:.2g}", ha="center", va="center", fontsize=6)
figure.suptitle(f"Where pooling sends its gradient, if 1 arrives at each of 16 outputs ({DATA})")
plt.show()

# %% [markdown]
# The mean of a window spreads it evenly, whatever the pixels: a smooth gradient. The maximum picks,
# and its gradient is sparse.
#
# ## Exercises
#
# 1. **Stride.** Let the window shift by two pixels at a time. What becomes of $y$ and of $dx$?
# 2. **A kernel of ones** (over 25) is a mean. What does its matrix look like, and what does its
#    input gradient do?
#
# <details><summary><b>Solutions</b> (open when you have tried)</summary>
#
# 1. Only every second window is there: `y = convolve(image, W)[::2, ::2]`. The others take no part:
#    fill their places in $dy$ with zeros and go on as before. Where no window has its large
#    weights, $dx$ is small: it may show a checkerboard.
#
#    ```python
#    strided_dy = np.ones((side, side))[::2, ::2]
#    dy = np.zeros((side, side))
#    dy[::2, ::2] = strided_dy
#    figure, axis = plt.subplots(figsize=(3, 3))
#    show(axis, input_gradient(dy, W))
#    ```
#
# 2. Five bands of five equal diagonals, and the matrix is symmetric: flipped, the kernel is itself.
#    So the gradient is averaged as the image was.
#
#    ```python
#    ones = as_matrix(lambda one: convolve(one, np.full((5, 5), 1 / 25)), 8)
#    assert np.allclose(ones, ones.T)
#    ```
#
# </details>
#
# ## As predicted?
#
# | prediction | found |
# |---|---|
# | 1. weights | 4,096 and 25 |
# | 2. gradient of the input | a convolution of $dy$ with the flipped kernel |
# | 3. pixels with a gradient | 11 of 64 with the maximum, 64 with the mean |
# | 4. fastest | columns for one channel, frequencies for 64 |
#
# - A convolution is a small linear layer that slides: 25 shifted images, weighted and added. Its
#   matrix is local and the same everywhere.
# - Backward, the kernel's gradient correlates the input with $dy$; the input's gradient paints the
#   kernel at every output pixel: the transposed matrix.
# - Offsets, columns and frequencies give the same numbers; which is fastest depends on the
#   channels, and on the machine.
#
# Next: **[What if the guess is an image?](09_images.ipynb)**

"""Choice: the fastest version of each layer. All experiments take their layers from here.

    conv2d           Conv2D by columns or by frequencies, see below
    lstm             LSTM in few large pieces
    max_pool2d, average_pool2d, batchnorm2d, relu2d      for images, a few of them at a time
    sgd, adam                                            the optimizers, on all cores
    together         a context in which all updates of a step are made at its end

Each takes the arguments of the layer to read in `nn`, and makes one that computes the same.

Convolutions, measured on one processor core, batch 64, 5 x 5 kernels. Milliseconds an image,
forward and backward (the first layer has no input gradient to compute):

    images      channels     textbook   columns   frequency   PyTorch, channels last
    28 x 28     1 to 64         1.84       0.08        0.42       0.08
    28 x 28     64 to 64        6.5        5.8         1.24       2.0
    14 x 14     64 to 64        1.25       1.2         0.29       0.51
    16 x 16     128 to 128      8.0        7.5         1.39       2.5

So: columns where they are few, else frequencies. A GPU takes columns: large matrix products are
what it does best. (NumPy 2.4 with OpenBLAS's AVX-512 kernel on an AMD EPYC.)
"""

from dni_np import backend
from dni_np.arguments import size
from dni_np.nn.fast.conv_columns import ColumnsConv2D
from dni_np.nn.fast.conv_frequency import FrequencyConv2D
from dni_np.nn.fast.images import BatchNorm2D, ReLU2D
from dni_np.nn.fast.lstm import FastLSTM
from dni_np.nn.fast.optimizers import FastAdam, FastSGD, together
from dni_np.nn.fast.pooling import FastAveragePool2D, FastMaxPool2D

FEW = 100  # numbers that a kernel sees

lstm = FastLSTM
max_pool2d, average_pool2d = FastMaxPool2D, FastAveragePool2D
batchnorm2d, relu2d = BatchNorm2D, ReLU2D
sgd, adam = FastSGD, FastAdam


def conv2d(n_in, n_out, rng, kernel=5, stride=1, padding="same", **options):
    """The fastest Conv2D for these sizes; arguments as there."""
    n_in, kernel, stride = size("n_in", n_in), size("kernel", kernel), size("stride", stride)
    by_frequency = backend.on_host() and stride == 1 and kernel > 1 and kernel * kernel * n_in > FEW
    version = FrequencyConv2D if by_frequency else ColumnsConv2D
    return version(n_in, n_out, rng, kernel, stride, padding, **options)

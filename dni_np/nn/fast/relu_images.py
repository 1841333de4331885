"""ReLU for images, a few at a time: on several processor cores, and in their caches."""

from dni_np.backend import xp
from dni_np.nn.activations import ReLU
from dni_np.nn.checks import check_batch, check_gradient
from dni_np.nn.fast.batch_threads import in_parallel
from dni_np.nn.windows import image_blocks


class ReLU2D(ReLU):
    """ReLU for images (N, H, W, n): the same function and gradient."""

    def forward(self, x, training=True):
        check_batch(self, x, (4,))
        y, zero = xp.empty_like(x), xp.zeros(x.shape[-1], x.dtype)
        in_parallel(lambda block: xp.maximum(x[block], zero, out=y[block]), image_blocks(x))
        return y, y

    def backward(self, dy, cache, input_gradient=True):
        check_gradient(self, dy, cache.shape)
        y, dx = cache, xp.empty_like(dy)
        in_parallel(lambda block: xp.multiply(dy[block], y[block] > 0, out=dx[block]), image_blocks(y))
        return dx

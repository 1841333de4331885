"""The convolution in the frequency domain: there it is a product (the convolution theorem).

    y = x * W    becomes    Y[f] = X[f] conj(W[f])        a matrix product at each frequency f

A 5 x 5 kernel on 28 x 28 images multiplies each pair of channels 28 * 28 * 25 = 19,600 times.
In the frequency domain there are 16 * 30 complex numbers, so 4 * 480 = 1,920 times; going there
and back costs about as much again. The three sums of a convolution use the same spectra:

    dX[f] = dY[f] W[f]^T              dW[f] = X[f]^T conj(dY[f])

A period of H + padding is enough: what wraps around falls on pixels that are not used.
"""

from dni_np.backend import xp
from dni_np.errors import UserError
from dni_np.nn.conv import Conv2D
from dni_np.nn.fast.batch_threads import in_parallel, slices, sum_in_parallel
from dni_np.nn.fast.dft import analyze, factors, multiply, synthesize

BLOCK = 32  # images at a time: their spectra stay in the processor's cache


class FrequencyConv2D(Conv2D):
    """Conv2D of stride 1 by the discrete Fourier transform."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if self.windows.stride != 1:
            raise UserError(
                "a convolution in the frequency domain has stride 1, "
                f"not {self.windows.stride}: take ColumnsConv2D"
            )

    def correlate(self, x):
        P, Q = self.periods(x)
        W = factors(self.kernel_spectrum(P, Q), conjugate=True)
        y = xp.empty((len(x), *self.windows.count(x), self.params["W"].shape[3]), x.dtype)

        def convolve(block):
            spectrum = multiply(analyze(x[block], P, Q), W)  # (F, 2, Q, n, n_out)
            corner = -self.windows.before, -self.windows.before
            y[block] = synthesize(spectrum, P, Q, *corner, *y.shape[1:3])

        in_parallel(convolve, slices(len(x), BLOCK))
        return y

    def gradients(self, x, dy, input_gradient):
        """Both at once: they share the spectrum of dy."""
        P, Q = self.periods(x)
        before, k = self.windows.before, self.windows.size
        W = factors(self.kernel_spectrum(P, Q).swapaxes(3, 4))  # of (F, 2, Q, n_out, n_in)
        dx = xp.empty_like(x) if input_gradient else None

        def give_back(block):
            dY = analyze(dy[block], P, Q)
            if input_gradient:
                dx[block] = synthesize(multiply(dY, W), P, Q, before, before, *x.shape[1:3])
            X = analyze(x[block], P, Q).swapaxes(3, 4)
            return multiply(X, factors(dY, conjugate=True))  # (F, 2, Q, n_in, n_out)

        total = sum_in_parallel(give_back, slices(len(x), BLOCK))
        dW = synthesize(total, P, Q, -before, -before, k, k)  # (n_in, k, k, n_out)
        return dx, dW.transpose(1, 2, 0, 3)

    def periods(self, x):
        return x.shape[1] + self.windows.after, x.shape[2] + self.windows.after  # after >= before

    def kernel_spectrum(self, P, Q):
        """(F, 2, Q, n_in, n_out): the kernels as small images, one for each input channel."""
        return analyze(self.params["W"].transpose(2, 0, 1, 3), P, Q)

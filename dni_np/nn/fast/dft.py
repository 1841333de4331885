"""The discrete Fourier transform of small images, as matrix products.

    X[f, g] = sum_{a, b} x[a, b] exp(-2 pi i (f a / P + g b / Q)),        f = 0..P/2,  g = 0..Q-1

x is real, so the other half of the rows is the complex conjugate of this one. For images of a
few dozen pixels a product with the matrix of cosines and sines runs at the processor's full
speed, and no fast Fourier transform gets near that. Any period will do.

A spectrum is stored as real numbers, (P/2 + 1, 2, Q, N, C), the 2 for real and imaginary part:
at each frequency there is then a matrix (N, C), ready for a product with the kernel's (C, D).
"""

from functools import lru_cache

import numpy as np

from dni_np.backend import asarray, xp


def analyze(x, P, Q):
    """Images x (N, H, W, C) -> spectrum (F, 2, Q, N, C), periods P and Q, F = P // 2 + 1."""
    n, h, w, c = x.shape
    down, across = (asarray(matrix, x.dtype) for matrix in _analysis(h, w, P, Q))
    F = P // 2 + 1
    rows = down @ x.reshape(n, h, w * c)  # (N, 2 F, W C)
    spectrum = xp.empty((F, 2 * Q, n, c), x.dtype)
    # The product writes each sample's part to its place: no copy to reorder.
    xp.matmul(across, rows.reshape(n, F, 2 * w, c), out=spectrum.transpose(2, 0, 1, 3))
    return spectrum.reshape(F, 2, Q, n, c)


def synthesize(spectrum, P, Q, top, left, h, w):
    """The images' pixels at rows top..top+h, columns left..left+w (periodic): (N, h, w, C)."""
    F, _, _, n, c = spectrum.shape
    across, down = (asarray(matrix, spectrum.dtype) for matrix in _synthesis(P, Q, top, left, h, w))
    rows = across @ spectrum.reshape(F, 2 * Q, n, c).transpose(2, 0, 1, 3)  # (N, F, 2 w, C)
    return (down @ rows.reshape(n, 2 * F, w * c)).reshape(n, h, w, c)


def multiply(a, factors):
    """At each frequency the complex matrix product a b, (F, 2, Q, N, D), a (F, 2, Q, N, C).

    b comes as its `factors`, for three real products in place of four (Gauss):

        (p + iq)(r + is) = (k - q (r + s)) + i (k + p (s - r))        k = (p + q) r
    """
    p, q = a[:, 0], a[:, 1]
    r, difference, total = factors
    product = xp.empty((*a.shape[:4], r.shape[3]), a.dtype)
    real, imaginary = product[:, 0], product[:, 1]
    xp.matmul(p + q, r, out=real)
    xp.add(real, p @ difference, out=imaginary)
    real -= q @ total
    return product


def factors(b, conjugate=False):
    """r, s - r and r + s of b = r + i s (or r - i s), (F, 2, Q, C, D): what `multiply` takes."""
    r, s = b[:, 0], b[:, 1]
    return (r, -s - r, r - s) if conjugate else (r, s - r, r + s)


@lru_cache(maxsize=64)
def _analysis(h, w, P, Q):
    """The matrices of `analyze`.

    Down the rows, real to complex: (2 F, h), rows (f, re/im). Across, complex to complex:
    (2 Q, 2 w).
    """
    angle = 2 * np.pi * np.outer(np.arange(P // 2 + 1), np.arange(h)) / P
    down = np.stack([np.cos(angle), -np.sin(angle)], axis=1).reshape(-1, h)
    angle = 2 * np.pi * np.outer(np.arange(Q), np.arange(w)) / Q
    return down, _complex(np.cos(angle), -np.sin(angle))


@lru_cache(maxsize=64)
def _synthesis(P, Q, top, left, h, w):
    """Across, complex to complex: (2 w, 2 Q). Down, complex to real: (h, 2 F)."""
    angle = 2 * np.pi * np.outer(np.arange(left, left + w), np.arange(Q)) / Q
    across = _complex(np.cos(angle), np.sin(angle)) / Q
    f = np.arange(P // 2 + 1)
    weight = np.where((f == 0) | (2 * f == P), 1, 2) / P  # 2: for the conjugate rows, left out
    angle = 2 * np.pi * np.outer(np.arange(top, top + h), f) / P
    down = np.stack([weight * np.cos(angle), -weight * np.sin(angle)], axis=2).reshape(h, -1)
    return across, down


def _complex(real, imaginary):
    """A complex matrix that acts on stacked real and imaginary parts."""
    return np.block([[real, -imaginary], [imaginary, real]])

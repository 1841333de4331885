"""Fast layers: the functions of `nn`, faster; each is tested against the page in `nn`.

    choice              which version is fastest: the one place that chooses
    conv_columns        the convolution as one matrix product
    dft                 the Fourier transform of small images, as matrix products
    conv_frequency      the convolution where it is a product
    pooling             a few images at a time
    images              batch normalization and ReLU of images, the same way
    batch_threads       a batch in parts, on several processor cores at once
    lstm                the LSTM in few large pieces

No page of `nn`, `dni` or `rules` imports any of them: the code that builds a network chooses.
"""

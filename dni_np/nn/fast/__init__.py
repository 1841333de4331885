"""The functions of `nn` once more, faster; each is tested against the page to read.

    conv_columns        the convolution as one matrix product
    dft                 the Fourier transform of small images, as matrix products
    conv_frequency      the convolution where it is a product
    conv_choice         which of them is fastest
    batchnorm_images    normalize each channel, a few images at a time
    relu_images         a ReLU for images
    batch_threads       a batch in parts, on several processor cores at once
"""

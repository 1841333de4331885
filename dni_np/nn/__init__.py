"""Part I: a network you can see through.

Each page is one idea and its gradient, in reading order:

    layer          the contract: forward returns a cache, backward takes it back
    linear         y = x W + b
    activations    sigmoid, tanh, ReLU
    batchnorm      normalize each unit over the batch
    sequential     layers one after another are a layer
    initializers   where weights start
    losses         softmax cross-entropy, squared error
    flat           all parameters in one buffer
    optimizers     SGD with momentum, Adam
    schedules      learning rates that step down
    head           the top of a network: where the loss is
    rule           what every way of training has in common
    gradcheck      is a hand-written gradient right?

For images:

    windows            which part of an image each offset of a kernel meets
    conv               the convolution, as one would explain it
    conv_columns       the same as one matrix product
    dft                the Fourier transform of small images, as matrix products
    conv_frequency     the convolution where it is a product
    conv_choice        which of them is fastest
    batchnorm_images   normalize each channel, a few images at a time
    relu_images        a ReLU for images
    pooling            maximum and mean of each window
    threads            a batch in parts, on several processor cores at once
    reshape            between images and rows of features

For sequences:

    lstm               states handed in and out; a cell that remembers, unrolled and backpropagated by hand
    batchnorm_lstm     the same, normalized step by step
    embedding          symbols as rows of numbers
    each_step          an ordinary layer at every step
    sequence_losses    the sum over the steps that count
"""

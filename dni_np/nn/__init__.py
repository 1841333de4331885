"""Layers, losses and optimizers, written to be read: one idea and its gradient a page.

    layer          the contract: forward returns a cache, backward takes it back
    checks         argument checks: refuse in a sentence what does not fit
    linear         y = x W + b
    activations    sigmoid, tanh, ReLU
    batchnorm      normalize each unit over the batch
    composite      a layer made of several
    sequential     layers one after another are a layer
    initializers   where weights start
    losses         softmax cross-entropy, squared error
    flat           all parameters in one buffer
    optimizers     SGD with momentum, Adam
    schedules      learning rates that step down
    recursive_least_squares    the optimizer of a linear model that must follow a moving target
    cholesky_solve             A X = B for a symmetric, positive definite A
    clip                       gradients of bounded norm
    gradcheck      a gradient compared with central differences

For images:

    windows        which part of an image each offset of a kernel meets
    conv           the convolution, as a sum over the kernel's offsets
    pooling        maximum and mean of each window
    reshape        between images and rows of features

For sequences:

    lstm               states handed in and out; the LSTM, unrolled and backpropagated by hand
    batchnorm_lstm     the same, normalized step by step
    embedding          symbols as rows of numbers
    time_distributed   an ordinary layer at every step
    sequence_losses    the sum over the steps that count

fast/ holds the same functions, faster.
"""

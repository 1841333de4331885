"""Solutions of the cells to write in the toolbox's convolution; the tests run them there."""


def kernel_gradient(image, dy):
    return np.array([(seen(image, i, j) * dy).sum() for i, j in offsets]).reshape(5, 5)

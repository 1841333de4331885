"""Solutions of the cells to write in notebook 01; the tests run them in their place."""


def update_synthetic_weights(self, true_gradient):
    error = self.synthetic_gradient - true_gradient
    self.weights_synthetic_grads -= self.sg_alpha * self.seen.T @ error

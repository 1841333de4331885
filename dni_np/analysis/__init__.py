"""Part IV: is the gradient any good?

The chapters:

    gradient_error    cosine, L2 and sign error between synthetic and true gradients
"""

"""Theory: small networks that can be analyzed in closed form (Czarnecki et al. 2017).

    linear_theory      deep linear networks: what they and their guesses converge to
    critical_points    where learning stops, with true gradients and with a limited guess
    logistic_theory    a loss that is not quadratic: a linear guess stalls
"""

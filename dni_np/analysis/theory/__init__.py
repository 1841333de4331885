"""Small networks whose every point can be computed (Czarnecki et al. 2017).

    linear_theory      deep linear networks: where they end, and what their guesses become
    critical_points    where learning stops: points that a limited guess keeps, loses and makes
    logistic_theory    a loss that is not quadratic: a linear guess stalls
"""

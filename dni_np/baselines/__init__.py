"""Part III: what to compare with.

The chapters:

    backprop                     the true gradient for every layer
    no_backprop                  no gradient at all below the top: "No Bprop" in Jaderberg et al. 2017, table 2
    feedback_alignment           backpropagation through fixed random weights
    direct_feedback_alignment    the output's error, through fixed random weights to every layer
    kickback                     the output's error times a unit's influence on the next layer
    local_losses                 a classifier of its own for every layer
"""

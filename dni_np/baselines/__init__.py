"""Part III: what to compare with.

The chapters:

    backprop       the true gradient for every layer
    no_backprop    no gradient at all below the top: "No Bprop" in Jaderberg et al. 2017, table 2
"""

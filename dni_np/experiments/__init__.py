"""All that stands behind `python -m dni_np`: no page of the idea is here.

    cli           the commands; parsing.py their grammar
    kinds         where the kinds of experiments differ, side by side
    experiment    runs a plan: folders, resuming
    plans         from options to a plan
    checked       refuses wrong values; memory.py what does not fit
    reporting     the table and the figures; plotting.py draws them

    feedforward/     images and sums
    sequences/       Copy, Repeat Copy, characters
    two_networks/    odd digits and threes
"""

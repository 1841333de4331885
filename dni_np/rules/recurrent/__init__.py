"""Rules through time (Jaderberg et al. 2017, figure 10): a long sequence, a few steps at a time.

    truncated_bptt     no gradient from later chunks
    dni                a synthetic gradient stands in for all that comes after the chunk
    cdni               one that also sees the labels to come
    dni_aux            the same as dni, with an auxiliary task: predict the guess of T steps later
    bp_lambda          a weighted mean of guess and backpropagated gradient at every step

One update a sequence, for guesses that learn from later chunks:

    update_per_sequence     what they share: gradients summed until the sequence ends
    boundary_guesses        linear guesses of the whole state, one for each boundary or one for all
    dni_trace               each guess's error also corrects all earlier guesses, along the cell
    shared_trace            the same in constant memory, with one guess for all boundaries
    accumulate_bp_lambda    the exact trace, for small cores
"""

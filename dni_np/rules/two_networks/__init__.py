"""Two networks that run at different speeds (Jaderberg et al. 2017, section D.3).

    networks           one sees every digit, the other receives a message every T digits
    decoupled          the two rules: A waits for B's gradients, or uses guesses of them
    decoupled_label    a guess that also sees the count of threes so far
    decoupled_pixels   a guess that also sees the digits before the message
"""

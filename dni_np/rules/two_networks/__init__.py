"""Two networks that run at different speeds (Jaderberg et al. 2017, section D.3).

    networks           one sees every digit, the other receives a message once every T
    decoupled          how they learn: the one waits for the other, or does not
    decoupled_label    a guess that knows the count of threes so far
"""

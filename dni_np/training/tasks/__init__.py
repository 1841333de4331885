"""Tasks: each draws batches, and measures.

    task            the base class: what every task must offer
    images          classifying images (and adding numbers)
    copying         Copy and Repeat Copy: a curriculum's episodes, a few time steps at once
    characters      predicting a text, with early stopping
    two_networks    streams of digits, and two counts
"""

"""Part VI: training.

The chapters:

    loop          the only one, for any rule and any task
    images        the task of classifying images, and what any task has
    copying       the task of Copy and Repeat Copy: a curriculum's episodes, a few time steps at once
    characters    the task of predicting a text, with early stopping
    two_clocks    the task of two networks: streams of digits, and two counts
    history       the rows a run leaves behind, as CSV and JSON lines
    checkpoint    a whole run in one file, never half-written
    files         write beside, then rename
    allocator     memory freed in one step is kept for the next
    interrupt     Ctrl-C stops between two steps, not within one
"""

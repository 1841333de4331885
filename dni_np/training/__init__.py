"""Training: one loop for every rule and every task.

    loop          the training loop
    history       the measurements of a run, one row each, as CSV and JSON lines
    snapshot      all that a run depends on at one moment
    checkpoint    a whole run in one file, never half-written
    files         atomic writes; a file that cannot be read is named in one sentence
    one_at_a_time a lock: two runs never write into one folder
    allocator     memory freed in one step is kept for the next
    memory        how much of it a run holds at most
    interrupt     Ctrl-C stops between two steps, not within one
    tasks/        the tasks: batches, and measures of progress
"""

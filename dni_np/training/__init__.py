"""Training: one loop for every rule and every task.

    loop          the only one
    history       the rows a run leaves behind, as CSV and JSON lines
    snapshot      all that a run depends on at one moment
    checkpoint    a whole run in one file, never half-written
    files         write beside, then rename; what cannot be read is named in one sentence
    one_at_a_time two runs never write into one folder
    allocator     memory freed in one step is kept for the next
    memory        how much of it a run holds at most
    interrupt     Ctrl-C stops between two steps, not within one
    tasks/        what there is to learn
"""

"""Parallel: the same units, each group on a worker of its own.

    events      who did what when, as it was measured
"""

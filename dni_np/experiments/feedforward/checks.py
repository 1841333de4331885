"""What some options of a run on images must be: it depends on the others (`s`, the settings)."""

from dni_np.experiments.checks import Check, between, each, one_of
from dni_np.experiments.least_squares import RLS
from dni_np.rules.late_targets import ANEW, LEARNED

CONV, DENSE = "conv", "dense"  # guesses for feature maps


def sources(s):
    """What guesses can see; pictures are of the classes, for convolutions of feature maps."""
    names = ("output", "normalized", "label", "picture" if by_convolutions(s) else "input")
    wanted = f"one or more of {', '.join(names)}, none twice"
    return each(one_of(*names), wanted, count=range(1, 5), differ=True)


def fitting(s):
    """What guesses can learn by."""
    if not by_convolutions(s):
        return one_of("same", "adam", "sgd", RLS)
    names = ("same", "adam", "sgd")
    return Check(lambda name: name in names, "same, adam or sgd: rls fits no convolutions")


def by_convolutions(s):
    """Whether its guesses are convolutions."""
    return s.network == "cnn" and s.guess == CONV


def cuts(s):
    wanted = f"layers from 1 to {s.depth - 1}, none twice: the network has {s.depth}"
    return each(between(1, s.depth - 1), wanted, differ=True)


def target_mixtures(s):
    if s.targets == "true":
        return Check(lambda values: values == (), "left out with --targets true")
    n = s.cores - 1
    wanted = f"numbers from 0 (the next guess) to 1 (the true gradient), one or {n}"
    return each(between(0, 1), wanted, count={0, 1, n})


def workers(s):
    if s.targets == "true":
        why = "1 with --targets true: guesses wait for a backpropagation"
        return Check(lambda n: n == 1, why)
    check = between(1, s.cores)
    ranks = ", one for each rank of mpiexec -n" if s.engine == "mpi" else ""
    return check._replace(wanted=check.wanted + ranks)


def staleness(s):
    """With lambda targets and 0, every worker would wait for the top one in every batch."""
    if any(s.target_lambda):
        wanted = "from 1 to 1000 with --target-lambda, or each worker waits for the top one"
        return Check(lambda n: 1 <= n <= 1000, wanted)
    return between(0, 1000)


def micro_batches(s):
    """Each has a sample at least, or two where they are normalized."""
    if s.task == "addition":
        return between(1, s.batch_size)
    most = s.batch_size // 2
    return between(1, most)._replace(wanted=f"from 1 to {most}, of two samples at least")


def lateness(s):
    """Of one worker: several have a lateness of their own, up to --staleness."""
    if s.workers > 1 or s.targets == "true":
        why = "several workers (see --staleness)" if s.workers > 1 else "--targets true"
        return Check(lambda n: n == 0, f"0 with {why}")
    return between(0, 1000)


def late_guesses(s):
    left_out = Check(lambda name: name == ANEW, "left out without --late")
    return one_of(*LEARNED) if s.late else left_out


def splits(s):
    n = s.cores
    wanted = f"{s.workers} sizes of at least 1 that add up to {n} layers"
    return Check(lambda v: not v or len(v) == s.workers and sum(v) == n and min(v) > 0, wanted)


def mixtures(s):
    n = s.cores - 1
    wanted = f"numbers from 0 (the guess alone) to 1 (backpropagation alone), one or {n}"
    return each(between(0, 1), wanted, count={1, n})

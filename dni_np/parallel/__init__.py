"""Parallel: the same units, each group of neighbors on a worker of its own.

    pipeline          a rule whose units are spread over workers: step, drain, close
    crew              its workers while they run, as the caller sees them
    apart             which rules can run so
    worker            a group of units, its only owner; whom it waits for, and why that ends
    mailbox           messages between workers: in order, bounded, each for one batch
    shared_mailbox    the same between processes: raw bytes in shared memory
    looking           is there something to read in its pipe?
    threads           the workers are threads
    streams           the same, each with a CUDA stream of its own
    processes         the workers are processes
    mpi               the workers are ranks, on one machine or several: mpiexec -n 4 ...
    mpi_mailbox       the mailbox between ranks
    mpi_world         all ranks, as one of them sees them
    serve             what a worker beside the caller does
    split             which worker has which units, and which guesses learn on it
    blas              one thread for matrix products in each worker
    two_networks      two networks on two clocks, each on a worker
    locked            backpropagation on workers, with micro-batches: to compare with
    stage             a worker of such a pipeline
    optimizer_part    one core's part of the optimizer of a whole network
    events            who did what when, as it was measured
    trace             the same as a file, which Perfetto opens
    summary           what each worker did, how much it waited, what it sent

And what more workers than this machine has would do, from the times of a run:

    durations         how long each layer's work took
    machine           what is supposed of the workers and their messages; what comes out
    simulator         decoupled workers
    simulated_pipeline    a locked pipeline with micro-batches, and plain backpropagation
    simulated_events  events of a simulation, as those of a run

    python -m dni_np mnist --rule cdni --layers 7 --workers 2
    python -m dni_np mnist --rule backprop --layers 7 --workers 2 --micro-batches 4

An engine (Threads, Streams, Processes, Ranks) is made with a Job; it starts the workers beside the
caller, which `serve`, has the caller's Lines to them, and the verbs `killed` and `stop`. Ranks are
started by mpiexec, before the caller has a job, and stay for the next one:

    pip install "dni_np[mpi]"
    mpiexec -n 4 python -m dni_np mnist --rule cdni --layers 7 --engine mpi
    mpiexec -f hosts -n 4 python -m dni_np mnist --rule cdni --layers 7 --engine mpi

The file `hosts` has the name of a machine in each line (`mpi` says what each of them needs).
"""

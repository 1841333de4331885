"""Looking: is there something to read in a pipe, and has its other end gone?

    look = looking(connection)
    look(0.1)        True as soon as there is, or the other end has gone; False after 0.1 seconds

    with closed_if_it_ends(): ...

`looking` is as connection.poll, which makes a selector each time: 35 microseconds, several times a
batch.
"""

import contextlib
import select

from dni_np.parallel.mailbox import Closed


def looking(connection):
    """For the process that reads; it cannot be sent to another one."""
    if not hasattr(select, "poll"):  # Windows
        return connection.poll
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return lambda timeout: bool(poll.poll(1e3 * timeout))


@contextlib.contextmanager
def closed_if_it_ends():
    """Closed in place of an error of a pipe whose other end has gone; in the middle of a message,
    because its process was killed, that is an OSError without a number.
    """
    try:
        yield
    except (EOFError, ConnectionError):
        raise Closed from None
    except OSError as error:
        if error.errno is None:
            raise Closed from None
        raise

"""Threads: the workers beside the caller are threads of this process.

NumPy lets other threads go on while it computes, but what lies between two computations is done by
one thread at a time. So threads gain less than processes do; they start at once, and nothing is
copied.
"""

import threading

from dni_np.parallel.mailbox import Line, Mailbox
from dni_np.parallel.serve import serve, wiring


class Threads:
    """An engine: it starts workers 2, 3, ..., and keeps the caller's ends of the mailboxes.

    `lines`: a Line to each of them. `above`: the Line to worker 2, as the neighbor above.
    """

    mailbox = Mailbox

    def __init__(self, job):
        self.lines, self.above, others = wiring(job, lambda room: line(room, self.mailbox))
        self.threads = [
            threading.Thread(target=self.work, args=(number, job, lines), daemon=True)
            for number, lines in enumerate(others, 2)
        ]
        for thread in self.threads:
            thread.start()

    def work(self, number, job, lines):
        """The whole life of worker `number`, in its thread."""
        serve(number, job, lines)

    def killed(self):
        """None: nobody ends a thread from outside."""
        return None

    def stop(self):
        """End all workers; their mailboxes are closed afterwards."""
        for mine in (*self.lines, self.above):
            mine.send.close()
            mine.receive.close()
        for thread in self.threads:
            thread.join()


def line(room, mailbox=Mailbox):
    """The two ends of a Line between threads."""
    up, down = mailbox(room), mailbox(room)
    return Line(up, down), Line(down, up)

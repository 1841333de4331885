"""python -m dni_np, and the command dni_np.

Importing takes a second. Ctrl-C would interrupt it anywhere, with a page of error; until the
imports are done it ends the program at once, with the line that it has later.
"""

import os
import signal


def main():
    """Import the command line, then run it; return the exit status."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop)
    from dni_np.experiments.cli import main as run

    signal.signal(signal.SIGINT, before)
    return run()


def _stop(number, frame):
    os.write(2, b"dni_np: interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    raise SystemExit(main())

"""Runs a module as `python -m` does, and stops it when the process that started it is gone.

`python -m backend.cli.tied gunicorn …` with a pipe as standard input: the pipe ends when its other side
does, even by `kill -9`, and the module gets the SIGTERM that its parent could no longer send.
"""

import os
import runpy
import signal
import sys
import threading


def _stop_at_the_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the module that the first argument names, with the other arguments as its own."""
    threading.Thread(target=_stop_at_the_end_of_input, name="tied", daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

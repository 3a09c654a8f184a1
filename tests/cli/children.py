"""Processes for a supervisor to look after: `python -m tests.cli.children {gentle,stubborn,brief} FILE`.

Each writes its process id to FILE when it is ready to be stopped.
"""

import os
import signal
import sys
import time
from pathlib import Path


def main(kind: str, file: Path) -> None:
    """Be a child of that kind."""
    if kind == "gentle":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    draft = file.with_suffix(".new")
    draft.write_text(str(os.getpid()))
    draft.rename(file)
    if kind == "brief":
        # Not before the other one can say that it was stopped.
        while not file.with_name("gentle").exists():
            time.sleep(0.01)
        sys.exit(3)
    time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

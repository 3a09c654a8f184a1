"""`python -m bench` runs every measurement, `python -m bench engine hot_swap` those named.

A measurement is a module of this folder with a `main`. Each runs in a process of its own, so that none
warms up, or fills the memory of, the next. Exits with 1 when one of them does.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent


def measurements() -> list[str]:
    """The names of the modules that have a `main`, in order."""
    return sorted(
        path.stem for path in FOLDER.glob("[!_]*.py") if "\ndef main(" in path.read_text(encoding="utf-8")
    )


def main(wanted: Sequence[str]) -> int:
    """Run those `wanted`, or all."""
    known = measurements()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"bench: no measurement is called {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    failed = [name for name in wanted or known if _run(name) != 0]
    if failed:
        print(f"bench: failed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(name: str) -> int:
    print(f"--- {name}", flush=True)
    command = [sys.executable, "-m", f"{FOLDER.name}.{name}"]
    return subprocess.run(command, cwd=FOLDER.parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Makes `.venv` and installs what is pinned: `setup.py run` (run and test) or `setup.py dev` (checkers too).

Runs on the machine's own Python (3.11 or newer) with the standard library only. It does nothing when
the pinned files have not changed since the last time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
DURABLE_BEFORE = (3, 13)


def say(text: str) -> None:
    """One line about what is going on."""
    print(f"setup: {text}", flush=True)


def fail(text: str) -> None:
    """Stop with what to do about it."""
    sys.exit(f"setup: {text}")


def stamp_of(files: list[Path]) -> str:
    """What the installed state depends on: this Python and the pinned files."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Pip inside the environment, quiet; its output is kept for the case that it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)


def make_environment() -> None:
    """A fresh virtual environment, or a sentence on why there is none."""
    say(f"making .venv with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], text=True, capture_output=True, check=False
    )
    if made.returncode != 0:
        fail(
            "this Python cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv.\n"
            + made.stdout[-1500:]
            + made.stderr[-1500:]
        )


def install(names: list[str]) -> None:
    """Everything pinned in the named files; the output of pip is shown only when it fails."""
    for name in names:
        say(f"installing {name} (the first time takes a minute)")
        done = pip("--require-hashes", "-r", name)
        if done.returncode != 0:
            fail(f"pip could not install {name}. Check the network and try again.\n{done.stderr[-3000:]}")


def install_durable() -> None:
    """The C rule matcher where it can be built; without it the compiled matcher serves the same answers."""
    if sys.version_info >= DURABLE_BEFORE:
        say("durable-rules does not support Python 3.13 or newer: the compiled matcher serves")
        return
    if not (shutil.which("cc") or shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0])):
        say("no C compiler: the compiled matcher serves instead of durable-rules")
        return
    say("building durable-rules")
    if pip("--require-hashes", "-r", "requirements-durable.txt").returncode != 0:
        say("durable-rules cannot be built here: the compiled matcher serves the same answers")


def main() -> None:
    """Bring `.venv` up to what is pinned."""
    if sys.version_info < OLDEST:
        fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    names = ["requirements.txt"]
    if sys.argv[1:] == ["dev"]:
        names.append("requirements-dev.txt")
    stamp_file = VENV / f"setup-{names[-1]}.stamp"
    stamp = stamp_of([ROOT / n for n in [*names, "requirements-durable.txt"]])
    if stamp_file.exists() and stamp_file.read_text() == stamp and PYTHON.exists():
        return
    started = time.monotonic()
    os.umask(0o022)
    if not PYTHON.exists() or subprocess.run([str(PYTHON), "-c", "import pip"], check=False).returncode != 0:
        make_environment()
    install(names)
    install_durable()
    stamp_file.write_text(stamp)
    say(f"ready in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()

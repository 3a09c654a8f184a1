"""What tests of the durable matcher share."""

import subprocess
import sys

import pytest

from backend.config import ROOT
from backend.engine.durable_ruleset import durable_available, unavailable_reason

needs_durable = pytest.mark.skipif(not durable_available(), reason=str(unavailable_reason()))


def run_apart(script: str, *, seconds: int = 60) -> subprocess.CompletedProcess[str]:
    """Run Python source in a process of its own: what crashes or hangs there harms nobody."""
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
    )

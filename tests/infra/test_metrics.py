import os
import subprocess
import sys
from pathlib import Path

from backend.config import ROOT
from backend.infra.metrics import forget_ended

COUNT = "from backend.infra import metrics; metrics.booking_entered('confirmed'); metrics.IN_PROGRESS.inc()"
SHOW = "import sys; from backend.infra import metrics; sys.stdout.buffer.write(metrics.exposition())"


def run(folder: Path, code: str) -> str:
    """What a process that shares `folder` prints."""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    return done.stdout.decode()


class TestSharedFolder:
    def test_what_several_processes_counted_is_shown_as_one(self, tmp_path: Path) -> None:
        folder = tmp_path / "not yet there"

        run(folder, COUNT)
        run(folder, COUNT)

        assert 'bookings_total{status="confirmed"} 2.0' in run(folder, SHOW)

    def test_files_of_processes_that_ended_are_removed_at_the_next_start(self, tmp_path: Path) -> None:
        run(tmp_path, COUNT)
        own = tmp_path / f"counter_{os.getpid()}.db"
        own.touch()

        forget_ended(tmp_path)

        assert list(tmp_path.iterdir()) == [own]

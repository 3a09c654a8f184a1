"""Child processes without coverage, which would double what they take.

For those that run in great numbers what tests in this process measure as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

# By them coverage tells the children of a measured process to measure themselves.
VARIABLES: Final = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


@contextmanager
def children_unmeasured() -> Iterator[None]:
    """Processes that start meanwhile are not measured."""
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        yield

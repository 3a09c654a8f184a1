"""A Dask cluster as an executor: an optional extra (requirements-dask.txt)."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from backend.kernel.errors import UpstreamError


class ClusterError(UpstreamError):
    """The cluster cannot be used."""

    title = "No cluster"


@contextmanager
def dask_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor on the cluster whose scheduler listens at `address`, and how much it does at once.

    Its workers must be able to import this program, in the same version. ClusterError.
    """
    try:
        # Imported by name, as it has no types, and need not be there.
        distributed: Any = import_module("distributed")
    except ImportError:
        raise ClusterError("Dask is not installed: pip install -r requirements-dask.txt.") from None
    try:
        client = distributed.Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise ClusterError(f"There is no Dask scheduler at {address}: {error}") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterError(f"The Dask scheduler at {address} has no workers.")
        with client.get_executor() as executor:
            yield executor, threads

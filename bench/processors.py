"""Where the processors' time of a measurement goes: to the web processes, the stores, the clients."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Final

import psutil

# What the processes of each store are called.
STORES: Final = {"postgres": "PostgreSQL", "valkey-server": "Valkey", "redis-server": "Redis"}


def spent(server: int) -> Mapping[str, float]:
    """Seconds of processor time so far by part; `server` is the process whose children serve the web."""
    own, times = os.getpid(), Counter[str]()
    for process in psutil.process_iter(["pid", "ppid", "name", "cpu_times"]):
        found = process.info
        if server in {found["pid"], found["ppid"]}:
            part = "web"
        elif found["pid"] == own:
            part = "clients"
        elif found["name"] in STORES and found["cpu_times"] is not None:
            part = STORES[found["name"]]
        else:
            continue
        times[part] += found["cpu_times"].user + found["cpu_times"].system
    return times


def told(before: Mapping[str, float], after: Mapping[str, float], count: int) -> str:
    """Milliseconds for each of `count` things, of all parts together and of each."""
    each = {part: (after[part] - before.get(part, 0.0)) / count * 1000 for part in sorted(after)}
    shares = ", ".join(f"{part} {milliseconds:.2f}" for part, milliseconds in each.items())
    return f"{sum(each.values()):.2f} ({shares})"

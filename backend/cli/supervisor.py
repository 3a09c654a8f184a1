"""Runs several processes as one: asked to stop, it stops them gently; when one dies, it stops the rest."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.config import ROOT

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# How children that were asked to stop may end.
GOOD_ENDS: Final = frozenset({0, -signal.SIGTERM})

Say = Callable[[str], None]


@dataclass(frozen=True)
class Command:
    """A module to run with `python -m`, and what people call the process."""

    name: str
    arguments: Sequence[str]


@dataclass(frozen=True)
class _Child:
    name: str
    process: Process
    ended: "asyncio.Task[int]"


async def supervise(
    commands: Sequence[Command],
    *,
    environment: Mapping[str, str],
    stop_seconds: float,
    say: Say,
    when_started: Callable[[], Awaitable[None]],
) -> int:
    """Run all commands until a stop signal or until one of them ends; the exit status for this process.

    A second stop signal, or `stop_seconds` after the first, kills what still runs.
    """
    stop, kill = asyncio.Event(), asyncio.Event()
    _on_signals(stop, kill)
    children = [await _start(command, environment) for command in commands]
    asked = asyncio.create_task(stop.wait())
    started = asyncio.ensure_future(when_started())
    await asyncio.wait([asked, *(c.ended for c in children)], return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    for child in children:
        if child.ended.done() and not stop.is_set():
            say(f"the {child.name} process ended by itself with status {child.ended.result()}")
    clean = stop.is_set()
    asked.cancel()
    say("stopping: requests and jobs under way are finished first")
    statuses = await _stop(children, kill, stop_seconds)
    say("stopped")
    return 0 if clean and all(status in GOOD_ENDS for status in statuses) else 1


def _on_signals(stop: asyncio.Event, kill: asyncio.Event) -> None:
    def handle() -> None:
        (kill if stop.is_set() else stop).set()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, handle)


async def _start(command: Command, environment: Mapping[str, str]) -> _Child:
    # A session of its own: Ctrl-C in the terminal reaches this process only, which asks gently.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "backend.cli.tied",
        *command.arguments,
        cwd=ROOT,
        env=environment,
        stdin=PIPE,
        start_new_session=True,
    )
    return _Child(command.name, process, asyncio.create_task(process.wait()))


async def _stop(children: Sequence[_Child], kill: asyncio.Event, seconds: float) -> list[int]:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.process.terminate()
    ends = asyncio.gather(*(child.ended for child in children))
    hurry = asyncio.create_task(kill.wait())
    waited: list[asyncio.Future[Any]] = [ends, hurry]
    await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    for child in children:
        if not child.ended.done():
            child.process.kill()
    return await ends

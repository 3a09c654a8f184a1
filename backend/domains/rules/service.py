"""The rulebook that this process serves, and how a publication or a changed folder becomes the next one.

A candidate is first read and run through its scenarios in a child process; a crash there is a
refusal in words, and what is served stays. Swapping is one assignment: a request keeps the rulebook
it took at its start, so one price never mixes two.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from backend.domains.rules.releases import Published, Releases
from backend.engine.matcher import MatcherFactory
from backend.engine.matcher_compiled import compiled
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra.clock import Clock
from backend.infra.rule_files import folder_sources, read_sources
from backend.infra.rule_trial import Trial
from backend.kernel.errors import InvalidError, NotFoundError

log = structlog.get_logger(__name__)

RELEASES_AT_HAND: Final = 4

Wait = Callable[[], object]
"""Returns when there may be something new, and after a moment in any case."""


class UnknownReleaseError(NotFoundError):
    """A release that was never served here."""


class RulesRefusedError(InvalidError):
    """Rule files that cannot be served; `problems` says why, a sentence each."""

    title = "The rules are not valid"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems), extra={"problems": list(problems)})
        self.problems = tuple(problems)


class RulesService:
    """Serves one rulebook at a time; safe to use from several threads."""

    def __init__(
        self,
        *,
        folder: Path,
        engine: Engine,
        clock: Clock,
        matcher: MatcherFactory,
        matcher_name: str,
        trial: Trial,
        folder_wins: bool = True,
    ) -> None:
        """Serve the newest publication; with `folder_wins`, or when there is none, what `folder` says.

        When the files of the folder are wrong, the newest publication serves. The folder with which a
        database is first served becomes its first publication.
        Raises RulesRefusedError with every problem when there is no publication to fall back on.
        """
        self.matcher_name = matcher_name
        self._folder = folder
        self._releases = Releases(engine)
        self._clock = clock
        self._matcher = matcher
        self._trial = trial
        self._changing = threading.Lock()
        self._problems: tuple[str, ...] = ()
        self._served: Rulebook | None = None
        # Right after a swap many quotes of the release before it are still to be honoured.
        self._kept = lru_cache(maxsize=RELEASES_AT_HAND)(self._read_kept)
        self._seen: frozenset[tuple[str, int, int]] = frozenset()
        self._followed = 0
        self._start(folder_wins=folder_wins)

    def rulebook(self) -> Rulebook:
        """The rulebook being served. Take it once for one answer."""
        if self._served is None:
            raise RulesRefusedError(self._problems)
        return self._served

    def problems(self) -> tuple[str, ...]:
        """Why the newest edit is not served; empty when it is."""
        return self._problems

    def reload(self) -> bool:
        """Serve what the folder says now; False, with `problems()`, when it cannot be served."""
        with self._changing:
            # Taken first: a file that changes while it is read is read again.
            self._seen = fingerprint(self._folder)
            try:
                candidate = self._admit(folder_sources(self._folder))
            except RulebookError as error:
                return self._refuse([str(problem) for problem in error.problems])
            except RulesRefusedError as error:
                return self._refuse(error.problems)
            if self._served is None or candidate.version != self._served.version:
                # Quotes refer to it from the moment it serves.
                self._releases.keep(
                    version=candidate.version, sources=candidate.sources, at=self._clock.now()
                )
                self._serve(candidate)
            else:
                candidate.close()
            self._problems = ()
            return True

    def follow(self) -> bool:
        """Serve the newest publication, if this process did not yet; whether there was a new one.

        It was tried before it was published. One that this process cannot read all the same changes
        nothing, and `problems()` says why.
        """
        with self._changing:
            newest = self._releases.published()
            if newest is None or newest.number <= self._followed:
                return False
            self._swap_to(newest)
            self._followed = newest.number
            return True

    def watch(
        self, stop: threading.Event, *, wait: Wait, folder: bool, also: Sequence[Callable[[], object]] = ()
    ) -> None:
        """Follow publications, and with `folder` changed files, each time `wait` returns, until `stop`.

        `also` is what else follows the database: called at each turn, it must not fail.
        """
        while not stop.is_set():
            wait()
            try:
                self.follow()
                if folder and fingerprint(self._folder) != self._seen:
                    self.reload()
            except SQLAlchemyError as error:
                log.warning("rules_not_followed", error=str(error))
            for follow in also:
                follow()

    def release(self, *, version: str) -> Rulebook:
        """A rulebook that was served once, read again from its kept files. UnknownReleaseError."""
        served = self.rulebook()
        return served if served.version == version else self._kept(version)

    def _start(self, *, folder_wins: bool) -> None:
        newest = self._releases.published()
        self._followed = newest.number if newest else 0
        if newest and not folder_wins:
            self._swap_to(newest)
        if self._served is None and not self.reload() and newest:
            self._serve(read_sources(self._sources(newest.version), matcher=self._matcher))
        served = self.rulebook().version
        if newest is None:
            self._releases.publish_first(version=served, at=self._clock.now())

    def _swap_to(self, newest: Published) -> None:
        if self._served is not None and self._served.version == newest.version:
            return
        try:
            self._serve(read_sources(self._sources(newest.version), matcher=self._matcher))
        except RulebookError as error:
            self._refuse([str(problem) for problem in error.problems])
        else:
            self._problems = ()

    def _sources(self, version: str) -> Mapping[str, str]:
        sources = self._releases.sources(version)
        if sources is None:
            raise UnknownReleaseError(f"There is no release {version} of the rules.")
        return sources

    def _read_kept(self, version: str) -> Rulebook:
        return read_sources(self._sources(version), matcher=compiled)

    def _admit(self, sources: Mapping[str, str]) -> Rulebook:
        """The candidate, read by this process once a child process has survived it."""
        result = self._trial(sources)
        if not result.ok:
            raise RulesRefusedError(result.messages)
        return read_sources(sources, matcher=self._matcher)

    def _serve(self, rulebook: Rulebook) -> None:
        # What is replaced is given back when the last request that uses it lets go.
        replaced, self._served = self._served, rulebook
        # The first one is no news: /ready tells which is served.
        (log.info if replaced else log.debug)("rules_served", release=rulebook.version)

    def _refuse(self, problems: Sequence[str]) -> bool:
        self._problems = tuple(problems)
        log.error("rules_refused", problems=list(problems))
        return False


def fingerprint(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Name, size and time of change of every file; a file that vanishes meanwhile counts as gone."""
    found: set[tuple[str, int, int]] = set()
    for file in sorted(folder.rglob("*")):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        found.add((str(file), status.st_size, status.st_mtime_ns))
    return frozenset(found)

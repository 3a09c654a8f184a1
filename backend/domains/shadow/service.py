"""Starting, stopping and reading shadows, in the caller's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from backend.domains.rules.checking import RuleChecks
from backend.domains.shadow.models import ShadowRow, ShadowTallyRow
from backend.domains.shadow.tally import Tally, read_tally, sum_of
from backend.infra.after_commit import after_commit
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError

SUBJECT: Final = "rules"
LONGEST: Final = timedelta(days=30)
WHOLE: Final = Decimal(100)
_TIME_IS_UP: Final = "its time was up"


class ShadowRunsError(ConflictError):
    """Another shadow runs; there is one at a time."""

    title = "A shadow runs already"


class NoShadowError(NotFoundError):
    """No shadow runs, or there never was one."""


class ShadowStatus(StrEnum):
    """What became of a shadow."""

    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Shadow:
    """A draft that is evaluated beside live quotes, and how long.

    `sample` is a percentage; `ended_at` and `because` are None while it runs.
    """

    id: str
    version: str
    status: ShadowStatus
    sample: Decimal
    author: str
    note: str
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    because: str | None


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What all processes found so far; `stored_at` says up to when, None before the first of them stored."""

    shadow: Shadow
    tally: Tally
    processes: int
    stored_at: datetime | None


@dataclass(frozen=True)
class ShadowService:
    """What staff do with shadows. `announce` wakes the processes that follow."""

    session: DbSession
    clock: Clock
    audit: AuditLog
    checks: RuleChecks
    announce: Callable[[], None]

    def start(
        self, *, sources: Mapping[str, str], note: str, author: str, lasts: timedelta, sample: Decimal = WHOLE
    ) -> Shadow:
        """Evaluate the rulebook of these texts beside live quotes from the commit on.

        `sample` is the percentage of quotes. Raises RulesRefusedError when the trial finds problems,
        InvalidError for a time or sample out of range, ShadowRunsError when there is one already.
        """
        _require_bounds(lasts, sample)
        draft = self.checks.readable(sources)
        now = self.clock.now()
        self._end_what_is_over(now)
        row = ShadowRow(
            id=ids.new_id(ids.SHADOW),
            version=draft.version,
            sources=dict(draft.sources),
            sample=sample,
            author=author,
            note=note,
            started_at=now,
            ends_at=now + lasts,
        )
        self._add(row)
        self.audit.record(
            actor_id=author,
            action="rules.shadow_started",
            subject=SUBJECT,
            after={"shadow": row.id, "version": row.version, "sample": str(sample), "note": note},
        )
        after_commit(self.session, self.announce)
        return _shadow(row, now)

    def stop(self, *, author: str) -> Shadow:
        """End the running shadow. NoShadowError when none runs."""
        now = self.clock.now()
        query = select(ShadowRow).where(ShadowRow.stopped_at.is_(None), ShadowRow.ends_at > now)
        row = self.session.scalars(query.with_for_update()).one_or_none()
        if row is None:
            raise NoShadowError("No shadow runs.")
        row.stopped_at, row.stopped_because = now, f"{author} stopped it"
        self.session.flush()
        self.audit.record(
            actor_id=author, action="rules.shadow_stopped", subject=SUBJECT, before={"shadow": row.id}
        )
        after_commit(self.session, self.announce)
        return _shadow(row, now)

    def report(self) -> ShadowReport:
        """What the running shadow, or the one that ran last, has found. NoShadowError."""
        query = select(ShadowRow).order_by(ShadowRow.started_at.desc(), ShadowRow.id.desc()).limit(1)
        row = self.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise NoShadowError("No shadow was started yet.")
        found = self.session.execute(
            select(ShadowTallyRow.tally, ShadowTallyRow.stored_at).where(ShadowTallyRow.shadow_id == row.id)
        ).all()
        return ShadowReport(
            shadow=_shadow(row, self.clock.now()),
            tally=sum_of(read_tally(one.tally) for one in found),
            processes=len(found),
            stored_at=max((one.stored_at for one in found), default=None),
        )

    def _end_what_is_over(self, now: datetime) -> None:
        over = update(ShadowRow).where(ShadowRow.stopped_at.is_(None), ShadowRow.ends_at <= now)
        self.session.execute(over.values(stopped_at=ShadowRow.ends_at, stopped_because=_TIME_IS_UP))

    def _add(self, row: ShadowRow) -> None:
        try:
            with self.session.begin_nested():
                self.session.add(row)
        except IntegrityError as error:
            if violated(error) != "uq_rule_shadows_running":
                raise
            raise self._runs_already() from error

    def _runs_already(self) -> ShadowRunsError:
        running = self.session.scalars(select(ShadowRow).where(ShadowRow.stopped_at.is_(None))).first()
        until = f" until {running.ends_at:%Y-%m-%d %H:%M} UTC ({running.note})" if running else ""
        return ShadowRunsError(
            f"Another shadow runs{until}. Stop that one first, or wait for its end.",
            extra={"version": running.version, "author": running.author} if running else None,
        )


def _require_bounds(lasts: timedelta, sample: Decimal) -> None:
    if not timedelta(0) < lasts <= LONGEST:
        raise InvalidError(f"A shadow runs for {LONGEST.days} days at most, and for some time at least.")
    if not 0 < sample <= WHOLE or sample != round(sample, 2):
        raise InvalidError("The sample is a percentage above 0 and up to 100, with two decimals at most.")


def _shadow(row: ShadowRow, now: datetime) -> Shadow:
    status, ended_at, because = ShadowStatus.RUNNING, row.stopped_at, row.stopped_because
    if ended_at is None and row.ends_at <= now:
        ended_at, because = row.ends_at, _TIME_IS_UP
    if ended_at is not None:
        status = ShadowStatus.ENDED if because == _TIME_IS_UP else ShadowStatus.STOPPED
    return Shadow(
        id=row.id,
        version=row.version,
        status=status,
        sample=row.sample,
        author=row.author,
        note=row.note,
        started_at=row.started_at,
        ends_at=row.ends_at,
        ended_at=min(ended_at, row.ends_at) if ended_at else None,
        because=because,
    )

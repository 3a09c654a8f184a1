"""Changing a provider's schedule, by themselves or by staff."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from backend.domains.availability.models import (
    AllocationRow,
    OpeningHoursRow,
    ScheduleExceptionRow,
    ScheduleRow,
)
from backend.domains.availability.queries import alive, read_schedules
from backend.domains.availability.schedule import (
    MINUTE,
    Mode,
    OpeningHours,
    Schedule,
    ScheduleException,
    local_wall,
)
from backend.domains.availability.slot_ids import slot_id
from backend.domains.catalog.service import CatalogService
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, StaleError
from backend.kernel.time import zone
from backend.kernel.versions import Edit

_OVERLAPS: Final = {
    "ex_opening_hours_overlap": ("hours", "Two stretches of the same day overlap."),
    "ex_schedule_exceptions_units": ("exceptions", "Two exceptions give units for the same time."),
}


class CapacityTakenError(ConflictError):
    """More seats are taken than the new schedule has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePatch:
    """What to change of a schedule; None leaves it. `hours` replaces those of the weekdays that it has."""

    mode: Mode | None = None
    is_open: bool | None = None
    hours: Mapping[int, tuple[OpeningHours, ...]] | None = None
    exceptions: tuple[ScheduleException, ...] | None = None
    buffer_before: timedelta | None = None
    buffer_after: timedelta | None = None
    notice: timedelta | None = None
    horizon_days: int | None = None
    units: int | None = None

    def apply(self, schedule: Schedule) -> Schedule:
        """The schedule as it is afterwards."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        changes = {name: value for name, value in values.items() if value is not None and name != "hours"}
        if self.hours is not None:
            kept = [hours for hours in schedule.hours if hours.weekday not in self.hours]
            new = [hours for day in self.hours.values() for hours in day]
            changes["hours"] = tuple(sorted([*kept, *new]))
        return replace(schedule, **changes)


@dataclass(frozen=True)
class ScheduleService:
    """Reads and changes schedules."""

    session: DbSession
    catalog: CatalogService
    clock: Clock
    audit: AuditLog

    def schedule(self, *, provider_id: str) -> Schedule:
        """The whole schedule of a provider; the default one (version 0, no hours) if they never made any."""
        found = read_schedules(self.session, provider_ids=[provider_id], first=date.min, last=date.max)
        return found.get(provider_id, Schedule())

    def change(self, *, provider_id: str, patch: SchedulePatch, edit: Edit) -> Schedule:
        """Apply a patch. What is booked stays booked, whatever is closed.

        StaleError; InvalidError for hours that overlap; CapacityTakenError names the slots of which
        more seats are taken than the schedule would have.
        """
        # Whoever takes seats shares this lock: none are taken while we look and write.
        self.session.execute(
            select(ScheduleRow.provider_id).where(ScheduleRow.provider_id == provider_id).with_for_update()
        )
        before = self.schedule(provider_id=provider_id)
        edit.expect(before.version)
        after = replace(patch.apply(before), version=before.version + 1)
        self._refuse_overfull(provider_id, after)
        self._write(provider_id, after)
        self.audit.record(
            actor_id=edit.actor_id,
            action="schedule.changed",
            subject=provider_id,
            before=_document(before),
            after=_document(after),
        )
        return after

    def _refuse_overfull(self, provider_id: str, schedule: Schedule) -> None:
        if schedule.exclusive:
            return
        now, taken = self.clock.now(), AllocationRow
        tz = zone(self.catalog.provider(provider_id=provider_id).timezone)
        rows = self.session.execute(
            select(taken.product_id, taken.starts_at, func.sum(taken.seats).label("seats"))
            .where(taken.provider_id == provider_id, ~taken.exclusive, taken.starts_at > now, alive(now))
            .group_by(taken.product_id, taken.starts_at)
            .order_by(taken.starts_at, taken.product_id)
        )
        overfull = [
            slot_id(product_id=row.product_id, starts_at=row.starts_at)
            for row in rows
            if row.seats > schedule.capacity(local_wall(row.starts_at, tz))
        ]
        if overfull:
            raise CapacityTakenError(
                f"{len(overfull)} slots have more seats taken than that; move or cancel bookings first.",
                extra={"slots": overfull[:100]},
            )

    def _write(self, provider_id: str, schedule: Schedule) -> None:
        try:
            self._write_schedule(provider_id, schedule)
            self._write_hours(provider_id, schedule.hours)
            self._write_exceptions(provider_id, schedule.exceptions)
        except IntegrityError as error:
            if (constraint := violated(error)) not in _OVERLAPS:
                raise
            field, message = _OVERLAPS[constraint]
            raise InvalidError(message, errors={field: [message]}) from error

    def _write_schedule(self, provider_id: str, schedule: Schedule) -> None:
        values = {
            "mode": schedule.mode,
            "is_open": schedule.is_open,
            "buffer_before_minutes": schedule.buffer_before // MINUTE,
            "buffer_after_minutes": schedule.buffer_after // MINUTE,
            "notice_minutes": schedule.notice // MINUTE,
            "horizon_days": schedule.horizon_days,
            "units": schedule.units,
            "version": schedule.version,
        }
        statement = upsert(ScheduleRow).values(provider_id=provider_id, **values)
        written = self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[ScheduleRow.provider_id],
                set_=values,
                where=ScheduleRow.version == schedule.version - 1,
            ).returning(ScheduleRow.provider_id)
        ).all()
        if not written:
            raise StaleError("Somebody else made this schedule at the same moment; read it again.")

    def _write_hours(self, provider_id: str, hours: tuple[OpeningHours, ...]) -> None:
        self.session.execute(delete(OpeningHoursRow).where(OpeningHoursRow.provider_id == provider_id))
        rows = [
            {"provider_id": provider_id, "weekday": h.weekday, "opens": h.opens, "closes": h.closes}
            for h in hours
        ]
        if rows:
            self.session.execute(insert(OpeningHoursRow.__table__), rows)  # type: ignore[arg-type]

    def _write_exceptions(self, provider_id: str, exceptions: tuple[ScheduleException, ...]) -> None:
        mine = ScheduleExceptionRow.provider_id == provider_id
        self.session.execute(delete(ScheduleExceptionRow).where(mine))
        rows = [
            {
                "id": ids.new_id(ids.EXCEPTION),
                "provider_id": provider_id,
                "kind": exception.kind,
                "starts": exception.starts,
                "ends": exception.ends,
                "units": exception.units,
            }
            for exception in exceptions
        ]
        if rows:
            self.session.execute(insert(ScheduleExceptionRow.__table__), rows)  # type: ignore[arg-type]


def _document(schedule: Schedule) -> dict[str, Any]:
    """The schedule as the audit log keeps it."""
    return {
        "mode": schedule.mode,
        "is_open": schedule.is_open,
        "hours": [[h.weekday, h.opens, h.closes] for h in schedule.hours],
        "exceptions": [[e.kind, _iso(e.starts), _iso(e.ends), e.units] for e in schedule.exceptions],
        "buffer_before_minutes": schedule.buffer_before // MINUTE,
        "buffer_after_minutes": schedule.buffer_after // MINUTE,
        "notice_minutes": schedule.notice // MINUTE,
        "horizon_days": schedule.horizon_days,
        "units": schedule.units,
        "version": schedule.version,
    }


def _iso(wall: datetime) -> str:
    return wall.isoformat(timespec="minutes")

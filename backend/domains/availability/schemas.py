"""JSON of schedules and holds. Local times are the provider's wall clock; `timezone` names it."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import marshmallow as ma

from backend.domains.availability.schedule import (
    MINUTE,
    MINUTES_A_DAY,
    ExceptionKind,
    Mode,
    OpeningHours,
    ScheduleException,
)
from backend.domains.availability.schedules import SchedulePatch
from backend.kernel import ids
from backend.web.fields import InstantField, QuerySchema, Schema, id_field

Length, Range = ma.validate.Length, ma.validate.Range

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 (wall clock times)
LONGEST_LOOK: Final = timedelta(days=92)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


class WallMinuteField(ma.fields.String):
    """A time of day, 00:00 to 24:00, as minutes since local midnight."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"example": "09:30", "pattern": f"^({_CLOCK.pattern})$"}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return f"{value // 60:02}:{value % 60:02}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not _CLOCK.fullmatch(text):
            raise ma.ValidationError("Must be a time of day such as 09:30, at most 24:00.")
        return int(text[:2]) * 60 + int(text[3:])


def _wall_field(**options: Any) -> ma.fields.NaiveDateTime:
    return ma.fields.NaiveDateTime(
        format="%Y-%m-%dT%H:%M",
        required=True,
        validate=Range(EARLIEST, LATEST),
        metadata={
            "example": "2026-12-24T12:00",
            "format": "local-date-time",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$",
        },
        **options,
    )


class OpeningHoursSchema(Schema):
    """A stretch of a day."""

    opens = WallMinuteField(required=True)
    closes = WallMinuteField(required=True)

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A stretch ends after it starts; one over midnight is two, ending and starting there."""
        if data["opens"] >= data["closes"]:
            raise ma.ValidationError("Must be after `opens`; write hours over midnight as two.", "closes")


def _day(**options: Any) -> ma.fields.Field[Any]:
    return ma.fields.List(ma.fields.Nested(OpeningHoursSchema), validate=Length(max=24), **options)


WeekSchema = Schema.from_dict({day: _day() for day in WEEKDAYS}, name="WeekSchema")
WeekPatchSchema = Schema.from_dict({day: _day(allow_none=True) for day in WEEKDAYS}, name="WeekPatchSchema")


class ScheduleExceptionSchema(Schema):
    """A stretch of local time that is closed, open beyond the hours, or has other units."""

    kind = ma.fields.Enum(ExceptionKind, by_value=True, required=True)
    starts = _wall_field()
    ends = _wall_field()
    units = ma.fields.Integer(strict=True, validate=Range(0, 10_000), load_default=None, allow_none=True)

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """It ends after it starts, and has units exactly if they are what it is about."""
        if data["starts"] >= data["ends"]:
            raise ma.ValidationError("Must be after `starts`.", "ends")
        if (data["kind"] is ExceptionKind.UNITS) != (data["units"] is not None):
            raise ma.ValidationError("Required for kind `units`, and for no other.", "units")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> ScheduleException:
        """The value that the service takes."""
        return ScheduleException(**data)


def _minutes(most: int, **options: Any) -> ma.fields.Integer:
    return ma.fields.Integer(strict=True, validate=Range(0, most), **options)


class SchedulePatchSchema(Schema):
    """A merge patch (RFC 7396): what is missing stays, null empties, a list replaces a list."""

    mode = ma.fields.Enum(Mode, by_value=True)
    is_open = ma.fields.Boolean()
    hours = ma.fields.Nested(WeekPatchSchema, allow_none=True)
    exceptions = ma.fields.List(
        ma.fields.Nested(ScheduleExceptionSchema), validate=Length(max=1000), allow_none=True
    )
    buffer_before_minutes = _minutes(MINUTES_A_DAY)
    buffer_after_minutes = _minutes(MINUTES_A_DAY)
    notice_minutes = _minutes(365 * MINUTES_A_DAY)
    horizon_days = ma.fields.Integer(strict=True, validate=Range(1, 730))
    units = ma.fields.Integer(strict=True, validate=Range(1, 10_000))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> SchedulePatch:
        """The patch that the service takes."""
        changes = dict(data)
        for name in ("buffer_before", "buffer_after", "notice"):
            if f"{name}_minutes" in changes:
                changes[name] = changes.pop(f"{name}_minutes") * MINUTE
        if "hours" in changes:
            changes["hours"] = _hours(changes["hours"])
        if "exceptions" in changes:
            changes["exceptions"] = tuple(changes["exceptions"] or ())
        return SchedulePatch(**changes)


def _hours(week: Mapping[str, list[dict[str, int]] | None] | None) -> dict[int, tuple[OpeningHours, ...]]:
    if week is None:
        return dict.fromkeys(range(len(WEEKDAYS)), ())
    return {
        WEEKDAYS.index(day): tuple(
            OpeningHours(WEEKDAYS.index(day), **stretch) for stretch in stretches or ()
        )
        for day, stretches in week.items()
    }


class OpenPeriodSchema(Schema):
    """A stretch of time in which the provider is open."""

    starts_at = InstantField()
    ends_at = InstantField()


class AvailabilitySchema(Schema):
    """How a provider can be booked, and when they are open on the asked days (bookings left aside)."""

    provider = id_field(ids.PROVIDER)
    timezone = ma.fields.String()
    mode = ma.fields.Enum(Mode, by_value=True)
    is_open = ma.fields.Boolean()
    hours = ma.fields.Nested(WeekSchema)
    exceptions = ma.fields.List(ma.fields.Nested(ScheduleExceptionSchema))
    buffer_before_minutes = ma.fields.Integer()
    buffer_after_minutes = ma.fields.Integer()
    notice_minutes = ma.fields.Integer()
    horizon_days = ma.fields.Integer()
    units = ma.fields.Integer()
    open = ma.fields.List(ma.fields.Nested(OpenPeriodSchema))


class DaysQuerySchema(QuerySchema):
    """Local days [from, to)."""

    first = ma.fields.Date(data_key="from", load_default=None)
    last = ma.fields.Date(data_key="to", load_default=None)

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Some days, in the years that schedules know, and not too many of them."""
        first, last = data["first"], data["last"]
        for name, day in (("from", first), ("to", last)):
            if day is not None and not EARLIEST.date() <= day <= LATEST.date():
                raise ma.ValidationError("Must be between the years 2000 and 2199.", name)
        if first and last and not first < last <= first + LONGEST_LOOK:
            raise ma.ValidationError(f"Must be 1 to {LONGEST_LOOK.days} days after `from`.", "to")


def days_asked(query: Mapping[str, date | None], *, today: date) -> tuple[date, date]:
    """The days [first, last) that a query names: a week from today, unless told."""
    week = timedelta(days=7)
    first = query["first"] or (query["last"] - week if query["last"] else today)
    return first, query["last"] or first + week


class HoldNewSchema(Schema):
    """What to hold."""

    slot_id = ma.fields.String(required=True, validate=Length(max=64), metadata={"example": "slt_…"})
    party = ma.fields.Integer(strict=True, load_default=1, validate=Range(1, 10_000))


class HoldSchema(Schema):
    """A slot that is kept for the caller."""

    id = id_field(ids.HOLD)
    slot_id = ma.fields.String()
    party = ma.fields.Integer(attribute="seats")
    expires_at = InstantField()


class HoldListSchema(Schema):
    """The caller's holds."""

    items = ma.fields.List(ma.fields.Nested(HoldSchema))
    next = ma.fields.String(allow_none=True)

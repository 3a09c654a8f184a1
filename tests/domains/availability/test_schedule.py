"""Which slots a schedule offers: examples around changes of clocks, then properties against brute force."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.availability.schedule import (
    ExceptionKind,
    Mode,
    OpeningHours,
    Schedule,
    ScheduleException,
    offered_starts,
    open_periods,
)
from backend.kernel.time import Period, zone

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FOREVER = 40_000
EVERY_DAY = range(7)

# A zone, and a day on which its clocks change (Apia went without its 30 December 2011).
CHANGES = {
    "Europe/Paris": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "Pacific/Apia": [date(2011, 12, 30), date(2011, 12, 29)],
    "America/Havana": [date(2026, 3, 8), date(2026, 11, 1)],
    "Asia/Kathmandu": [date(2026, 3, 29)],
    "UTC": [date(2026, 3, 29)],
}


def daily(*stretches: tuple[int, int]) -> tuple[OpeningHours, ...]:
    """The same hours every day, in minutes since midnight."""
    return tuple(OpeningHours(day, opens, closes) for day in EVERY_DAY for opens, closes in stretches)


def starts_of(
    schedule: Schedule,
    day: date,
    tz: str = "UTC",
    *,
    minutes: int = 60,
    step: int | None = None,
    now: datetime = LONG_AGO,
) -> list[str]:
    """The starts of a local day as the provider's clock shows them."""
    starts = offered_starts(
        schedule,
        zone(tz),
        duration=timedelta(minutes=minutes),
        step=timedelta(minutes=step or minutes),
        first=day,
        last=day + DAY,
        now=now,
    )
    return [start.astimezone(zone(tz)).strftime("%H:%M") for start in starts]


class TestWeeklyHours:
    def test_offer_slots_that_fit_whole(self) -> None:
        schedule = Schedule(hours=daily((540, 750)), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == ["09:00", "10:00", "11:00"]

    def test_offer_steps_shorter_than_the_slot(self) -> None:
        schedule = Schedule(hours=daily((540, 660)), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7), step=30) == ["09:00", "09:30", "10:00"]

    def test_may_have_breaks_and_free_days(self) -> None:
        monday = (OpeningHours(0, 540, 600), OpeningHours(0, 780, 840))
        schedule = Schedule(hours=monday, horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == ["09:00", "13:00"]
        assert starts_of(schedule, date(2026, 12, 8)) == []

    def test_that_meet_at_midnight_let_a_slot_cross_it(self) -> None:
        schedule = Schedule(hours=daily((1380, 1440), (0, 60)), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7), minutes=120) == ["23:00"]

    def test_offer_nothing_while_a_toggle_is_off(self) -> None:
        schedule = Schedule(mode=Mode.TOGGLE, is_open=False, hours=daily((540, 720)), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == []

    def test_do_not_mind_the_toggle_in_other_modes(self) -> None:
        schedule = Schedule(is_open=False, hours=daily((540, 600)), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == ["09:00"]


class TestExceptions:
    def test_close_without_shifting_the_other_slots(self) -> None:
        noon = ScheduleException(
            ExceptionKind.CLOSED,
            datetime.fromisoformat("2026-12-07T10:30"),
            datetime.fromisoformat("2026-12-07T11:10"),
        )
        schedule = Schedule(hours=daily((540, 840)), exceptions=(noon,), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == ["09:00", "12:00", "13:00"]

    def test_open_beyond_the_hours_even_where_another_closes(self) -> None:
        away = ScheduleException(
            ExceptionKind.CLOSED,
            datetime.fromisoformat("2026-12-01T00:00"),
            datetime.fromisoformat("2027-01-01T00:00"),
        )
        just_today = ScheduleException(
            ExceptionKind.OPEN,
            datetime.fromisoformat("2026-12-07T18:15"),
            datetime.fromisoformat("2026-12-07T20:15"),
        )
        schedule = Schedule(hours=daily((540, 840)), exceptions=(away, just_today), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == ["18:15", "19:15"]

    def test_open_for_days_on_end_in_steps_from_their_start(self) -> None:
        fair = ScheduleException(
            ExceptionKind.OPEN,
            datetime.fromisoformat("2026-12-05T20:30"),
            datetime.fromisoformat("2026-12-07T03:00"),
        )
        schedule = Schedule(exceptions=(fair,), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 12, 7)) == ["00:30", "01:30"]

    def test_give_other_units_to_slots_that_start_within(self) -> None:
        small = ScheduleException(
            ExceptionKind.UNITS,
            datetime.fromisoformat("2026-12-07T00:00"),
            datetime.fromisoformat("2026-12-08T00:00"),
            units=3,
        )
        schedule = Schedule(mode=Mode.INVENTORY, units=10, exceptions=(small,))

        days = ["2026-12-06T23:59", "2026-12-07T00:00", "2026-12-08T00:00"]
        assert [schedule.capacity(datetime.fromisoformat(day)) for day in days] == [10, 3, 10]


class TestChangesOfClocks:
    """Hours 01:00 to 05:00 of the night in which the clocks change."""

    SCHEDULE = Schedule(hours=daily((60, 300)), horizon_days=FOREVER)

    @pytest.mark.parametrize(
        ("tz", "day", "starts"),
        [
            ("Europe/Paris", date(2026, 3, 29), ["01:00", "03:00", "04:00"]),
            ("Europe/Paris", date(2026, 10, 25), ["01:00", "02:00", "03:00", "04:00"]),
            ("Europe/Paris", date(2026, 10, 26), ["01:00", "02:00", "03:00", "04:00"]),
            ("America/New_York", date(2026, 3, 8), ["01:00", "03:00", "04:00"]),
            ("Asia/Kathmandu", date(2026, 3, 29), ["01:00", "02:00", "03:00", "04:00"]),
            ("Pacific/Apia", date(2011, 12, 30), []),
        ],
    )
    def test_skip_what_does_not_exist_and_offer_once_what_exists_twice(
        self, tz: str, day: date, starts: list[str]
    ) -> None:
        assert starts_of(self.SCHEDULE, day, tz) == starts

    def test_of_half_an_hour_leave_no_room_for_an_hour(self) -> None:
        # On Lord Howe 02:00 becomes 02:30: the slot that starts at 01:30 would reach 03:00 on the clock.
        schedule = Schedule(hours=daily((90, 150)), horizon_days=FOREVER)

        assert starts_of(schedule, date(2026, 10, 4), "Australia/Lord_Howe", step=30) == []
        assert starts_of(schedule, date(2026, 10, 5), "Australia/Lord_Howe", step=30) == ["01:30"]

    def test_lengthen_the_open_time_in_autumn(self) -> None:
        (night,) = open_periods(
            self.SCHEDULE, zone("Europe/Paris"), first=date(2026, 10, 25), last=date(2026, 10, 26)
        )

        assert night.end - night.start == 5 * HOUR


class TestNoticeAndHorizon:
    SCHEDULE = Schedule(hours=daily((540, 720)), notice=timedelta(minutes=90), horizon_days=2)
    NOW = datetime(2026, 12, 7, 8, 30, tzinfo=UTC)

    def test_leave_what_starts_at_the_end_of_the_notice(self) -> None:
        assert starts_of(self.SCHEDULE, date(2026, 12, 7), now=self.NOW) == ["10:00", "11:00"]

    @pytest.mark.parametrize(("day", "slots"), [(6, 0), (7, 2), (8, 3), (9, 3), (10, 0)])
    def test_count_local_days_from_today(self, day: int, slots: int) -> None:
        assert len(starts_of(self.SCHEDULE, date(2026, 12, day), now=self.NOW)) == slots

    @pytest.mark.parametrize("day", [date.min, date.max - DAY])
    def test_never_overflow(self, day: date) -> None:
        assert starts_of(self.SCHEDULE, day, now=self.NOW) == []


# What Hypothesis makes up.

minutes = st.integers(0, 96).map(lambda quarter: quarter * 15)


@st.composite
def hours(draw: st.DrawFn) -> tuple[OpeningHours, ...]:
    """Up to three stretches a day, never overlapping, as the database has them."""
    found = []
    for weekday in EVERY_DAY:
        edges = sorted(draw(st.lists(minutes, max_size=6, unique=True)))
        found += [
            OpeningHours(weekday, opens, closes)
            for opens, closes in zip(edges[::2], edges[1::2], strict=False)
        ]
    return tuple(found)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, str, date, datetime, timedelta, timedelta]:
    """A schedule around a change of clocks, and what is asked of it."""
    tz = draw(st.sampled_from(sorted(CHANGES)))
    first = draw(st.sampled_from(CHANGES[tz])) - draw(st.integers(0, 3)) * DAY
    midnight = datetime.combine(first, time())
    exceptions = [
        ScheduleException(
            draw(st.sampled_from([ExceptionKind.CLOSED, ExceptionKind.OPEN])),
            midnight + timedelta(minutes=15 * start),
            midnight + timedelta(minutes=15 * (start + draw(st.integers(1, 300)))),
        )
        for start in draw(st.lists(st.integers(-400, 400), max_size=3))
    ]
    schedule = Schedule(
        hours=draw(hours()),
        exceptions=tuple(exceptions),
        notice=timedelta(minutes=draw(st.sampled_from([0, 15, 90, 24 * 60]))),
        horizon_days=draw(st.sampled_from([1, 3, FOREVER])),
    )
    now = midnight.replace(tzinfo=UTC) + timedelta(minutes=draw(st.integers(-3000, 3000)))
    duration = timedelta(minutes=draw(st.sampled_from([15, 30, 60, 90, 1500])))
    step = timedelta(minutes=draw(st.sampled_from([15, 30, 45, 60])))
    return schedule, tz, first, now, duration, step


def is_open(schedule: Schedule, wall: datetime) -> bool:
    """Whether the clock on the wall says that the provider is open: minute by minute, no arithmetic."""
    inside = [e.kind for e in schedule.exceptions if e.starts <= wall < e.ends]
    if ExceptionKind.OPEN in inside:
        return True
    minute = wall.hour * 60 + wall.minute
    regular = any(h.weekday == wall.weekday() and h.opens <= minute < h.closes for h in schedule.hours)
    return regular and ExceptionKind.CLOSED not in inside


def is_step(schedule: Schedule, wall: datetime, step: timedelta) -> bool:
    """Whether this wall time is a whole number of steps from the start of an opening around it."""
    openings = [(e.starts, e.ends) for e in schedule.exceptions if e.kind is ExceptionKind.OPEN]
    midnight = datetime.combine(wall.date(), time())
    openings += [
        (midnight + timedelta(minutes=h.opens), midnight + timedelta(minutes=h.closes))
        for h in schedule.hours
        if h.weekday == wall.weekday()
    ]
    return any(start <= wall < end and (wall - start) % step == timedelta(0) for start, end in openings)


def by_brute_force(
    case: tuple[Schedule, str, date, datetime, timedelta, timedelta], days: int
) -> list[datetime]:
    """Every quarter of an hour of real time, judged by the clock on the wall alone."""
    schedule, tz_name, first, now, duration, step = case
    tz = zone(tz_name)
    quarter = timedelta(minutes=15)
    instants = [
        datetime.combine(first, time(), tzinfo=UTC) - DAY + n * quarter for n in range((days + 2) * 96)
    ]
    found, today = [], now.astimezone(tz).date()
    for start in instants:
        local = start.astimezone(tz)
        wall = local.replace(tzinfo=None, fold=0)
        covered = (start + n * quarter for n in range(duration // quarter))
        if (
            first <= wall.date() < first + days * DAY
            and start >= now + schedule.notice
            and today <= wall.date() <= today + schedule.horizon_days * DAY
            and local.fold == 0
            and is_step(schedule, wall, step)
            and all(_open_at(schedule, instant.astimezone(tz)) for instant in covered)
        ):
            found.append(start)
    return found


def _open_at(schedule: Schedule, local: datetime) -> bool:
    wall = local.replace(tzinfo=None, fold=0)
    if local.fold == 0:
        return is_open(schedule, wall)
    # The second time that the clock shows this: edges count as of the first time, so a stretch that
    # begins or ends within the doubled time has begun, or has ended, for all of the second.
    return _open_second_time(schedule, local)


def _open_second_time(schedule: Schedule, local: datetime) -> bool:
    first_showing = local.replace(fold=0)
    doubled = local.astimezone(UTC) - first_showing.astimezone(UTC)
    ahead = [
        local.replace(tzinfo=None, fold=0) + n * timedelta(minutes=15)
        for n in range(doubled // timedelta(minutes=15))
    ]
    end_of_fold = next(
        (wall for wall in ahead if not _is_doubled(wall, local)), ahead[-1] + timedelta(minutes=15)
    )
    return is_open(schedule, end_of_fold - timedelta(minutes=15))


def _is_doubled(wall: datetime, local: datetime) -> bool:
    one, two = (wall.replace(tzinfo=local.tzinfo, fold=fold).utcoffset() for fold in (0, 1))
    return one != two and one is not None and two is not None and one > two


class TestOfferedStarts:
    @given(cases())
    def test_are_those_that_brute_force_finds(
        self, case: tuple[Schedule, str, date, datetime, timedelta, timedelta]
    ) -> None:
        schedule, tz, first, now, duration, step = case

        found = offered_starts(
            schedule, zone(tz), duration=duration, step=step, first=first, last=first + 6 * DAY, now=now
        )

        assert found == by_brute_force(case, 6)

    @given(cases())
    def test_are_ordered_unique_and_inside_the_open_time(
        self, case: tuple[Schedule, str, date, datetime, timedelta, timedelta]
    ) -> None:
        schedule, tz, first, now, duration, step = case

        found = offered_starts(
            schedule, zone(tz), duration=duration, step=step, first=first, last=first + 6 * DAY, now=now
        )

        openings = open_periods(schedule, zone(tz), first=first - DAY, last=first + 9 * DAY)
        assert found == sorted(set(found))
        assert all(_is_within(Period(start, start + duration), openings) for start in found)
        assert all(start >= now + schedule.notice for start in found)

    @given(cases(), st.integers(1, 5))
    def test_of_several_days_are_those_of_each_day(
        self, case: tuple[Schedule, str, date, datetime, timedelta, timedelta], cut: int
    ) -> None:
        schedule, tz, first, now, duration, step = case

        def between(start: int, end: int) -> list[datetime]:
            days = (first + start * DAY, first + end * DAY)
            return offered_starts(
                schedule, zone(tz), duration=duration, step=step, first=days[0], last=days[1], now=now
            )

        assert between(0, 6) == between(0, cut) + between(cut, 6)


def _is_within(slot: Period, openings: Sequence[Period]) -> bool:
    return any(opening.contains(slot) for opening in openings)

"""/api/providers/{id}/availability and /api/holds."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import svcs

from backend.domains.availability.entities import Hold
from backend.domains.availability.holds import HoldService
from backend.domains.availability.presentation import availability_of
from backend.domains.availability.schedules import SchedulePatch, ScheduleService
from backend.domains.availability.schemas import (
    AvailabilitySchema,
    DaysQuerySchema,
    HoldListSchema,
    HoldNewSchema,
    HoldSchema,
    SchedulePatchSchema,
    days_asked,
)
from backend.domains.catalog.entities import Provider
from backend.domains.catalog.service import CatalogService
from backend.kernel.errors import DeniedError
from backend.kernel.roles import Role
from backend.kernel.time import zone
from backend.web.api import Blueprint
from backend.web.auth import caller, caller_id, signed_in
from backend.web.clock import time_now
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.pagination import Page

availability: Final = Blueprint(
    "availability", __name__, url_prefix="/api/providers", description="When they can be booked"
)
holds: Final = Blueprint(
    "holds", __name__, url_prefix="/api/holds", description="Slots that are kept for a while"
)

_Tagged = tuple[dict[str, Any], dict[str, str]]


@availability.get("/<provider_id>/availability")
@availability.arguments(DaysQuerySchema, location="query")
@availability.response(200, AvailabilitySchema)
@availability.alt_response(404, description="No such provider")
def get_availability(query: dict[str, date | None], provider_id: str) -> _Tagged:
    """How a provider can be booked, and when they are open on the local days [from, to)."""
    provider = svcs.flask.get(CatalogService).provider(provider_id=provider_id)
    return _answer(provider, query)


@availability.patch("/<provider_id>/availability")
@availability.doc(**IF_MATCH)
@availability.arguments(SchedulePatchSchema)
@availability.response(200, AvailabilitySchema)
@availability.alt_response(404, description="No such provider")
@availability.alt_response(409, description="More seats are taken than there would be")
@availability.alt_response(412, description="Changed since it was read")
@signed_in
def change_availability(patch: SchedulePatch, provider_id: str) -> _Tagged:
    """The provider's own user, or staff: change the schedule by a merge patch."""
    provider = _changeable(provider_id)
    svcs.flask.get(ScheduleService).change(provider_id=provider_id, patch=patch, edit=this_edit())
    return _answer(provider, {"first": None, "last": None})


@holds.post("/")
@idempotent(caller_id)
@holds.arguments(HoldNewSchema)
@holds.response(201, HoldSchema)
@holds.alt_response(404, description="No such slot")
@holds.alt_response(
    409, description="The slot is taken, or not offered any more, or the caller holds too many"
)
@signed_in
def hold(wanted: dict[str, Any]) -> Hold:
    """Keep a slot for the caller, who then has some minutes to book it."""
    now = time_now()
    seats = wanted.pop("party")
    hold_: Hold = svcs.flask.get(HoldService).hold(**wanted, seats=seats, user_id=caller_id(), now=now)
    return hold_


@holds.get("/")
@holds.response(200, HoldListSchema)
@signed_in
def list_holds() -> Page[Hold]:
    """What the caller holds, by start."""
    now = time_now()
    return Page(svcs.flask.get(HoldService).holds_of(user_id=caller_id(), now=now), None)


@holds.delete("/<hold_id>")
@holds.response(204)
@holds.alt_response(404, description="The caller has no such hold")
@signed_in
def release(hold_id: str) -> None:
    """Give a hold back."""
    svcs.flask.get(HoldService).release(hold_id=hold_id, user_id=caller_id())


def _changeable(provider_id: str) -> Provider:
    """The provider, if the caller may change their schedule."""
    provider = svcs.flask.get(CatalogService).provider(provider_id=provider_id)
    if caller_id() != provider.user_id and not caller().has(Role.SUPPORT):
        raise DeniedError("Only the provider's own user and staff change this schedule.")
    return provider


def _answer(provider: Provider, query: Mapping[str, date | None]) -> _Tagged:
    schedule = svcs.flask.get(ScheduleService).schedule(provider_id=provider.id)
    today = time_now().astimezone(zone(provider.timezone)).date()
    days = days_asked(query, today=today)
    return availability_of(provider, schedule, days=days), {"ETag": etag_of(schedule.version)}

"""The demo data."""

from datetime import timedelta

import pytest
import svcs
from flask import Flask

from backend.cli.demo import seed
from backend.domains.admin.demo_house import CONSULTANTS, PASSWORD, USERS
from backend.domains.availability.schedules import ScheduleService
from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.kernel.errors import DeniedError
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app


def everybody() -> list[str]:
    found = svcs.flask.get(CatalogService).list_providers(category=None, after=None, limit=100)
    return [provider.id for provider in found]


class TestSeed:
    def test_opens_a_house_where_everybody_can_be_booked(
        self, app: Flask, capsys: pytest.CaptureFixture[str]
    ) -> None:
        seed(app)

        (line,) = [said for said in capsys.readouterr().out.splitlines() if said.startswith("demo: ")]
        provider_ids = everybody()
        schedules = [
            svcs.flask.get(ScheduleService).schedule(provider_id=provider_id) for provider_id in provider_ids
        ]
        zones = {
            p.timezone for p in svcs.flask.get(CatalogService).providers(provider_ids=provider_ids).values()
        }
        slots = svcs.flask.get(AvailabilityService).slots(
            provider_ids=provider_ids,
            first=NOW.date(),
            last=NOW.date() + timedelta(days=31),
            party=1,
            now=NOW,
        )
        assert PASSWORD in line
        assert (len(provider_ids), len(zones)) == (len(CONSULTANTS), 5)
        assert {schedule.mode for schedule in schedules} == {"calendar", "toggle", "inventory"}
        assert {slot.provider.id for slot in slots} == set(provider_ids)
        assert {slot.seats_total for slot in slots} == {1, 2, 4, 10}

    def test_lets_users_sign_in_with_the_documented_password_and_is_done_once(
        self, app: Flask, capsys: pytest.CaptureFixture[str]
    ) -> None:
        seed(app)
        capsys.readouterr()

        again = seed(app)

        users = svcs.flask.get(UserService)
        roles = {email: users.authenticate(email=email, password=PASSWORD).roles for email in USERS}
        assert all(USERS[email][1] in found for email, found in roles.items())
        assert (again, capsys.readouterr().out, len(everybody())) == (False, "", len(CONSULTANTS))

    def test_is_refused_in_production(self, app: Flask, stores: Stores) -> None:
        with running_app(stores, environment="production") as production, pytest.raises(DeniedError):
            seed(production)

        assert everybody() == []

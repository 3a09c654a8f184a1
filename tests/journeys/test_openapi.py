"""Schemathesis sends every operation of /openapi.json what the description allows, and what it forbids.

Left out of its checks, because they cannot hold here:

* `positive_data_acceptance`: JSON Schema cannot say all that makes a request good (a country that exists,
  hours that end after they begin, a quote that is not used up), so some that match it are refused.
* `use_after_free`, `ensure_resource_availability`, `object_level_authorization`: about sequences of
  requests, which these cases are not; the journeys and the tests of each domain are.
"""

import contextlib
from collections.abc import Callable, Iterable
from contextvars import Context
from dataclasses import dataclass, replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from backend.domains.identity.service import User
from backend.kernel.roles import Role
from tests.factories.bookings import Customer, make_class
from tests.factories.identity import auth_headers, make_user

# Hundreds of operations, many cases of each.
pytestmark = pytest.mark.timeout(300)

SEED = 20261207
SETTINGS = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# How many cases of each operation, and of each mode: most of what nobody asks for ends at the door.
CASES = {"nobody": 1, "customer": 2, "admin": 3}
LEFT_OUT = (
    "positive_data_acceptance",
    "use_after_free",
    "ensure_resource_availability",
    "object_level_authorization",
)


@dataclass(frozen=True)
class Known:
    """What is there, by the names under which requests speak of it."""

    parameters: dict[str, str]
    fields: dict[str, str]

    def aim(self, case: Case) -> None:
        """Let a well-formed case speak of what is there; hardly any made-up id would."""
        if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        for name in self.parameters.keys() & (case.path_parameters or {}).keys():
            case.path_parameters[name] = self.parameters[name]
        self._aim(case.body)

    def _aim(self, body: Any) -> None:
        if isinstance(body, list):
            for part in body:
                self._aim(part)
        elif isinstance(body, dict):
            body.update({name: self.fields[name] for name in self.fields.keys() & body.keys()})
            for part in body.values():
                self._aim(part)


@dataclass(frozen=True)
class Asker:
    """Somebody who sends cases: `user`, or nobody."""

    app: Flask
    user: User | None
    known: Known
    cases: int

    def headers(self) -> dict[str, str]:
        """Of a session that no earlier case has ended."""
        return {} if self.user is None else auth_headers(self.app, self.user)

    def ask(self, cases: SearchStrategy[Case]) -> None:
        """Send some of the cases and check the answers. `FailureGroup` says what is wrong with one."""

        @seed(SEED)
        @settings(SETTINGS, max_examples=self.cases)
        @given(case=cases)
        def send(case: Case) -> None:
            self.known.aim(case)
            case.call_and_validate(headers=self.headers())

        with contextlib.suppress(Unsatisfiable):
            # An operation without input has no case that breaks its description.
            send()


@pytest.fixture
def known(app: Flask) -> Known:
    """A class with a booking and a quote, and whatever else has an id."""
    shop = make_class(seats=8)
    customer = Customer.new(app.test_client())
    slots = customer.slots(shop)
    booked = customer.book(slots[0]["slot_id"])
    held = customer.post("/api/holds", {"slot_id": slots[1]["slot_id"]}).json
    quote = customer.quote(slots[2]["slot_id"])
    return Known(
        parameters={
            "provider_id": shop.provider.id,
            "product_id": shop.product.id,
            "slug": shop.provider.category,
            "booking_id": booked["id"],
            "hold_id": held["id"],
            "user_id": customer.user.id,
        },
        fields={
            "slot_id": slots[3]["slot_id"],
            "quote_token": quote["token"],
            "provider_id": shop.provider.id,
            "category": shop.provider.category,
        },
    )


@pytest.fixture(params=[*CASES])
def asker(request: pytest.FixtureRequest, app: Flask, known: Known) -> Asker:
    """Nobody, a customer and an admin in turn."""
    roles = {"nobody": None, "customer": [Role.CUSTOMER], "admin": [Role.ADMIN]}[request.param]
    return Asker(app, None if roles is None else make_user(roles=roles), known, CASES[request.param])


@pytest.fixture(scope="module")
def described(shared_app: Flask) -> BaseSchema:
    """The description, over an application that gives each request a context of its own.

    One for all askers: it keeps what it has worked out about each operation, which takes longer than asking.
    """

    def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer: Iterable[bytes] = Context().run(shared_app.wsgi_app, environ, start_response)
        return answer

    config = SchemathesisConfig.from_dict(
        {"seed": SEED, "checks": {name: {"enabled": False} for name in LEFT_OUT}}
    )
    return schemathesis.openapi.from_wsgi("/openapi.json", served, config=config)


class TestDescription:
    @pytest.mark.parametrize("mode", list(GenerationMode))
    def test_is_what_the_application_does(
        self, described: BaseSchema, asker: Asker, mode: GenerationMode, subtests: pytest.Subtests
    ) -> None:
        if mode is GenerationMode.NEGATIVE and asker.cases == CASES["customer"]:
            # With what is malformed an admin, who may send anything, comes further.
            asker = replace(asker, cases=1)
        operations = [found.ok() for found in described.get_all_operations()]

        for operation in operations:
            with subtests.test(operation.label):
                asker.ask(operation.as_strategy(generation_mode=mode))

        assert len(operations) > 40

"""What answers say is what their schemas, and so /openapi.json, describe."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.domains.availability.entities import Slot
from backend.domains.catalog.entities import PricePer, Product, Provider
from backend.domains.pricing.entities import Line, Price, RuleRef
from backend.domains.pricing.listing import PricedSlot
from backend.domains.pricing.quote_schemas import QuoteSchema
from backend.domains.pricing.schemas import PricedSlotSchema
from backend.domains.pricing.service import Quote
from backend.engine.decision import NearMiss
from backend.kernel.money import Money
from backend.web.fields import WrittenSchema

AT = datetime(2026, 12, 7, 9, tzinfo=UTC)
RULE = RuleRef("peak_hours", "evening", "rules/peak_hours.yaml", 9)
PRICE = Price(
    lines=(
        Line("base", "Consultation", Money(10000, "EUR")),
        Line("peak_hours", "Evening.", Money(2500, "EUR"), RULE),
    ),
    total=Money(12500, "EUR"),
    near_misses=(NearMiss("group-of-four", "party", ">= 4", "2"), NearMiss("gold", "tier", "gold", None)),
)
QUOTE = Quote("quo_1", None, "slt_1", 2, PRICE, "sha256:1", AT, AT + timedelta(minutes=15), "token")
PROVIDER = Provider("prv_1", None, "Grace Hopper", "tax", 12, "Europe/Paris", "EUR", is_active=True)
PRODUCT = Product(
    id="prd_1",
    kind="slot",
    name="Consultation",
    description="",
    provider_id="prv_1",
    category="tax",
    duration_minutes=60,
    price=Money(10000, "EUR"),
    price_per=PricePer.BOOKING,
    cost=None,
    max_party=4,
    is_active=True,
)
SLOT = Slot("slt_1", PRODUCT, PROVIDER, AT, AT + timedelta(hours=1), seats_total=4, seats_left=3)


class TestWritten:
    @pytest.mark.parametrize(
        ("schema", "value"),
        [
            (QuoteSchema(), QUOTE),
            (
                QuoteSchema(),
                replace(QUOTE, price=replace(PRICE, below_floor_by=RULE, requires_approval=True)),
            ),
            (QuoteSchema(), replace(QUOTE, expires_at=AT + timedelta(milliseconds=5))),
            (PricedSlotSchema(), PricedSlot(SLOT, PRICE)),
        ],
    )
    def test_is_what_the_fields_say_in_their_order(self, schema: WrittenSchema, value: object) -> None:
        written = schema.dump(value)

        assert schema.validate(written) == {}
        assert list(written) == list(schema.fields)

    def test_many_are_written_one_by_one(self) -> None:
        priced = PricedSlot(SLOT, PRICE)

        assert PricedSlotSchema(many=True).dump([priced, priced]) == [PricedSlotSchema().dump(priced)] * 2

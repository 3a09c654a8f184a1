"""Prices of whole orders: coupons, floor, fees, tax, deposits and currencies."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domains.currency.rates import Origin, Rate
from backend.domains.pricing.entities import (
    COUPON,
    FLOOR,
    SHIPPING,
    Case,
    Instalment,
    Line,
    Order,
    OrderPrice,
    Redeemed,
    Redemption,
)
from backend.domains.pricing.price import price_orders
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources
from backend.kernel.money import Money, total
from tests.factories.rules import SHIPPED, edited, without

RULES = read_sources(SHIPPED)
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
CURRENCIES = ["EUR", "USD", "JPY", "KWD"]
WORTH = st.sampled_from(["0.007", "1.1", "158.25"])
COUNTRIES = st.sampled_from([None, "FR", "DE", "JP", "US"])
TAX_CLASSES = st.sampled_from(["standard", "reduced", "super_reduced", "zero", "exempt"])


def rate(source: str, target: str, value: str) -> Rate:
    worth = Decimal(value)
    return Rate(source, target, worth, worth, Decimal(0), date(2026, 6, 1), 0, Origin.ECB)


def goods(minor: int = 10000, currency: str = "EUR", *, cost: int | None = None, **facts: Any) -> Case:
    told = {"kind": "retail", "tax_country": "FR", **facts}
    return Case(told, "Goods", Money(minor, currency), None if cost is None else Money(cost, currency))


def taking(*minor: int, shipping: int = 0, currency: str = "EUR") -> Any:
    """A coupon that takes so much off each item and off shipping."""

    def redeem(_items: Sequence[Money], _shipping: Money) -> Redemption:
        shares = tuple(Money(one, currency) for one in minor)
        return Redemption((Redeemed("cpn_1", "TAKE", "Take", shares, Money(shipping, currency)),))

    return redeem


def order(*cases: Case, **changes: Any) -> Order:
    return Order(**{"cases": cases, "currency": cases[0].base.currency, **changes})


def priced(some: Order, rulebook: Rulebook = RULES) -> OrderPrice:
    return price_orders(rulebook, [some], at=AT, explain=True)[0]


def staged(lines: Sequence[Line]) -> list[tuple[str, int]]:
    return [(line.stage, line.amount.minor) for line in lines]


def with_rules(decision: str, text: str) -> Rulebook:
    """The shipped rules with others for one decision, which has a file of its own."""
    head = f"decision: {decision}\nabout: A.\nhit_policy: collect\nrules:\n"
    return read_sources({**SHIPPED, f"rules/extra_{decision}.yaml": head + text})


class TestCoupons:
    def test_come_off_the_items_and_off_shipping(self) -> None:
        way = Line(SHIPPING, "Standard delivery", Money(490, "EUR"))

        found = priced(order(goods(), goods(2000), redeem=taking(1000, 200, shipping=490), shipping=way))

        assert [staged(item.lines) for item in found.items] == [
            [("base", 10000), (COUPON, -1000)],
            [("base", 2000), (COUPON, -200)],
        ]
        assert staged(found.charges.lines) == [("shipping", 490), (COUPON, -490)]
        assert found.total == Money(10800, "EUR")

    def test_do_not_go_below_the_floor(self) -> None:
        found = priced(order(goods(cost=8000, tax_country=None), redeem=taking(5000)))

        assert staged(found.items[0].lines) == [("base", 10000), (COUPON, -5000), (FLOOR, 3800)]


class TestTax:
    def test_that_prices_include_adds_no_line(self) -> None:
        found = priced(order(goods(12000)))

        assert found.total == Money(12000, "EUR")
        assert [(tax.net.minor, tax.tax.minor, tax.percent) for tax in found.taxes] == [(10000, 2000, 20)]

    def test_that_prices_include_is_no_part_of_what_the_floor_keeps(self) -> None:
        found = priced(order(goods(10000, cost=10000)))

        assert found.total == Money(13200, "EUR")
        assert found.taxes[0].net == Money(11000, "EUR")

    def test_on_top_of_prices_is_a_line(self) -> None:
        rules = with_rules(
            "tax", "  - {id: us, about: Sales tax, when: {tax_country: US}, then: {tax: 8.875%}}\n"
        )

        found = priced(order(goods(9999, tax_country="US")), rules)

        assert staged(found.items[0].lines) == [("base", 9999), ("tax", 887)]

    def test_that_a_business_abroad_owes_is_taken_out_and_said(self) -> None:
        abroad = goods(11900, tax_country="DE", business_customer=True, cross_border=True)

        found = priced(order(abroad))

        assert staged(found.items[0].lines) == [("base", 11900), ("tax", -1900)]
        assert found.items[0].lines[1].label.startswith("Reverse charge")
        assert found.items[0].shares is not None
        assert found.items[0].shares.tax == Money(0, "EUR")

    def test_is_rounded_by_line_or_by_invoice(self) -> None:
        three = [goods(33) for _ in range(3)]

        by_line = priced(order(*three))
        by_invoice = priced(order(*three, tax_by_invoice=True))

        assert [tax.tax.minor for tax in by_line.taxes] == [6, 6, 6]
        assert [tax.tax.minor for tax in by_invoice.taxes] == [6, 6, 5]

    def test_by_invoice_on_top_of_prices_sums_to_the_tax_of_the_sum(self) -> None:
        rules = with_rules(
            "tax", "  - {id: us, about: Sales tax, when: {tax_country: US}, then: {tax: 8.875%}}\n"
        )
        several = [goods(minor, tax_country="US") for minor in (333, 334, 17)]

        found = priced(order(*several, tax_by_invoice=True), rules)

        assert found.total - Money(684, "EUR") == Money(684, "EUR").percent(Decimal("8.875"))


class TestFees:
    def test_that_the_provider_pays_leave_the_price_alone(self) -> None:
        found = priced(order(goods(12000, kind="slot", category="tax-advice")))

        shares = found.items[0].shares
        assert found.total == Money(12000, "EUR")
        assert shares is not None
        assert [share.minor for share in shares.parts] == [8560, 1440, 0, 2000]

    def test_that_the_customer_pays_are_lines(self) -> None:
        by_customer = "then: {fee: 12%, paid_by: customer, minimum: 2.00 EUR}"
        rules = SHIPPED | edited("then: {fee: 12%, paid_by: provider}", by_customer, file="rules/fees.yaml")

        found = priced(order(goods(1000, kind="slot", tax_country=None)), read_sources(rules))

        assert staged(found.items[0].lines) == [("base", 1000), ("platform_fee", 200)]
        assert found.items[0].shares is not None
        assert found.items[0].shares.platform == Money(200, "EUR")

    def test_of_an_expert_are_the_experts(self) -> None:
        found = priced(order(goods(expert_id="exp_1", tax_country=None)))

        assert found.items[0].shares is not None
        assert found.items[0].shares.expert == Money(500, "EUR")

    def test_of_a_way_of_paying_are_charged_once_for_the_order(self) -> None:
        facts = {"payment_method": "on_delivery", "tax_country": "FR"}

        found = priced(order(goods(), goods(), facts=facts))

        assert staged(found.charges.lines) == [("convenience_fee", 250)]
        assert found.total == Money(20250, "EUR")
        assert found.charges.taxes[0].tax == Money(42, "EUR")


class TestDeposits:
    def tour(self, **facts: Any) -> Case:
        told = {"kind": "slot", "category": "tours", "lead_days": 40, "start_date": date(2026, 7, 11)}
        return goods(20000, **{**told, **facts})

    def test_leave_a_balance_for_a_day(self) -> None:
        found = priced(order(self.tour(), goods(500)))

        assert found.due_later == (Instalment(found.items[0].total.percent(Decimal(70)), date(2026, 6, 27)),)
        assert found.due_now + found.due_later[0].amount == found.total

    def test_leave_nothing_for_a_day_that_has_passed(self) -> None:
        found = priced(order(self.tour(start_date=date(2026, 6, 10))))

        assert found.due_later == ()


class TestAgreedPrices:
    def test_are_not_adjusted(self) -> None:
        facts = {"kind": "slot", "month": 7, "duration_minutes": 240, "start_date": date(2026, 7, 4)}
        case = goods(20000, **facts)

        adjusted = priced(order(case))
        agreed = priced(order(Case(case.facts, case.label, case.base, agreed=True)))

        assert adjusted.total == Money(22000, "EUR")
        assert agreed.total == Money(20000, "EUR")


class TestCurrencies:
    def test_of_items_become_that_of_the_order(self) -> None:
        rates = {"USD": rate("USD", "EUR", "0.8")}

        found = priced(order(goods(), goods(5000, "USD"), rates=rates))

        assert [item.total for item in found.items] == [Money(10000, "EUR"), Money(4000, "EUR")]
        assert found.rates == (rates["USD"],)

    def test_the_customer_pays_in_come_last(self) -> None:
        found = priced(order(goods(), goods(333), presented=rate("EUR", "JPY", "160.5")))

        assert found.total == Money(16584, "JPY")
        assert total((line.amount for part in found.parts for line in part.lines), "JPY") == found.total


class TestRulesFromBefore:
    def test_there_were_taxes_price_without_them(self) -> None:
        older = read_sources(without("tax", "rules/tax.yaml", "rules/tables/vat.csv"))

        assert priced(order(goods()), older).taxes == ()


@st.composite
def cases(draw: Any, currency: str) -> Case:
    base = draw(st.integers(0, 500_000))
    facts = {
        "kind": draw(st.sampled_from(["retail", "slot", "stay"])),
        "category": draw(st.sampled_from(["tours", "tax-advice", "shoes"])),
        "provider_id": draw(st.none() | st.just("prv_1")),
        "expert_id": draw(st.none() | st.just("exp_1")),
        "tax_country": draw(COUNTRIES),
        "tax_class": draw(TAX_CLASSES),
        "business_customer": draw(st.booleans()),
        "cross_border": draw(st.booleans()),
        "party": draw(st.integers(1, 12)),
        "lead_days": draw(st.integers(0, 90)),
        "start_date": draw(st.dates(date(2026, 6, 1), date(2026, 12, 31))),
    }
    cost = draw(st.none() | st.integers(0, base))
    return Case(facts, "Item", Money(base, currency), None if cost is None else Money(cost, currency))


@st.composite
def orders(draw: Any) -> Order:
    currency = draw(st.sampled_from(CURRENCIES))
    some = draw(st.lists(cases(currency), min_size=1, max_size=4))
    target = draw(st.none() | st.sampled_from([one for one in CURRENCIES if one != currency]))
    percent = draw(st.integers(0, 100))

    def redeem(items: Sequence[Money], shipping: Money) -> Redemption:
        shares = tuple(item.percent(Decimal(percent)) for item in items)
        return Redemption((Redeemed("cpn_1", "TAKE", "Take", shares, shipping.percent(Decimal(percent))),))

    return Order(
        cases=tuple(some),
        currency=currency,
        facts={
            "payment_method": draw(st.sampled_from(["card", "on_delivery"])),
            "tax_country": draw(COUNTRIES),
        },
        redeem=redeem,
        shipping=draw(st.none() | st.just(Line(SHIPPING, "Delivery", Money(490, currency)))),
        presented=None if target is None else rate(currency, target, draw(WORTH)),
        tax_by_invoice=draw(st.booleans()),
    )


class TestEveryOrder:
    @given(orders())
    def test_sums_exactly(self, some: Order) -> None:
        found = priced(some)

        for part in found.parts:
            assert total((line.amount for line in part.lines), found.currency) == part.total
            assert part.due_now + total((due.amount for due in part.due_later), found.currency) == part.total
            if part.shares is not None:
                assert total(part.shares.parts, found.currency) == part.total
        assert found.due_now + total((due.amount for due in found.due_later), found.currency) == found.total

    @given(orders())
    def test_has_nothing_below_zero(self, some: Order) -> None:
        found = priced(some)

        for part in found.parts:
            amounts = [part.total, part.due_now, *(due.amount for due in part.due_later)]
            shares = part.shares.parts if part.shares else ()
            assert all(amount.minor >= 0 for amount in (*amounts, *shares))

    @given(orders())
    def test_keeps_cost_and_margin_of_each_item_after_everything(self, some: Order) -> None:
        found = priced(Order(some.cases, some.currency, some.facts, some.redeem, tax_by_invoice=False))

        for case, item in zip(some.cases, found.items, strict=True):
            margin = Decimal(10)
            kept = item.total - total((tax.paid for tax in item.taxes), some.currency)
            if case.cost is not None:
                assert kept >= case.cost + case.cost.percent(margin)

    @settings(max_examples=30)
    @given(st.lists(orders(), min_size=1, max_size=3))
    def test_costs_the_same_alone_and_beside_others(self, several: list[Order]) -> None:
        together = price_orders(RULES, several, at=AT, explain=True)

        assert together == [priced(one) for one in several]


@pytest.mark.parametrize("country", ["FR", "US", None])
def test_a_price_without_rules_for_it_is_the_list_price(country: str | None) -> None:
    found = priced(order(goods(1999, tax_country=country)))

    assert found.total == Money(1999, "EUR")

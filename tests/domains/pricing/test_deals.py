"""The bargain stage of prices: what a deal does to a price beside coupons, floors, fees and currencies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domains.currency.rates import Rate
from backend.domains.pricing.deals import Deal
from backend.domains.pricing.entities import BARGAIN, COUPON, FLOOR, LINE_STAGES, Case, Order
from backend.domains.pricing.price import price_and_floor
from backend.domains.pricing.records import case_document, read_case
from backend.kernel.money import Money, total
from tests.domains.pricing.test_order_price import (
    AT,
    CURRENCIES,
    RULES,
    WORTH,
    cases,
    goods,
    order,
    priced,
    rate,
    staged,
    taking,
)

UP_TO_THE_FLOOR = LINE_STAGES[: LINE_STAGES.index(FLOOR) + 1]
UNTIL = datetime(2026, 6, 1, 13, tzinfo=UTC)


def deal(minor: int, currency: str = "EUR", *, combines: bool = False) -> Deal:
    return Deal("bgn_1", Money(minor, currency), "Agreed in a bargain.", combines, UNTIL)


def at_a_deal(case: Case, minor: int, *, combines: bool = False) -> Case:
    return replace(case, deal=deal(minor, case.base.currency, combines=combines))


def percent_off(percent: int) -> Any:
    """A coupon that takes so much of a hundred off every item, of what it is shown."""

    def redeem(items: Sequence[Money], shipping: Money) -> Any:
        shares = [item.percent(Decimal(percent)).minor for item in items]
        return taking(*shares, currency=shipping.currency)(items, shipping)

    return redeem


class TestTheStage:
    def test_brings_the_price_down_to_the_deal(self) -> None:
        found = priced(order(at_a_deal(goods(12000), 9000)))

        assert staged(found.items[0].lines) == [("base", 12000), (BARGAIN, -3000)]
        assert found.items[0].lines[1].label == "Agreed in a bargain."
        assert found.items[0].list_price == Money(12000, "EUR")

    def test_leaves_a_price_alone_that_is_lower_by_now(self) -> None:
        found = priced(order(at_a_deal(goods(8000), 9000)))

        assert staged(found.items[0].lines) == [("base", 8000)]

    def test_counts_from_the_price_after_markup(self) -> None:
        flight = goods(10000, kind="flight", supplier="demo", tax_country=None)

        found = priced(order(at_a_deal(flight, 9000)))

        assert staged(found.items[0].lines) == [("base", 10000), ("markup", 1000), (BARGAIN, -2000)]

    def test_never_passes_the_floor(self) -> None:
        found = priced(order(at_a_deal(goods(10000, cost=8000, tax_country=None), 8500)))

        assert staged(found.items[0].lines) == [("base", 10000), (BARGAIN, -1500), (FLOOR, 300)]

    def test_pays_its_fees_and_taxes_of_the_deal(self) -> None:
        found = priced(order(at_a_deal(goods(12000), 6000), facts={"payment_method": "on_delivery"}))

        assert found.items[0].taxes[0].tax == Money(1000, "EUR")
        assert found.total == Money(6250, "EUR")


class TestCoupons:
    def test_take_nothing_off_a_deal(self) -> None:
        found = priced(order(at_a_deal(goods(), 9000), goods(2000), redeem=percent_off(10)))

        assert [staged(item.lines) for item in found.items] == [
            [("base", 10000), (BARGAIN, -1000)],
            [("base", 2000), (COUPON, -200)],
        ]

    def test_come_off_the_price_of_a_deal_that_combines(self) -> None:
        found = priced(order(at_a_deal(goods(), 9000, combines=True), redeem=percent_off(10)))

        assert staged(found.items[0].lines) == [("base", 10000), (COUPON, -900), (BARGAIN, -1000)]
        assert found.total == Money(8100, "EUR")


class TestCurrencies:
    @given(st.integers(0, 500_000), st.integers(0, 500_000), WORTH)
    def test_change_the_deal_as_one_amount(self, base: int, agreed: int, worth: str) -> None:
        rates = {"USD": rate("USD", "EUR", worth)}
        case = at_a_deal(goods(base, "USD"), agreed)

        found = priced(order(case, currency="EUR", rates=rates))

        assert found.total == rates["USD"].apply(Money(min(base, agreed), "USD"))

    def test_the_customer_pays_in_change_the_deal_too(self) -> None:
        presented: Rate = rate("EUR", "JPY", "160.5")

        found = priced(order(at_a_deal(goods(10000), 9999), presented=presented))

        assert found.total == presented.apply(Money(9999, "EUR"))


class TestDocuments:
    def test_of_a_case_keep_its_deal(self) -> None:
        case = at_a_deal(goods(), 9000, combines=True)

        again = read_case(case_document(case, RULES.vocabulary), RULES.vocabulary)

        assert again.deal == case.deal

    def test_from_before_there_were_deals_have_none(self) -> None:
        document = case_document(goods(), RULES.vocabulary)
        del document["deal"]

        assert read_case(document, RULES.vocabulary).deal is None


class TestFloors:
    def test_are_what_a_price_cannot_pass(self) -> None:
        price, floor = price_and_floor(RULES, goods(20000, cost=10000), at=AT)

        assert (price.list_price, floor) == (Money(20000, "EUR"), Money(13200, "EUR"))

    def test_are_zero_without_a_cost(self) -> None:
        assert price_and_floor(RULES, goods(), at=AT)[1] == Money(0, "EUR")

    @given(st.sampled_from(CURRENCIES).flatmap(cases))
    def test_can_be_haggled_down_to(self, case: Case) -> None:
        floor = price_and_floor(RULES, case, at=AT)[1]

        found = priced(order(replace(case, deal=deal(floor.minor, floor.currency))))

        agreed = [line for line in found.items[0].lines if line.stage in UP_TO_THE_FLOOR]
        assert total((line.amount for line in agreed), floor.currency) == floor


@st.composite
def bargained(draw: Any) -> tuple[Order, Order]:
    """An order with deals, and the same without them; coupons take a share of what they are shown."""
    currency = draw(st.sampled_from(CURRENCIES))
    plain = draw(st.lists(cases(currency), min_size=1, max_size=3))
    agreed = st.none() | st.builds(deal, st.integers(0, 600_000), st.just(currency), combines=st.booleans())
    dealt = tuple(replace(case, deal=draw(agreed)) for case in plain)
    target = draw(st.none() | st.sampled_from([one for one in CURRENCIES if one != currency]))
    both = {
        "currency": currency,
        "redeem": percent_off(draw(st.integers(0, 60))),
        "presented": None if target is None else rate(currency, target, draw(WORTH)),
        "tax_by_invoice": draw(st.booleans()),
    }
    return Order(dealt, **both), Order(tuple(plain), **both)


class TestEveryDeal:
    @given(bargained())
    def test_sums_exactly(self, both: tuple[Order, Order]) -> None:
        found = priced(both[0])

        for part in found.parts:
            assert total((line.amount for line in part.lines), found.currency) == part.total
            if part.shares is not None:
                assert total(part.shares.parts, found.currency) == part.total

    @given(bargained())
    def test_stands_after_coupons_and_before_the_floor(self, both: tuple[Order, Order]) -> None:
        found = priced(both[0])

        for item in found.items:
            places = [LINE_STAGES.index(line.stage) for line in item.lines]
            assert places == sorted(places)

    @given(bargained())
    def test_keeps_cost_and_margin(self, both: tuple[Order, Order]) -> None:
        some = replace(both[0], presented=None, tax_by_invoice=False)

        found = priced(some)

        for case, item in zip(some.cases, found.items, strict=True):
            kept = item.total - total((tax.paid for tax in item.taxes), some.currency)
            if case.cost is not None:
                assert kept >= case.cost + case.cost.percent(Decimal(10))

    @settings(max_examples=100)
    @given(bargained())
    def test_never_raises_a_price_that_no_coupon_lowers(self, both: tuple[Order, Order]) -> None:
        dealt, plain = (
            replace(one, redeem=taking(*[0] * len(one.cases), currency=one.currency)) for one in both
        )

        with_deals, without = priced(dealt), priced(plain)

        for agreed, usual in zip(with_deals.items, without.items, strict=True):
            if dealt.presented is None and not dealt.tax_by_invoice:
                assert agreed.total <= usual.total
        assert with_deals.total <= without.total

    @given(bargained())
    def test_that_does_not_combine_has_no_coupon(self, both: tuple[Order, Order]) -> None:
        found = priced(both[0])

        for case, item in zip(both[0].cases, found.items, strict=True):
            if case.deal is not None and not case.deal.combines:
                assert COUPON not in {line.stage for line in item.lines}

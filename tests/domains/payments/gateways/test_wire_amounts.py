import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.payments.gateway import GatewayRefusedError
from backend.domains.payments.gateways.wire_amounts import from_wire, to_wire
from backend.kernel.money import Money


class TestToWire:
    @pytest.mark.parametrize(
        ("money", "wire"),
        [
            (Money(1_050, "EUR"), 1_050),
            (Money(1_050, "JPY"), 1_050),
            # Whole units, written in hundredths.
            (Money(1_050, "ISK"), 105_000),
            (Money(1_050, "UGX"), 105_000),
            # Hundredths like any other when they are charged.
            (Money(1_050, "HUF"), 1_050),
            (Money(1_050, "TWD"), 1_050),
            # Two decimals for ISO 4217, none for Stripe.
            (Money(105_000, "MGA"), 1_050),
            # Thousandths in steps of ten.
            (Money(1_050, "KWD"), 1_050),
        ],
        ids=str,
    )
    def test_writes_amounts_as_stripe_takes_them(self, money: Money, wire: int) -> None:
        assert to_wire(money) == (wire, money.currency.lower())
        assert from_wire(wire, money.currency.lower()) == money

    @pytest.mark.parametrize("money", [Money(1_055, "KWD"), Money(105_050, "MGA")], ids=str)
    def test_refuses_parts_that_no_card_is_charged(self, money: Money) -> None:
        with pytest.raises(GatewayRefusedError) as refused:
            to_wire(money)

        assert refused.value.code == "amount_not_chargeable"

    @given(st.integers(-(10**10), 10**10), st.sampled_from(["EUR", "JPY", "ISK", "TWD", "USD", "XAF"]))
    def test_comes_back_as_it_went(self, minor: int, currency: str) -> None:
        money = Money(minor, currency)

        assert from_wire(*to_wire(money)) == money


class TestFromWire:
    def test_rounds_a_fee_that_has_no_such_part(self) -> None:
        assert from_wire(1_250, "isk") == Money(13, "ISK")

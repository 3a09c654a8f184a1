"""Orders and their prices as JSON documents and back, so that a stored quote can be priced again."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backend.domains.coupons.eligibility import Failure, FailureCode
from backend.domains.coupons.stacking import LeftOut
from backend.domains.currency.rates import Origin, Rate
from backend.domains.pricing.entities import Order, OrderPrice, Redeemed, Redemption
from backend.domains.pricing.records import (
    case_document,
    line_document,
    money_document,
    price_document,
    read_case,
    read_line,
    read_money,
    read_price,
    written,
)
from backend.domains.pricing.wanted import Item, Wanted
from backend.engine.vocabulary import Vocabulary


def order_document(order: Order, redemption: Redemption, vocabulary: Vocabulary) -> dict[str, Any]:
    """An order, and what coupons took off."""
    return {
        "cases": [case_document(case, vocabulary) for case in order.cases],
        "currency": order.currency,
        "facts": {
            name: written(value, name, vocabulary)
            for name, value in order.facts.items()
            if value is not None and name in vocabulary.facts
        },
        "shipping": None if order.shipping is None else line_document(order.shipping),
        "redemption": redemption_document(redemption),
        "rates": [rate_document(rate) for rate in order.rates.values()],
        "presented": None if order.presented is None else rate_document(order.presented),
        "tax_by_invoice": order.tax_by_invoice,
    }


def read_order(document: Mapping[str, Any], vocabulary: Vocabulary) -> Order:
    """The order behind a document: coupons take off what they took off then."""
    redemption = read_redemption(document["redemption"])
    rates = [read_rate(rate) for rate in document["rates"]]
    shipping, presented = document["shipping"], document["presented"]
    return Order(
        cases=tuple(read_case(case, vocabulary) for case in document["cases"]),
        currency=document["currency"],
        facts=vocabulary.parse_facts(document["facts"]),
        redeem=lambda _items, _shipping: redemption,
        shipping=None if shipping is None else read_line(shipping),
        rates={rate.source: rate for rate in rates},
        presented=None if presented is None else read_rate(presented),
        tax_by_invoice=document["tax_by_invoice"],
    )


def order_price_document(price: OrderPrice, vocabulary: Vocabulary) -> dict[str, Any]:
    """What an order costs, with everything that explains it."""
    return {
        "items": [price_document(item, vocabulary) for item in price.items],
        "charges": price_document(price.charges, vocabulary),
        "redemption": redemption_document(price.redemption),
        "rates": [rate_document(rate) for rate in price.rates],
    }


def read_order_price(document: Mapping[str, Any]) -> OrderPrice:
    """The price behind a document."""
    return OrderPrice(
        items=tuple(read_price(item) for item in document["items"]),
        charges=read_price(document["charges"]),
        redemption=read_redemption(document["redemption"]),
        rates=tuple(read_rate(rate) for rate in document["rates"]),
    )


def wanted_document(wanted: Wanted) -> dict[str, Any]:
    """What was wanted."""
    return asdict(wanted)


def read_wanted(document: Mapping[str, Any]) -> Wanted:
    """What a document says was wanted."""
    items = tuple(Item(**item) for item in document["items"])
    return Wanted(**{**document, "items": items, "codes": tuple(document["codes"])})


def redemption_document(redemption: Redemption) -> dict[str, Any]:
    """What coupons took off, and which took nothing off."""
    return {
        "redeemed": [redeemed_document(coupon) for coupon in redemption.redeemed],
        "left_out": [left_out_document(one) for one in redemption.left_out],
    }


def read_redemption(document: Mapping[str, Any]) -> Redemption:
    """What coupons took off, and which took nothing off."""
    return Redemption(
        tuple(_read_redeemed(coupon) for coupon in document["redeemed"]),
        tuple(_read_left_out(one) for one in document["left_out"]),
    )


def redeemed_document(coupon: Redeemed) -> dict[str, Any]:
    """What a coupon took off."""
    return {
        "coupon_id": coupon.coupon_id,
        "code": coupon.code,
        "label": coupon.label,
        "shares": [money_document(share) for share in coupon.shares],
        "shipping": money_document(coupon.shipping),
        "may_go_below_floor": coupon.may_go_below_floor,
    }


def _read_redeemed(document: Mapping[str, Any]) -> Redeemed:
    """What a coupon took off."""
    shares = tuple(read_money(share) for share in document["shares"])
    return Redeemed(**{**document, "shares": shares, "shipping": read_money(document["shipping"])})


def rate_document(rate: Rate) -> dict[str, Any]:
    """A rate of exchange."""
    return {
        "source": rate.source,
        "target": rate.target,
        "rate": str(rate.rate),
        "mid": str(rate.mid),
        "margin": str(rate.margin),
        "day": rate.day.isoformat(),
        "age_days": rate.age_days,
        "origin": rate.origin.value,
    }


def read_rate(document: Mapping[str, Any]) -> Rate:
    """A rate of exchange."""
    numbers = {name: Decimal(document[name]) for name in ("rate", "mid", "margin")}
    day = date.fromisoformat(document["day"])
    return Rate(**{**document, **numbers, "day": day, "origin": Origin(document["origin"])})


def left_out_document(left_out: LeftOut) -> dict[str, Any]:
    """A code that takes nothing off, and why not."""
    failures = [
        {
            "code": failure.code.value,
            "message": failure.message,
            "missing": None if failure.missing is None else money_document(failure.missing),
            "holds_from": None if failure.holds_from is None else failure.holds_from.isoformat(),
        }
        for failure in left_out.failures
    ]
    return {"code": left_out.code, "failures": failures}


def _read_left_out(document: Mapping[str, Any]) -> LeftOut:
    failures = tuple(
        Failure(
            FailureCode(failure["code"]),
            failure["message"],
            None if failure["missing"] is None else read_money(failure["missing"]),
            None if failure["holds_from"] is None else datetime.fromisoformat(failure["holds_from"]),
        )
        for failure in document["failures"]
    )
    return LeftOut(document["code"], failures)

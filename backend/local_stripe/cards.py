"""Stripe's documented test cards, and how each behaves (https://docs.stripe.com/testing)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Authentication(StrEnum):
    """When the bank wants its customer to prove who they are."""

    NEVER = "never"
    ALWAYS = "always"
    UNLESS_SET_UP = "unless_set_up"
    ON_SESSION = "on_session"


class RefundWay(StrEnum):
    """How a refund to the card goes."""

    INSTANT = "instant"
    PENDING = "pending"
    FAILS_LATER = "fails_later"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a bank declines: Stripe's `code`, the bank's `decline_code` and the sentence."""

    code: str
    decline_code: str | None = None
    message: str = "Your card was declined."


@dataclass(frozen=True, slots=True)
class Card:
    """A test card: `names` are the payment methods that stand for it (`pm_card_…`)."""

    number: str
    names: tuple[str, ...]
    brand: str = "visa"
    funding: str = "credit"
    refusal: Refusal | None = None
    authentication: Authentication = Authentication.NEVER
    refunds: RefundWay = RefundWay.INSTANT
    dispute: str | None = None
    inquiry: bool = False
    at_once: bool = False

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


def _declined(decline_code: str) -> Refusal:
    return Refusal("card_declined", decline_code)


_FUNDS: Final = Refusal("card_declined", "insufficient_funds", "Your card has insufficient funds.")
CARDS: Final[tuple[Card, ...]] = (
    Card("4242424242424242", ("pm_card_visa", "pm_card_us")),
    Card("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    Card("4000002500000003", ("pm_card_fr",)),
    Card("5555555555554444", ("pm_card_mastercard",), brand="mastercard"),
    Card("5200828282828210", ("pm_card_mastercard_debit",), brand="mastercard", funding="debit"),
    Card("378282246310005", ("pm_card_amex",), brand="amex"),
    Card("6011111111111117", ("pm_card_discover",), brand="discover"),
    Card("3056930009020004", ("pm_card_diners",), brand="diners"),
    Card("3566002020360505", ("pm_card_jcb",), brand="jcb"),
    Card("6200000000000005", ("pm_card_unionpay",), brand="unionpay"),
    Card("4000000000000077", ("pm_card_bypassPending",), at_once=True),
    Card(
        "4000000000000002",
        ("pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"),
        refusal=_declined("generic_decline"),
    ),
    Card(
        "4000000000009995",
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedInsufficientFunds"),
        refusal=_FUNDS,
    ),
    Card("4000000000009987", ("pm_card_visa_chargeDeclinedLostCard",), refusal=_declined("lost_card")),
    Card("4000000000009979", ("pm_card_visa_chargeDeclinedStolenCard",), refusal=_declined("stolen_card")),
    Card(
        "4000000000000069",
        ("pm_card_chargeDeclinedExpiredCard",),
        refusal=Refusal("expired_card", None, "Your card has expired."),
    ),
    Card(
        "4000000000000127",
        ("pm_card_chargeDeclinedIncorrectCvc",),
        refusal=Refusal("incorrect_cvc", None, "Your card's security code is incorrect."),
    ),
    Card(
        "4000000000000119",
        ("pm_card_chargeDeclinedProcessingError",),
        refusal=Refusal(
            "processing_error",
            None,
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    Card(
        "4000000000006975",
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded",),
        refusal=_declined("card_velocity_exceeded"),
    ),
    Card("4100000000000019", ("pm_card_radarBlock",), refusal=_declined("fraudulent")),
    # Attaching it to a customer succeeds, charging it does not.
    Card("4000000000000341", ("pm_card_chargeCustomerFail",), refusal=_declined("generic_decline")),
    Card(
        "4000002760003184",
        ("pm_card_authenticationRequired",),
        authentication=Authentication.ALWAYS,
    ),
    Card(
        "4000000000003220",
        ("pm_card_threeDSecure2Required",),
        authentication=Authentication.ALWAYS,
    ),
    Card(
        "4000002500003155",
        ("pm_card_authenticationRequiredOnSetup",),
        authentication=Authentication.UNLESS_SET_UP,
    ),
    Card(
        "4000003800000446",
        ("pm_card_authenticationRequiredSetupForOffSession",),
        authentication=Authentication.ON_SESSION,
    ),
    Card(
        "4000008260003178",
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",),
        authentication=Authentication.ALWAYS,
        refusal=_FUNDS,
    ),
    Card("4000000000007726", ("pm_card_pendingRefund",), refunds=RefundWay.PENDING),
    Card("4000000000005126", ("pm_card_refundFail",), refunds=RefundWay.FAILS_LATER),
    Card("4000000000000259", ("pm_card_createDispute",), dispute="fraudulent"),
    Card(
        "4000000000002685",
        ("pm_card_createDisputeProductNotReceived",),
        dispute="product_not_received",
    ),
    Card("4000000000001976", ("pm_card_createDisputeInquiry",), dispute="fraudulent", inquiry=True),
)
BY_NUMBER: Final = {card.number: card for card in CARDS}
# `pm_card_visa` is a payment method, `tok_visa` a token: both stand for the same card.
BY_NAME: Final = {name: card for card in CARDS for name in card.names}
BY_TOKEN: Final = {name.replace("pm_card_", "tok_"): card for name, card in BY_NAME.items()}


def needs_authentication(card: Card, *, off_session: bool, set_up: bool) -> bool:
    """Whether the bank wants its customer to prove who they are before this payment."""
    if card.authentication is Authentication.UNLESS_SET_UP:
        return not (off_session and set_up)
    if card.authentication is Authentication.ON_SESSION:
        return not off_session
    return card.authentication is Authentication.ALWAYS

"""Every request of the adapter against Stripe's own mock, which checks them by Stripe's OpenAPI description.

It is a Go program: `go install github.com/stripe/stripe-mock@latest`. It is found on PATH, or where
STRIPE_MOCK says (the program, or its folder).
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.domains.payments.gateway import (
    Account,
    Capture,
    GatewayRefund,
    GatewayReversal,
    GatewayTransfer,
    Intent,
    OnboardingLink,
)
from backend.domains.payments.gateways.connecting import connect, over_network
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.kernel.money import Money
from tests.cli.ports import free_port, wait_until_answering
from tests.conftest import NOW
from tests.fakes.clock import FakeClock

EUROS = Money(1_000, "EUR")
PAGE = "https://shop.example"
CALLS: dict[str, tuple[Callable[[StripeGateway], Any], type]] = {
    "create_intent": (
        lambda g: g.create_intent(
            amount=EUROS,
            capture=Capture.MANUAL,
            reference="ord_1",
            description="A tour",
            customer_id="cus_1",
            save_card=True,
            key="1",
        ),
        Intent,
    ),
    "charge_saved": (
        lambda g: g.charge_saved(
            amount=EUROS,
            reference="bkg_1",
            description="A tour",
            customer_id="cus_1",
            payment_method="pm_1",
            key="2",
        ),
        Intent,
    ),
    "intent": (lambda g: g.intent(intent_id="pi_1"), Intent),
    "intents": (lambda g: g.intents(customer_id="cus_1"), list),
    "confirm": (
        lambda g: g.confirm(intent_id="pi_1", payment_method="pm_1", return_url=PAGE, key="3"),
        Intent,
    ),
    "capture": (lambda g: g.capture(intent_id="pi_1", amount=EUROS, key="4"), Intent),
    "cancel": (lambda g: g.cancel(intent_id="pi_1", key="5"), Intent),
    "refund": (lambda g: g.refund(intent_id="pi_1", amount=EUROS, reference="rfd_1", key="6"), GatewayRefund),
    "refunds": (lambda g: g.refunds(intent_id="pi_1"), list),
    "transfer": (
        lambda g: g.transfer(
            amount=EUROS, account_id="acct_1", charge_id="ch_1", group="ord_1", reference="trf_1", key="7"
        ),
        GatewayTransfer,
    ),
    "reverse": (lambda g: g.reverse(transfer_id="tr_1", amount=EUROS, key="8"), GatewayReversal),
    "reversals": (lambda g: g.reversals(transfer_id="tr_1"), list),
    "transfers": (lambda g: g.transfers(group="ord_1"), list),
    "create_customer": (
        lambda g: g.create_customer(email="ann@example.com", name="Ann", reference="usr_1", key="9"),
        str,
    ),
    "create_account": (
        lambda g: g.create_account(
            email="guide@example.com", country="FR", reference="provider:prv_1", key="10"
        ),
        Account,
    ),
    "account": (lambda g: g.account(account_id="acct_1"), Account),
    "onboarding_link": (
        lambda g: g.onboarding_link(account_id="acct_1", return_url=PAGE, refresh_url=PAGE),
        OnboardingLink,
    ),
    "disputes": (lambda g: g.disputes(intent_id="pi_1"), list),
    "movements": (lambda g: g.movements(since=NOW, before=NOW + timedelta(days=1)), list),
    "balance": (lambda g: g.balance(), dict),
}


def program() -> str | None:
    """Where stripe-mock is, None when it is nowhere."""
    named = os.environ.get("STRIPE_MOCK")  # noqa: TID251 (of the tests alone)
    if named is None:
        return shutil.which("stripe-mock")
    path = Path(named)
    return shutil.which(str(path / "stripe-mock" if path.is_dir() else path))


@pytest.fixture(scope="module")
def api_base() -> Iterator[str]:
    """Where stripe-mock answers."""
    found = program()
    if found is None:
        pytest.skip("stripe-mock is not installed: go install github.com/stripe/stripe-mock@latest")
    port = free_port()
    command = [found, "-http-port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_answering(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.mark.parametrize("verb", CALLS)
def test_speaks_as_stripe_describes(verb: str, api_base: str, clock: FakeClock) -> None:
    http_client = over_network()
    client = connect(key="sk_test_123", api_base=api_base, http_client=http_client, tries_again=0)
    ask, kind = CALLS[verb]

    answer = ask(StripeGateway(client, (), clock))
    http_client.close()

    assert isinstance(answer, kind)


def test_leaves_no_verb_out() -> None:
    verbs = {name for name in vars(StripeGateway) if not name.startswith("_")}

    assert verbs - {"client", "clock", "webhook_secrets", "event"} == CALLS.keys()

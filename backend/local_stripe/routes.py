"""Every address of the API, and what answers there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.local_stripe import (
    accounts,
    balance,
    charges,
    customers,
    disputes,
    events,
    faults,
    intents,
    payment_methods,
    payouts,
    refunds,
    transfers,
    webhooks,
)
from backend.local_stripe.errors import Json


@dataclass(frozen=True, slots=True)
class Route:
    """`run(book, params, *ids)` answers; `public` routes take a publishable key and a client secret too."""

    method: str
    path: str
    run: Callable[..., Json]
    public: bool = False


ROUTES: Final = (
    Route("POST", "/v1/payment_intents", intents.create),
    Route("GET", "/v1/payment_intents", intents.index),
    Route("GET", "/v1/payment_intents/<a>", intents.retrieve, public=True),
    Route("POST", "/v1/payment_intents/<a>", intents.update),
    Route("POST", "/v1/payment_intents/<a>/confirm", intents.confirm, public=True),
    Route("POST", "/v1/payment_intents/<a>/capture", intents.capture),
    Route("POST", "/v1/payment_intents/<a>/cancel", intents.cancel),
    Route("GET", "/v1/charges", charges.index),
    Route("GET", "/v1/charges/<a>", charges.retrieve),
    Route("POST", "/v1/refunds", refunds.create),
    Route("GET", "/v1/refunds", refunds.index),
    Route("GET", "/v1/refunds/<a>", refunds.retrieve),
    Route("POST", "/v1/customers", customers.create),
    Route("GET", "/v1/customers", customers.index),
    Route("GET", "/v1/customers/<a>", customers.retrieve),
    Route("POST", "/v1/customers/<a>", customers.update),
    Route("DELETE", "/v1/customers/<a>", customers.delete),
    Route("GET", "/v1/customers/<a>/payment_methods", payment_methods.of_customer),
    Route("POST", "/v1/payment_methods", payment_methods.create),
    Route("GET", "/v1/payment_methods/<a>", payment_methods.retrieve),
    Route("POST", "/v1/payment_methods/<a>/attach", payment_methods.attach),
    Route("POST", "/v1/payment_methods/<a>/detach", payment_methods.detach),
    Route("POST", "/v1/accounts", accounts.create),
    Route("GET", "/v1/accounts", accounts.index),
    Route("GET", "/v1/accounts/<a>", accounts.retrieve),
    Route("POST", "/v1/account_links", accounts.create_link),
    Route("POST", "/v1/transfers", transfers.create),
    Route("GET", "/v1/transfers", transfers.index),
    Route("GET", "/v1/transfers/<a>", transfers.retrieve),
    Route("POST", "/v1/transfers/<a>/reversals", transfers.reverse),
    Route("GET", "/v1/transfers/<a>/reversals", transfers.reversals),
    Route("GET", "/v1/transfers/<a>/reversals/<b>", transfers.reversal),
    Route("POST", "/v1/payouts", payouts.create),
    Route("GET", "/v1/payouts", payouts.index),
    Route("GET", "/v1/payouts/<a>", payouts.retrieve),
    Route("GET", "/v1/balance", balance.retrieve),
    Route("GET", "/v1/balance_transactions", balance.transactions),
    Route("GET", "/v1/balance_transactions/<a>", balance.transaction),
    Route("GET", "/v1/disputes", disputes.index),
    Route("GET", "/v1/disputes/<a>", disputes.retrieve),
    Route("POST", "/v1/disputes/<a>", disputes.update),
    Route("POST", "/v1/disputes/<a>/close", disputes.close),
    Route("GET", "/v1/events", events.index),
    Route("GET", "/v1/events/<a>", events.retrieve),
    # What in the world outside somebody else does: banks, owners of accounts, networks that fail.
    Route("POST", "/local/disputes", disputes.create),
    Route("POST", "/local/disputes/<a>", disputes.settle),
    Route("POST", "/local/accounts/<a>", accounts.settle),
    Route("POST", "/local/payouts/<a>/fail", payouts.fail),
    Route("POST", "/local/faults", faults.create),
    Route("POST", "/local/webhooks", webhooks.configure),
)

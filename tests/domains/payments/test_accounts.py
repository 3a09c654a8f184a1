"""Payout accounts, against the local gateway."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import svcs
from flask import Flask

from backend.domains.payments.accounts import Onboarding, PayoutAccounts
from backend.domains.payments.gateway import Account, GatewayDownError, PaymentGateway
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.errors import NotFoundError
from backend.local_stripe.faults import Moment
from backend.local_stripe.local import LocalStripe
from tests.factories.payments import onboard
from tests.fakes.clock import FakeClock

OWNER = f"provider:{ids.new_id(ids.PROVIDER)}"
BACK = "https://shop.example/back"


@pytest.fixture
def accounts(app: Flask, local_stripe: LocalStripe) -> PayoutAccounts:
    return svcs.flask.get(PayoutAccounts)


def opened(accounts: PayoutAccounts, **changes: Any) -> Onboarding:
    values = {"owner": OWNER, "email": "a@example.com", "country": "FR", **changes}
    return accounts.onboard(**values, return_url=BACK, refresh_url=BACK)


def made_at(local: LocalStripe) -> int:
    """How many accounts the gateway has."""
    with local.store.reading() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM objects WHERE kind = 'account'").fetchone()[0])


@dataclass(frozen=True)
class Between:
    """A gateway at which something happens just before an account is made."""

    inner: PaymentGateway
    happens: Callable[[], Any]

    def create_account(self, **asked: Any) -> Account:
        self.happens()
        return self.inner.create_account(**asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class TestPayoutAccounts:
    def test_are_made_once_and_linked_to_as_often_as_asked(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe
    ) -> None:
        first, second = opened(accounts), opened(accounts, email="other@example.com")

        assert first.account == second.account
        assert first.link.url != second.link.url
        assert first.account.requirements
        assert made_at(local_stripe) == 1

    def test_take_transfers_when_their_owner_has_given_everything(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe
    ) -> None:
        account_id = opened(accounts).account.account_id
        assert account_id is not None
        before = accounts.account_of(OWNER)

        onboard(local_stripe, account_id)
        refreshed = accounts.refresh(account_id=account_id)

        assert before is None
        assert (refreshed.takes_transfers, refreshed.pays_out, refreshed.requirements) == (True, True, [])
        assert accounts.account_of(OWNER) == account_id

    def test_take_none_any_more_when_the_gateway_asks_for_more(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe, clock: FakeClock
    ) -> None:
        account_id = opened(accounts).account.account_id
        assert account_id is not None
        onboard(local_stripe, account_id)
        accounts.refresh(account_id=account_id)

        onboard(local_stripe, account_id, "restrict")
        state = accounts.state(owner=OWNER)

        assert list(state.requirements) == ["individual.verification.document"]
        assert accounts.account_of(OWNER) is None

    @pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.AFTER])
    def test_are_made_once_though_the_answer_was_lost(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe, moment: Moment
    ) -> None:
        local_stripe.fail("/v1/accounts", moment)
        with pytest.raises(GatewayDownError):
            opened(accounts)
        db.session.rollback()
        unknown = accounts.state(owner=OWNER)

        # Another address than at first must not make another request of it.
        made = opened(accounts, email="other@example.com")

        assert unknown.account_id is None
        assert made.account.account_id is not None
        assert made_at(local_stripe) == 1

    def test_are_made_once_by_two_at_the_same_time(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe
    ) -> None:
        others: list[Onboarding] = []
        slow = Between(accounts.gateway, lambda: others.append(opened(accounts)))

        mine = opened(replace(accounts, gateway=slow))  # type: ignore[arg-type]

        assert mine.account == others[0].account
        assert made_at(local_stripe) == 1

    def test_are_as_last_seen_while_the_gateway_is_down(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe
    ) -> None:
        account = opened(accounts).account
        local_stripe.fail("/v1/accounts/.*", Moment.ERROR, method="GET")

        assert accounts.state(owner=OWNER) == account

    def test_keep_what_was_asked_for_last(
        self, accounts: PayoutAccounts, local_stripe: LocalStripe, shared_clock: FakeClock
    ) -> None:
        account_id = opened(accounts).account.account_id
        assert account_id is not None
        shared_clock.advance(minutes=1)
        onboard(local_stripe, account_id)
        accounts.refresh(account_id=account_id)

        # An answer that was asked for before, and comes after.
        shared_clock.advance(minutes=-2)
        onboard(local_stripe, account_id, "restrict")
        accounts.refresh(account_id=account_id)

        assert accounts.account_of(OWNER) == account_id

    def test_of_others_are_unknown(self, accounts: PayoutAccounts) -> None:
        with pytest.raises(NotFoundError):
            accounts.state(owner=OWNER)

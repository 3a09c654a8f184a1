"""Payout accounts: the connected account of each provider and expert, one for each, and what it can do.

The gateway is asked with no transaction open: every verb that asks it commits before it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.domains.payments.account_models import PayoutAccountRow
from backend.domains.payments.gateway import Account, GatewayDownError, OnboardingLink, PaymentGateway
from backend.infra.clock import Clock
from backend.infra.jobs import JobQueue
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import NotFoundError

# The task that passes on what an owner has coming, once their account takes transfers.
ABLE: Final = "payments.account_able"
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """The account of `owner` (`provider:prv_…`, `expert:usr_…`) as the gateway had it at `checked_at`.

    `account_id` is None while it is not known whether the gateway has made it.
    """

    owner: str
    account_id: str | None
    takes_transfers: bool
    pays_out: bool
    requirements: Sequence[str]
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Onboarding:
    """An account, and the page on which its owner completes it: good once and until `link.expires_at`."""

    account: PayoutAccount
    link: OnboardingLink


_COLUMNS: Final = (
    PayoutAccountRow.owner,
    PayoutAccountRow.account_id,
    PayoutAccountRow.takes_transfers,
    PayoutAccountRow.pays_out,
    PayoutAccountRow.requirements,
    PayoutAccountRow.checked_at,
)


@dataclass(frozen=True)
class PayoutAccounts:
    """Makes payout accounts, and knows what they can do."""

    session: DbSession
    gateway: PaymentGateway
    clock: Clock
    jobs: JobQueue

    def account_of(self, owner: str) -> str | None:
        """The account at the gateway that takes transfers for `owner`, None when there is none (yet)."""
        query = select(PayoutAccountRow.account_id).where(
            PayoutAccountRow.owner == owner, PayoutAccountRow.takes_transfers
        )
        return self.session.scalar(query)

    def onboard(
        self, *, owner: str, email: str, country: str, return_url: str, refresh_url: str
    ) -> Onboarding:
        """A new link to complete the one account of `owner`, which is made when there is none.

        Commits. The same account however often it is called, and by however many at once.
        """
        account_id = self._made(owner, email, country)
        account = self.refresh(account_id=account_id)
        link = self.gateway.onboarding_link(
            account_id=account_id, return_url=return_url, refresh_url=refresh_url
        )
        return Onboarding(account, link)

    def state(self, *, owner: str) -> PayoutAccount:
        """The account as the gateway has it, or last had it when it is down. Commits. NotFoundError."""
        found = self._stored(PayoutAccountRow.owner == owner)
        if found.account_id is None:
            return found
        try:
            return self.refresh(account_id=found.account_id)
        except GatewayDownError:
            return found

    def refresh(self, *, account_id: str) -> PayoutAccount:
        """Store what the gateway says of an account now. Commits before it asks. NotFoundError.

        An account that begins to take transfers gets what its owner has coming, by a job.
        """
        self._stored(PayoutAccountRow.account_id == account_id)
        self.session.commit()
        asked_at = self.clock.now()
        self._store(self.gateway.account(account_id=account_id), asked_at)
        return self._stored(PayoutAccountRow.account_id == account_id)

    def incomplete(self) -> Sequence[str]:
        """Ids at the gateway of accounts that take no transfers, those first that nobody saw for longest."""
        query = (
            select(PayoutAccountRow.account_id)
            .where(PayoutAccountRow.account_id.is_not(None), ~PayoutAccountRow.takes_transfers)
            .order_by(PayoutAccountRow.checked_at.nulls_first())
            .limit(BATCH)
        )
        return [str(account_id) for account_id in self.session.scalars(query)]

    def _made(self, owner: str, email: str, country: str) -> str:
        """The id of the owner's account at the gateway; asks for one where none is known."""
        now = self.clock.now()
        values = {
            "id": ids.new_id(ids.PAYOUT_ACCOUNT),
            "owner": owner,
            "email": email,
            "country": country,
            "takes_transfers": False,
            "pays_out": False,
            "requirements": [],
            "created_at": now,
        }
        self.session.execute(insert(PayoutAccountRow).values(values).on_conflict_do_nothing())
        row = self.session.execute(
            select(
                PayoutAccountRow.id,
                PayoutAccountRow.account_id,
                PayoutAccountRow.email,
                PayoutAccountRow.country,
            ).where(PayoutAccountRow.owner == owner)
        ).one()
        self.session.commit()
        if row.account_id is not None:
            return str(row.account_id)
        made = self.gateway.create_account(
            email=row.email, country=row.country, reference=owner, key=f"payout-account:{row.id}"
        )
        self.session.execute(
            update(PayoutAccountRow)
            .where(PayoutAccountRow.id == row.id, PayoutAccountRow.account_id.is_(None))
            .values(account_id=made.id)
        )
        self.session.commit()
        return made.id

    def _store(self, found: Account, asked_at: datetime) -> None:
        """Unless something is stored that was asked for later."""
        row = self.session.scalars(
            select(PayoutAccountRow).where(PayoutAccountRow.account_id == found.id).with_for_update(),
            execution_options={"populate_existing": True},
        ).one()
        if row.checked_at is not None and row.checked_at > asked_at:
            return
        if found.takes_transfers and not row.takes_transfers:
            self.jobs.enqueue(ABLE, owner=row.owner)
        row.takes_transfers, row.pays_out = found.takes_transfers, found.pays_out
        row.requirements, row.checked_at = list(found.requirements), asked_at
        self.session.flush()

    def _stored(self, which: ColumnElement[bool]) -> PayoutAccount:
        row = self.session.execute(select(*_COLUMNS).where(which)).one_or_none()
        if row is None:
            raise NotFoundError("There is no payout account yet; POST here makes one.")
        return PayoutAccount(*row)

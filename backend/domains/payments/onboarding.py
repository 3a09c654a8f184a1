"""Who may open a payout account for whom, and where its owner comes back to."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from backend.domains.catalog.entities import Provider
from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import User, UserService
from backend.domains.ledger import accounts as ledger_accounts
from backend.domains.payments.accounts import Onboarding, PayoutAccount, PayoutAccounts
from backend.infra.audit import AuditLog
from backend.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError


class NoUserError(ConflictError):
    """The provider has nobody who could complete an account."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; `is_support` may do so for every provider."""

    user_id: str
    is_support: bool = False


@dataclass(frozen=True)
class PayoutOnboarding:
    """Opens payout accounts. `home` is our own address, `origins` are those of our pages elsewhere."""

    accounts: PayoutAccounts
    catalog: CatalogService
    users: UserService
    audit: AuditLog
    home: str
    origins: Collection[str]
    country: str

    def provider(self, *, asker: Asker, provider_id: str | None, return_url: str | None) -> Onboarding:
        """For the provider that the caller acts for. Denied-, NotFound-, NoUser-, InvalidError."""
        found = self._provider(asker, provider_id)
        if found.user_id is None:
            raise NoUserError("This provider has no user who could complete an account; name one first.")
        owner = self.users.user(found.user_id)
        return self._open(asker, ledger_accounts.provider(found.id), owner, return_url)

    def expert(self, *, asker: Asker, return_url: str | None) -> Onboarding:
        """For the caller, an expert. InvalidError for another's `return_url`."""
        owner = self.users.user(asker.user_id)
        return self._open(asker, ledger_accounts.expert(owner.id), owner, return_url)

    def state_of_provider(self, *, asker: Asker, provider_id: str | None) -> PayoutAccount:
        """The account of the provider that the caller acts for. As `provider`."""
        found = self._provider(asker, provider_id)
        return self.accounts.state(owner=ledger_accounts.provider(found.id))

    def state_of_expert(self, *, asker: Asker) -> PayoutAccount:
        """The caller's account. NotFoundError."""
        return self.accounts.state(owner=ledger_accounts.expert(asker.user_id))

    def _open(self, asker: Asker, owner: str, user: User, return_url: str | None) -> Onboarding:
        back = self._checked(return_url)
        self.audit.record(actor_id=asker.user_id, action="payout_account.onboarding", subject=owner)
        return self.accounts.onboard(
            owner=owner,
            email=user.email,
            country=user.country or self.country,
            return_url=back,
            # The same page: it asks for a new link where something is still required.
            refresh_url=back,
        )

    def _provider(self, asker: Asker, provider_id: str | None) -> Provider:
        if provider_id is None:
            return self._only_one(asker)
        found = self.catalog.provider(provider_id=provider_id)
        if found.user_id != asker.user_id and not asker.is_support:
            raise DeniedError("You do not act for this provider.")
        return found

    def _only_one(self, asker: Asker) -> Provider:
        mine = self.catalog.providers_of(user_id=asker.user_id)
        if not mine:
            raise NotFoundError("You act for no provider.")
        if len(mine) > 1:
            names = ", ".join(provider.id for provider in mine)
            raise InvalidError(
                "You act for several providers; say which.", errors={"provider_id": [f"One of {names}."]}
            )
        return mine[0]

    def _checked(self, return_url: str | None) -> str:
        """An address of ours: the gateway sends people wherever it is told."""
        if return_url is None:
            return f"{self.home}/"
        parts = urlsplit(return_url)
        if f"{parts.scheme}://{parts.netloc}" not in {self.home, *self.origins}:
            raise InvalidError(
                "People are sent back to a page of ours only.",
                errors={"return_url": [f"Must begin with {self.home}/ or one of CORS_ORIGINS."]},
            )
        return return_url

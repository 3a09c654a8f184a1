"""Users: registering, recognising, profiles, roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.domains.identity.models import UserRow
from backend.domains.identity.passwords import PasswordHasher, check_strength
from backend.domains.identity.vat import normal_vat_id
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from backend.kernel.roles import Role


class EmailTakenError(ConflictError):
    """Somebody registered with that address before."""


class WrongCredentialsError(UnauthenticatedError):
    """No user has this e-mail address and password; which of the two is wrong is not told."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who can sign in; `country` is ISO 3166-1 alpha-2, `locale` BCP 47.

    `vat_id` is that of a business; `loyalty_set_by` the member of staff who set the tier, if one did.
    """

    id: str
    email: str
    name: str
    roles: frozenset[Role]
    locale: str
    loyalty_tier: str
    country: str | None
    created_at: datetime
    vat_id: str | None = None
    loyalty_set_by: str | None = None


class ProfileChanges(TypedDict, total=False):
    """What users may change about themselves."""

    name: str
    locale: str
    country: str | None
    vat_id: str | None


@dataclass(frozen=True)
class UserService:
    """Use cases of users. Changes are flushed; the caller commits."""

    session: DbSession
    clock: Clock
    audit: AuditLog
    passwords: PasswordHasher

    def user(self, user_id: str) -> User:
        """The user with this id. NotFoundError when there is none."""
        row = self.session.get(UserRow, user_id)
        if row is None:
            raise NotFoundError(f"There is no user {user_id}.")
        return user_of(row)

    def user_with_email(self, *, email: str) -> User:
        """The user with this address. NotFoundError when there is none."""
        return user_of(self._row_of(email))

    def register(
        self,
        *,
        email: str,
        password: str,
        name: str,
        roles: Iterable[Role] = (Role.CUSTOMER,),
        locale: str = "en",
        country: str | None = None,
        loyalty_tier: str = "none",
    ) -> User:
        """A new user. EmailTakenError, WeakPasswordError, InvalidError for what is no address."""
        email = normal_email(email)
        check_strength(password, email=email)
        row = UserRow(
            id=ids.new_id(ids.USER),
            email=email,
            password_hash=self.passwords.hash(password),
            name=name,
            roles=sorted(roles),
            locale=locale,
            country=country,
            loyalty_tier=loyalty_tier,
            created_at=self.clock.now(),
        )
        self.session.add(row)
        self._flush_new(email)
        return user_of(row)

    def authenticate(self, *, email: str, password: str) -> User:
        """The user with this address and password. WrongCredentialsError, after equal work, for others."""
        row = self._find(email)
        kept = None if row is None else row.password_hash
        right = self.passwords.verify(kept, password)
        if row is None or kept is None or not right:
            raise WrongCredentialsError("No user has this e-mail address and password.")
        if self.passwords.outdated(kept):
            row.password_hash = self.passwords.hash(password)
            self.session.flush()
        return user_of(row)

    def change_profile(self, *, user_id: str, **changes: Unpack[ProfileChanges]) -> User:
        """The user with a new profile. NotFoundError, InvalidError for a wrong VAT number."""
        row = self.session.get(UserRow, user_id, with_for_update=True)
        if row is None:
            raise NotFoundError(f"There is no user {user_id}.")
        if (vat_id := changes.get("vat_id")) is not None:
            changes["vat_id"] = normal_vat_id(vat_id)
        for field, value in changes.items():
            setattr(row, field, value)
        self.session.flush()
        return user_of(row)

    def set_loyalty_tier(self, *, user_id: str, tier: str, actor_id: str) -> User:
        """The user in the tier that a member of staff gives them, noted in the audit log. NotFoundError."""
        row = self.session.get(UserRow, user_id, with_for_update=True)
        if row is None:
            raise NotFoundError(f"There is no user {user_id}.")
        self.audit.record(
            actor_id=actor_id,
            action="user.loyalty_tier_set",
            subject=row.id,
            before={"loyalty_tier": row.loyalty_tier},
            after={"loyalty_tier": tier},
        )
        row.loyalty_tier, row.loyalty_set_by = tier, actor_id
        self.session.flush()
        return user_of(row)

    def create_admin(self, *, email: str, password: str, actor_id: str | None) -> User:
        """A new user who may do everything, noted in the audit log."""
        user = self.register(
            email=email, password=password, name=email.partition("@")[0], roles=(Role.ADMIN, Role.CUSTOMER)
        )
        self.audit.record(
            actor_id=actor_id,
            action="user.admin_created",
            subject=user.id,
            after={"email": user.email, "roles": sorted(user.roles)},
        )
        return user

    def grant(self, *, email: str, role: Role, actor_id: str | None) -> User:
        """The user with one more role, noted in the audit log; it holds from the next token on."""
        row = self._row_of(email, lock=True)
        before = sorted(row.roles)
        row.roles = sorted({*row.roles, role.value})
        self.audit.record(
            actor_id=actor_id,
            action="user.role_granted",
            subject=row.id,
            before={"roles": before},
            after={"roles": row.roles},
        )
        self.session.flush()
        return user_of(row)

    def _row_of(self, email: str, *, lock: bool = False) -> UserRow:
        row = self._find(email, lock=lock)
        if row is None:
            raise NotFoundError(f"There is no user with the e-mail address {email}.")
        return row

    def _find(self, email: str, *, lock: bool = False) -> UserRow | None:
        try:
            query = select(UserRow).where(UserRow.email == normal_email(email))
        except InvalidError:
            return None
        return self.session.scalar(query.with_for_update() if lock else query)

    def _flush_new(self, email: str) -> None:
        try:
            self.session.flush()
        except IntegrityError as error:
            if violated(error) != "uq_users_email":
                raise
            raise EmailTakenError(f"{email} is registered already; log in instead.") from error


def normal_email(email: str) -> str:
    """The one spelling of an address (Unicode NFC, domain in lower case). InvalidError when it is none.

    Nothing is asked of the network. Letters of the local part keep their case; the database ignores it.
    """
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidError("The e-mail address is not valid.", errors={"email": [str(error)]}) from error


def user_of(row: UserRow) -> User:
    """The user of a row."""
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        locale=row.locale,
        loyalty_tier=row.loyalty_tier,
        country=row.country,
        created_at=row.created_at,
        vat_id=row.vat_id,
        loyalty_set_by=row.loyalty_set_by,
    )

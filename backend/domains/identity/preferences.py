"""What users like to see: categories, brands, a range of prices."""

from dataclasses import dataclass, replace

from backend.domains.identity.models import PreferencesRow, UserRow
from backend.infra.postgres import DbSession
from backend.kernel.errors import NotFoundError, StaleError
from backend.kernel.money import Money
from backend.kernel.versions import Edit


@dataclass(frozen=True, slots=True)
class PriceRange:
    """From `minimum` to `maximum`, both included and in one currency; None leaves an end open."""

    minimum: Money | None = None
    maximum: Money | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user likes to see; `version` is 0 until they say it."""

    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    price_range: PriceRange = PriceRange()
    version: int = 0


@dataclass(frozen=True)
class PreferenceService:
    """Reads and replaces preferences. Changes are flushed; the caller commits."""

    session: DbSession

    def preferences(self, *, user_id: str) -> Preferences:
        """What the user prefers; nothing, when they never said."""
        row = self.session.get(PreferencesRow, user_id)
        return Preferences() if row is None else _preferences(row)

    def replace(self, *, wanted: Preferences, edit: Edit) -> Preferences:
        """The actor's preferences, replaced as a whole. StaleError when they changed since they were read."""
        # Two first edits at once meet at the user's row.
        if self.session.get(UserRow, edit.actor_id, with_for_update=True) is None:
            raise NotFoundError(f"There is no user {edit.actor_id}.")
        row = self.session.get(PreferencesRow, edit.actor_id, populate_existing=True)
        version = 0 if row is None else row.version
        if version != edit.version:
            raise StaleError(
                "Your preferences were changed meanwhile; read them again and repeat the change."
            )
        changed = replace(wanted, version=version + 1)
        self.session.merge(_row(edit.actor_id, changed))
        self.session.flush()
        return changed


def _row(user_id: str, wanted: Preferences) -> PreferencesRow:
    least, most = wanted.price_range.minimum, wanted.price_range.maximum
    return PreferencesRow(
        user_id=user_id,
        categories=list(wanted.categories),
        brands=list(wanted.brands),
        currency=next((end.currency for end in (least, most) if end is not None), None),
        minimum_minor=None if least is None else least.minor,
        maximum_minor=None if most is None else most.minor,
        version=wanted.version,
    )


def _preferences(row: PreferencesRow) -> Preferences:
    def end(minor: int | None) -> Money | None:
        return None if minor is None or row.currency is None else Money(minor, row.currency)

    return Preferences(
        categories=tuple(row.categories),
        brands=tuple(row.brands),
        price_range=PriceRange(end(row.minimum_minor), end(row.maximum_minor)),
        version=row.version,
    )

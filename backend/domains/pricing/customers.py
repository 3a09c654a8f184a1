"""Who asks for a price, as far as rules may know."""

from dataclasses import dataclass

from backend.domains.identity.service import UserService
from backend.domains.pricing.facts import VISITOR, Customer


@dataclass(frozen=True)
class Customers:
    """Looks users up."""

    users: UserService

    def customer(self, user_id: str | None) -> Customer:
        """What is known of the user; of a visitor (None) nothing is."""
        if user_id is None:
            return VISITOR
        user = self.users.user(user_id)
        return Customer(loyalty_tier=user.loyalty_tier, country=user.country)

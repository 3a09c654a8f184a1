"""Who asks for a price, as far as rules may know."""

from dataclasses import dataclass, field

from backend.domains.identity.service import UserService
from backend.domains.pricing.facts import VISITOR, Customer


@dataclass(frozen=True)
class Customers:
    """Looks users up, each once: one of these lives as long as a request."""

    users: UserService
    known: dict[str, Customer] = field(default_factory=dict)

    def customer(self, user_id: str | None) -> Customer:
        """What is known of the user; of a visitor (None) nothing is."""
        if user_id is None:
            return VISITOR
        if user_id not in self.known:
            user = self.users.user(user_id)
            self.known[user_id] = Customer(user.loyalty_tier, user.country, user.vat_id is not None)
        return self.known[user_id]

"""Customers of the demonstration, with a loyalty tier and how often they have bought; the same every time."""

from typing import Final, NamedTuple


class DemoCustomer(NamedTuple):
    """Somebody who buys. `orders` is how many of theirs there are."""

    name: str
    country: str
    tier: str
    orders: int

    @property
    def email(self) -> str:
        """First name and a domain that receives no mail."""
        return f"{self.name.split()[0].lower()}@customers.climbup.example"


CUSTOMERS: Final = (
    DemoCustomer("Alice Martin", "FR", "platinum", 6),
    DemoCustomer("Bruno Keller", "DE", "platinum", 5),
    DemoCustomer("Chiara Conti", "IT", "gold", 4),
    DemoCustomer("David Novak", "AT", "gold", 4),
    DemoCustomer("Eva Lindqvist", "SE", "gold", 3),
    DemoCustomer("Felix Braun", "DE", "gold", 3),
    DemoCustomer("Greta Maes", "BE", "silver", 2),
    DemoCustomer("Hugo Santos", "PT", "silver", 2),
    DemoCustomer("Ines Garcia", "ES", "silver", 2),
    DemoCustomer("Jonas Jensen", "DK", "silver", 2),
    DemoCustomer("Karin Visser", "NL", "silver", 1),
    DemoCustomer("Leo Moretti", "IT", "silver", 1),
    DemoCustomer("Maja Kowalska", "PL", "none", 1),
    DemoCustomer("Nils Berg", "SE", "none", 1),
    DemoCustomer("Olga Wagner", "AT", "none", 1),
    DemoCustomer("Paul Lefevre", "FR", "none", 1),
    DemoCustomer("Quentin Roche", "FR", "none", 1),
    DemoCustomer("Rosa Lopez", "ES", "none", 0),
    DemoCustomer("Simon Clarke", "GB", "none", 0),
    DemoCustomer("Tara Byrne", "IE", "none", 0),
    DemoCustomer("Uwe Schmitt", "LU", "none", 0),
    DemoCustomer("Vera Costa", "PT", "none", 0),
    DemoCustomer("Wim Dekker", "NL", "none", 0),
    DemoCustomer("Xenia Fischer", "CH", "none", 0),
    DemoCustomer("Yann Petit", "FR", "none", 0),
)

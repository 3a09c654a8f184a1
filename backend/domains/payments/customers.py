"""Users as the gateway knows them, so that their cards can be charged later."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.domains.identity.service import UserService
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.models import GatewayCustomer
from backend.infra.postgres import DbSession


@dataclass(frozen=True)
class GatewayCustomers:
    """Finds or makes the gateway's customer of a user."""

    session: DbSession
    gateway: PaymentGateway
    users: UserService

    def of(self, *, user_id: str) -> str:
        """The gateway's id of the user; commits what it finds out, and holds no lock meanwhile."""
        query = select(GatewayCustomer.customer_id).where(GatewayCustomer.user_id == user_id)
        known = self.session.scalar(query)
        if known is not None:
            self.session.commit()
            return known
        user = self.users.user(user_id)
        email, name = user.email, user.name
        self.session.commit()
        # By its key the gateway makes one customer of a user, however many ask at once.
        made = self.gateway.create_customer(
            email=email, name=name, reference=user_id, key=f"customer:{user_id}"
        )
        row = {"user_id": user_id, "customer_id": made}
        self.session.execute(insert(GatewayCustomer).values(row).on_conflict_do_nothing())
        self.session.commit()
        return made

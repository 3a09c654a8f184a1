"""What was asked so long ago that the gateway may have forgotten its key is looked for, and not repeated.

Refunds, transfers and charges carry our id of them; a reversal is one that we do not know yet.
"""

from collections.abc import Callable
from dataclasses import dataclass

from backend.domains.payments import queries
from backend.domains.payments.asked import Answer, Asked
from backend.domains.payments.customers import GatewayCustomers
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.operations import Kind
from backend.infra.postgres import DbSession


@dataclass(frozen=True)
class Recall:
    """Finds what a lost answer said."""

    session: DbSession
    gateway: PaymentGateway
    customers: GatewayCustomers

    def answer(self, asked: Asked) -> Answer | None:
        """What became of an old operation; None when it was not done, or may be repeated by its key.

        Holds no lock and no transaction while it asks. To open, capture and cancel twice does no harm.
        """
        find = self._finding.get(asked.kind) if asked.is_old else None
        return None if find is None else find(asked)

    @property
    def _finding(self) -> dict[Kind, Callable[[Asked], Answer | None]]:
        return {
            Kind.REFUND: self._refund,
            Kind.TRANSFER: self._transfer,
            Kind.REVERSE: self._reversal,
            Kind.CHARGE: self._charge,
        }

    def _refund(self, asked: Asked) -> Answer | None:
        made = self.gateway.refunds(intent_id=asked.intent_id)
        return next((one for one in made if one.reference == asked.id), None)

    def _transfer(self, asked: Asked) -> Answer | None:
        made = self.gateway.transfers(group=asked.payment_id)
        return next((one for one in made if one.reference == asked.id), None)

    def _reversal(self, asked: Asked) -> Answer | None:
        operations = queries.operations(self.session, asked.payment_id, Kind.REVERSE.value)
        known = {one.gateway_id for one in operations}
        self.session.commit()
        made = self.gateway.reversals(transfer_id=asked.transfer_id)
        return next((one for one in made if one.id not in known and one.amount == asked.amount), None)

    def _charge(self, asked: Asked) -> Answer | None:
        if asked.intent_id:
            # A payment has one intent, which succeeds once.
            return None
        made = self.gateway.intents(customer_id=self.customers.of(user_id=asked.user_id))
        return next((one for one in made if one.reference == asked.payment_id), None)

"""What providers and experts owe us, and giving it up."""

from dataclasses import dataclass

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import owner
from backend.domains.ledger.entries import Kind
from backend.domains.ledger.service import Ledger
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.kernel import ids
from backend.kernel.errors import ConflictError
from backend.kernel.money import Money


class NotOwedError(ConflictError):
    """More is to be given up than is owed; `extra["owed"]` says how much is."""


@dataclass(frozen=True)
class Debts:
    """Gives up what will never be netted, such as that of a provider who sells nothing more."""

    ledger: Ledger
    clock: Clock
    audit: AuditLog

    def write_off(self, *, account: str, amount: Money, note: str, actor_id: str) -> Money:
        """Give up `amount` of what the account owes us, noted in the audit log; what it owes still.

        NotOwedError for more than that, for nothing, and for an account that is nobody's.
        """
        self.ledger.lock(accounts=[account])
        owed = self.ledger.balance(account=account, currency=amount.currency)
        nothing = Money.zero(amount.currency)
        if owner(account) is None or not nothing < amount <= owed:
            raise NotOwedError(
                f"{account} owes us {max(owed, nothing)}; at most that can be written off.",
                extra={"owed": {"amount": owed.minor, "currency": owed.currency}},
            )
        number = ids.new_id(ids.WRITE_OFF)
        self.ledger.post(
            key=f"write_off:{number}",
            kind=Kind.WRITE_OFF,
            reference=number,
            postings=entries.write_off(account=account, amount=amount),
            at=self.clock.now(),
        )
        self.audit.record(
            actor_id=actor_id,
            action="ledger.debt_written_off",
            subject=account,
            before={"owed": owed.minor, "currency": owed.currency},
            after={"owed": (owed - amount).minor, "currency": owed.currency, "note": note},
        )
        return owed - amount

"""Every business fact at a gateway that behaves as Stripe does, posted as the ledger says: the books agree."""

from datetime import timedelta

import pytest
import svcs
from sqlalchemy import text

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import BANK, GATEWAY, GATEWAY_FEES, PLATFORM, TAX
from backend.domains.ledger.entries import Kind, Postings
from backend.domains.ledger.postings import undone
from backend.domains.ledger.service import Ledger
from backend.domains.payments.gateway import Capture, PaymentGateway
from backend.domains.payments.reconciliation import Reconciliation, Report
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.ledger import a_provider
from tests.factories.payments import at, decide, dispute, onboard, pay
from tests.fakes.clock import FakeClock

TODAY = NOW.replace(hour=0)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


class Shop:
    """Does things at the gateway, and posts them."""

    def __init__(self, local: LocalStripe) -> None:
        self.local = local
        self.gateway: PaymentGateway = svcs.flask.get_abstract(PaymentGateway)
        self.ledger: Ledger = svcs.flask.get(Ledger)
        self.guide = a_provider()
        self.account = self.gateway.create_account(
            email="guide@example.com", country="FR", reference=self.guide, key="account"
        ).id
        onboard(local, self.account)

    def post(self, kind: Kind, source: str, postings: Postings) -> None:
        posted = self.ledger.post(
            key=f"{kind}:{source}", kind=kind, reference="pay_1", postings=postings, at=NOW, source=source
        )
        assert posted

    def sell(self, shares: dict[str, Money], *, card: str = "pm_card_bypassPending") -> tuple[str, str]:
        """Take what the shares are together; the ids of the intent and the charge."""
        amount = eur(sum(share.minor for share in shares.values()))
        made = self.gateway.create_intent(
            amount=amount,
            capture=Capture.AUTOMATIC,
            reference="ord_1",
            description="A tour",
            customer_id=None,
            save_card=False,
            key=f"intent {shares} {card}",
        )
        pay(self.local, made.id, card)
        charge = self.gateway.intent(intent_id=made.id).charge_id
        assert charge is not None
        self.post(Kind.CHARGE, charge, entries.charge(amount=amount, shares=shares))
        return made.id, charge

    def pass_on(self, amount: Money, charge: str) -> str:
        sent = self.gateway.transfer(
            amount=amount,
            account_id=self.account,
            charge_id=charge,
            group="ord_1",
            reference="t",
            key="transfer",
        )
        self.post(Kind.TRANSFER, sent.id, entries.transfer(account=self.guide, amount=amount))
        return sent.id

    def refund(self, intent: str, amount: Money, shares: dict[str, Money]) -> str:
        gone = self.gateway.refund(intent_id=intent, amount=amount, reference="r", key=f"refund {intent}")
        self.post(Kind.REFUND, gone.id, entries.refund(amount=amount, shares=shares))
        return gone.id

    def compare(self) -> Report:
        both = svcs.flask.get(Reconciliation)
        return both.report(since=TODAY, before=TODAY + timedelta(days=1))

    def balance(self, account: str) -> int:
        return self.ledger.balance(account=account, currency="EUR").minor


@pytest.fixture
def shop(local_stripe: LocalStripe) -> Shop:
    return Shop(local_stripe)


class TestTheTwoBooks:
    def test_agree_on_a_sale_that_is_partly_given_back(self, shop: Shop) -> None:
        shares = {shop.guide: eur(8000), PLATFORM: eur(1500), TAX: eur(500)}
        intent, charge = shop.sell(shares)
        transfer = shop.pass_on(eur(8000), charge)
        shop.refund(intent, eur(2500), shares)
        back = shop.gateway.reverse(transfer_id=transfer, amount=eur(2000), key="reverse")
        shop.post(
            Kind.TRANSFER_REVERSAL, back.id, entries.transfer_reversal(account=shop.guide, amount=eur(2000))
        )

        report = shop.compare()

        assert [one.words for one in report.differences] == []
        assert (report.movements, report.fees_booked) == (4, 1)
        assert [shop.balance(one) for one in (shop.guide, PLATFORM, TAX)] == [0, -1125, -375]
        assert shop.gateway.balance() == {"EUR": eur(shop.balance(GATEWAY))}

    def test_agree_on_a_refund_that_fails(self, shop: Shop, shared_clock: FakeClock) -> None:
        shares = {shop.guide: eur(10000)}
        intent, _ = shop.sell(shares, card="pm_card_refundFail")
        refund = shop.refund(intent, eur(4000), shares)
        shared_clock.advance(minutes=2)
        shop.gateway.refunds(intent_id=intent)
        shop.post(Kind.REFUND_FAILED, refund, undone(entries.refund(amount=eur(4000), shares=shares)))

        report = shop.compare()

        assert [one.words for one in report.differences] == []
        assert shop.balance(shop.guide) == -10000

    @pytest.mark.parametrize(("status", "owed"), [("won", -9000), ("lost", 0)])
    def test_agree_on_disputes(self, shop: Shop, status: str, owed: int) -> None:
        shares = {shop.guide: eur(9000), PLATFORM: eur(1000)}
        intent, _ = shop.sell(shares)
        opened = dispute(shop.local, intent)["id"]
        shop.post(Kind.DISPUTE_OPENED, opened, entries.dispute_opened(amount=eur(10000)))
        decide(shop.local, opened, status)
        if status == "won":
            shop.post(Kind.DISPUTE_WON, opened, entries.dispute_won(amount=eur(10000)))
        else:
            shop.post(Kind.DISPUTE_LOST, opened, entries.dispute_lost(amount=eur(10000), shares=shares))

        report = shop.compare()

        assert [one.words for one in report.differences] == []
        assert (shop.balance("disputed"), shop.balance(shop.guide)) == (0, owed)
        assert shop.gateway.balance() == {"EUR": eur(shop.balance(GATEWAY))}

    def test_agree_on_payouts_that_only_the_gateway_told_of(self, shop: Shop) -> None:
        shop.sell({PLATFORM: eur(10000)})
        at(shop.local, "/v1/payouts", amount=3000, currency="eur")
        failed = at(shop.local, "/v1/payouts", amount=2000, currency="eur")
        at(shop.local, f"/local/payouts/{failed['id']}/fail")

        report = shop.compare()
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

        assert [one.words for one in report.differences] == []
        assert report.payouts_booked == 3
        assert shop.balance(BANK) == 3000
        assert shop.balance(GATEWAY) + shop.balance(GATEWAY_FEES) == 7000

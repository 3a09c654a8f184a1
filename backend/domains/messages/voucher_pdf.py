"""How a voucher looks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reportlab.lib.units import mm
from reportlab.platypus import Table

from backend.domains.messages import pdf
from backend.infra.wording import Wording
from backend.kernel.money import Money

QR_SIZE: Final = 42 * mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """Who may come to whom, when, for what, and what is still to be paid there."""

    booking_id: str
    title: str
    name: str
    party: int
    provider: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    total: Money
    paid: Money
    due: Money


def voucher_pdf(voucher: Voucher, *, url: str, seller: str, wording: Wording) -> bytes:
    """One page, whose QR code holds `url`."""
    say = wording.say
    told = pdf.facts(
        [
            (say("What"), voucher.title),
            (say("When"), wording.period(voucher.starts_at, voucher.ends_at, voucher.timezone)),
            (say("With"), voucher.provider),
            (say("Name"), voucher.name),
            (say("For"), wording.persons(voucher.party)),
            (say("Price"), wording.money(voucher.total)),
            (say("Paid"), wording.money(voucher.paid)),
            (say("To be paid"), wording.money(voucher.due)),
            (say("Booking"), voucher.booking_id),
        ],
        width=pdf.WIDTH - QR_SIZE,
    )
    code = pdf.qr_code(url, size=QR_SIZE)
    shown = say(
        "Show this voucher there, on paper or on a screen. Whoever serves you scans the code and sees that"
        " the booking holds."
    )
    name = say("Voucher")
    parts = [
        pdf.paragraph(seller, pdf.STRONG),
        pdf.paragraph(name, pdf.TITLE),
        Table([[told, code]], colWidths=[pdf.WIDTH - QR_SIZE, QR_SIZE], style=pdf.PLAIN, hAlign="LEFT"),
        pdf.gap(),
        pdf.paragraph(shown, pdf.SMALL),
    ]
    return pdf.document(parts, title=f"{name} {voucher.booking_id}", author=seller, language=wording.language)

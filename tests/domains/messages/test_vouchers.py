from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient
from hypothesis import given, settings
from sqlalchemy import text

from backend.domains.messages.voucher_pdf import Voucher, voucher_pdf
from backend.domains.messages.vouchers import UnknownVoucherError, VoucherCodes
from backend.infra.postgres import db
from backend.infra.wording import Wording
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.factories.bookings import Customer, Shop, make_consultant
from tests.factories.documents import text_of
from tests.factories.identity import make_user

BOOKING = "bkg_01kaj3zq6m8v9x2c4b5n7p8q9r"


def make_voucher(**changes: Any) -> Voucher:
    values = {
        "booking_id": BOOKING,
        "title": "Consultation",
        "name": "Ada",
        "party": 2,
        "provider": "Tax & Co",
        "starts_at": datetime(2026, 12, 14, 22, 30, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 14, 23, 30, tzinfo=UTC),
        "timezone": "Europe/Paris",
        "total": Money(11500, "EUR"),
        "paid": Money(1500, "EUR"),
        "due": Money(10000, "EUR"),
    }
    return Voucher(**{**values, **changes})


def printed(voucher: Voucher, *, locale: str = "en", url: str = "https://x.example/v") -> bytes:
    return voucher_pdf(voucher, url=url, seller="ClimbUp", wording=Wording.of(locale))


class TestVoucherPdf:
    @pytest.mark.parametrize(
        "name",
        [
            "Žofia Łukasiewicz",
            "Ὀδυσσεύς Ελύτης",
            "Фёдор Достоевский",
            "北京",
            "田中さくら",
            "김민지",
            "Tom & <Jerry>",
        ],
    )
    def test_writes_names_in_their_own_script(self, name: str) -> None:
        assert name in text_of(printed(make_voucher(name=name)))

    @settings(max_examples=20)
    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
    def test_can_be_printed_for_whatever_name(self, name: str) -> None:
        assert BOOKING in text_of(printed(make_voucher(name=name)))

    def test_shows_a_sign_that_it_does_not_have_as_unknown(self) -> None:
        assert "Ada \N{REPLACEMENT CHARACTER}" in text_of(printed(make_voucher(name="Ada 🧗")))

    def test_says_when_on_the_clocks_of_the_place(self) -> None:
        found = text_of(printed(make_voucher(), locale="en-GB"))

        assert "Monday, 14 December 2026, 23:30\N{EN DASH}Tuesday, 15 December 2026, 00:30" in found
        assert "Europe/Paris, GMT+01:00" in found

    def test_says_what_is_paid_and_what_is_to_be_paid(self) -> None:
        found = text_of(printed(make_voucher()))

        assert "Price €115.00" in found
        assert "Paid €15.00" in found
        assert "To be paid €100.00" in found

    def test_has_a_code_that_a_scanner_reads(self) -> None:
        url = "https://shop.example/api/vouchers/" + VoucherCodes("a secret").sign(BOOKING)

        page = pypdfium2.PdfDocument(printed(make_voucher(), url=url))[0]

        assert [code.text for code in zxingcpp.read_barcodes(page.render(scale=2).to_pil())] == [url]

    def test_is_the_same_to_the_byte_when_it_says_the_same(self) -> None:
        assert printed(make_voucher()) == printed(make_voucher())


class TestVoucherCodes:
    def test_read_what_they_signed(self) -> None:
        codes = VoucherCodes("a secret")

        assert codes.read(codes.sign(BOOKING)) == BOOKING

    @pytest.mark.parametrize(
        "forged",
        [
            BOOKING,
            "",
            VoucherCodes("another secret").sign(BOOKING),
            VoucherCodes("a secret").sign(BOOKING).replace(".", "x."),
        ],
    )
    def test_refuse_what_they_did_not_sign(self, forged: str) -> None:
        with pytest.raises(UnknownVoucherError):
            VoucherCodes("a secret").read(forged)


class TestVoucherRoutes:
    @pytest.fixture
    def shop(self, app: object) -> Shop:
        return make_consultant()

    @pytest.fixture
    def ada(self, client: FlaskClient) -> Customer:
        return Customer.new(client)

    @pytest.fixture
    def booking_id(self, ada: Customer, shop: Shop) -> str:
        made: str = ada.book(ada.slots(shop)[0]["slot_id"])["id"]
        return made

    def code_of(self, file: bytes) -> str:
        (code,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(file)[0].render(scale=2).to_pil())
        return str(code.text).rpartition("/")[2]

    def test_a_customer_gets_it_and_gets_it_once(self, ada: Customer, booking_id: str) -> None:
        path = f"/api/bookings/{booking_id}/voucher.pdf"

        answer = ada.get(path)
        again = ada.get(path, headers={"If-None-Match": answer.headers["ETag"]})

        assert (answer.status_code, answer.content_type) == (200, "application/pdf")
        assert booking_id in text_of(answer.data)
        assert again.status_code == 304

    def test_its_code_tells_the_provider_what_is_true_now(
        self, ada: Customer, shop: Shop, client: FlaskClient, booking_id: str
    ) -> None:
        provider = Customer.of(client, shop.owner)
        code = self.code_of(ada.get(f"/api/bookings/{booking_id}/voucher.pdf").data)

        before = provider.get(f"/api/vouchers/{code}").json
        ada.delete(f"/api/bookings/{booking_id}")
        after = provider.get(f"/api/vouchers/{code}").json

        assert (before["booking_id"], before["status"], before["is_valid"]) == (booking_id, "confirmed", True)
        assert before["due"] == {"amount": 10000, "currency": "EUR"}
        assert (after["status"], after["is_valid"]) == ("cancelled", False)

    def test_only_who_serves_the_customer_may_check_it(
        self, ada: Customer, client: FlaskClient, booking_id: str
    ) -> None:
        code = self.code_of(ada.get(f"/api/bookings/{booking_id}/voucher.pdf").data)
        another = Customer.of(client, make_consultant().owner)
        support = Customer.of(client, make_user(roles=[Role.SUPPORT]))

        statuses = [one.get(f"/api/vouchers/{code}").status_code for one in (ada, another, support)]

        assert statuses == [403, 404, 200]

    def test_a_forged_code_is_unknown(self, client: FlaskClient, shop: Shop) -> None:
        answer = Customer.of(client, shop.owner).get(f"/api/vouchers/{BOOKING}")

        assert answer.status_code == 404
        assert "not made here" in answer.json["detail"]

    def test_there_is_none_of_a_booking_that_is_not_confirmed(self, ada: Customer, booking_id: str) -> None:
        db.session.execute(text("UPDATE bookings SET status = 'pending_approval'"))
        db.session.commit()

        answer = ada.get(f"/api/bookings/{booking_id}/voucher.pdf")

        assert answer.status_code == 409
        assert "pending approval" in answer.json["detail"]

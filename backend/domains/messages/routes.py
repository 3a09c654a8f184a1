"""Documents that customers get, and the check of a voucher."""

from typing import Any, Final

import svcs
from flask import Response, make_response, request

from backend.domains.bookings.acting import acting
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.schemas import CheckedVoucherSchema
from backend.domains.messages.vouchers import CheckedVoucher, VoucherService
from backend.web.api import Blueprint
from backend.web.auth import signed_in
from backend.web.clock import time_now

blueprint: Final = Blueprint("documents", __name__, url_prefix="/api", description="Vouchers and receipts")

PDF: Final = "application/pdf"
FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


@blueprint.get("/bookings/<booking_id>/voucher.pdf")
@signed_in
@blueprint.response(200, FILE, content_type=PDF)
@blueprint.alt_response(304, description="It is the one that If-None-Match names")
@blueprint.alt_response(404, description="No such booking among those the caller may see")
@blueprint.alt_response(409, description="The booking is not confirmed")
def read_voucher(booking_id: str) -> Response:
    """The voucher of a confirmed booking: its QR code leads whoever serves the customer to its check."""
    vouchers = svcs.flask.get(VoucherService)
    return _file(vouchers.printed(booking_id=booking_id, actor=acting()), f"voucher-{booking_id}.pdf")


@blueprint.get("/orders/<order_id>/receipt.pdf")
@signed_in
@blueprint.response(200, FILE, content_type=PDF)
@blueprint.alt_response(304, description="It is the one that If-None-Match names")
@blueprint.alt_response(404, description="No such order among those the caller may see")
@blueprint.alt_response(409, description="The order is not confirmed")
def read_receipt(order_id: str) -> Response:
    """The receipt of a confirmed order, with its taxes: as it was issued, whatever happened since."""
    now = time_now()
    receipts = svcs.flask.get(ReceiptService)
    return _file(receipts.printed(order_id=order_id, actor=acting(), now=now), f"receipt-{order_id}.pdf")


@blueprint.get("/vouchers/<code>")
@signed_in
@blueprint.response(200, CheckedVoucherSchema)
@blueprint.alt_response(403, description="Only the provider or staff can check a voucher")
@blueprint.alt_response(404, description="The code is not one of ours, or of another provider's booking")
def check_voucher(code: str) -> CheckedVoucher:
    """What is true of the booking behind a voucher's code now (its provider, staff)."""
    return svcs.flask.get(VoucherService).checked(code=code, actor=acting())


def _file(content: bytes, name: str) -> Response:
    response = make_response(content)
    response.content_type = PDF
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.add_etag()
    response.make_conditional(request)
    return response

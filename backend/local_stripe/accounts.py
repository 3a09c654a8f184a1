"""Connected accounts: made by the platform, completed by their owners on a page."""

from typing import Final

from backend.local_stripe.book import PLATFORM, Book
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params

_TYPES: Final = ("express", "standard", "custom")
_LINK_TYPES: Final = ("account_onboarding", "account_update")
_AT_FIRST: Final = (
    "business_profile.url",
    "business_type",
    "external_account",
    "individual.dob.day",
    "individual.email",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)
_DOCUMENT: Final = ("individual.verification.document",)
# What the owner, or the gateway, may do: the fields that are due afterwards, and whether all was given once.
OUTCOMES: Final = {
    "complete": ((), True),
    "document_missing": (_DOCUMENT, True),
    "restrict": (_DOCUMENT, True),
}


def create(book: Book, params: Params) -> Json:
    """POST /v1/accounts."""
    params.ignore("controller", "business_type", "business_profile", "settings", "tos_acceptance")
    capabilities = params.group("capabilities")
    wanted = [c for c in ("card_payments", "transfers") if capabilities.group(c).flag("requested")]
    name = book.new_id("acct", 16)
    account = {
        "id": name,
        "object": "account",
        "business_profile": {"name": None, "url": None},
        "business_type": None,
        "capabilities": dict.fromkeys(wanted, "inactive"),
        "charges_enabled": False,
        "country": params.text("country") or "FR",
        "created": book.now,
        "default_currency": "eur",
        "details_submitted": False,
        "email": params.text("email"),
        "metadata": params.metadata(),
        "payouts_enabled": False,
        "requirements": {},
        "type": params.one_of("type", _TYPES) or "none",
    }
    _require_fields(account, _AT_FIRST)
    return book.add(account, account=PLATFORM)


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/accounts/:id. Another's account, or none, is a matter of permission."""
    account = book.look_up(name)
    if account is None or account["object"] != "account":
        message = (
            f"The provided key does not have access to account '{name}' (or that account does not exist)."
        )
        raise ApiError(message, status=403, code="account_invalid")
    return account


def index(book: Book, params: Params) -> Json:
    """GET /v1/accounts."""
    return page(book, params, "account", url="/v1/accounts")


def create_link(book: Book, params: Params) -> Json:
    """POST /v1/account_links: a page for the owner of an account, for some minutes."""
    account = book.get("account", params.required("account"), param="account")
    params.one_of("type", _LINK_TYPES)
    params.required("type")
    params.ignore("collection_options", "collect")
    token = book.new_id("link")
    link = {
        "id": token,
        "object": "account_link",
        "created": book.now,
        "expires_at": book.now + book.options.onboarding_link_for,
        "url": f"{book.options.base_url}/onboard/{token}",
        "_account": account["id"],
        "_return_url": params.required("return_url"),
        "_refresh_url": params.required("refresh_url"),
        "_used": False,
    }
    book.add(link)
    return {name: link[name] for name in ("object", "created", "expires_at", "url")}


def settle(book: Book, params: Params, name: str) -> Json:
    """POST /local/accounts/:id: what the owner does on the page, or the gateway on its own."""
    outcome = params.one_of("outcome", tuple(OUTCOMES)) or "complete"
    return apply(book, retrieve(book, params, name), outcome)


def apply(book: Book, account: Json, outcome: str) -> Json:
    """Let an account have everything, or lack something; tells so."""
    due, given = OUTCOMES[outcome]
    account["details_submitted"] = given
    _require_fields(account, due)
    active = not due
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active" if active else "inactive")
    account["charges_enabled"] = active and "card_payments" in account["capabilities"]
    account["payouts_enabled"] = active
    book.save(account)
    book.emit("account.updated", account, account=account["id"])
    return account


def _require_fields(account: Json, due: tuple[str, ...]) -> None:
    account["requirements"] = {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }

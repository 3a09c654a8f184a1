"""Requests and responses of /api/auth."""

import unicodedata
from typing import Any

import marshmallow as ma
from babel import Locale, UnknownLocaleError

from backend.domains.identity.passwords import LONGEST, SHORTEST
from backend.web.auth import caller
from backend.web.fields import InstantField, Schema

# Groups of countries, pseudo-locales and the unknown, which CLDR lists among the territories.
_NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if code.isalpha()) - _NOT_COUNTRIES
_NO_COUNTRY = "Unknown country; it must be an ISO 3166-1 code such as FR."
_LOCALE = ma.validate.Regexp(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", error="Must look like `en` or `pt-BR`.")


def _check_locale(text: str) -> None:
    try:
        Locale.parse(text, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise ma.ValidationError(f"Unknown locale: {error}.") from None


def _check_name(text: str) -> None:
    if not text.strip():
        raise ma.ValidationError("A name must not be blank.")
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise ma.ValidationError("A name must not contain control characters or line breaks.")


def _name(**options: Any) -> ma.fields.String:
    return ma.fields.String(validate=[ma.validate.Length(1, 200), _check_name], **options)


def _locale(**options: Any) -> ma.fields.String:
    return ma.fields.String(validate=[ma.validate.Length(max=35), _LOCALE, _check_locale], **options)


def _country(**options: Any) -> ma.fields.String:
    return ma.fields.String(
        allow_none=True, validate=ma.validate.OneOf(sorted(COUNTRIES), error=_NO_COUNTRY), **options
    )


def _email() -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=ma.validate.Length(3, 254),
        metadata={"format": "email", "example": "ada@example.com"},
    )


def _cookies() -> ma.fields.Boolean:
    return ma.fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={
            "description": "true: the tokens come in HttpOnly cookies instead of the answer, and requests"
            " that change something must send X-CSRF-TOKEN with the value of the cookie csrf_access_token"
            " (csrf_refresh_token to refresh)"
        },
    )


class LoginSchema(Schema):
    """Who wants in."""

    email = _email()
    password = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(1, LONGEST))
    cookies = _cookies()


class RegisterSchema(Schema):
    """A new user; without a name they are called by the local part of their address."""

    email = _email()
    password = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(SHORTEST, LONGEST))
    name = _name()
    locale = _locale()
    country = _country()
    cookies = _cookies()


class ProfileSchema(Schema):
    """What users say about themselves; fields left out keep their values."""

    name = _name()
    locale = _locale()
    country = _country()
    vat_id = ma.fields.String(
        allow_none=True,
        validate=ma.validate.Length(4, 20),
        metadata={
            "description": "VAT number of a business in the EU, with its country",
            "example": "DE136695976",
        },
    )


class UserSchema(Schema):
    """A user as the user sees it."""

    id = ma.fields.String(required=True)
    email = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    roles = ma.fields.Function(lambda user: sorted(user.roles), metadata={"type": "array"})
    locale = ma.fields.String(required=True, metadata={"description": "BCP 47"})
    country = ma.fields.String(allow_none=True, metadata={"description": "ISO 3166-1 alpha-2"})
    loyalty_tier = ma.fields.String(required=True)
    vat_id = ma.fields.String(allow_none=True, metadata={"description": "VAT number of a business"})
    created_at = InstantField(required=True)


class SignedInSchema(Schema):
    """Tokens and user after register, login and refresh."""

    access_token = ma.fields.String(attribute="tokens.access_token")
    refresh_token = ma.fields.String(attribute="tokens.refresh_token")
    token_type = ma.fields.Constant("Bearer")
    expires_in = ma.fields.Integer(attribute="tokens.expires_in", metadata={"description": "seconds"})
    user = ma.fields.Nested(UserSchema, required=True)

    @ma.post_dump
    def without_what_is_in_cookies(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Tokens that travel in cookies are not in the answer."""
        return {name: value for name, value in data.items() if value != ""}


class SessionSchema(Schema):
    """A session in the user's list."""

    id = ma.fields.String(required=True)
    user_agent = ma.fields.String(required=True)
    address = ma.fields.String(required=True)
    created_at = InstantField(required=True)
    last_seen_at = InstantField(attribute="seen_at", required=True)
    expires_at = InstantField(required=True)
    current = ma.fields.Function(
        lambda session: session.id == caller().session_id, metadata={"type": "boolean"}
    )


class SessionPageSchema(Schema):
    """All live sessions of the caller; there is never a second page."""

    items = ma.fields.List(ma.fields.Nested(SessionSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)

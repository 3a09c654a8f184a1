"""JSON shapes of payout accounts."""

import marshmallow as ma

from backend.kernel import ids
from backend.web.fields import InstantField, QuerySchema, Schema, WrittenSchema, id_field


class ExpertOnboardSchema(WrittenSchema):
    """Where the owner comes back to; our own front page when it is not given."""

    return_url = ma.fields.Url(
        schemes={"http", "https"}, require_tld=False, validate=ma.validate.Length(max=500)
    )


class ProviderOnboardSchema(ExpertOnboardSchema):
    """The same for a provider: which, where the caller acts for several or is support."""

    provider_id = id_field(ids.PROVIDER)


class ProviderArgs(QuerySchema):
    """Which provider, where the caller acts for several or is support."""

    provider_id = id_field(ids.PROVIDER)


class PayoutAccountSchema(Schema):
    """An account at the gateway, as it was at `checked_at`."""

    account_id = ma.fields.String(
        required=True, allow_none=True, metadata={"example": "acct_1Nv0FGQ9RKHgCVdK"}
    )
    takes_transfers = ma.fields.Boolean(required=True)
    pays_out = ma.fields.Boolean(required=True)
    requirements = ma.fields.List(
        ma.fields.String(), required=True, metadata={"example": ["individual.dob.day"]}
    )
    checked_at = InstantField(required=True, allow_none=True)


class OnboardingSchema(Schema):
    """A page of the gateway's for the owner of an account; what it still needs."""

    account_id = ma.fields.String(required=True, attribute="account.account_id")
    url = ma.fields.String(required=True, attribute="link.url")
    expires_at = InstantField(required=True, attribute="link.expires_at")
    requirements = ma.fields.List(ma.fields.String(), required=True, attribute="account.requirements")

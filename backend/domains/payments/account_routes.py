"""/api/providers/stripe-onboard and /api/experts/stripe-onboard: where shares of sales are paid to."""

from typing import Any, Final

import svcs

from backend.domains.payments.account_schemas import (
    ExpertOnboardSchema,
    OnboardingSchema,
    PayoutAccountSchema,
    ProviderArgs,
    ProviderOnboardSchema,
)
from backend.domains.payments.accounts import Onboarding, PayoutAccount
from backend.domains.payments.onboarding import Asker, PayoutOnboarding
from backend.web.api import Blueprint
from backend.web.auth import Role, caller, requires, signed_in

blueprint: Final = Blueprint(
    "payout-accounts", __name__, url_prefix="/api", description="Where providers and experts are paid"
)


@blueprint.post("/providers/stripe-onboard")
@signed_in
@blueprint.arguments(ProviderOnboardSchema)
@blueprint.response(200, OnboardingSchema)
@blueprint.alt_response(403, description="The caller does not act for the provider")
@blueprint.alt_response(404, description="No such provider, or the caller acts for none")
@blueprint.alt_response(409, description="Nobody could complete it, or the gateway refuses")
@blueprint.alt_response(503, description="The gateway does not answer; ask again")
def onboard_provider(asked: dict[str, Any]) -> Onboarding:
    """A link to open or complete the payout account of a provider: one account, however often it is asked."""
    return _onboarding().provider(
        asker=_asker(), provider_id=asked.get("provider_id"), return_url=asked.get("return_url")
    )


@blueprint.get("/providers/stripe-onboard")
@signed_in
@blueprint.arguments(ProviderArgs, location="query")
@blueprint.response(200, PayoutAccountSchema)
@blueprint.alt_response(403, description="The caller does not act for the provider")
@blueprint.alt_response(404, description="No such provider, or it has no account yet")
def get_provider_account(asked: dict[str, Any]) -> PayoutAccount:
    """What the payout account of a provider can do, and what it still needs."""
    return _onboarding().state_of_provider(asker=_asker(), provider_id=asked.get("provider_id"))


@blueprint.post("/experts/stripe-onboard")
@requires(Role.EXPERT)
@blueprint.arguments(ExpertOnboardSchema)
@blueprint.response(200, OnboardingSchema)
@blueprint.alt_response(409, description="The gateway refuses")
@blueprint.alt_response(503, description="The gateway does not answer; ask again")
def onboard_expert(asked: dict[str, Any]) -> Onboarding:
    """A link to open or complete the caller's payout account: one account, however often it is asked."""
    return _onboarding().expert(asker=_asker(), return_url=asked.get("return_url"))


@blueprint.get("/experts/stripe-onboard")
@requires(Role.EXPERT)
@blueprint.response(200, PayoutAccountSchema)
@blueprint.alt_response(404, description="The caller has no account yet")
def get_expert_account() -> PayoutAccount:
    """What the caller's payout account can do, and what it still needs."""
    return _onboarding().state_of_expert(asker=_asker())


def _onboarding() -> PayoutOnboarding:
    return svcs.flask.get(PayoutOnboarding)


def _asker() -> Asker:
    found = caller()
    return Asker(found.user_id, found.has(Role.SUPPORT))

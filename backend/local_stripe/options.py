"""What can be set about the gateway."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

HOUR: Final = 3600
DAY: Final = 24 * HOUR
DEFAULT_SECRET: Final = "whsec_local"  # noqa: S105 (known to everybody, for development)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How events reach the receiver at `url`, None for nobody.

    Each waits `late` seconds and up to `spread` more, at random: so they overtake one another. The shares
    (0 to 1) `twice` and `lost` of them come twice, or never.
    """

    url: str | None = None
    secret: str = field(default=DEFAULT_SECRET, repr=False)
    late: float = 0.0
    spread: float = 0.0
    twice: float = 0.0
    lost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times are in seconds. `base_url` is where people's browsers reach the gateway's pages."""

    base_url: str = "http://127.0.0.1:5001"
    # A fixed price list: the share of each charge and a sum in minor units; a dispute costs its own.
    fee_rate: Decimal = Decimal("0.015")
    fee_fixed: int = 25
    dispute_fee: int = 1500
    # A charge's money is pending so long.
    settles_after: int = 2 * DAY
    # An authorisation that nobody captured is let go of.
    authorised_for: int = 7 * DAY
    # The cards whose refunds are settled or fail later.
    refunds_after: int = 60
    payout_arrives_after: int = DAY
    onboarding_link_for: int = 300
    # Stripe may forget a key after a day.
    remembers_keys_for: int = DAY
    # A request that has held a key so long is taken to have died with its process.
    claims_key_for: int = 30
    webhooks: Webhooks = Webhooks()

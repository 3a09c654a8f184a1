"""Background tasks of exchange rates."""

from typing import Final

import svcs

from backend.config import Settings
from backend.domains.currency.refresh import RateFeed
from backend.infra.jobs import Task


def refresh() -> None:
    """Fetch the rates of the day, where a feed is configured."""
    if svcs.flask.get(Settings).ecb_feed_url is not None:
        svcs.flask.get(RateFeed).refresh()


# The European Central Bank publishes at about 16:00 in Frankfurt, 14:00 or 15:00 UTC. What was missed is
# made good an hour later, or the next morning.
TASKS: Final = (Task("currency.refresh", refresh, cron="17 6,14-18 * * *"),)

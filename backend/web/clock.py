"""What time it is for the running request."""

from datetime import datetime

import svcs

from backend.infra.clock import Clock


def time_now() -> datetime:
    """The instant, by the application's clock."""
    clock: Clock = svcs.flask.get_abstract(Clock)
    return clock.now()

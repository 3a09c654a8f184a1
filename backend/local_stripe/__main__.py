"""`python -m backend.local_stripe --port 5001 --file var/stripe.sqlite3 --webhook-url http://…`."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from backend.local_stripe.local import LocalStripe
from backend.local_stripe.options import DEFAULT_SECRET, Options, Webhooks

# Seconds between two looks at what is due.
_PAUSE = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Serve until asked to stop."""
    given = _parser().parse_args(arguments)
    webhooks = Webhooks(
        url=given.webhook_url,
        secret=given.webhook_secret,
        late=given.late,
        spread=given.spread,
        twice=given.twice,
        lost=given.lost,
    )
    # One line for each request would drown the lines of the processes beside it.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    options = Options(base_url=f"http://{given.host}:{given.port}", webhooks=webhooks)
    local = LocalStripe(given.file, options=options)
    server = make_server(given.host, given.port, local.app, threaded=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving = threading.Thread(target=server.serve_forever, name="serve")
    serving.start()
    while not stop.wait(_PAUSE):
        local.deliver_due()
    server.shutdown()
    serving.join()
    server.server_close()
    local.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A payment gateway that speaks Stripe's wire format.")

    def option(name: str, default: Any, about: str, kind: Any = str) -> None:
        parser.add_argument(f"--{name}", default=default, type=kind, help=about)

    option("host", "127.0.0.1", "the address to listen on")
    option("port", 5001, "the port to listen on", int)
    option("file", Path("var/local_stripe.sqlite3"), "where the state is kept", Path)
    option("webhook-url", None, "where events are sent")
    option("webhook-secret", DEFAULT_SECRET, "what they are signed with")
    option("late", 0.0, "seconds that each event waits", float)
    option("spread", 0.0, "up to so many seconds more, at random", float)
    option("twice", 0.0, "the share of events that come twice", float)
    option("lost", 0.0, "the share of events that never come", float)
    return parser


if __name__ == "__main__":
    sys.exit(main())

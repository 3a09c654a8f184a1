"""`python -m backend.local_stripe`, reached by the adapter over HTTP, sending webhooks over HTTP."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue

import pytest

from backend.config import ROOT
from backend.domains.payments.gateway import Capture, GatewayDownError, IntentStatus
from backend.domains.payments.gateways.connecting import connect, over_network
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.infra.clock import SystemClock
from backend.kernel.money import Money
from tests.cli.ports import free_port, wait_until_answering
from tests.factories.payments import SECRET_KEY, WEBHOOK_SECRET

# A slow machine takes long to start a process.
PATIENCE_SECONDS = 60
TEN_EUROS = Money(1_000, "EUR")


class Receiver(HTTPServer):
    """Takes webhooks at a port of its own, and refuses the first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.got: Queue[tuple[bytes, str]] = Queue()
        self.refused = 0


class Taking(BaseHTTPRequestHandler):
    """Answers one webhook."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refuses = self.server.refused == 0
        self.server.refused += refuses
        self.send_response(503 if refuses else 200)
        self.end_headers()
        if not refuses:
            self.server.got.put((body, self.headers["Stripe-Signature"]))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


@contextmanager
def serving(folder: Path, port: int, webhook_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    options = {
        "port": port,
        "file": folder / "state",
        "webhook-url": webhook_url,
        "webhook-secret": WEBHOOK_SECRET,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen([sys.executable, "-m", "backend.local_stripe", *arguments], cwd=ROOT) as process:
        try:
            wait_until_answering(port, process)
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(300)
def test_pays_and_tells_so_over_http_and_stops_when_asked(tmp_path: Path) -> None:
    port, http_client = free_port(), over_network()
    client = connect(key=SECRET_KEY, api_base=f"http://127.0.0.1:{port}", http_client=http_client)
    gateway = StripeGateway(client, (WEBHOOK_SECRET,), SystemClock())
    with receiving() as receiver:
        with serving(tmp_path, port, f"http://127.0.0.1:{receiver.server_port}/hook") as process:
            intent = gateway.create_intent(
                amount=TEN_EUROS,
                capture=Capture.AUTOMATIC,
                reference="ord_1",
                description="A tour",
                customer_id=None,
                save_card=False,
                key="k",
            )
            paid = gateway.confirm(
                intent_id=intent.id, payment_method="pm_card_visa", return_url="https://shop.example", key="c"
            )
            refund = gateway.refund(intent_id=intent.id, amount=TEN_EUROS, reference="rfd_1", key="r")
            events = [gateway.event(payload=b, signature=s) for b, s in (take(receiver) for _ in range(5))]
            process.send_signal(signal.SIGTERM)
            status = process.wait(PATIENCE_SECONDS)
        with pytest.raises(GatewayDownError):
            gateway.intent(intent_id=intent.id)
    http_client.close()

    assert (paid.status, paid.received, refund.amount) == (IntentStatus.SUCCEEDED, TEN_EUROS, TEN_EUROS)
    assert {event.kind for event in events} == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
    }
    assert receiver.refused == 1
    assert status == 0


def take(receiver: Receiver) -> tuple[bytes, str]:
    """The next webhook."""
    return receiver.got.get(timeout=PATIENCE_SECONDS)

"""A process that publishes rules and is killed before it can commit. Run as `python -m tests.races.publish_open`."""

import sys
import time

import svcs

from backend.domains.rules.publishing import RulePublishing
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.rules import SHIPPED, dearer


def main(postgres_url: str, redis_url: str, based_on: str) -> None:
    """Publish, say so, and wait for the end with the transaction open."""
    with running_app(Stores(postgres_url, redis_url)) as app, app.app_context():
        svcs.flask.get(RulePublishing).publish(
            sources=SHIPPED | dearer(77), note="Never committed", author="nobody", expected_current=based_on
        )
        print("published", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])

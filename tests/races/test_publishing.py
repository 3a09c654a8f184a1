"""Publishing by several at once, by somebody who is killed, and followed by other processes."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
import svcs
from flask import Flask
from sqlalchemy import text

from backend.config import ROOT
from backend.domains.rules.proposals import RuleProposals
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.identity import make_user
from tests.factories.rules import SHIPPED, dearer
from tests.races.crowd import Act, Publish, Settle, gather
from tests.waiting import wait_until

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def office(own_stores: Stores) -> Iterator[Flask]:
    """An application that serves the shipped rules."""
    with running_app(own_stores) as app, app.app_context():
        svcs.flask.get(RulesService).rulebook()
        yield app


def served(app: Flask) -> str:
    """The version that the application prices by."""
    with app.app_context():
        return svcs.flask.get(RulesService).rulebook().version


def publish(percent: int) -> str:
    """Publish dearer evenings on top of whatever is current; the new version."""
    publishing = svcs.flask.get(RulePublishing)
    current = publishing.current()
    assert current is not None
    made = publishing.publish(
        sources=SHIPPED | dearer(percent), note="Dearer", author="cli", expected_current=current.version
    )
    db.session.commit()
    return made.version


def chain() -> Sequence[tuple[int, str | None, str]]:
    """Number, the version before, and the version, of every publication."""
    db.session.rollback()
    rows = db.session.execute(text("SELECT number, previous, version FROM rule_publications ORDER BY number"))
    return [tuple(row) for row in rows]


class TestSeveralAtOnce:
    def test_one_wins_each_round_and_the_others_are_told(self, own_stores: Stores, office: Flask) -> None:
        rounds = 2
        ended: list[Counter[str]] = []

        with gather(processes=2) as crowd:
            for turn in range(rounds):
                base = chain()[-1][2]
                people: list[list[Act]] = [[Publish(30 + 6 * turn + n, base)] for n in range(4)]
                ended.append(Counter(crowd.rush(own_stores, people)))

        assert ended == [{"done": 1, "RulesMovedOnError": 3}] * rounds
        links = chain()
        assert len(links) == 1 + rounds
        assert [before for _, before, _ in links[1:]] == [version for _, _, version in links[:-1]]


class TestAProposal:
    def test_is_settled_by_one_of_those_who_publish_and_decline_it_at_once(
        self, own_stores: Stores, office: Flask
    ) -> None:
        editors = [make_user().id for _ in range(4)]
        base = chain()[-1][2]
        made = svcs.flask.get(RuleProposals).propose(
            based_on=base, sources=SHIPPED | dearer(30), note="Dearer", author=editors[0]
        )
        db.session.commit()
        people: list[list[Act]] = [[Settle(made.id, editor, n % 2 == 0)] for n, editor in enumerate(editors)]

        with gather(processes=2) as crowd:
            ended = Counter(crowd.rush(own_stores, people))

        db.session.expire_all()
        assert ended == {"done": 1, "ProposalSettledError": 3}
        assert (made.status == "published") == (len(chain()) == 2)


class TestKilledInTheMiddle:
    def test_leaves_the_old_rules_and_the_next_can_publish(self, own_stores: Stores, office: Flask) -> None:
        before = chain()
        arguments = [own_stores.postgres_url, own_stores.redis_url, before[-1][2]]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.races.publish_open", *arguments], cwd=ROOT, stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"published\n"
            process.kill()

        after = chain()
        version = publish(30)

        assert after == before
        assert chain()[-1][1:] == (before[-1][2], version)


class TestFollowing:
    @pytest.mark.parametrize("redis_url", [None, NO_REDIS], ids=["with Redis", "without Redis"])
    def test_every_process_serves_what_is_published_and_what_is_rolled_back(
        self, own_stores: Stores, office: Flask, redis_url: str | None
    ) -> None:
        shipped = chain()[-1][2]
        settings = {"rules_poll_seconds": 0.05, "redis_url": redis_url or own_stores.redis_url}
        with running_app(own_stores, **settings) as one, running_app(own_stores, **settings) as other:
            before = {served(one), served(other)}

            version = publish(30)
            wait_until(lambda: served(one) == version and served(other) == version)
            svcs.flask.get(RulePublishing).rollback(to=shipped, note="Back", author="cli")
            db.session.commit()
            wait_until(lambda: served(one) == shipped and served(other) == shipped)

        assert before == {shipped}
        assert [previous for _, previous, _ in chain()[-2:]] == [shipped, version]

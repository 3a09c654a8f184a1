from datetime import datetime

import pytest

from backend.domains.behaviour.log import (
    MOST_REMEMBERED,
    MOST_TOUCHES,
    PAUSE,
    REMEMBERED_FOR,
    BehaviourLog,
    Recorded,
)
from backend.infra.events import Event, Touch
from tests.conftest import NOW
from tests.fakes.events import AwayEventStore


@pytest.fixture
def store() -> AwayEventStore:
    """One that is there."""
    made = AwayEventStore()
    made.away = False
    return made


def ask(log: BehaviourLog, *, product_id: str = "prd_a", now: datetime = NOW) -> Recorded | None:
    return log.of(user_id="usr_a", product_id=product_id, now=now)


class TestBehaviourLog:
    def test_says_what_a_customer_did_and_who_looked_at_a_product(self, store: AwayEventStore) -> None:
        viewed = [
            Event("product.viewed", NOW, user_id, {"product_id": "prd_a"}) for user_id in ("usr_a", None)
        ]
        store.append([*viewed, Event("message.sent", NOW, "usr_a", {})])

        found = ask(BehaviourLog(store))

        assert found == Recorded([Touch("product.viewed", NOW)], {0: 2})

    def test_looks_at_no_more_steps_than_it_must(self, store: AwayEventStore) -> None:
        store.append([Event("quote.made", NOW, "usr_a", {})] * (MOST_TOUCHES + 5))

        found = ask(BehaviourLog(store))

        assert found is not None
        assert len(found.touches) == MOST_TOUCHES

    def test_counts_people_once_a_minute(self, store: AwayEventStore) -> None:
        log = BehaviourLog(store)

        for now in (NOW, NOW + REMEMBERED_FOR / 2, NOW + REMEMBERED_FOR):
            ask(log, now=now)

        assert store.asked == {"touches": 3, "people": 2}

    def test_remembers_products_in_bounded_memory(self, store: AwayEventStore) -> None:
        log = BehaviourLog(store)

        for number in range(MOST_REMEMBERED + 10):
            ask(log, product_id=f"prd_{number}")

        assert len(log._counted) == MOST_REMEMBERED

    def test_that_is_away_says_nothing_and_is_left_alone_for_a_while(self, store: AwayEventStore) -> None:
        log = BehaviourLog(store)
        store.away = True

        away = [ask(log, now=now) for now in (NOW, NOW + PAUSE / 2)]
        store.away = False
        back = ask(log, now=NOW + PAUSE)

        assert away == [None, None]
        assert back == Recorded([], {})
        assert store.asked["touches"] == 2

"""No limit of a coupon is ever passed by one, by threads and processes that all want it at the same instant."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.config import ROOT
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.coupons import eur, make_coupon
from tests.factories.identity import make_user
from tests.races.coupon_acts import Commit, Release, ReleaseExpired, Rename, Reserve
from tests.races.crowd import Crowd, gather

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

PEOPLE = 200
LATER = NOW + timedelta(minutes=11)


@dataclass(frozen=True)
class Till:
    """A database of its own in which coupons are used."""

    stores: Stores

    def counted(self) -> list[tuple[int, int]]:
        """Uses and spending counted of each coupon, oldest first."""
        db.session.rollback()
        query = text("SELECT uses, spent_minor FROM coupon_counters ORDER BY coupon_id")
        return [tuple(row) for row in db.session.execute(query)]

    def wrong_counters(self) -> int:
        """Counters that are not the sums of their uses."""
        db.session.rollback()
        query = text(
            "SELECT count(*) FROM coupon_counters c WHERE uses <> (SELECT count(*) FROM coupon_uses u"
            " WHERE u.coupon_id = c.coupon_id AND state <> 'released')"
        )
        return db.session.scalar(query) or 0


@pytest.fixture
def till(own_stores: Stores) -> Iterator[Till]:
    with running_app(own_stores) as app, app.app_context():
        yield Till(own_stores)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with gather(processes=2) as found:
        yield found


def reserve(number: int, *coupon_ids: str, discount: str = "1.00") -> Reserve:
    return Reserve(coupon_ids, f"ord_{number}", f"crt_{number}", eur(discount), NOW)


class TestALimit:
    def test_of_ten_uses_is_given_to_ten_of_two_hundred(self, till: Till, crowd: Crowd) -> None:
        coupon = make_coupon(global_limit=10)
        people = [[reserve(n, coupon.id), Commit(f"ord_{n}", NOW)] for n in range(PEOPLE)]

        ended = Counter(crowd.rush(till.stores, people))

        # Who was refused has nothing to pay for: committing nothing is done.
        assert ended == {"done": 10 + PEOPLE, "CouponLimitError": PEOPLE - 10}
        assert till.counted() == [(10, 0)]

    def test_of_one_use_each_holds_for_a_user_who_asks_everywhere_at_once(
        self, till: Till, crowd: Crowd
    ) -> None:
        coupon, user = make_coupon(per_user_limit=1), make_user().id
        people = [[Reserve((coupon.id,), f"ord_{n}", user, eur("1.00"), NOW)] for n in range(40)]

        ended = Counter(crowd.rush(till.stores, people))

        assert ended == {"done": 1, "CouponLimitError": 39}

    def test_holds_while_staff_change_it(self, till: Till, crowd: Crowd) -> None:
        coupon = make_coupon(global_limit=10)
        staff = [
            [Rename(coupon.id, f"CODE-{n}", 10 + n % 3) for n in range(start, start + 5)] for start in (0, 5)
        ]
        people = [[reserve(n, coupon.id)] for n in range(60)]

        ended = Counter(crowd.rush(till.stores, [*staff, *people]))

        assert set(ended) <= {"done", "CouponLimitError", "StaleError", "InvalidError"}
        assert till.counted()[0][0] <= 12
        assert till.wrong_counters() == 0


class TestABudget:
    def test_of_a_hundred_is_never_passed_by_a_cent(self, till: Till, crowd: Crowd) -> None:
        coupon = make_coupon(amount=eur("20.00"), budget=eur("100.00"))
        people = [[reserve(n, coupon.id, discount="6.67")] for n in range(PEOPLE)]

        ended = Counter(crowd.rush(till.stores, people))

        assert ended == {"done": 14, "CouponLimitError": PEOPLE - 14}
        assert till.counted() == [(14, 9338)]


class TestManyCoupons:
    def test_are_taken_and_given_back_in_any_order_without_deadlock(self, till: Till, crowd: Crowd) -> None:
        one, other = make_coupon(global_limit=10).id, make_coupon(amount=eur("5.00"), budget=eur("20.00")).id
        people = []
        for n in range(60):
            pair = (one, other) if n % 2 else (other, one)
            end = Release(f"ord_{n}", NOW) if n % 3 else Commit(f"ord_{n}", NOW)
            people.append([reserve(n, *pair), reserve(n, pair[0]), end, ReleaseExpired(NOW)])

        ended = Counter(crowd.rush(till.stores, people))

        assert set(ended) == {"done", "CouponLimitError"}
        assert till.wrong_counters() == 0
        assert till.counted()[0][0] <= 10
        assert till.counted()[1][1] <= 2000


class TestAProcessKilledInTheMiddle:
    def test_takes_nothing_with_it_and_its_reservations_come_back(self, till: Till) -> None:
        coupon = make_coupon(global_limit=2)
        arguments = [till.stores.postgres_url, till.stores.redis_url, coupon.id, NOW.isoformat()]

        with subprocess.Popen(
            [sys.executable, "-m", "tests.races.reserved_open", *arguments], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            said = child.stdout.readline()
            child.kill()
        reserve(1, coupon.id).do()
        db.session.commit()
        for number in (2, 3):
            Reserve((coupon.id,), f"ord_{number}", "crt_late", eur("1.00"), LATER).do()
            db.session.commit()

        assert said == b"reserved\n"
        assert till.counted() == [(2, 0)]
        assert till.wrong_counters() == 0

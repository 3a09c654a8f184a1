from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.bookings.states import (
    OCCUPYING,
    TRANSITIONS,
    Action,
    Status,
    TransitionError,
    after,
    after_move,
)


class TestAfter:
    @pytest.mark.parametrize(
        ("status", "action", "expected"),
        [
            (Status.HELD, Action.CONFIRM, Status.CONFIRMED),
            (Status.HELD, Action.ASK_APPROVAL, Status.PENDING_APPROVAL),
            (Status.HELD, Action.ASK_PAYMENT, Status.PENDING_PAYMENT),
            (Status.PENDING_APPROVAL, Action.APPROVE, Status.CONFIRMED),
            (Status.PENDING_APPROVAL, Action.DECLINE, Status.CANCELLED),
            (Status.PENDING_PAYMENT, Action.CONFIRM, Status.CONFIRMED),
            (Status.CONFIRMED, Action.CANCEL, Status.CANCELLED),
            (Status.CONFIRMED, Action.COMPLETE, Status.COMPLETED),
            (Status.CONFIRMED, Action.NO_SHOW, Status.NO_SHOW),
        ],
    )
    def test_leads_along_the_life_of_a_booking(
        self, status: Status, action: Action, expected: Status
    ) -> None:
        assert after(status, action) is expected

    @pytest.mark.parametrize(
        ("status", "action"), sorted(set(product(Status, Action)) - set(TRANSITIONS.steps), key=str)
    )
    def test_refuses_every_other_pair(self, status: Status, action: Action) -> None:
        with pytest.raises(TransitionError):
            after(status, action)

    def test_says_what_is_possible_instead(self) -> None:
        with pytest.raises(TransitionError) as refused:
            after(Status.CONFIRMED, Action.APPROVE)

        assert refused.value.detail == (
            "The booking is confirmed; approve is not possible. What is possible: cancel, complete, no show."
        )
        assert refused.value.extra == {"booking_status": "confirmed"}

    @pytest.mark.parametrize("status", sorted(TRANSITIONS.final))
    def test_nothing_follows_a_final_status(self, status: Status) -> None:
        assert TRANSITIONS.actions(status) == ()
        with pytest.raises(TransitionError, match="Nothing changes it any more"):
            after(status, Action.CANCEL)

    @given(st.lists(st.sampled_from(Action), max_size=12))
    def test_no_walk_returns_to_a_status_it_left(self, walk: list[Action]) -> None:
        status, seen = Status.HELD, [Status.HELD]

        for action in walk:
            if action in TRANSITIONS.actions(status):
                status = after(status, action)
                seen.append(status)

        assert len(seen) == len(set(seen))

    def test_every_status_that_occupies_a_slot_can_be_cancelled(self) -> None:
        assert {after(status, Action.CANCEL) for status in OCCUPYING} == {Status.CANCELLED}


class TestAfterMove:
    @pytest.mark.parametrize("status", sorted(OCCUPYING))
    def test_asks_for_approval_when_a_rule_wants_it(self, status: Status) -> None:
        assert after_move(status, requires_approval=True) is Status.PENDING_APPROVAL

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (Status.PENDING_APPROVAL, Status.CONFIRMED),
            (Status.PENDING_PAYMENT, Status.PENDING_PAYMENT),
            (Status.CONFIRMED, Status.CONFIRMED),
        ],
    )
    def test_drops_an_approval_that_is_not_needed_any_more(self, status: Status, expected: Status) -> None:
        assert after_move(status, requires_approval=False) is expected

    @pytest.mark.parametrize("status", sorted(set(Status) - OCCUPYING))
    def test_refuses_a_booking_without_a_slot(self, status: Status) -> None:
        with pytest.raises(TransitionError, match="cannot be moved"):
            after_move(status, requires_approval=False)

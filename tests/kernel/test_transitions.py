from enum import StrEnum
from typing import Final

import pytest

from backend.kernel.errors import ConflictError
from backend.kernel.transitions import Transitions, words


class Door(StrEnum):
    WIDE_OPEN = "wide_open"
    CLOSED = "closed"
    BRICKED_UP = "bricked_up"


class Deed(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    BRICK_UP = "brick_up"


class DoorError(ConflictError):
    """The door does not."""


DOORS: Final = Transitions(
    {
        (Door.WIDE_OPEN, Deed.CLOSE): Door.CLOSED,
        (Door.CLOSED, Deed.OPEN): Door.WIDE_OPEN,
        (Door.CLOSED, Deed.BRICK_UP): Door.BRICKED_UP,
    },
    refusal=DoorError,
    sentence="The door is {state}; one cannot {action} it.",
    member="door",
)


class TestTransitions:
    def test_lead_from_one_state_to_the_next(self) -> None:
        assert DOORS.after(Door.CLOSED, Deed.BRICK_UP) is Door.BRICKED_UP

    def test_refuse_other_steps_with_an_error_of_the_domain_that_says_what_is_possible(self) -> None:
        with pytest.raises(DoorError) as refused:
            DOORS.after(Door.CLOSED, Deed.CLOSE)

        assert refused.value.detail == (
            "The door is closed; one cannot close it. What is possible: open, brick up."
        )
        assert refused.value.extra == {"door": "closed"}

    def test_say_when_nothing_is_possible_any_more(self) -> None:
        with pytest.raises(DoorError) as refused:
            DOORS.after(Door.BRICKED_UP, Deed.BRICK_UP)

        assert refused.value.detail == (
            "The door is bricked up; one cannot brick up it. Nothing changes it any more."
        )

    def test_know_what_can_be_done_in_the_order_in_which_it_is_written(self) -> None:
        assert DOORS.actions(Door.CLOSED) == (Deed.OPEN, Deed.BRICK_UP)

    def test_know_the_states_that_nothing_leads_out_of(self) -> None:
        assert DOORS.final == {Door.BRICKED_UP}


class TestWords:
    def test_have_no_underscores(self) -> None:
        assert words(Door.WIDE_OPEN) == "wide open"

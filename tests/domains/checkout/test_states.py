from itertools import product

import pytest

from backend.domains.checkout.states import (
    DONE,
    TRANSITIONS,
    Action,
    State,
    TransitionError,
    after,
)


class TestAfter:
    @pytest.mark.parametrize(
        ("state", "action", "expected"),
        [
            (State.PLACED, Action.CONFIRM, State.CONFIRMED),
            (State.PLACED, Action.PAY, State.PAID),
            (State.CONFIRMED, Action.SHIP, State.SHIPPED),
            (State.SHIPPED, Action.DELIVER, State.DELIVERED),
            (State.CONFIRMED, Action.DELIVER, State.DELIVERED),
            (State.DELIVERED, Action.RETURN, State.RETURNED),
            (State.CONFIRMED, Action.CANCEL, State.CANCELLED),
            (State.SHIPPED, Action.STOP, State.CANCELLED),
        ],
    )
    def test_leads_along_the_life_of_an_order(self, state: State, action: Action, expected: State) -> None:
        assert after(state, action) is expected

    @pytest.mark.parametrize(
        ("state", "action"), sorted(set(product(State, Action)) - set(TRANSITIONS.steps), key=str)
    )
    def test_refuses_every_other_pair(self, state: State, action: Action) -> None:
        with pytest.raises(TransitionError):
            after(state, action)

    def test_says_what_is_possible_instead(self) -> None:
        with pytest.raises(TransitionError) as refused:
            after(State.SHIPPED, Action.CANCEL)

        assert refused.value.detail == (
            "The order is shipped; to cancel it is not possible. What is possible: deliver, stop."
        )

    @pytest.mark.parametrize("state", sorted(TRANSITIONS.final))
    def test_nothing_follows_a_final_state(self, state: State) -> None:
        assert TRANSITIONS.actions(state) == ()

    def test_every_action_has_a_word_for_when_it_is_done(self) -> None:
        assert set(DONE) == set(Action)

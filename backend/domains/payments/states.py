"""The states of a payment and of its parts, and the actions between them. Pure."""

from enum import StrEnum
from typing import Final

from backend.kernel.errors import ConflictError
from backend.kernel.transitions import Transitions


class State(StrEnum):
    """Where a payment is in its life.

    `new`: nothing was asked of the gateway yet; `scheduled`: a balance whose day has not come; `awaiting`:
    the customer has to pay; `authorised`: the money is kept for us; `paid`: we have it; `cancelled`: it was
    let go, nothing was taken; `failed`: a balance that could not be had.
    """

    NEW = "new"
    SCHEDULED = "scheduled"
    AWAITING = "awaiting"
    AUTHORISED = "authorised"
    PAID = "paid"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Action(StrEnum):
    """What becomes of a payment."""

    OPEN = "open"
    AUTHORISE = "authorise"
    TAKE = "take"
    LET_GO = "let_go"
    GIVE_UP = "give_up"


class TransitionError(ConflictError):
    """The payment is not in a state in which this can be done."""


TRANSITIONS: Final = Transitions(
    {
        (State.NEW, Action.OPEN): State.AWAITING,
        (State.NEW, Action.LET_GO): State.CANCELLED,
        (State.SCHEDULED, Action.OPEN): State.AWAITING,
        (State.SCHEDULED, Action.LET_GO): State.CANCELLED,
        (State.SCHEDULED, Action.GIVE_UP): State.FAILED,
        (State.AWAITING, Action.AUTHORISE): State.AUTHORISED,
        (State.AWAITING, Action.TAKE): State.PAID,
        (State.AWAITING, Action.LET_GO): State.CANCELLED,
        (State.AWAITING, Action.GIVE_UP): State.FAILED,
        (State.AUTHORISED, Action.TAKE): State.PAID,
        (State.AUTHORISED, Action.LET_GO): State.CANCELLED,
    },
    refusal=TransitionError,
    sentence="The payment is {state}; to {action} is not possible.",
    member="payment_state",
)
after: Final = TRANSITIONS.after
# A subject has at most one payment of a purpose (and of a day, for balances) in one of these.
LIVE: Final = frozenset({State.NEW, State.SCHEDULED, State.AWAITING, State.AUTHORISED, State.PAID})
OVER: Final = frozenset({State.PAID, State.CANCELLED, State.FAILED})


class PartState(StrEnum):
    """Whether a part of a payment is to be taken: `asked` waits for a provider's answer."""

    ASKED = "asked"
    TAKEN = "taken"
    DROPPED = "dropped"


class Purpose(StrEnum):
    """What a payment is of what it pays for."""

    WHOLE = "whole"
    DEPOSIT = "deposit"
    BALANCE = "balance"

"""The states of a booking and the actions that lead from one to the next. Pure."""

from enum import StrEnum
from typing import Final

from backend.kernel.errors import ConflictError
from backend.kernel.transitions import Transitions, words


class Status(StrEnum):
    """Where a booking is in its life. `held` is a slot kept in an allocation: no booking is stored in it."""

    HELD = "held"
    PENDING_APPROVAL = "pending_approval"
    PENDING_PAYMENT = "pending_payment"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Action(StrEnum):
    """What is done to a booking."""

    ASK_APPROVAL = "ask_approval"
    ASK_PAYMENT = "ask_payment"
    CONFIRM = "confirm"
    APPROVE = "approve"
    DECLINE = "decline"
    LAPSE = "lapse"
    CANCEL = "cancel"
    COMPLETE = "complete"
    NO_SHOW = "no_show"


class TransitionError(ConflictError):
    """The booking is not in a state in which this can be done."""


TRANSITIONS: Final = Transitions(
    {
        (Status.HELD, Action.ASK_APPROVAL): Status.PENDING_APPROVAL,
        (Status.HELD, Action.ASK_PAYMENT): Status.PENDING_PAYMENT,
        (Status.HELD, Action.CONFIRM): Status.CONFIRMED,
        (Status.PENDING_APPROVAL, Action.APPROVE): Status.CONFIRMED,
        (Status.PENDING_APPROVAL, Action.DECLINE): Status.CANCELLED,
        (Status.PENDING_APPROVAL, Action.LAPSE): Status.CANCELLED,
        (Status.PENDING_APPROVAL, Action.CANCEL): Status.CANCELLED,
        (Status.PENDING_PAYMENT, Action.ASK_APPROVAL): Status.PENDING_APPROVAL,
        (Status.PENDING_PAYMENT, Action.CONFIRM): Status.CONFIRMED,
        (Status.PENDING_PAYMENT, Action.LAPSE): Status.CANCELLED,
        (Status.PENDING_PAYMENT, Action.CANCEL): Status.CANCELLED,
        (Status.CONFIRMED, Action.CANCEL): Status.CANCELLED,
        (Status.CONFIRMED, Action.COMPLETE): Status.COMPLETED,
        (Status.CONFIRMED, Action.NO_SHOW): Status.NO_SHOW,
    },
    refusal=TransitionError,
    sentence="The booking is {state}; {action} is not possible.",
    member="booking_status",
)
after: Final = TRANSITIONS.after
# A booking in one of these occupies its slot, and may be moved to another.
OCCUPYING: Final = frozenset({Status.PENDING_APPROVAL, Status.PENDING_PAYMENT, Status.CONFIRMED})


def after_move(status: Status, *, requires_approval: bool) -> Status:
    """The status of a booking moved to another time: what was agreed for one is not agreed for another.

    TransitionError for a booking that does not occupy a slot any more.
    """
    if status not in OCCUPYING:
        raise TransitionError(
            f"The booking is {words(status)}; it cannot be moved.", extra={"booking_status": status.value}
        )
    if requires_approval:
        return Status.PENDING_APPROVAL
    return Status.CONFIRMED if status is Status.PENDING_APPROVAL else status

"""The states of a booking and the actions that lead from one to the next. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.kernel.errors import ConflictError


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


TRANSITIONS: Final[Mapping[tuple[Status, Action], Status]] = MappingProxyType(
    {
        (Status.HELD, Action.ASK_APPROVAL): Status.PENDING_APPROVAL,
        (Status.HELD, Action.ASK_PAYMENT): Status.PENDING_PAYMENT,
        (Status.HELD, Action.CONFIRM): Status.CONFIRMED,
        (Status.PENDING_APPROVAL, Action.APPROVE): Status.CONFIRMED,
        (Status.PENDING_APPROVAL, Action.DECLINE): Status.CANCELLED,
        (Status.PENDING_APPROVAL, Action.LAPSE): Status.CANCELLED,
        (Status.PENDING_APPROVAL, Action.CANCEL): Status.CANCELLED,
        (Status.PENDING_PAYMENT, Action.CONFIRM): Status.CONFIRMED,
        (Status.PENDING_PAYMENT, Action.LAPSE): Status.CANCELLED,
        (Status.PENDING_PAYMENT, Action.CANCEL): Status.CANCELLED,
        (Status.CONFIRMED, Action.CANCEL): Status.CANCELLED,
        (Status.CONFIRMED, Action.COMPLETE): Status.COMPLETED,
        (Status.CONFIRMED, Action.NO_SHOW): Status.NO_SHOW,
    }
)
# A booking in one of these occupies its slot, and may be moved to another.
OCCUPYING: Final = frozenset({Status.PENDING_APPROVAL, Status.PENDING_PAYMENT, Status.CONFIRMED})
FINAL: Final = frozenset({Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW})


class TransitionError(ConflictError):
    """The booking is not in a state in which this can be done."""


def after(status: Status, action: Action) -> Status:
    """The status that `action` leads to. TransitionError says what can be done instead."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        raise TransitionError(
            f"The booking is {_words(status)}; {_words(action)} is not possible. {_possible(status)}",
            extra={"booking_status": status.value},
        ) from None


def after_move(status: Status, *, requires_approval: bool) -> Status:
    """The status of a booking moved to another time: what was agreed for one is not agreed for another.

    TransitionError for a booking that does not occupy a slot any more.
    """
    if status not in OCCUPYING:
        raise TransitionError(
            f"The booking is {_words(status)}; it cannot be moved.", extra={"booking_status": status.value}
        )
    if requires_approval:
        return Status.PENDING_APPROVAL
    return Status.CONFIRMED if status is Status.PENDING_APPROVAL else status


def actions(status: Status) -> tuple[Action, ...]:
    """What can be done to a booking in `status`."""
    return tuple(action for (before, action) in TRANSITIONS if before is status)


def _possible(status: Status) -> str:
    found = actions(status)
    if not found:
        return "Nothing changes it any more."
    return f"What is possible: {', '.join(_words(action) for action in found)}."


def _words(name: Status | Action) -> str:
    return name.value.replace("_", " ")

"""What may be done to a thing in which state, and where that leads. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from backend.kernel.errors import ClimbUpError

StateT = TypeVar("StateT", bound=StrEnum)
ActionT = TypeVar("ActionT", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Transitions(Generic[StateT, ActionT]):
    """The life of one kind of thing; what `steps` does not have is refused by a `refusal`.

    `sentence` says why, with `{state}` and `{action}` in words; `member` is what the problem document calls
    the state that stands in the way.
    """

    steps: Mapping[tuple[StateT, ActionT], StateT]
    refusal: type[ClimbUpError]
    sentence: str
    member: str

    @property
    def final(self) -> frozenset[StateT]:
        """The states that nothing leads out of."""
        return frozenset(self.steps.values()) - {before for before, _ in self.steps}

    def actions(self, state: StateT) -> tuple[ActionT, ...]:
        """What can be done to a thing in `state`."""
        return tuple(action for before, action in self.steps if before is state)

    def after(self, state: StateT, action: ActionT) -> StateT:
        """The state that `action` leads to. A `refusal` says what can be done instead."""
        try:
            return self.steps[state, action]
        except KeyError:
            sentence = self.sentence.format(state=words(state), action=words(action))
            raise self.refusal(
                f"{sentence} {self._possible(state)}", extra={self.member: state.value}
            ) from None

    def _possible(self, state: StateT) -> str:
        found = self.actions(state)
        if not found:
            return "Nothing changes it any more."
        return f"What is possible: {', '.join(map(words, found))}."


def words(name: str) -> str:
    """A state or an action as people write it."""
    return name.replace("_", " ")

"""Edits of shared things: who edits says which version they saw, and a stale edit changes nothing."""

from dataclasses import dataclass

from backend.kernel.errors import StaleError


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit by `actor_id` of the version that they read."""

    actor_id: str
    version: int

    def expect(self, found: int) -> None:
        """StaleError unless `found`, the version there is now, is the one that was read."""
        if found != self.version:
            raise StaleError(
                "It was changed since you read it. Read it again, see what is different, repeat your edit."
            )

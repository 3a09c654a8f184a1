"""Carts in Redis: one JSON document each, replaced as a whole only if nobody changed it meanwhile.

So two tabs never lose each other's items (docs/decisions/0100-carts-in-redis.md).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

import redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from backend.domains.checkout.contents import Contents, contents_of, document_of, new_cart
from backend.infra.redis import key
from backend.kernel.errors import ConflictError

# In each round of several writers one gets through.
ROUNDS: Final = 100

T = TypeVar("T")
Change = Callable[[Contents], Contents]


class CartBusyError(ConflictError):
    """Too many changes of one cart at once."""


@dataclass(frozen=True, slots=True)
class CartOwner:
    """Whose cart it is: a user's, or a visitor's, who is known by nothing but its id.

    `cart_id` of a user is a cart that they filled as a visitor.
    """

    user_id: str | None
    cart_id: str | None

    @property
    def key(self) -> str:
        """Where the cart is kept."""
        return key("cart", self.user_id or self.cart_id or "")


@dataclass(frozen=True)
class CartStore:
    """Reads and changes carts; each use keeps a cart for `users` or `visitors` longer.

    Verbs raise RedisError when Redis does not answer; then nothing has changed.
    """

    redis: redis.Redis
    users: timedelta
    visitors: timedelta

    def read(self, owner: CartOwner) -> Contents:
        """What is in the cart of `owner`; an empty one if there is none."""
        kept: Any = self.redis.getex(owner.key, px=self._lifetime(owner))
        return _read(kept, owner)

    def change(self, owner: CartOwner, change: Change) -> Contents:
        """Do `change` to the cart, again if somebody else was faster; what is in it then. CartBusyError.

        An error that `change` raises leaves the cart as it was.
        """

        def attempt(pipe: Pipeline) -> Contents:
            before = _read(_now_in(pipe, owner), owner)
            after = _counted(before, change(before))
            pipe.multi()
            self._write(pipe, owner, after)
            return after

        return self._until_unhindered(attempt, owner.key)

    def merge(
        self, giver: CartOwner, taker: CartOwner, merge: Callable[[Contents, Contents], Contents]
    ) -> None:
        """Replace the taker's cart by `merge(theirs, the giver's)`, in one step with the end of the latter.

        Without a cart of the giver nothing happens. CartBusyError. An error that `merge` raises leaves both
        as they were.
        """

        def attempt(pipe: Pipeline) -> None:
            found = _now_in(pipe, giver)
            if found is None:
                pipe.unwatch()
                return
            before = _read(_now_in(pipe, taker), taker)
            after = merge(before, _read(found, giver))
            pipe.multi()
            self._write(pipe, taker, _counted(before, after))
            pipe.delete(giver.key)

        self._until_unhindered(attempt, giver.key, taker.key)

    def _write(self, pipe: Pipeline, owner: CartOwner, contents: Contents) -> None:
        pipe.set(owner.key, json.dumps(document_of(contents)), px=self._lifetime(owner))

    def _lifetime(self, owner: CartOwner) -> timedelta:
        return self.visitors if owner.user_id is None else self.users

    def _until_unhindered(self, attempt: Callable[[Pipeline], T], *keys: str) -> T:
        with self.redis.pipeline() as pipe:
            for _ in range(ROUNDS):
                pipe.watch(*keys)  # type: ignore[no-untyped-call]
                found = attempt(pipe)
                try:
                    pipe.execute()
                except WatchError:
                    continue
                return found
        raise CartBusyError("Your cart is being changed in too many places at once; try again in a moment.")


def _now_in(pipe: Pipeline, owner: CartOwner) -> str | None:
    """What is kept; a watching pipeline asks at once."""
    found: Any = pipe.get(owner.key)
    return None if found is None else str(found)


def _read(kept: str | None, owner: CartOwner) -> Contents:
    if kept is not None:
        return contents_of(json.loads(kept))
    # The id that a visitor came with names their cart from its first item on.
    return new_cart() if owner.user_id or owner.cart_id is None else Contents(owner.cart_id)


def _counted(before: Contents, after: Contents) -> Contents:
    return before if after == before else replace(after, version=before.version + 1)

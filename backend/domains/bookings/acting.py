"""Who acts in the running request, on a booking or what belongs to it."""

from backend.domains.bookings.access import Actor
from backend.web.auth import Role, caller


def acting() -> Actor:
    """The caller. UnauthenticatedError when nobody is signed in."""
    someone = caller()
    return Actor(someone.user_id, is_staff=someone.has(Role.SUPPORT))

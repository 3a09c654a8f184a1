"""Events: what happened, as it was then."""

from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/events/:id."""
    return book.get("event", name)


def index(book: Book, params: Params) -> Json:
    """GET /v1/events."""
    return page(book, params, "event", url="/v1/events", where={"type": params.text("type")})

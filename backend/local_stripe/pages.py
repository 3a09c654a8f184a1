"""Pages for people: what happened last, paying, proving who one is to the bank, completing an account."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backend.local_stripe import accounts, confirming, intents, timers
from backend.local_stripe.amounts import in_currency
from backend.local_stripe.book import Book
from backend.local_stripe.cards import CARDS
from backend.local_stripe.errors import ApiError, CardError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.options import Options
from backend.local_stripe.store import Store
from backend.local_stripe.webhooks import configured
from backend.local_stripe.wire import Params

View = Callable[[Book, str], AnyResponse | str]
current = configured


def install(app: Flask, store: Store, options: Options, seconds: Callable[[], int]) -> None:
    """Add the pages to the gateway's application."""

    def add(path: str, view: View, method: str) -> None:
        def answer(name: str = "") -> AnyResponse | str:
            now, present = seconds(), current(store, options)
            timers.run_due(store, present, now)
            with store.writing() as connection:
                try:
                    return view(Book(connection, present, now), name)
                except ApiError as error:
                    return Response(str(error), status=error.status, mimetype="text/plain")

        app.add_url_rule(path, endpoint=f"{method} {path}", view_func=answer, methods=[method])

    add("/", _home, "GET")
    add("/pay/<name>", _pay_page, "GET")
    add("/pay/<name>", _pay, "POST")
    add("/authenticate/<name>", _authenticate_page, "GET")
    add("/authenticate/<name>", _authenticate, "POST")
    add("/onboard/<name>", _onboard_page, "GET")
    add("/onboard/<name>", _onboard, "POST")


def _home(book: Book, _: str) -> str:
    last = Params({"limit": "20"})
    intents_, events = (page(book, last, kind, url="")["data"] for kind in ("payment_intent", "event"))
    shown = [(intent, in_currency(intent, intent["amount"])) for intent in intents_]
    return render_template("home.html", intents=shown, events=events, webhooks=book.options.webhooks)


def _pay_page(book: Book, name: str) -> str:
    intent = _intent(book, name)
    amount = in_currency(intent, intent["amount"])
    return render_template("pay.html", intent=intent, amount=amount, cards=CARDS)


def _pay(book: Book, name: str) -> AnyResponse | str:
    intent = _intent(book, name)
    back = request.values.get("return_url") or _own_page(book, intent)
    params = Params({"payment_method": request.form["payment_method"], "return_url": back})
    try:
        intent = intents.confirm(book, params, intent["id"])
    except CardError:
        return _back(book.get("payment_intent", name), back)
    if intent["status"] == "requires_action":
        return redirect(intent["next_action"]["redirect_to_url"]["url"], 303)
    return _back(intent, back)


def _authenticate_page(book: Book, name: str) -> str:
    intent = _intent(book, name)
    return render_template("authenticate.html", intent=intent, amount=in_currency(intent, intent["amount"]))


def _authenticate(book: Book, name: str) -> AnyResponse:
    intent = _intent(book, name)
    if intent["status"] != "requires_action":
        raise ApiError("Nothing is to be proven for this payment any more.", status=409)
    back = intent.get("_return_url") or _own_page(book, intent)
    try:
        intent = confirming.authenticate(book, intent, succeeds=request.form.get("outcome") == "succeed")
    except CardError:
        intent = book.get("payment_intent", name)
    return _back(intent, back)


def _onboard_page(book: Book, name: str) -> AnyResponse | str:
    link = book.get("account_link", name)
    if link["_used"] or link["expires_at"] <= book.now:
        return redirect(link["_refresh_url"], 303)
    account = book.get("account", link["_account"])
    return render_template("onboard.html", account=account, outcomes=accounts.OUTCOMES)


def _onboard(book: Book, name: str) -> AnyResponse:
    link = book.get("account_link", name)
    if link["_used"] or link["expires_at"] <= book.now:
        return redirect(link["_refresh_url"], 303)
    outcome = request.form.get("outcome", "complete")
    if outcome not in accounts.OUTCOMES:
        raise ApiError(f"The outcome is one of {', '.join(accounts.OUTCOMES)}.")
    accounts.apply(book, book.get("account", link["_account"]), outcome)
    book.save({**link, "_used": True})
    return redirect(link["_return_url"], 303)


def _own_page(book: Book, intent: Json) -> str:
    """Where people stay whom no seller wants back."""
    secret = urlencode({"client_secret": intent["client_secret"]})
    return f"{book.options.base_url}/pay/{intent['id']}?{secret}"


def _intent(book: Book, name: str) -> Json:
    intent = book.get("payment_intent", name)
    if request.values.get("client_secret") != intent["client_secret"]:
        raise ApiError("The client secret in the address is not that of the payment.", status=403)
    return intent


def _back(intent: Json, url: str) -> AnyResponse:
    parts = urlsplit(url)
    paid = intent["status"] in ("succeeded", "requires_capture")
    added = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if paid else "failed",
        }
    )
    query = f"{parts.query}&{added}" if parts.query else added
    return redirect(urlunsplit(parts._replace(query=query)), 303)

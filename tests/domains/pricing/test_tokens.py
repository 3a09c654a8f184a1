"""Quote tokens: for one user and one slot, until they expire, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.pricing.tokens import (
    Promise,
    QuoteExpiredError,
    QuoteOfAnotherError,
    QuoteTokenError,
    QuoteTokens,
)
from backend.kernel.money import Money

NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
TOKENS = QuoteTokens("a secret")

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)
promises = st.builds(
    Promise,
    quote_id=names.map("quo_".__add__),
    user_id=st.none() | names.map("usr_".__add__),
    slot_id=names.map("slt_".__add__),
    party=st.integers(1, 1000),
    total=st.builds(Money, st.integers(0, 10**12), st.sampled_from(["EUR", "JPY"])),
    expires_at=st.integers(1, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)


class TestQuoteTokens:
    @given(promises)
    def test_say_again_what_was_promised(self, promise: Promise) -> None:
        read = TOKENS.read(TOKENS.sign(promise), user_id=promise.user_id or "usr_any", now=NOW)

        assert read == promise

    @given(promises, names.map("usr_".__add__))
    def test_of_one_user_are_never_accepted_for_another(self, promise: Promise, other: str) -> None:
        token = TOKENS.sign(promise)

        if promise.user_id in (None, other):
            assert TOKENS.read(token, user_id=other, now=NOW).user_id == promise.user_id
        else:
            with pytest.raises(QuoteOfAnotherError):
                TOKENS.read(token, user_id=other, now=NOW)

    @given(promises)
    def test_expire_to_the_second(self, promise: Promise) -> None:
        token = TOKENS.sign(promise)
        user = promise.user_id or "usr_any"

        assert TOKENS.read(token, user_id=user, now=promise.expires_at - timedelta(microseconds=1))
        with pytest.raises(QuoteExpiredError):
            TOKENS.read(token, user_id=user, now=promise.expires_at)

    @given(promises, st.data())
    def test_cannot_be_changed_in_any_character(self, promise: Promise, data: st.DataObject) -> None:
        token = TOKENS.sign(promise)
        place = data.draw(st.integers(0, len(token) - 2))
        other = data.draw(st.sampled_from("abcdefXYZ0189_-.").filter(lambda c: c != token[place]))

        with pytest.raises(QuoteTokenError):
            TOKENS.read(token[:place] + other + token[place + 1 :], user_id="usr_any", now=NOW)

    @given(st.text(max_size=200))
    def test_are_not_just_any_text(self, text: str) -> None:
        with pytest.raises(QuoteTokenError):
            TOKENS.read(text, user_id="usr_any", now=NOW)

    def test_of_another_secret_are_refused(self) -> None:
        promise = Promise("quo_1", None, "slt_1", 1, Money(1, "EUR"), NOW + timedelta(hours=1))

        with pytest.raises(QuoteTokenError):
            TOKENS.read(QuoteTokens("another").sign(promise), user_id="usr_any", now=NOW)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import InvalidError
from backend.web.pagination import decode_cursor, encode_cursor, page_of

KEYS = st.lists(st.one_of(st.text(), st.integers()), min_size=1, max_size=4)


class TestCursor:
    @given(KEYS)
    def test_it_leads_back_to_its_key(self, key: list[str | int]) -> None:
        cursor = encode_cursor(key)

        assert decode_cursor(cursor, parts=len(key)) == key
        assert cursor.replace("-", "").replace("_", "").isalnum()

    def test_none_is_the_beginning(self) -> None:
        assert decode_cursor(None, parts=2) is None

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "x",
            "!!!!",
            "ünïcode",
            "bnVsbA",
            encode_cursor(["a"]),
            encode_cursor(["a", 1.5]),
            encode_cursor([["a"], "b"]),
        ],
    )
    def test_one_that_was_not_given_out_is_refused(self, cursor: str) -> None:
        with pytest.raises(InvalidError, match="not one of ours"):
            decode_cursor(cursor, parts=2)

    @given(st.text(max_size=40))
    def test_no_text_breaks_it(self, cursor: str) -> None:
        try:
            key = decode_cursor(cursor, parts=1)
        except InvalidError:
            key = ["refused"]

        assert isinstance(key, list)


class TestPage:
    def test_a_full_page_leads_to_the_next_one(self) -> None:
        page = page_of([1, 2, 3], limit=2, key=lambda n: [n])

        assert page.items == [1, 2]
        assert decode_cursor(page.next, parts=1) == [2]

    @pytest.mark.parametrize("rows", [[], [1], [1, 2]])
    def test_the_last_page_leads_nowhere(self, rows: list[int]) -> None:
        page = page_of(rows, limit=2, key=lambda n: [n])

        assert page.items == rows
        assert page.next is None

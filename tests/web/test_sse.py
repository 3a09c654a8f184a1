import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.web.sse import HEARTBEAT, Event, Snapshot, encode, encode_retry, encode_tick, until_tick
from tests.web.sse_client import Parser, Received

END = datetime(2026, 12, 7, 9, 10, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class TestEncode:
    @given(
        st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=5),
        st.integers(min_value=1, max_value=7),
    )
    def test_whatever_the_data_is_a_client_gets_just_that(
        self, datas: list[dict[str, Any]], size: int
    ) -> None:
        events = [Event(number, "countered", data) for number, data in enumerate(datas, start=1)]
        sent = b"".join(encode(event) for event in events)

        parser = Parser()
        got = [one for at in range(0, len(sent), size) for one in parser.feed(sent[at : at + size])]

        assert [one.name for one in got] == ["countered"] * len(events)
        assert [json.loads(one.data) for one in got] == datas
        assert [one.last_id for one in got] == [str(event.number) for event in events]

    def test_a_tick_does_not_disturb_resuming(self) -> None:
        now = END - timedelta(seconds=83.2)
        sent = encode(Event(2, "countered", {})) + encode_tick(now=now, ends_at=END)

        *_, tick = Parser().feed(sent)

        data = {
            "server_time": "2026-12-07T09:08:36.800Z",
            "expires_at": "2026-12-07T09:10:00Z",
            "seconds_left": 84,
        }
        assert tick == Received("tick", json.dumps(data, separators=(",", ":")), "2")

    def test_heartbeats_and_retries_are_no_events(self) -> None:
        parser = Parser()

        got = list(parser.feed(encode_retry(1.25) + HEARTBEAT))

        assert got == []
        assert (parser.retry, parser.comments) == (1250, 1)


class TestUntilTick:
    @given(st.floats(min_value=0.1, max_value=600))
    def test_leads_to_a_multiple_of_five_seconds_or_one_of_the_last_ten(self, left: float) -> None:
        due = left - until_tick(left)

        whole = round(due)
        assert abs(due - whole) < 1e-6
        assert 0 <= due < left
        assert whole % 5 == 0 or whole <= 10

    def test_counts_down_to_the_end_without_leaving_one_out(self) -> None:
        left, ticks = 23.4, []
        while left > 0:
            left = round(left - until_tick(left), 6)
            ticks.append(left)

        assert ticks == [20, 15, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]

    def test_does_not_tell_the_same_second_twice_when_a_timer_is_a_little_early(self) -> None:
        assert until_tick(5.004) > 1


class TestSnapshot:
    def test_knows_what_came_after_an_event(self) -> None:
        events = tuple(Event(number, "countered", {}) for number in (1, 2, 3))

        snapshot = Snapshot(events, None)

        assert snapshot.last == 3
        assert snapshot.after(1) == events[1:]
        assert snapshot.after(3) == ()
        assert Snapshot((), END).last == 0

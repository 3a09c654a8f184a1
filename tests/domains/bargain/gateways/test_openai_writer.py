import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import svcs
from flask import Flask
from structlog.testing import capture_logs

from backend.domains.bargain.gateways import openai_writer
from backend.domains.bargain.gateways.openai_writer import FAILURES, PLACES, OpenAIWriter
from backend.domains.bargain.model_words import INSTRUCTIONS, SCHEMA, ModelWords, NotWrittenError
from backend.domains.bargain.words import PlainWords, Said, Words
from backend.infra.closing import close_app
from backend.wiring.bargain_words import register_words
from tests.conftest import Stores, make_settings
from tests.factories.bargain import eur, situation
from tests.fakes import language_model
from tests.fakes.language_model import Model, completion
from tests.waiting import wait_until

KEY = "sk-secret-of-the-shop"
SOON = 30.0


@pytest.fixture
def model() -> Iterator[Model]:
    with language_model.serving() as served:
        yield served


@pytest.fixture
def make_writer() -> Iterator[Callable[..., OpenAIWriter]]:
    """Makes writers, which are closed in the end."""
    made = []

    def make(url: str, *, seconds: float = SOON, rest_seconds: float = SOON) -> OpenAIWriter:
        client = openai_writer.connect(key=KEY, base_url=url, seconds=seconds)
        breaker = openai_writer.breaker(rest_seconds=rest_seconds)
        made.append(OpenAIWriter(client, "small-model", seconds, breaker))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def written(writer: OpenAIWriter) -> str:
    return writer.write(instructions=INSTRUCTIONS, material='{"offer": 1}', schema=SCHEMA)


def reason(writer: OpenAIWriter) -> str:
    with pytest.raises(NotWrittenError) as failure:
        written(writer)
    return failure.value.reason


class TestOpenAIWriter:
    def test_asks_for_a_completion_by_the_schema(
        self, model: Model, make_writer: Callable[..., OpenAIWriter]
    ) -> None:
        model.says("{price}")

        content = written(make_writer(model.url))

        asked = model.asked[0]
        assert json.loads(content) == {"message": "{price}", "counter_minor": None}
        assert (asked.path, asked.authorization) == ("/v1/chat/completions", f"Bearer {KEY}")
        assert asked.body["model"] == "small-model"
        assert asked.body["response_format"]["json_schema"]["schema"] == SCHEMA
        assert asked.body["response_format"]["json_schema"]["strict"] is True
        assert asked.prompt == f'{INSTRUCTIONS}\n{{"offer": 1}}'

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [(429, "limited"), (500, "failed"), (503, "failed"), (401, "failed"), (400, "failed")],
    )
    def test_tries_once_and_says_why_it_failed(
        self, model: Model, make_writer: Callable[..., OpenAIWriter], status: int, outcome: str
    ) -> None:
        model.status, model.body = status, b'{"error": {"message": "no"}}'

        assert reason(make_writer(model.url)) == outcome
        assert len(model.asked) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"{}",
            b"\xff",
            b'{"choices": []}',
            b'{"choices": ["x"]}',
            b'{"choices": [{"message": "x"}]}',
            b'{"choices": [{"message": {"content": 1}}]}',
            completion(None),
        ],
    )
    def test_takes_nothing_but_a_completion(
        self, model: Model, make_writer: Callable[..., OpenAIWriter], body: bytes
    ) -> None:
        model.body = body

        assert reason(make_writer(model.url)) in {"malformed", "unreachable"}

    def test_takes_no_page_of_a_proxy(self, model: Model, make_writer: Callable[..., OpenAIWriter]) -> None:
        model.content_type, model.body = "text/html", b"<html>"

        assert reason(make_writer(model.url)) == "malformed"

    @pytest.mark.parametrize("way", [Model.hangs, Model.drips])
    def test_does_not_wait_longer_than_its_deadline(
        self, model: Model, make_writer: Callable[..., OpenAIWriter], way: Callable[[Model], None]
    ) -> None:
        way(model)

        assert reason(make_writer(model.url, seconds=0.2)) == "late"
        assert not model.released.is_set()

    def test_says_that_nobody_is_there(self, model: Model, make_writer: Callable[..., OpenAIWriter]) -> None:
        model.closes()

        assert reason(make_writer(model.url)) == "unreachable"
        assert reason(make_writer("http://127.0.0.1:1/v1")) == "unreachable"

    def test_rests_after_some_failures(self, model: Model, make_writer: Callable[..., OpenAIWriter]) -> None:
        writer = make_writer(model.url)
        model.status = 500

        reasons = [reason(writer) for _ in range(FAILURES + 3)]

        assert reasons == ["failed"] * FAILURES + ["resting"] * 3
        assert len(model.asked) == FAILURES

    def test_rests_also_after_being_late(
        self, model: Model, make_writer: Callable[..., OpenAIWriter]
    ) -> None:
        writer = make_writer(model.url, seconds=0.05)
        model.hangs()

        reasons = [reason(writer) for _ in range(FAILURES + 1)]

        assert reasons == ["late"] * FAILURES + ["resting"]

    def test_asks_again_after_its_rest(self, model: Model, make_writer: Callable[..., OpenAIWriter]) -> None:
        writer = make_writer(model.url, rest_seconds=0)
        model.status = 500
        for _ in range(FAILURES):
            reason(writer)
        model.status = 200
        model.says("{price}")

        assert "{price}" in written(writer)
        assert writer.breaker.current_state == "closed"

    def test_one_failure_after_its_rest_is_enough(
        self, model: Model, make_writer: Callable[..., OpenAIWriter]
    ) -> None:
        writer = make_writer(model.url, rest_seconds=0)
        model.status = 500

        reasons = [reason(writer) for _ in range(FAILURES + 1)]

        assert reasons == ["failed"] * (FAILURES + 1)
        assert writer.breaker.current_state == "open"

    def test_lets_no_more_threads_wait_than_it_has_places(
        self, model: Model, make_writer: Callable[..., OpenAIWriter]
    ) -> None:
        writer = make_writer(model.url)
        model.hangs()
        with ThreadPoolExecutor(PLACES) as pool:
            waiting = [pool.submit(reason, writer) for _ in range(PLACES)]
            wait_until(lambda: len(model.asked) == PLACES)

            outcome = reason(writer)

            model.released.set()
            assert [one.result() for one in waiting] == ["unreachable"] * PLACES
        assert outcome == "busy"

    def test_tells_its_key_to_nobody_else(
        self, model: Model, make_writer: Callable[..., OpenAIWriter], caplog: pytest.LogCaptureFixture
    ) -> None:
        writer = make_writer(model.url)
        model.status, model.body = 401, json.dumps({"error": {"message": f"wrong key {KEY}"}}).encode()

        with capture_logs() as logs, caplog.at_level("DEBUG"):
            reason(writer)

        assert logs == [
            {
                "event": "bargain_model_failed",
                "error": "AuthenticationError",
                "status": 401,
                "log_level": "warning",
            }
        ]
        assert KEY not in caplog.text + repr(writer)


class TestRegisterWords:
    def registered(self, settings: Any) -> tuple[Flask, Words]:
        app = Flask(__name__)
        svcs.flask.init_app(app)
        register_words(app, settings, seconds=SOON)
        with app.app_context():
            return app, svcs.flask.get_abstract(Words)

    def test_makes_plain_words_where_there_is_no_key(self, stores: Stores) -> None:
        _, words = self.registered(make_settings(stores))

        assert words == PlainWords()

    def test_asks_the_model_where_there_is_one(self, stores: Stores, model: Model) -> None:
        model.says("For you: {name} at {price}.", 9900)
        settings = make_settings(stores, openai_api_key=KEY, openai_base_url=model.url)

        app, words = self.registered(settings)
        said = words.say(situation(may_propose=True))
        close_app(app)

        assert isinstance(words, ModelWords)
        assert said == Said("For you: Suite 12 at €99.00.", eur(9900))
        assert KEY not in repr(settings)

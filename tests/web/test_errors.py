import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tests.conftest import Stores
from tests.factories.apps import running_app


class TestProblems:
    def test_an_unknown_address_is_a_problem_document(self, client: FlaskClient) -> None:
        answer = client.get("/api/nowhere")

        assert answer.status_code == 404
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == 404
        assert answer.json["instance"] == "/api/nowhere"

    @pytest.mark.parametrize("address", ["/api/no%00where", "/openapi.json?x=%00"])
    def test_a_nul_character_in_the_address_is_refused(self, client: FlaskClient, address: str) -> None:
        answer = client.get(address)

        assert answer.status_code == 400
        assert "NUL" in answer.json["detail"]

    def test_a_crowd_that_uses_up_all_connections_is_asked_to_come_again(self, own_stores: Stores) -> None:
        def crowded() -> str:
            raise PoolTimeoutError("QueuePool limit of size 8 overflow 2 reached")

        with running_app(own_stores) as app:
            app.add_url_rule("/crowded", view_func=crowded)
            answer = app.test_client().get("/crowded")

        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"

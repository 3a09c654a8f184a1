import pytest
from flask.testing import FlaskClient


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

import pytest
import structlog
from flask.testing import FlaskClient
from structlog.testing import capture_logs


class TestRequestId:
    def test_a_fit_id_of_the_caller_is_kept(self, client: FlaskClient) -> None:
        answer = client.get("/health", headers={"X-Request-Id": "cart-42:retry.1"})

        assert answer.headers["X-Request-Id"] == "cart-42:retry.1"

    @pytest.mark.parametrize("given", ["", " ", "a b", 'x"}{', "x" * 101, "ünïcode", "-starts-badly"])
    def test_an_unfit_id_is_replaced(self, client: FlaskClient, given: str) -> None:
        answer = client.get("/health", headers={"X-Request-Id": given})

        assert answer.headers["X-Request-Id"] != given
        assert len(answer.headers["X-Request-Id"]) == 32

    def test_two_requests_have_two_ids(self, client: FlaskClient) -> None:
        ids = {client.get("/health").headers["X-Request-Id"] for _ in range(2)}

        assert len(ids) == 2

    def test_a_problem_names_the_request(self, client: FlaskClient) -> None:
        answer = client.get("/api/nowhere")

        assert answer.json["request_id"] == answer.headers["X-Request-Id"]


class TestAccessLog:
    def test_a_request_is_one_line_without_its_address_or_token(self, client: FlaskClient) -> None:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            client.get(
                "/api/nowhere?q=secret", headers={"X-Request-Id": "r1", "Authorization": "Bearer secret"}
            )

        requests = [line for line in lines if line["event"] == "request"]
        assert len(requests) == 1
        assert requests[0]["request_id"] == "r1"
        assert requests[0]["method"] == "GET"
        assert requests[0]["route"] == "none"
        assert requests[0]["status"] == 404
        assert "secret" not in str(lines)

    def test_probes_are_logged_only_when_debugging(self, client: FlaskClient) -> None:
        with capture_logs() as lines:
            client.get("/health")

        assert [line["log_level"] for line in lines] == ["debug"]

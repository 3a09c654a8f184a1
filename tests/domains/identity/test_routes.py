from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.identity import PASSWORD, auth_headers, make_user

NEW = {"email": "ada@example.com", "password": "an uncommon phrase", "name": "Ada"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def login(client: FlaskClient, email: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/auth/login", json={"email": email, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


class TestRegister:
    def test_signs_the_new_user_in(self, client: FlaskClient) -> None:
        answer = client.post("/api/auth/register", json=NEW)

        assert answer.status_code == 201
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json["user"]["roles"] == ["customer"]
        me = client.get("/api/auth/me", headers=bearer(answer.json["access_token"]))
        assert me.json == answer.json["user"]

    def test_a_taken_address_is_a_conflict_and_changes_nothing(self, client: FlaskClient) -> None:
        client.post("/api/auth/register", json=NEW)

        answer = client.post("/api/auth/register", json={**NEW, "email": "ADA@example.com", "name": "Eve"})

        assert answer.status_code == 409
        assert "log in instead" in answer.json["detail"]
        tokens = client.post("/api/auth/login", json={"email": NEW["email"], "password": NEW["password"]})
        assert tokens.json["user"]["name"] == "Ada"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"email": "ada"}, "email"),
            ({"email": "ada@localhost"}, "email"),
            ({"email": "a@b.example\r\nBcc: all"}, "email"),
            ({"email": f"{'a' * 250}@example.com"}, "email"),
            ({"email": ["ada@example.com"]}, "email"),
            ({"password": "short"}, "password"),
            ({"password": "x" * 201}, "password"),
            ({"password": "Password123"}, "password"),
            ({"password": "aaaaaaaaaaaa"}, "password"),
            ({"password": "Ada@Example.com"}, "password"),
            ({"password": 1234567890}, "password"),
            ({"name": "  "}, "name"),
            ({"name": "Ada\nLovelace"}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"country": "ZZ"}, "country"),
            ({"country": "fr"}, "country"),
            ({"locale": "xx-XX"}, "locale"),
            ({"locale": "en.UTF-8"}, "locale"),
            ({"locale": "en\n"}, "locale"),
            ({"locale": "' OR 1=1 --"}, "locale"),
            ({"roles": ["admin"]}, "roles"),
            ({"cookies": "yes"}, "cookies"),
        ],
    )
    def test_what_is_wrong_is_told_by_field(
        self, client: FlaskClient, change: dict[str, Any], field: str
    ) -> None:
        answer = client.post("/api/auth/register", json={**NEW, **change})

        assert answer.status_code == 422
        assert field in answer.json["errors"]

    @pytest.mark.parametrize("name", ["{{7*7}}", "Robert'); DROP TABLE users;--", "<script>", "Ж 李 🧗"])
    def test_a_name_is_only_text(self, client: FlaskClient, name: str) -> None:
        answer = client.post("/api/auth/register", json={**NEW, "name": name})

        assert answer.status_code == 201
        assert answer.json["user"]["name"] == name

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b'{"email": "a\\u0000@example.com", "password": "0123456789a"}', 400),
            (b"\xff\xfe{", 400),
            (b"{", 400),
            (b"[" * 100_000, 400),
            (b"[]", 422),
            (b"null", 422),
            (b'{"email": "' + b"a" * 1_000_001 + b'"}', 413),
        ],
    )
    def test_a_body_that_is_none_is_refused(self, client: FlaskClient, body: bytes, status: int) -> None:
        answer = client.post("/api/auth/register", data=body, content_type="application/json")

        assert answer.status_code == status
        assert answer.content_type == "application/problem+json"

    def test_a_form_is_not_json(self, client: FlaskClient) -> None:
        answer = client.post("/api/auth/register", data=NEW)

        assert answer.status_code == 415
        assert "JSON" in answer.json["detail"]


class TestLogin:
    def test_gives_tokens_and_the_user(self, client: FlaskClient) -> None:
        user = make_user(email="ada@example.com")

        answer = client.post("/api/auth/login", json={"email": "Ada@EXAMPLE.com", "password": PASSWORD})

        assert answer.status_code == 200
        assert answer.json["token_type"] == "Bearer"
        assert answer.json["expires_in"] == 3600
        assert answer.json["user"]["id"] == user.id

    @pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "no address at all"])
    def test_does_not_tell_what_was_wrong(self, client: FlaskClient, email: str) -> None:
        make_user(email="ada@example.com")

        answer = client.post("/api/auth/login", json={"email": email, "password": "not the password"})

        assert answer.status_code == 401
        assert answer.json["detail"] == "No user has this e-mail address and password."


class TestRefresh:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_gives_new_tokens(self, client: FlaskClient, method: str) -> None:
        first = login(client, make_user().email)

        second = client.open("/api/auth/refresh", method=method, headers=bearer(first["refresh_token"]))

        assert second.status_code == 200
        assert second.json["refresh_token"] != first["refresh_token"]
        assert client.get("/api/auth/me", headers=bearer(second.json["access_token"])).status_code == 200

    def test_a_token_used_twice_ends_its_session_and_no_other(self, client: FlaskClient) -> None:
        user = make_user()
        stolen, other = login(client, user.email), login(client, user.email)
        newer = client.post("/api/auth/refresh", headers=bearer(stolen["refresh_token"])).json

        again = client.post("/api/auth/refresh", headers=bearer(stolen["refresh_token"]))

        assert again.status_code == 401
        assert "used before" in again.json["detail"]
        assert client.post("/api/auth/refresh", headers=bearer(newer["refresh_token"])).status_code == 401
        assert client.get("/api/auth/me", headers=bearer(newer["access_token"])).status_code == 401
        assert client.get("/api/auth/me", headers=bearer(other["access_token"])).status_code == 200

    def test_an_access_token_does_not_refresh(self, client: FlaskClient) -> None:
        tokens = login(client, make_user().email)

        answer = client.post("/api/auth/refresh", headers=bearer(tokens["access_token"]))

        assert answer.status_code == 401

    def test_without_a_token_it_is_refused(self, client: FlaskClient) -> None:
        answer = client.post("/api/auth/refresh")

        assert answer.status_code == 401
        assert "refresh token" in answer.json["detail"]


class TestLogout:
    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    def test_ends_the_session_by_either_token(self, client: FlaskClient, kind: str) -> None:
        tokens = login(client, make_user().email)

        answer = client.post("/api/auth/logout", headers=bearer(tokens[kind]))

        assert answer.status_code == 204
        me = client.get("/api/auth/me", headers=bearer(tokens["access_token"]))
        assert me.status_code == 401
        assert me.headers["WWW-Authenticate"] == "Bearer"
        assert client.post("/api/auth/refresh", headers=bearer(tokens["refresh_token"])).status_code == 401

    def test_twice_is_as_good_as_once(self, client: FlaskClient) -> None:
        headers = bearer(login(client, make_user().email)["access_token"])
        client.post("/api/auth/logout", headers=headers)

        answer = client.post("/api/auth/logout", headers=headers)

        assert answer.status_code == 204


class TestProfile:
    def test_changes_what_is_sent_and_keeps_the_rest(self, app: Flask, client: FlaskClient) -> None:
        headers = auth_headers(app, make_user(name="Ada", country="FR"))

        answer = client.put("/api/auth/profile", headers=headers, json={"locale": "pt-BR"})

        assert answer.status_code == 200
        found = client.get("/api/auth/profile", headers=headers).json
        assert (found["name"], found["country"], found["locale"]) == ("Ada", "FR", "pt-BR")

    @pytest.mark.parametrize("field", ["roles", "email", "loyalty_tier", "id"])
    def test_what_is_not_theirs_to_change_is_refused(
        self, app: Flask, client: FlaskClient, field: str
    ) -> None:
        headers = auth_headers(app, make_user())

        answer = client.put("/api/auth/profile", headers=headers, json={field: "admin"})

        assert answer.status_code == 422
        assert answer.json["errors"] == {field: ["Unknown field."]}

    @pytest.mark.parametrize("path", ["me", "profile", "sessions"])
    def test_is_for_the_signed_in(self, client: FlaskClient, path: str) -> None:
        answer = client.get(f"/api/auth/{path}")

        assert answer.status_code == 401


class TestSessions:
    def test_lists_where_the_caller_is_signed_in(self, client: FlaskClient) -> None:
        user = make_user()
        login(client, user.email)
        here = client.post(
            "/api/auth/login",
            json={"email": user.email, "password": PASSWORD},
            headers={"User-Agent": "Telephone/1"},
        ).json

        answer = client.get("/api/auth/sessions", headers=bearer(here["access_token"]))

        assert answer.json["next"] is None
        assert len(answer.json["items"]) == 2
        (current,) = [session for session in answer.json["items"] if session["current"]]
        assert current["user_agent"] == "Telephone/1"
        assert current["address"] == "127.0.0.1"
        assert current["last_seen_at"] == "2026-12-07T09:00:00Z"

    def test_one_is_ended_and_the_others_live_on(self, client: FlaskClient) -> None:
        user = make_user()
        lost, here = login(client, user.email), login(client, user.email)
        (lost_id,) = (s["id"] for s in self._listed(client, lost) if s["current"])

        answer = client.delete(f"/api/auth/sessions/{lost_id}", headers=bearer(here["access_token"]))

        assert answer.status_code == 204
        assert client.get("/api/auth/me", headers=bearer(lost["access_token"])).status_code == 401
        assert len(self._listed(client, here)) == 1

    def test_all_are_ended(self, client: FlaskClient) -> None:
        user = make_user()
        there, here = login(client, user.email), login(client, user.email)

        answer = client.delete("/api/auth/sessions", headers=bearer(here["access_token"]))

        assert answer.status_code == 204
        for tokens in (there, here):
            assert client.get("/api/auth/me", headers=bearer(tokens["access_token"])).status_code == 401

    def test_nobody_ends_the_session_of_another(self, client: FlaskClient) -> None:
        victim, attacker = login(client, make_user().email), login(client, make_user().email)
        victim_session = self._listed(client, victim)[0]["id"]

        answer = client.delete(
            f"/api/auth/sessions/{victim_session}", headers=bearer(attacker["access_token"])
        )

        assert answer.status_code == 404
        assert len(self._listed(client, victim)) == 1

    @pytest.mark.parametrize("name", ["ses_unknown", "*", "%27%20OR%201=1", "..%2f.."])
    def test_an_id_that_is_none_is_not_found(self, app: Flask, client: FlaskClient, name: str) -> None:
        answer = client.delete(f"/api/auth/sessions/{name}", headers=auth_headers(app, make_user()))

        assert answer.status_code == 404

    @staticmethod
    def _listed(client: FlaskClient, tokens: dict[str, Any]) -> list[dict[str, Any]]:
        return client.get("/api/auth/sessions", headers=bearer(tokens["access_token"])).json["items"]

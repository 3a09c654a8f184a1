from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.identity import PASSWORD, make_user

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

THREADS = 20


class TestRefreshingAtOnce:
    def test_one_of_twenty_gets_new_tokens_and_the_session_ends(self, own_stores: Stores) -> None:
        start = Barrier(THREADS)
        with running_app(own_stores) as app:
            with app.app_context():
                email = make_user().email
            first = (
                app.test_client().post("/api/auth/login", json={"email": email, "password": PASSWORD}).json
            )

            def refresh(_: int) -> tuple[int, str | None]:
                client = app.test_client()
                start.wait()
                answer = client.post(
                    "/api/auth/refresh", headers={"Authorization": f"Bearer {first['refresh_token']}"}
                )
                return answer.status_code, answer.json.get("refresh_token")

            with ThreadPoolExecutor(THREADS) as pool:
                answers = list(pool.map(refresh, range(THREADS)))
            (winner,) = (token for status, token in answers if status == 200)
            after = app.test_client().post("/api/auth/refresh", headers={"Authorization": f"Bearer {winner}"})

        assert Counter(status for status, _ in answers) == {200: 1, 401: THREADS - 1}
        assert after.status_code == 401

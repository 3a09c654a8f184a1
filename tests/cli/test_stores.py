from dataclasses import replace

import psycopg
import pytest

from backend.cli.stores import resolve
from backend.config import ROOT, Settings, SettingsError
from backend.infra.embedded import StoreUrls
from backend.infra.postgres import libpq_conninfo

CONFIGURED = Settings(
    jwt_secret="a secret that only tests know, of a decent length",
    environment="production",
    postgres_url="postgresql://db/climbup",
    redis_url="redis://cache/0",
)


class TestResolve:
    def test_takes_configured_stores_as_they_are(self) -> None:
        assert resolve(CONFIGURED) == CONFIGURED

    @pytest.mark.parametrize("name", ["postgres_url", "redis_url"])
    def test_wants_both_configured_in_production(self, name: str) -> None:
        with pytest.raises(SettingsError, match=name.upper()):
            resolve(replace(CONFIGURED, **{name: None}))

    def test_puts_embedded_ones_where_none_are_configured(self, server: StoreUrls) -> None:
        settings = replace(
            CONFIGURED, environment="test", data_dir=ROOT / "var" / "test", postgres_url=None, redis_url=None
        )

        found = resolve(settings)

        assert found.redis_url == server.redis
        with psycopg.connect(libpq_conninfo(found.postgres_url or "")) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("climbup",)

    def test_keeps_a_configured_store_beside_an_embedded_one(self, server: StoreUrls) -> None:
        settings = replace(CONFIGURED, environment="test", data_dir=ROOT / "var" / "test", redis_url=None)

        found = resolve(settings)

        assert found.postgres_url == CONFIGURED.postgres_url
        assert found.redis_url == server.redis

from datetime import timedelta
from pathlib import Path

import pytest

from backend.config import ROOT, Settings, SettingsError, Smtp

SECRET = "a secret of more than thirty-two characters"


def settings_of(**variables: str) -> Settings:
    return Settings.from_env({"JWT_SECRET_KEY": SECRET, **variables})


class TestFromEnv:
    def test_needs_no_variable_in_development(self, tmp_path: Path) -> None:
        settings = Settings.from_env({"DATA_DIR": str(tmp_path)})

        assert settings.environment == "development"
        assert settings.postgres_url is None
        assert len(settings.jwt_secret) >= 32

    def test_keeps_the_secret_it_made_up(self, tmp_path: Path) -> None:
        first = Settings.from_env({"DATA_DIR": str(tmp_path)})
        second = Settings.from_env({"DATA_DIR": str(tmp_path)})

        assert first.jwt_secret == second.jwt_secret
        assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("PORT", "five thousand"),
            ("PORT", "-1"),
            ("WEB_WORKERS", "2.5"),
            ("RULES_MATCHER_SAMPLE", "often"),
            ("RULES_RELOAD", "maybe"),
            ("RULES_MATCHER", "rete"),
            ("CLIMBUP_ENV", "staging"),
            ("SMTP_SECURITY", "some"),
            ("MAIL_FROM", "nobody"),
            ("MAIL_FROM", "ClimbUp <a@b.example>\nBcc: c@d.example"),
            ("STRIPE_API_BASE", "stripe"),
            ("OPENAI_BASE_URL", "openai"),
        ],
    )
    def test_names_the_variable_it_cannot_read(self, name: str, text: str) -> None:
        with pytest.raises(SettingsError, match=name):
            settings_of(**{name: text})

    def test_takes_several_secrets_of_webhooks(self) -> None:
        settings = settings_of(STRIPE_WEBHOOK_SECRET="whsec_one, whsec_two,")

        assert settings.stripe_webhook_secrets == ("whsec_one", "whsec_two")
        assert "whsec_one" not in repr(settings)

    def test_refuses_a_key_in_production_without_a_secret_of_webhooks(self) -> None:
        with pytest.raises(SettingsError, match="STRIPE_WEBHOOK_SECRET"):
            settings_of(CLIMBUP_ENV="production", STRIPE_SECRET_KEY="sk_live_x")

    def test_keeps_the_key_of_the_language_model_to_itself(self) -> None:
        settings = settings_of(OPENAI_API_KEY="sk-one", OPENAI_BASE_URL="http://127.0.0.1:8000/v1")

        assert (settings.openai_api_key, settings.openai_base_url) == ("sk-one", "http://127.0.0.1:8000/v1")
        assert "sk-one" not in repr(settings)

    def test_refuses_to_send_that_key_in_clear_in_production(self) -> None:
        with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
            settings_of(CLIMBUP_ENV="production", OPENAI_BASE_URL="http://models.example/v1")

    @pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
    def test_knows_the_usual_port_of_a_mail_server(self, security: str, port: int) -> None:
        smtp = settings_of(SMTP_HOST="mx", MAIL_FROM="a@b.example", SMTP_SECURITY=security).smtp

        assert smtp == Smtp(host="mx", port=port, security=security)

    def test_requires_a_sender_where_there_is_a_mail_server(self) -> None:
        with pytest.raises(SettingsError, match="MAIL_FROM is required"):
            settings_of(SMTP_HOST="mx")

    def test_divides_the_address_of_the_seller(self) -> None:
        seller = settings_of(SELLER_ADDRESS="1 Rue de Rivoli, 75001 Paris").seller

        assert seller.address == ("1 Rue de Rivoli", "75001 Paris")

    def test_sends_no_key_in_clear_in_production(self) -> None:
        with pytest.raises(SettingsError, match="STRIPE_API_BASE"):
            settings_of(CLIMBUP_ENV="production", STRIPE_API_BASE="http://127.0.0.1:5001")

    def test_takes_an_empty_variable_as_absent(self) -> None:
        settings = settings_of(PORT="", POSTGRES_URL="", SENTRY_DSN="", LOG_FILE="")

        assert settings.port == 5000
        assert settings.postgres_url is None
        assert settings.sentry_dsn is None
        assert settings.log_file == ROOT / "app.log"

    def test_prefers_the_first_spelling_of_a_name(self) -> None:
        both = settings_of(POSTGRES_URL="postgresql://one/a", DATABASE_URL="postgresql://two/b")
        second = settings_of(DATABASE_URL="postgresql://two/b")

        assert both.postgres_url == "postgresql://one/a"
        assert second.postgres_url == "postgresql://two/b"

    def test_reads_lists_and_spans(self) -> None:
        settings = settings_of(
            CORS_ORIGINS="https://a.example, https://b.example,", JWT_ACCESS_TOKEN_EXPIRES="60"
        )

        assert settings.cors_origins == ("https://a.example", "https://b.example")
        assert settings.jwt_access_expires == timedelta(minutes=1)

    @pytest.mark.parametrize(
        "origin", ["*", "shop.example", "https://shop.example/", "https://*.example", "null"]
    )
    def test_refuses_what_is_not_one_origin(self, origin: str) -> None:
        with pytest.raises(SettingsError, match="CORS_ORIGINS must list origins"):
            settings_of(CORS_ORIGINS=f"https://a.example,{origin}")

    def test_logs_to_stdout_alone_when_told_so(self) -> None:
        settings = settings_of(LOG_FILE="none")

        assert settings.log_file is None

    def test_shows_no_secret_when_printed(self) -> None:
        settings = settings_of(POSTGRES_URL="postgresql://climbup:hunter2@db/climbup")

        shown = repr(settings)

        assert SECRET not in shown
        assert "hunter2" not in shown


class TestProduction:
    def test_needs_a_secret(self) -> None:
        with pytest.raises(SettingsError, match="JWT_SECRET_KEY is required in production"):
            Settings.from_env({"CLIMBUP_ENV": "production"})

    def test_refuses_a_short_secret(self) -> None:
        with pytest.raises(SettingsError, match="32 characters"):
            Settings.from_env({"CLIMBUP_ENV": "production", "JWT_SECRET_KEY": "replace-me"})

    def test_does_not_reload_rules_by_itself(self) -> None:
        settings = settings_of(CLIMBUP_ENV="production")

        assert settings.production
        assert not settings.rules_reload


class TestRates:
    def test_of_a_feed_may_be_a_week_old_and_the_shipped_ones_of_any_age(self) -> None:
        feed = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"

        ages = [
            settings_of(**found).rates_max_age_days
            for found in ({}, {"ECB_FEED_URL": feed}, {"ECB_FEED_URL": feed, "RATES_MAX_AGE_DAYS": "3"})
        ]

        assert ages == [0, 7, 3]

    @pytest.mark.parametrize("address", ["file:///etc/passwd", "www.ecb.europa.eu", "https://", "https:///x"])
    def test_come_from_the_web_alone(self, address: str) -> None:
        with pytest.raises(SettingsError, match="ECB_FEED_URL must look like https://"):
            settings_of(ECB_FEED_URL=address)

"""Settings of one process. This is the only place that reads the environment (and `.env`)."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

ROOT: Final = Path(__file__).resolve().parents[1]
ENVIRONMENTS: Final = ("development", "test", "production")
SHORTEST_SECRET: Final = 32
MATCHERS: Final = ("durable", "compiled")
STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
SMTP_PORTS: Final = {STARTTLS: 587, TLS: 465, PLAIN: 25}
SENDER: Final = "ClimbUp <noreply@climbup.example>"
# Days; over Easter the European Central Bank publishes nothing for five.
MAX_AGE_OF_FED_RATES: Final = 7
STRIPE_API: Final = "https://api.stripe.com"
OPENAI_API: Final = "https://api.openai.com/v1"
# Small and quick: it answers within the two seconds that we give it.
OPENAI_MODEL: Final = "gpt-5.4-mini"
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s/]+(/\S*)?")
_SENDER: Final = re.compile(r"([^<>\r\n]+ )?<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


class SettingsError(ValueError):
    """A variable that cannot be read, or one that production needs and does not have."""


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """The server that takes our mail; `security` is STARTTLS, TLS or PLAIN."""

    host: str
    port: int
    security: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Seller:
    """The company, as receipts name it; each line of its `address` is one of theirs."""

    name: str = "ClimbUp"
    address: tuple[str, ...] = ()
    vat_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between installations; a store's url is None where it is embedded."""

    jwt_secret: str = field(repr=False)
    environment: str = "development"
    host: str = "127.0.0.1"
    port: int = 5000
    postgres_url: str | None = field(default=None, repr=False)
    mongo_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    data_dir: Path = ROOT / "var"
    rules_dir: Path = ROOT / "rules"
    rules_reload: bool = True
    rules_poll_seconds: float = 0.5
    rules_second_person: bool = False
    matcher: str = "durable"
    matcher_sample: float = 0.01
    jwt_access_expires: timedelta = timedelta(hours=1)
    jwt_refresh_expires: timedelta = timedelta(days=30)
    hold_seconds: int = 600
    holds_per_user: int = 20
    quote_seconds: int = 900
    waitlist_offer_seconds: int = 1800
    bargain_seconds: int = 600
    bargain_attempts: int = 3
    bargain_deal_seconds: int = 900
    payment_seconds: int = 900
    answer_seconds: int = 48 * 3600
    cart_days: int = 30
    visitor_cart_days: int = 7
    ecb_feed_url: str | None = None
    rates_max_age_days: int = 0
    max_body_bytes: int = 1_000_000
    rate_limit: str = "600 per minute"
    login_attempts: str = "10 per 15 minutes"
    coupon_guesses: str = "20 per 15 minutes"
    home_country: str = "FR"
    tax_by_invoice: bool = False
    cors_origins: tuple[str, ...] = ()
    proxy_count: int = 0
    domain_url: str = "http://127.0.0.1:5000"
    smtp: Smtp | None = None
    mail_from: str = SENDER
    seller: Seller = Seller()
    affiliate_ids: Mapping[str, str] = field(default_factory=dict)
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_publishable_key: str | None = None
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_api_base: str = STRIPE_API
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str = OPENAI_API
    openai_model: str = OPENAI_MODEL
    sentry_dsn: str | None = field(default=None, repr=False)
    log_level: str = "INFO"
    log_file: Path | None = None
    web_workers: int = 2
    web_threads: int = 8
    streams_per_user: int = 5
    streams_per_process: int = 2000
    worker_jobs: int = 4
    worker_metrics_port: int = 0
    stop_seconds: int = 30
    metrics_dir: Path | None = None

    @property
    def production(self) -> bool:
        """Whether real customers use it: secrets are required and demo data is refused."""
        return self.environment == "production"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """From `environ`, or else from `.env` overlaid by the process environment.

        Raises SettingsError that names the variable and what it should look like.
        """
        if environ is None:
            dotenv = {k: v for k, v in dotenv_values(ROOT / ".env").items() if v}
            environ = {**dotenv, **os.environ}  # noqa: TID251 (the one reader)
        return _Reader(environ).settings()

    def child_environment(self) -> dict[str, str]:
        """The environment for a child process that is to have the same settings.

        Carries what was found out since it was read: where the stores and the payment gateway are, and
        where metrics are shared.
        """
        found = {
            "POSTGRES_URL": self.postgres_url,
            "REDIS_URL": self.redis_url,
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics_dir) if self.metrics_dir else None,
            "STRIPE_SECRET_KEY": self.stripe_secret_key,
            "STRIPE_PUBLISHABLE_KEY": self.stripe_publishable_key,
            "STRIPE_WEBHOOK_SECRET": ",".join(self.stripe_webhook_secrets),
            "STRIPE_API_BASE": self.stripe_api_base,
        }
        known = {name: value for name, value in found.items() if value}
        return {**os.environ, **known}  # noqa: TID251 (passed on, not read)


@dataclass(frozen=True)
class _Reader:
    env: Mapping[str, str]

    def settings(self) -> Settings:
        environment = self._one_of("CLIMBUP_ENV", ENVIRONMENTS, "development")
        data_dir = Path(self.env.get("DATA_DIR") or ROOT / "var")
        port = self._int("PORT", 5000)
        production = environment == "production"
        return Settings(
            environment=environment,
            host=self.env.get("HOST") or "127.0.0.1",
            port=port,
            postgres_url=self._first("POSTGRES_URL", "DATABASE_URL"),
            mongo_url=self._first("MONGO_URL"),
            redis_url=self._first("REDIS_URL"),
            data_dir=data_dir,
            rules_dir=Path(self.env.get("RULES_DIR") or ROOT / "rules"),
            rules_reload=self._bool("RULES_RELOAD", default=not production),
            rules_poll_seconds=self._float("RULES_POLL_SECONDS", 0.5),
            rules_second_person=self._bool("RULES_SECOND_PERSON", default=False),
            matcher=self._one_of("RULES_MATCHER", MATCHERS, "durable"),
            matcher_sample=self._float("RULES_MATCHER_SAMPLE", 0.01),
            jwt_secret=self._secret(data_dir, production=production),
            jwt_access_expires=timedelta(seconds=self._int("JWT_ACCESS_TOKEN_EXPIRES", 3600)),
            jwt_refresh_expires=timedelta(seconds=self._int("JWT_REFRESH_TOKEN_EXPIRES", 30 * 86400)),
            hold_seconds=self._int("HOLD_SECONDS", 600),
            holds_per_user=self._int("HOLDS_PER_USER", 20),
            quote_seconds=self._int("QUOTE_SECONDS", 900),
            waitlist_offer_seconds=self._int("WAITLIST_OFFER_SECONDS", 1800),
            bargain_seconds=self._between("BARGAIN_SESSION_TIMEOUT", 600, 30, 86_400),
            bargain_attempts=self._between("MAX_BARGAIN_ATTEMPTS", 3, 1, 20),
            bargain_deal_seconds=self._between("BARGAIN_DEAL_SECONDS", 900, 60, 86_400),
            payment_seconds=self._int("PAYMENT_SECONDS", 900),
            answer_seconds=self._int("ANSWER_SECONDS", 48 * 3600),
            cart_days=self._int("CART_DAYS", 30),
            visitor_cart_days=self._int("VISITOR_CART_DAYS", 7),
            ecb_feed_url=(feed := self._url("ECB_FEED_URL")),
            rates_max_age_days=self._int("RATES_MAX_AGE_DAYS", MAX_AGE_OF_FED_RATES if feed else 0),
            max_body_bytes=self._int("MAX_BODY_BYTES", 1_000_000),
            rate_limit=self.env.get("RATE_LIMIT") or "600 per minute",
            login_attempts=self.env.get("LOGIN_ATTEMPTS") or "10 per 15 minutes",
            coupon_guesses=self.env.get("COUPON_GUESSES") or "20 per 15 minutes",
            home_country=self._country("HOME_COUNTRY", "FR"),
            tax_by_invoice=self._one_of("TAX_ROUNDING", ("line", "invoice"), "line") == "invoice",
            cors_origins=self._origins("CORS_ORIGINS"),
            proxy_count=self._int("PROXY_COUNT", 0),
            domain_url=self.env.get("DOMAIN_URL") or f"http://127.0.0.1:{port}",
            smtp=(smtp := self._smtp()),
            mail_from=self._sender(required=smtp is not None),
            seller=Seller(
                name=self.env.get("SELLER_NAME") or "ClimbUp",
                # A variable is one line; its parts are divided as people write an address on one.
                address=tuple(p.strip() for p in self.env.get("SELLER_ADDRESS", "").split(",") if p.strip()),
                vat_id=self._first("SELLER_VAT_ID"),
            ),
            affiliate_ids=self._affiliate_ids(),
            stripe_secret_key=self._first("STRIPE_SECRET_KEY"),
            stripe_publishable_key=self._first("STRIPE_PUBLISHABLE_KEY"),
            stripe_webhook_secrets=self._webhook_secrets(production=production),
            stripe_api_base=self._api_base("STRIPE_API_BASE", STRIPE_API, production=production),
            openai_api_key=self._first("OPENAI_API_KEY"),
            openai_base_url=self._openai_base(production=production),
            openai_model=self.env.get("OPENAI_MODEL") or OPENAI_MODEL,
            sentry_dsn=self._first("SENTRY_DSN"),
            log_level=(self.env.get("LOG_LEVEL") or "INFO").upper(),
            log_file=self._log_file(),
            web_workers=self._int("WEB_WORKERS", 2),
            web_threads=self._int("WEB_THREADS", 8),
            streams_per_user=self._int("STREAMS_PER_USER", 5),
            streams_per_process=self._int("STREAMS_PER_PROCESS", 2000),
            worker_jobs=self._int("WORKER_JOBS", 4),
            worker_metrics_port=self._int("WORKER_METRICS_PORT", 0),
            stop_seconds=self._int("STOP_SECONDS", 30),
            metrics_dir=Path(found) if (found := self._first("PROMETHEUS_MULTIPROC_DIR")) else None,
        )

    def _smtp(self) -> Smtp | None:
        host = self._first("SMTP_HOST")
        security = self._one_of("SMTP_SECURITY", tuple(SMTP_PORTS), STARTTLS)
        port = self._int("SMTP_PORT", SMTP_PORTS[security])
        user, password = self._first("SMTP_USER"), self._first("SMTP_PASSWORD")
        if host is None:
            return None
        return Smtp(host=host, port=port, security=security, user=user, password=password)

    def _sender(self, *, required: bool) -> str:
        value = self._first("MAIL_FROM")
        if value is None and required:
            raise SettingsError("MAIL_FROM is required where SMTP_HOST is set: say from whom mails come")
        sender = value or SENDER
        if not _SENDER.fullmatch(sender):
            raise SettingsError(f"MAIL_FROM must look like ClimbUp <noreply@example.com>, not {sender!r}")
        return sender

    def _affiliate_ids(self) -> dict[str, str]:
        """Ours at partners, by the names of their tables in affiliates/partners.toml."""
        found = {
            "booking": self._first("AFFILIATE_BOOKING_ID"),
            "viator": self._first("AFFILIATE_VIATOR_ID"),
            "getyourguide": self._first("AFFILIATE_GETYOURGUIDE_ID"),
            "opentable": self._first("AFFILIATE_OPENTABLE_ID"),
            "resy": self._first("AFFILIATE_RESY_ID"),
            "skyscanner": self._first("AFFILIATE_SKYSCANNER_ID"),
        }
        return {partner: affiliate_id for partner, affiliate_id in found.items() if affiliate_id}

    def _log_file(self) -> Path | None:
        """Where to log beside stdout; `none` for a container whose stdout is collected."""
        name = self.env.get("LOG_FILE") or str(ROOT / "app.log")
        return None if name == "none" else Path(name)

    def _first(self, *names: str) -> str | None:
        return next((self.env[name] for name in names if self.env.get(name)), None)

    def _url(self, name: str) -> str | None:
        url = self._first(name)
        if url is not None and not _WEB_ADDRESS.fullmatch(url):
            raise SettingsError(f"{name} must look like https://www.example.com/path, not {url!r}")
        return url

    def _int(self, name: str, default: int) -> int:
        try:
            value = int(self.env.get(name) or default)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number, not {self.env[name]!r}") from None
        if value < 0:
            raise SettingsError(f"{name} must not be negative")
        return value

    def _between(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self._int(name, default)
        if not lowest <= value <= highest:
            raise SettingsError(f"{name} must be from {lowest} to {highest}, not {value}")
        return value

    def _float(self, name: str, default: float) -> float:
        try:
            return float(self.env.get(name) or default)
        except ValueError:
            raise SettingsError(f"{name} must be a number, not {self.env[name]!r}") from None

    def _bool(self, name: str, *, default: bool) -> bool:
        text = self.env.get(name)
        if not text:
            return default
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise SettingsError(f"{name} must be 1 or 0, not {text!r}")

    def _origins(self, name: str) -> tuple[str, ...]:
        origins = tuple(o.strip() for o in self.env.get(name, "").split(",") if o.strip())
        for origin in origins:
            # A wildcard would let every site act with the cookies of whoever visits it.
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(f"{name} must list origins like https://shop.example, not {origin!r}")
        return origins

    def _api_base(self, name: str, default: str, *, production: bool) -> str:
        origin = (self.env.get(name) or default).rstrip("/")
        if production and not origin.startswith("https://"):
            raise SettingsError(
                f"{name} must begin with https:// in production: our secret key is sent there"
            )
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(f"{name} must look like {default}, not {origin!r}")
        return origin

    def _openai_base(self, *, production: bool) -> str:
        url = self._url("OPENAI_BASE_URL") or OPENAI_API
        if production and not url.startswith("https://"):
            raise SettingsError(
                "OPENAI_BASE_URL must begin with https:// in production: our key is sent there"
            )
        return url

    def _webhook_secrets(self, *, production: bool) -> tuple[str, ...]:
        """Those that events are signed with: one for each endpoint, two while one is replaced."""
        texts = (text.strip() for text in self.env.get("STRIPE_WEBHOOK_SECRET", "").split(","))
        found = tuple(text for text in texts if text)
        if production and not found and self._first("STRIPE_SECRET_KEY"):
            raise SettingsError(
                "STRIPE_WEBHOOK_SECRET is required in production where STRIPE_SECRET_KEY is set: without it "
                "nobody could tell the gateway's events from others"
            )
        return found

    def _country(self, name: str, default: str) -> str:
        value = self.env.get(name) or default
        if re.fullmatch("[A-Z]{2}", value) is None:
            raise SettingsError(f"{name} is a country's two letters of ISO 3166 such as FR, not {value!r}.")
        return value

    def _one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.env.get(name) or default
        if value not in allowed:
            raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def _secret(self, data_dir: Path, *, production: bool) -> str:
        found = self._first("JWT_SECRET_KEY", "SECRET_KEY")
        if found and production and len(found) < SHORTEST_SECRET:
            raise SettingsError(
                f"JWT_SECRET_KEY must have {SHORTEST_SECRET} characters or more in production"
            )
        if found:
            return found
        if production:
            raise SettingsError(
                "JWT_SECRET_KEY is required in production: set it to 32 or more random characters"
            )
        return _kept_secret(data_dir / "secret_key")


def shared_metrics_dir() -> Path | None:
    """Where prometheus_client shares values between processes: it knows the process environment alone."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")  # noqa: TID251 (the one reader)
    return Path(folder) if folder else None


def _kept_secret(file: Path) -> str:
    """A random secret that survives restarts; two processes that start at once agree on one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(secrets.token_hex(32))
    draft.chmod(0o600)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return file.read_text()

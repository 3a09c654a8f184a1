"""Gives settings their store urls: the configured ones, or embedded PostgreSQL and Valkey under `var/`."""

import sys
from dataclasses import replace

from backend.config import Settings, SettingsError
from backend.infra import embedded
from backend.infra.postgres import ensure_database, with_database

DATABASE = "climbup"


def resolve(settings: Settings) -> Settings:
    """The same settings with every store's url set; starts or joins the embedded stores where needed.

    Raises SettingsError in production, where the embedded ones are not good enough.
    """
    if settings.postgres_url and settings.redis_url:
        return settings
    if settings.production:
        missing = "REDIS_URL" if settings.postgres_url else "POSTGRES_URL"
        raise SettingsError(f"{missing} is required in production: the embedded stores are for development")
    sys.stderr.write(f"stores: using the embedded ones in {settings.data_dir}\n")
    urls = embedded.ensure_running(settings.data_dir)
    postgres_url = settings.postgres_url
    if postgres_url is None:
        postgres_url = with_database(urls.postgres, DATABASE)
        ensure_database(postgres_url)
    return replace(settings, postgres_url=postgres_url, redis_url=settings.redis_url or urls.redis)

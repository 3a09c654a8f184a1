"""The WSGI entry: `gunicorn app:application` or `flask run`."""

from backend.cli.stores import resolve
from backend.config import Settings
from backend.factory import create_app
from backend.infra import logging, sentry

settings = Settings.from_env()
logging.configure(level=settings.log_level, file=settings.log_file)
sentry.configure(settings)
application = create_app(resolve(settings))

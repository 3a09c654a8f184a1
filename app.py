"""The WSGI entry: `gunicorn app:application` or `flask run`."""

from backend.cli.stores import resolve
from backend.config import Settings
from backend.factory import create_app

application = create_app(resolve(Settings.from_env()))

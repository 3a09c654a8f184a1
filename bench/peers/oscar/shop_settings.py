"""A django-oscar shop as its documentation sets one up, with DEBUG off and connections that persist.

The database is told by the variables SHOP_DATABASE (its name) and SHOP_HOST (a host, or a folder of sockets).
"""

import os

from oscar.defaults import *  # noqa: F403 (how oscar's documentation has it)

DEBUG = False
ALLOWED_HOSTS = ["*"]
SECRET_KEY = "a key of a benchmark"
ROOT_URLCONF = "shop"
SITE_ID = 1
USE_TZ = True
OSCAR_DEFAULT_CURRENCY = "EUR"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# All of oscar's own; the shop's urls are left out, as they are not asked for.
from oscar import INSTALLED_APPS  # noqa: E402, F401 (beside what it belongs to)

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
STATIC_URL = "/static/"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["SHOP_DATABASE"],  # noqa: TID251 (a program of its own)
        "HOST": os.environ["SHOP_HOST"],  # noqa: TID251
        "USER": os.environ["SHOP_USER"],  # noqa: TID251
        "CONN_MAX_AGE": None,
        "ATOMIC_REQUESTS": False,
    }
}
LOGGING = {"version": 1, "disable_existing_loggers": True}

"""This project's applications and database, with the middleware of `startproject` and DRF's own settings."""

from __future__ import annotations

from benchmarks.login.tutorial import settings as startproject
from config.settings import *  # noqa: F403

MIDDLEWARE = startproject.MIDDLEWARE
ROOT_URLCONF = "benchmarks.login.bare.urls"
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
LOGGING: dict[str, object] = {}

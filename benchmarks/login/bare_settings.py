"""This project's applications and database with the middleware of `startproject` and DRF's own settings."""

from __future__ import annotations

from benchmarks.login.tutorial.settings import MIDDLEWARE as MIDDLEWARE
from config.settings import *

ROOT_URLCONF = "benchmarks.login.bare"
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
LOGGING = {}

"""The project's settings as the tests want them: from nobody's environment but a named database and cache."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

KEPT = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if name in os.environ}
SET_BY_A_DEVELOPER = (
    *("TRUSTED_PROXIES", "LOGIN_PER_MINUTE", "WECHAT_APPS", "WECHAT_MAX_IN_FLIGHT"),
    *("TOKEN_DAYS", "REQUIRE_AGREEMENT", "CONTENT_CHECK"),
)
for name in SET_BY_A_DEVELOPER:
    os.environ.pop(name, None)
os.environ |= {
    "ENV_FILE": os.devnull,
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(48),
    "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "WECHAT_APPID": "wx1111111111111111",
    "WECHAT_SECRET": "5ecre7c0ffee5ecre7c0ffee5ecre7c0".replace("r", "b"),
    "WECHAT_SIMULATOR": "0",
    "WECHAT_API_BASE": "http://127.0.0.1:9",
    "LOGIN_PER_MINUTE": "0",
    "API_DOCS": "1",
    "LOG_LEVEL": "DEBUG",
    **KEPT,
}

from config.settings import *  # noqa: F403
from config.settings import DATABASES, MIDDLEWARE, WECHAT_APPS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WECHAT_APPS["second"] = {"APPID": "wx2222222222222222", "SECRET": "5ecb37c0ffee5ecb37c0ffee5ecb37c0"}
MIDDLEWARE = ["tests.canary.CanaryMiddleware", *MIDDLEWARE]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Else each test client looks through all static files before its first request.
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"] == "config.mysql":
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4"}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Threads need a file: an in-memory database belongs to one connection.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(tempfile.gettempdir()) / f"login-{os.getpid()}.sqlite3")}

"""What production must not start without. All findings are told at once, by every command and by the server."""

from __future__ import annotations

import math
import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from config.settings import INSECURE_KEY

SHORTEST_KEY = 32
FEWEST_CHARACTERS = 8
# What tutorials and examples write where a key belongs, and Django's own mark.
PLACEHOLDER = re.compile(
    r"^django-insecure-|(change|replace)[-_ ]?(me|this)|your[-_ ](own|secret|key)",
    re.IGNORECASE,
)
GENERATE = 'Generate one: python -c "import secrets; print(secrets.token_urlsafe(48))"'


@register(Tags.security)
def check_secrets(**kwargs: Any) -> list[CheckMessage]:
    """Keys are there, long enough, our own, and different from each other."""
    if settings.DEBUG:
        return []
    found = weak("SECRET_KEY", settings.SECRET_KEY, "config.E001")
    for key in settings.JWT_SIGNING_KEYS:
        found += weak("JWT_SIGNING_KEY", key, "config.E002")
    if settings.SECRET_KEY in settings.JWT_SIGNING_KEYS and settings.SECRET_KEY != INSECURE_KEY:
        found.append(Error("JWT_SIGNING_KEY equals SECRET_KEY.", hint=GENERATE, id="config.E003"))
    if settings.METRICS_TOKEN:
        found += weak("METRICS_TOKEN", settings.METRICS_TOKEN, "config.E007")
    return found


def weak(name: str, key: str, number: str) -> list[CheckMessage]:
    if key == INSECURE_KEY:
        return [Error(f"{name} is not set.", hint=GENERATE, id=number)]
    if len(key.encode()) < SHORTEST_KEY or PLACEHOLDER.search(key):
        return [Error(f"{name} is too weak: at least {SHORTEST_KEY} random bytes.", hint=GENERATE, id=number)]
    if len(set(key)) < FEWEST_CHARACTERS:
        text = f"{name} repeats a few characters: somebody may guess it."
        return [Warning(text, hint=GENERATE, id=number.replace("E", "W"))]
    return []


@register(Tags.security)
def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS is not set.", hint="The domain that the mini-program calls.", id="config.E004")]


@register(Tags.security)
def check_numbers(**kwargs: Any) -> list[CheckMessage]:
    """Numbers that would switch a protection off by accident."""
    found: list[CheckMessage] = []
    for name in ("TOKEN_DAYS", "PENDING_TOKEN_MINUTES", "WECHAT_MAX_IN_FLIGHT"):
        if not 0 < getattr(settings, name) < math.inf:
            found.append(Error(f"{name} must be more than 0, and finite.", id="config.E005"))
    for name in ("LOGIN_PER_MINUTE", "TRUSTED_PROXIES"):
        if getattr(settings, name) < 0:
            found.append(Error(f"{name} must not be negative.", id="config.E006"))
    return found

"""Logs as JSON, one line for each record, without secrets and without full phone numbers."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

current_request_id: ContextVar[str] = ContextVar("request_id", default="")

HIDDEN = "[hidden]"
NAMED = re.compile(
    r"((?:secret|access_token|session_key|js_code|authorization|token|password)"
    r"""["']?\s*[=:]\s*["']?)(?:Bearer\s+)?(?:[^\s"'&,;}]+)""",
    re.IGNORECASE,
)
JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
PHONE = re.compile(r"(?<![\w.])(\+?\d{0,4}1[3-9]\d)\d{4}(\d{4})(?![\w])")
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@lru_cache(maxsize=8)
def literal(secrets: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(secret) for secret in secrets if len(secret) >= 8) or r"(?!)")


def secrets_of_settings() -> tuple[str, ...]:
    """None yet in gunicorn's parent: read there, the settings would stay what they are through every reload."""
    if not settings.configured:
        return ()
    apps = [app["SECRET"] for app in settings.WECHAT_APPS.values()]
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, *settings.JWT_SIGNING_KEYS)
    return (*keys, settings.METRICS_TOKEN, *apps)


def redact(text: str) -> str:
    """Hide every known secret, everything named like one, every JWT, and the middle of phone numbers."""
    text = literal(secrets_of_settings()).sub(HIDDEN, text)
    text = JWT.sub(HIDDEN, text)
    text = NAMED.sub(rf"\1{HIDDEN}", text)
    return PHONE.sub(r"\1****\2", text)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; whatever a client put into it cannot break the line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            "request_id": current_request_id.get(),
        }
        line |= {name: self.clean(value) for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, default=str)

    def clean(self, value: Any) -> Any:
        return value if value is None or value == "" or isinstance(value, bool | int | float) else redact(str(value))

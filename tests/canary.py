"""Sentinels planted in the simulator and the settings: the run fails if one comes out anywhere.

The middleware looks at every answer, the handler at every log line, at DEBUG and urllib3's included, both as our
formatter writes them and as any other handler would see them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.logs import JsonFormatter

SESSION_KEY = "Y2FuYXJ5U2Vzc2lvbg=="
ACCESS_TOKEN = "99_canary-access-token-7Qm2xW"

USER_TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")
FULL_PHONE = re.compile(r"(?<![\w.])(?:\+?86)?1[3-9]\d{9}(?!\w)")

leaks: list[str] = []


def planted() -> list[str]:
    secrets = [app["SECRET"] for app in settings.WECHAT_APPS.values()]
    return [SESSION_KEY, ACCESS_TOKEN, settings.SECRET_KEY, *settings.JWT_SIGNING_KEYS, *filter(None, secrets)]


def found_in(text: str) -> list[str]:
    return [secret for secret in planted() if secret in text]


class CanaryMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        body = "" if response.streaming else response.content.decode(errors="replace")
        text = f"{body}\n{response.headers}"
        leaks.extend(f"{request.path} answered with {secret}" for secret in found_in(text))
        if request.path.startswith("/admin/") and FULL_PHONE.search(body):
            leaks.append(f"{request.path} shows a full phone number")
        return response


class CanaryHandler(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.json = JsonFormatter()
        self.plain = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        line = self.json.format(record)
        if found_in(line) or USER_TOKEN.search(line) or FULL_PHONE.search(line):
            leaks.append(f"our log has {line}")
        if record.name.startswith(("urllib3", "requests", "wechat", "accounts", "config")):
            plain = self.plain.format(record)
            leaks.extend(f"a plain log has {plain}" for _secret in found_in(plain))

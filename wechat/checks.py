"""System checks of the WeChat settings: told before the first login fails."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register

from wechat.miniprogram import MiniProgram, all_mini_programs

OFFICIAL_HOST = "api.weixin.qq.com"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
APPID = re.compile(r"wx[0-9a-f]{16}")
SECRET = re.compile(r"[0-9a-f]{32}")
PLACEHOLDERS = {"0123456789abcdef" * 2}


@register(Tags.security)
def check_apps(**kwargs: Any) -> list[CheckMessage]:
    """AppIDs and AppSecrets are there and look like WeChat's; a simulator takes any."""
    return [message for app in all_mini_programs() for message in check_app(app)]


def check_app(app: MiniProgram) -> list[CheckMessage]:
    suffix = "" if app.alias == "default" else f"_{app.alias.upper()}"
    found: list[CheckMessage] = []
    if not APPID.fullmatch(app.appid):
        problem = "is missing" if not app.appid else 'is not "wx" and 16 hexadecimal digits'
        found.append(problem_with(f"WECHAT_APPID{suffix} {problem}.", "wechat.E001", missing=not app.appid))
    if not SECRET.fullmatch(app.secret):
        problem = "is missing" if not app.secret else "is not 32 hexadecimal digits"
        found.append(problem_with(f"WECHAT_SECRET{suffix} {problem}.", "wechat.E002", missing=not app.secret))
    elif placeholder(app.secret) and not settings.WECHAT_SIMULATOR:
        found.append(problem_with(f"WECHAT_SECRET{suffix} is a placeholder.", "wechat.E003", missing=False))
    return found


def problem_with(text: str, number: str, *, missing: bool) -> CheckMessage:
    """Severe against WeChat's own host; before a proxy or a stand-in only a missing value is.

    Those are told and stop no `check --fail-level WARNING`: which host is right is the operator's to know.
    """
    hint = "Both are shown at mp.weixin.qq.com, Development, Development settings."
    official = urlsplit(settings.WECHAT_API_BASE).hostname == OFFICIAL_HOST
    severe = missing or official
    return Error(text, hint=hint, id=number) if severe else Info(text, hint=hint, id=number.replace("E", "I"))


def placeholder(secret: str) -> bool:
    return secret in PLACEHOLDERS or len(set(secret)) < 4


@register(Tags.security)
def check_base(**kwargs: Any) -> list[CheckMessage]:
    """Secrets travel in the query: plain http to another machine and a foreign host are pointed out.

    Both are allowed: the way to an egress proxy or a stand-in may be private.
    """
    base = urlsplit(settings.WECHAT_API_BASE)
    found: list[CheckMessage] = []
    if base.scheme not in ("http", "https") or not base.hostname:
        return [Error("WECHAT_API_BASE is not an http(s) address.", id="wechat.E004")]
    if base.scheme == "http" and base.hostname not in LOOPBACK:
        text = "WECHAT_API_BASE sends the AppSecret over plain http."
        found.append(Warning(text, hint="Use https, unless the way there is private.", id="wechat.W005"))
    if base.hostname != OFFICIAL_HOST and not settings.WECHAT_SIMULATOR:
        text = f"WECHAT_API_BASE is {base.hostname}, not {OFFICIAL_HOST}."
        found.append(Info(text, hint="Right for an egress proxy or a stand-in, wrong otherwise.", id="wechat.I006"))
    return found


@register(Tags.security)
def check_simulator(**kwargs: Any) -> list[CheckMessage]:
    """The simulator lets anybody be anybody; it exists in development only."""
    if settings.DEBUG:
        return []
    found: list[CheckMessage] = []
    if settings.WECHAT_SIMULATOR:
        found.append(Error("WECHAT_SIMULATOR is on although DEBUG is off.", hint="Unset it.", id="wechat.E007"))
    if urlsplit(settings.WECHAT_API_BASE).path.rstrip("/") == "/simulator":
        text = "WECHAT_API_BASE points at the built-in simulator although DEBUG is off."
        found.append(Error(text, hint="Unset it to use WeChat's own host.", id="wechat.E008"))
    return found

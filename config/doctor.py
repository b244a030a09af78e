"""Everything that a login depends on, asked now: what is wrong, why, and what helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.checks import ERROR, INFO, run_checks
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.cache import TolerantRedisCache
from config.health import database_problem
from settings_app.models import Agreement, LoginSettings
from wechat.diagnosis import LoginProbe, phone_error, token_error
from wechat.errors import NO_ANSWER, Text, WechatError, WechatUnavailable
from wechat.miniprogram import MiniProgram, all_mini_programs

TOLERATED_CLOCK_OFFSET = 60
TEMPLATE_SUFFIX = "-template"


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One answer: about what, how bad, the cause, the remedy, and WeChat's errcode where there is one."""

    subject: str
    level: Level
    cause: str | Promise
    remedy: str | Promise = ""
    errcode: int | None = None


def examine(request: HttpRequest | None = None) -> list[Finding]:
    """Ask everything. `request`, where there is one, tells how requests arrive here."""
    found: list[Finding] = []
    for question in QUESTIONS:
        try:
            found += question()
        except DatabaseError as error:
            found.append(Finding(question.__name__, Level.ERROR, type(error).__name__, _("Look after the database.")))
    return found + (list(proxies(request)) if request else [])


def database() -> Iterator[Finding]:
    started = time.perf_counter()
    problem = database_problem()
    took = round((time.perf_counter() - started) * 1000)
    subject = _("Database")
    if problem == "unreachable":
        yield Finding(subject, Level.ERROR, _("The database does not answer."), _("Start it, or correct DATABASE_URL."))
    elif problem:
        yield Finding(subject, Level.ERROR, _("Migrations are missing."), _("Run: manage.py migrate"))
    else:
        text = _("%(vendor)s answers, every migration is applied (%(took)d ms).")
        yield Finding(subject, Level.OK, text % {"vendor": connection.display_name, "took": took})


def shared_cache() -> Iterator[Finding]:
    subject = _("Cache")
    if not settings.REDIS_URL:
        text = _("Each process counts limits for itself: REDIS_URL is not set.")
        level = Level.OK if settings.DEBUG else Level.WARNING
        yield Finding(subject, level, text, _("Set REDIS_URL where more than one process runs."))
        return
    if TolerantRedisCache(settings.REDIS_URL, {"OPTIONS": settings.REDIS_OPTIONS}).answers():
        yield Finding(subject, Level.OK, _("Redis answers."))
    else:
        text = _("Redis does not answer: each process counts limits for itself.")
        yield Finding(subject, Level.ERROR, text, _("Start it."))


STAND_IN = gettext_lazy("Right for an egress proxy or a stand-in for WeChat, wrong otherwise.")
NEW_KEY = gettext_lazy("Set 32 random bytes or more, and restart every server.")
# What a server that runs can hear from the system checks, which speak English to whoever starts it.
REMARKS: dict[str, tuple[Text, Text]] = {
    "config.W001": (gettext_lazy("SECRET_KEY repeats a few characters: somebody may guess it."), NEW_KEY),
    "config.W002": (gettext_lazy("JWT_SIGNING_KEY repeats a few characters: somebody may guess it."), NEW_KEY),
    "config.W007": (gettext_lazy("METRICS_TOKEN repeats a few characters: somebody may guess it."), NEW_KEY),
    "wechat.W005": (
        gettext_lazy("WECHAT_API_BASE sends the AppSecret over plain http."),
        gettext_lazy("Use https, unless the way there is private."),
    ),
    "wechat.I001": (gettext_lazy("WECHAT_APPID does not look like one of WeChat's."), STAND_IN),
    "wechat.I002": (gettext_lazy("WECHAT_SECRET does not look like one of WeChat's."), STAND_IN),
    "wechat.I003": (gettext_lazy("WECHAT_SECRET is a placeholder."), STAND_IN),
    "wechat.I006": (gettext_lazy("WECHAT_API_BASE is not WeChat's own host."), STAND_IN),
}


def configuration() -> Iterator[Finding]:
    """The system checks: keys, hosts, AppIDs, the simulator."""
    subject = _("Configuration")
    found = [message for message in run_checks(tags=["security"]) if message.level >= INFO]
    for message in found:
        level = Level.ERROR if message.level >= ERROR else Level.WARNING
        cause, remedy = REMARKS.get(str(message.id), (message.msg, message.hint or ""))
        yield Finding(subject, level, str(cause), str(remedy))
    if not found:
        keys = len(settings.JWT_SIGNING_KEYS)
        yield Finding(subject, Level.OK, _("Complete; %(keys)d signing key(s) are accepted.") % {"keys": keys})


def wechat() -> Iterator[Finding]:
    for app in all_mini_programs():
        yield from wechat_app(app)


def wechat_app(app: MiniProgram) -> Iterator[Finding]:
    """Login, clock, access_token and phone numbers of one mini-program."""
    login = LoginProbe(app)
    name = {"app": app.alias}
    accepted = _("WeChat accepts AppID, AppSecret and this server's address.")
    yield judged(_("WeChat login (%(app)s)") % name, login.error, accepted)
    if no_answer(login.error):
        return
    if login.clock_offset is not None:
        yield clock(login.clock_offset)
    yield judged(_("Access token (%(app)s)") % name, token_error(app), _("stable_token answers."))
    yield judged(_("Phone numbers (%(app)s)") % name, phone_error(app), _("This mini-program may read them."))


def no_answer(error: WechatError | None) -> bool:
    """Nothing of WeChat's was heard, so that asking for more would only take as long again."""
    return isinstance(error, WechatUnavailable) and error.errcode is None


def judged(subject: str, error: WechatError | None, fine: str) -> Finding:
    if error is None:
        return Finding(subject, Level.OK, fine)
    if no_answer(error):
        return Finding(subject, Level.ERROR, f"{NO_ANSWER.cause} ({error.cause})", NO_ANSWER.remedy)
    return Finding(subject, Level.ERROR, error.cause, error.remedy, error.errcode)


def clock(offset: float) -> Finding:
    subject = _("Clock")
    if abs(offset) <= TOLERATED_CLOCK_OFFSET:
        return Finding(subject, Level.OK, _("It agrees with WeChat's (%(offset)+.0f s).") % {"offset": offset})
    text = _("It differs from WeChat's by %(offset)+.0f s: tokens begin and end at the wrong time.")
    return Finding(subject, Level.ERROR, text % {"offset": offset}, _("Switch time synchronisation (NTP) on."))


def switches() -> Iterator[Finding]:
    """Whether the three switches shut somebody out."""
    current = LoginSettings.current()
    subject = _("Login switches")
    warning = str(current.warning)
    if warning:
        yield Finding(subject, Level.WARNING, warning, _("Review them on the page of the switches."))
    unreadable = [error for app in all_mini_programs() if (error := phone_error(app))] if current.coerce_mobile else []
    if unreadable:
        text = _("A mobile number is required, and WeChat does not give any: whoever has none is locked out.")
        yield Finding(subject, Level.ERROR, text, _("Switch coerce_mobile off."), unreadable[0].errcode)
    if not warning and not unreadable:
        yield Finding(subject, Level.OK, _("They shut nobody out."))


def agreements() -> Iterator[Finding]:
    subject = _("Agreements")
    in_force = Agreement.in_force()
    if len(in_force) < len(Agreement.Type.values):
        yield Finding(subject, Level.ERROR, _("One is not published."), _("Publish it in the admin."))
    elif any(agreement.version.endswith(TEMPLATE_SUFFIX) for agreement in in_force):
        level = Level.OK if settings.DEBUG else Level.WARNING
        yield Finding(subject, level, _("A template is still in force."), _("Publish your own text before launch."))
    else:
        yield Finding(subject, Level.OK, _("Both are published."))


def proxies(request: HttpRequest) -> Iterator[Finding]:
    """How this very request arrived, against `TRUSTED_PROXIES`."""
    subject = _("Proxies")
    hops = len([hop for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()])
    trusted = settings.TRUSTED_PROXIES
    if hops and not trusted:
        text = _("This request came through a proxy, but TRUSTED_PROXIES is 0: all visitors share one address.")
        yield Finding(subject, Level.WARNING, text, _("Set TRUSTED_PROXIES to the number of your proxies."))
    elif hops < trusted:
        text = _("TRUSTED_PROXIES is %(trusted)d, but this request passed %(hops)d: all visitors share one limit.")
        yield Finding(subject, Level.WARNING, text % {"trusted": trusted, "hops": hops}, _("Correct TRUSTED_PROXIES."))
    else:
        yield Finding(subject, Level.OK, _("TRUSTED_PROXIES (%(trusted)d) fits this request.") % {"trusted": trusted})


QUESTIONS: list[Callable[[], Iterator[Finding]]] = [
    database,
    shared_cache,
    configuration,
    wechat,
    switches,
    agreements,
]

"""What happened to an account, newest first, in words that can be read out on the phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.paginator import Page
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.paginator import BoundedPaginator
from accounts.events import Kind
from accounts.models import LoginEvent, User
from accounts.reasons import in_words
from settings_app.models import SWITCHES, LoginSettings

PER_PAGE = 20
# So many older events are read to find out why somebody had to log in again.
LOOK_BACK = 20

WORDS: dict[str, Promise] = {
    Kind.SILENT_LOGIN: _("Opened the mini-program and was logged in"),
    Kind.REGISTERED: _("Registered"),
    Kind.AUTHORIZED_LOGIN: _("Tapped the login button and was logged in"),
    Kind.COMPLETED: _("Completed the profile"),
    Kind.PROFILE_CHANGED: _("Changed the profile"),
    Kind.MOBILE_BOUND: _("Bound a mobile number that WeChat confirmed"),
    Kind.LOGOUT: _("Logged out"),
    Kind.REVOKED: _("Logged out everywhere"),
    Kind.DELETED: _("Account deleted for good"),
    Kind.UNIONID_ATTACHED: _("WeChat sent the unionid for the first time"),
    Kind.UNIONID_CONFLICT: _("WeChat sent a unionid that leads to another account; this account was kept apart"),
    Kind.DISABLED: _("Account disabled"),
    Kind.ENABLED: _("Account enabled again"),
    Kind.PROFILE_RESET: _("Profile reset: new again"),
    Kind.MOBILE_RELEASED: _("Mobile number released"),
    Kind.MOBILE_CORRECTED: _("Mobile number corrected"),
    Kind.PHONE_VIEWED: _("Full mobile number looked at"),
}
REMARKS: dict[str, Promise] = {
    "nickname_unchecked": _("WeChat could not be asked about the nickname; it was accepted."),
    "nickname_to_review": _("WeChat asks that somebody looks at the nickname."),
}
FLOWS: dict[str, Promise] = {
    "silent_login": _("silent login"),
    "authorized_login": _("authorised login"),
    "update_user": _("completing or changing the profile"),
    "bind_mobile": _("binding a mobile number"),
}

LOGINS = {Kind.SILENT_LOGIN, Kind.AUTHORIZED_LOGIN}
STILL_LOGGED_IN = {*LOGINS, Kind.REGISTERED, Kind.COMPLETED, Kind.PROFILE_CHANGED, Kind.MOBILE_BOUND}
BY_STAFF = {Kind.REVOKED, Kind.DISABLED, Kind.ENABLED, Kind.PROFILE_RESET}
WARNINGS = {Kind.REFUSED, Kind.DISABLED, Kind.DELETED, Kind.UNIONID_CONFLICT}


@dataclass(frozen=True)
class Moment:
    """One event with its sentence; `why` explains it, and is "" where nothing is to be explained."""

    event: LoginEvent
    sentence: str
    why: str
    device: str
    switches: list[tuple[str, bool]]

    @property
    def tone(self) -> str:
        if self.event.by:
            return "staff"
        return "warning" if self.event.kind in WARNINGS else "plain"


def timeline(user: User, number: str | None) -> Page[LoginEvent]:
    """One page of events; `moments` tells them."""
    events = LoginEvent.objects.filter(user=user).order_by("-created_at", "-pk")
    return BoundedPaginator(events, PER_PAGE).get_page(number)


def moments(page: Page[LoginEvent]) -> Iterator[Moment]:
    start = page.start_index() - 1 if page.paginator.count else 0
    events = list(page.paginator.object_list[start : start + PER_PAGE + LOOK_BACK])
    for index, event in enumerate(events[:PER_PAGE]):
        yield moment(event, events[index + 1 :])


def moment(event: LoginEvent, older: list[LoginEvent]) -> Moment:
    switches = [(label(name), bool(event.switches.get(name))) for name in SWITCHES]
    return Moment(event, sentence(event), why(event, older), device(event.user_agent), switches)


def label(switch: str) -> str:
    return str(LoginSettings._meta.get_field(switch).verbose_name)  # type: ignore[union-attr]


def sentence(event: LoginEvent) -> str:
    if event.kind != Kind.REFUSED:
        return str(WORDS.get(event.kind, event.get_kind_display()))
    flow = FLOWS.get(event.flow, event.flow)
    return gettext("Refused during %(flow)s: %(reason)s") % {"flow": flow, "reason": in_words(event.reason)}


def why(event: LoginEvent, older: list[LoginEvent]) -> str:
    if event.kind in LOGINS:
        return logged_in_again(event, older)
    if event.kind == Kind.REFUSED:
        return f"errcode {event.errcode}" if event.errcode is not None else ""
    return str(REMARKS.get(event.reason, event.reason))


def logged_in_again(event: LoginEvent, older: list[LoginEvent]) -> str:
    """What had ended the login before, as far as the record tells."""
    for before in older:
        if before.kind == Kind.LOGOUT:
            return gettext("Had to log in again: had logged out before.")
        if before.kind in BY_STAFF:
            return gettext("Had to log in again: staff had ended every login.")
        if before.kind in STILL_LOGGED_IN:
            return expired(event, before)
    return ""


def expired(event: LoginEvent, before: LoginEvent) -> str:
    """A token in use is renewed, so that a long silence is the only sign."""
    if event.created_at - before.created_at < timedelta(days=settings.TOKEN_DAYS):
        return ""
    return gettext("Had to log in again: the token had expired after %(days)g days.") % {"days": settings.TOKEN_DAYS}


WECHAT = re.compile(r"MicroMessenger/([\d.]+)")
SYSTEMS = ("iPhone", "iPad", "OpenHarmony", "Android", "Macintosh", "Windows", "Linux")


def device(user_agent: str) -> str:
    """`iPhone · WeChat 8.0.49`, or the beginning of what was sent."""
    system = next((name for name in SYSTEMS if name in user_agent), "")
    wechat = WECHAT.search(user_agent)
    parts = [system, f"WeChat {wechat[1]}" if wechat else ""]
    return " · ".join(filter(None, parts)) or user_agent[:40]

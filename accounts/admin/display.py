"""How a user is drawn: picture, name and state."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.mobile import masked
from accounts.models import State, User
from accounts.steps import Step, step_owed

OWN_PICTURE = re.compile(r"[\w-]+(?:/[\w-]+)*\.(?:jpg|png|webp)", re.ASCII)
OWES_MOBILE = "owes_mobile"
STATES: dict[str, Promise] = {
    State.NEW: _("New"),
    State.COMPLETE: _("Complete"),
    OWES_MOBILE: _("Owes a mobile number"),
    State.DISABLED: _("Disabled"),
    State.DELETED: _("Deleted"),
}


def picture_url(avatar: str) -> str:
    """Of an own upload; "" for anything else. WeChat's hosts need not learn whom staff is looking at."""
    return default_storage.url(avatar) if OWN_PICTURE.fullmatch(avatar) else ""


def picture(user: User) -> SafeString:
    """The avatar, or the first letter of the nickname on a plain ground."""
    if url := picture_url(user.avatar):
        return format_html(
            '<img class="avatar" src="{}" alt="" width="32" height="32" loading="lazy">',
            url,
        )
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', user.nickname[:1] or "?")


def state_name(user: User) -> str:
    """The state, where owing a mobile is judged by the function that serves the API, with the switch as it is now."""
    if user.state is State.COMPLETE and step_owed(user, coerce_mobile=bool(user.coerce_mobile)) is Step.BIND_MOBILE:
        return OWES_MOBILE
    return str(user.state.value)


def state_pill(user: User) -> SafeString:
    name = state_name(user)
    return format_html('<span class="state state-{}">{}</span>', name, STATES[name])


def mobile(user: User) -> str:
    return masked(user.mobile) or "–"


def minute(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else "–"


def app_names(user: User) -> list[str]:
    """The aliases of the mini-programs that this user came through; the AppID for one that is configured no more."""
    aliases = {app["APPID"]: alias for alias, app in settings.WECHAT_APPS.items()}
    return list(dict.fromkeys(aliases.get(openid.appid, openid.appid) for openid in user.openids.all()))

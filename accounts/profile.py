"""Completing and changing the profile: the last step between registering and being logged in."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.avatar import checked_avatar
from accounts.errors import NicknameRejected
from accounts.events import Kind, Visit
from accounts.models import User
from accounts.nickname import checked_nickname
from accounts.phone import confirmed_mobile, locked_user, refuse_taken_mobile, set_mobile
from accounts.steps import LoginAnswer, answer_for
from accounts.transactions import in_transaction, release_connection
from wechat.client import check_text
from wechat.errors import WechatError

NOTHING_GIVEN = _("Give a nickname, an avatar or a phone code; WeChat's placeholders do not count.")


@dataclass(frozen=True)
class Change:
    """What somebody wants to change, as sent; "" leaves a field as it is."""

    nickname: str = ""
    avatar: str = ""
    mobile_code: str = field(default="", repr=False)


@dataclass(frozen=True)
class CheckedChange:
    """The same after every check that needs no transaction. `remark` is for the event."""

    nickname: str
    avatar: str
    mobile: str
    remark: str


def update_user(user: User, change: Change, visit: Visit) -> LoginAnswer:
    """Complete the profile, or change it later. All of the change is made, or none."""
    with visit.refusals_recorded(user):
        checked = check(change, user, visit)
        user = apply(checked, user, visit)
    return answer_for(user, visit.switches)


def check(change: Change, user: User, visit: Visit) -> CheckedChange:
    """What costs nothing is checked first, the phone code, which can be spent but once, last."""
    nickname = checked_nickname(change.nickname)
    avatar = checked_avatar(change.avatar, user, visit.origin.base)
    if not (nickname or avatar or change.mobile_code):
        raise ValidationError({"nickname": [NOTHING_GIVEN], "avatar": [NOTHING_GIVEN]})
    remark = judge(nickname or ("" if user.profile_completed_at else user.nickname), user, visit)
    mobile = confirmed_mobile(user, change.mobile_code, visit) if change.mobile_code else ""
    return CheckedChange(nickname, avatar, mobile, remark)


def judge(nickname: str, user: User, visit: Visit) -> str:
    """WeChat's text check. A nickname that it cannot judge is accepted and the event says so."""
    if not (nickname and settings.CONTENT_CHECK):
        return ""
    openid = user.openids.filter(appid=visit.app.appid).values_list("openid", flat=True).first()
    if openid is None:
        return "nickname_unchecked"
    release_connection()
    try:
        verdict = check_text(nickname, openid=openid, app=visit.app)
    except WechatError:
        return "nickname_unchecked"
    if verdict == "risky":
        raise NicknameRejected
    return "nickname_to_review" if verdict == "review" else ""


def apply(checked: CheckedChange, user: User, visit: Visit) -> User:
    try:
        return in_transaction(lambda: write(checked, locked_user(user), visit))
    except IntegrityError:
        refuse_taken_mobile(checked.mobile, user)
        raise


def write(checked: CheckedChange, user: User, visit: Visit) -> User:
    completing = user.profile_completed_at is None
    user.nickname = checked.nickname or user.nickname
    user.avatar = checked.avatar or user.avatar
    if completing and user.nickname and user.avatar:
        user.profile_completed_at = timezone.now()
    user.save(update_fields=["nickname", "avatar", "profile_completed_at"])
    if checked.nickname or checked.avatar:
        kind = Kind.COMPLETED if completing and user.profile_completed_at else Kind.PROFILE_CHANGED
        visit.record(kind, user, reason=checked.remark)
    if checked.mobile:
        set_mobile(user, checked.mobile, visit)
    return user

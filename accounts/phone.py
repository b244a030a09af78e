"""A mobile number is only ever taken from WeChat, belongs to one account, and is never taken over."""

from __future__ import annotations

from django.db import IntegrityError
from rest_framework.exceptions import NotAuthenticated

from accounts.errors import MobileCodeInvalid, MobileTaken
from accounts.events import Kind, Visit
from accounts.limits import count_phone_call
from accounts.models import User
from accounts.steps import LoginAnswer, answer_for
from accounts.transactions import in_transaction, release_connection
from wechat.client import phone_number


def bind_mobile(user: User, code: str, visit: Visit) -> LoginAnswer:
    """Give the account the number that WeChat confirms for its openid."""
    with visit.refusals_recorded(user):
        mobile = confirmed_mobile(user, code, visit)
        user = change_mobile(user, mobile, visit)
    return answer_for(user, visit.switches)


def confirmed_mobile(user: User, code: str, visit: Visit) -> str:
    """Ask WeChat, within the budget, for the number behind a getPhoneNumber code of this very person."""
    openid = user.openids.filter(appid=visit.app.appid).values_list("openid", flat=True).first()
    if openid is None:
        raise MobileCodeInvalid
    count_phone_call(visit.app.appid, openid)
    release_connection()
    return phone_number(code, openid=openid, app=visit.app)


def change_mobile(user: User, mobile: str, visit: Visit) -> User:
    def work() -> User:
        locked = locked_user(user)
        set_mobile(locked, mobile, visit)
        return locked

    try:
        return in_transaction(work)
    except IntegrityError:
        refuse_taken_mobile(mobile, user)
        raise


def locked_user(user: User) -> User:
    """The row as it is now, locked; raises NotAuthenticated if the account was disabled or deleted meanwhile."""
    locked = User.objects.select_for_update().filter(pk=user.pk, is_active=True).first()
    if locked is None or locked.token_version != user.token_version:
        raise NotAuthenticated
    return locked


def set_mobile(user: User, mobile: str, visit: Visit) -> None:
    """Inside a transaction; raises IntegrityError if the number is somebody else's."""
    if user.mobile == mobile:
        return
    user.mobile = mobile
    user.save(update_fields=["mobile"])
    visit.record(Kind.MOBILE_BOUND, user)


def refuse_taken_mobile(mobile: str | None, user: User | None) -> None:
    """After a lost race for uniqueness: was it about the number?"""
    holder = User.objects.filter(mobile=mobile).first() if mobile else None
    if holder and holder != user:
        raise MobileTaken from None

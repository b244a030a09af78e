"""The two ways in. Silent login serves returning users and creates nobody; authorised login registers.

No call to WeChat happens inside a transaction, and every write of one decision is one transaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import Throttled

from accounts.avatar import wechat_avatar
from accounts.errors import AccountDisabled, AgreementRequired, AuthorizedLoginDisabled
from accounts.events import Kind, Visit
from accounts.limits import count_phone_call
from accounts.models import Consent, State, User, WechatOpenid, WechatUnionid
from accounts.nickname import usable_nickname
from accounts.phone import refuse_taken_mobile, set_mobile
from accounts.statistics import count_unknown_visit
from accounts.steps import LoginAnswer, answer_for, answer_for_visitor
from accounts.transactions import in_transaction, release_connection
from accounts.unionid import attach_unionid
from settings_app.config import client_config
from settings_app.lookup import Lookup
from settings_app.models import Agreement, LoginSettings
from wechat.client import WechatUser, code_to_session, phone_number
from wechat.errors import RateLimited, WechatMisconfigured, WechatUnavailable

logger = logging.getLogger(__name__)

# Silent logins are frequent; last_login and the event tell the hour, which is what anybody asks for.
REMEMBER_LOGIN_EVERY = timedelta(hours=1)
REGISTRATION_ATTEMPTS = 3

OPENID = Lookup(
    "appid",
    "openid",
    build=lambda appid, openid: WechatOpenid.objects.select_related("user").filter(appid=appid, openid=openid),
)


@dataclass(frozen=True)
class Application:
    """What somebody sends along with the authorised login; `agreed` is None when it was not sent."""

    nickname: str = ""
    headimgurl: str = ""
    agreed: bool | None = None
    mobile_code: str = field(default="", repr=False)


def silent_login(code: str, visit: Visit) -> LoginAnswer:
    """Log a returning user in. Somebody unknown gets no token and leaves no trace."""
    switches = visit.switches
    if not switches.mnp_auto_wechat_auth:
        return silent_answer(None, switches)
    with visit.refusals_recorded():
        release_connection()
        person = code_to_session(code, app=visit.app)
        openid = find_openid(person, visit)
        if openid is None:
            count_unknown_visit()
            return silent_answer(None, switches)
        answer = silent_answer(openid.user, switches)
    if person.unionid and person.unionid != openid.union_id:
        attach_unionid(openid, person.unionid, visit)
    remember_login(openid.user, visit)
    return answer


def silent_answer(user: User | None, switches: LoginSettings) -> LoginAnswer:
    """For the account that the openid leads to, None if to none. The admin previews with this too."""
    if user is None or not switches.mnp_auto_wechat_auth:
        return answer_for_visitor(switches)
    refuse_disabled(user)
    return answer_for(user, switches)


def find_openid(person: WechatUser, visit: Visit) -> WechatOpenid | None:
    """This app's openid with its account, in one SELECT."""
    return OPENID.find(appid=visit.app.appid, openid=person.openid)


def refuse_disabled(user: User) -> None:
    if user.state is State.DISABLED:
        raise AccountDisabled(user=user)


def remember_login(user: User, visit: Visit) -> None:
    """Keep `last_login` and record the login, both at most once an hour however many processes try."""
    now = timezone.now()
    before = now - REMEMBER_LOGIN_EVERY
    if user.last_login and user.last_login > before:
        return
    due = User.objects.filter(Q(last_login=None) | Q(last_login__lte=before), pk=user.pk)
    if due.update(last_login=now):
        visit.record(Kind.SILENT_LOGIN, user)


def authorized_login(code: str, application: Application, visit: Visit) -> LoginAnswer:
    """Log in after an explicit tap, and register whoever is not registered yet."""
    with visit.refusals_recorded():
        refuse_by_settings(application, visit.switches, visit.origin.base)
        release_connection()
        person = code_to_session(code, app=visit.app)
        mobile = proven_mobile(application.mobile_code, person, visit)
        user = enter(person, mobile, application, visit)
    return answer_for(user, visit.switches)


def refuse_by_settings(application: Application, switches: LoginSettings, base: str) -> None:
    """What can be refused before the code is spent. The admin previews with this too."""
    if not switches.mnp_wechat_auth:
        raise AuthorizedLoginDisabled(config=client_config(switches, origin=base))
    if settings.REQUIRE_AGREEMENT and application.agreed is not True:
        raise AgreementRequired


def proven_mobile(mobile_code: str, person: WechatUser, visit: Visit) -> str | None:
    """The number that WeChat confirms, for an account that has none yet.

    A phone service that is out of order or over its budget costs the number, which can be bound later, not the login.
    """
    if not mobile_code:
        return None
    user = find_account(person, visit)
    if user:
        refuse_disabled(user)
        if user.mobile:
            return None
    try:
        count_phone_call(visit.app.appid, person.openid)
        release_connection()
        return phone_number(mobile_code, openid=person.openid, app=visit.app)
    except (Throttled, WechatUnavailable, WechatMisconfigured, RateLimited) as error:
        logger.warning("logged in without the mobile number: %s", type(error).__name__)
        return None


def find_account(person: WechatUser, visit: Visit) -> User | None:
    """By openid first, by unionid second; a missing unionid finds nobody."""
    openid = find_openid(person, visit)
    if openid:
        return openid.user
    unionid = find_unionid(person)
    return unionid.user if unionid else None


def find_unionid(person: WechatUser) -> WechatUnionid | None:
    if person.unionid is None:
        return None
    return WechatUnionid.objects.select_related("user").filter(unionid=person.unionid).first()


def enter(person: WechatUser, mobile: str | None, application: Application, visit: Visit) -> User:
    """Log in or register, in one transaction; whoever loses a race against the same person logs in instead."""
    for _attempt in range(REGISTRATION_ATTEMPTS):
        try:
            return in_transaction(lambda: log_in_or_register(person, mobile, application, visit))
        except IntegrityError:
            refuse_taken_mobile(mobile, find_account(person, visit))
    return in_transaction(lambda: log_in_or_register(person, mobile, application, visit))


def log_in_or_register(person: WechatUser, mobile: str | None, application: Application, visit: Visit) -> User:
    openid = find_openid(person, visit)
    if openid is None:
        return register(person, mobile, application, visit)
    refuse_disabled(openid.user)
    if person.unionid and person.unionid != openid.union_id:
        attach_unionid(openid, person.unionid, visit)
    return welcome_back(openid.user, mobile, visit)


def welcome_back(user: User, mobile: str | None, visit: Visit) -> User:
    """Changes no profile field: what WeChat's client sends for a returning user is a placeholder."""
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    visit.record(Kind.AUTHORIZED_LOGIN, user)
    if mobile and not user.mobile:
        set_mobile(user, mobile, visit)
    return user


def register(person: WechatUser, mobile: str | None, application: Application, visit: Visit) -> User:
    """A new account, or a new openid for the account that this unionid leads to, with the consent given.

    The openid comes first after the account: whoever loses a race against the same person learns it there.
    """
    union = find_unionid(person)
    if union:
        refuse_disabled(union.user)
    user = union.user if union else new_member(mobile, application)
    openid = WechatOpenid.objects.create(user=user, appid=visit.app.appid, openid=person.openid, union=union)
    if union:
        welcome_back(user, mobile, visit)
    else:
        record_registration(openid, person, visit)
    Consent.objects.create(
        user=user,
        agreements=Agreement.versions_in_force(),
        agreed=application.agreed,
        address=visit.origin.address,
        user_agent=visit.origin.user_agent,
    )
    return user


def new_member(mobile: str | None, application: Application) -> User:
    return User.objects.create_member(
        nickname=usable_nickname(application.nickname),
        avatar=wechat_avatar(application.headimgurl),
        mobile=mobile,
        last_login=timezone.now(),
    )


def record_registration(openid: WechatOpenid, person: WechatUser, visit: Visit) -> None:
    """The unionid of a new account, and the events."""
    user = openid.user
    if person.unionid:
        openid.union = WechatUnionid.objects.create(unionid=person.unionid, user=user)
        openid.save(update_fields=["union"])
    visit.record(Kind.REGISTERED, user)
    if user.mobile:
        visit.record(Kind.MOBILE_BOUND, user)

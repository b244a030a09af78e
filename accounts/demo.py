"""People to try the login with. Their openids are those that the simulator gives for `sim-<name>-…` codes.

They come in through the flows that everybody comes through, so that their events and consents are there as well.
"""

from __future__ import annotations

import io

from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

from accounts.events import Visit
from accounts.images import store_avatar
from accounts.login import Application, enter, find_openid
from accounts.models import User
from accounts.origin import Origin
from accounts.profile import CheckedChange, apply
from accounts.session import delete_account
from settings_app.models import LoginSettings
from wechat.client import WechatUser
from wechat.miniprogram import mini_program
from wechat.simulator.people import openid_of

SIDE = 1280
COLOURS = {"alice": "#4f7cff", "bob": "#0f9d76"}


def make_people() -> None:
    """Put alice, bob, charlie and dave into the states that the demo promises, whatever they were used for before."""
    visit = Visit("demo", mini_program(), Origin(None, "manage.py demo", "", ""), LoginSettings.current())
    make_complete("alice", visit, mobile=True)
    make_complete("bob", visit, mobile=False)
    make_new("charlie", visit)
    make_unknown("dave", visit)


def make_complete(name: str, visit: Visit, *, mobile: bool) -> None:
    user = find(name, visit) or register(name, visit)
    if not mobile:
        User.objects.filter(pk=user.pk).update(mobile=None)
    change = CheckedChange(
        nickname="" if user.nickname else name.title(),
        avatar="" if has_picture(user) else store_avatar(picture(COLOURS[name]), user),
        mobile=free_mobile() if mobile and not user.mobile else "",
        remark="",
    )
    if change.nickname or change.avatar or change.mobile or not user.profile_completed_at:
        apply(change, user, visit)


def make_new(name: str, visit: Visit) -> None:
    user = find(name, visit)
    if user and (user.nickname or user.avatar or user.mobile):
        make_unknown(name, visit)
        user = None
    if user is None:
        register(name, visit)


def make_unknown(name: str, visit: Visit) -> None:
    user = find(name, visit)
    if user:
        delete_account(user, visit)


def find(name: str, visit: Visit) -> User | None:
    """The account of this person at the default mini-program, enabled if it was not."""
    openid = find_openid(person(name, visit), visit)
    if openid is None:
        return None
    if not openid.user.is_active:
        openid.user.is_active = True
        openid.user.save(update_fields=["is_active"])
    return openid.user


def register(name: str, visit: Visit) -> User:
    return enter(person(name, visit), None, Application(agreed=True), visit)


def person(name: str, visit: Visit) -> WechatUser:
    return WechatUser(openid=openid_of(visit.app.appid, name), unionid=None)


def has_picture(user: User) -> bool:
    """Whether the avatar can be shown: a media folder is emptied more often than a database."""
    return user.avatar.startswith("https://") or bool(user.avatar and default_storage.exists(user.avatar))


def free_mobile() -> str:
    """13800138000, or the next one that nobody has bound in the meantime."""
    numbers = [f"+86138001380{last:02}" for last in range(100)]
    taken = set(User.objects.filter(mobile__in=numbers).values_list("mobile", flat=True))
    return next(number for number in numbers if number not in taken)


def picture(colour: str) -> io.BytesIO:
    """Head and shoulders."""
    image = Image.new("RGB", (SIDE, SIDE), colour)
    draw = ImageDraw.Draw(image)
    draw.ellipse((430, 270, 850, 690), fill="#ffffff")
    draw.ellipse((230, 770, 1050, 1590), fill="#ffffff")
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return file

"""Which avatar URLs are real. None of them is ever fetched by the server."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.files.storage import default_storage

from accounts.errors import AvatarRejected
from accounts.models import User

WECHAT_AVATAR = re.compile(r"https://(?:thirdwx|wx)\.qlogo\.cn/[A-Za-z0-9_./-]{1,400}", re.ASCII)
# The grey head that getUserProfile returns since 2022-11-08, in any size, and the one of WeChat's own sample code.
PLACEHOLDER_PATHS = (
    "/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRicc",
    "/mmbiz/icTdbqWNOwNRna42FI242Lcia07jQodd2FJGIYQfG0LAJGFxM4FbnQP6yfMxBgJ0F3YRqJCJ1aPAK2dQagdusBZg/",
)
# Paths inside the phone, sent by clients that forgot to upload the picture.
LOCAL_PATHS = ("http://tmp/", "wxfile://")


def wechat_avatar(url: str) -> str:
    """A picture on WeChat's avatar hosts, or "" for anything else."""
    return url if WECHAT_AVATAR.fullmatch(url) and not is_placeholder(url) else ""


def is_placeholder(url: str) -> bool:
    """Whether this counts as "not given"."""
    if not url.strip() or url.startswith(LOCAL_PATHS):
        return True
    try:
        return urlsplit(url).path.startswith(PLACEHOLDER_PATHS)
    except ValueError:
        return False


def checked_avatar(url: str, user: User, base: str) -> str:
    """What to store for a URL that a client sent: the name of an own upload, a WeChat URL, or "" for none.

    `base` is this server's scheme and host. Raises `AvatarRejected` for everything else.
    """
    if is_placeholder(url):
        return ""
    stored = wechat_avatar(url) or own_upload(url, user, base)
    if not stored:
        raise AvatarRejected
    return stored


def own_upload(url: str, user: User, base: str) -> str:
    """The stored name behind a `url` or `uri` that `upload/image` gave to this very user."""
    for name in user.avatar_uploads.values_list("name", flat=True):
        if url in (name, default_storage.url(name), absolute(name, base)):
            return name
    return ""


def absolute(avatar: str, base: str) -> str:
    """The URL of a stored avatar as the client can load it; "" for none."""
    if not avatar or avatar.startswith("https://"):
        return avatar
    url = default_storage.url(avatar)
    return base + url if url.startswith("/") else url

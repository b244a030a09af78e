"""One access_token for each mini-program, shared by all processes, fetched by one of them.

`stable_token` in normal mode answers the same token to everybody until five minutes before its end, so that asking
twice harms nobody; force_refresh, which kills it for other holders, is never used.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache

from wechat import transport
from wechat.errors import WechatUnavailable, as_int, raise_for_errcode
from wechat.miniprogram import MiniProgram

REFRESH_EARLY = 300
SHORTEST_LIFE = 30
FETCH_SECONDS = 5
POLL_SECONDS = 0.05


def access_token(app: MiniProgram) -> str:
    """The current token, from the cache if it is there; raises `WechatError`."""
    key = cache_key(app)
    give_up = time.monotonic() + FETCH_SECONDS
    while not (token := cached(key)):
        with fetching(key) as mine:
            if mine:
                return cached(key) or fetch(app)
        if time.monotonic() > give_up:
            raise WechatUnavailable("another process is still fetching the access_token")
        time.sleep(POLL_SECONDS)
    return token


def forget(app: MiniProgram, token: str) -> None:
    """Drop a token that WeChat refused, unless somebody has replaced it already."""
    key = cache_key(app)
    if cached(key) == token:
        cache.delete(key)


def cache_key(app: MiniProgram) -> str:
    return f"wechat:access_token:{app.appid}"


def cached(key: str) -> str | None:
    token = cache.get(key)
    return token if isinstance(token, str) else None


@contextmanager
def fetching(key: str) -> Iterator[bool]:
    """A lock over all processes that share the cache; it ends by itself if its holder dies."""
    lock = f"{key}:fetching"
    mine = cache.add(lock, 1, timeout=FETCH_SECONDS)
    try:
        yield mine
    finally:
        if mine:
            cache.delete(lock)


def fetch(app: MiniProgram) -> str:
    answer = transport.post(
        "/cgi-bin/stable_token",
        {"grant_type": "client_credential", "appid": app.appid, "secret": app.secret},
    )
    raise_for_errcode(answer)
    token, life = answer.get("access_token"), as_int(answer.get("expires_in")) or 0
    if not isinstance(token, str) or not token:
        raise WechatUnavailable("stable_token answered without a token")
    # expires_in can be as low as 300, or no number at all, so "five minutes early" needs a floor.
    cache.set(cache_key(app), token, timeout=max(life - REFRESH_EARLY, SHORTEST_LIFE))
    return token

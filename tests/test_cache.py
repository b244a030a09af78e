"""Without Redis the cache is empty and says so; nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config.cache import TolerantRedisCache
from tests.conftest import Phone

AWAY = "redis://127.0.0.1:9/0"


@pytest.fixture
def away() -> TolerantRedisCache:
    return TolerantRedisCache(AWAY, {})


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda cache: cache.get("key"), None),
        (lambda cache: cache.get("key", "default"), "default"),
        (lambda cache: cache.get("key", default="default"), "default"),
        (lambda cache: cache.add("lock", 1), True),
        (lambda cache: cache.set("key", 1, timeout=5), None),
        (lambda cache: cache.delete("key"), False),
    ],
)
def test_absent_redis_is_an_empty_cache(
    away: TolerantRedisCache, call: Callable[[TolerantRedisCache], Any], answer: object, caplog: Any
) -> None:
    assert call(away) is answer
    assert [record.message for record in caplog.records if record.name == "config.cache"] == [
        "Redis is away, the cache is empty and limits do not count"
    ]


def test_absent_redis_counts_as_a_missing_counter(away: TolerantRedisCache) -> None:
    with pytest.raises(ValueError, match="Redis is away"):
        away.incr("key")


def test_logins_and_phone_numbers_go_on_without_redis(alice: Phone, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "config.cache.TolerantRedisCache", "LOCATION": AWAY}}
    settings.LOGIN_PER_MINUTE = 1

    alice.complete()

    assert alice.silent_login()["data"]["next_step"] == ""
    assert alice.bind_mobile("13800138000")["data"]["mobile"] == "13800138000"


def test_logged_out_token_stays_dead_without_redis(alice: Phone, settings: Any) -> None:
    alice.complete()
    assert alice.post("login/logout")["code"] == 1
    settings.CACHES = {"default": {"BACKEND": "config.cache.TolerantRedisCache", "LOCATION": AWAY}}

    assert alice.get("user/info")["code"] == -1

"""Without Redis each process remembers and counts for itself, and says so; nothing else happens."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from config import cache as module
from config.cache import TolerantRedisCache
from tests.conftest import Phone

AWAY = "redis://127.0.0.1:9/0"
SETTING = {"default": {"BACKEND": "config.cache.TolerantRedisCache", "LOCATION": AWAY}}


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    module.absences.clear()
    TolerantRedisCache(AWAY, {}).memory.clear()
    yield
    module.absences.clear()


@pytest.fixture
def away() -> TolerantRedisCache:
    return TolerantRedisCache(AWAY, {})


def messages(caplog: Any) -> list[str]:
    return [record.message for record in caplog.records if record.name == "config.cache"]


def test_process_remembers_for_itself(away: TolerantRedisCache) -> None:
    assert (away.get("key"), away.get("key", "default"), away.get("key", default="default")) == (
        None,
        "default",
        "default",
    )
    away.set("key", 1, timeout=5)
    assert (away.incr("key"), away.decr("key", 2), away.get_many(["key", "other"])) == (2, 0, {"key": 0})
    assert (away.add("lock", 1), away.add("lock", 1), away.delete("lock"), away.add("lock", 1)) == (
        True,
        False,
        True,
        True,
    )
    with pytest.raises(ValueError, match="not found"):
        away.incr("missing")


def test_absence_is_said_once_and_not_for_each_request(away: TolerantRedisCache, caplog: Any) -> None:
    for _ in range(10):
        away.get("key")
    assert messages(caplog) == ["Redis is away, each process counts and remembers for itself"]


def test_redis_that_hangs_costs_one_request_its_time_and_not_each(caplog: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        options = {"OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}}
        caches = [TolerantRedisCache(f"redis://127.0.0.1:{hanging.getsockname()[1]}/0", options) for _ in range(20)]
        caches[0].get("key")
        started = time.monotonic()
        for thread in caches:
            thread.get("key")
        assert time.monotonic() - started < 0.4


def test_of_many_requests_one_asks_again(
    away: TolerantRedisCache, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    away.get("key")
    away.absence.until = time.monotonic()
    together = threading.Barrier(20)

    def ask() -> None:
        together.wait()
        away.get("key")

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages(caplog)) == 2


def test_limits_hold_within_the_process_without_redis(alice: Phone, settings: Any) -> None:
    settings.CACHES = SETTING
    settings.LOGIN_PER_MINUTE = 3

    answers = [alice.silent_login()["data"].get("error") for _ in range(5)]

    assert answers == [None, None, None, "throttled", "throttled"]


def test_logins_and_phone_numbers_go_on_without_redis(alice: Phone, settings: Any) -> None:
    settings.CACHES = SETTING
    settings.LOGIN_PER_MINUTE = 10

    alice.complete()

    assert alice.silent_login()["data"]["next_step"] == ""
    assert alice.bind_mobile("13800138000")["data"]["mobile"] == "13800138000"


def test_logged_out_token_stays_dead_without_redis(alice: Phone, settings: Any) -> None:
    alice.complete()
    assert alice.post("login/logout")["code"] == 1
    settings.CACHES = SETTING

    assert alice.get("user/info")["code"] == -1


def test_access_token_is_remembered_without_redis(alice: Phone, settings: Any, wechat: Any) -> None:
    settings.CACHES = SETTING
    alice.complete()
    alice.bind_mobile("13800138000")
    assert cache.get("anything") is None
    assert wechat.calls("/cgi-bin/stable_token") == 1

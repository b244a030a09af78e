"""In development an answer says where its time went; in production it does not."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from config import timing
from tests.conftest import Phone
from tests.test_production_checks import GOOD, run
from wechat.simulator.threaded import Running
from wechat.watchers import watchers

HEADER = re.compile(r"total;dur=([\d.]+), wechat;dur=([\d.]+), db;dur=([\d.]+)")


@pytest.fixture
def timed(settings: Any) -> Iterator[None]:
    settings.MIDDLEWARE = ["config.timing.ServerTimingMiddleware", *settings.MIDDLEWARE]
    timing.install()
    yield
    watchers.clear()


def spent(phone: Phone) -> tuple[float, ...]:
    found = HEADER.fullmatch(phone.headers["Server-Timing"])
    assert found
    return tuple(map(float, found.groups()))


def test_answer_says_where_its_time_went(alice: Phone, wechat: Running, timed: None) -> None:
    alice.complete()
    wechat.fault("latency", ms=60)
    alice.silent_login()
    total, asked, database = spent(alice)
    assert asked >= 60
    assert database > 0
    assert total >= asked + database


def test_both_questions_to_wechat_are_counted(alice: Phone, wechat: Running, timed: None) -> None:
    """For an access_token, and about the nickname."""
    wechat.fault("latency", ms=60)
    alice.complete()
    assert spent(alice)[1] >= 120


def test_every_query_is_counted() -> None:
    clock = timing.Clock()
    clock.query(time.sleep, 0.02)
    clock.query(time.sleep, 0.01)
    assert clock.database >= 0.03


def test_one_answer_says_nothing_of_another(alice: Phone, wechat: Running, timed: None) -> None:
    alice.complete()
    alice.get("user/info")
    assert spent(alice)[1] == 0
    alice.client.get("/healthz")
    alice.headers = alice.client.get("/healthz").headers
    assert spent(alice)[1:] == (0, 0)


@pytest.mark.parametrize(("debug", "there"), [("0", "False False"), ("1", "True True")])
def test_time_is_told_in_development_only(debug: str, there: str) -> None:
    code = (
        "import config.wsgi; from django.conf import settings; from wechat.watchers import watchers; "
        "print(any('timing' in name for name in settings.MIDDLEWARE), 'WechatTiming' in str(watchers))"
    )
    done = run("-c", code, DEBUG=debug, **GOOD)
    assert done.stdout.strip() == there, done.stderr

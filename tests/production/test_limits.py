"""Limits hold over all processes together, whatever address a client claims; what is too large is not even read."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing

import pytest
from redis import Redis as Connection

from accounts.limits import MINUTE
from tests.production.conftest import Product
from tests.production.load import Phone, at_once, outcomes
from tests.production.servers import Gunicorn, Redis, Wechat

LIMIT, AT_ONCE = 50, 200
ANSWER_SECONDS = 2.0
CLAIMS = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]


@pytest.fixture(scope="module", params=["0", "1"], ids=["no proxy", "one proxy"])
def server(product: Product, request: pytest.FixtureRequest) -> Gunicorn:
    return product(LOGIN_PER_MINUTE=str(LIMIT), TRUSTED_PROXIES=request.param, WEB_CONCURRENCY="4")


def claims(number: int, server: Gunicorn) -> dict[str, str]:
    """Another address for each request, put where a client can put it: left of what a proxy of ours appends."""
    claimed = dict.fromkeys(CLAIMS, f"198.51.100.{number}")
    if server.given["TRUSTED_PROXIES"] == "1":
        claimed["X-Forwarded-For"] += ", 203.0.113.9"
    return claimed


def test_limit_over_four_processes_cannot_be_dodged(server: Gunicorn, redis: Redis, wechat: Wechat) -> None:
    """The window slides, so that it may turn in the middle without letting anybody in twice."""
    phones = [Phone(server.port, f"person{number}") for number in range(AT_ONCE)]

    answers = at_once(AT_ONCE, lambda number: phones[number].silent_login(**claims(number, server)))

    assert outcomes(answers) == {1: LIMIT, "throttled": AT_ONCE - LIMIT}
    assert {answer.status for answer in answers} == {200, 429}
    assert wechat.calls() == LIMIT
    with Connection.from_url(redis.url) as kept:
        counters = [kept.ttl(key) for key in kept.scan_iter("*limit:*")]
    assert counters
    assert all(0 < seconds <= 2 * MINUTE for seconds in counters)


@pytest.mark.parametrize(
    ("path", "kind", "length"),
    [
        ("login/silentLogin", "application/json", 64 * 1024 + 1),
        ("login/authLogin", "application/x-www-form-urlencoded", 10_000_000),
        ("upload/image", "multipart/form-data; boundary=x", 6_000_000),
    ],
)
def test_body_that_is_too_large_is_refused_before_it_is_sent(
    server: Gunicorn, path: str, kind: str, length: int
) -> None:
    head = f"POST /api/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as sock:
        sock.sendall(head.encode() + b"x" * 100)
        started = time.monotonic()
        status, _, rest = sock.recv(65536).partition(b"\r\n")
        body = json.loads(rest.partition(b"\r\n\r\n")[2] or sock.recv(65536))
        assert time.monotonic() - started < ANSWER_SECONDS
    assert status == b"HTTP/1.1 413 Request Entity Too Large"
    assert (body["code"], body["data"]) == (0, {"error": "invalid_input"})

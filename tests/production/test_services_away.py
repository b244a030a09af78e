"""Redis away costs the sharing of limits, PostgreSQL away costs the answers; both come back without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.production.conftest import Product
from tests.production.load import Answer, Client, Lost, Phone, outcomes, percentile, streaming
from tests.production.servers import Gunicorn, PostgreSQL, Redis, Server, Wechat, wait_until

Break = Callable[[Server], None]
# What a busy machine may add to a time that is promised.
NOISE_SECONDS = 0.5
LIMIT = 5
TRUST_SECONDS, BUSY_SECONDS = 1.0, 5.0


@pytest.fixture(scope="module")
def server(product: Product) -> Gunicorn:
    return product(LOGIN_PER_MINUTE="100000")


@pytest.fixture(scope="module")
def people(server: Gunicorn) -> list[Phone]:
    return [Phone(server.port, f"person{number}").registered() for number in range(30)]


def kill(server: Server) -> None:
    server.kill()


def hang(server: Server) -> None:
    server.hang()


def bring_back(server: Server) -> None:
    if server.process and server.process.poll() is None:
        server.resume()
    else:
        server.start()


def login_and_check(phone: Phone) -> Answer:
    """The slower of the two answers, or the one that was a refusal."""
    login = phone.silent_login()
    return login if login.outcome != 1 else max(login, phone.info(), key=lambda answer: answer.seconds)


@pytest.mark.parametrize("away", [kill, hang], ids=["killed", "hanging"])
def test_redis_away_stops_nobody(
    server: Gunicorn, people: list[Phone], redis: Redis, wechat: Wechat, away: Break
) -> None:
    logged = len(server.logged())
    with streaming(20, people, login_and_check) as stream:
        time.sleep(1)
        away(redis)
        time.sleep(5)
        bring_back(redis)
        wait_until(lambda: "Redis is back" in messages(server, logged), 10)
        time.sleep(1)

    assert outcomes(stream.answers()).keys() == {1}
    assert "Redis is away, each process counts and remembers for itself" in messages(server, logged)
    # Once in two seconds one request waits half a second for each process, and the others do not.
    slow = [answer for answer in stream.answers() if answer.seconds > 0.4 + NOISE_SECONDS]
    assert len(slow) <= len(stream.answers()) / 10


def messages(server: Gunicorn, start: int) -> list[str]:
    return [line["message"] for line in server.logged()[start:]]


def test_redis_that_was_started_anew_is_not_missed(
    server: Gunicorn, people: list[Phone], redis: Redis, wechat: Wechat
) -> None:
    """Every thread still holds a connection to the former one."""
    with streaming(100, people, Phone.silent_login):
        time.sleep(1)
    logged = len(server.logged())
    redis.kill()
    redis.start()
    with streaming(100, people, Phone.silent_login) as stream:
        time.sleep(1)

    assert outcomes(stream.answers()).keys() == {1}
    assert messages(server, logged) == []


def test_limits_hold_in_each_process_without_redis(product: Product, redis: Redis, wechat: Wechat) -> None:
    server = product(LOGIN_PER_MINUTE=str(LIMIT))
    redis.kill()
    try:
        answers = [Phone(server.port, "alice").silent_login() for _ in range(6 * LIMIT)]
    finally:
        redis.start()
        server.stop()
    assert LIMIT <= outcomes(answers)[1] <= LIMIT * int(server.given["WEB_CONCURRENCY"])
    assert outcomes(answers).keys() == {1, "throttled"}


@pytest.mark.parametrize("away", [kill, hang], ids=["killed", "hanging"])
def test_postgresql_away_is_said_within_a_second(
    server: Gunicorn, people: list[Phone], cluster: PostgreSQL, wechat: Wechat, away: Break
) -> None:
    probe = Client(server.port)
    assert probe.ask("GET", "/readyz").status == 200
    with streaming(20, people, Phone.info) as stream:
        time.sleep(1)
        away(cluster)
        gone = time.monotonic()
        time.sleep(TRUST_SECONDS + NOISE_SECONDS)
        red, green = Client(server.port).ask("GET", "/readyz"), probe.ask("GET", "/healthz")
        time.sleep(3)
        returning = time.monotonic()
        bring_back(cluster)
        back = time.monotonic()
        wait_until(lambda: is_ready(probe), 10)
        time.sleep(3)

    # A server that hangs is trusted for a second, and what is asked in that second waits longer.
    assert percentile(stream.answers(gone, back), 1) <= BUSY_SECONDS + NOISE_SECONDS
    during = stream.answers(gone + TRUST_SECONDS + NOISE_SECONDS, returning - 1)
    assert {(answer.status, answer.outcome) for answer in during} == {(503, "server_error")}
    assert {answer.headers["Retry-After"] for answer in during} == {"5"}
    assert percentile(during, 0.9) <= 1
    assert percentile(during, 1) <= 1 + NOISE_SECONDS
    assert (red.status, red.body["database"], green.status) == (503, "unreachable", 200)
    assert red.seconds <= 1 + NOISE_SECONDS
    assert outcomes(stream.answers(back + 2)).keys() == {1}
    assert {answer.status for answer in stream.answers()} == {200, 503}


def is_ready(probe: Client) -> bool:
    try:
        return probe.ask("GET", "/readyz").status == 200
    except Lost:
        return False

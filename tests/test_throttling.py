"""Limits count exactly, for every address, and cannot be dodged; without a cache they let people in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.core.cache.backends.locmem import LocMemCache
from rest_framework.exceptions import Throttled

from accounts import limits
from accounts.limits import Attempt, exceeded, refuses
from tests.conftest import Phone

LIMIT = 5
SESSION = "/sns/jscode2session"
START = 1_800_000_000 - 1_800_000_000 % 3600
THROTTLED = {
    "code": 0,
    "msg": "Too many attempts. Please wait a moment and try again.",
    "data": {"error": "throttled"},
}


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still at the beginning of a window."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def limited(settings: Any, clock: Any) -> None:
    settings.LOGIN_PER_MINUTE = LIMIT


def let_in(phone: Phone, times: int, **headers: str) -> int:
    """How many of so many silent logins were let in."""
    return sum(phone.silent_login(**headers)["code"] == 1 for _ in range(times))


@pytest.mark.usefixtures("limited")
def test_login_over_the_limit_is_429_and_never_reaches_wechat(alice: Phone, wechat: Any) -> None:
    assert let_in(alice, LIMIT) == LIMIT
    assert alice.silent_login(accept_language="en") == THROTTLED
    assert (alice.status, alice.headers["Retry-After"]) == (429, "60")
    assert alice.auth_login()["data"]["error"] == "throttled"
    assert wechat.calls(SESSION) == LIMIT


@pytest.mark.usefixtures("limited")
def test_both_logins_share_the_limit_and_nothing_else_has_it(alice: Phone) -> None:
    alice.complete()
    assert let_in(alice, LIMIT) == LIMIT - 1
    assert alice.get("config")["code"] == 1
    assert alice.get("user/info")["code"] == 1
    assert alice.update_user(nickname="Alice B")["code"] == 1


def test_zero_switches_the_limit_off(alice: Phone, settings: Any) -> None:
    settings.LOGIN_PER_MINUTE = 0
    assert let_in(alice, 30) == 30


@pytest.mark.usefixtures("limited")
def test_limit_slides_over_the_turn_of_the_minute(alice: Phone, clock: Any) -> None:
    clock.shift(59)
    assert let_in(alice, LIMIT) == LIMIT
    clock.shift(1)
    assert let_in(alice, LIMIT) == 0
    clock.shift(30)
    assert let_in(alice, LIMIT) == LIMIT // 2
    clock.shift(90)
    assert let_in(alice, LIMIT + 1) == LIMIT


def test_crowd_that_never_stops_knocking_still_gets_its_share(clock: Any) -> None:
    """Two attempts a second behind one address, for ten minutes, under a limit of 60 a minute."""
    let_in = 0
    for _ in range(10 * 120):
        let_in += not exceeded("login", "198.51.100.1", 60, 60)
        clock.shift(0.5)
    assert 540 <= let_in <= 660


CLAIMS = ["x_forwarded_for", "x_real_ip", "forwarded", "cf_connecting_ip", "true_client_ip", "x_client_ip"]


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("name", CLAIMS)
def test_claimed_address_brings_no_new_limit(alice: Phone, name: str) -> None:
    assert sum(let_in(alice, 1, **{name: f"198.51.100.{number}"}) for number in range(20)) == LIMIT


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(("proxies", "ours"), [(1, "198.51.100.1"), (2, "198.51.100.1, 10.0.0.1")])
def test_addresses_put_before_our_proxies_bring_no_new_limit(
    alice: Phone, settings: Any, proxies: int, ours: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    claims = [f"6.6.6.{number}, {ours}" for number in range(20)]
    assert sum(let_in(alice, 1, x_forwarded_for=claim) for claim in claims) == LIMIT
    assert let_in(alice, 1, x_forwarded_for=ours.replace("198.51.100.1", "198.51.100.2")) == 1


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    "spellings",
    [
        [f"198.51.100.1:{port}" for port in range(4000, 4020)],
        [f"2001:db8::{number:x}" for number in range(1, 21)],
        [f"[2001:db8::{number:x}]:{number}" for number in range(1, 21)],
        ["198.51.100.1", "::ffff:198.51.100.1", "::FFFF:C633:6401", "[::ffff:198.51.100.1]:1"] * 5,
        ["2001:db8::1", "2001:DB8::1", "2001:db8:0:0::1", "2001:0db8::0001", "[2001:db8::1]"] * 4,
        ["garbage", "unknown", "", "_x", "1.2.3", "9999.1.1.1", ",", "::g", "[", "0x1"] * 2,
    ],
    ids=["ports", "addresses of one /64", "with ports", "mapped", "spellings", "no address"],
)
def test_spelling_of_an_address_brings_no_new_limit(alice: Phone, settings: Any, spellings: list[str]) -> None:
    settings.TRUSTED_PROXIES = 1
    assert sum(let_in(alice, 1, x_forwarded_for=spelling) for spelling in spellings) == LIMIT


@pytest.mark.usefixtures("limited")
def test_missing_address_is_one_common_bucket(alice: Phone, bob: Phone, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    assert let_in(alice, LIMIT - 1) + let_in(bob, LIMIT) == LIMIT


@pytest.mark.parametrize("limit", [1, 50])
def test_two_hundred_at_once_are_counted_exactly(clock: Any, limit: int) -> None:
    together = threading.Barrier(200)

    def attempt(_: int) -> bool:
        together.wait()
        return exceeded("login", "198.51.100.1", limit, 60)

    with ThreadPoolExecutor(200) as pool:
        refused = list(pool.map(attempt, range(200)))

    assert refused.count(False) == limit


def test_counters_are_told_apart_by_name_and_person(clock: Any) -> None:
    for name, who in (("a", "x"), ("a", "y"), ("b", "x")):
        assert not exceeded(name, who, 1, 60)
        assert exceeded(name, who, 1, 60)


def test_refused_attempts_do_not_keep_a_person_out(clock: Any) -> None:
    for _ in range(1000):
        exceeded("a", "x", 5, 60)
    clock.shift(60 + 59)
    assert not exceeded("a", "x", 5, 60)


def test_counter_that_was_lost_lets_people_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*args: Any, **kwargs: Any) -> int:
        raise ValueError("no such key")

    store = LocMemCache("lost", {})
    monkeypatch.setattr(store, "incr", lost)
    assert not any(refuses(store, Attempt("now", "before", 1.0, limit=1, keep=120)) for _ in range(10))


def test_phone_calls_are_limited_for_each_person_and_for_all(settings: Any, clock: Any, caplog: Any) -> None:
    settings.PHONE_CALLS_PER_HOUR = 8
    for _ in range(limits.PHONE_CALLS_PER_PERSON_AND_HOUR):
        limits.count_phone_call("wx1", "alice")
    with pytest.raises(Throttled):
        limits.count_phone_call("wx1", "alice")
    assert caplog.records == []
    for person in ("bob", "charlie", "dora"):
        limits.count_phone_call("wx1", person)
    with pytest.raises(Throttled):
        limits.count_phone_call("wx1", "eve")
    assert "PHONE_CALLS_PER_HOUR is used up" in caplog.text

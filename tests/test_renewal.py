"""How long a token lives, on clocks that disagree, and how one in use is replaced before it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from tests.conftest import Phone

DAY = 86_400


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def asks(phone: Phone, token: str) -> dict[str, Any]:
    phone.token = token
    return phone.get("user/info", accept_language="en")


def in_days(days: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=False)


@pytest.mark.parametrize(("days", "minutes"), [(7, 30), (1, 5), (0.5, 0.5)])
def test_token_lives_as_long_as_the_settings_say(
    alice: Phone, bob: Phone, settings: Any, days: float, minutes: float
) -> None:
    settings.TOKEN_DAYS, settings.PENDING_TOKEN_MINUTES = days, minutes
    for token, life in ((alice.complete().token, days * DAY), (bob.register().token, minutes * 60)):
        payload = claims(token)
        assert payload["exp"] - payload["iat"] == life


def test_account_without_the_mobile_that_is_asked_for_gets_a_short_token(alice: Phone, set_switches: Any) -> None:
    set_switches(coerce_mobile=True)
    payload = claims(alice.complete().token)
    assert payload["exp"] - payload["iat"] == 1800


@pytest.mark.parametrize(("ahead", "code"), [(600, -1), (70, -1), (55, 1), (0, 1), (-55, 1), (-3600, 1)])
def test_hosts_may_disagree_about_the_time_by_a_minute(alice: Phone, ahead: int, code: int) -> None:
    """The token comes from a host whose clock is `ahead` seconds before ours."""
    token = alice.complete().token
    with time_machine.travel(timezone.now() - timedelta(seconds=ahead), tick=False):
        body = asks(alice, token)
    assert (alice.status, body["code"]) == (200, code)


@pytest.mark.parametrize(("late", "code"), [(-5, 1), (55, 1), (65, -1), (600, -1)])
def test_token_ends_a_minute_after_its_time(alice: Phone, late: int, code: int) -> None:
    token = alice.complete().token
    with time_machine.travel(claims(token)["exp"] + late, tick=False):
        body = asks(alice, token)
    assert (alice.status, body["code"]) == (200, code)


@pytest.mark.parametrize(("age", "renewed"), [(0, False), (3.4, False), (3.6, True), (6.9, True)])
def test_full_token_in_its_second_half_brings_the_next_one(alice: Phone, age: float, renewed: bool) -> None:
    token = alice.complete().token
    with in_days(age):
        assert asks(alice, token)["code"] == 1
        assert ("X-Renewed-Token" in alice.headers) is renewed


def test_renewed_token_lives_on_when_the_first_has_ended(alice: Phone) -> None:
    token = alice.complete().token
    with in_days(6):
        asks(alice, token)
        renewed = alice.headers["X-Renewed-Token"]
    with in_days(8):
        assert asks(alice, token)["code"] == -1
        assert asks(alice, renewed)["data"]["nickname"] == "Alice"
        assert claims(renewed)["exp"] - claims(renewed)["iat"] == 7 * DAY


def test_token_that_is_no_longer_good_is_not_renewed(alice: Phone) -> None:
    token = alice.complete().token
    User.objects.update(is_active=False)
    with in_days(6):
        assert asks(alice, token)["code"] == -1
        assert "X-Renewed-Token" not in alice.headers


def test_account_that_owes_a_step_gets_no_renewal(alice: Phone, set_switches: Any) -> None:
    token = alice.complete().token
    set_switches(coerce_mobile=True)
    with in_days(6):
        alice.token = token
        assert alice.post("login/updateUser", {"nickname": "Alice B"})["code"] == 1
        assert "X-Renewed-Token" not in alice.headers


def test_pending_token_is_not_made_a_long_one_by_use(alice: Phone) -> None:
    alice.register()
    alice.update_user(nickname="Alice")
    assert "X-Renewed-Token" not in alice.headers


@pytest.mark.parametrize(("path", "body"), [("login/logout", {}), ("user/delete", {"confirm": True})])
def test_request_that_kills_the_token_does_not_renew_it(alice: Phone, path: str, body: dict[str, Any]) -> None:
    token = alice.complete().token
    with in_days(6):
        alice.token = token
        assert alice.post(path, body)["code"] == 1
        assert "X-Renewed-Token" not in alice.headers
        assert asks(alice, token)["code"] == -1


def test_refused_request_without_a_token_renews_nothing(alice: Phone) -> None:
    alice.complete()
    alice.token = ""
    assert alice.get("user/info")["code"] == -1
    assert "X-Renewed-Token" not in alice.headers

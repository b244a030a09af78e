"""Logging out kills the token at once, however it is spelled and wherever it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import LoginEvent, User
from tests.conftest import WECHAT_AVATAR, Phone

GONE = {"code": -1, "msg": "Please log in first.", "data": {"error": "not_logged_in"}}


@pytest.fixture
def logged_out(alice: Phone) -> Phone:
    alice.complete()
    assert alice.post("login/logout", accept_language="en") == {"code": 1, "msg": "Logged out", "data": {}}
    return alice


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("login/updateUser", {"nickname": "Mallory", "avatar": WECHAT_AVATAR}),
        ("user/bindMobile", {"code": "phone-13800138000-1"}),
        ("login/logout", {}),
        ("user/delete", {"confirm": True}),
        ("upload/image", {}),
    ],
)
def test_token_opens_nothing_after_logout(logged_out: Phone, path: str, body: dict[str, Any]) -> None:
    before = User.objects.values().get()
    assert logged_out.post(path, body, accept_language="en") == GONE
    assert logged_out.status == 200
    assert User.objects.values().get() == before


def test_profile_is_closed_after_logout_in_either_header(logged_out: Phone) -> None:
    token = logged_out.token
    assert logged_out.get("user/info", accept_language="en") == GONE
    logged_out.token = ""
    assert logged_out.get("user/info", authorization=f"Bearer {token}", accept_language="en") == GONE


def test_every_token_of_the_account_is_dead(alice: Phone) -> None:
    first = alice.complete().token
    second = alice.silent_login()["data"]["token"]
    alice.post("login/logout")
    for token in (first, second):
        alice.token = token
        assert alice.get("user/info")["code"] == -1


def test_other_accounts_stay_logged_in(alice: Phone, bob: Phone) -> None:
    alice.complete()
    bob.complete()
    alice.post("login/logout")
    assert bob.get("user/info")["code"] == 1


def test_silent_login_brings_a_new_token_after_logout(logged_out: Phone) -> None:
    dead = logged_out.token
    assert logged_out.silent_login()["data"]["token"] not in ("", dead)
    assert logged_out.get("user/info")["code"] == 1


def test_logout_is_recorded_once(logged_out: Phone) -> None:
    event = LoginEvent.objects.get(kind="logout")
    assert (event.user, event.flow, event.app) == (User.objects.get(), "logout", "default")


def test_logout_is_open_to_an_account_that_owes_a_step(alice: Phone) -> None:
    alice.register()
    assert alice.post("login/logout")["code"] == 1
    assert alice.update_user(nickname="Alice")["code"] == -1


@pytest.mark.parametrize("change", [{"is_active": False}, {"token_version": 7}])
def test_token_dies_with_a_change_of_the_account(alice: Phone, change: dict[str, Any]) -> None:
    alice.complete()
    User.objects.update(**change)
    assert alice.get("user/info", accept_language="en") == GONE


def test_stale_token_does_not_keep_anybody_from_logging_in(logged_out: Phone) -> None:
    dead = logged_out.token
    for headers in ({"token": dead}, {"authorization": f"Bearer {dead}"}, {"token": "garbage"}):
        logged_out.token = ""
        assert logged_out.silent_login(**headers)["code"] == 1
        assert logged_out.auth_login(headers=headers)["code"] == 1

"""The record of login decisions: each with its reason and the switches of that moment, and none too many."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.events import Kind, Visit
from accounts.login import remember_login
from accounts.models import LoginEvent, User
from accounts.origin import Origin
from settings_app.models import LoginSettings
from tests.conftest import Phone
from tests.test_silent_login import NUMBER, SESSION, become_bound, disable
from wechat.miniprogram import mini_program
from wechat.simulator.threaded import Running

SWITCHES = {"mnp_auto_wechat_auth": True, "mnp_wechat_auth": True, "coerce_mobile": False}


def kinds() -> list[str]:
    return list(LoginEvent.objects.order_by("pk").values_list("kind", flat=True))


def newest() -> dict[str, Any]:
    columns = ["user", "kind", "flow", "reason", "errcode", "app", "switches", "request_id", "address", "user_agent"]
    return LoginEvent.objects.order_by("pk").values(*columns).last() or {}


def at(moment: datetime, minutes: int) -> Any:
    return time_machine.travel(moment + timedelta(minutes=minutes), tick=False)


def test_event_tells_who_what_through_which_app_from_where_and_under_which_switches(
    alice: Phone, set_switches: Any
) -> None:
    set_switches(coerce_mobile=True)
    headers = {"x_request_id": "request-of-alice", "user_agent": "MicroMessenger/8.0", "x_wechat_app": "second"}

    alice.register(headers=headers)

    assert newest() == {
        "user": alice.user.pk,
        "kind": "registered",
        "flow": "authorized_login",
        "reason": "",
        "errcode": None,
        "app": "second",
        "switches": SWITCHES | {"coerce_mobile": True},
        "request_id": "request-of-alice",
        "address": "127.0.0.1",
        "user_agent": "MicroMessenger/8.0",
    }


def test_whole_life_of_an_account_is_told(alice: Phone) -> None:
    become_bound(alice)
    alice.update_user(nickname="Alina")
    alice.auth_login()
    alice.post("login/logout")
    alice.silent_login()
    alice.bind_mobile(NUMBER)
    alice.post("user/delete", {"confirm": True})

    assert kinds() == [
        "registered",
        "completed",
        "mobile_bound",
        "profile_changed",
        "authorized_login",
        "logout",
        "deleted",
    ]


def test_silent_logins_are_told_at_most_once_an_hour(alice: Phone) -> None:
    start = timezone.now()
    with at(start, 0):
        alice.complete()
    for minutes, told in ((30, 0), (59, 0), (61, 1), (62, 1), (120, 1), (122, 2), (600, 3), (601, 3)):
        with at(start, minutes):
            alice.silent_login()
            assert kinds().count("silent_login") == told


def test_hour_is_each_persons_own(alice: Phone, bob: Phone) -> None:
    start = timezone.now()
    with at(start, 0):
        alice.complete()
        bob.complete()
    with at(start, 61):
        for phone in (alice, bob, alice, bob):
            phone.silent_login()
            assert phone.user.last_login == start + timedelta(minutes=61)

    assert sorted(LoginEvent.objects.filter(kind="silent_login").values_list("user__nickname", flat=True)) == [
        "Alice",
        "Bob",
    ]


def test_two_processes_that_both_find_the_hour_over_tell_it_once(alice: Phone) -> None:
    account = alice.complete().user
    User.objects.update(last_login=None)
    origin = Origin(address=None, user_agent="", request_id="", base="")
    visit = Visit("silent_login", mini_program(), origin, LoginSettings.current())
    stale = [User.objects.get(pk=account.pk) for _process in range(3)]

    for user in stale:
        remember_login(user, visit)

    assert kinds().count("silent_login") == 1


@pytest.mark.parametrize("endpoint", ["login/silentLogin", "login/authLogin"])
@pytest.mark.parametrize(
    ("errcode", "reason"),
    [
        (40029, "code_invalid"),
        (40163, "code_used"),
        (45011, "wechat_rate_limited"),
        (40226, "wechat_blocked_user"),
        (-1, "wechat_unavailable"),
        (40125, "wechat_misconfigured"),
    ],
)
def test_refusal_by_wechat_is_told_with_its_errcode(
    alice: Phone, wechat: Running, endpoint: str, errcode: int, reason: str
) -> None:
    wechat.fault("errcode", path=SESSION, errcode=errcode)

    body = alice.post(endpoint, {"code": alice.code()}, x_request_id="request-of-alice")

    assert body["data"] == {"error": reason}
    assert newest() == {
        "user": None,
        "kind": "refused",
        "flow": "silent_login" if endpoint == "login/silentLogin" else "authorized_login",
        "reason": reason,
        "errcode": errcode,
        "app": "default",
        "switches": SWITCHES,
        "request_id": "request-of-alice",
        "address": "127.0.0.1",
        "user_agent": "",
    }
    assert kinds() == ["refused"]


def test_refusals_of_known_people_name_them(alice: Phone, bob: Phone, settings: Any) -> None:
    become_bound(bob)
    alice.complete()
    alice.update_user(nickname="admin")
    alice.update_user(avatar="https://evil.example/a.png")
    alice.bind_mobile(NUMBER)
    alice.post("user/bindMobile", {"code": "nonsense"})
    disable(alice)
    alice.silent_login()
    alice.auth_login()

    refused = LoginEvent.objects.filter(kind=Kind.REFUSED, user=alice.user).order_by("pk")
    assert list(refused.values_list("flow", "reason", "errcode")) == [
        ("update_user", "nickname_rejected", None),
        ("update_user", "avatar_rejected", None),
        ("bind_mobile", "mobile_taken", None),
        ("bind_mobile", "mobile_code_invalid", 40029),
        ("silent_login", "account_disabled", None),
        ("authorized_login", "account_disabled", None),
    ]
    assert LoginEvent.objects.filter(kind=Kind.REFUSED).count() == 6


def test_refusals_by_the_settings_are_told(alice: Phone, set_switches: Any, settings: Any) -> None:
    settings.REQUIRE_AGREEMENT = True
    alice.auth_login()
    set_switches(mnp_wechat_auth=False)
    alice.auth_login()

    told = LoginEvent.objects.order_by("pk").values_list("user", "reason", "switches__mnp_wechat_auth")
    assert list(told) == [(None, "agreement_required", True), (None, "authorized_login_disabled", False)]


def test_call_that_was_shed_writes_nothing(alice: Phone, settings: Any) -> None:
    """An overload must not make work for the database."""
    settings.WECHAT_MAX_IN_FLIGHT = 0

    for endpoint in ("login/silentLogin", "login/authLogin"):
        assert alice.post(endpoint, {"code": alice.code()})["data"] == {"error": "wechat_unavailable"}
        assert alice.status == 503
    assert kinds() == []


@pytest.mark.parametrize("body", [{}, {"code": 7}])
def test_input_that_is_none_writes_nothing(alice: Phone, body: Any) -> None:
    alice.post("login/silentLogin", body)
    alice.post("login/authLogin", body)

    assert kinds() == []


def test_agent_is_kept_printable_and_short(alice: Phone) -> None:
    alice.register(headers={"user_agent": "a\x1b[31mb" + "x" * 500})

    agent = newest()["user_agent"]
    assert (agent[:6], len(agent), agent.isprintable()) == ("a [31m", 255, True)

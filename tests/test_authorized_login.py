"""Contract §3, second column: what the login button gives to whom, and what the token may do that it gives."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import User
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_silent_login import (
    COMPLETE,
    DISABLED,
    NEW,
    NUMBER,
    OWES_MOBILE,
    TOKEN,
    WELCOME,
    WITH_MOBILE,
    become_bound,
    become_complete,
    become_deleted,
    become_disabled,
    become_disabled_when_new,
    become_new,
    become_unknown,
    everything_stored,
)
from wechat.simulator.threaded import Running

REGISTERED = {"code": 1, "msg": "Please complete your profile", "data": NEW}
NOT_LOGGED_IN = {"code": -1, "msg": "Please log in first.", "data": {"error": "not_logged_in"}}
ARGUMENT = re.compile(r"\(\?P<type>[^)]+\)")
PHONE = "/wxa/business/getuserphonenumber"
OPEN = {
    "api/login/silentLogin",
    "api/login/authLogin",
    "api/config",
    "api/agreements/service",
    "api/schema",
    "api/docs",
}
WHILE_OWING = {"api/login/updateUser", "api/login/logout", "api/user/bindMobile", "api/upload/image"}


@pytest.mark.parametrize(
    ("become", "coerce_mobile", "answer"),
    [
        (become_unknown, False, REGISTERED),
        (become_unknown, True, REGISTERED),
        (become_new, False, REGISTERED),
        (become_new, True, REGISTERED),
        (become_complete, False, WELCOME),
        (become_complete, True, {"code": 1, "msg": "Please bind your mobile number", "data": OWES_MOBILE}),
        (become_bound, False, {"code": 1, "msg": "Logged in", "data": WITH_MOBILE}),
        (become_bound, True, {"code": 1, "msg": "Logged in", "data": WITH_MOBILE}),
        (become_disabled, False, DISABLED),
        (become_disabled_when_new, True, DISABLED),
        (become_deleted, False, REGISTERED),
    ],
)
def test_each_state_has_its_answer(
    alice: Phone, set_switches: Any, become: Callable[[Phone], None], coerce_mobile: bool, answer: Any
) -> None:
    become(alice)
    set_switches(coerce_mobile=coerce_mobile)

    assert alice.auth_login(headers={"accept_language": "en"}) == answer
    assert alice.status == 200


@pytest.mark.parametrize(
    ("sent", "nickname", "avatar"),
    [
        ({}, "", ""),
        ({"nickname": "微信用户", "headimgurl": ""}, "", ""),
        ({"nickname": "官方客服", "headimgurl": "https://evil.example/a.png"}, "", ""),
        ({"nickname": "a\u202eb", "headimgurl": "http://tmp/a.png"}, "", ""),
        ({"nickname": " Alice ", "headimgurl": WECHAT_AVATAR}, "Alice", WECHAT_AVATAR),
        ({"nickname": "x" * 33, "headimgurl": "javascript:alert(1)"}, "", ""),
    ],
)
def test_what_a_new_user_sends_along_counts_where_it_is_real(
    alice: Phone, sent: dict[str, str], nickname: str, avatar: str
) -> None:
    """It never completes the profile: that is the popup's."""
    assert alice.auth_login(**sent)["data"] == NEW
    assert (alice.user.nickname, alice.user.avatar) == (nickname, avatar)


def test_returning_users_keep_their_profile(alice: Phone) -> None:
    alice.complete()

    alice.auth_login(nickname="微信用户", headimgurl="https://thirdwx.qlogo.cn/other/132")
    alice.auth_login(nickname="Mallory", headimgurl="")

    assert (alice.user.nickname, alice.user.avatar) == ("Alice", WECHAT_AVATAR)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *itertools.product(["nickname", "headimgurl", "mobile_code"], [7, ["x"], {"x": 1}, None]),
        ("headimgurl", "x" * 2001),
        ("mobile_code", "x" * 257),
    ],
)
def test_fields_of_the_wrong_type_are_named(alice: Phone, wechat: Running, field: str, value: Any) -> None:
    body = alice.auth_login(**{field: value})

    assert (body["code"], body["data"]["error"], list(body["data"]["fields"])) == (0, "invalid_input", [field])
    assert (wechat.calls(), User.objects.count()) == (0, 0)


def test_mobile_is_bound_with_the_registration(alice: Phone) -> None:
    assert alice.auth_login(mobile_code=alice.phone_code(NUMBER))["data"] == NEW | {"mobile": NUMBER}
    assert alice.user.mobile == f"+86{NUMBER}"


def test_mobile_of_a_returning_user_is_bound_once_and_not_paid_for_again(alice: Phone, wechat: Running) -> None:
    alice.complete()

    assert alice.auth_login(mobile_code=alice.phone_code(NUMBER))["data"] == WITH_MOBILE
    assert alice.auth_login(mobile_code=alice.phone_code("13900139000"))["data"] == WITH_MOBILE
    assert wechat.calls(PHONE) == 1


def test_taken_mobile_refuses_the_registration(alice: Phone, bob: Phone) -> None:
    become_bound(bob)
    before = User.objects.count()

    body = alice.auth_login(mobile_code=alice.phone_code(NUMBER), headers={"accept_language": "en"})

    assert body == {
        "code": 0,
        "msg": "This mobile number belongs to another account.",
        "data": {"error": "mobile_taken"},
    }
    assert (User.objects.count(), bob.user.mobile) == (before, f"+86{NUMBER}")


def test_wrong_phone_code_refuses_the_registration(alice: Phone) -> None:
    assert alice.auth_login(mobile_code="nonsense")["data"] == {"error": "mobile_code_invalid"}
    assert User.objects.count() == 0


@pytest.mark.parametrize("fault", [{"kind": "status"}, {"kind": "errcode", "errcode": 48001}, {"kind": "reset"}])
def test_phone_service_out_of_order_costs_the_number_not_the_login(
    alice: Phone, wechat: Running, fault: dict[str, Any]
) -> None:
    wechat.fault(fault.pop("kind"), path=PHONE, **fault)

    assert alice.auth_login(mobile_code=alice.phone_code(NUMBER))["data"] == NEW


def test_disabled_user_is_refused_before_anything_is_paid_or_written(alice: Phone, wechat: Running) -> None:
    become_disabled(alice)
    before = User.objects.filter(pk=alice.user.pk).values().get()

    alice.auth_login(nickname="Mallory", mobile_code=alice.phone_code(NUMBER))

    assert User.objects.values().get() == before
    assert wechat.calls(PHONE) == 0


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """The path of every endpoint under `/api/`."""
    for entry in patterns:
        text = prefix + str(entry.pattern).strip("^$").removesuffix("/?")
        if isinstance(entry, URLResolver) and (prefix or text == "api/"):
            yield from routes(entry.url_patterns, text)
        elif isinstance(entry, URLPattern) and text.startswith("api/"):
            yield ARGUMENT.sub("service", text)


def answers_to(phone: Phone, path: str) -> set[int]:
    """The codes that GET and POST get; a 405 is no answer."""
    headers = {"token": phone.token}
    responses = [ask(f"/{path}", headers=headers) for ask in (phone.client.get, phone.client.post)]
    return {response.json()["code"] for response in responses if response.status_code != 405}


@pytest.mark.parametrize("become", [become_new, become_complete])
def test_token_of_an_account_that_owes_a_step_opens_nothing_else(
    alice: Phone, set_switches: Any, become: Callable[[Phone], None]
) -> None:
    """T12: whatever endpoint is added later is closed too, unless it is named here."""
    become(alice)
    set_switches(coerce_mobile=True)
    found = set(routes(get_resolver().url_patterns))
    assert found > OPEN | WHILE_OWING

    for path in found - OPEN - WHILE_OWING:
        assert answers_to(alice, path) == {-1}
    for path in WHILE_OWING - {"api/login/logout"}:
        assert answers_to(alice, path) == {0}
    assert answers_to(alice, "api/login/logout") == {1}


@pytest.mark.parametrize("path", sorted(WHILE_OWING | {"api/user/delete", "api/user/info"}))
def test_nothing_behind_a_token_opens_without_one(alice: Phone, path: str) -> None:
    alice.register()
    alice.token = ""
    assert answers_to(alice, path) == {-1}


@pytest.mark.parametrize(
    "fields",
    [
        {"is_new_user": 0},
        {"is_new_user": False, "nickname": "", "avatar": ""},
        {"nickname": "  ", "avatar": " "},
        {"nickname": "微信用户", "avatar": "wxfile://tmp_1.jpg"},
        {"profile_completed_at": "2026-01-01", "next_step": ""},
    ],
)
def test_nobody_talks_themselves_out_of_being_new(alice: Phone, fields: dict[str, Any]) -> None:
    """T12."""
    alice.register()

    body = alice.update_user(**fields)

    assert (body["code"], body["data"]["error"]) == (0, "invalid_input")
    for _attempt in range(2):
        assert alice.silent_login()["data"] == NEW
    assert alice.get("user/info", accept_language="en") == NOT_LOGGED_IN


def test_first_token_becomes_a_full_one_once_nothing_is_owed(alice: Phone) -> None:
    """T25: the design's client logs in with the token that the button gave it."""
    alice.register()
    first = alice.token
    assert alice.get("user/info")["code"] == -1

    assert alice.update_user(nickname="Alice", avatar=WECHAT_AVATAR)["data"] == COMPLETE

    assert alice.token != first
    alice.token = first
    assert alice.get("user/info")["code"] == 1
    assert alice.headers["X-Renewed-Token"] == TOKEN


@pytest.mark.parametrize(
    ("become", "minutes", "usable"),
    [
        (become_new, 29, True),
        (become_new, 32, False),
        (become_complete, 32, True),
        (become_complete, 7 * 1440 - 1, True),
        (become_complete, 7 * 1440 + 2, False),
    ],
)
def test_token_lives_for_half_an_hour_while_a_step_is_owed_and_then_for_a_week(
    alice: Phone, become: Callable[[Phone], None], minutes: int, usable: bool
) -> None:
    become(alice)

    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        assert (alice.update_user(nickname="Alina")["code"] == 1) is usable


def test_failed_registration_leaves_nothing_and_the_next_one_works(alice: Phone, monkeypatch: Any) -> None:
    """T11: everything of a registration is written, or nothing."""
    before = everything_stored()
    with monkeypatch.context() as patched:
        patched.setattr("accounts.login.Consent.objects.create", lambda **row: 1 / 0)
        assert alice.auth_login(headers={"accept_language": "en"}) == {
            "code": 0,
            "msg": "Something went wrong here.",
            "data": {"error": "server_error"},
        }
        assert alice.status == 500
    assert everything_stored() == before

    assert alice.auth_login()["data"] == NEW

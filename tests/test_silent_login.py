"""Contract §3, first column: what each visitor gets from silent login, and what it costs the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.serializers import serialize
from django.db import connection
from django.utils import timezone

from accounts.models import User
from tests.conftest import Phone
from wechat.simulator.threaded import Running

NUMBER = "13800138000"
SESSION = "/sns/jscode2session"


class AnyToken(str):
    """Equal to every JWT, so that whole answers can be compared."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith("eyJ") and other.count(".") == 2

    __hash__ = str.__hash__


TOKEN = AnyToken("a JWT")
VISITOR = {"token": "", "is_new_user": True, "mobile": "", "next_step": "authorize"}
NEW = {"token": TOKEN, "is_new_user": True, "mobile": "", "next_step": "complete_profile"}
COMPLETE = {"token": TOKEN, "is_new_user": False, "mobile": "", "next_step": ""}
WITH_MOBILE = COMPLETE | {"mobile": NUMBER}
OWES_MOBILE = COMPLETE | {"next_step": "bind_mobile"}

ASKED = {"code": 1, "msg": "Please tap the login button", "data": VISITOR}
WELCOME = {"code": 1, "msg": "Logged in", "data": COMPLETE}
DISABLED = {
    "code": 0,
    "msg": "This account has been disabled. Please contact customer service.",
    "data": {"error": "account_disabled"},
}


def disable(phone: Phone) -> None:
    User.objects.filter(pk=phone.user.pk).update(is_active=False)


def become_unknown(phone: Phone) -> None:
    """Everybody is, to begin with."""


def become_new(phone: Phone) -> None:
    phone.register()


def become_complete(phone: Phone) -> None:
    phone.complete()


def become_bound(phone: Phone) -> None:
    assert phone.complete().bind_mobile(NUMBER)["code"] == 1


def become_disabled(phone: Phone) -> None:
    disable(phone.complete())


def become_disabled_when_new(phone: Phone) -> None:
    disable(phone.register())


def become_deleted(phone: Phone) -> None:
    assert phone.complete().post("user/delete", {"confirm": True})["code"] == 1


def everything_stored() -> str:
    """Every row of every table, as text."""
    rows = [row for model in apps.get_models() for row in model._base_manager.order_by("pk")]
    return serialize("json", rows)


@pytest.mark.parametrize(
    ("become", "coerce_mobile", "answer"),
    [
        (become_unknown, False, ASKED),
        (become_unknown, True, ASKED),
        (become_new, False, {"code": 1, "msg": "Please complete your profile", "data": NEW}),
        (become_new, True, {"code": 1, "msg": "Please complete your profile", "data": NEW}),
        (become_complete, False, WELCOME),
        (become_complete, True, {"code": 1, "msg": "Please bind your mobile number", "data": OWES_MOBILE}),
        (become_bound, False, {"code": 1, "msg": "Logged in", "data": WITH_MOBILE}),
        (become_bound, True, {"code": 1, "msg": "Logged in", "data": WITH_MOBILE}),
        (become_disabled, False, DISABLED),
        (become_disabled_when_new, True, DISABLED),
        (become_deleted, False, ASKED),
    ],
)
def test_each_state_has_its_answer(
    alice: Phone, set_switches: Any, become: Callable[[Phone], None], coerce_mobile: bool, answer: Any
) -> None:
    become(alice)
    set_switches(coerce_mobile=coerce_mobile)

    assert alice.silent_login(accept_language="en") == answer
    assert alice.status == 200


def test_unknown_visitor_leaves_no_trace(alice: Phone, bob: Phone) -> None:
    bob.complete()
    before = everything_stored()

    assert alice.silent_login(accept_language="en") == ASKED
    assert everything_stored() == before


def test_known_user_costs_two_selects_and_no_write(alice: Phone, django_assert_num_queries: Any) -> None:
    alice.complete()
    before = everything_stored()

    with django_assert_num_queries(2) as queries:
        alice.silent_login()

    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]
    assert everything_stored() == before


def test_postgresql_plans_the_hot_path_once(alice: Phone, bob: Phone, set_switches: Any) -> None:
    """For everybody. It plans anew for the first five, then keeps a plan that does not depend on who it is."""
    if connection.vendor != "postgresql":
        pytest.skip("others have no plans to keep")
    for phone in (alice, bob):
        phone.complete()
        for _time in range(3):
            phone.silent_login()
            phone.get("user/info")

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans FROM pg_prepared_statements")
        planned = dict(cursor.fetchall())

    assert len(planned) == 3
    assert all("accounts_wechatopenid" in sql or "settings_app_loginsettings" in sql for sql in planned)
    assert all(kept > 0 for kept in planned.values())


def test_token_check_costs_one_select(alice: Phone, set_switches: Any, django_assert_num_queries: Any) -> None:
    alice.complete()
    set_switches(coerce_mobile=False)

    with django_assert_num_queries(1) as queries:
        assert alice.get("user/info")["code"] == 1

    assert queries[0]["sql"].startswith("SELECT")


def test_no_profile_field_is_written(alice: Phone) -> None:
    """Not even for somebody whose profile lacks something, and not when the login itself is remembered."""
    alice.register(nickname="Alice")
    account = User.objects.filter(pk=alice.user.pk)
    before = account.values().get()

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        alice.silent_login()

    after = account.values().get()
    assert after.pop("last_login") > before.pop("last_login")
    assert after == before


def test_own_profile_is_told_in_full(alice: Phone) -> None:
    become_bound(alice)
    alice.silent_login()

    assert alice.get("user/info", accept_language="en") == {
        "code": 1,
        "msg": "Done",
        "data": {
            "sn": alice.user.sn,
            "nickname": "Alice",
            "avatar": "https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTIabcdefghijk/132",
            "mobile": NUMBER,
            "is_new_user": False,
            "registered_at": timezone.localtime(alice.user.registered_at).isoformat(),
        },
    }


@pytest.mark.parametrize("endpoint", ["login/silentLogin", "login/authLogin"])
@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": None}, {"code": 7}, {"code": ["x"]}, {"code": {"x": 1}}])
def test_login_needs_a_code(alice: Phone, wechat: Running, endpoint: str, body: Any) -> None:
    answer = alice.post(endpoint, body)

    assert (answer["code"], answer["data"]["error"], list(answer["data"]["fields"])) == (0, "invalid_input", ["code"])
    assert (alice.status, wechat.calls()) == (200, 0)


@pytest.mark.parametrize("endpoint", ["login/silentLogin", "login/authLogin"])
@pytest.mark.parametrize("code", ["a b", "a\n", "a\x00", "ａ", "码", "\ud800", "x" * 257])
def test_code_that_wechat_cannot_have_given_is_not_sent_there(
    alice: Phone, wechat: Running, endpoint: str, code: str
) -> None:
    answer = alice.post(endpoint, {"code": code})

    assert (answer["code"], answer["data"]["error"], list(answer["data"]["fields"])) == (0, "invalid_input", ["code"])
    assert (alice.status, wechat.calls()) == (200, 0)


@pytest.mark.parametrize("path", ["login/silentLogin", "login/silentLogin/"])
def test_form_bodies_are_read_too_and_unknown_fields_are_not(alice: Phone, path: str) -> None:
    alice.complete()

    response = alice.client.post(f"/api/{path}", {"code": alice.code(), "nickname": "Mallory", "page": 7})

    assert response.json()["data"] == COMPLETE
    assert response.headers["Cache-Control"] == "no-store"
    assert alice.user.nickname == "Alice"


@pytest.mark.parametrize("endpoint", ["login/silentLogin", "login/authLogin"])
@pytest.mark.parametrize("headers", [{"token": "{}"}, {"Authorization": "Bearer {}"}])
@pytest.mark.parametrize("kind", ["revoked", "garbage", "expired"])
def test_stale_token_keeps_nobody_from_logging_in(
    alice: Phone, endpoint: str, headers: dict[str, str], kind: str
) -> None:
    alice.complete()
    stale = "garbage" if kind == "garbage" else alice.token
    if kind == "revoked":
        alice.post("login/logout")
    alice.token = ""
    sent = {name: value.format(stale) for name, value in headers.items()}
    later = timedelta(days=8) if kind == "expired" else timedelta()

    with time_machine.travel(timezone.now() + later):
        assert alice.post(endpoint, {"code": alice.code()}, accept_language="en", **sent) == WELCOME

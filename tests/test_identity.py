"""Contract §5: who somebody is comes from WeChat alone, and one person stays one account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection

from accounts.models import LoginEvent, User, WechatOpenid, WechatUnionid
from tests.canary import SESSION_KEY
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_silent_login import COMPLETE, NEW, NUMBER, SESSION, VISITOR, WELCOME, disable, everything_stored
from wechat.simulator.threaded import Running

FIRST, SECOND = "wx1111111111111111", "wx2222222222222222"
CONFLICT, ATTACHED = LoginEvent.Kind.UNIONID_CONFLICT, LoginEvent.Kind.UNIONID_ATTACHED
LOGINS = ["login/silentLogin", "login/authLogin"]


def next_session(wechat: Running, openid: Any, **more: Any) -> None:
    """What WeChat answers to the next login, whatever its code."""
    wechat.fault("body", path=SESSION, calls=1, body={"session_key": SESSION_KEY, "openid": openid, **more})


def bind_to_open_platform(wechat: Running, *appids: str) -> None:
    for appid in appids:
        wechat.world.set_app(replace(wechat.world.apps[appid], open_account="one company"))


def kinds(phone: Phone) -> list[str]:
    return list(phone.user.events.order_by("pk").values_list("kind", flat=True))


@pytest.mark.parametrize("endpoint", LOGINS)
def test_replayed_code_is_refused_for_ever(alice: Phone, endpoint: str) -> None:
    """T01: an answer is never kept to be given again."""
    code = alice.complete().code()
    answers = [alice.post(endpoint, {"code": code}, accept_language="en") for _attempt in range(5)]

    msg = "This login code has been used already. Please try again."
    used = {"code": 0, "msg": msg, "data": {"error": "code_used"}}
    assert answers == [WELCOME, used, used, used, used]


@pytest.mark.parametrize("endpoint", LOGINS)
def test_code_of_another_app_expired_or_unknown_makes_no_account(alice: Phone, wechat: Running, endpoint: str) -> None:
    """T02."""
    foreign = wechat.world.mint_login_code(SECOND, "alice")
    expired = wechat.world.mint_login_code(FIRST, "alice", life=0)
    for code in (foreign, expired, "nonsense"):
        assert alice.post(endpoint, {"code": code}, accept_language="en") == {
            "code": 0,
            "msg": "The login code is not valid or has expired. Please try again.",
            "data": {"error": "code_invalid"},
        }
    assert User.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["openid", "unionid", "user_id", "session_key", "token", "X-WX-OPENID", "X-WX-UNIONID"]
)
@pytest.mark.parametrize("where", ["body", "query", "header", "cookie"])
@pytest.mark.parametrize("endpoint", LOGINS)
def test_no_identity_is_read_from_a_client(
    alice: Phone, bob: Phone, wechat: Running, *, name: str, where: str, endpoint: str
) -> None:
    """T03."""
    bind_to_open_platform(wechat, FIRST)
    bob.complete()
    alice.complete()
    bobs = bob.user
    values = {"user_id": str(bobs.pk), "session_key": SESSION_KEY, "token": bob.token}
    values |= {"unionid": wechat.world.unionid(FIRST, "bob"), "X-WX-UNIONID": wechat.world.unionid(FIRST, "bob")}
    sent = {name: values.get(name, wechat.world.openid(FIRST, "bob"))}
    if where == "cookie":
        alice.client.cookies.load(sent)

    response = alice.client.post(
        f"/api/{endpoint}",
        {"code": alice.code()} | (sent if where == "body" else {}),
        query_params=sent if where == "query" else None,
        headers=sent if where == "header" else None,
    )

    assert alice.body(response)["data"] == COMPLETE
    assert alice.user.nickname == "Alice"


@pytest.mark.parametrize(
    "injected", ["x&js_code={}", "{}&appid=wx2222222222222222", "x%26js_code%3D{}", "x#{}", "../{}", "x;js_code={}"]
)
def test_code_reaches_wechat_as_one_parameter(alice: Phone, bob: Phone, wechat: Running, injected: str) -> None:
    """T04: whatever it holds, nobody else is logged in with it."""
    bob.complete()
    code = injected.format(wechat.world.mint_login_code(FIRST, "bob"))

    assert alice.silent_login(code)["data"] == {"error": "code_invalid"}
    assert wechat.latest(SESSION)[-1].query == {
        "appid": FIRST,
        "secret": "5ecbe7c0ffee5ecbe7c0ffee5ecbe7c0",
        "js_code": code,
        "grant_type": "authorization_code",
    }


@pytest.mark.parametrize("endpoint", LOGINS)
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"openid": ""},
        {"openid": None},
        {"openid": 0},
        {"openid": 7},
        {"openid": True},
        {"openid": ["oA"]},
        {"openid": {"oA": 1}},
        {"openid": " "},
        {"openid": "o A"},
        {"openid": "x" * 129},
        {"openid": "oA", "errcode": "40029"},
        {"openid": "oA", "errcode": 99999},
        {"openid": "oA", "errcode": None},
        {"openid": "oA", "errcode": []},
    ],
)
def test_answer_without_a_usable_openid_logs_nobody_in(
    alice: Phone, bob: Phone, wechat: Running, endpoint: str, answer: Any
) -> None:
    """T05."""
    wechat.fault("body", path=SESSION, body={"session_key": SESSION_KEY, **answer})

    for phone in (alice, bob):
        body = phone.post(endpoint, {"code": phone.code()})
        assert (body["code"], "token" in body["data"]) == (0, False)
    assert (User.objects.count(), WechatOpenid.objects.count()) == (0, 0)


def test_blank_unionids_make_nobody_the_same_person(alice: Phone, wechat: Running) -> None:
    """T06."""
    blanks = ["", " ", None, "0", 0, "null", "undefined", False, [], {}, "NULL"]
    for number, blank in enumerate(blanks):
        next_session(wechat, f"o{number}", unionid=blank)
        assert alice.auth_login()["data"] == NEW

    assert User.objects.count() == len(blanks)
    assert not WechatUnionid.objects.exists()
    assert set(WechatOpenid.objects.values_list("union", flat=True)) == {None}


@pytest.mark.parametrize("endpoint", LOGINS)
@pytest.mark.parametrize(
    ("alices", "openid", "unionid", "owner", "unionids", "recorded"),
    [
        ("", "oNew", "", "", {"uBob": "Bob"}, ""),
        ("", "oNew", "uNew", "", {"uBob": "Bob", "uNew": ""}, ""),
        ("", "oNew", "uBob", "Bob", {"uBob": "Bob"}, ""),
        ("", "oAlice", "", "Alice", {"uBob": "Bob"}, ""),
        ("uAlice", "oAlice", "uAlice", "Alice", {"uAlice": "Alice", "uBob": "Bob"}, ""),
        ("uAlice", "oAlice", "", "Alice", {"uAlice": "Alice", "uBob": "Bob"}, ""),
        ("", "oAlice", "uNew", "Alice", {"uBob": "Bob", "uNew": "Alice"}, ATTACHED),
        ("uAlice", "oAlice", "uNew", "Alice", {"uAlice": "Alice", "uBob": "Bob", "uNew": "Alice"}, ATTACHED),
        ("", "oAlice", "uBob", "Alice", {"uBob": "Bob"}, CONFLICT),
        ("uAlice", "oAlice", "uBob", "Alice", {"uAlice": "Alice", "uBob": "Bob"}, CONFLICT),
    ],
)
def test_openid_decides_then_the_unionid(
    alice: Phone,
    bob: Phone,
    wechat: Running,
    *,
    endpoint: str,
    alices: str,
    openid: str,
    unionid: str,
    owner: str,
    unionids: dict[str, str],
    recorded: str,
) -> None:
    """T07: `alices` is the unionid that Alice's account had before; silent login makes no account and no openid."""
    for phone, own, union in ((alice, "oAlice", alices), (bob, "oBob", "uBob")):
        next_session(wechat, own, unionid=union)
        phone.complete()
    before = dict(WechatUnionid.objects.values_list("unionid", "user__nickname"))
    known = openid == "oAlice"
    visitor = Phone("whoever")

    for _twice in range(2):
        next_session(wechat, openid, unionid=unionid)
        data = visitor.post(endpoint, {"code": visitor.code()})["data"]
        if endpoint == "login/silentLogin" and not known:
            assert data == VISITOR
        else:
            assert data == (COMPLETE if owner else NEW)
            assert visitor.user.nickname == owner

    created = known or endpoint == "login/authLogin"
    assert dict(WechatUnionid.objects.values_list("unionid", "user__nickname")) == (unionids if created else before)
    assert User.objects.count() == 2 + (created and not owner)
    assert WechatOpenid.objects.filter(openid=openid).count() == int(created)
    told = LoginEvent.objects.filter(kind__in=[ATTACHED, CONFLICT]).values_list("kind", "user__nickname")
    assert list(told) == ([(recorded, "Alice")] if recorded else [])


@pytest.mark.parametrize("endpoint", LOGINS)
def test_conflict_moves_neither_openid_nor_mobile(alice: Phone, bob: Phone, wechat: Running, endpoint: str) -> None:
    """T07: nothing of either account changes but the record for staff."""
    next_session(wechat, "oBob", unionid="uBob")
    bob.complete()
    next_session(wechat, "oAlice")
    alice.complete()
    openids = list(WechatOpenid.objects.order_by("pk").values())

    next_session(wechat, "oAlice", unionid="uBob")
    alice.post(endpoint, {"code": alice.code()})

    assert list(WechatOpenid.objects.order_by("pk").values()) == openids
    assert kinds(bob) == ["registered", "completed"]
    assert "unionid_conflict" in kinds(alice)


def test_openids_that_differ_in_case_are_two_people(alice: Phone, bob: Phone, wechat: Running) -> None:
    """T08; unionids too."""
    for phone, openid, unionid in ((alice, "oAbCd", "uAbCd"), (bob, "oaBcD", "uaBcD")):
        next_session(wechat, openid, unionid=unionid)
        phone.complete()

    assert alice.user != bob.user
    next_session(wechat, "oabcd", unionid="uabcd")
    assert Phone("charlie").silent_login()["data"] == VISITOR


def test_one_openid_in_two_apps_is_two_identities(alice: Phone, wechat: Running) -> None:
    """T09: the key is (appid, openid)."""
    next_session(wechat, "oSame")
    alice.complete()

    next_session(wechat, "oSame")
    assert alice.silent_login(x_wechat_app="second")["data"] == VISITOR
    next_session(wechat, "oSame")
    assert alice.auth_login(headers={"x_wechat_app": "second"})["data"] == NEW

    assert sorted(WechatOpenid.objects.values_list("appid", "openid")) == [(FIRST, "oSame"), (SECOND, "oSame")]
    assert User.objects.count() == 2


def test_code_is_exchanged_with_the_secret_of_its_app(alice: Phone, wechat: Running) -> None:
    alice.silent_login(wechat.world.mint_login_code(SECOND, "alice"), x_wechat_app="second")

    sent = wechat.latest(SESSION)[-1].query
    assert (sent["appid"], sent["secret"]) == (SECOND, "5ecb37c0ffee5ecb37c0ffee5ecb37c0")


@pytest.mark.parametrize("path", ["login/silentLogin", "login/authLogin", "login/updateUser", "user/bindMobile"])
def test_unknown_app_is_invalid_input(alice: Phone, wechat: Running, path: str) -> None:
    alice.complete()
    calls = wechat.calls()
    body = {"code": alice.code(), "nickname": "Alina"}

    assert alice.post(path, body, accept_language="en", x_wechat_app="third") == {
        "code": 0,
        "msg": "There is no mini-program of this name here.",
        "data": {
            "error": "invalid_input",
            "fields": {"X-Wechat-App": ["There is no mini-program of this name here."]},
        },
    }
    assert wechat.calls() == calls


def test_apps_of_one_company_share_the_account(alice: Phone, wechat: Running) -> None:
    bind_to_open_platform(wechat, FIRST, SECOND)
    alice.complete()
    account = alice.user

    assert alice.silent_login(x_wechat_app="second")["data"] == VISITOR
    assert alice.auth_login(headers={"x_wechat_app": "second"})["data"] == COMPLETE
    assert alice.silent_login(x_wechat_app="second")["data"] == COMPLETE

    assert alice.user == account
    assert account.openids.count() == 2
    assert account.consents.count() == 2


def test_disabled_account_is_not_entered_through_another_app(alice: Phone, wechat: Running) -> None:
    bind_to_open_platform(wechat, FIRST, SECOND)
    disable(alice.complete())

    assert alice.auth_login(headers={"x_wechat_app": "second"})["data"] == {"error": "account_disabled"}
    assert WechatOpenid.objects.count() == 1


def test_unionid_that_appears_later_is_attached(alice: Phone, bob: Phone, wechat: Running) -> None:
    """Binding the app to an Open Platform account orphans nobody, and the next app finds the account."""
    alice.complete()
    bob.complete()
    account = alice.user

    bind_to_open_platform(wechat, FIRST, SECOND)
    assert alice.silent_login()["data"] == COMPLETE
    assert alice.silent_login()["data"] == COMPLETE

    assert kinds(alice).count(ATTACHED) == 1
    assert alice.auth_login(headers={"x_wechat_app": "second"})["data"] == COMPLETE
    assert alice.user == account


@pytest.mark.django_db(transaction=True)
def test_wechat_is_never_asked_inside_a_transaction(alice: Phone, monkeypatch: Any) -> None:
    """T11."""
    from wechat import transport

    call = transport.call
    asked = []

    def watched(request: requests.PreparedRequest) -> dict[str, Any]:
        asked.append((urlsplit(request.url).path, connection.in_atomic_block))
        return call(request)

    monkeypatch.setattr(transport, "call", watched)
    alice.register(mobile_code=alice.phone_code(NUMBER))
    alice.update_user(nickname="Alice", avatar=WECHAT_AVATAR, mobile_code=alice.phone_code("13900139000"))
    alice.bind_mobile(NUMBER)
    alice.silent_login()

    assert {path for path, _inside in asked} > {SESSION, "/wxa/msg_sec_check", "/wxa/business/getuserphonenumber"}
    assert not any(inside for _path, inside in asked)


@pytest.mark.parametrize("endpoint", LOGINS)
def test_answers_do_not_tell_whether_somebody_exists(alice: Phone, bob: Phone, wechat: Running, endpoint: str) -> None:
    """T50: neither an openid nor a number can be asked for; what was deleted is as unknown as what never was."""
    bob.complete()
    assert bob.bind_mobile(NUMBER)["code"] == 1
    before = everything_stored()
    known = {"openid": wechat.world.openid(FIRST, "bob"), "mobile": NUMBER, "mobile_code": "nonsense"}
    unknown = {"openid": "oNobody", "mobile": "13900139000", "mobile_code": "nonsense"}

    answers = [
        alice.post(endpoint, {"code": "nonsense-" + name, **sent}) for name, sent in (("a", known), ("b", unknown))
    ]

    assert answers[0] == answers[1]
    assert everything_stored().count('"accounts.user"') == before.count('"accounts.user"')

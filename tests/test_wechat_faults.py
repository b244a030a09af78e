"""Whatever WeChat answers, or does not: one clean refusal, nothing written but the record of it, the code sent once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import translation

from accounts.models import LoginEvent, User, WechatOpenid
from tests import canary, chains
from tests.conftest import Phone
from wechat import transport
from wechat.client import code_to_session
from wechat.errors import CATALOGUE, PHONE, WechatError
from wechat.miniprogram import mini_program
from wechat.simulator.threaded import Running

LOGIN, PHONE_NUMBER = "/sns/jscode2session", "/wxa/business/getuserphonenumber"
LOGINS = ["login/silentLogin", "login/authLogin"]

# kind of the fault, and what belongs to it
NO_ANSWER: dict[str, tuple[str, dict[str, Any]]] = {
    "500": ("status", {"status": 500}),
    "502": ("status", {"status": 502}),
    "503": ("status", {"status": 503}),
    "429": ("status", {"status": 429}),
    "404": ("status", {"status": 404}),
    "204": ("status", {"status": 204}),
    "500 with a good body": ("status", {"status": 500, "text": '{"openid": "oGood"}'}),
    "empty": ("empty", {}),
    "garbage": ("garbage", {}),
    "truncated": ("truncated", {}),
    "reset": ("reset", {}),
    "closed": ("close", {}),
    "huge": ("huge", {"megabytes": 5}),
    "huge in chunks": ("huge", {"megabytes": 5, "chunked": True}),
    "array": ("body", {"body": [{"openid": "oGood"}]}),
    "null": ("body", {"text": "null"}),
    "number": ("body", {"body": 5}),
    "text": ("body", {"body": "openid"}),
    "deep": ("body", {"text": "[" * 50_000}),
    "deep object": ("body", {"text": '{"a":' * 10_000}),
    "endless number": ("body", {"text": '{"errcode": ' + "9" * 5000 + "}"}),
    "html": ("body", {"text": "<html>openid</html>"}),
    "no openid": ("body", {"body": {"session_key": "k"}}),
    "openid null": ("body", {"body": {"openid": None}}),
    "openid number": ("body", {"body": {"openid": 7}}),
    "openid true": ("body", {"body": {"openid": True}}),
    "openid list": ("body", {"body": {"openid": ["oGood"]}}),
    "openid object": ("body", {"body": {"openid": {"openid": "oGood"}}}),
    "openid empty": ("body", {"body": {"openid": ""}}),
    "openid blank": ("body", {"body": {"openid": "   "}}),
    "openid with a blank": ("body", {"body": {"openid": "oGood oGood"}}),
    "openid undecodable": ("body", {"body": {"openid": "o\ufffd"}}),
    "openid too long": ("body", {"body": {"openid": "o" * 129}}),
    "errcode -1": ("errcode", {"errcode": -1}),
    "errcode null": ("body", {"body": {"openid": "oGood", "errcode": None}}),
    "errcode true": ("body", {"body": {"openid": "oGood", "errcode": True}}),
    "errcode word": ("body", {"body": {"openid": "oGood", "errcode": "none"}}),
    "errcode list": ("body", {"body": {"openid": "oGood", "errcode": [0]}}),
    "errcode fraction": ("body", {"body": {"openid": "oGood", "errcode": 0.5}}),
    "errcode infinite": ("body", {"text": '{"openid": "oGood", "errcode": 1e999}'}),
    "errcode of no size": ("body", {"body": {"openid": "oGood", "errcode": 10**30}}),
    "errcode as text of no size": ("body", {"body": {"openid": "oGood", "errcode": "9" * 30}}),
}
# Contract §6; what is not here must not be in the catalogue.
SLUGS = {
    "code_invalid": [40029, 41008, 42003],
    "code_used": [40163],
    "wechat_rate_limited": [45009, 45011, 44991],
    "wechat_blocked_user": [40226],
    "wechat_unavailable": [-1, 40003, 43104, 61010],
    "wechat_misconfigured": [
        *(40001, 40002, 40013, 40014, 40033, 40097, 40125, 40129, 40164, 40243, 41001, 41002, 41004, 42001, 43002),
        *(43003, 44002, 47001, 48001, 48004, 50002, 50004, 50007, 61004, 89503, 89506, 89507),
    ],
}
SLUG_OF = {errcode: slug for slug, errcodes in SLUGS.items() for errcode in errcodes}
PHONE_SLUG_OF = SLUG_OF | dict.fromkeys((40003, 40013, 40029, 40097, 40163, 43104), "mobile_code_invalid")


def written() -> tuple[int, int, list[tuple[str, str]]]:
    """Accounts, openids, and the refusals on record."""
    return User.objects.count(), WechatOpenid.objects.count(), list(LoginEvent.objects.values_list("kind", "reason"))


@pytest.mark.parametrize("path", LOGINS)
@pytest.mark.parametrize("fault", NO_ANSWER)
def test_no_usable_answer_is_unavailable_and_makes_no_account(
    alice: Phone, wechat: Running, fault: str, path: str
) -> None:
    kind, given = NO_ANSWER[fault]
    wechat.fault(kind, path=LOGIN, **given)

    body = alice.post(path, {"code": alice.code()}, accept_language="en")

    assert body == {
        "code": 0,
        "msg": "WeChat cannot be reached at the moment. Please try again.",
        "data": {"error": "wechat_unavailable"},
    }
    assert (alice.status, alice.headers["Retry-After"]) == (503, "5")
    assert written() == (0, 0, [("refused", "wechat_unavailable")])
    assert wechat.calls(LOGIN) == 1


@pytest.mark.parametrize("path", LOGINS)
def test_wechat_that_hangs_is_given_up_in_five_seconds(alice: Phone, wechat: Running, path: str) -> None:
    wechat.fault("hang", path=LOGIN)

    started = time.monotonic()
    body = alice.post(path, {"code": alice.code()})

    assert (alice.status, body["data"]) == (503, {"error": "wechat_unavailable"})
    assert 3.5 < time.monotonic() - started < 5
    assert wechat.calls(LOGIN) == 1


def test_wechat_that_is_not_there_is_unavailable(alice: Phone, settings: Any) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"

    body = alice.silent_login()

    assert (alice.status, body["data"]) == (503, {"error": "wechat_unavailable"})
    assert written() == (0, 0, [("refused", "wechat_unavailable")])


@pytest.mark.parametrize("headers", [False, True], ids=["body", "headers"])
def test_slow_drip_is_given_up_in_time(
    alice: Phone, wechat: Running, headers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.5)
    wechat.fault("drip", path=LOGIN, interval_ms=100, headers=headers)

    started = time.monotonic()
    assert alice.silent_login()["data"] == {"error": "wechat_unavailable"}

    assert time.monotonic() - started < 1.5
    assert wechat.calls(LOGIN) == 1


def test_people_with_broken_answers_never_share_an_account(alice: Phone, bob: Phone, wechat: Running) -> None:
    wechat.fault("body", path=LOGIN, body={"openid": "", "unionid": ""})

    assert alice.auth_login()["code"] == bob.auth_login()["code"] == 0
    assert User.objects.count() == 0


def test_the_test_knows_the_whole_catalogue() -> None:
    assert set(SLUG_OF) == set(CATALOGUE) == set(PHONE)


@pytest.mark.parametrize("as_text", [False, True], ids=["number", "text"])
@pytest.mark.parametrize("errcode", sorted(SLUG_OF))
def test_each_errcode_has_its_slug_and_tells_the_operator_why(
    alice: Phone, wechat: Running, errcode: int, as_text: bool, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = {"errcode": str(errcode) if as_text else errcode, "errmsg": "their words, rid: 1-2-3"}
    wechat.fault("body", path=LOGIN, body=refusal)

    body = alice.auth_login()

    assert (body["code"], body["data"]) == (0, {"error": SLUG_OF[errcode]})
    assert alice.status == (503 if SLUG_OF[errcode] == "wechat_unavailable" else 200)
    assert "their words" not in body["msg"]
    assert written() == (0, 0, [("refused", SLUG_OF[errcode])])
    assert LoginEvent.objects.get().errcode == errcode
    (record,) = (record for record in caplog.records if record.name == "wechat.client")
    with translation.override(None):
        cause, remedy = str(CATALOGUE[errcode].cause), str(CATALOGUE[errcode].remedy)
    assert record.getMessage() == f"WeChat jscode2session failed: {cause}"
    assert (record.errcode, record.error, record.remedy) == (errcode, SLUG_OF[errcode], remedy)


@pytest.mark.parametrize("errcode", sorted(code for code, slug in SLUG_OF.items() if slug == "wechat_misconfigured"))
def test_whatever_an_operator_has_to_mend_comes_with_a_remedy(errcode: int) -> None:
    meaning = CATALOGUE[errcode]

    assert str(meaning.cause)
    assert str(meaning.remedy)


@pytest.mark.parametrize("errcode", sorted(PHONE_SLUG_OF))
def test_each_errcode_of_the_phone_call_has_its_slug(alice: Phone, wechat: Running, errcode: int) -> None:
    alice.complete()
    wechat.fault("errcode", path=PHONE_NUMBER, errcode=errcode)

    body = alice.bind_mobile("13800138000")

    assert (body["code"], body["data"]) == (0, {"error": PHONE_SLUG_OF[errcode]})
    assert alice.user.mobile is None


def test_errcode_that_nobody_knows_is_the_operators_to_look_up(alice: Phone, wechat: Running) -> None:
    wechat.fault("errcode", path=LOGIN, errcode=99999)

    assert alice.silent_login()["data"] == {"error": "wechat_misconfigured"}
    assert LoginEvent.objects.get().errcode == 99999


@pytest.mark.parametrize(
    "text",
    [
        '{"session_key":"a\\/b==","openid":"oSlash\\/1"}',
        '{"session_key":"k","openid":"oSlash/1","nick":"a\x01\x1f\tb"}',
        '{"session_key":"k","openid":"oSlash/1","errcode":0,"errmsg":"ok"}',
        '{"session_key":"k","openid":"oSlash/1","errcode":"0","unionid":""}',
        '\n {"openid":"oSlash/1","expires_in":7200} \n',
    ],
    ids=["escaped slashes", "control characters", "errcode 0", "errcode 0 as text", "white space"],
)
def test_answer_in_wechats_dialect_is_understood(alice: Phone, wechat: Running, text: str) -> None:
    wechat.fault("body", path=LOGIN, text=text)

    assert alice.auth_login()["code"] == 1
    assert list(WechatOpenid.objects.values_list("openid", "union")) == [("oSlash/1", None)]


@pytest.mark.parametrize(
    "code",
    [
        "x&js_code=sim-bob-1",
        "x&appid=wx2222222222222222&secret=s",
        "x#fragment",
        "x?grant_type=client_credential",
        "x%26js_code=sim-bob-1",
        "x;js_code=sim-bob-1",
        "../../cgi-bin/token?x=y",
        "+/=%2B%00",
    ],
)
def test_code_arrives_as_one_parameter_byte_by_byte(alice: Phone, wechat: Running, code: str) -> None:
    assert alice.silent_login(code)["data"] == {"error": "code_invalid"}

    (call,) = wechat.latest()
    app = mini_program()
    assert (call.method, call.path) == ("GET", LOGIN)
    assert call.query == {
        "appid": app.appid,
        "secret": app.secret,
        "js_code": code,
        "grant_type": "authorization_code",
    }


def test_logins_need_no_access_token(alice: Phone, wechat: Running) -> None:
    alice.register()
    alice.silent_login()

    assert {call.path for call in wechat.latest()} == {LOGIN}
    assert all("access_token" not in call.query for call in wechat.latest())


def test_whoever_does_not_need_wechat_is_served_while_it_hangs(alice: Phone, wechat: Running, settings: Any) -> None:
    settings.WECHAT_MAX_IN_FLIGHT = 4
    alice.complete()
    wechat.fault("hang", path=LOGIN)
    with ThreadPoolExecutor(4) as threads:
        hanging = [threads.submit(code_to_session, alice.code(), app=mini_program()) for _ in range(4)]
        while wechat.calls(LOGIN) < 5:
            time.sleep(0.01)

        assert seconds_of(lambda: alice.get("user/info")["code"]) < 0.5
        events = LoginEvent.objects.count()
        assert seconds_of(lambda: alice.silent_login()) < 0.5
        assert (alice.status, alice.headers["Retry-After"]) == (503, "5")
        assert (LoginEvent.objects.count(), wechat.calls(LOGIN)) == (events, 5)
        assert all(isinstance(waiting.exception(), WechatError) for waiting in hanging)


def seconds_of(work: Any) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.mark.parametrize("fault", ["500", "garbage", "truncated", "reset", "closed", "huge", "openid null", "array"])
def test_no_failure_holds_a_secret(wechat: Running, fault: str) -> None:
    kind, given = NO_ANSWER[fault]
    wechat.fault(kind, path=LOGIN, **given)

    code = f"sim-alice-{time.monotonic_ns()}"
    with pytest.raises(WechatError) as raised:
        code_to_session(code, app=mini_program())

    everything = chains.everything_in(raised.value)
    assert canary.found_in(everything) == []
    assert code not in everything

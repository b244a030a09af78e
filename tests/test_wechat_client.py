"""What is made of WeChat's good answers: a number in E.164, a judgement, a unionid that is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wechat.client import WechatUser, check_text, code_to_session, phone_number
from wechat.errors import PhoneCodeInvalid, WechatUnavailable
from wechat.miniprogram import MiniProgram, mini_program
from wechat.simulator.threaded import Running

LOGIN, PHONE_NUMBER, TEXT = "/sns/jscode2session", "/wxa/business/getuserphonenumber", "/wxa/msg_sec_check"


@pytest.fixture
def app(wechat: Running) -> MiniProgram:
    return mini_program()


def phone_info(app: MiniProgram, **changed: Any) -> dict[str, Any]:
    info = {"phoneNumber": "13800138000", "purePhoneNumber": "13800138000", "countryCode": "86"}
    return {"errcode": 0, "phone_info": info | {"watermark": {"timestamp": 1, "appid": app.appid}} | changed}


@pytest.mark.parametrize(
    ("country", "pure", "number"),
    [
        ("86", "13800138000", "+8613800138000"),
        (86, "13800138000", "+8613800138000"),
        ("+86", "13800138000", "+8613800138000"),
        ("0086", "13800138000", "+8613800138000"),
        ("852", "61234567", "+85261234567"),
        (1, 4155550123, "+14155550123"),
    ],
)
def test_number_is_e164_however_it_is_written(
    app: MiniProgram, wechat: Running, country: object, pure: object, number: str
) -> None:
    wechat.fault("body", path=PHONE_NUMBER, body=phone_info(app, countryCode=country, purePhoneNumber=pure))

    assert phone_number("code", openid="o1", app=app) == number


@pytest.mark.parametrize(
    "changed",
    [
        {"countryCode": None},
        {"countryCode": ""},
        {"countryCode": "0"},
        {"countryCode": "12345"},
        {"purePhoneNumber": None},
        {"purePhoneNumber": ""},
        {"purePhoneNumber": "138-x013"},
        {"purePhoneNumber": "1" * 16},
    ],
)
def test_answer_without_a_number_is_none(app: MiniProgram, wechat: Running, changed: dict[str, Any]) -> None:
    wechat.fault("body", path=PHONE_NUMBER, body=phone_info(app, **changed))

    with pytest.raises(WechatUnavailable, match="usable phone number"):
        phone_number("code", openid="o1", app=app)


@pytest.mark.parametrize("info", [None, [], "13800138000"])
def test_answer_without_phone_info_is_none(app: MiniProgram, wechat: Running, info: object) -> None:
    wechat.fault("body", path=PHONE_NUMBER, body={"errcode": 0, "phone_info": info})

    with pytest.raises(WechatUnavailable, match="phone_info"):
        phone_number("code", openid="o1", app=app)


@pytest.mark.parametrize("watermark", [None, {}, [], {"appid": "wx2222222222222222"}, {"appid": None}])
def test_number_with_another_watermark_is_refused(app: MiniProgram, wechat: Running, watermark: object) -> None:
    wechat.fault("body", path=PHONE_NUMBER, body=phone_info(app, watermark=watermark))

    with pytest.raises(PhoneCodeInvalid):
        phone_number("code", openid="o1", app=app)


def test_phone_code_goes_with_the_openid_it_must_belong_to(app: MiniProgram, wechat: Running) -> None:
    wechat.fault("body", path=PHONE_NUMBER, body=phone_info(app))

    phone_number("code", openid="o1", app=app)

    assert json.loads(wechat.latest(PHONE_NUMBER)[0].body) == {"code": "code", "openid": "o1"}


@pytest.mark.parametrize(
    "unionid", [None, "", " ", "0", 0, "null", "NULL", "undefined", True, ["u1"], "u\n1", "u" * 129]
)
def test_what_is_no_unionid_is_none(app: MiniProgram, wechat: Running, unionid: object) -> None:
    wechat.fault("body", path=LOGIN, body={"openid": "o1", "session_key": "k", "unionid": unionid})

    assert code_to_session("code", app=app) == WechatUser("o1", None)


def test_unionid_comes_with_the_openid(app: MiniProgram, wechat: Running) -> None:
    wechat.fault("body", path=LOGIN, body={"openid": "o1", "session_key": "k", "unionid": "u1"})

    assert code_to_session("code", app=app) == WechatUser("o1", "u1")


@pytest.mark.parametrize("suggest", ["pass", "review", "risky"])
def test_judgement_is_the_one_of_the_result(app: MiniProgram, wechat: Running, suggest: str) -> None:
    wechat.fault("body", path=TEXT, body={"errcode": 0, "result": {"suggest": suggest, "label": 100}})

    assert check_text("Alice", openid="o1", app=app) == suggest
    assert json.loads(wechat.latest(TEXT)[0].body) == {
        "version": 2,
        "scene": 1,
        "openid": "o1",
        "content": "Alice",
        "nickname": "Alice",
    }


@pytest.mark.parametrize("result", [None, {}, [], {"suggest": "unknown"}, {"suggest": None}, {"suggest": ["pass"]}])
def test_answer_without_a_judgement_is_none(app: MiniProgram, wechat: Running, result: object) -> None:
    wechat.fault("body", path=TEXT, body={"errcode": 0, "errmsg": "ok", "result": result})

    with pytest.raises(WechatUnavailable, match="judgement"):
        check_text("Alice", openid="o1", app=app)

"""The calls to WeChat that a login needs. Each raises a `WechatError` and logs what the operator should know."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from django.utils import translation

from wechat import access_token, transport
from wechat.errors import (
    CATALOGUE,
    PHONE,
    Meaning,
    PhoneCodeInvalid,
    TokenRejected,
    WechatError,
    WechatUnavailable,
    raise_for_errcode,
)
from wechat.miniprogram import MiniProgram

logger = logging.getLogger(__name__)

# WeChat's own have 28 characters of [A-Za-z0-9_-]; whatever prints and has no blank is let through.
IDENTIFIER = re.compile(r"[!-~]{1,128}")
NO_UNIONID = {"0", "null", "none", "nil", "undefined"}
DIGITS = re.compile(r"[0-9]{4,15}", re.ASCII)
BETWEEN_DIGITS = re.compile(r"[\s().‐-―-]")
MAINLAND, MAINLAND_LENGTH = "86", 11
PROFILE_SCENE = 1


@dataclass(frozen=True)
class WechatUser:
    """Who a login code stands for. The session_key that WeChat sends along is dropped on the spot."""

    openid: str
    unionid: str | None


def code_to_session(code: str, *, app: MiniProgram) -> WechatUser:
    """Exchange a `wx.login` code, once: a code that may have reached WeChat is never sent again."""
    params = {"appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code"}
    with reported("jscode2session", app):
        answer = transport.get("/sns/jscode2session", params)
        raise_for_errcode(answer)
        return WechatUser(openid=openid_of(answer), unionid=unionid_of(answer))


def openid_of(answer: Mapping[str, Any]) -> str:
    openid = answer.get("openid")
    if not isinstance(openid, str) or not IDENTIFIER.fullmatch(openid):
        raise WechatUnavailable("answer without a usable openid")
    return openid


def unionid_of(answer: Mapping[str, Any]) -> str | None:
    """None unless it is a real one: a blank unionid, or a "0", would make strangers one person."""
    unionid = answer.get("unionid")
    if not isinstance(unionid, str) or unionid.lower() in NO_UNIONID or not IDENTIFIER.fullmatch(unionid):
        return None
    return unionid


def phone_number(code: str, *, openid: str, app: MiniProgram) -> str:
    """The number, in E.164, behind a getPhoneNumber code; WeChat checks that the code belongs to the openid."""
    with reported("getuserphonenumber", app):
        body = {"code": code, "openid": openid}
        answer = authorised_post("/wxa/business/getuserphonenumber", body, app, PHONE)
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise WechatUnavailable("answer without phone_info")
        check_watermark(info, app)
        return e164(info)


def check_watermark(info: Mapping[str, Any], app: MiniProgram) -> None:
    watermark = info.get("watermark")
    if not isinstance(watermark, dict) or watermark.get("appid") != app.appid:
        raise PhoneCodeInvalid("the watermark names another AppID")


def e164(info: Mapping[str, Any]) -> str:
    """countryCode comes as text or as a number; purePhoneNumber should not carry it and loses it where it does."""
    country = compact(info.get("countryCode")).lstrip("+0")
    number = national(compact(info.get("purePhoneNumber")), country)
    if not re.fullmatch(r"[0-9]{1,4}", country, re.ASCII) or not DIGITS.fullmatch(number):
        raise WechatUnavailable("answer without a usable phone number")
    return f"+{country}{number}"


def compact(written: object) -> str:
    """Without what people put between digits, and full-width digits as plain ones."""
    return BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", str(written or "")))


def national(number: str, country: str) -> str:
    """One spelling of one number: `+86…`, `0086…` and `86…` are the same as without."""
    international = "+" + number.removeprefix("+").removeprefix("00")
    if international != f"+{number}" or (country == MAINLAND and len(number) == MAINLAND_LENGTH + len(MAINLAND)):
        return international.removeprefix(f"+{country}")
    return number


def check_text(text: str, *, openid: str, app: MiniProgram) -> Literal["pass", "review", "risky"]:
    """WeChat's judgement of a nickname; errcode 0 alone does not mean that it is clean."""
    body = {"version": 2, "scene": PROFILE_SCENE, "openid": openid, "content": text, "nickname": text}
    with reported("msg_sec_check", app):
        answer = authorised_post("/wxa/msg_sec_check", body, app, CATALOGUE)
        result = answer.get("result")
        suggest = result.get("suggest") if isinstance(result, dict) else None
        if suggest not in ("pass", "review", "risky"):
            raise WechatUnavailable("answer without a judgement")
        return suggest  # type: ignore[no-any-return]


def authorised_post(
    path: str, body: Mapping[str, Any], app: MiniProgram, meanings: dict[int, Meaning]
) -> dict[str, Any]:
    """POST with the shared access_token; a token that WeChat refuses is fetched again and the call repeated, once."""
    token = access_token.access_token(app)
    try:
        return post_with(token, path, body, meanings)
    except TokenRejected:
        access_token.forget(app, token)
        return post_with(access_token.access_token(app), path, body, meanings)


def post_with(token: str, path: str, body: Mapping[str, Any], meanings: dict[int, Meaning]) -> dict[str, Any]:
    answer = transport.post(path, body, params={"access_token": token})
    raise_for_errcode(answer, meanings)
    return answer


@contextmanager
def reported(api: str, app: MiniProgram) -> Iterator[None]:
    """Log a failed call with its cause and remedy, so that the reason never has to reach the client."""
    try:
        yield
    except WechatError as error:
        if not error.shed:
            level = logging.INFO if error.everyday else logging.ERROR
            # In no language: which one the log is written in is not for a client's Accept-Language to decide.
            with translation.override(None):
                details = {"app": app.alias, "errcode": error.errcode, "error": error.slug, "remedy": str(error.remedy)}
                logger.log(level, "WeChat %s failed: %s", api, str(error.cause), extra=details)
        raise

"""Questions to WeChat that tell whether a login would work, without anybody's code.

A code that cannot exist is refused as invalid only after AppID, AppSecret and IP whitelist were accepted.
"""

from __future__ import annotations

import re
import time
from typing import Any

from wechat import access_token, transport
from wechat.client import authorised_post
from wechat.errors import PHONE, CodeInvalid, CodeUsed, PhoneCodeInvalid, WechatError, raise_for_errcode
from wechat.miniprogram import MiniProgram

NO_CODE = "doctor"
NO_PHONE_CODE = "0" * 64
# `rid: 6aac005a-…`: the first group is the moment of the answer, in seconds and hexadecimal.
ANSWERED_AT = re.compile(r"rid: ([0-9a-f]{8})-")


class LoginProbe:
    """`error` is None if WeChat accepted the app; `clock_offset` is this clock minus WeChat's, in seconds."""

    def __init__(self, app: MiniProgram) -> None:
        self.error: WechatError | None = None
        self.clock_offset: float | None = None
        try:
            answer = self.ask(app)
            self.clock_offset = offset(answer)
            raise_for_errcode(answer)
        except (CodeInvalid, CodeUsed):
            pass
        except WechatError as error:
            self.error = error

    def ask(self, app: MiniProgram) -> dict[str, Any]:
        params = {"appid": app.appid, "secret": app.secret, "js_code": NO_CODE, "grant_type": "authorization_code"}
        return transport.get("/sns/jscode2session", params)


def offset(answer: dict[str, Any]) -> float | None:
    found = ANSWERED_AT.search(str(answer.get("errmsg")))
    return round(time.time() - int(found[1], 16), 1) if found else None


def token_error(app: MiniProgram) -> WechatError | None:
    """What keeps stable_token from answering, asked now and not of the cache."""
    try:
        access_token.fetch(app)
    except WechatError as error:
        return error
    return None


def phone_error(app: MiniProgram) -> WechatError | None:
    """What keeps the app from reading phone numbers: 48001 where the account is personal or not verified."""
    try:
        authorised_post("/wxa/business/getuserphonenumber", {"code": NO_PHONE_CODE}, app, PHONE)
    except PhoneCodeInvalid:
        return None
    except WechatError as error:
        return error
    return None

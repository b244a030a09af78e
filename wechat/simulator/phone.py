"""POST /wxa/business/getuserphonenumber: a phone code for a number."""

from __future__ import annotations

import secrets
from typing import Any

from wechat.simulator.call import Call
from wechat.simulator.codes import Minted
from wechat.simulator.credentials import app_of_token
from wechat.simulator.people import belongs, openid_of
from wechat.simulator.refusal import TEXTS, Refused
from wechat.simulator.world import World


def getuserphonenumber(world: World, call: Call, now: float) -> dict[str, Any]:
    app = app_of_token(world, call, now)
    if not app.phone_capable:
        raise Refused(48001)
    given = _arguments(call)
    minted = world.phone_codes.spend(given["code"], app.appid, now)
    if minted is None or not _fits(minted, given.get("openid"), app.appid):
        raise invalid_code()
    return {"phone_info": _phone_info(minted, world.options.watermark_appid or app.appid)}


def invalid_code() -> Refused:
    """Expired, used, foreign, another person's: this call has one text for all, and the old hint still stands in it."""
    return Refused(40029, f"{TEXTS[40029]} hint: [{secrets.token_urlsafe(6)}-{secrets.token_hex(3)}]")


def _arguments(call: Call) -> dict[str, Any]:
    """40097 for whatever is not an object with a code, no body at all included."""
    try:
        given = call.json()
    except Refused:
        raise Refused(40097) from None
    if not isinstance(given.get("code"), str) or not given["code"]:
        raise Refused(40097)
    return given


def _fits(minted: Minted, openid: object, appid: str) -> bool:
    """The openid is optional; WeChat does not publish how it refuses a wrong one, 40029 is assumed."""
    if openid is None:
        return True
    return openid == openid_of(appid, minted.person) if minted.person else belongs(openid, appid)


def _phone_info(minted: Minted, appid: str) -> dict[str, Any]:
    return {
        "phoneNumber": minted.number.full,
        "purePhoneNumber": minted.number.pure,
        "countryCode": minted.number.country,
        "watermark": {"timestamp": int(minted.made), "appid": appid},
    }

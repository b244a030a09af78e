"""GET /sns/jscode2session: a login code for an openid."""

from __future__ import annotations

from typing import Any

from wechat.simulator.call import Call
from wechat.simulator.credentials import app_of_secret
from wechat.simulator.people import openid_of, unionid_of
from wechat.simulator.refusal import Refused
from wechat.simulator.world import World


def jscode2session(world: World, call: Call, now: float) -> dict[str, Any]:
    """Everything about the caller is checked before the code, so that a wrong secret does not burn one."""
    app = app_of_secret(world, call.query, call)
    code = call.query.get("js_code")
    if not code:
        raise Refused(41008)
    if call.query.get("grant_type") != "authorization_code":
        raise Refused(40002)
    person = world.login_codes.spend(code, app.appid, now)
    if world.is_blocked(person):
        raise Refused(40226)
    openid = openid_of(app.appid, person)
    session_key = world.sessions.login(openid, now, world.options.session_key_canary)
    answer = {"session_key": session_key, "openid": openid}
    if app.open_account:
        answer["unionid"] = unionid_of(app.open_account, person)
    return answer

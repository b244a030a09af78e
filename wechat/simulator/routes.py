"""The endpoints, and the answer to one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from wechat.simulator import access_token, content, login, phone, session_key
from wechat.simulator.call import Answer, Call
from wechat.simulator.dialect import NOT_FOUND, refusal, success
from wechat.simulator.refusal import Refused
from wechat.simulator.world import World

Endpoint = Callable[[World, Call, float], dict[str, Any]]


class Route(NamedTuple):
    """`misused` is the errcode for any other method."""

    method: str
    endpoint: Endpoint
    misused: int


ROUTES = {
    "/sns/jscode2session": Route("GET", login.jscode2session, 43001),
    "/cgi-bin/token": Route("GET", access_token.token, 43001),
    "/cgi-bin/stable_token": Route("POST", access_token.stable_token, 43002),
    "/wxa/business/getuserphonenumber": Route("POST", phone.getuserphonenumber, 43002),
    "/wxa/msg_sec_check": Route("POST", content.msg_sec_check, 43302),
    "/wxa/checksession": Route("GET", session_key.checksession, 43001),
    "/wxa/resetusersessionkey": Route("GET", session_key.resetusersessionkey, 43001),
}


def answer(world: World, call: Call) -> Answer:
    """HTTP 200 whatever WeChat decides; 404 for a path it does not have."""
    route = ROUTES.get(call.path)
    if route is None:
        return NOT_FOUND
    with world.lock:
        now = world.now()
        try:
            if call.method != route.method:
                raise Refused(route.misused)
            payload = route.endpoint(world, call, now)
        except Refused as refused:
            return refusal(call.path, refused.errcode, refused.text, now)
    return success(call.path, payload, _delay(world, call.path))


def _delay(world: World, path: str) -> float:
    return world.options.content_check_ms / 1000 if path == "/wxa/msg_sec_check" else 0.0

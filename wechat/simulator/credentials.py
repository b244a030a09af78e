"""Who is calling: an app by its secret, or by an access_token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wechat.simulator.app import App
from wechat.simulator.call import Call
from wechat.simulator.refusal import Refused
from wechat.simulator.world import World


def app_of_secret(world: World, given: Mapping[str, Any], call: Call) -> App:
    """In WeChat's order: the appid, then the IP whitelist, and only then the secret.

    Community posts show 40164 to somebody who had sent no secret at all. That a frozen secret is told only to who
    knows it is assumed.
    """
    app = _app(world, given.get("appid"))
    if not app.admits(call.peer):
        raise Refused(40164, f"invalid ip {call.peer} ipv6 ::ffff:{call.peer}, not in whitelist")
    secret = given.get("secret")
    if not secret:
        raise Refused(41004)
    if secret != app.secret:
        raise Refused(40125)
    if app.frozen:
        raise Refused(40243)
    return app


def app_of_token(world: World, call: Call, now: float) -> App:
    """41001 without a token; see `Tokens.owner` for the rest."""
    value = call.query.get("access_token")
    if not value:
        raise Refused(41001)
    return _app(world, world.tokens.owner(value, now))


def _app(world: World, appid: object) -> App:
    if not appid:
        raise Refused(41002)
    app = world.apps.get(appid) if isinstance(appid, str) else None
    if app is None:
        raise Refused(40013)
    return app

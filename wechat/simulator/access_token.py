"""GET /cgi-bin/token and POST /cgi-bin/stable_token."""

from __future__ import annotations

from typing import Any

from wechat.simulator.call import Call
from wechat.simulator.credentials import app_of_secret
from wechat.simulator.refusal import Refused
from wechat.simulator.tokens import Token
from wechat.simulator.world import World


def token(world: World, call: Call, now: float) -> dict[str, Any]:
    app = app_of_secret(world, call.query, call)
    _check_grant(call.query.get("grant_type"))
    options = world.options
    return _answer(world.tokens.plain(app.appid, now, options.plain_tokens_a_day, options.access_token_canary), now)


def stable_token(world: World, call: Call, now: float) -> dict[str, Any]:
    """Parameters are read from the JSON body only; those of the query string do not exist for it."""
    given = call.json()
    app = app_of_secret(world, given, call)
    _check_grant(given.get("grant_type"))
    issue = world.tokens.force if given.get("force_refresh") is True else world.tokens.stable
    return _answer(issue(app.appid, now, world.options.access_token_canary), now)


def _check_grant(grant_type: object) -> None:
    if grant_type != "client_credential":
        raise Refused(40002)


def _answer(issued: Token, now: float) -> dict[str, Any]:
    return {"access_token": issued.value, "expires_in": int(issued.expires - now)}

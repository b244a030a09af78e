"""GET /wxa/checksession and GET /wxa/resetusersessionkey."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

from wechat.simulator.call import Call
from wechat.simulator.credentials import app_of_token
from wechat.simulator.people import belongs
from wechat.simulator.refusal import Refused
from wechat.simulator.sessions import Session, new_key
from wechat.simulator.world import World


def checksession(world: World, call: Call, now: float) -> dict[str, Any]:
    _signed_session(world, call, now)
    return {}


def resetusersessionkey(world: World, call: Call, now: float) -> dict[str, Any]:
    """The old key dies at once, the new one inherits its expiry."""
    session = _signed_session(world, call, now)
    session.key = world.options.session_key_canary or new_key()
    return {"openid": call.query["openid"], "session_key": session.key}


def sign(session_key: str) -> str:
    """The HMAC key is the base64 text of the session_key, not the 16 bytes it stands for; the message is empty."""
    return hmac.new(session_key.encode(), b"", sha256).hexdigest()


def _signed_session(world: World, call: Call, now: float) -> Session:
    app = app_of_token(world, call, now)
    openid = call.query.get("openid", "")
    if not belongs(openid, app.appid):
        raise Refused(40003)
    if call.query.get("sig_method") != "hmac_sha256":
        raise Refused(87008)
    session = world.sessions.find(openid, now)
    if session is None:
        raise Refused(87007)
    if not hmac.compare_digest(call.query.get("signature", "").encode(), sign(session.key).encode()):
        raise Refused(87009)
    return session

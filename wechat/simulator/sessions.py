"""session_keys: one per person and app at a time."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass

# WeChat discloses neither; a login within the window keeps the key, a later one rotates it and kills the old one.
ROTATION = 300
LIFE = 24 * 3600


@dataclass(slots=True)
class Session:
    key: str
    since: float
    expires: float
    last_active: float


def new_key() -> str:
    """Base64 of 16 bytes: always 24 characters ending in `==`."""
    return b64encode(secrets.token_bytes(16)).decode()


class Sessions:
    """Keyed by openid, which is of one app already; the least recently active are forgotten first."""

    LIMIT = 100_000

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def login(self, openid: str, now: float, canary: str = "") -> str:
        """The session_key of this login, `canary` in its stead when there is one."""
        session = self._sessions.get(openid)
        if session is None or now - session.since >= ROTATION:
            session = self._sessions[openid] = Session(new_key(), now, now + LIFE, now)
        session.key = canary or session.key
        session.last_active = now
        session.expires = now + LIFE
        self._sessions.move_to_end(openid)
        if len(self._sessions) > self.LIMIT:
            self._sessions.popitem(last=False)
        return session.key

    def find(self, openid: str, now: float) -> Session | None:
        session = self._sessions.get(openid)
        return session if session and now < session.expires else None

"""access_tokens: the plain and the stable kind, which never touch each other."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass

from wechat.simulator.refusal import Refused

LIFE = 7200
OVERLAP = 300
FORCED_A_DAY = 20
FORCED_APART = 30

_BEIJING = 8 * 3600


@dataclass(slots=True)
class Token:
    """`dead` is when a newer token ends it, before it expires by itself."""

    value: str
    appid: str
    issued: float
    expires: float
    dead: float


class Tokens:
    LIMIT = 10_000

    def __init__(self) -> None:
        self._all: dict[str, Token] = {}
        self._plain: dict[str, Token] = {}
        self._stable: dict[str, Token] = {}
        self._forced: dict[str, float] = {}
        self._used: dict[tuple[str, str], tuple[int, int]] = {}
        self._room = self.LIMIT

    def plain(self, appid: str, now: float, quota: int, canary: str = "") -> Token:
        """A new one at each call; the one before works for another five minutes."""
        self._count("plain", appid, now, quota)
        if before := self._plain.get(appid):
            before.dead = min(before.dead, now + OVERLAP)
        token = self._plain[appid] = self._issue(appid, now, canary)
        return token

    def stable(self, appid: str, now: float, canary: str = "") -> Token:
        """The same one until five minutes before its end, so that `expires_in` never falls below 300."""
        current = self._stable.get(appid)
        if current and current.expires - now > OVERLAP and now < current.dead:
            return current
        token = self._stable[appid] = self._issue(appid, now, canary)
        return token

    def force(self, appid: str, now: float, canary: str = "") -> Token:
        """A new stable token that ends the old one at once: 20 a day, and none within 30 s of the last."""
        if now - self._forced.get(appid, -FORCED_APART) < FORCED_APART:
            return self.stable(appid, now, canary)
        self._count("forced", appid, now, FORCED_A_DAY)
        self._forced[appid] = now
        if before := self._stable.pop(appid, None):
            before.dead = now
        return self.stable(appid, now, canary)

    def owner(self, value: str, now: float) -> str:
        """The appid; 40001 for a made-up or superseded token (never 40014), 42001 for one that ran its time."""
        token = self._all.get(value)
        if token is None or now >= token.dead:
            raise Refused(40001)
        if now >= token.expires:
            raise Refused(42001)
        return token.appid

    def end_all(self, now: float, *, expired: bool) -> None:
        """Every token stops working: as if its time had run out, or as if it were superseded."""
        for token in self._all.values():
            token.expires = min(token.expires, now)
            if not expired:
                token.dead = min(token.dead, now)

    def _issue(self, appid: str, now: float, canary: str) -> Token:
        """Two digits, `_` and URL-safe base64: 157 characters without a canary, as seen from WeChat."""
        value = f"{random.randint(10, 99)}_{canary}{secrets.token_urlsafe(115)}"
        token = self._all[value] = Token(value, appid, now, now + LIFE, float("inf"))
        if len(self._all) > self._room:
            self._forget_ended(now)
        return token

    def _forget_ended(self, now: float) -> None:
        self._all = {value: token for value, token in self._all.items() if now < min(token.dead, token.expires)}
        self._room = max(self.LIMIT, 2 * len(self._all))

    def _count(self, what: str, appid: str, now: float, quota: int) -> None:
        """45009 beyond the quota of a day in Beijing."""
        today = int(now + _BEIJING) // 86400
        day, used = self._used.get((what, appid), (today, 0))
        used = used if day == today else 0
        if used >= quota:
            raise Refused(45009)
        self._used[what, appid] = (today, used + 1)

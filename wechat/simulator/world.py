"""The state WeChat keeps: apps, codes, tokens and sessions, under one lock and one clock."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterable

from wechat.simulator.app import DEFAULT_APPID, DEFAULT_SECRET, App
from wechat.simulator.codes import LIFE, LoginCodes, PhoneCodes
from wechat.simulator.options import Options
from wechat.simulator.people import BLOCKED_PREFIX, openid_of, unionid_of
from wechat.simulator.phone_numbers import PhoneNumber
from wechat.simulator.sessions import Sessions
from wechat.simulator.tokens import Tokens


class World:
    """Whoever touches the state from outside takes `lock`; the methods here do so themselves."""

    def __init__(
        self, apps: Iterable[App] = (), *, options: Options | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._first_apps = tuple(apps) or (App(DEFAULT_APPID, DEFAULT_SECRET),)
        self._first_options = options or Options()
        self.reset()

    def reset(self) -> None:
        """Back to the apps and options it was made with, and to a life without a past."""
        with self.lock:
            self._ahead = 0.0
            self.apps = {app.appid: app for app in self._first_apps}
            self.options = copy.deepcopy(self._first_options)
            self.blocked: set[str] = set()
            self.login_codes = LoginCodes()
            self.phone_codes = PhoneCodes()
            self.tokens = Tokens()
            self.sessions = Sessions()

    def now(self) -> float:
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        with self.lock:
            self._ahead += seconds

    def set_app(self, app: App) -> None:
        """Add an app, or replace the one of that appid."""
        with self.lock:
            self.apps[app.appid] = app

    def block(self, person: str, blocked: bool = True) -> None:
        """WeChat's risk control stops this person's logins with 40226."""
        with self.lock:
            if blocked:
                self.blocked.add(person)
            else:
                self.blocked.discard(person)

    def is_blocked(self, person: str) -> bool:
        return person.startswith(BLOCKED_PREFIX) or person in self.blocked

    def openid(self, appid: str, person: str) -> str:
        return openid_of(appid, person)

    def unionid(self, appid: str, person: str) -> str:
        """Empty for an app that is bound to no Open Platform account."""
        app = self.apps.get(appid)
        return unionid_of(app.open_account, person) if app and app.open_account else ""

    def mint_login_code(self, appid: str, person: str, life: float = LIFE) -> str:
        with self.lock:
            return self.login_codes.mint(appid, person, self.now(), life)

    def mint_phone_code(self, appid: str, number: str, person: str = "", life: float = LIFE) -> str:
        """A code tied to a person is refused with another's openid; a number WeChat cannot have is a ValueError."""
        parsed = PhoneNumber.parse(number)
        if parsed is None:
            raise ValueError(f"{number!r} is not a telephone number")
        with self.lock:
            return self.phone_codes.mint(appid, parsed, self.now(), person, life)

    def end_tokens(self, *, expired: bool = False) -> None:
        """Every access_token stops working: 40001 from now on, or 42001 with `expired`."""
        with self.lock:
            self.tokens.end_all(self.now(), expired=expired)

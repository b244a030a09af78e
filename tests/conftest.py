"""A phone to hold, a WeChat to talk to over real HTTP, and a small cast: alice, bob and charlie."""

from __future__ import annotations

import itertools
import logging
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from settings_app.models import LoginSettings
from tests import canary
from wechat.simulator.app import App
from wechat.simulator.options import Options
from wechat.simulator.threaded import Running, running

WECHAT_AVATAR = "https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTIabcdefghijk/132"
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def wechat_server() -> Iterator[Running]:
    from django.conf import settings

    apps = [App(appid=app["APPID"], secret=app["SECRET"]) for app in settings.WECHAT_APPS.values()]
    options = Options(session_key_canary=canary.SESSION_KEY, access_token_canary=canary.ACCESS_TOKEN)
    with running(apps=apps, options=options) as simulator:
        yield simulator


@pytest.fixture
def wechat(wechat_server: Running, settings: Any) -> Running:
    """WeChat, as the settings point at it, without faults, used codes or counted calls."""
    wechat_server.reset()
    settings.WECHAT_API_BASE = wechat_server.base_url
    return wechat_server


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    """Fails the test during which a planted secret came out."""
    handler = canary.CanaryHandler()
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    del canary.leaks[:]
    yield
    logging.getLogger().removeHandler(handler)
    assert canary.leaks == []


class Phone:
    """A person's mini-program: sends what the client would send and returns the envelope."""

    def __init__(self, person: str) -> None:
        self.person = person
        self.client = Client(raise_request_exception=False)
        self.token = ""

    def code(self) -> str:
        """What `wx.login` gives."""
        return f"sim-{self.person}-{next(numbers)}"

    def phone_code(self, number: str) -> str:
        """What the getPhoneNumber button gives."""
        return f"phone-{number}-{next(numbers)}"

    def post(self, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        response = self.client.post(
            f"/api/{path}", body or {}, content_type="application/json", headers=self.sent(headers)
        )
        return self.body(response)

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        return self.body(self.client.get(f"/api/{path}", headers=self.sent(headers)))

    def sent(self, headers: dict[str, str]) -> dict[str, str]:
        return ({"token": self.token} if self.token else {}) | {
            name.replace("_", "-"): value for name, value in headers.items()
        }

    def body(self, response: Any) -> dict[str, Any]:
        self.status, self.headers = response.status_code, response.headers
        body: dict[str, Any] = response.json()
        self.token = body.get("data", {}).get("token") or self.token
        return body

    def silent_login(self, code: str = "", **headers: str) -> dict[str, Any]:
        return self.post("login/silentLogin", {"code": code or self.code()}, **headers)

    def auth_login(self, code: str = "", headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        return self.post("login/authLogin", {"code": code or self.code(), **fields}, **(headers or {}))

    def update_user(self, **fields: Any) -> dict[str, Any]:
        return self.post("login/updateUser", fields)

    def bind_mobile(self, number: str) -> dict[str, Any]:
        return self.post("user/bindMobile", {"code": self.phone_code(number)})

    def register(self, **fields: Any) -> Phone:
        """Registered, with the profile not completed; the phone holds the token."""
        assert self.auth_login(**fields)["code"] == 1
        return self

    def complete(self, nickname: str = "") -> Phone:
        """Registered with a completed profile; the phone holds a full token."""
        self.register()
        body = self.update_user(nickname=nickname or self.person.title(), avatar=WECHAT_AVATAR)
        assert body["data"]["next_step"] in ("", "bind_mobile"), body
        return self

    @property
    def user(self) -> Any:
        """The account behind this phone's person at the default mini-program."""
        from accounts.models import User
        from accounts.tokens import LoginToken

        return User.objects.get(sn=LoginToken(self.token)["sub"])


@pytest.fixture
def alice(db: None, wechat: Running) -> Phone:
    return Phone("alice")


@pytest.fixture
def bob(db: None, wechat: Running) -> Phone:
    return Phone("bob")


@pytest.fixture
def charlie(db: None, wechat: Running) -> Phone:
    return Phone("charlie")


@pytest.fixture
def set_switches(db: None) -> Any:
    """Set switches as an operator would; those not named stay as they are."""

    def set_them(**switches: bool) -> None:
        LoginSettings.objects.update_or_create(pk=1, defaults=switches)

    return set_them


@pytest.fixture
def development(settings: Any) -> Iterator[None]:
    """The project's own URLs, as a development server has them."""
    settings.DEBUG = settings.API_DOCS = True
    root = ModuleType("root")
    root.__dict__.update(runpy.run_path(str(Path(settings.BASE_DIR, "config", "urls.py"))))
    settings.ROOT_URLCONF = root
    yield
    for name in ("start", "h5", "demo_shop"):
        sys.modules.pop(f"config.{name}", None)

"""GET /wxa/checksession and GET /wxa/resetusersessionkey as WeChat answers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from wechat.simulator.app import App
from wechat.simulator.session_key import sign
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret")
GAME = App("wx2222222222222222", "game-secret")


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running(apps=[SHOP, GAME]) as simulator:
        yield simulator


def log_in(wechat: Running, person: str) -> tuple[str, str]:
    """The openid and the session_key."""
    code = wechat.world.mint_login_code(SHOP.appid, person)
    query = {"appid": SHOP.appid, "secret": SHOP.secret, "js_code": code, "grant_type": "authorization_code"}
    body = requests.get(f"{wechat.base_url}/sns/jscode2session", params=query, timeout=5).json()
    return body["openid"], body["session_key"]


def call(wechat: Running, name: str, openid: str, signature: str, method: str = "hmac_sha256") -> dict[str, Any]:
    given = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"}
    token = requests.post(f"{wechat.base_url}/cgi-bin/stable_token", json=given, timeout=5).json()["access_token"]
    query = {"access_token": token, "openid": openid, "signature": signature, "sig_method": method}
    answer: dict[str, Any] = requests.get(f"{wechat.base_url}/wxa/{name}", params=query, timeout=5).json()
    return answer


def test_the_signature_is_the_official_example() -> None:
    assert sign("o0q0otL8aEzpcZL/FT9WsQ==") == "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"


def test_a_current_key_checks(wechat: Running) -> None:
    openid, key = log_in(wechat, "alice")
    assert call(wechat, "checksession", openid, sign(key)) == {"errcode": 0, "errmsg": "ok"}


def test_each_thing_wrong_has_its_code(wechat: Running) -> None:
    openid, key = log_in(wechat, "alice")
    bob, elsewhere = wechat.world.openid(SHOP.appid, "bob"), wechat.world.openid(GAME.appid, "alice")
    assert call(wechat, "checksession", openid, "0" * 64)["errcode"] == 87009
    assert call(wechat, "checksession", openid, sign(key), "md5")["errcode"] == 87008
    assert call(wechat, "checksession", bob, sign(key))["errcode"] == 87007
    assert call(wechat, "checksession", elsewhere, sign(key))["errcode"] == 40003


def test_a_rotated_key_checks_no_more(wechat: Running) -> None:
    openid, old = log_in(wechat, "alice")
    wechat.world.advance(301)
    _, new = log_in(wechat, "alice")
    assert call(wechat, "checksession", openid, sign(old))["errcode"] == 87009
    assert call(wechat, "checksession", openid, sign(new))["errcode"] == 0


def test_a_reset_ends_the_old_key_at_once(wechat: Running) -> None:
    openid, old = log_in(wechat, "alice")
    answer = call(wechat, "resetusersessionkey", openid, sign(old))
    new = answer["session_key"]
    assert answer == {"errcode": 0, "errmsg": "ok", "openid": openid, "session_key": new}
    assert new != old
    assert call(wechat, "checksession", openid, sign(old))["errcode"] == 87009
    assert call(wechat, "checksession", openid, sign(new))["errcode"] == 0


def test_a_new_key_inherits_the_expiry_of_the_old(wechat: Running) -> None:
    openid, old = log_in(wechat, "alice")
    wechat.world.advance(23 * 3600)
    new = call(wechat, "resetusersessionkey", openid, sign(old))["session_key"]
    wechat.world.advance(2 * 3600)
    assert call(wechat, "checksession", openid, sign(new))["errcode"] == 87007

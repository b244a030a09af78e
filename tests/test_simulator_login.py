"""GET /sns/jscode2session as WeChat answers it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
import requests

from wechat.simulator.app import App
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret", "open-account")
GAME = App("wx2222222222222222", "game-secret")
CLINIC = App("wx3333333333333333", "clinic-secret", "open-account")
RID = re.compile(r"rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running(apps=[SHOP, GAME, CLINIC]) as simulator:
        yield simulator


def exchange(wechat: Running, code: str, app: App = SHOP, **changed: str) -> requests.Response:
    query = {"appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code"} | changed
    return requests.get(f"{wechat.base_url}/sns/jscode2session", params=query, timeout=5)


def refused(response: requests.Response) -> dict[str, object]:
    """The body with its request id replaced by an ellipsis."""
    assert response.status_code == 200
    body = response.json()
    return {**body, "errmsg": RID.sub("rid: …", body["errmsg"])}


def test_a_login_answers_key_openid_and_unionid_as_text_plain(wechat: Running) -> None:
    response = exchange(wechat, "sim-alice-1")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/plain")
    body = response.json()
    assert list(body) == ["session_key", "openid", "unionid"]
    assert re.fullmatch(r"[A-Za-z0-9+/]{22}==", body["session_key"])
    assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", body["openid"])
    assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", body["unionid"])


def test_an_app_without_open_platform_account_has_no_unionid_at_all(wechat: Running) -> None:
    assert list(exchange(wechat, "sim-alice-1", GAME).json()) == ["session_key", "openid"]


def test_a_person_keeps_the_openid_in_an_app_and_has_another_in_the_next(wechat: Running) -> None:
    first, again = exchange(wechat, "sim-alice-1").json(), exchange(wechat, "sim-alice-2").json()
    elsewhere, bob = exchange(wechat, "sim-alice-3", CLINIC).json(), exchange(wechat, "sim-bob-1").json()
    assert first["openid"] == again["openid"] == wechat.world.openid(SHOP.appid, "alice")
    assert len({first["openid"], elsewhere["openid"], bob["openid"]}) == 3
    assert first["unionid"] == elsewhere["unionid"] != bob["unionid"]


def test_slashes_are_escaped_as_php_does(wechat: Running) -> None:
    wechat.world.options.session_key_canary = "ab/cd"
    response = exchange(wechat, "sim-alice-1")
    assert b'"session_key":"ab\\/cd"' in response.content
    assert response.json()["session_key"] == "ab/cd"


def test_a_code_works_once(wechat: Running) -> None:
    exchange(wechat, "sim-alice-1")
    assert refused(exchange(wechat, "sim-alice-1")) == {"errcode": 40163, "errmsg": "code been used, rid: …"}


@pytest.mark.parametrize("code", ["nonsense", "sim-alice", "sim--x", "sim-alice-", "phone-13800138000-1"])
def test_an_unknown_code_is_refused_and_burned(wechat: Running, code: str) -> None:
    assert refused(exchange(wechat, code)) == {"errcode": 40029, "errmsg": "invalid code, rid: …"}
    assert refused(exchange(wechat, code)) == {"errcode": 40163, "errmsg": "code been used, rid: …"}


def test_a_minted_code_looks_like_wechats_and_works_once(wechat: Running) -> None:
    code = wechat.world.mint_login_code(SHOP.appid, "alice")
    assert re.fullmatch(r"0[0-9A-Za-z]{31}", code)
    assert exchange(wechat, code).json()["openid"] == wechat.world.openid(SHOP.appid, "alice")
    assert refused(exchange(wechat, code))["errcode"] == 40163


def test_a_minted_code_lives_for_five_minutes(wechat: Running) -> None:
    code, late = (wechat.world.mint_login_code(SHOP.appid, "alice") for _ in range(2))
    wechat.world.advance(290)
    assert "openid" in exchange(wechat, code).json()
    wechat.world.advance(11)
    assert refused(exchange(wechat, late))["errcode"] == 40029


def test_another_apps_code_is_refused_and_burned_for_its_owner_too(wechat: Running) -> None:
    code = wechat.world.mint_login_code(SHOP.appid, "alice")
    assert refused(exchange(wechat, code, GAME))["errcode"] == 40029
    assert refused(exchange(wechat, code, SHOP))["errcode"] == 40163


@pytest.mark.parametrize(
    ("changed", "errcode", "errmsg"),
    [
        ({"appid": ""}, 41002, "appid missing, rid: …"),
        ({"appid": "wx0000000000000000", "secret": ""}, 40013, "invalid appid, rid: …"),
        ({"secret": "", "js_code": ""}, 41004, "appsecret missing, rid: …"),
        ({"secret": GAME.secret, "js_code": ""}, 40125, "invalid appsecret, rid: …"),
        ({"js_code": "", "grant_type": ""}, 41008, "missing code, rid: …"),
        ({"grant_type": "client_credential"}, 40002, "invalid grant_type, rid: …"),
    ],
)
def test_the_first_thing_wrong_is_named_and_burns_no_code(
    wechat: Running, changed: dict[str, str], errcode: int, errmsg: str
) -> None:
    assert refused(exchange(wechat, "sim-alice-1", **changed)) == {"errcode": errcode, "errmsg": errmsg}
    assert "openid" in exchange(wechat, "sim-alice-1").json()


def test_the_ip_whitelist_comes_before_the_secret(wechat: Running) -> None:
    wechat.world.set_app(App(SHOP.appid, SHOP.secret, ip_whitelist=("10.0.0.0/8", "192.168.1.*", "1.2.3.4")))
    assert refused(exchange(wechat, "sim-alice-1", secret="")) == {
        "errcode": 40164,
        "errmsg": "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist, rid: …",
    }


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.*", "127.0.0.0/8"])
def test_an_address_on_the_whitelist_may_call(wechat: Running, entry: str) -> None:
    wechat.world.set_app(App(SHOP.appid, SHOP.secret, ip_whitelist=("10.0.0.1", entry)))
    assert "openid" in exchange(wechat, "sim-alice-1").json()


def test_a_frozen_secret_is_told_to_who_knows_it(wechat: Running) -> None:
    wechat.world.set_app(App(SHOP.appid, SHOP.secret, frozen=True))
    assert refused(exchange(wechat, "sim-alice-1"))["errcode"] == 40243
    assert refused(exchange(wechat, "sim-alice-1", secret="x"))["errcode"] == 40125


def test_a_blocked_person_is_refused_and_the_code_is_gone(wechat: Running) -> None:
    wechat.world.block("mallory")
    assert refused(exchange(wechat, "sim-mallory-1")) == {"errcode": 40226, "errmsg": "code blocked, rid: …"}
    assert refused(exchange(wechat, "sim-blockedbob-1"))["errcode"] == 40226
    wechat.world.block("mallory", blocked=False)
    assert refused(exchange(wechat, "sim-mallory-1"))["errcode"] == 40163
    assert "openid" in exchange(wechat, "sim-mallory-2").json()


def test_a_superfluous_access_token_is_tolerated(wechat: Running) -> None:
    assert "openid" in exchange(wechat, "sim-alice-1", access_token="whatever").json()


def test_post_is_refused(wechat: Running) -> None:
    response = requests.post(f"{wechat.base_url}/sns/jscode2session", timeout=5)
    assert refused(response) == {"errcode": 43001, "errmsg": "require GET method, rid: …"}


def test_the_request_id_starts_with_the_time(wechat: Running) -> None:
    errmsg = exchange(wechat, "nonsense").json()["errmsg"]
    stamp = int(errmsg.split("rid: ")[1].split("-")[0], 16)
    assert abs(stamp - time.time()) < 5


def test_an_unknown_path_is_a_plain_404_page(wechat: Running) -> None:
    response = requests.get(f"{wechat.base_url}/sns/nothing", timeout=5)
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html")


def test_a_login_within_five_minutes_keeps_the_session_key_and_a_later_one_rotates_it(wechat: Running) -> None:
    first = exchange(wechat, "sim-alice-1").json()["session_key"]
    wechat.world.advance(290)
    assert exchange(wechat, "sim-alice-2").json()["session_key"] == first
    wechat.world.advance(11)
    assert exchange(wechat, "sim-alice-3").json()["session_key"] != first

"""GET /cgi-bin/token and POST /cgi-bin/stable_token as WeChat answers them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from wechat.simulator.app import App
from wechat.simulator.options import Options
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret")
GAME = App("wx2222222222222222", "game-secret")
LONG_40001 = (
    "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, "
    "more details at https://mmbizurl.cn/s/JtxxFh33r rid: …"
)


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running(apps=[SHOP, GAME]) as simulator:
        yield simulator


def plain(wechat: Running, **changed: str) -> dict[str, Any]:
    query = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"} | changed
    return answered(requests.get(f"{wechat.base_url}/cgi-bin/token", params=query, timeout=5))


def stable(wechat: Running, **changed: object) -> dict[str, Any]:
    body = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"} | changed
    return answered(requests.post(f"{wechat.base_url}/cgi-bin/stable_token", json=body, timeout=5))


def force(wechat: Running) -> dict[str, Any]:
    return stable(wechat, force_refresh=True)


def answered(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    if "errmsg" in body:
        body["errmsg"] = re.sub(r"rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", "rid: …", body["errmsg"])
    return body


def verdict_on(wechat: Running, token: str) -> object:
    """What a call with this token comes to: 40097 means that the token was good and the empty body was not."""
    url = f"{wechat.base_url}/wxa/business/getuserphonenumber"
    return answered(requests.post(url, params={"access_token": token}, timeout=5))["errcode"]


def test_a_token_answer_has_two_keys_and_wechats_own_content_type(wechat: Running) -> None:
    query = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"}
    response = requests.get(f"{wechat.base_url}/cgi-bin/token", params=query, timeout=5)
    assert response.headers["Content-Type"] == "application/json; encoding=utf-8"
    body = response.json()
    assert list(body) == ["access_token", "expires_in"]
    assert body["expires_in"] == 7200
    assert re.fullmatch(r"[0-9]{1,3}_[A-Za-z0-9_-]{154}", body["access_token"])


def test_each_plain_call_makes_a_token_and_the_old_one_lives_five_minutes_more(wechat: Running) -> None:
    old, new = plain(wechat)["access_token"], plain(wechat)["access_token"]
    assert old != new
    wechat.world.advance(290)
    assert (verdict_on(wechat, old), verdict_on(wechat, new)) == (40097, 40097)
    wechat.world.advance(11)
    assert (verdict_on(wechat, old), verdict_on(wechat, new)) == (40001, 40097)


def test_a_third_token_does_not_give_the_first_more_time(wechat: Running) -> None:
    first = plain(wechat)["access_token"]
    plain(wechat)
    wechat.world.advance(290)
    plain(wechat)
    wechat.world.advance(11)
    assert verdict_on(wechat, first) == 40001


def test_a_token_that_ran_its_time_is_42001(wechat: Running) -> None:
    token = plain(wechat)["access_token"]
    wechat.world.advance(7199)
    assert verdict_on(wechat, token) == 40097
    wechat.world.advance(2)
    assert verdict_on(wechat, token) == 42001


def test_a_made_up_token_is_40001_with_the_long_text_and_a_missing_one_41001(wechat: Running) -> None:
    url = f"{wechat.base_url}/wxa/business/getuserphonenumber"
    made_up = requests.post(url, params={"access_token": "9_x"}, timeout=5)
    assert answered(made_up) == {"errcode": 40001, "errmsg": LONG_40001}
    assert answered(requests.post(url, timeout=5)) == {"errcode": 41001, "errmsg": "access_token missing rid: …"}


def test_the_stable_token_is_the_same_and_its_rest_of_life_is_told(wechat: Running) -> None:
    first = stable(wechat)
    wechat.world.advance(6800)
    again = stable(wechat)
    assert again["access_token"] == first["access_token"]
    assert 398 <= again["expires_in"] <= 400


def test_the_stable_token_rotates_five_minutes_before_its_end_and_both_work_until_then(wechat: Running) -> None:
    old = stable(wechat)["access_token"]
    wechat.world.advance(6901)
    new = stable(wechat)
    assert (new["access_token"] != old, new["expires_in"]) == (True, 7200)
    assert (verdict_on(wechat, old), verdict_on(wechat, new["access_token"])) == (40097, 40097)
    wechat.world.advance(300)
    assert (verdict_on(wechat, old), verdict_on(wechat, new["access_token"])) == (42001, 40097)


def test_no_stable_token_is_ever_told_to_live_for_less_than_five_minutes(wechat: Running) -> None:
    lives = []
    for _ in range(40):
        wechat.world.advance(371)
        lives.append(stable(wechat)["expires_in"])
    assert min(lives) >= 300


def test_a_forced_token_ends_the_old_one_at_once(wechat: Running) -> None:
    old = stable(wechat)["access_token"]
    new = force(wechat)["access_token"]
    assert (verdict_on(wechat, old), verdict_on(wechat, new)) == (40001, 40097)


def test_forcing_again_within_thirty_seconds_changes_nothing(wechat: Running) -> None:
    first = force(wechat)["access_token"]
    wechat.world.advance(28)
    assert force(wechat)["access_token"] == first
    wechat.world.advance(3)
    assert force(wechat)["access_token"] != first


def test_the_twenty_first_forced_token_of_a_day_is_refused_and_the_next_day_allows_it(wechat: Running) -> None:
    wechat.world.advance(86_400 - (wechat.world.now() + 8 * 3600) % 86_400 + 1)
    for _ in range(20):
        assert "access_token" in force(wechat)
        wechat.world.advance(31)
    assert force(wechat) == {"errcode": 45009, "errmsg": "reach max api daily quota limit rid: …"}
    assert "access_token" in stable(wechat)
    wechat.world.advance(86_400)
    assert "access_token" in force(wechat)


def test_plain_and_stable_tokens_do_not_end_each_other(wechat: Running) -> None:
    kept = stable(wechat)["access_token"]
    first = plain(wechat)["access_token"]
    force(wechat)
    wechat.world.advance(301)
    assert verdict_on(wechat, first) == 40097
    forced = stable(wechat)["access_token"]
    plain(wechat)
    plain(wechat)
    wechat.world.advance(301)
    assert (verdict_on(wechat, kept), verdict_on(wechat, forced)) == (40001, 40097)


def test_the_daily_quota_of_plain_tokens_is_45009() -> None:
    with running(apps=[SHOP, GAME], options=Options(plain_tokens_a_day=2)) as wechat:
        plain(wechat)
        plain(wechat)
        assert plain(wechat) == {"errcode": 45009, "errmsg": "reach max api daily quota limit rid: …"}
        assert "access_token" in plain(wechat, appid=GAME.appid, secret=GAME.secret)


@pytest.mark.parametrize(
    ("changed", "errcode", "errmsg"),
    [
        ({"appid": ""}, 41002, "appid missing rid: …"),
        ({"appid": "wx0", "secret": "", "grant_type": ""}, 40013, "invalid appid rid: …"),
        ({"secret": ""}, 41004, "appsecret missing rid: …"),
        ({"secret": GAME.secret}, 40125, "invalid appsecret rid: …"),
        ({"grant_type": "authorization_code"}, 40002, "invalid grant_type rid: …"),
    ],
)
def test_both_token_calls_name_the_first_thing_wrong(
    wechat: Running, changed: dict[str, str], errcode: int, errmsg: str
) -> None:
    assert plain(wechat, **changed) == {"errcode": errcode, "errmsg": errmsg}
    assert stable(wechat, **changed) == {"errcode": errcode, "errmsg": errmsg}


def test_the_whitelist_text_has_no_comma_before_the_request_id(wechat: Running) -> None:
    wechat.world.set_app(App(SHOP.appid, SHOP.secret, ip_whitelist=("10.0.0.1",)))
    errmsg = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: …"
    assert plain(wechat) == stable(wechat) == {"errcode": 40164, "errmsg": errmsg}


def test_the_stable_token_is_asked_for_by_post_with_a_json_object(wechat: Running) -> None:
    url = f"{wechat.base_url}/cgi-bin/stable_token"
    good = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"}
    assert answered(requests.get(url, params=good, timeout=5)) == {
        "errcode": 43002,
        "errmsg": "require POST method rid: …",
    }
    assert answered(requests.post(url, params=good, timeout=5)) == {
        "errcode": 44002,
        "errmsg": "empty post data rid: …",
    }
    assert answered(requests.post(url, data="appid=1", timeout=5)) == {
        "errcode": 47001,
        "errmsg": "data format error rid: …",
    }
    for garbled in (b"[1]", b"[" * 100_000, b"\xff"):
        assert answered(requests.post(url, data=garbled, timeout=5))["errcode"] == 47001


def test_a_canary_stands_in_every_token_and_they_still_differ() -> None:
    with running(apps=[SHOP], options=Options(access_token_canary="CANARY")) as wechat:
        tokens = {plain(wechat)["access_token"], plain(wechat)["access_token"], stable(wechat)["access_token"]}
        assert len(tokens) == 3
        assert all("CANARY" in token for token in tokens)


def test_ending_every_token_makes_them_invalid_or_expired(wechat: Running) -> None:
    token = stable(wechat)["access_token"]
    wechat.world.end_tokens(expired=True)
    assert verdict_on(wechat, token) == 42001
    fresh = stable(wechat)["access_token"]
    wechat.world.end_tokens()
    assert verdict_on(wechat, fresh) == 40001
    assert verdict_on(wechat, stable(wechat)["access_token"]) == 40097


def test_an_ended_token_is_not_revived_by_its_successor(wechat: Running) -> None:
    ended = plain(wechat)["access_token"]
    wechat.world.end_tokens()
    plain(wechat)
    assert verdict_on(wechat, ended) == 40001

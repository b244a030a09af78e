"""POST /wxa/business/getuserphonenumber as WeChat answers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from wechat.simulator.app import App
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret")
GAME = App("wx2222222222222222", "game-secret")
INVALID = {"errcode": 40029, "errmsg": "invalid code hint: […] rid: …"}


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running(apps=[SHOP, GAME]) as simulator:
        yield simulator


def token(wechat: Running, app: App = SHOP) -> str:
    body = {"appid": app.appid, "secret": app.secret, "grant_type": "client_credential"}
    answer = requests.post(f"{wechat.base_url}/cgi-bin/stable_token", json=body, timeout=5)
    return str(answer.json()["access_token"])


def spend(wechat: Running, app: App = SHOP, **body: object) -> dict[str, Any]:
    """The body of the answer, its hint and request id replaced by ellipses."""
    url = f"{wechat.base_url}/wxa/business/getuserphonenumber"
    response = requests.post(url, params={"access_token": token(wechat, app)}, json=body, timeout=5)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    errmsg = re.sub(r"rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", "rid: …", answer["errmsg"])
    return answer | {"errmsg": re.sub(r"hint: \[[\w-]+\]", "hint: […]", errmsg)}


def test_a_phone_code_answers_the_number_with_its_watermark(wechat: Running) -> None:
    answer = spend(wechat, code="phone-13800138000-1")
    stamp = answer["phone_info"]["watermark"].pop("timestamp")
    assert abs(stamp - wechat.world.now()) < 5
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": "13800138000",
            "purePhoneNumber": "13800138000",
            "countryCode": "86",
            "watermark": {"appid": SHOP.appid},
        },
    }


@pytest.mark.parametrize(
    ("written", "full", "pure", "country"),
    [
        ("+85261234567", "+85261234567", "61234567", "852"),
        ("+15550100200", "+15550100200", "5550100200", "1"),
        ("+447700900123", "+447700900123", "7700900123", "44"),
        ("+8613800138000", "13800138000", "13800138000", "86"),
    ],
)
def test_only_a_foreign_number_carries_its_country(
    wechat: Running, written: str, full: str, pure: str, country: str
) -> None:
    info = spend(wechat, code=f"phone-{written}-1")["phone_info"]
    assert (info["phoneNumber"], info["purePhoneNumber"], info["countryCode"]) == (full, pure, country)


def test_a_code_works_once_and_says_nothing_of_being_used(wechat: Running) -> None:
    minted = wechat.world.mint_phone_code(SHOP.appid, "13800138000")
    assert re.fullmatch(r"[0-9a-f]{64}", minted)
    for code in ("phone-13800138000-1", minted):
        assert spend(wechat, code=code)["errcode"] == 0
        assert spend(wechat, code=code) == INVALID


@pytest.mark.parametrize("code", ["nonsense", "sim-alice-1", "phone-abc-1", "phone-13800138000"])
def test_any_other_code_is_invalid(wechat: Running, code: str) -> None:
    assert spend(wechat, code=code) == INVALID


def test_a_login_code_is_no_phone_code(wechat: Running) -> None:
    assert spend(wechat, code=wechat.world.mint_login_code(SHOP.appid, "alice")) == INVALID


def test_an_expired_or_foreign_code_is_invalid(wechat: Running) -> None:
    late, foreign = (wechat.world.mint_phone_code(SHOP.appid, "13800138000") for _ in range(2))
    assert spend(wechat, GAME, code=foreign) == INVALID
    assert spend(wechat, SHOP, code=foreign) == INVALID
    wechat.world.advance(301)
    assert spend(wechat, code=late) == INVALID


def test_a_persons_code_goes_with_that_persons_openid_or_none(wechat: Running) -> None:
    stolen, named, unnamed = (wechat.world.mint_phone_code(SHOP.appid, "13800138000", "alice") for _ in range(3))
    alice, bob = (wechat.world.openid(SHOP.appid, person) for person in ("alice", "bob"))
    assert spend(wechat, code=stolen, openid=bob) == INVALID
    assert spend(wechat, code=stolen, openid=alice) == INVALID
    assert spend(wechat, code=named, openid=alice)["errcode"] == 0
    assert spend(wechat, code=unnamed)["errcode"] == 0


def test_an_unbound_code_takes_any_openid_of_the_app_and_none_of_another(wechat: Running) -> None:
    bob, elsewhere = wechat.world.openid(SHOP.appid, "bob"), wechat.world.openid(GAME.appid, "bob")
    assert spend(wechat, code="phone-13800138000-1", openid=bob)["errcode"] == 0
    assert spend(wechat, code="phone-13800138000-2", openid=elsewhere) == INVALID
    assert spend(wechat, code="phone-13800138000-3", openid=7) == INVALID


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": None}, {"code": 7}, {"js_code": "phone-13800138000-1"}])
def test_a_body_without_a_code_has_invalid_args(wechat: Running, body: dict[str, object]) -> None:
    assert spend(wechat, **body) == {"errcode": 40097, "errmsg": "invalid args rid: …"}


@pytest.mark.parametrize("body", [b"", b"code=1", b"[1]", b"\xff\xfe"])
def test_a_garbled_body_has_invalid_args(wechat: Running, body: bytes) -> None:
    url = f"{wechat.base_url}/wxa/business/getuserphonenumber"
    response = requests.post(url, params={"access_token": token(wechat)}, data=body, timeout=5)
    assert response.json()["errcode"] == 40097


def test_an_app_of_a_private_person_is_not_authorized(wechat: Running) -> None:
    wechat.world.set_app(App(SHOP.appid, SHOP.secret, phone_capable=False))
    refused = spend(wechat, code="phone-13800138000-1")
    assert refused == {"errcode": 48001, "errmsg": "api unauthorized rid: …"}


def test_get_is_refused(wechat: Running) -> None:
    response = requests.get(f"{wechat.base_url}/wxa/business/getuserphonenumber", timeout=5)
    assert response.json()["errcode"] == 43002


def test_the_watermark_can_name_another_app(wechat: Running) -> None:
    wechat.world.options.watermark_appid = GAME.appid
    assert spend(wechat, code="phone-13800138000-1")["phone_info"]["watermark"]["appid"] == GAME.appid

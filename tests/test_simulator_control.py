"""The control API under /_control."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from wechat.simulator.app import App
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret", "open-account")
GAME = App("wx2222222222222222", "game-secret")


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running(apps=[SHOP, GAME]) as simulator:
        yield simulator


def control(wechat: Running, method: str, name: str, body: object = None) -> Any:
    return requests.request(method, f"{wechat.base_url}/_control/{name}", json=body, timeout=5).json()


def log_in(wechat: Running, code: str, app: App = SHOP) -> Any:
    query = {"appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code"}
    return requests.get(f"{wechat.base_url}/sns/jscode2session", params=query, timeout=5).json()


def test_faults_are_set_listed_and_cleared(wechat: Running) -> None:
    fault = {"kind": "errcode", "errcode": 45011, "calls": 3, "path": "/sns/jscode2session"}
    (listed,) = control(wechat, "POST", "faults", fault)["faults"]
    assert {name: listed[name] for name in fault} == fault
    assert log_in(wechat, "sim-alice-1")["errcode"] == 45011
    assert control(wechat, "GET", "faults")["faults"][0]["calls"] == 2
    assert control(wechat, "DELETE", "faults") == {"faults": []}
    assert "openid" in log_in(wechat, "sim-alice-1")


def test_a_port_closed_over_http_opens_again_by_itself(wechat: Running) -> None:
    assert control(wechat, "POST", "faults", {"kind": "refuse", "seconds": 1}) == {"faults": []}
    time.sleep(0.05)
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        control(wechat, "GET", "calls")
    time.sleep(1.3)
    assert "connections" in control(wechat, "GET", "calls")


def test_no_fault_touches_the_control_api(wechat: Running) -> None:
    wechat.fault("reset")
    assert control(wechat, "GET", "apps")["apps"]


def test_codes_are_minted_for_an_app_and_a_person(wechat: Running) -> None:
    code = control(wechat, "POST", "codes", {"appid": GAME.appid, "person": "alice"})["code"]
    assert log_in(wechat, code, GAME)["openid"] == wechat.world.openid(GAME.appid, "alice")
    expired = control(wechat, "POST", "codes", {"person": "alice", "life": 0})["code"]
    assert log_in(wechat, expired)["errcode"] == 40029
    assert len(control(wechat, "POST", "codes", {"number": "13800138000"})["code"]) == 64


def test_apps_are_listed_without_secrets_and_changed(wechat: Running) -> None:
    frozen = control(wechat, "POST", "apps", {"appid": SHOP.appid, "frozen": True, "ip_whitelist": ["127.0.0.1"]})
    assert frozen == {
        "appid": SHOP.appid,
        "secret": "***",
        "open_account": "open-account",
        "phone_capable": True,
        "frozen": True,
        "ip_whitelist": ["127.0.0.1"],
    }
    assert control(wechat, "GET", "apps")["apps"][0] == frozen
    assert log_in(wechat, "sim-alice-1")["errcode"] == 40243


def test_an_app_is_added_with_a_secret(wechat: Running) -> None:
    control(wechat, "POST", "apps", {"appid": "wx9", "secret": "new"})
    assert "openid" in log_in(wechat, "sim-alice-1", App("wx9", "new"))
    assert control(wechat, "POST", "apps", {"appid": "wx8"}) == {"error": "'secret' is to be a text"}


def test_a_person_is_shown_with_openids_and_unionid_and_can_be_blocked(wechat: Running) -> None:
    login = log_in(wechat, "sim-alice-1")
    shown = control(wechat, "GET", "people?person=alice")
    assert shown == {
        "person": "alice",
        "blocked": False,
        "apps": [
            {"appid": SHOP.appid, "openid": login["openid"], "unionid": login["unionid"]},
            {"appid": GAME.appid, "openid": wechat.world.openid(GAME.appid, "alice"), "unionid": ""},
        ],
    }
    assert control(wechat, "POST", "people", {"person": "alice", "blocked": True}) == shown | {"blocked": True}
    assert log_in(wechat, "sim-alice-2")["errcode"] == 40226
    assert control(wechat, "GET", "people") == {"blocked": ["alice"]}
    control(wechat, "POST", "people", {"person": "alice", "blocked": False})
    assert "openid" in log_in(wechat, "sim-alice-3")


def test_options_are_read_and_changed(wechat: Running) -> None:
    changed = control(wechat, "POST", "options", {"session_key_canary": "CANARY", "content_check_ms": 400})
    assert changed == control(wechat, "GET", "options")
    assert changed == {
        "session_key_canary": "CANARY",
        "access_token_canary": "",
        "watermark_appid": "",
        "string_labels": False,
        "content_check_ms": 400,
        "keywords": {"risky": "risky", "违规": "risky", "review": "review"},
        "plain_tokens_a_day": 2000,
    }
    assert log_in(wechat, "sim-alice-1")["session_key"] == "CANARY"


def test_tokens_can_be_ended_and_the_clock_put_forward(wechat: Running) -> None:
    given = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"}

    def fetch() -> str:
        answer = requests.post(f"{wechat.base_url}/cgi-bin/stable_token", json=given, timeout=5).json()
        return str(answer["access_token"])

    def verdict(token: str) -> object:
        url = f"{wechat.base_url}/wxa/checksession"
        return requests.get(url, params={"access_token": token}, timeout=5).json()["errcode"]

    first = fetch()
    assert verdict(first) == 40003
    control(wechat, "DELETE", "tokens?as=expired")
    assert verdict(first) == 42001
    second = fetch()
    control(wechat, "DELETE", "tokens")
    assert verdict(second) == 40001
    third = fetch()
    control(wechat, "POST", "clock", {"advance": 7201})
    assert verdict(third) == 42001


def test_calls_and_connections_are_counted(wechat: Running) -> None:
    with requests.Session() as session:
        for path in ("/sns/jscode2session", "/sns/jscode2session", "/cgi-bin/token", "/nothing", "/nothing/else"):
            session.get(f"{wechat.base_url}{path}", timeout=5)
        counted = session.get(f"{wechat.base_url}/_control/calls", timeout=5).json()
    assert counted == {
        "calls": {"/sns/jscode2session": 2, "/cgi-bin/token": 1, "elsewhere": 2},
        "total": 5,
        "connections": 1,
    }
    assert (wechat.calls("/sns/jscode2session"), wechat.calls(), wechat.connections) == (2, 5, 1)


def test_the_latest_calls_are_kept_whole(wechat: Running) -> None:
    requests.post(f"{wechat.base_url}/wxa/msg_sec_check?access_token=1", data="{}", headers={"X-Seen": "1"}, timeout=5)
    (call,) = wechat.latest("/wxa/msg_sec_check")
    assert (call.method, call.query, call.body, call.peer) == ("POST", {"access_token": "1"}, b"{}", "127.0.0.1")
    assert call.headers["x-seen"] == "1"
    for _ in range(300):
        wechat.simulator.traffic.note(call)
    assert len(wechat.latest()) == 200


def test_a_reset_forgets_everything_but_the_apps_it_began_with(wechat: Running) -> None:
    used = log_in(wechat, "sim-alice-1")
    control(wechat, "POST", "faults", {"kind": "errcode", "errcode": -1})
    control(wechat, "POST", "apps", {"appid": SHOP.appid, "frozen": True})
    control(wechat, "POST", "apps", {"appid": "wx9", "secret": "new"})
    control(wechat, "POST", "people", {"person": "alice", "blocked": True})
    control(wechat, "POST", "options", {"string_labels": True})
    assert control(wechat, "POST", "reset") == {}
    assert wechat.calls() == 0
    assert [app["appid"] for app in control(wechat, "GET", "apps")["apps"]] == [SHOP.appid, GAME.appid]
    assert control(wechat, "GET", "options")["string_labels"] is False
    again = log_in(wechat, "sim-alice-1")
    assert again["openid"] == used["openid"]
    assert again["session_key"] != used["session_key"]


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "reset", None, 405),
        ("POST", "faults", None, 400),
        ("POST", "faults", {}, 400),
        ("POST", "faults", {"kind": "explode"}, 400),
        ("POST", "faults", {"kind": "status", "status": "500"}, 400),
        ("POST", "faults", {"kind": "status", "self": 1}, 400),
        ("POST", "codes", {}, 400),
        ("POST", "codes", {"person": 7}, 400),
        ("POST", "codes", {"number": "none"}, 400),
        ("POST", "codes", {"person": "alice", "life": "long"}, 400),
        ("POST", "apps", {}, 400),
        ("POST", "options", {"keywords": []}, 400),
        ("POST", "clock", {}, 400),
        ("POST", "clock", {"advance": True}, 400),
        ("POST", "people", {"person": "alice", "blocked": "no"}, 400),
    ],
)
def test_a_mistake_is_answered_with_a_word_on_it(
    wechat: Running, method: str, name: str, body: object, status: int
) -> None:
    response = requests.request(method, f"{wechat.base_url}/_control/{name}", json=body, timeout=5)
    assert response.status_code == status
    assert list(response.json()) == ["error"]

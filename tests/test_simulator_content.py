"""POST /wxa/msg_sec_check as WeChat answers it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from wechat.simulator.app import App
from wechat.simulator.threaded import Running, running

SHOP = App("wx1111111111111111", "shop-secret")
GAME = App("wx2222222222222222", "game-secret")


@pytest.fixture
def wechat() -> Iterator[Running]:
    """Alice has just logged in."""
    with running(apps=[SHOP, GAME]) as simulator:
        log_in(simulator, "alice")
        yield simulator


def log_in(wechat: Running, person: str) -> None:
    code = wechat.world.mint_login_code(SHOP.appid, person)
    query = {"appid": SHOP.appid, "secret": SHOP.secret, "js_code": code, "grant_type": "authorization_code"}
    requests.get(f"{wechat.base_url}/sns/jscode2session", params=query, timeout=5)


def post(wechat: Running, body: bytes) -> dict[str, Any]:
    """The answer, its request ids replaced by an ellipsis."""
    given = {"appid": SHOP.appid, "secret": SHOP.secret, "grant_type": "client_credential"}
    token = requests.post(f"{wechat.base_url}/cgi-bin/stable_token", json=given, timeout=5).json()["access_token"]
    url = f"{wechat.base_url}/wxa/msg_sec_check"
    response = requests.post(url, params={"access_token": token}, data=body, timeout=5)
    assert response.status_code == 200
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", "…", response.text)
    answer: dict[str, Any] = json.loads(text)
    return answer


def check(wechat: Running, content: str, **changed: object) -> dict[str, Any]:
    openid = wechat.world.openid(SHOP.appid, "alice")
    body = {"content": content, "version": 2, "scene": 1, "openid": openid} | changed
    return post(wechat, json.dumps(body, ensure_ascii=False).encode())


def test_clean_text_passes(wechat: Running) -> None:
    assert check(wechat, "林小姐") == {
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": "pass", "label": 100},
        "detail": [
            {"strategy": "content_model", "errcode": 0, "suggest": "pass", "label": 100, "prob": 90},
            {"strategy": "keyword", "errcode": 0},
        ],
        "trace_id": "…",
    }


def test_a_keyword_makes_text_risky_with_errcode_zero(wechat: Running) -> None:
    assert check(wechat, "这是违规的") == {
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": "risky", "label": 20006},
        "detail": [
            {"strategy": "content_model", "errcode": 0, "suggest": "risky", "label": 20006, "prob": 90},
            {
                "strategy": "keyword",
                "errcode": 0,
                "suggest": "risky",
                "label": 20006,
                "level": 90,
                "keyword": "违规",
            },
        ],
        "trace_id": "…",
    }


@pytest.mark.parametrize(
    ("content", "suggest"), [("please review me", "review"), ("review this risky thing", "risky"), ("Ann", "pass")]
)
def test_the_worst_keyword_decides(wechat: Running, content: str, suggest: str) -> None:
    assert check(wechat, content)["result"]["suggest"] == suggest


def test_the_nickname_is_judged_and_the_signature_only_in_a_profile(wechat: Running) -> None:
    assert check(wechat, "x", nickname="risky")["result"]["suggest"] == "risky"
    assert check(wechat, "x", signature="risky", scene=1)["result"]["suggest"] == "risky"
    assert check(wechat, "x", signature="risky", scene=2)["result"]["suggest"] == "pass"


def test_labels_can_be_text(wechat: Running) -> None:
    wechat.world.options.string_labels = True
    assert check(wechat, "x")["result"] == {"suggest": "pass", "label": "100"}


def test_the_keyword_table_can_be_changed(wechat: Running) -> None:
    wechat.world.options.keywords["merde"] = "review"
    assert check(wechat, "merde")["result"]["suggest"] == "review"


def test_escaped_text_slips_through(wechat: Running) -> None:
    body = {"content": "违规", "version": 2, "scene": 1, "openid": wechat.world.openid(SHOP.appid, "alice")}
    assert post(wechat, json.dumps(body).encode())["result"]["suggest"] == "pass"
    assert post(wechat, json.dumps(body, ensure_ascii=False).encode())["result"]["suggest"] == "risky"


@pytest.mark.parametrize("scene", [0, 5, "1", None])
def test_a_scene_is_one_of_four(wechat: Running, scene: object) -> None:
    assert check(wechat, "x", scene=scene) == {"errcode": 40129, "errmsg": "invalid scene rid: …"}


def test_an_unknown_version_is_a_format_error(wechat: Running) -> None:
    assert check(wechat, "x", version=3)["errcode"] == 47001


@pytest.mark.parametrize("openid", ["", None, 7, "oAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_an_openid_nobody_has_is_invalid(wechat: Running, openid: object) -> None:
    assert check(wechat, "x", openid=openid) == {"errcode": 40003, "errmsg": "invalid openid rid: …"}


def test_an_openid_of_another_app_does_not_match(wechat: Running) -> None:
    assert check(wechat, "x", openid=wechat.world.openid(GAME.appid, "alice")) == {
        "errcode": 43104,
        "errmsg": "appid and openid do not match rid: …",
    }


def test_a_person_away_for_two_hours_cannot_be_checked(wechat: Running) -> None:
    wechat.world.advance(7190)
    assert check(wechat, "x")["errcode"] == 0
    wechat.world.advance(20)
    assert check(wechat, "x")["errcode"] == 61010
    log_in(wechat, "alice")
    assert check(wechat, "x")["errcode"] == 0


def test_the_two_hours_begin_at_the_last_login_although_the_session_key_is_older(wechat: Running) -> None:
    wechat.world.advance(200)
    log_in(wechat, "alice")
    wechat.world.advance(7100)
    assert check(wechat, "x")["errcode"] == 0


def test_a_person_who_never_came_cannot_be_checked(wechat: Running) -> None:
    assert check(wechat, "x", openid=wechat.world.openid(SHOP.appid, "bob"))["errcode"] == 61010


def test_text_is_at_most_2500_characters(wechat: Running) -> None:
    assert check(wechat, "林" * 2500)["errcode"] == 0
    assert check(wechat, "林" * 2501)["errcode"] == 45002


def test_a_missing_body_and_a_garbled_one_are_told_apart(wechat: Running) -> None:
    assert post(wechat, b"") == {"errcode": 44002, "errmsg": "empty post data rid: …"}
    assert post(wechat, b"{") == {"errcode": 47001, "errmsg": "data format error rid: …"}
    assert post(wechat, b"{}")["errcode"] == 47001


def test_the_first_version_knows_only_content(wechat: Running) -> None:
    assert post(wechat, '{"content":"好"}'.encode()) == {"errcode": 0, "errmsg": "ok"}
    assert post(wechat, '{"content":"违规"}'.encode()) == {"errcode": 87014, "errmsg": "risky content rid: …"}


def test_get_is_refused_with_a_code_of_its_own(wechat: Running) -> None:
    assert requests.get(f"{wechat.base_url}/wxa/msg_sec_check", timeout=5).json()["errcode"] == 43302


def test_the_check_can_take_as_long_as_wechats(wechat: Running) -> None:
    wechat.world.options.content_check_ms = 300
    started = time.monotonic()
    check(wechat, "x")
    assert time.monotonic() - started >= 0.3

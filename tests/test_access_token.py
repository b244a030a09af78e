"""One access_token for everybody: a herd fetches it once, a refused one is replaced once, and no login waits for it."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache

from tests.conftest import Phone
from wechat import access_token
from wechat.client import phone_number
from wechat.errors import WechatError
from wechat.miniprogram import MiniProgram, mini_program
from wechat.simulator.people import openid_of
from wechat.simulator.threaded import Running

TOKEN, PHONE_NUMBER = "/cgi-bin/stable_token", "/wxa/business/getuserphonenumber"
AWAY = {"BACKEND": "config.cache.TolerantRedisCache", "LOCATION": "redis://127.0.0.1:9/0"}


@pytest.fixture
def app() -> MiniProgram:
    return mini_program()


def ask(app: MiniProgram, number: int = 0) -> str:
    """A phone number, which is what takes an access_token; or the slug of what went wrong."""
    try:
        return phone_number(f"phone-13800138000-{number}", openid=openid_of(app.appid, "alice"), app=app)
    except WechatError as error:
        return error.slug


def test_a_herd_of_sixty_fetches_one_token(wechat: Running, app: MiniProgram) -> None:
    wechat.fault("latency", path=TOKEN, ms=100)

    with ThreadPoolExecutor(60) as threads:
        answers = Counter(threads.map(lambda number: ask(app, number), range(60)))

    assert answers == {"+8613800138000": 60}
    assert wechat.calls(TOKEN) == 1
    assert all("force_refresh" not in json.loads(call.body) for call in wechat.latest(TOKEN))


def test_token_is_kept_for_the_next_call(wechat: Running, app: MiniProgram) -> None:
    assert [ask(app, number) for number in range(3)] == ["+8613800138000"] * 3
    assert (wechat.calls(TOKEN), wechat.calls(PHONE_NUMBER)) == (1, 3)


def test_each_mini_program_has_its_own(wechat: Running) -> None:
    tokens = {access_token.access_token(mini_program(alias)) for alias in ("default", "second")}

    assert (len(tokens), wechat.calls(TOKEN)) == (2, 2)


@pytest.mark.parametrize("expired", [False, True], ids=["40001", "42001"])
def test_token_that_ended_early_is_replaced_and_the_call_repeated(
    wechat: Running, app: MiniProgram, expired: bool
) -> None:
    ask(app)
    wechat.world.end_tokens(expired=expired)

    assert ask(app, 1) == "+8613800138000"
    assert (wechat.calls(TOKEN), wechat.calls(PHONE_NUMBER)) == (2, 3)


def test_a_herd_that_holds_an_ended_token_replaces_it_without_a_storm(wechat: Running, app: MiniProgram) -> None:
    ask(app)
    wechat.world.end_tokens()

    with ThreadPoolExecutor(60) as threads:
        answers = Counter(threads.map(lambda number: ask(app, number), range(1, 61)))

    assert answers == {"+8613800138000": 60}
    assert wechat.calls(TOKEN) <= 4


@pytest.mark.parametrize("errcode", [40001, 40014, 41001, 42001])
def test_token_refused_once_is_replaced_and_the_call_repeated(wechat: Running, app: MiniProgram, errcode: int) -> None:
    wechat.fault("errcode", path=PHONE_NUMBER, errcode=errcode, calls=1)

    assert ask(app) == "+8613800138000"
    assert (wechat.calls(TOKEN), wechat.calls(PHONE_NUMBER)) == (2, 2)


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_token_refused_for_ever_is_told_after_one_repetition(wechat: Running, app: MiniProgram, errcode: int) -> None:
    wechat.fault("errcode", path=PHONE_NUMBER, errcode=errcode)

    assert ask(app) == "wechat_misconfigured"
    assert (wechat.calls(TOKEN), wechat.calls(PHONE_NUMBER)) == (2, 2)


@pytest.mark.parametrize("errcode", [40029, 45011, 48001, -1])
def test_other_refusals_are_not_repeated(wechat: Running, app: MiniProgram, errcode: int) -> None:
    wechat.fault("errcode", path=PHONE_NUMBER, errcode=errcode)

    ask(app)

    assert (wechat.calls(TOKEN), wechat.calls(PHONE_NUMBER)) == (1, 1)


@pytest.mark.parametrize("life", [300, 1, 0, -5, "x", "", None, [], 7200.5, 10**30])
def test_token_that_ends_soon_or_nobody_knows_when_is_kept_for_a_while(
    wechat: Running, app: MiniProgram, life: object
) -> None:
    wechat.fault("body", path=TOKEN, body={"access_token": "short-lived", "expires_in": life})

    assert [access_token.access_token(app) for _call in range(3)] == ["short-lived"] * 3
    assert wechat.calls(TOKEN) == 1


def test_life_that_is_written_as_text_is_believed(
    wechat: Running, app: MiniProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    wechat.fault("body", path=TOKEN, body={"access_token": "written", "expires_in": "7200"})
    lives: list[float] = []
    monkeypatch.setattr(access_token.cache, "set", lambda key, token, timeout: lives.append(timeout))

    access_token.access_token(app)

    assert lives == [6900]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"access_token": ""},
        {"access_token": 1, "expires_in": 7200},
        {"access_token": ["t"], "expires_in": 7200},
    ],
)
def test_answer_without_a_token_is_no_token(wechat: Running, app: MiniProgram, body: object) -> None:
    wechat.fault("body", path=TOKEN, body=body)

    assert ask(app) == "wechat_unavailable"
    assert wechat.calls(PHONE_NUMBER) == 0


def test_token_that_somebody_else_has_replaced_already_is_not_dropped(wechat: Running, app: MiniProgram) -> None:
    token = access_token.access_token(app)

    access_token.forget(app, "an older one")

    assert access_token.access_token(app) == token
    assert wechat.calls(TOKEN) == 1


def test_holder_of_the_lock_that_died_is_waited_out(
    wechat: Running, app: MiniProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "FETCH_SECONDS", 1)
    died = access_token.fetching(access_token.cache_key(app))
    assert died.__enter__()

    started = time.monotonic()
    assert ask(app) == "+8613800138000"

    assert 0.5 < time.monotonic() - started < 3
    assert wechat.calls(TOKEN) == 1


def test_holder_of_the_lock_that_never_ends_is_not_waited_for_for_ever(
    wechat: Running, app: MiniProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "FETCH_SECONDS", 0.3)
    cache.add(f"{access_token.cache_key(app)}:fetching", 1, timeout=60)

    assert ask(app) == "wechat_unavailable"
    assert wechat.calls(TOKEN) == 0


def test_without_redis_the_process_fetches_its_own(wechat: Running, app: MiniProgram, settings: Any) -> None:
    settings.CACHES = {"default": AWAY}
    cache.delete(access_token.cache_key(app))

    assert [ask(app, number) for number in range(2)] == ["+8613800138000"] * 2
    assert wechat.calls(TOKEN) == 1


REFUSALS = {40164: "wechat_misconfigured", 40125: "wechat_misconfigured", 40243: "wechat_misconfigured"}


@pytest.mark.parametrize("errcode", REFUSALS)
def test_logins_go_on_while_no_token_is_to_be_had(alice: Phone, wechat: Running, errcode: int) -> None:
    alice.complete()
    wechat.fault("errcode", path=TOKEN, errcode=errcode)
    cache.clear()

    assert alice.silent_login()["data"]["next_step"] == ""
    assert alice.auth_login(mobile_code=alice.phone_code("13800138000"))["data"]["next_step"] == ""
    assert alice.update_user(nickname="Alicia")["code"] == 1
    body = alice.bind_mobile("13800138000")
    assert (body["code"], body["data"], alice.status) == (0, {"error": REFUSALS[errcode]}, 200)


@pytest.mark.parametrize(("kind", "given"), [("status", {"status": 502}), ("garbage", {}), ("errcode", {})])
def test_logins_go_on_while_the_token_endpoint_is_down(
    alice: Phone, wechat: Running, kind: str, given: dict[str, Any]
) -> None:
    alice.complete()
    wechat.fault(kind, path=TOKEN, **given)
    cache.clear()

    assert alice.silent_login()["data"]["next_step"] == ""
    assert alice.auth_login(mobile_code=alice.phone_code("13800138000"))["data"]["mobile"] == ""
    body = alice.bind_mobile("13800138000")
    assert (body["code"], body["data"], alice.status) == (0, {"error": "wechat_unavailable"}, 503)

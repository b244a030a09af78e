"""Contract §4: each switch against each endpoint, decided by the server on the next request."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_authorized_login import NOT_LOGGED_IN
from tests.test_silent_login import (
    COMPLETE,
    NEW,
    NUMBER,
    OWES_MOBILE,
    SESSION,
    VISITOR,
    WITH_MOBILE,
    become_bound,
    everything_stored,
)
from wechat.simulator.threaded import Running

SWITCHES = ("mnp_auto_wechat_auth", "mnp_wechat_auth", "coerce_mobile")
COMBINATIONS = [dict(zip(SWITCHES, states, strict=True)) for states in product((True, False), repeat=3)]
AGREEMENTS = [
    {
        "type": "privacy",
        "title": "隐私政策（模板）",
        "version": "1.0-template",
        "url": "http://testserver/api/agreements/privacy",
    },
    {
        "type": "service",
        "title": "用户服务协议（模板）",
        "version": "1.0-template",
        "url": "http://testserver/api/agreements/service",
    },
]


def config(**switches: bool) -> dict[str, Any]:
    return {
        **switches,
        "agreements": AGREEMENTS,
        "agreements_version": "privacy:1.0-template,service:1.0-template",
    }


def visitor(switches: dict[str, bool]) -> dict[str, Any]:
    closed = not (switches["mnp_auto_wechat_auth"] or switches["mnp_wechat_auth"])
    return VISITOR | {"next_step": "closed" if closed else "authorize"}


@pytest.mark.parametrize("switches", COMBINATIONS)
def test_config_tells_every_switch(alice: Phone, set_switches: Any, switches: dict[str, bool]) -> None:
    set_switches(**switches)

    assert alice.get("config", accept_language="en") == {"code": 1, "msg": "Done", "data": config(**switches)}


@pytest.mark.parametrize("switches", COMBINATIONS)
def test_silent_login_off_asks_nobody_and_knows_nobody(
    alice: Phone, bob: Phone, wechat: Running, set_switches: Any, switches: dict[str, bool]
) -> None:
    alice.complete()
    set_switches(**switches)
    before, calls = everything_stored(), wechat.calls(SESSION)
    known, unknown = alice.silent_login()["data"], bob.silent_login()["data"]

    if switches["mnp_auto_wechat_auth"]:
        assert known == (OWES_MOBILE if switches["coerce_mobile"] else COMPLETE)
        assert unknown == VISITOR
        assert wechat.calls(SESSION) == calls + 2
    else:
        assert known == unknown == visitor(switches)
        assert wechat.calls(SESSION) == calls
    assert everything_stored() == before


@pytest.mark.parametrize("switches", COMBINATIONS)
def test_authorized_login_off_refuses_everybody_and_spends_no_code(
    alice: Phone, bob: Phone, wechat: Running, set_switches: Any, switches: dict[str, bool]
) -> None:
    alice.complete()
    set_switches(**switches)
    calls, users, code = wechat.calls(), User.objects.count(), bob.code()
    known = alice.auth_login(headers={"accept_language": "en"})
    unknown = bob.auth_login(code, headers={"accept_language": "en"})

    if switches["mnp_wechat_auth"]:
        assert known["data"] == (OWES_MOBILE if switches["coerce_mobile"] else COMPLETE)
        assert unknown["data"] == NEW
        return
    refusal = {"error": "authorized_login_disabled", "config": config(**switches)}
    assert known == unknown == {"code": 0, "msg": "Login is switched off at the moment.", "data": refusal}
    assert (wechat.calls(), User.objects.count()) == (calls, users)
    set_switches(mnp_wechat_auth=True)
    assert bob.auth_login(code)["data"] == NEW


@pytest.mark.parametrize("switches", COMBINATIONS)
def test_new_user_finishes_whatever_the_login_switches_say(
    alice: Phone, set_switches: Any, switches: dict[str, bool]
) -> None:
    alice.register()
    set_switches(**switches)
    owed = OWES_MOBILE if switches["coerce_mobile"] else COMPLETE

    assert alice.get("user/info")["code"] == -1
    assert alice.update_user(nickname="Alice", avatar=WECHAT_AVATAR)["data"] == owed
    assert alice.get("user/info")["code"] == (-1 if switches["coerce_mobile"] else 1)
    assert alice.bind_mobile(NUMBER)["data"] == WITH_MOBILE
    assert alice.get("user/info")["code"] == 1


@pytest.mark.parametrize("switches", COMBINATIONS)
def test_token_already_out_is_judged_by_the_switches_as_they_are(
    alice: Phone, bob: Phone, set_switches: Any, switches: dict[str, bool]
) -> None:
    alice.complete()
    become_bound(bob)
    set_switches(**switches)

    for path, ask in (("user/info", alice.get), ("user/delete", alice.post)):
        answer = ask(path, accept_language="en")
        if switches["coerce_mobile"]:
            assert answer == NOT_LOGGED_IN
        else:
            assert answer["code"] == (1 if path == "user/info" else 0)
    assert bob.get("user/info")["code"] == 1
    for phone in (alice, bob):
        assert phone.update_user(nickname="Alina")["code"] == 1
        assert phone.post("upload/image")["code"] != -1
        assert phone.post("login/logout")["code"] == 1
        assert phone.get("user/info")["code"] == -1


def test_token_opens_again_when_the_switch_goes_off(alice: Phone, set_switches: Any) -> None:
    alice.complete()
    for coerce_mobile, code in ((True, -1), (False, 1), (True, -1), (False, 1)):
        set_switches(coerce_mobile=coerce_mobile)
        assert alice.get("user/info")["code"] == code


def test_change_from_the_shell_holds_for_the_next_request(alice: Phone) -> None:
    """Nothing is remembered between requests, so no worker can be late."""
    alice.complete()
    call_command("login_settings", "mnp_wechat_auth=off", "mnp_auto_wechat_auth=off", verbosity=0)
    assert alice.silent_login()["data"] == VISITOR | {"next_step": "closed"}
    assert alice.auth_login()["data"]["error"] == "authorized_login_disabled"

    call_command("login_settings", "mnp_wechat_auth=on", "mnp_auto_wechat_auth=on", "coerce_mobile=on", verbosity=0)
    assert [alice.auth_login()["data"], alice.silent_login()["data"]] == [OWES_MOBILE] * 2
    assert alice.get("config")["data"]["coerce_mobile"] is True


def test_closed_login_leaves_those_inside_where_they_are(alice: Phone, set_switches: Any) -> None:
    alice.complete()
    set_switches(mnp_auto_wechat_auth=False, mnp_wechat_auth=False)

    assert alice.get("user/info")["code"] == 1
    assert alice.silent_login(accept_language="en") == {
        "code": 1,
        "msg": "Login is closed at the moment",
        "data": VISITOR | {"next_step": "closed"},
    }
    assert alice.get("user/info")["code"] == 1


def test_refusal_tells_the_agreements_in_force(alice: Phone, set_switches: Any) -> None:
    set_switches(mnp_wechat_auth=False)

    assert alice.auth_login()["data"]["config"] == alice.get("config")["data"]

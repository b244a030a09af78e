"""Contract §5 on mobiles: taken from WeChat only, unique, never taken over, and paid for within a budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_authorized_login import PHONE
from tests.test_identity import FIRST, SECOND
from tests.test_silent_login import (
    COMPLETE,
    NEW,
    NUMBER,
    WITH_MOBILE,
    become_bound,
    become_complete,
    become_new,
    disable,
    everything_stored,
)
from wechat.simulator.threaded import Running

TAKEN = {"code": 0, "msg": "This mobile number belongs to another account.", "data": {"error": "mobile_taken"}}
INVALID = {
    "code": 0,
    "msg": "The phone number could not be confirmed. Please tap the button again.",
    "data": {"error": "mobile_code_invalid"},
}
TOO_MANY = {
    "code": 0,
    "msg": "Too many attempts. Please wait a moment and try again.",
    "data": {"error": "throttled"},
}


def bind(phone: Phone, code: str, path: str = "user/bindMobile") -> dict[str, Any]:
    return phone.post(path, {"code": code, "mobile_code": code}, accept_language="en")


@pytest.mark.parametrize(
    ("become", "coerce_mobile", "data"),
    [
        (become_new, False, NEW | {"mobile": NUMBER}),
        (become_complete, False, WITH_MOBILE),
        (become_complete, True, WITH_MOBILE),
        (become_bound, True, WITH_MOBILE),
    ],
)
def test_number_that_wechat_confirms_is_bound(
    alice: Phone, set_switches: Any, become: Callable[[Phone], None], coerce_mobile: bool, data: Any
) -> None:
    become(alice)
    set_switches(coerce_mobile=coerce_mobile)
    sentence = "Please complete your profile" if data["is_new_user"] else "Mobile number bound"

    assert bind(alice, alice.phone_code(NUMBER)) == {"code": 1, "msg": sentence, "data": data}
    assert alice.user.mobile == f"+86{NUMBER}"


def test_owed_number_makes_the_token_a_full_one(alice: Phone, set_switches: Any) -> None:
    set_switches(coerce_mobile=True)
    alice.complete()
    owing = alice.token
    assert alice.get("user/info")["code"] == -1

    alice.bind_mobile(NUMBER)

    alice.token = owing
    assert alice.get("user/info")["data"]["mobile"] == NUMBER


def test_own_number_can_be_changed_for_another_one(alice: Phone, bob: Phone) -> None:
    become_bound(alice)

    assert alice.bind_mobile("13900139000")["data"] == WITH_MOBILE | {"mobile": "13900139000"}
    assert bob.complete().bind_mobile(NUMBER)["data"] == WITH_MOBILE


@pytest.mark.parametrize("path", ["user/bindMobile", "login/updateUser"])
def test_number_of_another_account_stays_there(alice: Phone, bob: Phone, path: str) -> None:
    """T28; the refusal says nothing about the owner."""
    become_bound(bob)
    alice.complete()

    assert bind(alice, alice.phone_code(NUMBER), path) == TAKEN
    assert bind(alice, alice.phone_code(f"+86{NUMBER}"), path) == TAKEN
    assert (alice.user.mobile, bob.user.mobile) == (None, f"+86{NUMBER}")


def test_number_of_a_disabled_account_stays_there_too(alice: Phone, bob: Phone) -> None:
    become_bound(bob)
    disable(bob)

    assert alice.complete().bind_mobile(NUMBER)["data"] == {"error": "mobile_taken"}


def test_number_of_a_deleted_account_is_free(alice: Phone, bob: Phone) -> None:
    become_bound(bob)
    bob.post("user/delete", {"confirm": True})

    assert alice.complete().bind_mobile(NUMBER)["data"] == WITH_MOBILE


@pytest.mark.parametrize("name", ["mobile", "phone", "phoneNumber", "purePhoneNumber", "phone_info", "encryptedData"])
@pytest.mark.parametrize("path", ["user/bindMobile", "login/updateUser", "login/authLogin", "login/silentLogin"])
def test_number_that_a_client_sends_is_ignored(alice: Phone, name: str, path: str) -> None:
    """T29."""
    alice.complete()

    alice.post(path, {name: NUMBER, "code": alice.code(), "nickname": "Alina"})

    assert alice.user.mobile is None


@pytest.mark.parametrize("path", ["user/bindMobile", "login/updateUser"])
def test_phone_code_of_somebody_or_somewhere_else_is_refused(alice: Phone, wechat: Running, path: str) -> None:
    """T30: stolen, of another app, expired, replayed, made up, or a login code."""
    alice.complete()
    mint = wechat.world.mint_phone_code
    stolen, foreign = mint(FIRST, NUMBER, person="bob"), mint(SECOND, NUMBER)
    expired, used = mint(FIRST, NUMBER, life=0), alice.phone_code("13900139000")
    assert bind(alice, used)["code"] == 1

    for code in (stolen, foreign, expired, used):
        assert bind(alice, code, path) == INVALID
    assert alice.user.mobile == "+8613900139000"
    assert wechat.latest(PHONE)[-1].json() == {"code": used, "openid": wechat.world.openid(FIRST, "alice")}


@pytest.mark.parametrize("code", ["nonsense", "sim-alice-x"])
def test_phone_code_that_is_none_is_refused(alice: Phone, code: str) -> None:
    assert bind(alice.complete(), code) == INVALID


@pytest.mark.parametrize("watermark", [{"appid": SECOND}, {"appid": None}, {}, None, "wx1111111111111111"])
def test_number_with_a_foreign_watermark_is_refused(alice: Phone, wechat: Running, watermark: Any) -> None:
    """T30."""
    info = {"purePhoneNumber": NUMBER, "countryCode": "86", "watermark": watermark}
    alice.complete()
    wechat.fault("body", path=PHONE, body={"errcode": 0, "phone_info": info})

    assert bind(alice, alice.phone_code(NUMBER)) == INVALID
    assert alice.user.mobile is None


def test_phone_code_of_the_second_app_is_confirmed_there(alice: Phone, wechat: Running) -> None:
    alice.auth_login(headers={"x_wechat_app": "second"})
    code = wechat.world.mint_phone_code(SECOND, NUMBER, person="alice")

    assert alice.post("user/bindMobile", {"code": code})["data"] == {"error": "mobile_code_invalid"}
    assert wechat.calls(PHONE) == 0
    assert alice.post("user/bindMobile", {"code": code}, x_wechat_app="second")["data"] == NEW | {"mobile": NUMBER}


@pytest.mark.parametrize("mobile", ["13800138000", "8613800138000", "00861380013800", " +8613800138000", ""])
def test_database_takes_e164_only(alice: Phone, mobile: str) -> None:
    """T32: uniqueness means something only if a number has one spelling."""
    alice.register()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.update(mobile=mobile)


@pytest.mark.parametrize(
    ("country", "pure", "stored", "shown"),
    [
        ("86", "13800138000", "+8613800138000", "13800138000"),
        (86, "13800138000", "+8613800138000", "13800138000"),
        ("+86", "13800138000", "+8613800138000", "13800138000"),
        ("0086", "13800138000", "+8613800138000", "13800138000"),
        ("86", 13800138000, "+8613800138000", "13800138000"),
        ("８６", "13800138000", "+8613800138000", "13800138000"),
        ("86", "138 0013 8000", "+8613800138000", "13800138000"),
        ("86", "138-0013-8000", "+8613800138000", "13800138000"),
        ("86", "１３８００１３８０００", "+8613800138000", "13800138000"),
        ("86", "+8613800138000", "+8613800138000", "13800138000"),
        ("86", "+86 138 0013 8000", "+8613800138000", "13800138000"),
        ("86", "008613800138000", "+8613800138000", "13800138000"),
        ("86", "8613800138000", "+8613800138000", "13800138000"),
        ("852", "+852 6123 4567", "+85261234567", "+85261234567"),
        ("852", "00852-61234567", "+85261234567", "+85261234567"),
        ("852", "61234567", "+85261234567", "+85261234567"),
        ("1", "3800138000", "+13800138000", "+13800138000"),
        ("852", "13800138000", "+85213800138000", "+85213800138000"),
        ("7", "13800138000", "+713800138000", "+713800138000"),
    ],
)
def test_number_is_stored_in_one_spelling(
    alice: Phone, wechat: Running, *, country: Any, pure: Any, stored: str, shown: str
) -> None:
    """T32."""
    info = {"phoneNumber": "x", "purePhoneNumber": pure, "countryCode": country, "watermark": {"appid": FIRST}}
    alice.complete()
    wechat.fault("body", path=PHONE, body={"errcode": 0, "phone_info": info})

    assert bind(alice, "code")["data"] == COMPLETE | {"mobile": shown}
    assert alice.user.mobile == stored


@pytest.mark.parametrize(
    ("country", "pure"),
    [
        ("86", "+85261234567"),
        ("852", "008613800138000"),
        ("86", "13800138000 ext 1"),
        ("86", "٠١٢٣٤٥٦٧"),
        ("86", ""),
        ("86", None),
        ("86", "1" * 16),
        ("", NUMBER),
        (None, NUMBER),
        ("CN", NUMBER),
    ],
)
def test_number_that_is_none_is_not_stored(alice: Phone, wechat: Running, country: Any, pure: Any) -> None:
    """T32: WeChat does not write these; what does is not WeChat."""
    info = {"purePhoneNumber": pure, "countryCode": country, "watermark": {"appid": FIRST}}
    alice.complete()
    wechat.fault("body", path=PHONE, body={"errcode": 0, "phone_info": info})

    assert bind(alice, "code")["data"] == {"error": "wechat_unavailable"}
    assert (alice.status, alice.user.mobile) == (503, None)


def test_foreign_number_with_the_same_tail_is_another_number(alice: Phone, bob: Phone) -> None:
    """T32."""
    become_bound(alice)

    assert bob.complete().bind_mobile(f"+852{NUMBER}")["data"] == COMPLETE | {"mobile": f"+852{NUMBER}"}


def test_person_pays_for_five_numbers_an_hour(alice: Phone, wechat: Running) -> None:
    """T33: over all the ways to ask for one; `authLogin` goes on without it."""
    with time_machine.travel(timezone.now().replace(minute=1), tick=True):
        alice.complete()
        for number in range(3):
            assert bind(alice, f"nonsense{number}") == INVALID
        for number in range(3, 5):
            assert bind(alice, f"nonsense{number}", "login/updateUser") == INVALID

        assert bind(alice, alice.phone_code(NUMBER)) == TOO_MANY
        assert (alice.status, int(alice.headers["Retry-After"]) > 0) == (429, True)
        assert bind(alice, alice.phone_code(NUMBER), "login/updateUser") == TOO_MANY
        assert alice.auth_login(mobile_code=alice.phone_code(NUMBER))["data"] == COMPLETE
        assert wechat.calls(PHONE) == 5

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert bind(alice, alice.phone_code(NUMBER))["data"] == WITH_MOBILE


def test_everybody_together_has_a_budget_and_its_end_is_told(
    alice: Phone, bob: Phone, wechat: Running, settings: Any, caplog: Any
) -> None:
    """T33."""
    settings.PHONE_CALLS_PER_HOUR = 2
    alice.complete()
    for _call in range(2):
        assert bind(alice, alice.phone_code(NUMBER))["code"] == 1

    assert bind(bob.complete(), bob.phone_code("13900139000")) == TOO_MANY
    assert wechat.calls(PHONE) == 2
    alarms = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert alarms == ["PHONE_CALLS_PER_HOUR is used up: phone numbers are refused until the hour has passed"]


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 7}, {"code": None}, {"code": "a b"}, {"mobile_code": "x"}])
def test_phone_code_is_needed(alice: Phone, wechat: Running, body: Any) -> None:
    answer = alice.complete().post("user/bindMobile", body)

    assert (answer["code"], answer["data"]["error"], list(answer["data"]["fields"])) == (0, "invalid_input", ["code"])
    assert wechat.calls(PHONE) == 0


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ({"kind": "status"}, 503, "wechat_unavailable"),
        ({"kind": "reset"}, 503, "wechat_unavailable"),
        ({"kind": "body", "body": {"errcode": 0}}, 503, "wechat_unavailable"),
        ({"kind": "errcode", "errcode": 45011}, 200, "wechat_rate_limited"),
        ({"kind": "errcode", "errcode": 48001}, 200, "wechat_misconfigured"),
    ],
)
def test_failing_phone_service_is_told_and_changes_nothing(
    alice: Phone, wechat: Running, fault: dict[str, Any], status: int, error: str
) -> None:
    alice.register()
    alice.update_user(avatar=WECHAT_AVATAR)
    before = User.objects.values().get()
    wechat.fault(fault["kind"], path=PHONE, **{name: value for name, value in fault.items() if name != "kind"})

    assert bind(alice, alice.phone_code(NUMBER), "login/updateUser")["data"] == {"error": error}
    assert alice.status == status
    assert User.objects.values().get() == before


def test_code_of_the_phone_button_is_not_kept(alice: Phone) -> None:
    alice.complete()
    code = alice.phone_code(NUMBER)

    bind(alice, code)

    assert code not in everything_stored()

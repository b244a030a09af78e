"""Contract §3, last rows: completing the profile, changing it later, and nothing else through the same door."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import LoginEvent, User
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_authorized_login import NOT_LOGGED_IN, PHONE
from tests.test_silent_login import (
    COMPLETE,
    NEW,
    NUMBER,
    WITH_MOBILE,
    become_bound,
    disable,
    everything_stored,
)
from wechat.simulator.threaded import Running

TEXT_CHECK = "/wxa/msg_sec_check"
NICKNAME_REJECTED = {
    "code": 0,
    "msg": "This nickname cannot be used. Please choose another one.",
    "data": {
        "error": "nickname_rejected",
        "fields": {"nickname": ["This nickname cannot be used. Please choose another one."]},
    },
}
AVATAR_REJECTED = {
    "code": 0,
    "msg": "This picture cannot be used. Please choose another one.",
    "data": {
        "error": "avatar_rejected",
        "fields": {"avatar": ["This picture cannot be used. Please choose another one."]},
    },
}


def profile(phone: Phone) -> tuple[str, str, str | None]:
    user = phone.user
    return user.nickname, user.avatar, user.mobile


def upload(phone: Phone) -> dict[str, str]:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(picture, "PNG")
    file = SimpleUploadedFile("a.png", picture.getvalue(), "image/png")
    answer = phone.client.post("/api/upload/image", {"file": file}, headers={"token": phone.token})
    return dict(answer.json()["data"])


def test_nickname_and_avatar_complete_the_profile(alice: Phone) -> None:
    alice.register()
    sent = {"nickname": " 爱 丽丝 ", "avatar": WECHAT_AVATAR}

    body = alice.post("login/updateUser", sent, accept_language="en")

    assert body == {"code": 1, "msg": "Saved", "data": COMPLETE}
    assert profile(alice) == ("爱 丽丝", WECHAT_AVATAR, None)


@pytest.mark.parametrize("first", ["nickname", "avatar"])
def test_profile_is_completed_in_any_order_and_in_several_steps(alice: Phone, first: str) -> None:
    alice.register()
    fields = {"nickname": "Alice", "avatar": WECHAT_AVATAR}

    assert alice.update_user(mobile_code=alice.phone_code(NUMBER))["data"] == NEW | {"mobile": NUMBER}
    assert alice.update_user(**{first: fields.pop(first)})["data"] == NEW | {"mobile": NUMBER}
    assert alice.update_user(**fields)["data"] == WITH_MOBILE


def test_what_came_with_the_registration_counts_at_completion(alice: Phone) -> None:
    alice.register(nickname="Alice")

    assert alice.update_user(avatar=WECHAT_AVATAR)["data"] == COMPLETE
    assert profile(alice) == ("Alice", WECHAT_AVATAR, None)


def test_complete_user_changes_the_profile_through_the_same_endpoint(alice: Phone) -> None:
    completed_at = alice.complete().user.profile_completed_at

    assert alice.update_user(nickname="Alina")["data"] == COMPLETE
    assert alice.update_user(avatar="https://wx.qlogo.cn/mmopen/b/132")["data"] == COMPLETE

    assert profile(alice) == ("Alina", "https://wx.qlogo.cn/mmopen/b/132", None)
    assert alice.user.profile_completed_at == completed_at


@pytest.mark.parametrize("blank", ["", "  ", "微信用户", "WeChat User"])
def test_placeholder_leaves_a_nickname_as_it_is(alice: Phone, blank: str) -> None:
    alice.complete()

    assert alice.update_user(nickname=blank, avatar="https://wx.qlogo.cn/mmopen/b/132")["data"] == COMPLETE
    assert alice.user.nickname == "Alice"


@pytest.mark.parametrize(
    "blank",
    [
        "",
        " ",
        "http://tmp/Wg3yGk.jpg",
        "wxfile://tmp_1.jpg",
        "https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132",
    ],
)
def test_placeholder_leaves_an_avatar_as_it_is(alice: Phone, blank: str) -> None:
    alice.complete()

    assert alice.update_user(nickname="Alina", avatar=blank)["data"] == COMPLETE
    assert alice.user.avatar == WECHAT_AVATAR


@pytest.mark.parametrize("fields", [{}, {"nickname": ""}, {"avatar": "wxfile://tmp_1.jpg", "mobile_code": ""}])
def test_at_least_one_field_is_needed(alice: Phone, fields: dict[str, str]) -> None:
    alice.complete()
    text = "Give a nickname, an avatar or a phone code; WeChat's placeholders do not count."

    assert alice.post("login/updateUser", fields, accept_language="en") == {
        "code": 0,
        "msg": text,
        "data": {"error": "invalid_input", "fields": {"nickname": [text], "avatar": [text]}},
    }


@pytest.mark.parametrize("field", ["nickname", "avatar", "mobile_code"])
@pytest.mark.parametrize("value", [7, True, ["x"], {"x": 1}, None])
def test_field_of_the_wrong_type_is_named(alice: Phone, field: str, value: Any) -> None:
    body = alice.complete().update_user(**{field: value})

    assert (body["code"], body["data"]["error"], list(body["data"]["fields"])) == (0, "invalid_input", [field])


@pytest.mark.parametrize("field", ["avatar", "mobile_code"])
def test_field_that_is_too_long_is_named(alice: Phone, field: str) -> None:
    body = alice.complete().update_user(**{field: "x" * 2001})

    assert (body["code"], body["data"]["error"], list(body["data"]["fields"])) == (0, "invalid_input", [field])


@pytest.mark.parametrize("nickname", ["a", "x" * 32, "爱" * 32, "👨‍👩‍👧", "O'Brien & Söhne"])
def test_real_nickname_is_kept_as_it_is(alice: Phone, nickname: str) -> None:
    alice.complete()

    assert alice.update_user(nickname=nickname)["data"] == COMPLETE
    assert alice.user.nickname == nickname


@pytest.mark.parametrize(
    "nickname", ["x" * 33, "a\x07b", "a\u202eb", "a\u200bb", "官方客服", "ａｄｍｉｎ", "аdmin", "Staff"]
)
def test_nickname_that_breaks_a_rule_is_refused(alice: Phone, nickname: str) -> None:
    alice.complete()

    assert alice.post("login/updateUser", {"nickname": nickname}, accept_language="en") == NICKNAME_REJECTED
    assert alice.user.nickname == "Alice"


@pytest.mark.parametrize(
    ("nickname", "answer", "reason"),
    [("in review", COMPLETE, "nickname_to_review"), ("Alina", COMPLETE, "")],
)
def test_nickname_that_wechat_lets_pass_is_kept(alice: Phone, nickname: str, answer: Any, reason: str) -> None:
    """T43."""
    alice.complete()

    assert alice.update_user(nickname=nickname)["data"] == answer
    assert LoginEvent.objects.latest("pk").reason == reason
    assert alice.user.nickname == nickname


def test_nickname_that_wechat_calls_risky_is_refused(alice: Phone, wechat: Running) -> None:
    """T43; an errcode of 0 alone does not mean that it is clean."""
    alice.complete()

    assert alice.post("login/updateUser", {"nickname": "违规"}, accept_language="en") == NICKNAME_REJECTED
    assert alice.user.nickname == "Alice"
    sent = wechat.latest(TEXT_CHECK)[-1].json()
    assert sent["openid"] == wechat.world.openid("wx1111111111111111", "alice")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status"},
        {"kind": "garbage"},
        {"kind": "reset"},
        {"kind": "errcode", "errcode": 61010},
        {"kind": "errcode", "errcode": 44991},
        {"kind": "errcode", "errcode": 48001},
        {"kind": "body", "body": {"errcode": 0}},
        {"kind": "body", "body": {"errcode": 0, "result": {"suggest": "maybe"}}},
    ],
)
def test_nickname_that_wechat_cannot_judge_is_accepted_and_marked(
    alice: Phone, wechat: Running, fault: dict[str, Any]
) -> None:
    """T43: no login is lost to an absent check."""
    alice.register()
    wechat.fault(fault["kind"], path=TEXT_CHECK, **{name: value for name, value in fault.items() if name != "kind"})

    assert alice.update_user(nickname="违规", avatar=WECHAT_AVATAR)["data"] == COMPLETE
    assert LoginEvent.objects.latest("pk").reason == "nickname_unchecked"


def test_nickname_that_came_with_the_registration_is_judged_before_it_completes(alice: Phone) -> None:
    alice.register(nickname="违规")

    assert alice.update_user(avatar=WECHAT_AVATAR)["data"]["error"] == "nickname_rejected"
    assert alice.silent_login()["data"] == NEW


def test_content_check_can_be_switched_off(alice: Phone, wechat: Running, settings: Any) -> None:
    settings.CONTENT_CHECK = False

    alice.complete(nickname="违规")

    assert wechat.calls(TEXT_CHECK) == 0
    assert LoginEvent.objects.latest("pk").reason == ""


@pytest.mark.parametrize("key", ["url", "uri"])
def test_own_upload_becomes_the_avatar(alice: Phone, key: str) -> None:
    alice.register()
    uploaded = upload(alice)

    assert alice.update_user(nickname="Alice", avatar=uploaded[key])["data"] == COMPLETE
    assert alice.get("user/info")["data"]["avatar"] == uploaded["url"]


def test_upload_of_somebody_else_does_not(alice: Phone, bob: Phone) -> None:
    bobs = upload(bob.register())
    alice.complete()

    for avatar in (*bobs.values(), *(f"{url}?x" for url in bobs.values()), "avatars/../x.jpg"):
        assert alice.post("login/updateUser", {"avatar": avatar}, accept_language="en") == AVATAR_REJECTED


@pytest.mark.parametrize(
    "avatar",
    [
        "javascript:alert(1)",
        "https://evil.example/a.png",
        "http://thirdwx.qlogo.cn/a/132",
        "https://thirdwx.qlogo.cn.evil.example/a",
        "https://thirdwx.qlogo.cn@evil.example/a",
        'https://wx.qlogo.cn/"onerror=',
        "file:///etc/passwd",
        "//wx.qlogo.cn/a",
    ],
)
def test_avatar_from_anywhere_else_is_refused_and_never_fetched(alice: Phone, wechat: Running, avatar: str) -> None:
    alice.complete()

    assert alice.post("login/updateUser", {"avatar": avatar}, accept_language="en") == AVATAR_REJECTED
    assert alice.user.avatar == WECHAT_AVATAR


def test_change_is_made_as_a_whole_or_not_at_all(alice: Phone, bob: Phone, wechat: Running) -> None:
    become_bound(bob)
    alice.complete()
    kept = profile(alice)

    refused = alice.update_user(nickname="Alina", mobile_code=alice.phone_code(NUMBER))
    assert refused["data"] == {"error": "mobile_taken"}
    assert alice.update_user(nickname="Alina", mobile_code="nonsense")["data"] == {"error": "mobile_code_invalid"}
    assert alice.update_user(nickname="Alina", avatar="javascript:")["data"]["error"] == "avatar_rejected"
    calls = wechat.calls(PHONE)
    assert alice.update_user(nickname="admin", mobile_code=alice.phone_code(NUMBER))["code"] == 0
    assert alice.update_user(nickname="违规", mobile_code=alice.phone_code(NUMBER))["code"] == 0

    assert profile(alice) == kept
    assert wechat.calls(PHONE) == calls


def test_nothing_but_the_profile_can_be_set(alice: Phone) -> None:
    """T13."""
    alice.complete()
    before = User.objects.filter(pk=alice.user.pk).values().get()
    named = dict.fromkeys(before, 7) | {
        "is_staff": True,
        "is_superuser": True,
        "openid": "oB",
        "unionid": "u",
        "sn": "1",
    }
    named |= {"balance": 9, "user_id": 1, "phone": "13900139000", "password": "x", "username": "root", "role": "admin"}

    assert alice.update_user(**named | {"nickname": "Alina", "avatar": "https://wx.qlogo.cn/b/132"})["data"] == COMPLETE

    changed = {"nickname": "Alina", "avatar": "https://wx.qlogo.cn/b/132"}
    assert User.objects.filter(pk=alice.user.pk).values().get() == before | changed


@pytest.mark.parametrize("what", ["disabled", "logged out"])
@pytest.mark.parametrize("path", ["login/updateUser", "user/bindMobile"])
def test_account_that_falls_while_wechat_is_asked_gets_nothing_written(
    alice: Phone, monkeypatch: Any, what: str, path: str
) -> None:
    """T21: the row is looked at again before the write."""
    alice.complete()
    token = alice.token

    def fall(*args: Any) -> None:
        if what == "disabled":
            disable(alice)
        else:
            alice.post("login/logout", accept_language="en")

    monkeypatch.setattr("accounts.phone.count_phone_call", fall)
    sent = {"nickname": "Alina", "mobile_code": alice.phone_code(NUMBER), "code": alice.phone_code(NUMBER)}

    assert alice.post(path, sent, accept_language="en", token=token) == NOT_LOGGED_IN
    assert User.objects.values_list("nickname", "mobile").get() == ("Alice", None)


def test_disabled_user_writes_nothing_with_a_token_still_held(alice: Phone) -> None:
    """T21."""
    alice.complete()
    disable(alice)
    before = everything_stored()

    assert alice.post("login/updateUser", {"nickname": "Alina"}, accept_language="en") == NOT_LOGGED_IN
    assert everything_stored() == before

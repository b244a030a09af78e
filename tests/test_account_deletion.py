"""`POST user/delete`: nothing personal stays, the record does, and whoever comes back is somebody new (T49)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from accounts.models import AvatarUpload, Consent, User, WechatOpenid, WechatUnionid
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_authorized_login import NOT_LOGGED_IN
from tests.test_identity import FIRST, SECOND, bind_to_open_platform
from tests.test_silent_login import COMPLETE, NEW, NUMBER, VISITOR, become_bound, everything_stored
from tests.test_update_user import upload
from wechat.simulator.threaded import Running

GONE = {"code": 1, "msg": "Account deleted", "data": {}}
AGENT, ADDRESS = "MicroMessenger-of-Alice", "203.0.113.77"


def delete(phone: Phone) -> dict[str, Any]:
    return phone.post("user/delete", {"confirm": True}, accept_language="en")


@pytest.mark.parametrize(
    "body", [{}, {"confirm": False}, {"confirm": None}, {"confirm": 0}, {"confirm": "no"}, {"confirm": [True]}]
)
def test_deletion_has_to_be_confirmed(alice: Phone, body: dict[str, Any]) -> None:
    alice.complete()

    answer = alice.post("user/delete", body)

    assert (answer["code"], answer["data"]["error"], list(answer["data"]["fields"])) == (
        0,
        "invalid_input",
        ["confirm"],
    )
    assert alice.get("user/info")["data"]["nickname"] == "Alice"


def test_nothing_personal_stays_anywhere(alice: Phone, wechat: Running) -> None:
    bind_to_open_platform(wechat, FIRST, SECOND)
    alice.client.defaults |= {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": AGENT}
    alice.complete(nickname="Sentinella")
    alice.auth_login(headers={"x_wechat_app": "second"})
    picture = upload(alice)["uri"].removeprefix("/media/")
    assert alice.update_user(avatar=picture, mobile_code=alice.phone_code(NUMBER))["code"] == 1
    person = [wechat.world.openid(FIRST, "alice"), wechat.world.openid(SECOND, "alice")]
    person += [wechat.world.unionid(FIRST, "alice"), "Sentinella", NUMBER, WECHAT_AVATAR, picture, AGENT, ADDRESS]
    stored = everything_stored()
    assert [part for part in person if part not in stored] == [WECHAT_AVATAR]

    assert delete(alice) == GONE

    stored = everything_stored()
    assert [part for part in person if part in stored] == []
    assert not default_storage.exists(picture)


def test_record_is_kept_without_the_person(alice: Phone) -> None:
    become_bound(alice)
    account = alice.user

    delete(alice)

    account.refresh_from_db()
    assert (account.nickname, account.avatar, account.mobile, account.is_active) == ("", "", None, False)
    assert account.deleted_at
    assert list(account.events.order_by("pk").values_list("kind", "address", "user_agent")) == [
        (kind, None, "") for kind in ("registered", "completed", "mobile_bound", "deleted")
    ]
    assert Consent.objects.values("user", "agreements", "address", "user_agent").get() == {
        "user": account.pk,
        "agreements": {"service": "1.0-template", "privacy": "1.0-template"},
        "address": None,
        "user_agent": "",
    }
    for model in (WechatOpenid, WechatUnionid, AvatarUpload):
        assert not model.objects.exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda phone: phone.get("user/info", accept_language="en"),
        lambda phone: phone.post("login/updateUser", {"nickname": "Back"}, accept_language="en"),
        lambda phone: phone.post("user/bindMobile", {"code": phone.phone_code(NUMBER)}, accept_language="en"),
        lambda phone: phone.post("login/logout", accept_language="en"),
        lambda phone: phone.post("upload/image", accept_language="en"),
        delete,
    ],
)
def test_every_token_is_dead_at_once(alice: Phone, ask: Callable[[Phone], Any]) -> None:
    alice.complete()
    other_device = alice.token
    alice.silent_login()

    delete(alice)

    for token in (alice.token, other_device):
        alice.token = token
        assert ask(alice) == NOT_LOGGED_IN
    assert User.objects.get().nickname == ""


def test_whoever_comes_back_is_somebody_new(alice: Phone, wechat: Running) -> None:
    bind_to_open_platform(wechat, FIRST)
    become_bound(alice)
    before = alice.user
    delete(alice)

    assert alice.silent_login()["data"] == VISITOR
    assert alice.auth_login()["data"] == NEW
    assert alice.update_user(nickname="Alice", avatar=WECHAT_AVATAR)["data"] == COMPLETE
    assert alice.bind_mobile(NUMBER)["code"] == 1

    assert alice.user.sn != before.sn
    assert [account.state for account in User.objects.order_by("pk")] == ["deleted", "complete"]
    assert list(alice.user.events.order_by("pk").values_list("kind", flat=True)) == [
        "registered",
        "completed",
        "mobile_bound",
    ]


def test_others_keep_everything(alice: Phone, bob: Phone) -> None:
    become_bound(bob)
    picture = upload(bob)["uri"]
    before = bob.get("user/info")["data"]
    alice.complete()

    delete(alice)

    assert bob.get("user/info")["data"] == before
    assert bob.update_user(avatar=picture)["code"] == 1
    assert bob.user.events.exclude(address="127.0.0.1").count() == 0


def test_database_keeps_a_deleted_account_empty(alice: Phone) -> None:
    alice.complete()
    delete(alice)
    for filled in ({"nickname": "Alice"}, {"mobile": "+8613800138000"}, {"is_active": True}, {"avatar": "a"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.update(**filled)


def test_half_a_deletion_is_none(alice: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.complete()
    before = everything_stored()

    with monkeypatch.context() as patched:
        patched.setattr(User, "save", lambda *args, **kwargs: 1 / 0)
        assert delete(alice)["data"] == {"error": "server_error"}

    assert everything_stored() == before
    assert delete(alice) == GONE

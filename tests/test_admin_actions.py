"""What staff does to an account: asked for with a reason, done by POST only, in force at the next request, recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.core.files.storage import default_storage
from django.test import Client

from accounts import staff as acts
from accounts.models import AvatarUpload, LoginEvent, User, WechatOpenid
from tests import canary
from tests.conftest import WECHAT_AVATAR, Phone
from tests.test_account_deletion import upload
from tests.test_admin_users import LIST, NUMBER, deleted_member, member, page_of, staff

pytestmark = pytest.mark.django_db

DEAD = -1
WHY = {"reason": "asked on the phone"}


@pytest.fixture
def sue() -> Client:
    return staff("sue", "support")


@pytest.fixture
def paul() -> Client:
    return staff("paul", "privacy officer")


def act(client: Client, user: User, name: str, data: dict[str, str] | None = None) -> Any:
    return client.post(f"{LIST}{user.pk}/{name}/", {**WHY, **(data or {})})


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def row(user: User) -> dict[str, Any]:
    return User.objects.filter(pk=user.pk).values().get()


def trail() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """What staff did, in the events and in the admin's log."""
    events = LoginEvent.objects.exclude(by="").order_by("pk")
    entries = LogEntry.objects.order_by("pk").select_related("user")
    return (
        [(event.kind, event.reason, event.by, event.note) for event in events],
        [(entry.user.get_username(), entry.object_repr, entry.get_change_message()) for entry in entries],
    )


def test_a_disabled_users_token_is_dead_and_stays_dead(alice: Phone, sue: Client) -> None:
    alice.complete()

    response = act(sue, alice.user, "disable")

    assert (response.status_code, response.headers["Location"]) == (302, page_of(alice.user))
    assert said(response) == ["The account is disabled; its tokens are dead."]
    assert alice.get("user/info")["code"] == DEAD
    assert alice.silent_login()["data"]["error"] == "account_disabled"
    assert "Disabled because:</strong> asked on the phone" in sue.get(page_of(alice.user)).content.decode()

    act(sue, alice.user, "enable", {"reason": "was a mistake"})

    assert alice.get("user/info")["code"] == DEAD
    assert row(alice.user)["disabled_reason"] == ""
    assert alice.silent_login()["data"]["is_new_user"] is False
    assert alice.get("user/info")["code"] == 1
    assert trail() == (
        [("disabled", "", "sue", "asked on the phone"), ("enabled", "", "sue", "was a mistake")],
        [
            ("sue", alice.user.sn, "disabled: asked on the phone"),
            ("sue", alice.user.sn, "enabled: was a mistake"),
        ],
    )


def test_logging_out_everywhere_kills_every_token_at_once(alice: Phone, sue: Client) -> None:
    alice.complete()
    first = alice.token
    alice.silent_login()

    act(sue, alice.user, "logout")

    second, alice.token = alice.token, first
    assert alice.get("user/info")["code"] == DEAD
    alice.token = second
    assert alice.get("user/info")["code"] == DEAD
    assert alice.silent_login()["data"]["next_step"] == ""
    assert trail()[0] == [("revoked", "", "sue", "asked on the phone")]


def test_a_reset_profile_makes_the_user_new_again_and_removes_the_pictures(alice: Phone, paul: Client) -> None:
    alice.complete()
    uri = upload(alice)["uri"]
    alice.update_user(avatar=uri)
    stored = AvatarUpload.objects.get().name

    act(paul, alice.user, "reset")

    assert alice.get("user/info")["code"] == DEAD
    assert alice.silent_login()["data"] | {"token": ""} == {
        "token": "",
        "is_new_user": True,
        "mobile": "",
        "next_step": "complete_profile",
    }
    assert (alice.user.nickname, alice.user.avatar, AvatarUpload.objects.count()) == ("", "", 0)
    assert not default_storage.exists(stored)
    assert alice.update_user(nickname="Alice", avatar=WECHAT_AVATAR)["data"]["is_new_user"] is False
    assert trail()[0] == [("profile_reset", "", "paul", "asked on the phone")]


def test_a_released_mobile_is_free_for_the_next(alice: Phone, bob: Phone, paul: Client) -> None:
    for phone in (alice, bob):
        phone.complete()
    alice.bind_mobile(NUMBER)
    assert bob.bind_mobile(NUMBER)["data"]["error"] == "mobile_taken"

    act(paul, alice.user, "release-mobile")

    assert alice.get("user/info")["data"]["mobile"] == ""
    assert bob.bind_mobile(NUMBER)["code"] == 1
    assert trail()[1] == [("paul", alice.user.sn, "mobile_released: 138****8000: asked on the phone")]


@pytest.mark.parametrize(("typed", "stored"), [("139 0013 9000", "+8613900139000"), ("+852 5123 4567", "+85251234567")])
def test_a_corrected_mobile_is_stored_in_one_form(paul: Client, typed: str, stored: str) -> None:
    user = member("Alice", mobile="+8613800138000")

    response = act(paul, user, "correct-mobile", {"mobile": typed})

    assert said(response) == ["The mobile number is corrected."]
    assert row(user)["mobile"] == stored
    (kind, change, by, note), *others = trail()[0]
    assert (kind, by, note, others) == ("mobile_corrected", "paul", "asked on the phone", [])
    assert change.startswith("138****8000 → ")
    assert "****" in change.partition("→")[2]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("13900139000", "This mobile number belongs to another account."),
        ("13800138000", "This account has this mobile number already."),
        ("1380013", "This is not a mobile number."),
        ("", "This field is required."),
    ],
)
def test_a_number_that_is_wrong_or_somebody_elses_is_refused(paul: Client, typed: str, error: str) -> None:
    user = member("Alice", mobile="+8613800138000")
    member("Bob", mobile="+8613900139000")

    response = act(paul, user, "correct-mobile", {"mobile": typed})

    assert error in response.content.decode()
    assert row(user)["mobile"] == "+8613800138000"
    assert trail() == ([], [])
    # The form shows again what was typed, to whoever typed it.
    del canary.leaks[:]


def test_anonymising_wants_the_member_number_typed(alice: Phone, paul: Client) -> None:
    alice.complete()
    for typed in ("", "yes", alice.user.sn[:-1]):
        response = act(paul, alice.user, "anonymise", {"sn": typed})
        assert response.status_code == 200
        assert alice.user.deleted_at is None
    assert trail() == ([], [])


@pytest.mark.parametrize("disabled", [False, True])
def test_an_anonymised_account_is_as_empty_as_a_deleted_one(
    alice: Phone, sue: Client, paul: Client, disabled: bool
) -> None:
    alice.complete()
    alice.bind_mobile(NUMBER)
    stored = upload(alice) and AvatarUpload.objects.get().name
    user = alice.user
    if disabled:
        act(sue, user, "disable")

    act(paul, user, "anonymise", {"sn": f" {user.sn} "})

    after = row(user)
    assert [after[name] for name in ("nickname", "avatar", "mobile", "disabled_reason")] == ["", "", None, ""]
    assert after["deleted_at"]
    assert not WechatOpenid.objects.exists()
    assert not default_storage.exists(stored)
    assert set(user.events.values_list("address", "user_agent")) == {(None, "")}
    assert alice.get("user/info")["code"] == DEAD
    assert alice.silent_login()["data"]["next_step"] == "authorize"
    assert trail()[0][-1] == ("deleted", "", "paul", "asked on the phone")
    assert trail()[1][-1] == ("paul", user.sn, "deleted: asked on the phone")
    assert "Account deleted for good" in paul.get(page_of(user)).content.decode()


def test_the_log_keeps_no_nickname(sue: Client) -> None:
    act(sue, member("Alice"), "disable")

    assert not LogEntry.objects.filter(object_repr__contains="Alice").exists()


@pytest.mark.parametrize("reason", ["", "   ", "call 13800138000", "call 138 0013 8000", "+852 5123 4567", "x" * 501])
def test_nothing_is_done_without_a_reason_or_with_a_number_in_it(sue: Client, reason: str) -> None:
    user = member("Alice")
    before = row(user)

    response = act(sue, user, "disable", {"reason": reason})

    assert response.status_code == 200
    assert response.context["form"].errors["reason"]
    assert row(user) == before
    assert trail() == ([], [])
    del canary.leaks[:]


def test_dates_and_order_numbers_are_allowed_in_a_reason(sue: Client) -> None:
    user = member("Alice")

    act(sue, user, "disable", {"reason": "fraud on 2026-11-22, order 20261122\nticket 4711"})

    assert row(user)["disabled_reason"] == "fraud on 2026-11-22, order 20261122 ticket 4711"


NAMES = ["disable", "enable", "logout", "reset", "correct-mobile", "release-mobile", "anonymise"]


@pytest.mark.parametrize("name", NAMES)
def test_asking_does_nothing(name: str) -> None:
    user = member("Alice", mobile="+8613800138000", is_active=name != "enable")
    before = row(user)

    response = staff("root", superuser=True).get(f"{LIST}{user.pk}/{name}/", WHY)

    assert response.status_code == 200
    assert "csrfmiddlewaretoken" in response.content.decode()
    assert (row(user), trail()) == (before, ([], []))


@pytest.mark.parametrize("name", [*NAMES, "phone"])
def test_a_post_from_elsewhere_is_refused(name: str) -> None:
    user = member("Alice", mobile="+8613800138000", is_active=name != "enable")
    before = row(user)
    root = staff("root", superuser=True)
    client = Client(enforce_csrf_checks=True)
    client.cookies = root.cookies

    assert act(client, user, name, {"sn": user.sn, "mobile": "13900139000"}).status_code == 403
    assert (row(user), trail()) == (before, ([], []))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_can_be_done_to_a_deleted_account_or_to_staff(name: str) -> None:
    gone = deleted_member()
    root = staff("root", superuser=True)
    before = row(gone)

    response = act(root, gone, name, {"sn": gone.sn, "mobile": "13900139000"})

    assert said(response) == ["That is not possible with this account as it is now."]
    assert row(gone) == before
    account = User.objects.get(username="root")
    assert act(root, account, name, {"sn": account.sn, "mobile": "13900139000"}).status_code == 404


@pytest.mark.parametrize("function", [acts.disable, acts.log_out_everywhere, acts.anonymise, acts.look_at_mobile])
def test_the_functions_refuse_staff_themselves(function: Any) -> None:
    account = User.objects.create_user("root", is_staff=True)

    with pytest.raises(acts.NotPossible):
        function(account, None)


def test_two_who_disable_at_once_leave_one_record(sue: Client) -> None:
    """The second page was opened before the first one was sent."""
    user = member("Alice")
    stale = User.objects.get(pk=user.pk)
    act(sue, user, "disable", {"reason": "first"})
    visit: Any = None

    with pytest.raises(acts.NotPossible, match="disabled already"):
        acts.disable(stale, visit)
    assert row(user)["disabled_reason"] == "first"


def test_half_an_act_is_none(sue: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = member("Alice")
    before = row(user)
    monkeypatch.setattr(LogEntry.objects, "create", lambda **fields: 1 / 0)
    sue.raise_request_exception = False

    assert act(sue, user, "disable").status_code == 500
    assert row(user) == before
    assert not LoginEvent.objects.exists()


def test_the_full_number_is_shown_on_demand_only_and_each_look_is_recorded(paul: Client) -> None:
    user = member("Alice", mobile="+8613800138000")
    url = f"{LIST}{user.pk}/phone/"
    assert paul.get(url).headers["Location"] == page_of(user)
    assert trail() == ([], [])

    answers = [paul.post(url), paul.post(url)]

    for response in answers:
        assert '<p class="full-number">+8613800138000</p>' in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
    # The canary saw it, so that it would see it anywhere else.
    assert canary.leaks == [f"{url} shows a full phone number"] * 2
    del canary.leaks[:]
    assert trail() == (
        [("phone_viewed", "", "paul", "")] * 2,
        [("paul", user.sn, "phone_viewed")] * 2,
    )
    assert "Full mobile number looked at" in paul.get(page_of(user)).content.decode()


def test_a_user_without_a_number_has_none_to_show(paul: Client) -> None:
    user = member("Alice")

    assert paul.post(f"{LIST}{user.pk}/phone/").headers["Location"] == page_of(user)
    assert "Show in full" not in paul.get(page_of(user)).content.decode()
    assert trail() == ([], [])


def buttons(client: Client, user: User) -> list[str]:
    return [action.name for action in client.get(page_of(user)).context["user_actions"]]


def test_only_what_makes_sense_and_is_allowed_is_offered(sue: Client, paul: Client) -> None:
    bound, new, disabled = member("Alice", mobile="+8613800138000"), member(), member("Dora", is_active=False)

    assert [buttons(sue, user) for user in (bound, new, disabled)] == [["disable", "logout"]] * 2 + [["enable"]]
    assert buttons(paul, bound) == ["reset", "correct-mobile", "release-mobile", "anonymise"]
    assert buttons(paul, new) == ["anonymise"]
    assert buttons(paul, deleted_member()) == []
    assert "Show in full" not in sue.get(page_of(bound)).content.decode()
    assert "Show in full" in paul.get(page_of(bound)).content.decode()

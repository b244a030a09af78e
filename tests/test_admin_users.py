"""Looking a user up: the list, its one search box, its filters, and the page of one user."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.admin import paginator
from accounts.admin.search import e164
from accounts.admin.timeline import device
from accounts.models import LoginEvent, Standing, State, User, WechatOpenid
from accounts.reasons import REASONS
from settings_app.models import Agreement
from tests import canary
from tests.conftest import WECHAT_AVATAR, Phone

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"
SEARCH = f"{LIST}search/"
NUMBER = "13800138000"


def staff(name: str, *roles: str, superuser: bool = False) -> Client:
    account = User.objects.create_user(name, is_staff=True, is_superuser=superuser)
    account.groups.set(Group.objects.filter(name__in=roles))
    client = Client(headers={"accept-language": "en"})
    client.force_login(account)
    return client


@pytest.fixture
def sue() -> Client:
    """Somebody of support."""
    return staff("sue", "support")


def member(nickname: str = "", **fields: Any) -> User:
    """A member; with a nickname the profile is complete."""
    complete = {"avatar": WECHAT_AVATAR, "profile_completed_at": timezone.now()} if nickname else {}
    return User.objects.create_member(nickname=nickname, **(complete | fields))


def deleted_member() -> User:
    return member(is_active=False, deleted_at=timezone.now())


def page_of(user: User) -> str:
    return f"{LIST}{user.pk}/change/"


def shown(client: Client, query: str = "") -> list[str]:
    """The nicknames in the list, "" for none."""
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200
    return [user.nickname for user in response.context["cl"].result_list]


def text(client: Client, user: User, query: str = "") -> str:
    return str(client.get(f"{page_of(user)}{query}").content.decode())


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        " +86 138-0013-8000",
        "8613800138000",
        "008613800138000",
        "１３８００１３８０００",
    ],
)
def test_a_number_is_recognised_however_it_is_written(typed: str) -> None:
    assert e164(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed", ["", "1380013800", "23800138000", "+86 1380013800", "alice", "138001380001", "+", "+0123456"]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert e164(typed) == ""


def test_foreign_numbers_are_recognised_by_their_country_code() -> None:
    assert e164("+852 5123 4567") == "+85251234567"


def everybody(alice: Phone) -> tuple[User, User]:
    alice.complete()
    alice.bind_mobile(NUMBER)
    return alice.user, member("Alina")


@pytest.mark.parametrize("send", ["get", "post"])
@pytest.mark.parametrize(
    "term",
    [
        lambda user: "13800138000",
        lambda user: "+86 138 0013 8000",
        lambda user: user.sn,
        lambda user: f"  {user.openids.get().openid} ",
    ],
)
def test_exact_terms_lead_to_the_user(alice: Phone, sue: Client, term: Any, send: str) -> None:
    user, _other = everybody(alice)
    typed = {"q": term(user)}
    response = sue.post(SEARCH, typed) if send == "post" else sue.get(LIST, typed)

    assert (response.status_code, response.headers["Location"]) == (302, page_of(user))


def test_nicknames_are_found_by_their_beginning(alice: Phone, sue: Client) -> None:
    everybody(alice)

    assert sue.post(SEARCH, {"q": "Ali", "state": "new"}).headers["Location"] == f"{LIST}?state=new&q=Ali"
    assert sorted(shown(sue, "?q=Ali")) == ["Alice", "Alina"]
    assert shown(sue, "?q=Alin") == ["Alina"]
    assert shown(sue, "?q=lin") == []
    assert shown(sue, "?q=%25") == []


def test_a_number_that_nobody_has_is_said_so_without_showing_it(sue: Client) -> None:
    for response in (sue.post(SEARCH, {"q": NUMBER}), sue.get(LIST, {"q": NUMBER})):
        assert (response.status_code, response.headers["Location"]) == (302, LIST)
    assert "No user has this mobile number." in sue.get(LIST).content.decode()


def test_a_number_is_never_a_prefix(sue: Client) -> None:
    member("Alice", mobile="+8613800138000")

    assert sue.get(LIST, {"q": "1380013800"}).context["cl"].result_count == 0


def test_staff_is_not_found_among_the_users(sue: Client) -> None:
    account = User.objects.get(username="sue")

    assert shown(sue) == []
    assert shown(sue, f"?q={account.sn}") == []
    assert sue.get(page_of(account)).status_code == 302


def test_the_database_computes_the_state_as_the_code_does() -> None:
    users = {
        Standing.NEW: member(),
        Standing.NO_MOBILE: member("Bob"),
        Standing.COMPLETE: member("Alice", mobile="+8613800138000"),
        Standing.DISABLED: member("Dora", is_active=False),
        Standing.DELETED: deleted_member(),
        Standing.STAFF: User.objects.create_user("sue", is_staff=True),
    }

    assert {Standing(User.objects.get(pk=user.pk).standing): user for user in users.values()} == users
    states = [State.NEW, State.COMPLETE, State.COMPLETE, State.DISABLED, State.DELETED]
    assert [user.state for user in list(users.values())[:5]] == states
    User.objects.filter(nickname="Dora").update(is_active=True, mobile="+8613900139000")
    assert User.objects.get(nickname="Dora").standing == Standing.COMPLETE


def test_states_are_judged_by_the_switch_as_it_is_now(sue: Client, set_switches: Any) -> None:
    member("Alice", mobile="+8613800138000")
    member("Bob")
    member("")
    member("Dora", is_active=False)
    deleted_member()
    by_state = ("", "?state=new", "?state=complete", "?state=owes_mobile", "?state=disabled", "?state=deleted")

    assert [len(shown(sue, query)) for query in by_state] == [4, 1, 2, 0, 1, 1]
    assert "Owes a mobile number" not in sue.get(LIST).content.decode()
    set_switches(coerce_mobile=True)
    assert [len(shown(sue, query)) for query in by_state] == [4, 1, 1, 1, 1, 1]
    assert shown(sue, "?state=owes_mobile") == ["Bob"]
    assert sue.get(LIST).content.decode().count("state-owes_mobile") == 1


def test_apps_filter_and_are_named(alice: Phone, bob: Phone, sue: Client) -> None:
    alice.complete()
    bob.auth_login(headers={"x_wechat_app": "second"})

    assert shown(sue, "?app=default") == ["Alice"]
    assert shown(sue, "?app=second") == [""]
    assert '<td class="field-apps">second</td>' in sue.get(f"{LIST}?app=second").content.decode()


@pytest.mark.parametrize(("name", "column"), [("registered", "registered_at"), ("last_login", "last_login")])
def test_ranges_reach_back_to_the_beginning_of_a_day(sue: Client, name: str, column: str) -> None:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    for nickname, ago in [("Now", 0), ("Week", 7), ("Month", 30), ("Season", 90), ("Long", 91)]:
        User.objects.filter(pk=member(nickname).pk).update(**{column: midnight - timedelta(days=ago)})

    assert shown(sue, f"?{name}=today") == ["Now"]
    assert shown(sue, f"?{name}=7") == ["Now", "Week"]
    assert shown(sue, f"?{name}=30") == ["Now", "Week", "Month"]
    assert shown(sue, f"?{name}=90") == ["Now", "Week", "Month", "Season"]
    assert len(shown(sue, f"?{name}=8")) == 5


def test_more_users_than_are_counted_are_said_to_be_more(sue: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        member(f"User{number}")
    monkeypatch.setattr(paginator, "MOST", 3)

    assert "3+ users: narrow them down by a filter" in sue.get(LIST).content.decode()
    monkeypatch.setattr(paginator, "MOST", 4)
    assert "Users found: 4" in sue.get(LIST).content.decode()


def test_more_users_cost_no_more_queries(alice: Phone, bob: Phone, sue: Client) -> None:
    alice.complete()
    sue.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as few:
        sue.get(LIST)
    bob.complete()
    for number in range(10):
        WechatOpenid.objects.create(user=member(f"U{number}"), appid="wx", openid=f"o{number}")
    with CaptureQueriesContext(connection) as many:
        sue.get(LIST)

    assert len(many) == len(few)


@pytest.mark.parametrize(
    "avatar",
    ["javascript:alert(1)", "data:image/png;base64,AAAA", "https://evil.example/a.png", "//evil.example/a", "../x.jpg",
     'https://thirdwx.qlogo.cn/"onerror="alert(1)', "http://thirdwx.qlogo.cn/mmopen/a/132", WECHAT_AVATAR],
)  # fmt: skip
def test_no_picture_from_elsewhere_is_drawn(sue: Client, avatar: str) -> None:
    user = member("Alice", avatar=avatar)

    for html in (sue.get(LIST).content.decode(), text(sue, user)):
        assert '<img class="avatar"' not in html
        assert '"onerror=' not in html
    assert "Not shown: it comes from elsewhere." in text(sue, user)


def test_own_picture_is_drawn(sue: Client) -> None:
    member("Alice", avatar="avatars/0a1b.jpg")

    assert '<img class="avatar" src="/media/avatars/0a1b.jpg"' in sue.get(LIST).content.decode()


def test_the_page_tells_identities_and_the_text_that_was_agreed_to(alice: Phone, sue: Client) -> None:
    alice.auth_login(agreed=True)
    agreement = Agreement.published("service")
    assert agreement is not None
    newer = Agreement(type="service", version="2.0", title="Newer", content="<p>Newer text</p>")
    newer.publish()

    html = text(sue, alice.user)

    openid = alice.user.openids.get()
    for said in (
        openid.appid,
        openid.openid,
        alice.user.sn,
        "Service agreement 1.0-template",
        agreement.title,
        "本协议由您与",
    ):
        assert said in html
    assert "Newer text" not in html


def sentences(client: Client, user: User) -> list[tuple[str, str]]:
    return [(moment.sentence, moment.why) for moment in client.get(page_of(user)).context["moments"]]


def test_the_timeline_tells_in_plain_words_newest_first(alice: Phone, sue: Client) -> None:
    alice.complete()
    alice.update_user(nickname="Official service")
    alice.post("login/logout")
    alice.auth_login()
    User.objects.filter(pk=alice.user.pk).update(is_active=False)
    alice.silent_login()

    assert sentences(sue, alice.user) == [
        ("Refused during silent login: The account is disabled.", ""),
        ("Tapped the login button and was logged in", "Had to log in again: had logged out before."),
        ("Logged out", ""),
        (f"Refused during completing or changing the profile: {REASONS['nickname_rejected']}", ""),
        ("Completed the profile", ""),
        ("Registered", ""),
    ]


def record(user: User, kind: str, days_ago: float, **fields: Any) -> None:
    event = LoginEvent.objects.create(user=user, kind=kind, switches={"coerce_mobile": True}, **fields)
    LoginEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(days=days_ago))


@pytest.mark.parametrize(
    ("before", "days", "why"),
    [
        ("silent_login", 6.9, ""),
        ("silent_login", 7.1, "Had to log in again: the token had expired after 7 days."),
        ("revoked", 1, "Had to log in again: staff had ended every login."),
        ("enabled", 1, "Had to log in again: staff had ended every login."),
        ("logout", 30, "Had to log in again: had logged out before."),
        ("refused", 30, ""),
    ],
)
def test_why_somebody_had_to_log_in_again_is_told(sue: Client, before: str, days: float, why: str) -> None:
    user = member("Alice")
    record(user, before, days, flow="silent_login", reason="account_disabled" if before == "refused" else "")
    record(user, "silent_login", 0)

    assert sentences(sue, user)[0] == ("Opened the mini-program and was logged in", why)


def test_the_timeline_tells_switches_address_and_device_of_each_moment(sue: Client) -> None:
    user = member("Alice")
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0.49(0x1) NetType/WIFI"
    record(user, "silent_login", 0, address="203.0.113.9", user_agent=agent, app="default")

    html = text(sue, user)

    assert "203.0.113.9" in html
    assert ">iPhone · WeChat 8.0.49</span>" in html
    assert '<span class="off">silent login: off</span>' in html
    assert '<span class="on">mobile number required: on</span>' in html


def test_an_unknown_device_is_shown_as_it_was_sent() -> None:
    assert device("curl/8") == "curl/8"
    assert device("") == ""


def test_the_timeline_has_pages(sue: Client) -> None:
    user = member("Alice")
    for day in range(45):
        record(user, "silent_login", day)

    html = text(sue, user, "?page=2")

    assert html.count('<p class="sentence">') == 20
    assert "2 / 3" in html
    assert text(sue, user, "?page=3").count('<p class="sentence">') == 5
    assert text(sue, user, "?page=nonsense").count('<p class="sentence">') == 20


def test_only_masked_numbers_are_on_the_pages(sue: Client) -> None:
    user = member("Alice", mobile="+8613800138000")

    assert "138****8000" in sue.get(LIST).content.decode()
    assert "138****8000" in text(sue, user)
    assert canary.leaks == []


@pytest.mark.parametrize("lookup", ["mobile__contains=1380", "password__startswith=!", "openids__openid__gt=o", "x=1"])
def test_no_lookup_but_the_filters_is_answered(lookup: str) -> None:
    """By it a masked number could be told digit by digit."""
    member("Alice", mobile="+8613800138000")
    root = staff("root", superuser=True)

    assert root.get(f"{LIST}?{lookup}").status_code == 400
    assert root.get(f"{LIST}export/?{lookup}").status_code == 400


def test_nobody_adds_edits_or_deletes_a_user(alice: Phone) -> None:
    everybody(alice)
    root = staff("root", superuser=True)
    before = list(User.objects.order_by("pk").values())

    assert root.get(f"{LIST}add/").status_code == 403
    assert root.post(f"{LIST}add/", {"nickname": "Made"}).status_code == 403
    assert root.get(f"{LIST}{alice.user.pk}/delete/").status_code == 403
    assert root.post(f"{LIST}{alice.user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert root.post(page_of(alice.user), {"nickname": "X", "is_staff": "on", "sn": "1"}).status_code == 403
    assert root.post(LIST, {"action": "delete_selected", "_selected_action": [alice.user.pk]}).status_code in (302, 200)
    assert list(User.objects.order_by("pk").values()) == before


def test_the_models_and_the_migrations_agree() -> None:
    call_command("makemigrations", "accounts", check=True, dry_run=True, verbosity=0)

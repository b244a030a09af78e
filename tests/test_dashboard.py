"""The admin's first page: who sees the figures, that they are true, and what the browser gets."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation

from accounts import errors, statistics
from accounts.charts import Column, chart, round_up
from accounts.dashboard import dashboard, meaning
from accounts.models import DailyCount, LoginEvent, User
from accounts.reasons import REASONS
from tests.conftest import Phone
from wechat.errors import CATALOGUE, PHONE, UNKNOWN, WechatError

pytestmark = pytest.mark.django_db

Kind = LoginEvent.Kind
ENGLISH = {"accept-language": "en"}
NOT_YET = "not counted yet"


def staff(*permissions: str, superuser: bool = False) -> Client:
    user = User.objects.create_user("olivia", is_staff=True, is_superuser=superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(headers=ENGLISH)
    client.force_login(user)
    return client


def page(client: Client) -> str:
    response = client.get("/admin/")
    assert response.status_code == 200
    return str(response.content.decode())


def event(kind: str, days: int = 0, reason: str = "", errcode: int | None = None) -> None:
    made = LoginEvent.objects.create(kind=kind, reason=reason, errcode=errcode, switches={})
    LoginEvent.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=days))


def refused(reason: str, errcode: int | None = None, days: int = 0) -> None:
    event(Kind.REFUSED, days, reason, errcode)


@pytest.mark.parametrize(
    "permission", ["view_user", "change_user", "view_loginsettings", "change_loginsettings", "superuser"]
)
def test_who_may_see_users_or_switches_sees_the_figures(permission: str) -> None:
    client = staff(permission, superuser=permission == "superuser")
    assert "Registrations per day" in page(client)


@pytest.mark.parametrize("permission", ["", "view_agreement", "export_users", "view_group"])
def test_other_staff_see_the_list_of_models_alone(permission: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.dashboard_page.dashboard", None)
    shown = page(staff(permission))
    assert 'class="dash' not in shown
    assert 'id="content-main"' in shown


@pytest.mark.parametrize("client", [Client(), None])
def test_nobody_else_sees_the_page(client: Client | None, alice: Phone) -> None:
    if client is None:
        client = Client(headers={"token": alice.complete().token})
    response = client.get("/admin/")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/login/?next=/admin/")


def test_list_of_models_stays_reachable_below_the_figures() -> None:
    shown = page(staff(superuser=True))
    assert shown.index('id="dash-days"') < shown.index('id="content-main"') < shown.index("/admin/accounts/user/")


def test_funnel_follows_people_through_the_api(alice: Phone, bob: Phone, charlie: Phone) -> None:
    for phone in (alice, bob, charlie):
        phone.silent_login()
    Phone("dave").silent_login()
    alice.complete().bind_mobile("13800138000")
    bob.complete()
    charlie.register()

    funnel = dashboard().funnel

    with translation.override("en"):
        assert [(str(step.label), step.count, step.share) for step in funnel] == [
            ("Unknown visitor", 4, None),
            ("Authorised", 3, 75),
            ("Completed", 2, 67),
            ("Mobile bound", 1, 50),
        ]
    assert [step.width for step in funnel] == [1000, 750, 500, 250]


def test_figures_are_those_of_the_last_thirty_days() -> None:
    User.objects.create_user("first", registered_at=timezone.now() - timedelta(days=60))
    for days in (0, 1, 29, 30):
        event(Kind.REGISTERED, days)
        event(Kind.SILENT_LOGIN, days)
        event(Kind.AUTHORIZED_LOGIN, days)
    call_command("aggregate_events", days=60, stdout=StringIO())

    figures = dashboard()

    assert (figures.registrations_total, figures.logins_total) == (3, 6)
    assert [day.logins for day in figures.days] == [2, *[0] * 27, 2, 2]
    assert figures.not_counted == []


def test_day_that_was_not_counted_is_said_to_be_and_is_not_zero() -> None:
    client = staff(superuser=True)
    User.objects.update(registered_at=timezone.now() - timedelta(days=3))
    event(Kind.REGISTERED, days=2)

    figures, shown = dashboard(), page(client)
    assert [day.counted for day in figures.days[-5:]] == [True, False, False, False, True]
    assert [column.counted for column in figures.registrations.columns[-5:]] == [True, False, False, False, True]
    assert "3 of these 30 days have not been counted yet" in shown
    assert shown.count('class="dash-missing"') == 3 * 2
    assert "yesterday: not counted yet" in shown

    call_command("aggregate_events", stdout=StringIO())
    assert dashboard().not_counted == []
    assert dashboard().registrations_total == 1
    assert NOT_YET not in page(client)


def test_days_before_anybody_was_here_need_no_counting() -> None:
    assert dashboard().not_counted == []
    User.objects.create_user("first")
    assert dashboard().not_counted == []


def subclasses(of: type) -> set[type]:
    return {of, *(found for child in of.__subclasses__() for found in subclasses(child))}


def test_every_slug_that_a_refusal_can_have_is_said_in_words() -> None:
    slugs = {
        error.slug for base in (errors.Refused, WechatError) for error in subclasses(base) if "slug" in vars(error)
    }
    assert set(REASONS) == slugs


def test_refusals_are_counted_by_reason_in_words() -> None:
    client = staff("view_user")
    for _time in range(2):
        refused("mobile_taken")
    refused("code_invalid", 40029)
    refused("a:later<b>version")

    assert [(row.slug, row.count, row.width) for row in dashboard().refusals] == [
        ("mobile_taken", 2, 1000),
        ("a:later<b>version", 1, 500),
        ("code_invalid", 1, 500),
    ]
    shown = page(client)
    assert "The mobile number belongs to another account." in shown
    assert "a:later&lt;b&gt;version" in shown
    assert "later<b>version" not in shown


def test_wechat_errors_come_with_cause_and_remedy_what_to_act_on_first() -> None:
    client = staff("view_loginsettings")
    for _time in range(5):
        refused("code_invalid", 40029)
    refused("wechat_misconfigured", 40164)
    refused("mobile_taken")

    first, second = dashboard().faults
    assert (first.errcode, first.everyday, first.count) == ("40164", False, 1)
    assert (first.cause, first.remedy) == (CATALOGUE[40164].cause, CATALOGUE[40164].remedy)
    assert (second.errcode, second.everyday, second.count) == ("40029", True, 5)
    assert first.last == statistics.today()
    assert "Add the address this server calls out from to the IP whitelist" in page(client)


@pytest.mark.parametrize(
    ("slug", "errcode", "meant"),
    [
        ("mobile_code_invalid", 40013, PHONE[40013]),
        ("wechat_misconfigured", 40013, CATALOGUE[40013]),
        ("wechat_misconfigured", 99999, UNKNOWN),
    ],
)
def test_errcode_means_what_its_endpoint_means_by_it(slug: str, errcode: int, meant: object) -> None:
    assert meaning(slug, errcode) == meant


def test_wechat_without_an_answer_is_an_error_without_errcode() -> None:
    refused("wechat_unavailable")
    refused("account_disabled")

    (fault,) = dashboard().faults
    assert (fault.errcode, fault.everyday, fault.count) == ("", False, 1)
    assert fault.remedy


class Markup(HTMLParser):
    """What the policy would block, and what the drawings hold."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked: list[str] = []
        self.hosts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.blocked += [name for name in given if name == "style" or name.startswith("on")]
        self.blocked += [tag] if tag == "style" or (tag == "script" and not given.get("src")) else []
        self.hosts += [value or "" for name, value in attrs if name in ("src", "href") and "//" in (value or "")]


def test_page_holds_nothing_that_its_policy_blocks_and_names_no_other_host() -> None:
    client = staff(superuser=True)
    refused("wechat_misconfigured", 40164)
    event(Kind.REGISTERED)
    markup = Markup()
    markup.feed(page(client))

    assert markup.blocked == []
    assert markup.hosts == []
    assert [given.get("class") for tag, given in markup.tags if tag == "svg"].count("dash-chart") == 2


def test_every_drawn_number_is_in_a_table_too() -> None:
    client = staff(superuser=True)
    User.objects.update(registered_at=timezone.now() - timedelta(days=40))
    DailyCount.objects.bulk_create(
        DailyCount(day=statistics.today() - timedelta(days=7), name=name, count=count)
        for name, count in [
            ("events", 1), ("unknown", 1001), ("registered", 1002), ("silent_login", 1003), ("authorized_login", 1004),
            ("completed", 1005), ("mobile_bound", 1006), ("refused:code_used:40163", 1007),
        ]
    )  # fmt: skip

    table = page(client).split('id="dash-days"')[1].split("</details>")[0]
    row = next(row for row in table.split("<tr>") if "1,002" in row)
    assert [cell.split(">")[-1] for cell in row.split("</td>")[:-1]] == [f"1,00{digit}" for digit in range(1, 8)]


def test_charts_are_images_with_a_name_and_point_to_the_table() -> None:
    markup = Markup()
    markup.feed(page(staff(superuser=True)))
    ids = {given.get("id") for _tag, given in markup.tags}
    charts = [given for tag, given in markup.tags if tag == "svg" and given.get("class") == "dash-chart"]
    assert [given["role"] for given in charts] == ["img", "img"]
    assert all({given["aria-labelledby"], given["aria-describedby"]} <= ids for given in charts)


def test_opening_the_page_costs_the_same_for_many_events(django_assert_max_num_queries: Any) -> None:
    client = staff(superuser=True)
    User.objects.update(registered_at=timezone.now() - timedelta(days=40))
    for days in range(30):
        event(Kind.REGISTERED, days)
        refused("code_used", 40163, days)
    call_command("aggregate_events", stdout=StringIO())

    with django_assert_max_num_queries(12):
        page(client)


def test_bars_are_as_high_as_their_numbers_and_stack() -> None:
    drawn = chart([Column("1", (50, 30)), Column("2", (100,)), Column("3", (0,)), Column("4", None)])

    assert (drawn.top, drawn.middle, drawn.width) == (100, 50, 400)
    assert [[(bar.y, bar.height, bar.series) for bar in column.bars] for column in drawn.columns] == [
        [(500, 500, 0), (200, 300, 1)],
        [(0, 1000, 0)],
        [],
        [],
    ]
    assert [column.counted for column in drawn.columns] == [True, True, True, False]


def test_smallest_number_is_seen_beside_the_largest() -> None:
    (small, _large) = chart([Column("1", (1,)), Column("2", (1_000_000,))]).columns
    assert small.bars[0].height == 12


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (7, 8), (9, 10), (11, 20), (41, 50), (87, 100), (951, 1000), (123_456, 200_000)],
)
def test_axis_ends_at_a_round_number_with_a_whole_half(value: int, top: int) -> None:
    assert round_up(value) == top


def test_counts_of_many_users_wait_for_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    client = staff(superuser=True)
    monkeypatch.setattr(statistics, "FEW_ACCOUNTS", 0)
    assert "there are too many users to count them while you wait" in page(client)

    User.objects.create_member()
    call_command("aggregate_events", stdout=StringIO())
    profiles = dashboard().profiles
    assert profiles
    assert (profiles.members, profiles.without_either, profiles.complete, profiles.width) == (1, 1, 0, 1000)

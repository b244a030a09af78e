"""A change of the switches is looked at before it is made, and what the preview says is what the API does."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone, translation

from accounts import preview
from accounts.impact import impact, phone_capability
from accounts.models import LoginEvent, User
from settings_app.history import ChangedMeanwhile, change_switches
from settings_app.lockouts import lockouts
from settings_app.models import SWITCHES, LoginSettings, SwitchChange
from tests.conftest import Phone
from tests.test_switches_admin import HISTORY, OPEN, PAGE, choose, flip, history, preview_form, staff, switches

pytestmark = pytest.mark.django_db

PROPOSE = "/admin/settings_app/loginsettings/1/propose/"
SHELL = SwitchChange.Source.SHELL
EVERY_STATE = [dict(zip(SWITCHES, state, strict=True)) for state in itertools.product([True, False], repeat=3)]
CLOSED = {"mnp_auto_wechat_auth": False, "mnp_wechat_auth": False}


@pytest.fixture
def olivia() -> Client:
    return staff("olivia", "view_loginsettings", "change_loginsettings")


def settings_of(**changed: bool) -> LoginSettings:
    return LoginSettings(pk=1, **{**OPEN, **changed})


def text(response: Any) -> str:
    """The page as somebody reads it."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


def short(body: dict[str, Any]) -> str:
    """An answer of the API as the table writes it."""
    data = body["data"]
    if body["code"] == 1 and "next_step" in data:
        token = "token" if data["token"] else 'token ""'
        return " · ".join(part for part in ("code 1", token, data["next_step"]) if part)
    return f"code {body['code']} · {data['error']}" if "error" in data else f"code {body['code']}"


def as_table(state: dict[str, bool]) -> dict[str, list[str]]:
    return {row.who: [cell.answer for cell in row.cells] for row in preview.visitors(LoginSettings(pk=1, **state))}


@pytest.mark.parametrize("state", EVERY_STATE, ids=str)
def test_the_table_says_what_the_api_answers(state, wechat, set_switches):
    """Real phones, a real WeChat, every setting: nothing in the table is said from memory."""
    people = {
        "未知": Phone("nobody-yet"),
        "已注册，资料未完善": Phone("alice").register(),
        "已完善资料": Phone("bob").complete(),
        "已完善资料（无手机号）": Phone("charlie").complete(),
        "已停用": Phone("dave").complete(),
    }
    people["已完善资料"].bind_mobile("13800138000")
    User.objects.filter(pk=people["已停用"].user.pk).update(is_active=False)
    set_switches(**state)

    answers = {}
    for who, phone in people.items():
        protected = short(phone.get("user/info"))
        silent = short(phone.silent_login())
        answers[who] = [silent, short(phone.auth_login()), protected]

    assert list(answers.values()) == list(as_table(state).values())


def test_the_people_of_the_table_are_in_no_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        rows = preview.visitors(settings_of())

    assert [len(row.cells) for row in rows] == [3] * 5


def test_choosing_shows_the_change_and_writes_nothing(olivia):
    response = choose(olivia, "coerce_mobile")

    assert "Mobile number required coerce_mobile off → on" in text(response)
    assert 'value="Save this change"' in response.content.decode()
    assert (switches(), history()) == (OPEN, [])


def test_exactly_the_cells_that_would_change_are_marked(olivia):
    html = choose(olivia, "coerce_mobile").content.decode()
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', html, re.DOTALL)

    assert {who: cells.count('class="differs"') for who, cells in rows} == {
        "Unknown": 0,
        "Registered, profile incomplete": 0,
        "Complete": 0,
        "Complete, without a mobile": 3,
        "Disabled": 0,
    }
    assert re.findall(r"now: ([^<]+)</span>", html) == ["Is logged in", "Is logged in", "Open"]


def test_the_present_table_marks_nothing(olivia):
    html = olivia.get(PAGE).content.decode()

    assert html.count('<th scope="row">') == 5
    assert "differs" not in html


def test_confirming_writes_what_the_preview_showed(olivia):
    response = olivia.post(PAGE, preview_form(choose(olivia, "coerce_mobile")))

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    assert switches() == OPEN | {"coerce_mobile": True}
    assert history() == [("olivia", "admin", ["coerce_mobile: off → on"])]


def test_a_preview_is_void_when_somebody_moved_a_switch_meanwhile(olivia):
    form = preview_form(choose(olivia, "coerce_mobile"))
    change_switches({"mnp_auto_wechat_auth": False}, source=SHELL)

    response = olivia.post(PAGE, form)

    assert response.status_code == 409
    assert "somebody else moved the switches meanwhile" in text(response)
    assert switches() == OPEN | {"mnp_auto_wechat_auth": False}
    assert preview_form(response) == form | {"before-mnp_auto_wechat_auth": "off", "after-mnp_auto_wechat_auth": "off"}
    assert olivia.post(PAGE, preview_form(response)).status_code == 302
    assert switches() == OPEN | {"mnp_auto_wechat_auth": False, "coerce_mobile": True}


def test_confirming_twice_writes_once(olivia):
    form = preview_form(choose(olivia, "coerce_mobile"))
    olivia.post(PAGE, form)
    second = olivia.post(PAGE, form)

    assert second.status_code == 302
    assert str(list(get_messages(second.wsgi_request))[-1]) == (
        "The switches stand like that already: nothing was changed."
    )
    assert len(history()) == 1


def test_a_change_that_expects_another_state_is_refused_under_the_lock():
    with pytest.raises(ChangedMeanwhile):
        change_switches({"coerce_mobile": True}, source=SHELL, expected=OPEN | {"mnp_wechat_auth": False})

    assert (switches(), history()) == (OPEN, [])


def test_a_race_lost_at_the_lock_shows_the_preview_again(olivia, monkeypatch):
    form = preview_form(choose(olivia, "coerce_mobile"))

    def overtaken(*args: Any, **kwargs: Any) -> None:
        raise ChangedMeanwhile

    monkeypatch.setattr("settings_app.admin.switches.change_switches", overtaken)

    assert olivia.post(PAGE, form).status_code == 409


@pytest.mark.parametrize("spoiled", [{"after-coerce_mobile": "maybe"}, {"before-coerce_mobile": ""}])
def test_a_garbled_confirmation_changes_nothing(olivia, spoiled):
    form = preview_form(choose(olivia, "coerce_mobile"))

    assert olivia.post(PAGE, form | spoiled).status_code == 302
    assert (switches(), history()) == (OPEN, [])


@pytest.mark.parametrize(
    ("chosen", "field", "consent"),
    [
        (
            ["mnp_auto_wechat_auth", "mnp_wechat_auth"],
            "understood-closed",
            "Yes, from now on nobody shall be able to log in.",
        ),
        (
            ["mnp_wechat_auth"],
            "understood-no_registration",
            "Yes, from now on nobody new shall be able to register.",
        ),
    ],
)
def test_what_locks_people_out_is_refused_without_its_tick(olivia, chosen, field, consent):
    preview_page = choose(olivia, *chosen)
    form = preview_form(preview_page)
    assert consent in text(preview_page)
    assert [name for name in form if name.startswith("understood-")] == [field]

    refused = olivia.post(PAGE, {name: value for name, value in form.items() if name != field})

    assert refused.status_code == 422
    assert "Nothing was changed: please confirm the effect by ticking the box." in text(refused)
    assert (switches(), history()) == (OPEN, [])
    assert olivia.post(PAGE, form).status_code == 302
    assert switches() == OPEN | dict.fromkeys(chosen, False)


def test_the_tick_for_one_effect_is_not_the_tick_for_another(olivia):
    form = preview_form(choose(olivia, *CLOSED))
    del form["understood-closed"]

    assert olivia.post(PAGE, form | {"understood-no_registration": "on"}).status_code == 422
    assert switches() == OPEN


def said_by_wechat(**event: Any) -> None:
    LoginEvent.objects.create(switches=OPEN, **event)


def test_mobiles_that_cannot_be_read_need_a_tick_too(olivia):
    said_by_wechat(kind="refused", reason="wechat_misconfigured", errcode=48001, app="default")
    form = preview_form(choose(olivia, "coerce_mobile"))

    assert "understood-no_phone" in form
    del form["understood-no_phone"]
    assert olivia.post(PAGE, form).status_code == 422
    assert switches() == OPEN


@pytest.mark.parametrize(
    ("events", "capability"),
    [
        ([], None),
        ([("refused", 40029)], None),
        ([("refused", 48001)], False),
        ([("refused", 48001), ("mobile_bound", None)], True),
        ([("mobile_bound", None), ("refused", 48001)], False),
        ([("mobile_bound", None), ("silent_login", None)], True),
    ],
)
def test_the_last_word_of_wechat_about_phone_numbers_counts(events, capability):
    for kind, errcode in events:
        said_by_wechat(kind=kind, errcode=errcode, app="default")

    assert phone_capability() is capability
    needed = [lockout.slug for lockout in lockouts(settings_of(coerce_mobile=True))]
    assert needed == (["no_phone"] if capability is False else [])


def test_one_mini_program_that_may_not_read_numbers_is_enough():
    said_by_wechat(kind="refused", errcode=48001, app="second")
    said_by_wechat(kind="mobile_bound", app="default")

    assert phone_capability() is False


def test_the_preview_says_when_nobody_knows_about_phone_numbers(olivia):
    sentence = "Whether WeChat lets the mini-program read phone numbers is not known yet: nobody has tried lately."

    assert sentence in text(choose(olivia, "coerce_mobile"))
    said_by_wechat(kind="mobile_bound", app="default")
    assert sentence not in text(choose(olivia, "coerce_mobile"))


def member(days_ago: float, *, completed: bool = True, **fields: Any) -> User:
    then = timezone.now() - timedelta(days=days_ago)
    profile = {"nickname": "n", "avatar": "a", "profile_completed_at": then} if completed else {}
    return User.objects.create_member(last_login=then, registered_at=then, **profile, **fields)


@pytest.fixture
def crowd() -> None:
    """Five active members, two of them complete without a mobile; and some who must not be counted."""
    member(1, mobile="+8613800138001")
    member(3)
    member(29)
    member(2, completed=False)
    member(20, mobile="+8613800138002")
    member(31)
    member(1, is_active=False)
    User.objects.create_user("staff", is_staff=True, last_login=timezone.now())
    for user in User.objects.filter(mobile__isnull=False):
        LoginEvent.objects.create(user=user, kind="silent_login", switches={})
        LoginEvent.objects.create(user=user, kind="silent_login", switches={})
    LoginEvent.objects.create(kind="refused", reason="authorized_login_disabled", switches={})
    LoginEvent.objects.update(created_at=timezone.now() - timedelta(days=6))
    old = LoginEvent.objects.create(user=User.objects.earliest("pk"), kind="silent_login", switches={})
    LoginEvent.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))


MOBILE_ON = "coerce_mobile would stop 2 of 5 active users until they bind a mobile."
REGISTERED = "4 people registered in the last 7 days; with authorised login off nobody new gets in."


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ({}, {}, []),
        ({}, {"coerce_mobile": True}, [MOBILE_ON]),
        ({"coerce_mobile": True}, {}, ["2 of 5 active users would no longer have to bind a mobile."]),
        ({}, {"mnp_wechat_auth": False}, [REGISTERED]),
        (
            {"mnp_wechat_auth": False},
            {},
            ["1 logins were refused in the last 7 days because authorised login was off."],
        ),
        (
            {},
            {"mnp_auto_wechat_auth": False},
            ["2 users were logged in silently in the last 7 days; that ends, and only the login button is left."],
        ),
        ({"mnp_auto_wechat_auth": False}, {}, ["5 active users would be logged in without a tap."]),
        ({}, CLOSED, [REGISTERED, "None of 5 active users could log in again once their login ends."]),
    ],
)
def test_the_impact_is_counted(crowd, before, after, sentences):
    with translation.override("en"):
        assert impact(settings_of(**before), settings_of(**after)) == sentences


def test_the_preview_shows_the_impact(olivia, crowd):
    assert MOBILE_ON in text(choose(olivia, "coerce_mobile"))


def test_the_impact_of_coerce_mobile_is_one_bounded_query(crowd, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("accounts.impact.COUNTED", 3)
    with django_assert_num_queries(1) as captured, translation.override("en"):
        said = impact(settings_of(), settings_of(coerce_mobile=True))

    assert said == ["coerce_mobile would stop 1+ of 3+ active users until they bind a mobile."]
    assert "LIMIT 3" in captured[0]["sql"]


def test_an_earlier_state_is_proposed_and_restored_through_the_preview(olivia):
    flip(olivia, "coerce_mobile")
    flip(olivia, "mnp_auto_wechat_auth")
    html = olivia.get(HISTORY).content.decode()
    ways_back = [unescape(way) for way in re.findall(rf'href="({PROPOSE}[^"]+)"', html)]

    assert ways_back == [
        f"{PROPOSE}?mnp_auto_wechat_auth=on&mnp_wechat_auth=on&coerce_mobile=on",
        f"{PROPOSE}?mnp_auto_wechat_auth=on&mnp_wechat_auth=on&coerce_mobile=off",
    ]
    proposed = olivia.get(ways_back[-1])
    assert "on → off" in text(proposed)
    assert len(history()) == 2

    assert olivia.post(PAGE, preview_form(proposed)).status_code == 302
    assert switches() == OPEN
    assert history()[-1] == (
        "olivia",
        "admin",
        ["mnp_auto_wechat_auth: off → on", "coerce_mobile: on → off"],
    )


def test_going_back_to_a_state_that_locks_people_out_needs_the_tick(olivia):
    address = f"{PROPOSE}?mnp_auto_wechat_auth=off&mnp_wechat_auth=off&coerce_mobile=off"

    assert "understood-closed" in preview_form(olivia.get(address))


@pytest.mark.parametrize(
    "query", ["", "?coerce_mobile=on", "?mnp_auto_wechat_auth=x&mnp_wechat_auth=on&coerce_mobile=on"]
)
def test_an_address_that_names_no_state_leads_to_the_switches(olivia, query):
    response = olivia.get(PROPOSE + query)

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)


def test_only_who_may_change_the_switches_proposes_and_confirms(olivia):
    form = preview_form(choose(olivia, "coerce_mobile"))
    victor = staff("victor", "view_loginsettings")
    address = f"{PROPOSE}?mnp_auto_wechat_auth=on&mnp_wechat_auth=on&coerce_mobile=on"

    assert victor.get(address).status_code == 403
    assert victor.post(PAGE, form).status_code == 403
    assert Client().get(address).status_code == 302
    assert (switches(), history()) == (OPEN, [])


def test_the_confirmation_needs_the_token_of_the_form(olivia):
    form = preview_form(choose(olivia, "coerce_mobile"))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = olivia.cookies

    assert strict.post(PAGE, form).status_code == 403
    assert switches() == OPEN

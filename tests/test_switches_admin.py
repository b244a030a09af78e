from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, transaction
from django.test import Client

from settings_app.config import client_config
from settings_app.history import change_switches
from settings_app.models import LoginSettings, SwitchChange

pytestmark = pytest.mark.django_db

LIST = "/admin/settings_app/loginsettings/"
PAGE = f"{LIST}1/change/"
HISTORY = f"{LIST}1/history/"
ENGLISH = {"accept-language": "en"}
OPEN = {"mnp_auto_wechat_auth": True, "mnp_wechat_auth": True, "coerce_mobile": False}


def staff(username: str, *permissions: str, superuser: bool = False) -> Client:
    user = get_user_model().objects.create_user(username, is_staff=True, is_superuser=superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(headers=ENGLISH)
    client.force_login(user)
    return client


@pytest.fixture
def olivia() -> Client:
    """An operator who may change the switches."""
    return staff("olivia", "view_loginsettings", "change_loginsettings")


@pytest.fixture
def victor() -> Client:
    """A viewer."""
    return staff("victor", "view_loginsettings")


def inputs(html: str) -> list[dict[str, str]]:
    """The named inputs of a page with their attributes; those without a value have the name as its own."""
    found = [dict(re.findall(r'([\w-]+)(?:="([^"]*)")?', tag)) for tag in re.findall(r"<input([^>]+)>", html)]
    return [field for field in found if "name" in field]


def drawn(client: Client) -> dict[str, str]:
    """What the page's form would send if nobody touched it."""
    return {
        field["name"]: field.get("value", "on")
        for field in inputs(client.get(PAGE).content.decode())
        if field["name"].removeprefix("initial-") in OPEN and (field["type"] != "checkbox" or "checked" in field)
    }


def choose(client: Client, *names: str, form: dict[str, str] | None = None) -> Any:
    """Send the page with these switches moved; what comes back is the preview."""
    sent = drawn(client) if form is None else form
    for name in names:
        if name in sent:
            del sent[name]
        else:
            sent[name] = "on"
    return client.post(PAGE, sent)


def preview_form(response: Any) -> dict[str, str]:
    """What the preview's form sends with every box ticked."""
    fields = {field["name"]: field.get("value", "on") for field in inputs(response.content.decode())}
    return {name: value for name, value in fields.items() if re.match("_confirm|before-|after-|understood-", name)}


def flip(client: Client, *names: str, form: dict[str, str] | None = None) -> Any:
    """Move switches, look at the preview, tick what has to be ticked, confirm."""
    response = choose(client, *names, form=form)
    return client.post(PAGE, preview_form(response)) if response.status_code == 200 else response


def switches() -> dict[str, bool]:
    return LoginSettings.current().switches()


def log() -> list[tuple[str, str, str]]:
    entries = LogEntry.objects.order_by("pk").select_related("user")
    return [(entry.user.get_username(), entry.object_repr, entry.get_change_message()) for entry in entries]


def history() -> list[tuple[str | None, str, list[str]]]:
    rows = SwitchChange.objects.select_related("by").order_by("pk")
    return [(row.by and row.by.get_username(), row.source, row.lines) for row in rows]


def test_the_list_leads_to_the_one_page(olivia):
    response = olivia.get(LIST)

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)


def test_each_switch_is_drawn_with_its_sentence_and_its_name(olivia):
    html = olivia.get(PAGE).content.decode()

    assert html.count('role="switch"') == 3
    assert html.count("<dt>For whom</dt>") == 3
    assert "authLogin → code 0, error &quot;authorized_login_disabled&quot;" in html
    for name in OPEN:
        assert f'id="id_{name}"' in html
        assert f"<code>{name}</code>" in html
        assert f'aria-describedby="id_{name}_helptext"' in html
        assert f'id="id_{name}_helptext"' in html
    assert "Off: nobody new can register; the button is refused." in html
    assert "The switches have not been changed yet." in html


def test_the_pages_hold_no_inline_script_or_style(olivia):
    flip(olivia, "coerce_mobile")
    pages = [olivia.get(PAGE), olivia.get(HISTORY), choose(olivia, "mnp_wechat_auth", "mnp_auto_wechat_auth")]
    for response in pages:
        html = response.content.decode()
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
        assert re.findall(r"<style|\sstyle=|\son\w+=", html) == []


def test_a_change_holds_at_the_next_request_and_says_from_what_to_what_by_whom(olivia):
    response = flip(olivia, "mnp_wechat_auth", "coerce_mobile")

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Saved. It holds from the next request on."
    ]
    config = Client().get("/api/config").json()["data"]
    assert {name: config[name] for name in OPEN} == {
        "mnp_auto_wechat_auth": True,
        "mnp_wechat_auth": False,
        "coerce_mobile": True,
    }
    assert history() == [("olivia", "admin", ["mnp_wechat_auth: on → off", "coerce_mobile: off → on"])]
    assert log() == [("olivia", "login switches", "mnp_wechat_auth: on → off, coerce_mobile: off → on")]


def test_the_log_is_written_in_no_language(olivia):
    preview = choose(olivia, "mnp_wechat_auth")
    olivia.post(PAGE, preview_form(preview), headers={"accept-language": "zh-hans"})

    assert log() == [("olivia", "login switches", "mnp_wechat_auth: on → off")]


def test_saving_without_a_change_leaves_no_history(olivia):
    response = flip(olivia)

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    assert (switches(), history(), log()) == (OPEN, [], [])


def test_a_page_that_was_opened_earlier_does_not_undo_what_others_switched(olivia):
    opened_earlier = drawn(olivia)
    change_switches({"mnp_wechat_auth": False}, source=SwitchChange.Source.SHELL)

    flip(olivia, "coerce_mobile", form=opened_earlier)

    assert switches() == {"mnp_auto_wechat_auth": True, "mnp_wechat_auth": False, "coerce_mobile": True}
    assert history() == [
        (None, "shell", ["mnp_wechat_auth: on → off"]),
        ("olivia", "admin", ["coerce_mobile: off → on"]),
    ]


def test_a_form_that_does_not_say_what_it_showed_sets_all_three(olivia):
    flip(olivia, form={"coerce_mobile": "on"})

    assert switches() == {"mnp_auto_wechat_auth": False, "mnp_wechat_auth": False, "coerce_mobile": True}


@pytest.mark.parametrize(
    ("off", "kind", "sentence"),
    [
        ([], "good", "Login is open: new users can register, and known users come back."),
        (["mnp_auto_wechat_auth"], "good", "Login is open: new users can register, and known users come back."),
        (
            ["mnp_wechat_auth"],
            "warning",
            "Authorised login is off: nobody new can register. Only users who are known are logged in.",
        ),
        (
            ["mnp_auto_wechat_auth", "mnp_wechat_auth"],
            "error",
            "Both login ways are off: nobody can log in. Whoever is logged in stays logged in.",
        ),
    ],
)
def test_the_page_says_whom_the_switches_lock_out(olivia, off, kind, sentence):
    html = flip(olivia, *off, form=drawn(olivia)).client.get(PAGE).content.decode()

    assert re.findall(r'<p class="notice notice-(\w+)" role="status">([^<]+)</p>', html) == [(kind, sentence)]


def test_the_history_page_shows_changes_of_the_admin_and_of_the_shell(olivia):
    flip(olivia, "coerce_mobile")
    change_switches({"mnp_wechat_auth": False, "coerce_mobile": False}, source=SwitchChange.Source.SHELL)

    for url in (HISTORY, PAGE):
        html = olivia.get(url).content.decode()
        shown = re.findall(r"<code>(\w+: \w+ → \w+)</code>", html)
        assert shown == ["mnp_wechat_auth: on → off", "coerce_mobile: on → off", "coerce_mobile: off → on"]
        by = [" ".join(text.split()) for text in re.findall(r"</time>(.*?)</span>", html, re.DOTALL)]
        assert by == ["· nobody named · shell", "· olivia · admin"]


def test_a_long_history_has_pages(olivia):
    for number in range(51):
        change_switches({"coerce_mobile": number % 2 == 0}, source=SwitchChange.Source.SHELL)

    assert olivia.get(HISTORY).content.decode().count("<time") == 50
    assert olivia.get(f"{HISTORY}?p=2").content.decode().count("<time") == 1


def test_who_is_gone_leaves_the_history_behind(olivia):
    flip(olivia, "coerce_mobile")
    get_user_model().objects.all().delete()

    assert history() == [(None, "admin", ["coerce_mobile: off → on"])]


def test_a_viewer_sees_the_switches_and_cannot_move_them(victor):
    html = victor.get(PAGE).content.decode()

    assert len(re.findall(r'<input type="checkbox" role="switch" class="switch" disabled(?: checked)?', html)) == 3
    assert html.count("disabled checked") == 2
    assert 'name="_preview"' not in html
    assert "/propose/" not in html
    assert victor.get(HISTORY).status_code == 200
    assert victor.post(PAGE, {"coerce_mobile": "on"}).status_code == 403
    assert (switches(), history()) == (OPEN, [])


def test_staff_without_permission_see_nothing():
    nobody = staff("nobody")

    assert nobody.get(PAGE).status_code == 403
    assert nobody.get(HISTORY).status_code == 403
    assert nobody.get(LIST).status_code == 302


def test_nobody_adds_or_deletes_the_row():
    root = staff("root", superuser=True)

    assert root.get(f"{LIST}add/").status_code == 403
    assert root.post(f"{LIST}add/", {"coerce_mobile": "on"}).status_code == 403
    assert root.post(f"{LIST}1/delete/", {"post": "yes"}).status_code == 403
    assert root.post(f"{LIST}2/change/", {"coerce_mobile": "on"}).status_code == 302
    assert LoginSettings.objects.count() == 1


def test_the_database_holds_one_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        LoginSettings.objects.create(pk=2)


def test_the_page_opens_on_a_database_without_the_row(olivia):
    LoginSettings.objects.all().delete()

    flip(olivia, "coerce_mobile")

    assert switches() == OPEN | {"coerce_mobile": True}


def test_a_name_that_is_no_switch_changes_nothing():
    with pytest.raises(KeyError):
        change_switches({"coerce_mobile": True, "id": True}, source=SwitchChange.Source.SHELL)

    assert (switches(), history()) == (OPEN, [])


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_time_are_all_kept_and_recorded_in_order():
    LoginSettings.objects.get_or_create(pk=1)
    start = threading.Barrier(len(OPEN))

    def change(name: str) -> None:
        connection.ensure_connection()
        start.wait()
        change_switches({name: not OPEN[name]}, source=SwitchChange.Source.SHELL)
        connection.close()

    threads = [threading.Thread(target=change, args=[name]) for name in OPEN]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert switches() == {name: not on for name, on in OPEN.items()}
    rows = list(SwitchChange.objects.order_by("pk"))
    assert [len(row.lines) for row in rows] == [1, 1, 1]
    assert [row.before for row in rows[1:]] == [row.after for row in rows[:-1]]


def test_the_switches_are_read_with_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert switches() == OPEN


def test_config_takes_switches_that_are_loaded_already(django_assert_num_queries):
    loaded = LoginSettings(pk=1, mnp_wechat_auth=False)
    with django_assert_num_queries(1):
        config = client_config(loaded)

    assert config["mnp_wechat_auth"] is False

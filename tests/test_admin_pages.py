"""Every page of the admin, opened by everybody: superuser, each role, staff without a role, a member, nobody.

The registry is walked, so that a page that is registered tomorrow is closed or fails here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client

from accounts.admin.actions import ACTIONS
from accounts.models import LoginEvent, Staff, User
from settings_app.models import Agreement, LoginSettings
from tests import canary
from tests.test_admin_users import LIST, member, page_of, staff

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"
QUOTED = 'x" onerror="alert(1)'
EVERYBODY = ("superuser", "operator", "support", "privacy officer", "no role", "member", "anonymous")
PAGES = ("list", "search", "add", "change", "history", "delete")

# Whom a page is open to; superusers too, wherever anybody is named. What is not named here is open to nobody.
OPEN: dict[tuple[type[Model], str], tuple[str, ...]] = {
    **{(User, page): ("superuser", "support", "privacy officer") for page in ("list", "search", "change", "history")},
    **{(Staff, page): ("superuser",) for page in ("list", "search", "add", "change", "history")},
    **{(Group, page): ("superuser",) for page in PAGES},
    **{(LoginSettings, page): ("superuser", "operator") for page in ("list", "search", "change", "history")},
    **{(Agreement, page): ("superuser", "operator") for page in PAGES},
}
ACTION_ROLES = {
    "disable": ("superuser", "support"),
    "enable": ("superuser", "support"),
    "logout": ("superuser", "support"),
    "reset": ("superuser", "privacy officer"),
    "correct-mobile": ("superuser", "privacy officer"),
    "release-mobile": ("superuser", "privacy officer"),
    "anonymise": ("superuser", "privacy officer"),
}


def somebody(who: str) -> Client:
    if who == "anonymous":
        return Client(headers={"accept-language": "en"})
    if who == "member":
        client = Client(headers={"accept-language": "en"})
        client.force_login(member("Mallory"))
        return client
    return staff("somebody", who, superuser=who == "superuser")


def thing(model: type[Model]) -> Model:
    """One row of each registered model; a model that is new here is named here."""
    makers: dict[type[Model], Any] = {
        User: lambda: member(SCRIPT, avatar=QUOTED, mobile="+8613800138000"),
        Staff: lambda: Staff.objects.create_user("other", is_staff=True),
        Group: lambda: Group.objects.create(name=SCRIPT),
        LoginSettings: lambda: LoginSettings.objects.get_or_create(pk=1)[0],
        Agreement: lambda: Agreement.objects.create(type="service", version="draft", title=SCRIPT, content="<p>x</p>"),
    }
    if model in makers:
        made: Model = makers[model]()
        return made
    return model._default_manager.first() or model()


def address(model: type[Model], page: str, pk: Any) -> str:
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    return base + {"list": "", "search": "?q=a", "add": "add/"}.get(page, f"{pk}/{page}/")


def outcome(response: Any) -> str:
    """What a visitor got in the end: the page, a refusal, or the login form."""
    if response.request["PATH_INFO"] == "/admin/login/":
        return "login"
    return {200: "open", 403: "refused", 404: "refused"}.get(response.status_code, str(response.status_code))


def expected(who: str, allowed: tuple[str, ...]) -> str:
    if who in ("anonymous", "member"):
        return "login"
    return "open" if who in allowed else "refused"


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_every_registered_page_is_open_to_its_roles_alone(model: type[Model], page: str, who: str) -> None:
    client, pk = somebody(who), thing(model).pk

    assert outcome(client.get(address(model, page, pk), follow=True)) == expected(who, OPEN.get((model, page), ()))


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [action.name for action in ACTIONS])
def test_every_action_is_open_to_its_roles_alone(name: str, method: str, who: str) -> None:
    user = member("Alice", mobile="+8613800138000", is_active=name != "enable")
    client = somebody(who)
    sent = {"reason": "because", "sn": user.sn, "mobile": "139 0013 9000"}
    before = User.objects.values().get(pk=user.pk)

    response = getattr(client, method)(f"{LIST}{user.pk}/{name}/", sent, follow=True)

    assert outcome(response) == expected(who, ACTION_ROLES[name])
    done = method == "post" and who in ACTION_ROLES[name]
    assert (User.objects.values().get(pk=user.pk) != before) is done
    assert LoginEvent.objects.exclude(by="").exists() is done


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("phone/", ("superuser", "privacy officer")),
        ("export/", ("superuser", "privacy officer")),
        ("search/", ("superuser", "support", "privacy officer")),
    ],
)
def test_number_export_and_search_are_open_to_their_roles_alone(path: str, allowed: tuple[str, ...], who: str) -> None:
    user = member("Alice", mobile="+8613800138000")
    url = f"{LIST}{user.pk}/{path}" if path == "phone/" else f"{LIST}{path}"

    response = somebody(who).post(url, {"reason": "because", "q": "Ali"}, follow=True)

    assert outcome(response) == expected(who, allowed)
    recorded = LoginEvent.objects.exclude(by="").exists()
    assert recorded is (who in allowed and path != "search/")
    assert bool(canary.leaks) is (who in allowed and path == "phone/")
    del canary.leaks[:]


def own_addresses(model: type[Model]) -> list[str]:
    """The names of the pages that a model's admin has besides Django's own."""
    stock = ("changelist", "add", "history", "delete", "change")
    names = [str(pattern.name) for pattern in admin.site._registry[model].get_urls() if pattern.name]
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    return [name.removeprefix(prefix) for name in names if name.removeprefix(prefix) not in stock]


def test_users_have_no_page_that_is_not_tried_here() -> None:
    assert sorted(own_addresses(User)) == sorted([*ACTION_ROLES, "phone", "export", "search"])


def test_roles_lead_to_what_they_are_for_from_the_first_page() -> None:
    links = {
        "operator": {"/admin/settings_app/loginsettings/", "/admin/settings_app/agreement/"},
        "support": {LIST},
        "privacy officer": {LIST},
    }
    for number, (role, wanted) in enumerate(links.items()):
        html = staff(f"account{number}", role).get("/admin/").content.decode()
        assert wanted <= set(re.findall(r'href="(/admin/\w+/\w+/)"', html))
        assert f"{LIST}add/" not in html
        assert "/admin/accounts/staff/" not in html


def pages_of(user: User) -> list[str]:
    actions = [f"{LIST}{user.pk}/{name}/" for name in ACTION_ROLES if name != "enable"]
    return [
        LIST,
        f"{LIST}?q=%3Cscript",
        page_of(user),
        f"{LIST}{user.pk}/history/",
        *actions,
        f"{LIST}export/?q=%3Cscript",
    ]


def test_names_pictures_and_reasons_are_escaped_everywhere() -> None:
    user = member(SCRIPT, avatar=QUOTED, mobile="+8613800138000")
    root = staff("root", superuser=True)
    note = "<img src=x onerror=alert(1)>"
    LoginEvent.objects.create(
        user=user, kind="disabled", by=SCRIPT, note=note, user_agent=SCRIPT, app=SCRIPT, switches={}
    )
    LogEntry.objects.create(
        user=User.objects.get(username="root"),
        content_type=ContentType.objects.get_for_model(User),
        object_id=user.pk,
        object_repr=SCRIPT,
        action_flag=CHANGE,
        change_message=note,
    )

    for url in [*pages_of(user), "/admin/"]:
        response = root.get(url)
        html = response.content.decode()
        assert response.status_code == 200, url
        assert SCRIPT not in html, url
        assert note not in html, url
        assert not re.search(r'<[^>]*"[^>]*\sonerror="', html), url
    assert "&lt;script&gt;" in root.get(LIST).content.decode()
    assert "&lt;script&gt;" in root.get(page_of(user)).content.decode()


def test_messages_after_an_act_are_escaped() -> None:
    user = member(SCRIPT)
    root = staff("root", superuser=True)

    html = root.post(f"{LIST}{user.pk}/disable/", {"reason": SCRIPT}, follow=True).content.decode()

    assert SCRIPT not in html
    assert "Disabled because:</strong> &lt;script&gt;" in html


def test_no_page_shows_a_full_number_and_the_canary_would_see_it() -> None:
    user = member("Alice", mobile="+8613800138000")
    root = staff("root", superuser=True)
    for url in [*pages_of(user), "/admin/", f"{LIST}?state=complete"]:
        root.get(url)
    assert canary.leaks == []

    url = f"{LIST}{user.pk}/phone/"
    root.post(url)
    assert canary.leaks == [f"{url} shows a full phone number"]
    del canary.leaks[:]


def test_pages_hold_no_inline_script_or_style() -> None:
    user = member("Alice", mobile="+8613800138000")
    root = staff("root", superuser=True)

    for url in [*pages_of(user), "/admin/accounts/staff/", "/admin/accounts/staff/add/"]:
        response = root.get(url)
        html = re.sub(r"<iframe.*?</iframe>", "", response.content.decode(), flags=re.DOTALL)
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert re.findall(r"<script(?![^>]*\bsrc=)", html) == [], url
        assert re.findall(r"<style|\sstyle=|\son\w+=", html) == [], url

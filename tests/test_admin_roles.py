"""The roles, the accounts that may have them, and the order in which the admin shows its pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.roles import create_roles
from config.admin import sections
from tests.test_admin_users import LIST, member, page_of, staff

pytestmark = pytest.mark.django_db

STAFF = "/admin/accounts/staff/"
GRANTED = {
    "operator": {
        "view_loginsettings", "change_loginsettings",
        "view_agreement", "add_agreement", "change_agreement", "delete_agreement",
    },
    "support": {"view_user", "disable_user", "revoke_tokens"},
    "privacy officer": {
        "view_user", "view_phone", "export_users", "reset_profile", "change_mobile", "anonymise_user",
    },
}  # fmt: skip
PASSWORD = "correct-horse-battery-7"


@pytest.fixture
def root() -> Client:
    return staff("root", superuser=True)


def granted() -> dict[str, set[str]]:
    groups = Group.objects.prefetch_related("permissions")
    return {group.name: {permission.codename for permission in group.permissions.all()} for group in groups}


def test_three_roles_are_ready() -> None:
    assert granted() == GRANTED


def test_making_the_roles_again_changes_nothing_and_mends_what_is_missing() -> None:
    before = list(Permission.objects.order_by("pk").values_list("codename", "name"))
    create_roles(apps)
    assert granted() == GRANTED

    Group.objects.get(name="operator").delete()
    support = Group.objects.get(name="support")
    support.permissions.remove(Permission.objects.get(codename="view_user"))
    support.permissions.add(Permission.objects.get(codename="view_phone"))
    create_roles(apps)

    assert granted() == GRANTED | {"support": GRANTED["support"] | {"view_phone"}}
    assert list(Permission.objects.order_by("pk").values_list("codename", "name")) == before


def test_no_permission_is_made_twice_by_the_migration() -> None:
    """It makes them before Django does, with the same names."""
    names = dict(Permission.objects.filter(content_type__app_label="accounts").values_list("codename", "name"))

    assert names["view_user"] == "Can view user"
    assert names["view_phone"] == "Can see full mobile numbers"
    pairs = list(Permission.objects.values_list("content_type", "codename"))
    assert len(pairs) == len(set(pairs))


def new_account(root: Client, **fields: Any) -> Any:
    form = {"username": "olivia", "password1": PASSWORD, "password2": PASSWORD}
    return root.post(f"{STAFF}add/", form | fields)


def test_a_superuser_makes_an_account_with_a_role_that_can_log_in(root: Client) -> None:
    operator = Group.objects.get(name="operator")

    assert new_account(root, groups=[operator.pk]).status_code == 302

    olivia = User.objects.get(username="olivia")
    assert (olivia.is_staff, olivia.is_superuser, list(olivia.groups.all())) == (True, False, [operator])
    client = Client()
    assert client.login(username="olivia", password=PASSWORD)
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("role", list(GRANTED))
def test_nobody_else_sees_or_makes_staff(role: str) -> None:
    client = staff("sam", role)
    Group.objects.get(name=role).permissions.add(*Permission.objects.filter(codename__endswith="_staff"))
    account = User.objects.get(username="sam")

    for url in (STAFF, f"{STAFF}add/", f"{STAFF}{account.pk}/change/", f"{STAFF}{account.pk}/password/"):
        assert client.get(url).status_code == 403
    assert new_account(client).status_code == 403
    assert client.post(f"{STAFF}{account.pk}/change/", {"is_superuser": "on"}).status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_member_is_never_among_the_staff(root: Client) -> None:
    user = member("Alice")
    before = User.objects.values().get(pk=user.pk)

    assert "Alice" not in root.get(STAFF).content.decode()
    for page in ("change", "history", "delete"):
        assert root.get(f"{STAFF}{user.pk}/{page}/").status_code in (302, 403)
    form = {"username": "alice", "is_active": "on", "is_superuser": "on"}
    assert root.post(f"{STAFF}{user.pk}/change/", form).status_code == 302
    assert root.post(f"{STAFF}{user.pk}/password/", {"password1": PASSWORD, "password2": PASSWORD}).status_code == 404
    assert User.objects.values().get(pk=user.pk) == before


def test_the_database_makes_no_member_staff() -> None:
    member("Alice")
    for rights in ({"is_staff": True}, {"is_superuser": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(nickname="Alice").update(**rights)


def test_an_account_needs_a_user_name(root: Client) -> None:
    assert new_account(root, username="").status_code == 200
    assert User.objects.count() == 1
    with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
        User.objects.filter(username="root").update(username=None)


def test_accounts_are_disabled_and_not_deleted(root: Client) -> None:
    staff("sam", "support")
    sam = User.objects.get(username="sam")

    assert root.post(f"{STAFF}{sam.pk}/delete/", {"post": "yes"}).status_code == 403
    form = {"username": "sam", "groups": [group.pk for group in sam.groups.all()]}
    assert root.post(f"{STAFF}{sam.pk}/change/", form).status_code == 302

    sam.refresh_from_db()
    assert (sam.is_active, sam.is_staff) == (False, True)


def test_a_disabled_account_sees_nothing_from_the_next_request_on(root: Client) -> None:
    client = staff("sam", "support")
    assert client.get(LIST).status_code == 200
    User.objects.filter(username="sam").update(is_active=False)

    assert client.get(LIST).headers["Location"].startswith("/admin/login/")


def test_a_right_taken_away_is_gone_at_the_next_request() -> None:
    client, user = staff("sam", "support"), member("Alice")
    assert client.get(f"{LIST}{user.pk}/disable/").status_code == 200
    Group.objects.get(name="support").permissions.remove(Permission.objects.get(codename="disable_user"))

    assert client.get(f"{LIST}{user.pk}/disable/").status_code == 403
    assert client.get(page_of(user)).status_code == 200
    assert f"{user.pk}/disable/" not in client.get(page_of(user)).content.decode()


def test_a_role_is_named_by_what_it_may_do(root: Client) -> None:
    html = root.get(f"{STAFF}add/").content.decode()

    assert "support: look up, disable, log out" in html


ROLES_PAGE = "/admin/auth/group/"


def test_a_role_is_a_choice_among_the_rights_that_open_something(root: Client) -> None:
    support = Group.objects.get(name="support")
    export = Permission.objects.get(codename="export_users")
    html = root.get(f"{ROLES_PAGE}{support.pk}/change/").content.decode()
    assert "Disable and enable users" in html
    assert "Can add" not in html

    form = {"name": "support", "permissions": [export.pk]}
    assert root.post(f"{ROLES_PAGE}{support.pk}/change/", form).status_code == 302
    assert granted()["support"] == {"export_users"}


@pytest.mark.parametrize("codename", ["change_group", "add_logentry", "view_staff"])
def test_a_right_that_gives_rights_is_not_among_them(root: Client, codename: str) -> None:
    support = Group.objects.get(name="support")
    form = {"name": "support", "permissions": [Permission.objects.get(codename=codename).pk]}

    assert root.post(f"{ROLES_PAGE}{support.pk}/change/", form).status_code == 200
    assert granted() == GRANTED


@pytest.mark.parametrize("page", ["", "add/", "{pk}/change/", "{pk}/delete/", "{pk}/history/"])
def test_whoever_holds_the_right_to_change_roles_changes_none(page: str) -> None:
    client, support = staff("sam", "support"), Group.objects.get(name="support")
    support.permissions.add(*Permission.objects.filter(codename__endswith="_group"))

    assert client.get(ROLES_PAGE + page.format(pk=support.pk)).status_code == 403


def test_a_role_is_deleted_and_its_holders_lose_it(root: Client) -> None:
    client = staff("sam", "support")
    support = Group.objects.get(name="support")
    assert "User_groups" not in root.get(f"{ROLES_PAGE}{support.pk}/delete/").content.decode()

    assert root.post(f"{ROLES_PAGE}{support.pk}/delete/", {"post": "yes"}).status_code == 302
    assert client.get(LIST).status_code == 403


def test_a_superuser_removes_the_second_factor_of_a_lost_phone(root: Client) -> None:
    staff("sam", "support")
    sam = User.objects.get(username="sam")
    page = f"{STAFF}{sam.pk}/change/"
    assert "remove_second_factor" not in root.get(page).content.decode()
    TOTPDevice.objects.create(user=sam, confirmed=True)
    assert "remove_second_factor" in root.get(page).content.decode()
    form = {"username": "sam", "is_active": "on", "groups": [group.pk for group in sam.groups.all()]}

    root.post(page, form)
    assert TOTPDevice.objects.filter(user=sam).exists()
    root.post(page, form | {"remove_second_factor": "on"})
    assert not TOTPDevice.objects.filter(user=sam).exists()
    assert "second factor" in LogEntry.objects.order_by("-pk").first().get_change_message()


def test_pages_stand_by_what_people_come_for(root: Client) -> None:
    shown = re.findall(r'class="section"[^>]*>([^<]+)<', root.get("/admin/").content.decode())
    assert shown[:3] == ["Users", "Login settings", "Staff"]
    assert len(shown) == 3


def test_a_page_that_no_section_names_stays_with_its_app() -> None:
    models = [{"object_name": name, "admin_url": f"/{name}/"} for name in ("Voucher", "User")]

    users, shop = sections([{"name": "Shop", "app_label": "shop", "models": models}])

    assert (users["app_label"], users["models"]) == ("users", models[1:])
    assert (shop["name"], shop["models"]) == ("Shop", models[:1])

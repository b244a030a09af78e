"""With STAFF_TOTP a superuser shows a code, and whoever set one up does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User

pytestmark = pytest.mark.django_db

PAGE = "/admin/second-factor/"


def logged_in(*, superuser: bool) -> tuple[Client, User]:
    user = User.objects.create_user("root", "x", is_staff=True, is_superuser=superuser)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client, user


def code(device: TOTPDevice) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    return f"{totp.token():06d}"


@pytest.fixture
def required(settings: Any) -> None:
    settings.STAFF_TOTP = True


def test_nobody_is_asked_while_the_setting_is_off() -> None:
    client, _user = logged_in(superuser=True)

    assert client.get("/admin/").status_code == 200
    assert client.get(PAGE).status_code == 403


@pytest.mark.usefixtures("required")
def test_superuser_gets_no_page_before_the_code() -> None:
    client, _user = logged_in(superuser=True)

    for page in ("/admin/", "/admin/settings_app/loginsettings/1/change/", "/admin/doctor/", "/admin/password_change/"):
        assert client.get(page).status_code == 302, page
    assert client.get("/admin/login/?next=/admin/doctor/").headers["Location"] == f"{PAGE}?next=%2Fadmin%2Fdoctor%2F"


@pytest.mark.usefixtures("required")
def test_superuser_sets_a_device_up_and_goes_where_they_wanted() -> None:
    client, user = logged_in(superuser=True)
    page = client.get(f"{PAGE}?next=/admin/doctor/").content.decode()
    device = TOTPDevice.objects.get(user=user)
    assert "<svg" in page
    assert device.confirmed is False

    answer = client.post(f"{PAGE}?next=/admin/doctor/", {"token": code(device)})

    assert answer.headers["Location"] == "/admin/doctor/"
    assert TOTPDevice.objects.get(user=user).confirmed is True
    assert client.get("/admin/").status_code == 200


@pytest.mark.usefixtures("required")
def test_secret_is_not_shown_again_once_the_device_is_in_use() -> None:
    client, user = logged_in(superuser=True)
    device = TOTPDevice.objects.create(user=user, confirmed=True)

    page = client.get(PAGE).content.decode()

    assert "<svg" not in page.partition("<form")[0]
    assert device.key not in page


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("wrong", ["000000", "", "abcdef", "1" * 11])
def test_wrong_code_opens_nothing(wrong: str) -> None:
    client, user = logged_in(superuser=True)
    TOTPDevice.objects.create(user=user, confirmed=True)

    assert client.post(PAGE, {"token": wrong}).status_code == 200
    assert client.get("/admin/").status_code == 302


@pytest.mark.usefixtures("required")
def test_guessing_is_slowed_down() -> None:
    client, user = logged_in(superuser=True)
    device = TOTPDevice.objects.create(user=user, confirmed=True)
    client.post(PAGE, {"token": "000000"})

    answer = client.post(PAGE, {"token": code(device)})

    assert answer.status_code == 200
    assert "wait" in answer.content.decode()


@pytest.mark.usefixtures("required")
def test_code_is_good_once() -> None:
    first, user = logged_in(superuser=True)
    device = TOTPDevice.objects.create(user=user, confirmed=True)
    token = code(device)
    second = Client()
    second.force_login(user)

    assert first.post(PAGE, {"token": token}).status_code == 302
    assert second.post(PAGE, {"token": token}).status_code == 200


@pytest.mark.usefixtures("required")
def test_other_staff_may_do_without_until_they_have_a_device() -> None:
    client, user = logged_in(superuser=False)
    assert client.get("/admin/").status_code == 200

    TOTPDevice.objects.create(user=user, confirmed=True)

    assert client.get("/admin/").status_code == 302


@pytest.mark.usefixtures("required")
def test_foreign_address_is_not_gone_to() -> None:
    client, user = logged_in(superuser=True)
    device = TOTPDevice.objects.create(user=user, confirmed=True)

    answer = client.post(f"{PAGE}?next=https://evil.example/", {"token": code(device)})

    assert answer.headers["Location"] == "/admin/"


@pytest.mark.usefixtures("required")
def test_visitor_who_is_not_logged_in_gets_no_device() -> None:
    assert Client().get(PAGE).status_code == 403
    assert TOTPDevice.objects.count() == 0

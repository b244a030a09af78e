"""Guessing a staff password is slow, and a session does not outlive its day (T51)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from config.models import StaffLoginFailure
from config.staff_login import FAILURES_PER_NAME, FAILURES_PER_NETWORK

pytestmark = pytest.mark.django_db

PASSWORD = "right-horse-battery"


@pytest.fixture(autouse=True)
def root() -> User:
    return User.objects.create_superuser("root", PASSWORD)


def attempt(name: str, password: str, **headers: str) -> Any:
    client = Client(headers={"Accept-Language": "en", **headers})
    return client.post("/admin/login/?next=/admin/", {"username": name, "password": password})


def locked(response: Any) -> bool:
    return "Too many wrong passwords" in response.content.decode()


def test_right_password_logs_in() -> None:
    assert attempt("root", PASSWORD).status_code == 302


def test_name_is_locked_after_a_few_wrong_passwords() -> None:
    answers = [attempt("root", f"wrong-{number}") for number in range(FAILURES_PER_NAME + 1)]

    assert [locked(answer) for answer in answers] == [False] * FAILURES_PER_NAME + [True]
    assert locked(attempt("root", PASSWORD))


def test_spelling_of_the_name_makes_no_second_chance() -> None:
    for number in range(FAILURES_PER_NAME):
        attempt("ROOT" if number % 2 else "root", "wrong")

    assert locked(attempt("Root", "wrong"))


def test_address_is_locked_whatever_names_are_tried() -> None:
    answers = [attempt(f"name{number}", "wrong") for number in range(FAILURES_PER_NETWORK + 1)]

    assert locked(answers[-1])
    assert not locked(answers[-2])
    assert locked(attempt("root", PASSWORD))


def test_claimed_addresses_do_not_help() -> None:
    for number in range(FAILURES_PER_NETWORK):
        attempt(f"name{number}", "wrong", **{"X-Forwarded-For": f"10.0.0.{number}"})

    assert locked(attempt("root", PASSWORD, **{"X-Forwarded-For": "10.9.9.9"}))


def test_lock_outlives_a_restart_of_cache_and_process() -> None:
    for _number in range(FAILURES_PER_NAME):
        attempt("root", "wrong")
    cache.clear()

    assert locked(attempt("root", PASSWORD))


def test_lock_ends_after_a_quarter_of_an_hour() -> None:
    for _number in range(FAILURES_PER_NAME + 3):
        attempt("root", "wrong")

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert attempt("root", PASSWORD).status_code == 302
    assert StaffLoginFailure.objects.count() == 0


def test_success_forgives_the_name_but_not_the_other_names_of_the_address() -> None:
    attempt("root", "wrong")
    attempt("somebody", "wrong")

    attempt("root", PASSWORD)

    assert list(StaffLoginFailure.objects.values_list("name", flat=True)) == ["somebody"]


def test_member_cannot_log_in_here() -> None:
    member = User.objects.create_member(nickname="Alice")

    assert attempt(member.sn, "").status_code == 200
    assert attempt("", "").status_code == 200


def test_session_ends_with_the_browser_and_after_twelve_idle_hours() -> None:
    client = Client()
    client.post("/admin/login/?next=/admin/", {"username": "root", "password": PASSWORD})
    cookie = next(cookie for name, cookie in client.cookies.items() if name.endswith("sessionid"))
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    started = timezone.now()

    with time_machine.travel(started + timedelta(hours=11)):
        assert client.get("/admin/").status_code == 200
    with time_machine.travel(started + timedelta(hours=22)):
        assert client.get("/admin/").status_code == 200
    with time_machine.travel(started + timedelta(hours=35)):
        assert client.get("/admin/").status_code == 302


def test_cookies_are_kept_from_scripts_other_sites_and_plain_http() -> None:
    client = Client()
    client.get("/admin/login/")
    client.post("/admin/login/?next=/admin/", {"username": "root", "password": PASSWORD})

    assert sorted(client.cookies) == ["__Host-csrftoken", "__Host-sessionid"]
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")


def test_form_without_a_csrf_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post("/admin/login/", {"username": "root", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_login_leads_into_the_admin_whatever_the_address_asks_for(elsewhere: str) -> None:
    form = {"username": "root", "password": PASSWORD, "next": elsewhere}
    assert Client().post("/admin/login/", form).headers["Location"] == "/admin/"


def test_name_that_is_too_long_for_any_account_is_a_wrong_one() -> None:
    for _attempt in range(FAILURES_PER_NAME):
        assert attempt("ß" * 5000, "wrong").status_code == 200
    assert locked(attempt("ß" * 5000, "wrong"))
    assert {len(failure.name) for failure in StaffLoginFailure.objects.all()} == {150}

"""The doctor names what is wrong, why, and what helps."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils import translation

from accounts.models import User
from config import doctor
from config.doctor import Finding, Level, configuration, examine
from wechat.simulator.threaded import Running

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Any:
    with translation.override("en"):
        yield


def found(subject: str, request: Any = None) -> Finding:
    return next(finding for finding in examine(request) if finding.subject.startswith(subject))


def test_everything_works_against_a_healthy_wechat(wechat: Running) -> None:
    by_subject = {finding.subject: finding.level for finding in examine()}

    for subject in ("Database", "WeChat login (default)", "Access token (second)", "Phone numbers (default)", "Clock"):
        assert by_subject[subject] is Level.OK, by_subject


@pytest.mark.parametrize(
    ("errcode", "cause", "remedy"),
    [
        (40013, "does not know this AppID", "WECHAT_APPID"),
        (40125, "AppSecret is wrong", "WECHAT_SECRET"),
        (40164, "IP whitelist", "IP whitelist"),
        (40243, "frozen", "Unfreeze"),
        (45011, "limit of this minute", "Wait"),
    ],
)
def test_refusal_by_wechat_has_its_errcode_cause_and_remedy(
    wechat: Running, errcode: int, cause: str, remedy: str
) -> None:
    wechat.fault("errcode", errcode=errcode)

    login, token = found("WeChat login"), found("Access token")

    for finding in (login, token):
        assert (finding.level, finding.errcode) == (Level.ERROR, errcode)
        assert cause in str(finding.cause)
        assert remedy in str(finding.remedy)


def test_wechat_that_cannot_be_reached_is_an_error(wechat: Running, settings: Any) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"
    findings = {finding.subject: finding for finding in examine()}

    login = findings["WeChat login (default)"]
    assert (login.level, login.errcode) == (Level.ERROR, None)
    assert str(login.cause).startswith("WeChat could not be reached, or what answered was not WeChat. (")
    assert "egress proxy" in str(login.remedy)
    # Asking for the rest would take as long again.
    assert "Access token (default)" not in findings


def test_wechat_that_is_busy_is_asked_for_the_rest(wechat: Running) -> None:
    wechat.fault("errcode", errcode=-1)

    assert found("WeChat login").errcode == -1
    assert found("Access token (default)").errcode == -1


def test_app_that_may_not_read_phone_numbers_is_told(wechat: Running, settings: Any, set_switches: Any) -> None:
    app = wechat.world.apps[settings.WECHAT_APPS["default"]["APPID"]]
    wechat.world.set_app(replace(app, phone_capable=False))
    set_switches(coerce_mobile=True)

    assert found("Phone numbers (default)").errcode == 48001
    locked_out = [finding for finding in examine() if finding.subject == "Login switches"]
    assert [(finding.level, finding.errcode) for finding in locked_out] == [(Level.ERROR, 48001)]


def test_clock_that_runs_ahead_is_told(wechat: Running) -> None:
    wechat.world.advance(-3600)

    clock = found("Clock")

    assert clock.level is Level.ERROR
    assert "by +360" in str(clock.cause)


def test_database_that_is_away_is_told(wechat: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise OperationalError

    monkeypatch.setattr("config.health.MigrationExecutor", away)

    assert "does not answer" in str(found("Database").cause)


def test_missing_migration_is_told(wechat: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "database_problem", lambda: "migrations missing")

    assert "migrate" in str(found("Database").remedy)


def test_weak_key_is_told(wechat: Running, settings: Any) -> None:
    settings.JWT_SIGNING_KEYS = ["short"]

    found_now = [finding for finding in examine() if finding.subject == "Configuration"]
    assert (Level.ERROR, "JWT_SIGNING_KEY is too weak: at least 32 random bytes.") in [
        (finding.level, finding.cause) for finding in found_now
    ]


def test_stand_in_for_wechat_is_told_in_the_readers_language(wechat: Running) -> None:
    assert found("Configuration").cause == "WECHAT_API_BASE is not WeChat's own host."
    with translation.override("zh-hans"):
        assert found("配置").cause == "WECHAT_API_BASE 不是微信官方域名。"


def test_what_a_running_server_is_warned_of_is_told_in_the_readers_language(wechat: Running, settings: Any) -> None:
    settings.SECRET_KEY, settings.JWT_SIGNING_KEYS, settings.METRICS_TOKEN = "x" * 64, ["y" * 64], "z" * 64
    settings.WECHAT_API_BASE = "http://egress.example.com"
    with translation.override("zh-hans"):
        told = list(configuration())

    assert len(told) == 5
    assert {finding.level for finding in told} == {Level.WARNING}
    chinese = re.compile("[\u4e00-\u9fff]")
    assert [finding for finding in told if not (chinese.search(finding.cause) and chinese.search(finding.remedy))] == []


def test_redis_that_is_away_is_told(wechat: Running, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9"

    assert found("Cache").level is Level.ERROR


@pytest.mark.parametrize(
    ("trusted", "forwarded", "level"),
    [
        (0, "", Level.OK),
        (1, "1.2.3.4", Level.OK),
        (0, "1.2.3.4", Level.WARNING),
        (2, "1.2.3.4", Level.WARNING),
    ],
)
def test_proxies_are_compared_with_how_the_page_was_reached(
    wechat: Running, settings: Any, trusted: int, forwarded: str, level: Level
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {})

    assert found("Proxies", request).level is level


def test_command_prints_and_fails_when_something_is_wrong(wechat: Running) -> None:
    wechat.fault("errcode", errcode=40164)
    printed = io.StringIO()

    with pytest.raises(SystemExit):
        call_command("doctor", stdout=printed)

    assert "FAIL  WeChat login (default): This server's address is not in WeChat's IP whitelist. [40164]" in (
        printed.getvalue()
    )


def test_command_succeeds_when_nothing_is_wrong(wechat: Running) -> None:
    printed = io.StringIO()

    call_command("doctor", stdout=printed)

    assert "FAIL" not in printed.getvalue()


def test_page_shows_the_findings_to_those_who_may_see_the_switches(wechat: Running) -> None:
    wechat.fault("errcode", errcode=40125)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("root", "x"))

    page = client.get("/admin/doctor/")

    assert page.status_code == 200
    assert "errcode 40125" in page.content.decode()
    assert "AppSecret is wrong" in page.content.decode()


def test_page_is_refused_to_other_staff(wechat: Running) -> None:
    client = Client()
    client.force_login(User.objects.create_user("clerk", "x", is_staff=True))

    assert client.get("/admin/doctor/").status_code == 403

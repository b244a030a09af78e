"""Production does not start with a secret that is missing, weak or public, and names all that is wrong at once."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import environ
import pytest
from django.conf import settings as live
from django.core.checks import ERROR, Error, Info, Tags, run_checks

from config.database import database
from config.settings import INSECURE_KEY

ROOT = Path(live.BASE_DIR)
GOOD = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "JWT_SIGNING_KEY": secrets.token_urlsafe(40),
    "ALLOWED_HOSTS": "api.example.com",
    "WECHAT_APPID": "wx1a2b3c4d5e6f7a8b",
    "WECHAT_SECRET": "1f2e3d4c5b6a79880716253443526170",
}
START = "import config.wsgi; print('started')"


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process with this environment alone, outside any `.env`."""
    clean = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull} | environment
    return subprocess.run([sys.executable, *command], env=clean, cwd=ROOT, capture_output=True, text=True, timeout=60)


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    return run("-c", START, **environment)


def test_production_starts_with_a_good_environment() -> None:
    done = start(**GOOD)
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr


def test_production_names_everything_that_is_missing_at_once() -> None:
    done = start()
    assert done.returncode != 0
    for name in GOOD:
        assert name in done.stderr
    assert "started" not in done.stdout
    assert INSECURE_KEY not in done.stderr


def test_production_names_everything_that_is_weak_at_once() -> None:
    bad = {
        "SECRET_KEY": "correct-horse",
        "JWT_SIGNING_KEY": f"{GOOD['JWT_SIGNING_KEY']},battery-staple",
        "ALLOWED_HOSTS": " , ",
        "WECHAT_APPID": "wxyourappid",
        "WECHAT_SECRET": "yourappsecret",
        "WECHAT_SIMULATOR": "1",
        "TOKEN_DAYS": "0",
        "PENDING_TOKEN_MINUTES": "-1",
        "LOGIN_PER_MINUTE": "-1",
        "TRUSTED_PROXIES": "-1",
        "WECHAT_API_BASE": "https://api.weixin.qq.com",
    }
    done = start(**bad)
    assert done.returncode != 0
    refusal = done.stderr[done.stderr.index("refusing to start") :]
    for name in set(bad) - {"WECHAT_API_BASE"}:
        assert f"{name} " in refusal
    for value in ("correct-horse", "battery-staple", "yourappsecret", GOOD["JWT_SIGNING_KEY"]):
        assert value not in done.stderr


KEY, OTHER = GOOD["SECRET_KEY"], GOOD["JWT_SIGNING_KEY"]


@pytest.mark.parametrize(
    ("secret", "signing", "ids"),
    [
        (KEY, [OTHER], []),
        (KEY, [OTHER, "an-older-key-Yb6Nm2Vc8Xz4Lk1Jh7Gf3Ds9Aq"], []),
        ("secret", [OTHER], ["config.E001"]),
        ("x" * 64, [OTHER], ["config.W001"]),
        (INSECURE_KEY, [OTHER], ["config.E001"]),
        ("django-insecure-" + KEY, [OTHER], ["config.E001"]),
        ("change-me-in-production-please-really", [OTHER], ["config.E001"]),
        (KEY, ["CHANGE_THIS_to_32_random_bytes_0123456789"], ["config.E002"]),
        (KEY, ["your-secret-jwt-signing-key-goes-here"], ["config.E002"]),
        (KEY, ["secret"], ["config.E002"]),
        (KEY, [OTHER[:31]], ["config.E002"]),
        (KEY, ["abcabcabc" * 10], ["config.W002"]),
        (KEY, [INSECURE_KEY], ["config.E002"]),
        (KEY, [OTHER, "short"], ["config.E002"]),
        (KEY, [KEY], ["config.E003"]),
        (KEY, [OTHER, KEY], ["config.E003"]),
        (INSECURE_KEY, [INSECURE_KEY], ["config.E001", "config.E002"]),
        ("a", ["b", "c"], ["config.E001", "config.E002", "config.E002"]),
    ],
)
def test_keys_are_judged(settings: Any, secret: str, signing: list[str], ids: list[str]) -> None:
    settings.SECRET_KEY, settings.JWT_SIGNING_KEYS = secret, signing
    messages = [message for message in run_checks(tags=[Tags.security]) if str(message.id).startswith("config.")]
    assert [message.id for message in messages] == ids
    assert not [message for message in messages for key in (secret, *signing) if len(key) > 6 and key in str(message)]


@pytest.mark.parametrize("days", [0, -1, float("inf"), float("nan")])
def test_a_token_that_lives_for_ever_or_not_at_all_is_refused(settings: Any, days: float) -> None:
    settings.TOKEN_DAYS = days
    assert [message.id for message in run_checks(tags=[Tags.security]) if "TOKEN_DAYS" in message.msg] == [
        "config.E005"
    ]


def test_connections_that_threads_keep_replace_the_pool() -> None:
    """Django refuses both together."""
    kept = database(environ.Env.db_url_config("postgres://u:p@db/login?conn_max_age=60"))
    assert (kept["CONN_MAX_AGE"], "pool" in kept["OPTIONS"]) == (60, False)
    assert "pool" in database(environ.Env.db_url_config("postgres://u:p@db/login"))["OPTIONS"]


def test_an_option_of_the_url_can_be_none() -> None:
    """An older PgBouncer wants nothing prepared."""
    url = "postgres://u:p@pgbouncer:6432/login?prepare_threshold=None&DISABLE_SERVER_SIDE_CURSORS=true"
    assert database(environ.Env.db_url_config(url))["OPTIONS"]["prepare_threshold"] is None


def test_variable_that_is_set_to_nothing_counts_as_not_set() -> None:
    """Compose files pass on what the host has not set as nothing."""
    optional = ["DEBUG", "TRUSTED_PROXIES", "TOKEN_DAYS", "PENDING_TOKEN_MINUTES", "LOGIN_PER_MINUTE", "CONTENT_CHECK"]
    optional += ["REQUIRE_AGREEMENT", "LOG_LEVEL", "WECHAT_API_BASE", "WECHAT_SIMULATOR", "DATABASE_URL", "REDIS_URL"]
    done = start(**GOOD | dict.fromkeys(optional, ""))
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr

    refusal = start(**dict.fromkeys(GOOD, " ")).stderr
    assert all(f"{name} is" in refusal for name in GOOD)


@pytest.mark.parametrize(("value", "seconds"), [("7", 604_800), ("0.5", 43_200), ("5e-05", 4.32), (" 1 ", 86_400)])
def test_life_of_a_token_is_any_number(value: str, seconds: float) -> None:
    script = "import django; django.setup(); from accounts.tokens import full_lifetime as f; print(f().total_seconds())"
    done = run("-c", script, DJANGO_SETTINGS_MODULE="config.settings", TOKEN_DAYS=value)
    assert float(done.stdout) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["x", "7d"])
def test_life_of_a_token_that_is_no_number_stops_the_start(value: str) -> None:
    assert f"TOKEN_DAYS is not a number: {value}" in start(**GOOD | {"TOKEN_DAYS": value}).stderr


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("postgres://u:p@h/n", "postgresql"),
        ("postgresql://u:p@h:5432/n", "postgresql"),
        (" mysql://u:p@h:3306/n\n", "mysql"),
        ("mariadb://u:p@h/n", "mysql"),
        ("sqlite:////tmp/x.sqlite3", "sqlite3"),
    ],
)
def test_database_is_named_by_its_usual_address(url: str, engine: str) -> None:
    script = "import django; django.setup(); from django.db import connection as c; print(c.settings_dict['ENGINE'])"
    done = run("-c", script, DJANGO_SETTINGS_MODULE="config.settings", DATABASE_URL=url)
    assert done.stdout.strip().endswith(engine), done.stderr


def test_value_that_is_no_number_stops_the_start() -> None:
    done = start(**GOOD | {"TRUSTED_PROXIES": "many"})
    assert done.returncode != 0
    assert "many" in done.stderr


def test_development_starts_with_nothing_but_debug_and_the_simulator() -> None:
    done = start(DEBUG="1", WECHAT_SIMULATOR="1")
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr


def test_debug_is_off_unless_it_is_switched_on() -> None:
    script = "import django; django.setup(); from django.conf import settings; print(settings.DEBUG)"
    assert run("-c", script, DJANGO_SETTINGS_MODULE="config.settings").stdout == "False\n"


def test_check_deploy_is_clean() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_check_deploy_takes_a_key_of_32_random_bytes() -> None:
    key = secrets.token_urlsafe(32)
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GOOD | {"SECRET_KEY": key})
    assert done.returncode == 0, done.stderr


def test_check_deploy_names_a_stand_in_for_wechat_and_passes() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GOOD | {"WECHAT_API_BASE": ELSEWHERE})
    assert done.returncode == 0, done.stderr
    assert "egress.example.com" in done.stderr


def test_settings_come_from_an_env_file_which_the_environment_overrides(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("\n".join(f"{name}={value}" for name, value in (GOOD | {"SECRET_KEY": "weak"}).items()))
    assert "SECRET_KEY is too weak" in start(ENV_FILE=str(file)).stderr
    done = start(ENV_FILE=str(file), SECRET_KEY=GOOD["SECRET_KEY"])
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr


@pytest.mark.parametrize("environment", [GOOD, GOOD | {"WECHAT_SIMULATOR": "1"}, {"DEBUG": "1"}])
def test_simulator_cannot_be_imported_outside_development(environment: dict[str, str]) -> None:
    script = "import django; django.setup(); import wechat.simulator.views; print('imported')"
    done = run("-c", script, DJANGO_SETTINGS_MODULE="config.settings", **environment)
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr


@pytest.mark.parametrize("environment", [GOOD, {"DEBUG": "1"}])
def test_simulator_is_mounted_nowhere_outside_development(environment: dict[str, str]) -> None:
    script = (
        "import django; django.setup(); from django.test import Client; "
        "print(Client(headers={'Host': 'api.example.com'}).get('/simulator/sns/jscode2session').status_code)"
    )
    hosts = {"ALLOWED_HOSTS": "api.example.com"}
    done = run("-c", script, DJANGO_SETTINGS_MODULE="config.settings", **environment | hosts)
    assert done.stdout.strip() == "404", done.stderr


OFFICIAL = "https://api.weixin.qq.com"
ELSEWHERE = "https://egress.example.com"


def found(
    settings: Any, base: str = OFFICIAL, appid: str = GOOD["WECHAT_APPID"], secret: str = GOOD["WECHAT_SECRET"]
) -> Any:
    """The ids of what the checks say, errors and remarks apart."""
    settings.WECHAT_API_BASE = base
    settings.WECHAT_APPS = {"default": {"APPID": appid, "SECRET": secret}}
    messages = [message for message in run_checks(tags=[Tags.security]) if str(message.id).startswith("wechat.")]
    assert all(message.hint for message in messages if isinstance(message, Info))
    errors = {message.id for message in messages if message.level >= ERROR}
    return errors, {message.id for message in messages} - errors


@pytest.mark.parametrize(
    ("given", "errors", "remarks"),
    [
        ({}, set(), set()),
        ({"appid": ""}, {"wechat.E001"}, set()),
        ({"appid": "wx123"}, {"wechat.E001"}, set()),
        ({"appid": "WX1A2B3C4D5E6F7A8B"}, {"wechat.E001"}, set()),
        ({"secret": ""}, {"wechat.E002"}, set()),
        ({"secret": "short"}, {"wechat.E002"}, set()),
        ({"secret": "0123456789abcdef" * 2}, {"wechat.E003"}, set()),
        ({"secret": "a" * 32}, {"wechat.E003"}, set()),
        ({"base": "ftp://x"}, {"wechat.E004"}, set()),
        ({"base": "api.weixin.qq.com"}, {"wechat.E004"}, set()),
        ({"base": "http://api.weixin.qq.com"}, set(), {"wechat.W005"}),
        ({"base": "http://egress.example.com"}, set(), {"wechat.W005", "wechat.I006"}),
        ({"base": "http://127.0.0.1:8001"}, set(), {"wechat.I006"}),
        ({"base": "http://localhost:8001"}, set(), {"wechat.I006"}),
        ({"base": "http://[::1]:8001"}, set(), {"wechat.I006"}),
        ({"base": ELSEWHERE}, set(), {"wechat.I006"}),
        ({"base": ELSEWHERE, "appid": "wx123"}, set(), {"wechat.I001", "wechat.I006"}),
        ({"base": ELSEWHERE, "secret": "short"}, set(), {"wechat.I002", "wechat.I006"}),
        ({"base": ELSEWHERE, "secret": "a" * 32}, set(), {"wechat.I003", "wechat.I006"}),
        ({"base": ELSEWHERE, "appid": "", "secret": ""}, {"wechat.E001", "wechat.E002"}, {"wechat.I006"}),
        ({"base": "http://127.0.0.1:8000/simulator"}, {"wechat.E008"}, {"wechat.I006"}),
        ({"base": "https://x.example.com/simulator/"}, {"wechat.E008"}, {"wechat.I006"}),
    ],
    ids=str,
)
def test_wechat_settings_are_judged(settings: Any, given: dict[str, str], errors: set[str], remarks: set[str]) -> None:
    assert found(settings, **given) == (errors, remarks)


def test_simulator_in_production_is_an_error(settings: Any) -> None:
    settings.WECHAT_SIMULATOR = True
    assert found(settings) == ({"wechat.E007"}, set())


def test_simulator_in_development_takes_any_secret(settings: Any) -> None:
    settings.WECHAT_SIMULATOR = settings.DEBUG = True
    assert found(settings, base="http://127.0.0.1:8000/simulator", secret="0123456789abcdef" * 2) == (set(), set())


def test_second_mini_program_is_judged_under_its_own_name(settings: Any) -> None:
    settings.WECHAT_API_BASE = OFFICIAL
    settings.WECHAT_APPS = {
        "default": {"APPID": GOOD["WECHAT_APPID"], "SECRET": GOOD["WECHAT_SECRET"]},
        "shop": {"APPID": "", "SECRET": ""},
    }
    texts = [message.msg for message in run_checks(tags=[Tags.security])]
    assert [text for text in texts if "SHOP" in text] == [
        "WECHAT_APPID_SHOP is missing.",
        "WECHAT_SECRET_SHOP is missing.",
    ]


def test_ids_of_our_checks_say_their_level(settings: Any) -> None:
    settings.SECRET_KEY, settings.JWT_SIGNING_KEYS, settings.ALLOWED_HOSTS = "x", ["x", "y"], []
    settings.TOKEN_DAYS, settings.TRUSTED_PROXIES = 0, -1
    messages = [message for message in run_checks(tags=[Tags.security]) if str(message.id).startswith("config.")]
    assert {message.id for message in messages} == {f"config.E00{number}" for number in range(1, 7)}
    assert all(isinstance(message, Error) for message in messages)

"""The demo data: who is there after `manage.py demo`, once or many times; and the settings a developer starts with."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from accounts.models import Consent, LoginEvent, State, User
from settings_app.models import Agreement
from tests.conftest import Phone
from wechat.simulator.people import openid_of

EXAMPLE = Path(project.BASE_DIR, ".env.example").read_text()


@pytest.fixture
def development(db: None, settings: Any) -> None:
    settings.SIMULATOR_BASE = "http://127.0.0.1:8060/simulator"


def demo(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    with override_settings(DEBUG=True):
        call_command("demo")
    return capsys.readouterr().out


def account(name: str) -> User | None:
    appid = project.WECHAT_APPS["default"]["APPID"]
    return User.objects.filter(openids__appid=appid, openids__openid=openid_of(appid, name)).first()


def states() -> dict[str, Any]:
    found = {name: account(name) for name in ("alice", "bob", "charlie", "dave")}
    return {name: user and (user.state, user.nickname, user.mobile, bool(user.avatar)) for name, user in found.items()}


PROMISED = {
    "alice": (State.COMPLETE, "Alice", "+8613800138000", True),
    "bob": (State.COMPLETE, "Bob", None, True),
    "charlie": (State.NEW, "", None, False),
    "dave": None,
}


def test_people_are_in_the_promised_states(development: None, capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys)

    assert states() == PROMISED
    assert default_storage.exists(account("alice").avatar)
    assert set(Consent.objects.values_list("agreed", flat=True)) == {True}
    assert set(Agreement.versions_in_force()) == {"service", "privacy"}


def test_a_second_run_changes_nothing(development: None, capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys)
    before = [list(User.objects.order_by("pk").values()), LoginEvent.objects.count(), Consent.objects.count()]

    demo(capsys)

    assert [list(User.objects.order_by("pk").values()), LoginEvent.objects.count(), Consent.objects.count()] == before


def test_another_run_puts_everybody_back(
    development: None, capsys: pytest.CaptureFixture[str], alice: Phone, bob: Phone, charlie: Phone
) -> None:
    demo(capsys)
    alice.silent_login()
    alice.post("user/delete", {"confirm": True})
    bob.silent_login()
    bob.bind_mobile("13900139000")
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    charlie.complete("Carl")
    Phone("dave").complete("Dave")

    demo(capsys)

    assert states() == PROMISED


def test_alice_takes_no_number_from_anybody(
    development: None, capsys: pytest.CaptureFixture[str], charlie: Phone
) -> None:
    Phone("erin").complete("Erin").bind_mobile("13800138000")

    demo(capsys)

    assert account("alice").mobile == "+8613800138001"
    assert account("erin").mobile == "+8613800138000"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("alice", {"is_new_user": False, "mobile": "13800138000", "next_step": ""}),
        ("bob", {"is_new_user": False, "mobile": "", "next_step": ""}),
        ("charlie", {"is_new_user": True, "mobile": "", "next_step": "complete_profile"}),
        ("dave", {"is_new_user": True, "mobile": "", "next_step": "authorize"}),
    ],
)
def test_the_simulator_knows_them(
    development: None, capsys: pytest.CaptureFixture[str], wechat: Any, name: str, answer: dict[str, Any]
) -> None:
    demo(capsys)

    data = Phone(name).silent_login()["data"]

    assert bool(data.pop("token")) == (name != "dave")
    assert data == answer


def test_the_password_is_told_once_and_opens_the_admin(development: None, capsys: pytest.CaptureFixture[str]) -> None:
    told = re.search(r"user admin, password (\S+)\n", demo(capsys))
    assert told
    assert Client().login(username="admin", password=told[1])

    again = demo(capsys)

    assert told[1] not in again
    assert "user admin, password as before; reset it: manage.py changepassword admin" in again
    assert Client().login(username="admin", password=told[1])


def test_it_says_where_to_look(development: None, capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys)
    addresses = "start=http://127.0.0.1:8060/ docs=http://127.0.0.1:8060/api/docs admin=http://127.0.0.1:8060/admin/"

    assert demo(capsys).splitlines()[-1] == f"{addresses} user=admin"


def test_it_refuses_outside_development(db: None) -> None:
    with pytest.raises(CommandError, match="needs DEBUG"):
        call_command("demo")
    assert not User.objects.exists()


def names_read(*file: str) -> set[str]:
    """First arguments of `env.…(…)`, `names(…)` and `os.environ.get(…)`; of an f-string its constant beginning."""
    tree = ast.parse(Path(project.BASE_DIR, *file).read_text())
    found = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        if not re.fullmatch(r"env\.\w+|names|os\.environ\.get", ast.unparse(call.func)):
            continue
        first = call.args[0].values[0] if isinstance(call.args[0], ast.JoinedStr) else call.args[0]
        found |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    return found


def is_documented(name: str, documented: list[str]) -> bool:
    """A name that ends in "_" is the beginning of one for each mini-program."""
    return any(known.startswith(name) if name.endswith("_") else known == name for known in documented)


def test_every_variable_has_its_line_and_its_comment_in_the_example() -> None:
    lines = EXAMPLE.splitlines()
    documented = {
        line.lstrip("#").partition("=")[0]: before
        for before, line in itertools.pairwise(lines)
        if re.match(r"#?[A-Z_]+=", line)
    }
    read = names_read("config", "settings.py") | names_read("gunicorn.conf.py")

    assert {"DEBUG", "PORT", "ENV_FILE", "JWT_SIGNING_KEY", "DATABASE_URL", "WECHAT_APPID_", "BIND"} <= read
    assert [name for name in read if not is_documented(name, list(documented))] == []
    assert [name for name, before in documented.items() if not re.match(r"# |#?WECHAT_", before)] == []


def test_the_example_starts_a_development_server_and_nothing_else() -> None:
    assert re.findall(r"^[A-Z_]+=.*$", EXAMPLE, re.MULTILINE) == ["DEBUG=1", "WECHAT_SIMULATOR=1"]
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": ".env.example", "LANG": "C.UTF-8"}
    command = [sys.executable, "manage.py", "check", "--fail-level", "WARNING"]

    result = subprocess.run(command, cwd=project.BASE_DIR, env=environment, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout) == (0, "System check identified no issues (0 silenced).\n"), result.stderr

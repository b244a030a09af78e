"""A deploy, or the end of a server, loses no request; keys change with a reload."""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.production.conftest import Product
from tests.production.load import Answer, Client, Phone, at_once, outcomes, streaming
from tests.production.servers import ROOT, Gunicorn, PostgreSQL, Wechat, wait_until

RATE = 40
FIRST, SECOND = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
SQL_OF = """
from django.core.management import call_command
(lambda names: [call_command("sqlmigrate", *name) for name in names])"""
# A default that is dropped leaves a column that the former release does not know and has to fill.
TAKING_AWAY = re.compile(r"DROP (?!INDEX|CONSTRAINT)|SET NOT NULL|RENAME|ALTER COLUMN \S+ TYPE", re.IGNORECASE)
FIRST_RELEASE = {"0001_initial.py", "0002_admin.py"}


class Visitor(Phone):
    """Comes through a proxy that asks the next server when one refuses the connection, as nginx does."""

    def __init__(self, servers: Sequence[Gunicorn], person: str) -> None:
        super().__init__(servers[0].port, person)
        self.clients = [Client(server.port) for server in servers]

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        self.client = next((client for client in self.clients if client.reaches()), self.clients[0])
        return super().ask(method, path, body, **headers)


def visit(phone: Phone) -> Answer:
    login = phone.silent_login()
    return login if login.outcome != 1 else phone.info()


def replaced(server: Gunicorn, former: list[int]) -> bool:
    now = server.workers()
    return len(now) == len(former) and not set(now) & set(former)


def reload(server: Gunicorn) -> None:
    former = server.workers()
    server.ask_to(signal.SIGHUP)
    wait_until(lambda: replaced(server, former), 60)


def test_reload_under_load_loses_no_request(product: Product, wechat: Wechat) -> None:
    server = product()
    people = [Phone(server.port, f"person{number}").registered() for number in range(30)]
    wechat.fault("latency", ms=100)
    with streaming(RATE, people, visit) as stream:
        time.sleep(1)
        reload(server)
        reload(server)
        time.sleep(1)
    server.stop()
    assert outcomes(stream.answers()) == {1: len(stream.futures)}


def test_end_of_one_server_of_two_loses_no_request(product: Product, wechat: Wechat) -> None:
    servers = [product(JWT_SIGNING_KEY=FIRST), product(JWT_SIGNING_KEY=FIRST)]
    people = [Visitor(servers, f"person{number}") for number in range(30)]
    for person in people:
        person.registered()
    wechat.fault("latency", ms=100)
    with streaming(RATE, people, visit) as stream:
        time.sleep(1)
        for _ in range(2):
            servers[0].ask_to(signal.SIGTERM)
            assert servers[0].process
            servers[0].process.wait(40)
            servers[0].start()
            time.sleep(1)
    assert outcomes(stream.answers()) == {1: len(stream.futures)}


def test_server_that_ends_answers_what_it_has_begun(product: Product, wechat: Wechat) -> None:
    server = product()
    Phone(server.port, "alice").registered()
    wechat.fault("latency", ms=1500)
    phones = [Phone(server.port, "alice") for _ in range(20)]
    calls = wechat.calls()

    def login(number: int) -> Answer | None:
        if number < len(phones):
            return phones[number].silent_login()
        wait_until(lambda: wechat.calls() >= calls + len(phones))
        server.ask_to(signal.SIGTERM)
        return None

    answers = [answer for answer in at_once(len(phones) + 1, login) if answer]
    assert server.process
    assert server.process.wait(40) == 0
    assert outcomes(answers) == {1: 20}


def test_who_waits_at_the_door_of_a_server_that_ends_is_answered(product: Product) -> None:
    """The process is halted while people come, so that it finds all of them at the door when it is told to end."""
    server = product(WEB_CONCURRENCY="1")
    (worker,) = server.workers()
    waiting = [Client(server.port).connection for _ in range(20)]
    os.kill(worker, signal.SIGSTOP)
    for connection in waiting:
        connection.request("GET", "/healthz")

    server.ask_to(signal.SIGTERM)
    os.kill(worker, signal.SIGTERM)
    os.kill(worker, signal.SIGCONT)

    assert [connection.getresponse().status for connection in waiting] == [200] * 20


def test_kept_connection_gets_an_answer_of_a_server_that_takes_no_other(product: Product) -> None:
    """A proxy may have sent its request before it can know."""
    server = product(WEB_CONCURRENCY="1")
    kept = Client(server.port)
    assert kept.ask("GET", "/healthz").status == 200

    server.ask_to(signal.SIGTERM)
    wait_until(lambda: not Client(server.port).reaches())

    assert kept.ask("GET", "/healthz").headers["Connection"] == "close"


def test_every_migration_only_adds(folder: Path, cluster: PostgreSQL) -> None:
    """The former release still runs, and writes, when the next one's migrations are applied: nothing of its own may go.

    Before those of the first release nothing ran.
    """
    later = [path for path in ROOT.glob("*/migrations/0*.py") if path.name not in FIRST_RELEASE]
    names = [(path.parts[-3], path.stem) for path in later]
    server = Gunicorn(folder, {"DATABASE_URL": cluster.url("migrated")})
    sql = server.manage("shell", "-v0", "-c", f"{SQL_OF}({names})")
    assert sql.count("BEGIN;") + sql.count("-- Raw Python") >= len(names) > 0
    assert TAKING_AWAY.findall(sql) == []


@pytest.fixture
def configured(product: Product, folder: Path) -> tuple[Gunicorn, Path]:
    """A server whose keys stand in its file, as `.env` is read."""
    file = folder / "login.env"
    write(file, FIRST, Wechat.SECRET)
    return product(ENV_FILE=str(file), JWT_SIGNING_KEY="", WECHAT_SECRET=""), file


def write(file: Path, keys: str, secret: str) -> None:
    file.write_text(f"JWT_SIGNING_KEY={keys}\nWECHAT_SECRET={secret}\n")


def test_signing_key_is_rotated_with_a_reload(configured: tuple[Gunicorn, Path], wechat: Wechat) -> None:
    server, file = configured
    alice = Phone(server.port, "alice").registered()
    old = alice.token

    write(file, f"{SECOND},{FIRST}", Wechat.SECRET)
    reload(server)
    assert [Client(server.port).ask("GET", "/api/user/info", token=old).outcome for _ in range(10)] == [1] * 10
    assert alice.silent_login().outcome == 1
    new = alice.token

    write(file, SECOND, Wechat.SECRET)
    reload(server)
    assert Client(server.port).ask("GET", "/api/user/info", token=old).outcome == "not_logged_in"
    assert Client(server.port).ask("GET", "/api/user/info", token=new).outcome == 1


def test_app_secret_is_changed_with_a_reload(configured: tuple[Gunicorn, Path], wechat: Wechat) -> None:
    server, file = configured
    bob = Phone(server.port, "bob").registered()
    changed = secrets.token_hex(16)
    wechat.control("apps", {"appid": Wechat.APPID, "secret": changed})
    try:
        assert bob.silent_login().outcome == "wechat_misconfigured"
        write(file, FIRST, changed)
        reload(server)
        assert [bob.silent_login().outcome for _ in range(10)] == [1] * 10
    finally:
        wechat.control("apps", {"appid": Wechat.APPID, "secret": Wechat.SECRET})
    assert changed not in server.log.read_text()

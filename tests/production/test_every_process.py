"""What is changed in one process holds in every other one at its next request."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.production.conftest import Product
from tests.production.load import Answer, Client, Phone
from tests.production.servers import Gunicorn, PostgreSQL, Wechat

PROCESSES = 4
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(product: Product) -> Gunicorn:
    return product(WEB_CONCURRENCY=str(PROCESSES))


@pytest.fixture(scope="module")
def clients(server: Gunicorn) -> list[Client]:
    """One that is connected to each process."""
    found: dict[int, Client] = {}
    for _ in range(500):
        client = Client(server.port)
        assert client.ask("GET", "/healthz").status == 200
        found.setdefault(process_of(client, server), client)
        if len(found) == PROCESSES:
            return list(found.values())
    raise AssertionError(f"only {len(found)} processes answer")


def process_of(client: Client, server: Gunicorn) -> int:
    """Whoever holds the other end of this connection."""
    ours = client.connection.sock.getsockname()[1]
    ends = f":{server.port:04X}", f":{ours:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1].endswith(ends[0]) and row[2].endswith(ends[1]))
    for pid in server.workers():
        if any(link(handle) == f"socket:[{inode}]" for handle in Path(f"/proc/{pid}/fd").iterdir()):
            return pid
    raise AssertionError("nobody holds the connection")


def link(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except FileNotFoundError:
        return ""


def everywhere(clients: list[Client], path: str, body: object = None, token: str = "") -> list[Answer]:
    headers = {"token": token} if token else {}
    return [client.ask("POST" if body else "GET", f"/api/{path}", body, **headers) for client in clients]


@pytest.fixture
def alice(server: Gunicorn, clients: list[Client], wechat: Wechat) -> Phone:
    """Known to every process."""
    phone = Phone(server.port, f"alice{next(numbers)}").registered()
    assert [answer.outcome for answer in everywhere(clients, "user/info", token=phone.token)] == [1] * PROCESSES
    return phone


def test_switch_holds_in_every_process(server: Gunicorn, clients: list[Client], alice: Phone) -> None:
    server.manage("login_settings", "coerce_mobile=on", "mnp_wechat_auth=off")
    try:
        infos = everywhere(clients, "user/info", token=alice.token)
        configs = everywhere(clients, "config")
        logins = everywhere(clients, "login/authLogin", {"code": "sim-alice-1"})
    finally:
        server.manage("login_settings", "coerce_mobile=off", "mnp_wechat_auth=on")
    assert [answer.outcome for answer in infos] == ["not_logged_in"] * PROCESSES
    assert [answer.body["data"]["coerce_mobile"] for answer in configs] == [True] * PROCESSES
    assert [answer.outcome for answer in logins] == ["authorized_login_disabled"] * PROCESSES
    assert [answer.outcome for answer in everywhere(clients, "user/info", token=alice.token)] == [1] * PROCESSES


def test_disabled_account_is_out_in_every_process(
    clients: list[Client], alice: Phone, cluster: PostgreSQL, database: str
) -> None:
    sn = alice.info().body["data"]["sn"]
    cluster.execute(f"UPDATE accounts_user SET is_active = false WHERE sn = '{sn}'", database)

    assert [answer.outcome for answer in everywhere(clients, "user/info", token=alice.token)] == [
        "not_logged_in"
    ] * PROCESSES
    for number, client in enumerate(clients):
        body = {"code": f"sim-{alice.person}-again{number}"}
        assert client.ask("POST", "/api/login/silentLogin", body).outcome == "account_disabled"


def test_revoked_token_is_dead_in_every_process(clients: list[Client], alice: Phone) -> None:
    assert alice.ask("POST", "login/logout", {}).outcome == 1

    assert [answer.outcome for answer in everywhere(clients, "user/info", token=alice.token)] == [
        "not_logged_in"
    ] * PROCESSES

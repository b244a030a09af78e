"""The metrics of a server are those of all its processes, of the dead ones too; what was in flight there is not."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.production.conftest import Product
from tests.production.load import Lost, Phone, at_once
from tests.production.servers import Gunicorn, Wechat, wait_until

TOKEN = "a-metrics-token-of-the-tests-9fKq2LxW7mB3"
LOGINS = 'login_answers_total{endpoint="silent_login",outcome="authorize",status="200"}'
IN_FLIGHT = "login_wechat_in_flight"


@pytest.fixture(scope="module")
def server(product: Product) -> Gunicorn:
    return product(METRICS_TOKEN=TOKEN)


@pytest.fixture
def phones(server: Gunicorn) -> list[Phone]:
    return [Phone(server.port, f"visitor{number}") for number in range(32)]


def sample(server: Gunicorn, name: str) -> float:
    page = Request(f"http://127.0.0.1:{server.port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(page, timeout=5) as answer:
        found = re.search(rf"^{re.escape(name)} (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0


def files(server: Gunicorn) -> set[str]:
    [folder] = Path(os.environ.get("TMPDIR", "/tmp")).glob(f"metrics-*-{server.pid}")
    return {file.name for file in folder.iterdir()}


def test_every_process_answers_for_all(server: Gunicorn, phones: list[Phone], wechat: Wechat) -> None:
    before = sample(server, LOGINS)
    at_once(16, lambda number: [phones[number].silent_login() for _ in range(5)])
    assert {sample(server, LOGINS) - before for _ in range(12)} == {80}


def test_what_a_killed_process_counted_stays_and_its_successor_counts_on(
    server: Gunicorn, phones: list[Phone], wechat: Wechat
) -> None:
    at_once(16, lambda number: phones[number].silent_login())
    before, kept = sample(server, LOGINS), files(server)
    for _round in range(3):
        replace_one(server)
    assert sample(server, LOGINS) == before
    at_once(16, lambda number: phones[16 + number].silent_login())
    assert sample(server, LOGINS) == before + 16
    assert files(server) <= kept | {"gauge_livesum_0.db", "gauge_livesum_1.db"}


def replace_one(server: Gunicorn) -> None:
    old = server.workers()
    os.kill(old[0], signal.SIGKILL)
    wait_until(lambda: len(set(server.workers()) - {old[0]}) == 2 and server.answers())


def test_calls_in_flight_end_with_their_process(server: Gunicorn, phones: list[Phone], wechat: Wechat) -> None:
    wechat.fault("hang")

    def log_in(number: int) -> None:
        if number == 0:
            wait_until(lambda: sample(server, IN_FLIGHT) == 15, seconds=10)
            for worker in server.workers():
                os.kill(worker, signal.SIGKILL)
            return
        with pytest.raises(Lost):
            phones[number].silent_login()

    at_once(16, log_in)
    wechat.heal()
    wait_until(server.answers)
    assert sample(server, IN_FLIGHT) == 0


def test_reload_keeps_the_counts(server: Gunicorn, wechat: Wechat) -> None:
    before, old = sample(server, LOGINS), set(server.workers())
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: not old & set(server.workers()) and server.answers())
    assert sample(server, LOGINS) == before


def test_server_that_ends_leaves_no_files(server: Gunicorn) -> None:
    """The last test of this file: it leaves nobody behind."""
    assert files(server)
    os.kill(server.pid, signal.SIGTERM)
    assert server.process
    server.process.wait(timeout=30)
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"metrics-*-{server.pid}"))

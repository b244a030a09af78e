"""kill -9 in the middle of registrations: what was answered is kept, nobody is twice or half there, and it goes on."""

from __future__ import annotations

import base64
import itertools
import json
import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tests.production.conftest import Product
from tests.production.load import Answer, Lost, Phone
from tests.production.servers import Gunicorn, PostgreSQL, Redis, Wechat, wait_until

PEOPLE, KILLS, AT_ONCE = 200, 10, 8
EVERYBODY = PEOPLE * KILLS
PATIENCE_SECONDS = 120.0
# Every table that a registration writes to, as often as there are people.
ROWS = """
SELECT (SELECT count(*) FROM accounts_user WHERE username IS NULL), (SELECT count(*) FROM accounts_wechatopenid),
    (SELECT count(DISTINCT user_id) FROM accounts_wechatopenid), (SELECT count(*) FROM accounts_consent),
    (SELECT count(DISTINCT user_id) FROM accounts_consent),
    (SELECT count(*) FROM accounts_loginevent WHERE kind = 'registered'),
    (SELECT count(*) FROM accounts_loginevent WHERE kind = 'completed')
"""
COMPLETE = "SELECT nickname, sn FROM accounts_user WHERE username IS NULL AND profile_completed_at IS NOT NULL"


class Crowd:
    """People who register and complete their profile, each trying again until it is done, and what they were told."""

    def __init__(self, port: int) -> None:
        self.port, self.going_on = port, True
        self.numbers = itertools.count()
        self.accounts: dict[str, set[str]] = {}
        self.completed: set[str] = set()

    def run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for done in [threads.submit(self.come_in) for _ in range(AT_ONCE)]:
                done.result()

    def wait_for(self, goal: int, running: Future[None]) -> None:
        """Until so many are done; whatever ended the crowd before is raised."""
        wait_until(lambda: len(self.completed) >= goal or running.done(), PATIENCE_SECONDS)
        if running.done():
            running.result()

    def come_in(self) -> None:
        while (number := next(self.numbers)) < EVERYBODY or self.going_on:
            self.enter(f"person{number}")

    def enter(self, person: str) -> None:
        phone, give_up = Phone(self.port, person), time.monotonic() + PATIENCE_SECONDS
        while person not in self.completed:
            assert time.monotonic() < give_up, f"{person} did not get in"
            for ask in (phone.auth_login, phone.complete):
                if not answered(ask):
                    break
                self.accounts.setdefault(person.title(), set()).add(account_of(phone.token))
            else:
                self.completed.add(person)
        phone.client.connection.close()


def answered(ask: Callable[[], Answer]) -> bool:
    with suppress(Lost):
        if ask().outcome == 1:
            return True
    time.sleep(random.uniform(0.02, 0.2))
    return False


def account_of(token: str) -> str:
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])


def kill_worker(server: Gunicorn, **_others: Any) -> None:
    os.kill(random.choice(server.workers()), signal.SIGKILL)
    wait_until(server.workers)


def kill_server(server: Gunicorn, **_others: Any) -> None:
    """Restarted as a supervisor would."""
    server.kill()
    server.start()


def kill_postgresql(cluster: PostgreSQL, **_others: Any) -> None:
    cluster.kill()
    cluster.start()


def kill_redis(redis: Redis, **_others: Any) -> None:
    redis.kill()
    redis.start()


VICTIMS = [kill_worker, kill_server, kill_postgresql, kill_redis]


@pytest.mark.parametrize("kill", VICTIMS, ids=["worker", "server", "postgresql", "redis"])
def test_kill_in_the_middle_of_registrations(
    product: Product, cluster: PostgreSQL, redis: Redis, wechat: Wechat, new_database: str, kill: Callable[..., None]
) -> None:
    server = product(DATABASE_URL=cluster.url(new_database))
    crowd = Crowd(server.port)
    with ThreadPoolExecutor(1) as thread:
        crowded = thread.submit(crowd.run)
        try:
            for number in range(KILLS):
                crowd.wait_for(PEOPLE * number + random.randrange(PEOPLE), crowded)
                kill(server=server, cluster=cluster, redis=redis)
        finally:
            crowd.going_on = False
        crowded.result()
    server.stop()

    people = len(crowd.completed)
    assert people >= EVERYBODY
    assert {len(accounts) for accounts in crowd.accounts.values()} == {1}
    assert cluster.execute(ROWS, new_database) == [(people,) * 7]
    kept = dict(cluster.execute(COMPLETE, new_database))
    assert {person: {account} for person, account in kept.items()} == crowd.accounts

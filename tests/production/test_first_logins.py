"""Two hundred first logins of one person at one moment, over four processes: one account, and everybody is let in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import environ
import pymysql
import pytest

from tests.production.conftest import Product
from tests.production.load import Answer, Client, Phone, at_once, outcomes
from tests.production.servers import Gunicorn, PostgreSQL, Wechat

MARIADB = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test")


@pytest.fixture
def mariadb(folder: Path) -> Iterator[str]:
    """The address of a database with every table on the server that the suites use."""
    name = f"production_{os.getpid()}"
    parsed = environ.Env.db_url_config(MARIADB)
    account = {"user": parsed["USER"], "password": parsed["PASSWORD"] or ""}
    server = pymysql.connect(host=parsed["HOST"], port=int(parsed["PORT"] or 3306), **account)
    with server, server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        url = MARIADB.rpartition("/")[0] + f"/{name}"
        Gunicorn(folder, {"DATABASE_URL": url}).manage("migrate", "--verbosity=0")
        yield url
        cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, cluster: PostgreSQL, new_database: str) -> str:
    if request.param == "postgresql":
        return cluster.url(new_database)
    found: str = request.getfixturevalue("mariadb")
    return found


def test_two_hundred_first_logins_of_one_person(product: Product, url: str, wechat: Wechat) -> None:
    server = product(DATABASE_URL=url, WEB_CONCURRENCY="4")
    phones = [Phone(server.port, "alice") for _ in range(200)]

    answers = at_once(200, lambda number: phones[number].auth_login())

    accounts = {opened_by(phone.token, server) for phone in phones}
    counted = server.manage("shell", "-v0", "-c", COUNT).split()
    server.stop()
    assert outcomes(answers) == {1: 200}
    assert {answer.body["data"]["next_step"] for answer in answers} == {"complete_profile"}
    assert accounts == {"invalid_input"}
    assert counted == ["1", "1", "1", "1"]


COUNT = """
from accounts.models import Consent, LoginEvent, User, WechatOpenid
registered = LoginEvent.objects.filter(kind="registered")
print(*(rows.count() for rows in (User.objects, WechatOpenid.objects, Consent.objects, registered)))
"""


def opened_by(token: str, server: Gunicorn) -> object:
    """A dead token is not logged in; the bearer of a good one is told what is missing."""
    answer: Answer = Client(server.port).ask("POST", "/api/login/updateUser", {}, token=token)
    return answer.outcome

"""The product under gunicorn, with a PostgreSQL, a Redis and a WeChat that belong to the tests."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.production.load import connections
from tests.production.servers import Gunicorn, PostgreSQL, Redis, Wechat

Product = Callable[..., Gunicorn]
numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def hang_up() -> Iterator[None]:
    """Nobody stays connected; a phone that is used again connects again."""
    yield
    for connection in connections:
        connection.close()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Where every user may look, since PostgreSQL is another one."""
    with tempfile.TemporaryDirectory(prefix="production-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def cluster(folder: Path) -> Iterator[PostgreSQL]:
    """With a database `migrated` to copy."""
    postgresql = PostgreSQL(folder)
    postgresql.start()
    postgresql.execute("CREATE DATABASE migrated")
    Gunicorn(folder, {"DATABASE_URL": postgresql.url("migrated")}).manage("migrate", "--verbosity=0")
    yield postgresql
    postgresql.stop()


def empty_database(cluster: PostgreSQL) -> str:
    """Its name; without accounts, but with every table."""
    name = f"login{next(numbers)}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    return name


@pytest.fixture(scope="module")
def database(cluster: PostgreSQL) -> str:
    return empty_database(cluster)


@pytest.fixture
def new_database(cluster: PostgreSQL) -> str:
    return empty_database(cluster)


@pytest.fixture(scope="module")
def redis(folder: Path) -> Iterator[Redis]:
    server = Redis(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def simulator(folder: Path) -> Iterator[Wechat]:
    server = Wechat(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def wechat(simulator: Wechat) -> Wechat:  # type: ignore[override]
    """Without faults and counted calls."""
    simulator.control("reset", {})
    return simulator


@pytest.fixture(scope="module")
def product(folder: Path, cluster: PostgreSQL, database: str, redis: Redis, simulator: Wechat) -> Iterator[Product]:
    """Starts servers of the product, with more or other settings if they are given."""
    started: list[Gunicorn] = []

    def start(**given: str) -> Gunicorn:
        services = {
            "DATABASE_URL": cluster.url(database),
            "REDIS_URL": redis.url,
            "WECHAT_API_BASE": simulator.url,
        }
        server = Gunicorn(folder, {**services, **given})
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()

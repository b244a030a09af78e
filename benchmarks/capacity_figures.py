"""Measures what `benchmarks.capacity` counts with: `python -m benchmarks.capacity_figures`, in about two minutes.

One process of gunicorn with a PostgreSQL, a Redis and a WeChat of its own, asked by a few kept-alive connections. CPU
is that of the processes, rows and commands are as PostgreSQL and Redis count them; each figure is the median of five
rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis as RedisClient

from tests.production.load import Phone
from tests.production.servers import Gunicorn, PostgreSQL, Redis, Wechat, children

RESULT = Path(__file__).parent / "results" / "capacity.json"
PEOPLE, ROUNDS, AT_ONCE = 400, 5, 4
TICK = os.sysconf("SC_CLK_TCK")
ROWS = "SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = 'postgres'"
BYTES = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relname = ANY(%s)"
ACCOUNT_TABLES = ["accounts_user", "accounts_wechatopenid", "accounts_consent"]


def cpu(pid: int) -> float:
    """Seconds of a process, with those of its children that have ended; 0 if it has ended since it was listed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15])) / TICK


class Stage:
    """The product and what stands behind it."""

    def __init__(self, folder: Path) -> None:
        self.postgresql, self.redis, self.wechat = PostgreSQL(folder), Redis(folder), Wechat(folder)
        for server in (self.postgresql, self.redis, self.wechat):
            server.start()
        settings = {"DATABASE_URL": self.postgresql.url("postgres"), "REDIS_URL": self.redis.url}
        given = {**settings, "WECHAT_API_BASE": self.wechat.url, "WEB_CONCURRENCY": "1", "LOGIN_PER_MINUTE": "1000000"}
        self.product = Gunicorn(folder, given)
        self.product.manage("migrate", "--verbosity=0")
        self.product.start()

    def stop(self) -> None:
        for server in (self.product, self.wechat, self.redis, self.postgresql):
            server.stop()

    def ask(self, statement: str, *given: Any) -> Any:
        with psycopg.connect(self.postgresql.url("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
            row = connection.execute(statement, given).fetchone()
        return row[0] if row else None

    def counters(self) -> dict[str, float]:
        with RedisClient.from_url(self.redis.url) as client:
            commands = client.info("stats")["total_commands_processed"]
        return {
            "app_ms": 1000 * sum(map(cpu, self.product.workers())),
            "postgres_ms": 1000 * sum(map(cpu, children(self.postgresql.pid))),
            "rows_written": float(self.ask(ROWS)),
            "redis_commands": float(commands),
        }

    def cost(self, work: Callable[[int], object], count: int) -> dict[str, float]:
        """Of one call, on the average of so many."""
        before = self.counters()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(work, range(count)))
        return {name: (after - before[name]) / count for name, after in self.counters().items()}


def median(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in rounds), 3) for name in rounds[0]}


def measure(stage: Stage) -> dict[str, Any]:
    phones = [Phone(stage.product.port, f"person{number}") for number in range(PEOPLE)]

    def round_of(act: Callable[[Phone], object]) -> dict[str, float]:
        return stage.cost(lambda number: act(phones[number]), PEOPLE)

    def forget_the_hour() -> None:
        with psycopg.connect(stage.postgresql.url("postgres"), autocommit=True) as connection:
            connection.execute("UPDATE accounts_user SET last_login = last_login - interval '2 hours'")

    before = stage.ask(BYTES, ACCOUNT_TABLES)
    registration = round_of(Phone.registered)
    accounts = stage.ask(BYTES, ACCOUNT_TABLES) - before
    figures: dict[str, Any] = {"registration": median([registration])}
    hourly, again, info = [], [], []
    for _round in range(ROUNDS):
        forget_the_hour()
        hourly.append(round_of(Phone.silent_login))
        again.append(round_of(Phone.silent_login))
        info.append(round_of(Phone.info))
    events = stage.ask("SELECT count(*) FROM accounts_loginevent")
    figures |= {"login": median(hourly), "login_again": median(again), "request": median(info)}
    figures["bytes"] = {
        "account": round(accounts / PEOPLE),
        "event": round(stage.ask(BYTES, ["accounts_loginevent"]) / events),
    }
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="capacity-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        stage = Stage(folder)
        try:
            figures = measure(stage)
        finally:
            stage.stop()
    load = round(os.getloadavg()[0], 1)
    machine = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "cores": os.cpu_count(), "load_average": load}
    RESULT.write_text(json.dumps({"machine": machine, **figures}, indent=2) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

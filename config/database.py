"""Connection settings that hold under load, for each database that `DATABASE_URL` can name."""

from __future__ import annotations

from typing import Any

# Together with what surrounds it, a request whose database is away is answered within a second.
SOON_SECONDS = 0.8
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
# What is asked through `planned_once`, and nothing else, is prepared when a connection is asked the second time.
# A pool that gave up connecting tries again for the next request; its own tries come ever less often.
POSTGRESQL = {
    "connect_timeout": 2,
    "prepare_threshold": 1,
    "pool": {"min_size": 1, "max_size": 16, "timeout": SOON_SECONDS, "reconnect_timeout": 1},
}
MYSQL = {"charset": "utf8mb4", "connect_timeout": 2, "isolation_level": "read committed"}
OPTIONS: dict[str, dict[str, Any]] = {
    "django.db.backends.sqlite3": SQLITE,
    "django.db.backends.postgresql": POSTGRESQL,
    "django.db.backends.mysql": MYSQL,
}
BACKENDS = {"django.db.backends.postgresql": "config.postgresql", "django.db.backends.mysql": "config.mysql"}


def database(parsed: dict[str, Any]) -> dict[str, Any]:
    """Complete a parsed `DATABASE_URL`; options given in the URL win, `None` as a word among them.

    SQLite writes wait for their turn (WAL and IMMEDIATE) instead of failing with "database is locked". The servers
    are asked by many threads that mostly wait for WeChat, so no thread keeps a connection: PostgreSQL has a pool for
    each process and a backend of our own, MariaDB a backend of our own that connects cheaply.
    """
    if parsed["ENGINE"] == "django.db.backends.mysql":
        use_pymysql()
    given = {name: None if value == "None" else value for name, value in parsed.get("OPTIONS", {}).items()}
    options: dict[str, Any] = {**OPTIONS.get(parsed["ENGINE"], {}), **given}
    keep = None if parsed["ENGINE"] == "django.db.backends.sqlite3" else 0
    if parsed.get("CONN_MAX_AGE"):
        # A pool has no use for connections that a thread keeps, and Django refuses both together.
        options.pop("pool", None)
    backend = BACKENDS.get(parsed["ENGINE"], parsed["ENGINE"])
    return {"CONN_MAX_AGE": keep, **parsed, "ENGINE": backend, "OPTIONS": options}


def use_pymysql() -> None:
    """Let Django's MySQL backend find PyMySQL, which installs without a compiler."""
    import pymysql

    pymysql.install_as_MySQLdb()

"""Django's PostgreSQL, asked by requests that would rather be refused than wait for a server that is away.

A busy server is waited for, a lost one is not: what tells them apart is whether other requests get on meanwhile.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg_pool import PoolTimeout

from config.database import SOON_SECONDS
from config.hurry import in_a_hurry

# A server that answered somebody a moment ago is busy, not away: a crowd, or rows that others hold, make it slow.
TRUST_SECONDS, BUSY_SECONDS = 1.0, 5.0
POOL_SECONDS = 8.0


class Connection(psycopg.Connection[Any]):
    """Closes itself when a hurried query gets no answer in time: nobody can use it any more."""

    heard = 0.0

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None or not in_a_hurry.get():
            return super().wait(gen, interval, timeout)
        started = time.monotonic()
        patience = BUSY_SECONDS if started < Connection.heard + TRUST_SECONDS else SOON_SECONDS
        try:
            answer = super().wait(gen, interval, patience)
        except psycopg.OperationalError:
            if time.monotonic() >= started + patience:
                self.close()
            raise
        Connection.heard = time.monotonic()
        return answer


class Operations(DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Of what was prepared psycopg keeps no text: told without its parameters."""
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = Operations

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(settings_dict, *args, **kwargs)
        pool = settings_dict["OPTIONS"].get("pool")
        if isinstance(pool, dict):
            pool["connection_class"] = Connection

    def planned_once(self) -> Any:
        """A cursor whose queries each connection soon plans no more; planning takes longer than finding one row."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(base.ServerBindingCursor(self.connection))  # type: ignore[attr-defined, call-arg]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """From the pool, whose own time-out is SOON_SECONDS."""
        give_up = time.monotonic() + POOL_SECONDS
        while True:
            before = self.pool_stats()
            try:
                return super().get_new_connection(conn_params)
            except PoolTimeout:
                if time.monotonic() > give_up or not busy(before, self.pool_stats()):
                    raise

    def _set_autocommit(self, autocommit: bool) -> None:
        """Asks psycopg only for a change, because a connection of the pool is set already, each time."""
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]

    def pool_stats(self) -> dict[str, int]:
        return dict(self.pool.get_stats()) if self.pool else {}


def busy(before: dict[str, int], after: dict[str, int]) -> bool:
    """Whether every connection is in use, or some were made or came back meanwhile; but none was lost."""

    def more(name: str) -> bool:
        return after.get(name, 0) > before.get(name, 0)

    if more("connections_errors") or more("connections_lost"):
        return False
    full = after.get("pool_size") == after.get("pool_max")
    return full or more("connections_ms") or more("usage_ms")

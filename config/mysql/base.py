"""MariaDB and MySQL without a connection pool: connections that are cheap, and not more of them than a server takes.

Every server has a `max_connections` (151 by default), and a few processes have more threads than that: a burst waits
for its turn instead of being refused.
"""

from __future__ import annotations

import ssl
import threading
import weakref
from functools import cache
from typing import Any

from django.db.backends.mysql import base
from pymysql.connections import Connection

MOST_CONNECTIONS = 24
WAIT_SECONDS = 8

free = threading.BoundedSemaphore(MOST_CONNECTIONS)


class CheapConnection(Connection):  # type: ignore[misc]
    """PyMySQL's own, which loads the system's CA certificates each time: 100 times the work of connecting."""

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        return super()._create_ssl_ctx(sslp) if sslp else unverified_tls()


@cache
def unverified_tls() -> ssl.SSLContext:
    """What PyMySQL makes where `DATABASE_URL` says nothing about TLS: used if the server has it, without proof."""
    context: ssl.SSLContext = Connection._create_ssl_ctx(None, {})
    return context


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own; each open connection holds one of this process's places until it is closed or lost."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not free.acquire(timeout=WAIT_SECONDS):
            raise self.Database.OperationalError("no connection became free in time")
        try:
            connection = CheapConnection(**conn_params)
        except BaseException:
            free.release()
            raise
        self.give_back = weakref.finalize(connection, free.release)
        return connection

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self.give_back()

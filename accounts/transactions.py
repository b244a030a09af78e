"""How the flows hold the database: no transaction half done, no connection held for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

T = TypeVar("T")

ATTEMPTS = 3
# PostgreSQL's serialization_failure and deadlock_detected, MariaDB's deadlock.
LOST_RACE = {"40001", "40P01", 1213}


def in_transaction(work: Callable[[], T]) -> T:
    """Run `work` in a transaction of its own, up to three times while the database says that it lost a race."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if not lost_race(error):
                raise
    with transaction.atomic():
        return work()


def release_connection() -> None:
    """Give back what other threads could use while this one waits for WeChat.

    Only where no thread keeps its connection anyway (`CONN_MAX_AGE` 0), and never inside a transaction.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.settings_dict["CONN_MAX_AGE"] == 0 and not connection.in_atomic_block:
        connection.close()


def lost_race(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlstate", None) or (error.args[0] if error.args else None)
    return code in LOST_RACE

"""A transaction that the database gave up for another one is run again, whole; any other failure is not."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import Mock

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError

from accounts import transactions
from accounts.models import User
from accounts.transactions import in_transaction, release_connection


class FromDriver(Exception):
    """What psycopg raises: it names the state."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def failing(times: int, error: Exception) -> Callable[[], str]:
    """Writes a row, fails so many times, then succeeds."""
    left = iter(range(times))

    def work() -> str:
        User.objects.create_member(nickname="Alice")
        if next(left, None) is not None:
            raise error
        return "done"

    return work


def from_postgresql(sqlstate: str) -> OperationalError:
    error = OperationalError("the database's words")
    error.__cause__ = FromDriver(sqlstate)
    return error


LOST = [from_postgresql("40001"), from_postgresql("40P01"), OperationalError(1213, "Deadlock found")]


@pytest.mark.parametrize("error", LOST, ids=["serialization", "deadlock", "MariaDB's deadlock"])
@pytest.mark.parametrize("times", [0, 1, 2])
def test_lost_race_is_run_again_and_leaves_one_row(db: None, times: int, error: Exception) -> None:
    assert in_transaction(failing(times, error)) == "done"
    assert User.objects.count() == 1


@pytest.mark.parametrize("error", LOST, ids=["serialization", "deadlock", "MariaDB's deadlock"])
def test_race_lost_three_times_is_given_up(db: None, error: Exception) -> None:
    with pytest.raises(OperationalError):
        in_transaction(failing(3, error))

    assert User.objects.count() == 0


@pytest.mark.parametrize(
    "error",
    [from_postgresql("57P01"), OperationalError(2006, "gone away"), OperationalError(), ValueError("a mistake")],
    ids=["shut down", "gone away", "no words", "not the database's"],
)
def test_other_failures_are_not_run_again(db: None, error: Exception) -> None:
    with pytest.raises(type(error)):
        in_transaction(failing(1, error))

    assert User.objects.count() == 0


@pytest.mark.parametrize(
    ("kept_for", "in_transaction", "closes"), [(0, False, 1), (0, True, 0), (None, False, 0), (60, False, 0)]
)
def test_connection_is_given_back_where_nothing_keeps_it(
    monkeypatch: pytest.MonkeyPatch, kept_for: int | None, in_transaction: bool, closes: int
) -> None:
    connection = Mock(settings_dict={"CONN_MAX_AGE": kept_for}, in_atomic_block=in_transaction)
    monkeypatch.setattr(transactions, "connections", {DEFAULT_DB_ALIAS: connection})

    release_connection()

    assert connection.close.call_count == closes

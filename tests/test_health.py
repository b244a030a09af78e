"""Two questions of an orchestrator: does the process live, and may it have traffic."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def answer(path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
    response = Client(raise_request_exception=False).generic(method, path, headers=headers)
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.json() if method == "GET" else response.content


def lost(*args: Any) -> None:
    raise OperationalError("could not connect to host=db.internal password=hunter2")


def test_process_that_answers_lives() -> None:
    """Without the database, which this test may not touch."""
    assert answer("/healthz") == (200, {"status": "ok"})


@pytest.mark.django_db
def test_process_with_its_database_is_ready() -> None:
    assert answer("/readyz") == (200, {"status": "ok", "database": "ok"})


@pytest.mark.django_db
def test_process_without_its_database_lives_but_is_not_ready() -> None:
    with connection.execute_wrapper(lost):
        assert answer("/healthz") == (200, {"status": "ok"})
        assert answer("/readyz") == (503, {"status": "unavailable", "database": "unreachable"})
    assert answer("/readyz") == (200, {"status": "ok", "database": "ok"})


@pytest.mark.django_db
def test_process_waits_for_its_migrations() -> None:
    MigrationRecorder(connection).migration_qs.filter(app="accounts").last().delete()
    assert answer("/readyz") == (503, {"status": "unavailable", "database": "migrations missing"})


@pytest.mark.django_db
def test_refused_connection_says_nothing_about_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("password authentication failed for user admin")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)
    status, body = answer("/readyz")
    assert (status, body) == (503, {"status": "unavailable", "database": "unreachable"})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_is_enough(path: str) -> None:
    assert answer(path, "HEAD") == (200, b"")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE"])
def test_health_is_read_only(path: str, method: str) -> None:
    response = Client(raise_request_exception=False).generic(method, path)
    assert response.status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_orchestrator_may_ask_a_process_by_its_address(path: str) -> None:
    status, body = answer(path, host="10.42.7.19:8000")
    assert (status, body["status"]) == (200, "ok")
    assert "10.42" not in str(body)

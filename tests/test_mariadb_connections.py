"""On MariaDB a process has so many connections and no more, and connecting is cheap."""

from __future__ import annotations

import gc
import ssl
import threading
from typing import Any
from unittest.mock import Mock

import pytest

from config.database import database, use_pymysql
from config.mysql import __name__ as ENGINE

use_pymysql()
from config.mysql import base


class FromDriver:
    def __init__(self, **params: Any) -> None:
        if "fails" in params:
            raise ZeroDivisionError

    def close(self) -> None:
        pass


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> threading.BoundedSemaphore:
    places = threading.BoundedSemaphore(2)
    monkeypatch.setattr(base, "free", places)
    monkeypatch.setattr(base, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(base, "CheapConnection", FromDriver)
    return places


def connected(**params: Any) -> Any:
    wrapper = base.DatabaseWrapper(Mock())
    wrapper.connection = wrapper.get_new_connection(params)
    return wrapper


def test_mysql_url_leads_to_the_bounded_engine() -> None:
    assert database({"ENGINE": "django.db.backends.mysql"})["ENGINE"] == ENGINE


def test_whoever_finds_no_place_is_told_after_a_while(places: threading.BoundedSemaphore) -> None:
    taken = [connected(), connected()]
    with pytest.raises(base.DatabaseWrapper.Database.OperationalError):
        connected()

    taken[0]._close()
    assert connected()


def test_place_is_free_again_after_a_close_a_loss_and_a_failure(places: threading.BoundedSemaphore) -> None:
    for _turn in range(5):
        connected()._close()
    for _turn in range(5):
        connected()
        gc.collect()
    for _turn in range(5):
        with pytest.raises(ZeroDivisionError):
            connected(fails=True)

    assert places._value == 2


def test_thread_waits_for_its_place(places: threading.BoundedSemaphore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WAIT_SECONDS", 10)
    taken, late = [connected(), connected()], []
    thread = threading.Thread(target=lambda: late.append(connected()))
    thread.start()
    assert late == []

    taken.pop()._close()
    thread.join(10)
    assert len(late) == 1


def test_certificates_are_loaded_once_and_not_for_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless `DATABASE_URL` names some."""
    loaded: list[Any] = []
    create = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda **given: loaded.append(given) or create())
    base.unverified_tls.cache_clear()

    connections = [base.CheapConnection(defer_connect=True) for _connection in range(3)]

    assert len(loaded) == 1
    assert {connection.ctx.verify_mode for connection in connections} == {ssl.CERT_NONE}
    assert base.CheapConnection(defer_connect=True, ssl_verify_cert=True, ssl_ca="x").ctx is not connections[0].ctx
    assert loaded[1]["cafile"] == "x"

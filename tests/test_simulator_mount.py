"""The simulator inside Django: never outside development, and failing there as it does on a port of its own."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import Client
from django.urls import include, path

MODULES = ["wechat.simulator.views", "wechat.simulator.urls"]
APPS = {
    "default": {"APPID": "wx1111111111111111", "SECRET": "shop-secret"},
    "game": {"APPID": "wx2222222222222222", "SECRET": "game-secret"},
    "unset": {"APPID": "", "SECRET": ""},
}


def forget() -> None:
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def mounted(settings: Any) -> Iterator[None]:
    """A URLconf with the simulator in it, as development has one."""
    forget()
    settings.DEBUG = settings.WECHAT_SIMULATOR = True
    settings.WECHAT_APPS = APPS
    urls = importlib.import_module("wechat.simulator.urls")
    root = ModuleType("root")
    root.__dict__["urlpatterns"] = [path("simulator/", include(urls))]
    settings.ROOT_URLCONF = root
    settings.MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
    yield
    forget()


@pytest.fixture
def base_url(mounted: None) -> Iterator[str]:
    """Under the classes that runserver uses."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simulator"
    server.shutdown()
    server.server_close()
    thread.join()


def log_in(base_url: str, code: str, app: str = "default", timeout: float = 5) -> requests.Response:
    entry = APPS[app]
    query = {
        "appid": entry["APPID"],
        "secret": entry["SECRET"],
        "js_code": code,
        "grant_type": "authorization_code",
    }
    return requests.get(f"{base_url}/sns/jscode2session", params=query, timeout=timeout)


def fault(base_url: str, kind: str, **given: object) -> requests.Response:
    return requests.post(f"{base_url}/_control/faults", json={"kind": kind, **given}, timeout=5)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(("debug", "simulator"), [(False, True), (False, False), (True, False)])
def test_it_cannot_be_imported_outside_development(settings: Any, module: str, debug: bool, simulator: bool) -> None:
    forget()
    settings.DEBUG, settings.WECHAT_SIMULATOR = debug, simulator
    with pytest.raises(ImproperlyConfigured, match="for development"):
        importlib.import_module(module)


def test_it_vanishes_when_debug_goes_off_after_the_import(mounted: None, settings: Any) -> None:
    settings.DEBUG = False
    assert Client().get("/simulator/_control/apps").status_code == 404


def test_it_knows_the_apps_of_the_settings(mounted: None) -> None:
    listed = Client().get("/simulator/_control/apps").json()["apps"]
    assert [app["appid"] for app in listed] == ["wx1111111111111111", "wx2222222222222222"]


def test_it_takes_posts_without_a_csrf_token(mounted: None) -> None:
    client = Client(enforce_csrf_checks=True)
    body = {"appid": "wx1111111111111111", "secret": "shop-secret", "grant_type": "client_credential"}
    response = client.post("/simulator/cgi-bin/stable_token", body, content_type="application/json")
    assert response.headers["Content-Type"] == "application/json; encoding=utf-8"
    assert list(response.json()) == ["access_token", "expires_in"]


def test_a_login_works_for_each_app(base_url: str) -> None:
    for app in ("default", "game"):
        response = log_in(base_url, f"sim-alice-{app}", app)
        assert (response.status_code, response.headers["Content-Type"]) == (200, "text/plain")
        assert list(response.json()) == ["session_key", "openid"]
    assert log_in(base_url, "sim-alice-game", "game").json()["errcode"] == 40163


def test_a_replacing_fault_is_an_ordinary_answer(base_url: str) -> None:
    fault(base_url, "status", status=502, calls=1)
    assert log_in(base_url, "sim-alice-1").status_code == 502
    fault(base_url, "errcode", errcode=45011, calls=1)
    assert log_in(base_url, "sim-alice-1").json()["errcode"] == 45011
    assert "openid" in log_in(base_url, "sim-alice-1").json()


def test_latency_delays(base_url: str) -> None:
    fault(base_url, "latency", ms=300, calls=1)
    started = time.monotonic()
    assert "openid" in log_in(base_url, "sim-alice-1").json()
    assert time.monotonic() - started >= 0.3


def test_a_hang_is_a_read_timeout(base_url: str) -> None:
    fault(base_url, "hang", calls=1)
    with pytest.raises(requests.ReadTimeout):
        log_in(base_url, "sim-alice-1", timeout=0.3)


def test_a_reset_is_a_reset_on_the_wire(base_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    fault(base_url, "reset", calls=1)
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        log_in(base_url, "sim-alice-1")
    assert "openid" in log_in(base_url, "sim-alice-2").json()
    assert "Traceback" not in capfd.readouterr().err


def test_a_close_ends_the_connection_without_an_answer(base_url: str) -> None:
    fault(base_url, "close", calls=1)
    with pytest.raises(requests.ConnectionError, match="closed connection without response"):
        log_in(base_url, "sim-alice-1")


def test_half_an_answer_is_half_an_answer(base_url: str) -> None:
    fault(base_url, "truncated", calls=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        log_in(base_url, "sim-alice-1")


def test_a_drip_drips(base_url: str) -> None:
    fault(base_url, "drip", interval_ms=5, headers=True, calls=1)
    started = time.monotonic()
    assert "openid" in log_in(base_url, "sim-alice-1", timeout=0.5).json()
    assert time.monotonic() - started > 0.8


def test_a_huge_answer_is_huge(base_url: str) -> None:
    fault(base_url, "huge", megabytes=2, chunked=True, calls=1)
    response = log_in(base_url, "sim-alice-1")
    assert len(response.content) > 2 * 1024 * 1024
    assert "openid" in response.json()


def test_it_cannot_close_the_port_it_does_not_own(base_url: str) -> None:
    response = fault(base_url, "refuse")
    assert response.status_code == 400
    assert response.json() == {"error": "a mounted simulator cannot close its port: use reset"}


def test_under_the_test_client_a_broken_connection_is_an_exception(mounted: None) -> None:
    client = Client()
    client.post("/simulator/_control/faults", {"kind": "reset"}, content_type="application/json")
    with pytest.raises(BrokenPipeError):
        client.get("/simulator/sns/jscode2session").getvalue()


def test_the_command_runs_with_the_apps_of_the_settings(settings: Any) -> None:
    command = [sys.executable, "-m", "django", "wechat_simulator", "--port", "0", "--settings", "tests.settings"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            listed = requests.get(f"{url}/_control/apps", timeout=5).json()["apps"]
        finally:
            process.terminate()
    assert [app["appid"] for app in listed] == [app["APPID"] for app in settings.WECHAT_APPS.values()]

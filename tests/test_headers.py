"""Headers of every answer: nothing is cached, sniffed, framed or shared with another origin, no host is believed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.test import Client

from tests.conftest import Phone

ORIGIN = "https://h5.example.com"


@pytest.fixture
def client(db: None) -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "path", ["/api/config", "/api/nowhere", "/api/user/info", "/admin/login/", "/nowhere", "/healthz"]
)
def test_security_headers_are_on_every_answer(client: Client, path: str) -> None:
    headers = client.get(path, secure=True).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.parametrize("path", ["config", "user/info", "nowhere", "login/silentLogin"])
def test_answers_of_the_api_are_kept_by_nobody(client: Client, path: str) -> None:
    headers = client.get(f"/api/{path}").headers
    assert headers["Cache-Control"] == "no-store"
    varies = {name.strip().lower() for name in headers["Vary"].split(",")}
    assert {"accept-language", "authorization", "token"} <= varies


def test_answers_of_the_api_set_no_cookie(alice: Phone) -> None:
    alice.complete()
    alice.get("user/info")
    assert dict(alice.client.cookies) == {}


@pytest.mark.parametrize("sent", ["abcdefgh", "0af7651916cd43dd8448eb211c80319c", "req_1.2-3-x", "a" * 64])
def test_request_id_of_the_proxy_is_kept(client: Client, sent: str) -> None:
    assert client.get("/api/config", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "short",
        "a" * 65,
        "a b c d e f",
        "12345678\n",
        "<script>alert(1)</script>",
        "é" * 10,
        "12345678;x",
        "\x00" * 9,
    ],
)
def test_request_id_that_could_do_harm_is_replaced(client: Client, sent: str) -> None:
    answered = client.get("/api/config", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", answered)


def test_each_request_has_an_id_of_its_own(client: Client) -> None:
    assert len({client.get("/healthz").headers["X-Request-ID"] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "origin", [ORIGIN, "null", "https://evil.example", "http://localhost:5173", "https://testserver"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_origin_is_let_in_by_default(client: Client, origin: str, method: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "token"}
    response = client.generic(method, "/api/config", headers=headers)
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]


def test_origin_of_the_setting_is_let_in_without_credentials(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    answer = client.get("/api/config", headers={"Origin": ORIGIN}).headers
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "X-Renewed-Token" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in answer["Vary"].lower()

    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "token"}
    preflight = client.options("/api/login/silentLogin", headers=asked).headers
    assert preflight["Access-Control-Allow-Origin"] == ORIGIN
    assert {"token", "authorization", "content-type"} <= set(preflight["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "https://h5.example.com.evil.example",
        "http://h5.example.com",
        "https://x.h5.example.com",
    ],
)
def test_neighbours_of_the_origin_are_not_let_in(client: Client, settings: Any, origin: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    assert "Access-Control-Allow-Origin" not in client.get("/api/config", headers={"Origin": origin}).headers


def test_admin_is_never_shared_with_another_origin(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    assert "Access-Control-Allow-Origin" not in client.get("/admin/login/", headers={"Origin": ORIGIN}).headers


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80", "", "a b", "[::"]
)
@pytest.mark.parametrize("path", ["/api/config", "/admin/login/", "/api/nowhere"])
def test_host_that_is_not_ours_is_400_and_never_repeated(client: Client, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 400
    assert "evil" not in response.content.decode()


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server"])
def test_host_that_a_client_claims_elsewhere_is_ignored(alice: Phone, set_switches: Any, name: str) -> None:
    set_switches(mnp_wechat_auth=False)
    claim = {name.lower().replace("-", "_"): "host=evil.example" if name == "Forwarded" else "evil.example"}
    for body in (alice.get("config", **claim), alice.auth_login(headers=claim)):
        assert "evil" not in str(body)


@pytest.mark.parametrize(("proxies", "scheme"), [(0, "http"), (1, "https")])
def test_scheme_is_believed_only_from_a_trusted_proxy(proxies: int, scheme: str) -> None:
    """Read when the settings are loaded, hence in a process of its own."""
    import os
    import subprocess
    import sys

    script = (
        "import django; django.setup(); from django.test import RequestFactory; "
        "print(RequestFactory().get('/', headers={'X-Forwarded-Proto': 'https'}).scheme)"
    )
    environment = {**os.environ, "TRUSTED_PROXIES": str(proxies), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == scheme


def test_api_opens_no_session_though_a_page_would(alice: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by our middleware nor by the one of Django that it inherits from."""
    opened: list[str] = []
    monkeypatch.setattr(SessionMiddleware, "process_request", lambda self, request: opened.append(request.path))

    alice.complete()
    alice.silent_login()
    for path in ("config", "user/info", "nowhere"):
        alice.get(path)
    assert opened == []

    alice.client.get("/admin/login/")
    assert opened == ["/admin/login/"]

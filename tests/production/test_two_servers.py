"""Two application servers behind `deploy/nginx`, with one PostgreSQL and one Redis, are one service."""

from __future__ import annotations

import io
import itertools
import json
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.production.conftest import Product
from tests.production.load import Answer, Phone, at_once, outcomes, percentile, streaming
from tests.production.nginx import CONNECTIONS, NAME, Nginx
from tests.production.servers import Gunicorn, PostgreSQL, Wechat, wait_until

LIMIT = 60
SHARED = {
    "SECRET_KEY": "two-servers-Kd8Tz3Wq6Lx1Vn9Rb4Yc7Mf2Hg5Js0P-Ee4Xu7Ti1Ka9",
    "JWT_SIGNING_KEY": "two-servers-Qa4Ws7Ed1Rf8Tg2Yh5Uj9Ik3Ol6Pz0X",
    "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
    "TRUSTED_PROXIES": "1",
    "LOGIN_PER_MINUTE": str(LIMIT),
}
# What a client may claim about where it comes from.
CLAIMS = ["", "203.0.113.9", "203.0.113.9, 198.51.100.7", "127.0.0.1", "unknown", "::1", "127.0.0.77, 127.0.0.77"]


@pytest.fixture(scope="module")
def servers(product: Product) -> list[Gunicorn]:
    return [product(**SHARED) for _ in "ab"]


@pytest.fixture(scope="module")
def nginx(folder: Path, servers: list[Gunicorn]) -> Iterator[Nginx]:
    server = Nginx(folder, servers, Path(servers[0].given["MEDIA_ROOT"]))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    """An address of its own for each test: what one did is not to be counted against another."""
    return (f"127.0.2.{number}" for number in range(1, 250))


@pytest.fixture
def address(addresses: Iterator[str]) -> str:
    return next(addresses)


@pytest.fixture
def alice(nginx: Nginx, wechat: Wechat, address: str) -> Phone:
    return nginx.phone(f"alice{address}", address).registered()


def at(server: Gunicorn, phone: Phone) -> Phone:
    """The same person with the same token, straight at one of the servers."""
    direct = Phone(server.port, phone.person)
    direct.token = phone.token
    return direct


def requests_at(server: Gunicorn) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["logger"] == "config.access"]


def test_both_servers_are_asked(nginx: Nginx, servers: list[Gunicorn], alice: Phone) -> None:
    before = [len(requests_at(server)) for server in servers]
    for _ in range(20):
        assert alice.info().outcome == 1
    assert all(len(requests_at(server)) > count for server, count in zip(servers, before, strict=True))


def test_switch_holds_at_the_next_request_of_both(servers: list[Gunicorn], alice: Phone) -> None:
    phones = [at(server, alice) for server in servers]
    for value, outcome in (("on", "not_logged_in"), ("off", 1)) * 3:
        servers[0].manage("login_settings", f"coerce_mobile={value}")
        seen = [phone.info().outcome for phone in phones for _ in range(8)]
        assert set(seen) == {outcome}


def test_token_that_was_revoked_at_one_is_dead_at_the_other(servers: list[Gunicorn], alice: Phone) -> None:
    first, second = (at(server, alice) for server in servers)
    assert [first.info().outcome, second.info().outcome] == [1, 1]
    assert first.ask("POST", "login/logout").outcome == 1
    assert {second.info().outcome for _ in range(8)} == {"not_logged_in"}


def test_token_of_one_server_is_good_at_the_other(servers: list[Gunicorn], wechat: Wechat) -> None:
    phone = Phone(servers[0].port, "gustav").registered()
    assert at(servers[1], phone).info().outcome == 1


def test_one_person_at_both_servers_at_once_becomes_one_account(
    nginx: Nginx, wechat: Wechat, cluster: PostgreSQL, database: str, address: str
) -> None:
    accounts = "SELECT count(*) FROM accounts_user"
    [(before,)] = cluster.execute(accounts, database)

    answers = at_once(20, lambda number: nginx.phone("henry", address).auth_login())

    assert outcomes(answers) == {1: 20}
    assert cluster.execute(accounts, database) == [(before + 1,)]


def test_limit_is_counted_over_both_whatever_a_client_claims(nginx: Nginx, wechat: Wechat, address: str) -> None:
    def log_in(number: int) -> Answer:
        claim = CLAIMS[number % len(CLAIMS)]
        headers = {"X_Forwarded_For": claim, "X_Real_IP": claim, "Forwarded": f"for={claim}"} if claim else {}
        return nginx.phone(f"visitor{number}", address).silent_login(**headers)

    wait_for_a_fresh_minute()
    answers = [answer for _ in range(5) for answer in at_once(20, log_in)]

    assert outcomes(answers) == {1: LIMIT, "throttled": 100 - LIMIT}
    assert {answer.status for answer in answers if answer.outcome == "throttled"} == {429}
    assert nginx.phone("visitor", "127.0.3.1").silent_login().outcome == 1


def wait_for_a_fresh_minute() -> None:
    """The window slides in minutes: what is sent around its edge counts for less."""
    wait_until(lambda: time.time() % 60 < 50, seconds=15)


def test_address_of_the_client_is_kept(
    nginx: Nginx, alice: Phone, cluster: PostgreSQL, database: str, address: str
) -> None:
    alice.client = nginx.client("127.0.3.2")
    alice.ask("POST", "login/logout", X_Forwarded_For="203.0.113.9")
    seen = cluster.execute("SELECT host(address), kind FROM accounts_loginevent ORDER BY id DESC LIMIT 1", database)
    assert seen == [("127.0.3.2", "logout")]


def test_links_are_of_the_domain_and_of_its_scheme(alice: Phone, nginx: Nginx) -> None:
    assert uploaded(nginx, alice)["url"].startswith(f"https://{NAME}/media/avatars/")


def test_avatar_is_served_by_nginx_whichever_server_stored_it(
    nginx: Nginx, servers: list[Gunicorn], alice: Phone
) -> None:
    uris = [uploaded(nginx, alice)["uri"] for _ in range(3)]
    before = sum(len(requests_at(server)) for server in servers)
    for uri in uris:
        status, headers, body = fetched(nginx, uri)
        assert (status, headers["Content-Type"]) == (200, "image/jpeg")
        assert Image.open(io.BytesIO(body)).format == "JPEG"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert sum(len(requests_at(server)) for server in servers) == before


@pytest.mark.parametrize("path", ["/media/avatars/", "/media/avatars/../../login.conf", "/media/avatars/nothing.jpg"])
def test_nothing_else_comes_out_of_the_folder_of_avatars(nginx: Nginx, path: str) -> None:
    assert fetched(nginx, path)[0] in (400, 403, 404)


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_is_for_the_cluster_is_not_there_for_the_world(nginx: Nginx, path: str) -> None:
    assert fetched(nginx, path)[0] == 404


@pytest.mark.parametrize("declared", [True, False])
def test_body_that_is_too_large_is_refused_in_the_envelope(nginx: Nginx, declared: bool) -> None:
    client = nginx.client()
    client.connection.putrequest("POST", "/api/login/silentLogin")
    client.connection.putheader("Accept-Language", "en")
    client.connection.putheader("Content-Type", "application/json")
    if declared:
        client.connection.putheader("Content-Length", "65537")
        client.connection.endheaders()
    else:
        client.connection.putheader("Transfer-Encoding", "chunked")
        client.connection.endheaders(b"10001\r\n" + b" " * 65537 + b"\r\n0\r\n\r\n")
    response = client.connection.getresponse()
    body = json.loads(response.read())

    assert (response.status, response.headers["Content-Type"]) == (413, "application/json")
    assert body == {"code": 0, "msg": "The request body is too large.", "data": {"error": "invalid_input"}}


def test_picture_that_is_too_large_is_refused_in_the_envelope(nginx: Nginx, alice: Phone) -> None:
    status, _headers, body = fetched(nginx, "/api/upload/image", b"x" * (6 * 1024 * 1024), token=alice.token)
    assert status == 413
    assert json.loads(body) == {"code": 0, "msg": "请求内容过大", "data": {"error": "invalid_input"}}


def test_more_connections_than_a_crowd_makes_are_refused_in_the_envelope(
    nginx: Nginx, wechat: Wechat, address: str
) -> None:
    wechat.fault("latency", ms=1500)
    answers = at_once(CONNECTIONS + 8, lambda number: nginx.phone(f"crowd{number}", address).silent_login())
    refused = [answer for answer in answers if answer.status == 429]
    assert outcomes(answers) == {1: CONNECTIONS, "throttled": 8}
    assert all(answer.headers["Retry-After"] == "1" for answer in refused)
    assert refused[0].body["msg"] == "Too many attempts. Please wait a moment and try again."


def test_slow_clients_hold_nobody_up(
    nginx: Nginx, servers: list[Gunicorn], alice: Phone, addresses: Iterator[str]
) -> None:
    head = b"POST /api/login/silentLogin HTTP/1.1\r\nHost: login.example.com\r\nContent-Length: 100\r\n\r\n{"
    with ExitStack() as opened:
        for number in range(300):
            # From many addresses, each below the limit of connections.
            sock = socket.create_connection(nginx.client().connection.place, 5, (f"127.0.4.{1 + number // 20}", 0))
            slow = opened.enter_context(nginx.context().wrap_socket(sock, server_hostname=NAME))
            slow.sendall(head if number % 2 else head[:40])
        answers = [alice.info() for _ in range(100)]
    assert outcomes(answers) == {1: 100}
    assert percentile(answers, 0.95) <= 0.5


def test_connection_without_tls_is_sent_to_tls(nginx: Nginx) -> None:
    with socket.create_connection(("127.0.0.1", nginx.plain_port), 5) as sock:
        sock.sendall(b"GET /api/config HTTP/1.1\r\nHost: login.example.com\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(4096), b"")).decode()
    assert answer.startswith("HTTP/1.1 301")
    assert "Location: https://login.example.com/api/config" in answer


def test_other_names_get_no_certificate(nginx: Nginx) -> None:
    for name in ("evil.example", None):
        context = nginx.context()
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", nginx.port), 5) as sock, pytest.raises(ssl.SSLError):
            context.wrap_socket(sock, server_hostname=name)


def test_server_that_is_killed_under_load_loses_no_idempotent_request(
    nginx: Nginx, servers: list[Gunicorn], alice: Phone
) -> None:
    phones = [nginx.phone(f"reader{number}", f"127.0.5.{1 + number}") for number in range(12)]
    for phone in phones:
        phone.token = alice.token
    with streaming(60, phones, Phone.info) as stream:
        time.sleep(1.5)
        killed = time.monotonic()
        servers[1].kill()
        time.sleep(3)
        alone = time.monotonic()
        servers[1].start()
        time.sleep(6)
    answers = stream.answers()

    assert outcomes(answers) == {1: len(answers)}
    assert min(len(stream.answers(end=killed)), len(stream.answers(killed, alone)), len(stream.answers(alone))) > 50
    assert [line for line in requests_at(servers[1])[-40:] if line["message"] == "GET /api/user/info"], (
        "not asked again"
    )


def test_servers_replaced_one_after_the_other_lose_no_request(
    nginx: Nginx, servers: list[Gunicorn], alice: Phone
) -> None:
    readers = [nginx.phone("reader", f"127.0.7.{number}") for number in range(1, 13)]
    for reader in readers:
        reader.token = alice.token
    places = itertools.cycle(range(1, 251))
    callers = [Phone(nginx.port, alice.person) for _ in range(40)]

    def log_in(caller: Phone) -> Answer:
        """Each time from elsewhere, below the limit of one address."""
        return nginx.phone(caller.person, f"127.0.8.{next(places)}").silent_login()

    with streaming(30, readers, Phone.info) as infos, streaming(20, callers, log_in) as logins:
        for server in servers:
            time.sleep(2)
            replace(server)
        time.sleep(2)

    assert outcomes(infos.answers()).keys() == {1}
    assert outcomes(logins.answers()).keys() == {1}


def replace(server: Gunicorn) -> None:
    """As a rolling deploy does: the old one answers what it has begun, then a new one starts."""
    server.ask_to(signal.SIGTERM)
    assert server.process
    server.process.wait(timeout=40)
    server.start()


def test_login_at_a_server_that_dies_is_answered_and_its_code_sent_once(
    nginx: Nginx, servers: list[Gunicorn], wechat: Wechat
) -> None:
    """A code that may have been used is not sent again: the client gets an answer, and fetches another code."""
    wechat.fault("latency", ms=800)
    killed: list[int] = []

    def log_in(number: int) -> Answer:
        if number == 0:
            wait_until(lambda: wechat.calls() >= 10, seconds=10)
            servers[1].kill()
            killed.append(wechat.calls())
            return nginx.phone("late", "127.0.6.99").silent_login()
        return nginx.phone(f"caller{number}", f"127.0.6.{number}").silent_login()

    seen = Counter((answer.status, answer.outcome) for answer in at_once(21, log_in))
    servers[1].start()

    assert killed
    assert seen.keys() <= {(200, 1), (503, "server_error")}
    assert seen[200, 1] >= 2
    assert seen[503, "server_error"] >= 2
    assert wechat.calls() <= 21


def test_service_without_servers_says_so_in_the_envelope(nginx: Nginx, servers: list[Gunicorn]) -> None:
    """The last test of this file: it leaves nobody behind."""
    for server in servers:
        server.kill()
    answer = nginx.client().ask("GET", "/api/config")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.body == {
        "code": 0,
        "msg": "The service is not available at the moment. Please try again.",
        "data": {"error": "server_error"},
    }


def uploaded(nginx: Nginx, phone: Phone) -> dict[str, str]:
    picture = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(picture, "PNG")
    status, _headers, body = fetched(nginx, "/api/upload/image", picture.getvalue(), token=phone.token)
    assert status == 200, body
    data: dict[str, str] = json.loads(body)["data"]
    return data


def fetched(nginx: Nginx, path: str, picture: bytes = b"", token: str = "") -> tuple[int, Any, bytes]:
    """GET it, or POST a picture to it as a form."""
    body, headers = None, {"token": token} if token else {}
    if picture:
        headers["Content-Type"] = "multipart/form-data; boundary=limit"
        opening = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="me.png"\r\n\r\n'
        body = opening + picture + b"\r\n--limit--\r\n"
    connection = nginx.client().connection
    # The refusal may come while the body is still being sent.
    with suppress(OSError):
        connection.request("POST" if picture else "GET", path, body, headers)
    response = connection.getresponse()
    return response.status, response.headers, response.read()

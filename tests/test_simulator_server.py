"""The asyncio server as a speaker of HTTP/1.1, and how little it keeps."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from wechat.simulator.codes import Burned, LoginCodes
from wechat.simulator.refusal import Refused
from wechat.simulator.request import parse_query
from wechat.simulator.sessions import Sessions
from wechat.simulator.threaded import Running, running
from wechat.simulator.tokens import Tokens
from wechat.simulator.world import World


@pytest.fixture
def wechat() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


def connect(wechat: Running) -> socket.socket:
    host, port = wechat.base_url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def read_all(client: socket.socket) -> bytes:
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_connection_is_kept_for_many_calls(wechat: Running) -> None:
    with requests.Session() as session:
        for _ in range(20):
            session.get(f"{wechat.base_url}/cgi-bin/token", timeout=5)
    assert (wechat.calls(), wechat.connections) == (20, 1)


def test_calls_sent_in_one_piece_are_answered_in_order(wechat: Running) -> None:
    wechat.fault("latency", ms=100, path="/cgi-bin/token")
    with connect(wechat) as client:
        client.sendall(
            b"GET /cgi-bin/token HTTP/1.1\r\n\r\n"
            b"POST /cgi-bin/stable_token HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
            b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        answer = read_all(client)
    assert answer.index(b"41002") < answer.index(b"404 Not Found")
    assert answer.count(b"HTTP/1.1 ") == 3


def test_a_call_may_come_byte_by_byte(wechat: Running) -> None:
    with connect(wechat) as client:
        for byte in b"POST /cgi-bin/stable_token HTTP/1.1\r\ncontent-length: 2\r\nConnection: close\r\n\r\n{}":
            client.sendall(bytes((byte,)))
        assert b'"errcode":41002' in read_all(client)


def test_an_old_client_gets_its_connection_closed(wechat: Running) -> None:
    with connect(wechat) as client:
        client.sendall(b"GET /cgi-bin/token HTTP/1.0\r\n\r\n")
        assert b"Connection: close" in read_all(client)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
    ],
)
def test_what_it_cannot_read_is_refused(wechat: Running, request_bytes: bytes, status: int) -> None:
    with connect(wechat) as client:
        client.sendall(request_bytes)
        assert read_all(client).startswith(b"HTTP/1.1 %d " % status)


def test_two_calls_with_one_code_at_the_same_moment_have_one_winner(wechat: Running) -> None:
    app = next(iter(wechat.world.apps.values()))
    query = {"appid": app.appid, "secret": app.secret, "js_code": "sim-alice-1", "grant_type": "authorization_code"}

    def log_in(_: int) -> object:
        return requests.get(f"{wechat.base_url}/sns/jscode2session", params=query, timeout=5).json().get("errcode", 0)

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(log_in, range(50)), key=str) == [0] + [40163] * 49


def test_an_end_leaves_no_thread_and_a_free_port() -> None:
    before = threading.active_count()
    with running() as simulator, connect(simulator) as client:
        simulator.fault("hang")
        client.sendall(b"GET /cgi-bin/token HTTP/1.1\r\n\r\n")
        while not simulator.calls():
            time.sleep(0.01)
        url = simulator.base_url
    gc.collect()
    assert threading.active_count() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


def test_burned_codes_are_remembered_by_the_hundred_thousand_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Burned, "GENERATION", 100)
    burned = Burned()
    assert all(burned.burn(f"code-{number}") for number in range(150))
    assert not any(burned.burn(f"code-{number}") for number in range(150))
    assert all(burned.burn(f"code-{number}") for number in range(150, 1000))
    assert burned.burn("code-0")


def test_minted_codes_are_forgotten_when_they_expire() -> None:
    codes = LoginCodes()
    for moment in range(1000):
        codes.mint("wx1", "alice", now=moment)
    assert len(codes._minted) <= 301


def test_sessions_are_forgotten_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sessions, "LIMIT", 10)
    sessions = Sessions()
    for number in range(100):
        sessions.login("keeper", number)
        sessions.login(f"openid-{number}", number)
    assert sessions.find("keeper", 100)
    assert sessions.find("openid-99", 100)
    assert not sessions.find("openid-80", 100)


def test_ended_tokens_are_forgotten_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tokens, "LIMIT", 10)
    tokens = Tokens()
    tokens._room = 10
    kept = tokens.stable("wx1", 0)
    for moment in range(0, 6000, 60):
        tokens.plain("wx1", moment, quota=1000)
    assert len(tokens._all) <= 22
    assert tokens.owner(kept.value, 6000) == "wx1"
    with pytest.raises(Refused):
        tokens.owner("made up", 6000)


def test_a_world_takes_its_time_from_a_test() -> None:
    world = World(clock=lambda: 1000.0)
    world.advance(50)
    assert world.now() == 1050


def test_the_module_runs_without_django() -> None:
    command = [sys.executable, "-m", "wechat.simulator", "--port", "0", "--app", "wx1:secret:open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            query = {"appid": "wx1", "secret": "secret", "js_code": "sim-a-1", "grant_type": "authorization_code"}
            assert "unionid" in requests.get(f"{url}/sns/jscode2session", params=query, timeout=5).json()
        finally:
            process.terminate()


def test_the_core_and_the_server_import_no_django() -> None:
    code = "import sys, wechat.simulator.arguments; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_app_on_the_command_line_needs_a_secret() -> None:
    command = [sys.executable, "-m", "wechat.simulator", "--app", "wx1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'wx1' is not appid:secret[:open_account]" in done.stderr


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a=&b&&c==", {"a": "", "b": "", "c": "="}),
        ("a=1%262+3&b=%E6%9E%97", {"a": "1&2 3", "b": "林"}),
    ],
)
def test_a_query_is_read_as_wechat_reads_it(query: str, read: dict[str, str]) -> None:
    assert parse_query(query) == read

"""One call to WeChat on real sockets: what is retried, what ends it, what it never lets out."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from urllib3.util import connection as urllib3_connection

from tests import canary, chains
from tests.host import Host, Talk, answering, dripping, ending, response
from wechat import slots, transport
from wechat.errors import WechatUnavailable
from wechat.simulator.threaded import Running

PATH = "/sns/jscode2session"
MEGABYTE = 1024 * 1024
BOMB = gzip.compress(bytes(50 * MEGABYTE))


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    created = Host()
    settings.WECHAT_API_BASE = created.base
    yield created
    created.listener.close()


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When a connection was tried."""
    tried: list[float] = []
    create_connection = urllib3_connection.create_connection

    def counting(*args: Any, **kwargs: Any) -> socket.socket:
        tried.append(time.monotonic())
        return create_connection(*args, **kwargs)

    monkeypatch.setattr(urllib3_connection, "create_connection", counting)
    return tried


def get() -> dict[str, Any]:
    return transport.get(PATH, {"appid": "wx1", "secret": canary.planted()[-1], "js_code": "code"})


def failure() -> WechatUnavailable:
    with pytest.raises(WechatUnavailable) as raised:
        get()
    return raised.value


def closed_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def test_refused_connection_is_tried_exactly_once_more(settings: Any, attempts: list[float]) -> None:
    settings.WECHAT_API_BASE = f"http://127.0.0.1:{closed_port()}"

    assert str(failure()) == "ConnectionError"
    assert len(attempts) == 2


def test_refused_connection_that_works_at_the_second_try_is_a_success(
    settings: Any, attempts: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host()
    settings.WECHAT_API_BASE = f"http://127.0.0.1:{closed_port()}"

    def wechat_comes_back(*_range: float) -> float:
        settings.WECHAT_API_BASE = host.base
        monkeypatch.setattr(urllib3_connection, "create_connection", lambda *_, **__: connected_to(host))
        return 0

    monkeypatch.setattr(transport.random, "uniform", wechat_comes_back)

    assert get() == {"openid": "o1"}
    assert (len(attempts), host.connections) == (1, 1)
    host.listener.close()


def connected_to(host: Host) -> socket.socket:
    return socket.create_connection(host.listener.getsockname())


def test_host_that_never_answers_the_handshake_costs_two_seconds(settings: Any, attempts: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        settings.WECHAT_API_BASE = f"http://127.0.0.1:{address[1]}"
        # One waits to be accepted; for more there is no room, and their SYN gets no answer.
        with closing(socket.create_connection(address)):
            started = time.monotonic()
            assert str(failure()) == "ConnectTimeout"

    assert len(attempts) == 2
    assert time.monotonic() - started < 2.6


@pytest.mark.parametrize("at_once", [0, 20], ids=["headers", "body"])
def test_slow_drip_ends_at_the_deadline(host: Host, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.5)
    head_and_body = response(b" " * 100)
    host.talk = dripping(head_and_body, at_once and len(head_and_body) - 100)

    started = time.monotonic()
    failure()

    assert 0.4 < time.monotonic() - started < 1
    assert host.connections == 1


def test_slow_drip_of_chunks_ends_at_the_deadline(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.5)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    host.talk = dripping(head + b"1\r\n \r\n" * 50, len(head))

    started = time.monotonic()
    failure()

    assert time.monotonic() - started < 1


def test_call_that_hangs_is_never_sent_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.3)
    host.talk = lambda sock: time.sleep(2)

    failure()

    assert (host.connections, len(host.requests)) == (1, 1)


def test_connection_that_breaks_is_never_sent_again(host: Host) -> None:
    host.talk = ending(b"")

    failure()

    assert (host.connections, len(host.requests)) == (1, 1)


def test_answer_of_64_kilobytes_is_read_and_a_longer_one_is_not(host: Host) -> None:
    longest = b'{"openid": "o1"}'.ljust(64 * 1024)
    host.talk = answering(longest)
    assert get() == {"openid": "o1"}

    host.talk = answering(longest + b" ")
    assert str(failure()) == "answer too long"


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "500 Internal Server Error"])
@pytest.mark.parametrize("kind", ["plain", "chunked", "gzip"])
def test_huge_answer_takes_little_memory(host: Host, kind: str, status: str) -> None:
    """A redirect too: requests reads its body to the end unless it is kept from it."""
    location = f"Location: {host.base}/elsewhere"
    blocks = b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)
    chunked = f"HTTP/1.1 {status}\r\n{location}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    huge = {
        "plain": lambda: response(b" " * 50 * MEGABYTE, location, status=status),
        "chunked": lambda: chunked + 50 * blocks,
        "gzip": lambda: response(
            gzip.compress(bytes(50 * MEGABYTE)), location, "Content-Encoding: gzip", status=status
        ),
    }[kind]()
    host.talk = lambda sock: sock.sendall(huge)

    tracemalloc.start()
    failure()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2 * MEGABYTE


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_redirect_is_not_followed(host: Host, status: str) -> None:
    host.talk = answering(b'{"openid": "o1"}', f"Location: {host.base}/elsewhere", status=status)

    assert str(failure()) == f"HTTP {status[:3]}"
    assert len(host.requests) == 1


def test_calls_share_one_connection(wechat: Running) -> None:
    for _call in range(20):
        get()

    assert wechat.calls(PATH) == 20
    assert wechat.connections <= 1


def test_connection_that_wechat_closed_while_idle_is_replaced(host: Host) -> None:
    host.talk = ending(response(b'{"openid": "o1"}'))
    for _call in range(3):
        assert get() == {"openid": "o1"}
        time.sleep(0.05)

    assert host.connections == 3


def test_proxy_of_the_environment_is_not_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    assert get() == {"openid": "o1"}


def test_cookie_of_an_answer_is_not_sent_with_the_next_call(host: Host) -> None:
    host.talk = answering(b"{}", "Set-Cookie: one=person; Path=/")

    get()
    get()

    assert [b"cookie" in request.lower() for request in host.requests] == [False, False]


def test_post_is_raw_utf8(host: Host) -> None:
    transport.post("/wxa/msg_sec_check", {"content": "爱丽丝"}, {"access_token": "t"})

    assert '{"content": "爱丽丝"}'.encode() in host.requests[0]
    assert host.requests[0].startswith(b"POST /wxa/msg_sec_check?access_token=t HTTP/1.1\r\n")


LEAKY: dict[str, Talk] = {
    "closed": ending(b""),
    "malformed header": ending(b"HTTP/1.1 200 OK\r\n\x00 no colon\r\nContent-Length: 0\r\n\r\n"),
    "malformed status": lambda sock: sock.sendall(b"ICY 200 OK\r\n\r\n"),
    "endless header": lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"),
    "broken gzip": answering(b"no gzip", "Content-Encoding: gzip"),
    "truncated": ending(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    "redirect": answering(b"", "Location: http://[", status="302 Found"),
    "session_key in no JSON": answering(f'{{"session_key": "{canary.SESSION_KEY}"'.encode()),
    "session_key in no object": answering(f'["{canary.SESSION_KEY}"]'.encode()),
    "session_key in a failure": answering(canary.SESSION_KEY.encode(), status="502 Bad Gateway"),
    "token in no JSON": answering(canary.ACCESS_TOKEN.encode()),
}


@pytest.mark.parametrize("kind", LEAKY)
def test_no_failure_carries_a_secret_in_itself_or_in_what_it_came_from(host: Host, kind: str) -> None:
    host.talk = LEAKY[kind]

    assert canary.found_in(chains.everything_in(failure())) == []


def test_no_failure_to_connect_carries_a_secret(settings: Any) -> None:
    settings.WECHAT_API_BASE = f"http://127.0.0.1:{closed_port()}"

    assert canary.found_in(chains.everything_in(failure())) == []


def test_no_failure_in_time_carries_a_secret(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CALL_SECONDS", 0.2)
    host.talk = lambda sock: time.sleep(1)

    assert canary.found_in(chains.everything_in(failure())) == []


def test_calls_beyond_those_in_flight_are_refused_at_once_and_not_sent(host: Host, settings: Any) -> None:
    settings.WECHAT_MAX_IN_FLIGHT = 3
    go_on = threading.Event()

    def answer_late(sock: socket.socket) -> None:
        go_on.wait(3)
        sock.sendall(response(b'{"openid": "o1"}'))

    host.talk = answer_late
    waiting = [threading.Thread(target=get) for _ in range(3)]
    for thread in waiting:
        thread.start()
    while len(host.requests) < 3:
        time.sleep(0.01)

    started = time.monotonic()
    refused = failure()

    assert (str(refused), refused.shed) == ("too many calls in flight", True)
    assert time.monotonic() - started < 0.3
    assert len(host.requests) == 3
    go_on.set()
    for thread in waiting:
        thread.join()
    assert get() == {"openid": "o1"}


def test_hanging_wechat_gets_half_of_the_slots_and_one_call_that_asks(host: Host, monkeypatch: Any) -> None:
    monkeypatch.setattr(slots, "HANGING_SECONDS", 0.05)
    ours = slots.Slots(4)
    ours.release(ours.take() - 1)
    for _ in range(2):
        ours.take()

    with pytest.raises(WechatUnavailable):
        ours.take()
    monkeypatch.setattr(slots, "RETRY_SECONDS", 0)
    asked = ours.take()
    monkeypatch.undo()
    ours.release(asked)

    assert [ours.take() > 0 for _ in range(2)] == [True, True]


def test_a_burst_waits_for_its_turn_as_long_as_an_answer_takes() -> None:
    ours = slots.Slots(1)
    ours.release(ours.take() - 0.4)
    held = ours.take()
    threading.Timer(0.2, ours.release, [held]).start()

    assert ours.take() > held


def test_slow_call_beside_others_that_are_answered_is_no_hanging_wechat() -> None:
    ours = slots.Slots(4)
    slow = ours.take() - 3
    ours.release(ours.take())
    ours.release(slow)

    assert not ours.hanging

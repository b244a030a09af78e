"""Load from one process: so many connections that each send again when answered, or logins at a steady rate."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop

LATE_SECONDS = 30
numbers = itertools.count()
HEAD = (
    b"POST /api/login/%s HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\nAccept: */*\r\n"
    b"Accept-Language: zh-CN,zh;q=0.9\r\nUser-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) "
    b"MicroMessenger/8.0.60 NetType/WIFI\r\nContent-Length: %d\r\n\r\n"
)
Request = tuple[str, bytes]
MakeRequest = Callable[[], Request]


def silent_logins(people: int) -> MakeRequest:
    """Known people, spread over the whole table, each time with a new code."""

    def request() -> Request:
        number = next(numbers)
        code = f"p{1 + number * 7919 % people}-{os.getpid()}-{number}"
        body = b'{"code": "%s"}' % code.encode()
        return code, HEAD % (b"silentLogin", len(body)) + body

    return request


def registrations(first: int) -> MakeRequest:
    """Authorised logins of people whom nobody knows yet, from person `first` on."""
    people = itertools.count(first)

    def request() -> Request:
        code = f"p{next(people)}-{os.getpid()}-{next(numbers)}"
        body = b'{"code": "%s", "agreed": true}' % code.encode()
        return code, HEAD % (b"authLogin", len(body)) + body

    return request


@dataclass
class Loaded:
    """Seconds by code, the answers that were none, and how long it all took."""

    latencies: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


class Connection(asyncio.Protocol):
    """Sends one request at a time; `answered` is called with each whole answer, and with b"" when there is none."""

    def __init__(self, answered: Callable[[Connection, str, bytes], None]) -> None:
        self.answered = answered
        self.received, self.code, self.open = b"", "", True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, request: Request) -> None:
        self.code, data = request
        self.received, self.started = b"", time.perf_counter()
        self.transport.write(data)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if separator and len(body) >= length_of(head):
            self.finish(self.received)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self.code:
            self.finish(b"")

    def finish(self, answer: bytes) -> None:
        code, self.code = self.code, ""
        self.answered(self, code, answer)


def length_of(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)


class Run:
    def __init__(self, port: int, request: MakeRequest) -> None:
        self.port, self.request, self.loaded = port, request, Loaded()
        self.free: list[Connection] = []
        self.waiting = 0
        self.more: Callable[[], bool] = lambda: False

    async def connect(self) -> Connection:
        _transport, made = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self.answered), "127.0.0.1", self.port
        )
        return made

    def send(self, connection: Connection) -> None:
        self.waiting += 1
        connection.send(self.request())

    def answered(self, connection: Connection, code: str, answer: bytes) -> None:
        self.waiting -= 1
        if answer.startswith(b"HTTP/1.1 200") and b'"eyJ' in answer:
            self.loaded.latencies[code] = time.perf_counter() - connection.started
        else:
            self.loaded.errors.append(answer[-300:].decode(errors="replace") or "connection lost")
        if connection.open and self.more():
            self.send(connection)
        elif connection.open:
            self.free.append(connection)

    async def at_once(self, connections: int, more: Callable[[Loaded, float], bool]) -> Loaded:
        """As many in flight as `connections`, until `more(so far, seconds)` says no."""
        made = [await self.connect() for _ in range(connections)]
        started = time.perf_counter()
        self.more = lambda: more(self.loaded, time.perf_counter() - started)
        for connection in made:
            self.send(connection)
        return await self.ended(started)

    async def steadily(self, rate: float, seconds: float) -> Loaded:
        """Whatever the server does, as people come: at random moments, so many a second."""
        chance = random.Random(5)
        started = due = time.perf_counter()
        while (due := due + chance.expovariate(rate)) < started + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.free = [connection for connection in self.free if connection.open]
            self.send(self.free.pop() if self.free else await self.connect())
        return await self.ended(started)

    async def ended(self, started: float) -> Loaded:
        deadline = time.perf_counter() + LATE_SECONDS
        while self.more() or (self.waiting and time.perf_counter() < deadline):
            await asyncio.sleep(0.01)
        self.loaded.seconds = time.perf_counter() - started
        self.loaded.errors += ["no answer"] * self.waiting
        for connection in self.free:
            connection.transport.close()
        return self.loaded


def for_seconds(port: int, request: MakeRequest, connections: int, seconds: float) -> Loaded:
    return uvloop.run(Run(port, request).at_once(connections, lambda _loaded, elapsed: elapsed < seconds))


def for_calls(port: int, request: MakeRequest, connections: int, calls: int) -> Loaded:
    def more(loaded: Loaded, _elapsed: float) -> bool:
        return len(loaded.latencies) + len(loaded.errors) + connections <= calls

    return uvloop.run(Run(port, request).at_once(connections, more))


def at_rate(port: int, request: MakeRequest, rate: float, seconds: float) -> Loaded:
    return uvloop.run(Run(port, request).steadily(rate, seconds))

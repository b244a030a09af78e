"""Phones over real sockets: kept-alive connections, people, and a steady stream of requests."""

from __future__ import annotations

import http.client
import itertools
import json
import math
import select
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Barrier
from typing import Any, TypeVar

T = TypeVar("T")

AVATAR = "https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTIabcdefghijk/132"
PATIENCE = 60.0
numbers = itertools.count(1)
connections: list[http.client.HTTPConnection] = []


class Lost(Exception):
    """No answer came: the connection was refused, reset or closed."""


@dataclass(frozen=True)
class Answer:
    """`sent` is on the clock of `time.monotonic()`."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    sent: float
    seconds: float

    @property
    def outcome(self) -> object:
        """The slug of a refusal, and `1` for what was done."""
        return self.body.get("data", {}).get("error", self.body.get("code"))


class Client:
    """One kept-alive connection, as a proxy holds them; opened when it is needed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connections.append(self.connection)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Raises `Lost`. Like a proxy, it opens another connection when the server has closed this one."""
        self.hang_up_if_closed()
        sent = None if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()} | {
            "Content-Type": "application/json",
            "Accept-Language": "en",
        }
        started = time.monotonic()
        try:
            self.connection.request(method, path, sent, named)
            response = self.connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Lost(f"{method} {path}: {type(error).__name__} {error}") from error
        seconds = time.monotonic() - started
        return Answer(response.status, json.loads(text), dict(response.headers), started, seconds)

    def hang_up_if_closed(self) -> None:
        if self.connection.sock and select.select([self.connection.sock], [], [], 0)[0]:
            self.connection.close()

    def reaches(self) -> bool:
        """Whether the server takes the connection, or has it already."""
        self.hang_up_if_closed()
        with suppress(ConnectionRefusedError):
            if not self.connection.sock:
                self.connection.connect()
            return True
        return False


class Phone:
    """A person's mini-program."""

    def __init__(self, port: int, person: str) -> None:
        self.client, self.person, self.token = Client(port), person, ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        token = {"token": self.token} if self.token else {}
        answer = self.client.ask(method, f"/api/{path}", body, **token, **headers)
        self.token = answer.body.get("data", {}).get("token") or self.token
        return answer

    def code(self) -> str:
        return f"sim-{self.person}-{next(numbers)}"

    def silent_login(self, **headers: str) -> Answer:
        return self.ask("POST", "login/silentLogin", {"code": self.code()}, **headers)

    def auth_login(self) -> Answer:
        return self.ask("POST", "login/authLogin", {"code": self.code(), "agreed": True})

    def complete(self) -> Answer:
        return self.ask("POST", "login/updateUser", {"nickname": self.person.title(), "avatar": AVATAR})

    def info(self) -> Answer:
        return self.ask("GET", "user/info")

    def registered(self) -> Phone:
        """With a complete profile and a full token."""
        for answer in (self.auth_login(), self.complete()):
            assert answer.outcome == 1, answer
        return self


class Stream:
    """Requests at a steady rate, from any number of phones, until the stream is closed; what came of each."""

    def __init__(self, rate: float, phones: Sequence[Phone], ask: Callable[[Phone], Answer]) -> None:
        self.rate, self.ask = rate, ask
        self.idle = list(phones)
        self.open = True
        self.futures: list[Future[Answer]] = []
        self.pool = ThreadPoolExecutor(max_workers=len(phones))
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        started = time.monotonic()
        for number in itertools.count():
            time.sleep(max(0.0, started + number / self.rate - time.monotonic()))
            if not self.open:
                return
            self.futures.append(self.pool.submit(self.one))

    def one(self) -> Answer:
        phone = self.idle.pop()
        try:
            return self.ask(phone)
        finally:
            self.idle.append(phone)

    def answers(self, start: float = 0, end: float = math.inf) -> list[Answer]:
        """To what was sent between these moments; raises `Lost` if any request got none."""
        found = [future.result() for future in self.futures]
        return [answer for answer in found if start <= answer.sent < end]


@contextmanager
def streaming(rate: float, phones: Sequence[Phone], ask: Callable[[Phone], Answer]) -> Iterator[Stream]:
    stream = Stream(rate, phones, ask)
    stream.thread.start()
    try:
        yield stream
    finally:
        stream.open = False
        stream.thread.join()
        stream.pool.shutdown()


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work` returned for each number, in as many threads, which start together."""
    start = Barrier(count)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def outcomes(answers: Sequence[Answer]) -> Counter[object]:
    return Counter(answer.outcome for answer in answers)


def percentile(answers: Sequence[Answer], share: float) -> float:
    """The seconds within which this share of the answers came."""
    assert answers
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))]

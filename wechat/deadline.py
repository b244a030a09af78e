"""One deadline for a whole answer, where requests only has one for each single read.

A server that sends a byte every half second never trips a read time-out. Here every read of a connection, status line
and headers included, is given only what is left of the call's time.
"""

from __future__ import annotations

import io
import socket
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse as PooledResponse


class DeadlineReader(io.RawIOBase):
    """Reads from a socket until a moment of `time.monotonic()`, then raises TimeoutError."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline = sock, deadline
        self.raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(left)
        return self.raw.readinto(buffer)  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        self.raw.close()
        super().close()


class DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(DeadlineReader(sock, deadline))


class DeadlineMixin:
    """A urllib3 connection whose read time-out bounds the whole answer."""

    timeout: float

    def getresponse(self) -> PooledResponse:
        self.response_class = partial(DeadlineResponse, deadline=time.monotonic() + self.timeout)
        return super().getresponse()  # type: ignore[misc, no-any-return]


class DeadlineHTTPConnection(DeadlineMixin, HTTPConnection):
    """Plain HTTP: a stand-in for WeChat on loopback, or an egress proxy."""


class DeadlineHTTPSConnection(DeadlineMixin, HTTPSConnection):
    """TLS, as WeChat requires."""


class HTTPPool(HTTPConnectionPool):
    ConnectionCls = DeadlineHTTPConnection


class HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = DeadlineHTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}

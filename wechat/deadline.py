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
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(DeadlineReader(sock, deadline))


def bound(connection: HTTPConnection) -> None:
    """Make the connection's read time-out, which urllib3 sets for each call, hold for the whole answer."""
    deadline = time.monotonic() + float(connection.timeout or 0)
    connection.response_class = partial(DeadlineResponse, deadline=deadline)  # type: ignore[assignment]


class DeadlineHTTPConnection(HTTPConnection):
    """Plain HTTP: a stand-in for WeChat on loopback, or an egress proxy."""

    def getresponse(self) -> PooledResponse:  # type: ignore[override]
        bound(self)
        return super().getresponse()


class DeadlineHTTPSConnection(HTTPSConnection):
    """TLS, as WeChat requires."""

    def getresponse(self) -> PooledResponse:  # type: ignore[override]
        bound(self)
        return super().getresponse()


class HTTPPool(HTTPConnectionPool):
    ConnectionCls = DeadlineHTTPConnection


class HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = DeadlineHTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}

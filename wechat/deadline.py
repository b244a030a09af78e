"""One deadline for a whole answer, where requests only has one for each single read.

A server that sends a byte every half second never trips a read time-out. Here every read of a connection, status line
and headers included, is given only what is left of the call's time.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any

from requests import PreparedRequest, Response, adapters
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse as PooledResponse
from urllib3.util import parse_url


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
    """Keeps one pool of connections for each host, and whom it trusts.

    requests by itself takes every address apart anew, looks for proxies, and lets every new connection read the file of
    all authorities, which takes longer than the handshake.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.pools: dict[str, HTTPConnectionPool] = {}

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> HTTPConnectionPool:
        host = host_of(request)
        return self.pools.get(host) or self.pools.setdefault(host, self.pool(host))

    def pool(self, host: str) -> HTTPConnectionPool:
        address = parse_url(host)
        if address.scheme == "http":
            return HTTPPool(str(address.host), address.port, maxsize=self.size)
        trusted = ssl.create_default_context(cafile=adapters.DEFAULT_CA_BUNDLE_PATH)
        return HTTPSPool(str(address.host), address.port, maxsize=self.size, ssl_context=trusted)

    def cert_verify(self, *_: Any) -> None:
        """Nothing to set: the pool's own context refuses whom it does not trust."""

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        return str(request.url).removeprefix(host_of(request))

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Its status, and its body to be read; WeChat sets no cookies."""
        response = Response()
        response.status_code, response.raw = resp.status, resp
        return response

    def close(self) -> None:
        for pool in self.pools.values():
            pool.close()


def host_of(request: PreparedRequest) -> str:
    """`https://api.weixin.qq.com`. `urlsplit` would remember every address whole, and with it the AppSecret."""
    return "/".join(str(request.url).split("/", 3)[:3])

"""A host of raw sockets in WeChat's place, for answers that no HTTP server would give."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader

Talk = Callable[[socket.socket], None]


class Host:
    """Something at WeChat's address: `talk` answers each request; counts connections and keeps the requests."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.talk: Talk = answering(b'{"openid": "o1"}')
        self.connections = 0
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.tls = tls
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                sock, _address = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock: socket.socket) -> None:
        with suppress(OSError), self.spoken(sock) as spoken, spoken.makefile("rb") as stream:
            while request := request_from(stream):
                self.requests.append(request)
                self.talk(spoken)

    def spoken(self, sock: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(sock, server_side=True) if self.tls else sock


def request_from(stream: BufferedReader) -> bytes:
    """One request, head and body; nothing when the other side has gone."""
    head = b"".join(iter(stream.readline, b"\r\n")) if stream.peek(1) else b""
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return head + stream.read(int(length[1]) if length else 0)


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Talk:
    return lambda sock: sock.sendall(response(body, *headers, status=status))


def dripping(data: bytes, at_once: int = 0) -> Talk:
    def drip(sock: socket.socket) -> None:
        sock.sendall(data[:at_once])
        for byte in data[at_once:]:
            time.sleep(0.05)
            sock.sendall(bytes((byte,)))

    return drip


def ending(data: bytes) -> Talk:
    """Sends it and hangs up."""

    def end(sock: socket.socket) -> None:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_RDWR)

    return end

"""The socket under Django's development server, for failures that no response can express."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wechat.simulator.connection import LINGER_ZERO
from wechat.simulator.script import End, Send, Step, Wait


def socket_under(environ: Mapping[str, Any]) -> socket.socket | None:
    """Through the layers runserver puts around it; nothing under the test client or a production server."""
    stream = environ.get("wsgi.input")
    while stream is not None and not hasattr(stream, "raw"):
        stream = getattr(getattr(stream, "_read", None), "__self__", None)
    found = getattr(getattr(stream, "raw", None), "_sock", None)
    return found if isinstance(found, socket.socket) else None


def play(steps: Iterable[Step], raw: socket.socket | None) -> Iterator[bytes]:
    """A response body that yields nothing: it acts on the socket, then leaves the server by the exit for lost clients.

    wsgiref and Django's server take a BrokenPipeError for a client that went away, and say nothing about it.
    """
    if raw is not None:
        _act(steps, raw)
    raise BrokenPipeError("the simulated WeChat broke the connection off")
    yield b""


def _act(steps: Iterable[Step], raw: socket.socket) -> None:
    for step in steps:
        match step:
            case Wait(seconds):
                if not _wait(raw, seconds):
                    break
            case Send(data):
                try:
                    raw.sendall(data)
                except OSError:
                    break
            case End("reset"):
                _reset(raw)
                return
    _shut(raw)


def _wait(raw: socket.socket, seconds: float) -> bool:
    """Whether the client was still there at the end; it says nothing more, so anything to read is its going."""
    readable, _, _ = select.select([raw], [], [], seconds)
    return not readable


def _shut(raw: socket.socket) -> None:
    try:
        raw.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _reset(raw: socket.socket) -> None:
    """Close the descriptor itself, which sends RST, and leave a dead one in its place for the server to close."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    dead, peer = socket.socketpair()
    peer.close()
    with dead:
        os.dup2(dead.fileno(), raw.fileno())

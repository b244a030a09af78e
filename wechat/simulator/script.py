"""What happens on the wire, step by step, so that both front ends fail in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Literal, NamedTuple

from wechat.simulator.call import Answer
from wechat.simulator.faults import Fault

# Longer than any client's patience, short enough to end one day.
HANG = 600.0

_BLOCK = b" " * 65536
_BLOCKS_PER_MEGABYTE = 16


class Send(NamedTuple):
    data: bytes


class Wait(NamedTuple):
    seconds: float


class End(NamedTuple):
    """`close` is a FIN, `reset` an RST."""

    how: Literal["close", "reset"]


Step = Send | Wait | End


def whole(answer: Answer, *, keep_alive: bool) -> bytes:
    return _head(answer, len(answer.body), keep_alive) + answer.body


def script(answer: Answer, fault: Fault | None, *, keep_alive: bool) -> Iterator[Step]:
    """The steps of one answer; a script without an End leaves the connection open for the next call."""
    delay = answer.delay + (fault.ms / 1000 if fault else 0)
    if delay:
        yield Wait(delay)
    kind = fault.kind if fault else ""
    if fault and kind == "drip":
        yield from _drip(answer, fault, keep_alive)
    elif fault and kind == "huge":
        yield from _huge(answer, fault, keep_alive)
    elif kind == "truncated":
        yield Send(_head(answer, len(answer.body), keep_alive) + answer.body[: len(answer.body) // 2])
        yield End("close")
    elif kind == "hang":
        yield Wait(HANG)
        yield End("close")
    elif kind == "reset":
        yield End("reset")
    elif kind == "close":
        yield End("close")
    else:
        yield Send(whole(answer, keep_alive=keep_alive))
    if not keep_alive:
        yield End("close")


def _drip(answer: Answer, fault: Fault, keep_alive: bool) -> Iterator[Step]:
    """A byte at a time; the head too if asked for, else the body only."""
    head = _head(answer, len(answer.body), keep_alive)
    slow = head + answer.body if fault.headers else answer.body
    if not fault.headers:
        yield Send(head)
    for byte in slow:
        yield Wait(fault.interval_ms / 1000)
        yield Send(bytes((byte,)))


def _huge(answer: Answer, fault: Fault, keep_alive: bool) -> Iterator[Step]:
    """The answer with megabytes of white space behind it: valid JSON to whoever reads it to the end."""
    blocks = fault.megabytes * _BLOCKS_PER_MEGABYTE
    if not fault.chunked:
        yield Send(_head(answer, len(answer.body) + blocks * len(_BLOCK), keep_alive) + answer.body)
        yield from (Send(_BLOCK) for _ in range(blocks))
        return
    yield Send(_head(answer, None, keep_alive) + _chunk(answer.body))
    block = _chunk(_BLOCK)
    yield from (Send(block) for _ in range(blocks))
    yield Send(b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _head(answer: Answer, length: int | None, keep_alive: bool) -> bytes:
    """Without a length the body is chunked."""
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    connection = "keep-alive" if keep_alive else "close"
    return (
        f"HTTP/1.1 {answer.status} {_reason(answer.status)}\r\nContent-Type: {answer.content_type}\r\n"
        f"{framing}\r\nConnection: {connection}\r\n\r\n"
    ).encode("latin-1")


def _reason(status: int) -> str:
    if status == 200:
        return "OK"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
